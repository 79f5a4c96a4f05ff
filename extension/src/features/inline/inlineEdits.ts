// The inline edits of all documents, at most one for each.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { truncate } from '../../common/truncate';
import { ContextKey } from '../../infrastructure/contextKey';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import { workspacePath } from '../../infrastructure/workspaceFolders';
import { showInputBox, showWarningMessage, StatusBarItem } from '../../infrastructure/window';
import { attachmentInspect } from '../../protocol/protocol.generated';
import { BackgroundChat } from '../../server/backgroundChat';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { commands } from './commands';
import { InlineEdit } from './inlineEdit';
import { InlineMarks } from './inlineMarks';
import { NoCodeError } from './responseWriter';

const beforeScheme = 'plue-inline-before';
const maxTitle = 60;

export class InlineEdits implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly edits = new Map<vscode.TextDocument, InlineEdit>();
  /** Documents whose edit is being created. */
  private readonly starting = new Set<vscode.TextDocument>();
  private readonly marks = this.disposables.add(new InlineMarks((document) => this.edits.get(document)));
  private readonly running = this.disposables.add(statusItem('plue.inlineEdit.running', commands.reject));
  private readonly review = this.disposables.add(statusItem('plue.inlineEdit.review', commands.accept));
  /** An edit of the active editor. */
  private readonly isActiveKey = new ContextKey('plue.inlineEdit.isActive');
  private readonly isRunningKey = new ContextKey('plue.inlineEdit.isRunning');
  private readonly isAtCursorKey = new ContextKey('plue.inlineEdit.isAtCursor');

  constructor(
    private readonly sidecar: Sidecar,
    private readonly providers: ProviderList,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.add(vscode.workspace.registerTextDocumentContentProvider(beforeScheme, this));
    this.disposables.add(vscode.window.onDidChangeActiveTextEditor(() => this.show()));
    this.disposables.add(vscode.window.onDidChangeTextEditorSelection(() => this.showKeys()));
    this.disposables.add(vscode.workspace.onDidCloseTextDocument((document) => this.edits.get(document)?.accept()));
  }

  /** Asks what to change in the selections, or in the line of the cursor. */
  async ask(): Promise<void> {
    const editor = activeEditor();
    const { selections } = editor;
    const instruction = await showInputBox({
      title: l10n.t('Inline Edit'),
      prompt: placeText(selections),
      placeHolder: l10n.t('Describe the change'),
    });
    if (instruction === undefined || instruction.trim() === '') return;
    await this.start(editor.document, selections, instruction.trim());
  }

  async start(document: vscode.TextDocument, ranges: readonly vscode.Range[], instruction: string): Promise<void> {
    if (this.starting.has(document) || this.edits.get(document)?.state === 'running') {
      throw new FailureError('conflict', l10n.t('An inline edit is running in this file. Stop it or wait until it ends.'));
    }
    this.edits.get(document)?.accept();
    // It follows the document from here on.
    const edit = new InlineEdit(document, ranges);
    this.starting.add(document);
    let chat: BackgroundChat;
    try {
      await this.requireAllowed(document.uri);
      const title = l10n.t('Inline edit: {0}', truncate(instruction, maxTitle));
      chat = await BackgroundChat.create(this.sidecar, this.providers, 'inline-edit', title);
    } catch (error) {
      edit.dispose();
      throw error;
    } finally {
      this.starting.delete(document);
    }
    this.add(edit);
    await this.run(edit, edit.start(chat, instruction));
  }

  async retry(): Promise<void> {
    const edit = this.active;
    if (edit !== undefined) await this.run(edit, edit.retry());
  }

  async followUp(): Promise<void> {
    const edit = this.active;
    if (edit === undefined) return;
    const instruction = await showInputBox({ title: l10n.t('Follow Up'), placeHolder: l10n.t('Describe what to change in the result') });
    if (instruction !== undefined && instruction.trim() !== '') await this.run(edit, edit.followUp(instruction.trim()));
  }

  accept(): Promise<void> {
    this.active?.accept();
    return Promise.resolve();
  }

  async reject(): Promise<void> {
    await this.active?.reject();
  }

  async showDiff(): Promise<void> {
    const edit = this.active;
    if (edit === undefined) return;
    const { uri } = edit.document;
    const left = vscode.Uri.from({ scheme: beforeScheme, path: uri.path, query: uri.toString() });
    const name = workspacePath(uri);
    await vscode.commands.executeCommand('vscode.diff', left, uri, l10n.t('{0} (inline edit)', name));
  }

  async continueInChat(): Promise<void> {
    await this.openChat(this.active?.chat);
  }

  provideTextDocumentContent({ query }: vscode.Uri): string {
    return [...this.edits.values()].find(({ document }) => document.uri.toString() === query)?.before ?? '';
  }

  dispose(): void {
    for (const edit of this.edits.values()) edit.dispose();
    this.disposables.dispose();
  }

  private get active(): InlineEdit | undefined {
    const document = vscode.window.activeTextEditor?.document;
    // A status bar item or the palette may be used while another editor is active.
    return (document && this.edits.get(document)) ?? (this.edits.size === 1 ? [...this.edits.values()][0] : undefined);
  }

  private add(edit: InlineEdit): void {
    this.edits.set(edit.document, edit);
    edit.onDidChange(() => {
      if (edit.state === 'over' && this.edits.get(edit.document) === edit) this.edits.delete(edit.document);
      this.show();
    });
  }

  private async run(edit: InlineEdit, response: Promise<void>): Promise<void> {
    try {
      await response;
      if (edit.firstLineMs !== undefined) this.log.info(`Inline edit: first line ${Math.round(edit.firstLineMs)} ms after the first text.`);
    } catch (error) {
      if (error instanceof UserCancelledError) return;
      if (!(error instanceof NoCodeError)) {
        // Without a response, nothing is left to look at.
        if (edit.state === 'over') await edit.discard();
        throw error;
      }
      const open = l10n.t('Continue in Chat');
      if ((await showWarningMessage(l10n.verbatim(error.message), open)) === open) await this.openChat(edit.chat);
    } finally {
      // It follows the document until the text is restored. Who rejected it reports a failure.
      await edit.rejected.catch(() => undefined);
      if (edit.state === 'over') edit.dispose();
    }
  }

  private async openChat(chat: BackgroundChat | undefined): Promise<void> {
    if (chat === undefined) return;
    await chat.publish();
    await vscode.commands.executeCommand('plue.openChat', chat.uri);
  }

  /** Protected files are not sent, as in a chat. */
  private async requireAllowed({ scheme, fsPath }: vscode.Uri): Promise<void> {
    if (scheme !== 'file') return;
    const { problem } = await this.sidecar.request(attachmentInspect, { path: fsPath });
    if (problem !== undefined) throw new FailureError('badRequest', problem);
  }

  private show(): void {
    this.marks.refresh();
    this.showKeys();
    const edits = [...this.edits.values()];
    if (edits.some(({ state }) => state === 'running')) {
      this.running.show({ icon: 'loading~spin', text: l10n.t('Editing…'), tooltip: l10n.t('Stop the inline edit (Esc)') });
    } else this.running.hide();
    const [reviewed] = edits.filter(({ state }) => state === 'review');
    if (reviewed === undefined) return this.review.hide();
    const { added, removed } = reviewed.counts;
    this.review.show({
      icon: 'edit-sparkle',
      text: l10n.t('Accept Edit (+{0} −{1})', added, removed),
      tooltip: l10n.t('Accept the inline edit (Tab). Esc rejects it.'),
    });
  }

  private showKeys(): void {
    const editor = vscode.window.activeTextEditor;
    const edit = editor && this.edits.get(editor.document);
    this.isActiveKey.set(edit !== undefined);
    this.isRunningKey.set(edit?.state === 'running');
    this.isAtCursorKey.set(editor !== undefined && edit?.contains(editor.selections) === true);
  }
}

export function activeEditor(): vscode.TextEditor {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined) throw new FailureError('conflict', l10n.t('No editor is active. Open a file and try again.'));
  return editor;
}

function placeText(selections: readonly vscode.Selection[]): l10n.LocalizedText {
  const [only] = selections;
  if (only === undefined || selections.length > 1) return l10n.t('{0} selections', selections.length);
  const { start, end } = only;
  const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  return last === start.line + 1 ? l10n.t('Line {0}', last) : l10n.t('Lines {0} to {1}', start.line + 1, last);
}

function statusItem(id: string, command: string): StatusBarItem {
  return new StatusBarItem({ id, name: l10n.t('Plue: inline edit'), command, alignment: vscode.StatusBarAlignment.Left });
}
