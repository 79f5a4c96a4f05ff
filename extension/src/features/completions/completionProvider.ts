import * as vscode from 'vscode';
import { type FailureError, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { type CompletionInlineResult, completionInline } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { Activity } from './activity';
import { type Cursor, cursorAt, isInWord, isMultiline, maxPrefix, maxSuffix } from './cursor';
import { GhostText } from './ghostText';
import { fit } from './overlap';
import { type CompletionModel, type CompletionSettings, isLanguageEnabled } from './settings';

/** Schemes of documents in which users write code; excludes outputs, review comments, and the commit message. */
const schemes: readonly string[] = ['file', 'untitled', 'vscode-notebook-cell', 'vscode-userdata'];

/** Shows ghost text from the completion model. Failures appear only in the status bar. */
export class CompletionProvider implements vscode.InlineCompletionItemProvider {
  private readonly ghostText: GhostText;

  constructor(
    private readonly sidecar: Sidecar,
    private readonly activity: Activity,
    private readonly settings: () => CompletionSettings,
    private readonly report: (failure: FailureError) => void,
  ) {
    this.ghostText = new GhostText(
      (cursor, token) => this.ask(cursor, token),
      () => this.settings().delay,
    );
  }

  async provideInlineCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
    { triggerKind, selectedCompletionInfo: selected }: vscode.InlineCompletionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.InlineCompletionItem[]> {
    const isInvoked = triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    if (!this.isOn(document)) return [];
    // The selected suggestion is treated as typed text.
    const chosen = selected?.text ?? '';
    const start = selected?.range.start ?? position;
    const offset = document.offsetAt(position);
    const before = document.getText(new vscode.Range(document.positionAt(Math.max(0, offset - 2 * maxPrefix)), start)) + chosen;
    const after = document.getText(new vscode.Range(position, document.positionAt(offset + 2 * maxSuffix)));
    const cursor = cursorAt(document.uri.toString(), document.offsetAt(start) + chosen.length, before, after);
    if (cursor.prefix.trim() === '' && cursor.suffix.trim() === '') return [];
    if (isInWord(cursor) && !isInvoked) return [];
    const text = await this.ghostText.at(cursor, isInvoked, token);
    const insertion = text === undefined || token.isCancellationRequested ? undefined : fit(text, cursor.suffix);
    if (insertion === undefined) return [];
    const range = new vscode.Range(start, position.translate(0, insertion.replaced));
    return [new vscode.InlineCompletionItem(chosen + insertion.text, range)];
  }

  /** Call when the model changes. */
  clear(): void {
    this.ghostText.clear();
  }

  private isOn({ uri, languageId }: vscode.TextDocument): boolean {
    const settings = this.settings();
    return (
      settings.isEnabled &&
      settings.model !== undefined &&
      vscode.workspace.isTrusted &&
      this.activity.state === 'ready' &&
      schemes.includes(uri.scheme) &&
      isLanguageEnabled(settings, languageId)
    );
  }

  private async ask(cursor: Cursor, token: vscode.CancellationToken): Promise<string | undefined> {
    const { model } = this.settings();
    if (model === undefined) return undefined;
    try {
      const { text, excluded, spentToday } = await this.activity.run(() => complete(this.sidecar, model, cursor, token));
      this.activity.succeeded(spentToday, cursor.document, excluded);
      return text;
    } catch (error) {
      if (error instanceof UserCancelledError || token.isCancellationRequested) return undefined;
      const failure = toFailureError(error);
      this.activity.failed(failure);
      this.report(failure);
      return undefined;
    }
  }
}

export function complete(
  sidecar: Sidecar,
  { providerId, model }: CompletionModel,
  cursor: Cursor,
  token?: vscode.CancellationToken,
): Promise<CompletionInlineResult> {
  const { prefix, suffix } = cursor;
  const uri = vscode.Uri.parse(cursor.document);
  const path = uri.scheme === 'file' || uri.scheme === 'vscode-notebook-cell' ? uri.fsPath : undefined;
  return sidecar.request(
    completionInline,
    { providerId, model, prefix, suffix, isMultiline: isMultiline(cursor), ...(path === undefined ? {} : { path }) },
    token,
  );
}
