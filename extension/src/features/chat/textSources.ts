// Text that is not a file and can be attached to a message: problems, changes, the last command of the terminal, folders, web pages, and other chats.
import { basename } from 'node:path/posix';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError } from '../../infrastructure/errors';
import { gitApi, type Repository } from '../../infrastructure/gitApi';
import { allowedDiffs } from '../../infrastructure/gitDiffs';
import { isProtected } from '../../infrastructure/protectedFiles';
import { outerFolders } from '../../infrastructure/workspaceFolders';
import { attachmentFetch, attachmentInspect, codexGet } from '../../protocol/protocol.generated';
import type { MessageView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { maxSourceText, type TextSource } from '../../common/messages/chatComposer';
import { displayTitle } from '../../common/title';
import { pickChat } from './pickChat';
import type { WorkspaceFiles } from './workspaceFiles';

/** `name` is the heading of the text in the message. */
export interface SourceText {
  name: string;
  text: string;
}

const scheme = 'plue-text';
const lastMessages = 20;
/** Maximum number of texts kept for open editors. */
const maxOpened = 20;

export class TextSources implements vscode.Disposable, vscode.TextDocumentContentProvider {
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  private readonly opened = new Map<string, string>();
  private count = 0;

  constructor(
    private readonly sidecar: Sidecar,
    private readonly files: WorkspaceFiles,
  ) {}

  /**
   * Undefined if the user chose none.
   * @param of The path of a folder, or the address of a page.
   */
  async read(source: TextSource, of: string | undefined): Promise<SourceText | undefined> {
    if (source === 'chat') return this.chat();
    if (source === 'url')
      return { name: `@${of ?? ''}`, text: start((await this.sidecar.request(attachmentFetch, { url: of ?? '' })).text) };
    if (!vscode.workspace.isTrusted) throw new Error(l10n.t('This folder isn’t trusted, so Plue won’t open its files.'));
    if (source === 'problems') return { name: '@problems', text: start(this.problems()) };
    if (source === 'changes') return { name: '@changes', text: start(await this.changes()) };
    if (source === 'terminal') return { name: '@terminal', text: end(await lastCommand()) };
    return { name: `@${of ?? ''}/`, text: start(await this.folder(of ?? '')) };
  }

  /** Shows a text in a read-only editor, as it would be sent. */
  async open(name: string, text: string): Promise<void> {
    const id = String(++this.count);
    this.opened.set(id, text);
    const [oldest] = this.opened.keys();
    if (this.opened.size > maxOpened && oldest !== undefined) this.opened.delete(oldest);
    const uri = vscode.Uri.from({ scheme, path: `/${name.replaceAll('/', ' ').trim()}`, query: id });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.One });
  }

  provideTextDocumentContent({ query }: vscode.Uri): string {
    return this.opened.get(query) ?? '';
  }

  dispose(): void {
    this.registration.dispose();
  }

  /** Sorted by severity, then by file. */
  private problems(): string {
    const rows = vscode.languages.getDiagnostics().flatMap(([uri, diagnostics]) => {
      const path = this.pathInside(uri);
      return path === undefined ? [] : diagnostics.map((diagnostic) => ({ path, diagnostic }));
    });
    const lines = [vscode.DiagnosticSeverity.Error, vscode.DiagnosticSeverity.Warning].flatMap((severity) =>
      rows
        .filter(({ diagnostic }) => diagnostic.severity === severity)
        .map(({ path, diagnostic: { range, message, source } }) => {
          const kind = severity === vscode.DiagnosticSeverity.Error ? 'error' : 'warning';
          const by = source === undefined ? '' : ` (${source})`;
          // A line break in a message would look like another problem.
          return `${path}:${range.start.line + 1}:${range.start.character + 1}: ${kind}: ${message.replace(/\s+/gu, ' ')}${by}`;
        }),
    );
    return lines.length === 0 ? 'No errors or warnings.' : lines.join('\n');
  }

  /** Returns staged and unstaged changes, without protected files. Of new files, only the names. */
  private async changes(): Promise<string> {
    const repositories = await this.repositories();
    const [only] = repositories;
    if (only !== undefined && repositories.length === 1) return this.changesOf(only);
    const texts = await Promise.all(
      repositories.map(async (repository) => `Repository ${basename(repository.rootUri.path)}:\n\n${await this.changesOf(repository)}`),
    );
    return texts.join('\n\n');
  }

  private async changesOf(repository: Repository): Promise<string> {
    const [staged, unstaged] = await Promise.all([this.allowed(repository, true), this.allowed(repository, false)]);
    const added = (repository.state.untrackedChanges ?? []).flatMap(({ uri }) => this.pathInside(uri) ?? []);
    const parts = [
      ...(staged === '' ? [] : [`Staged:\n${staged}`]),
      ...(unstaged === '' ? [] : [`Not staged:\n${unstaged}`]),
      ...(added.length === 0 ? [] : [`New files:\n${added.join('\n')}`]),
    ];
    return parts.length === 0 ? 'No changes.' : parts.join('\n\n');
  }

  /** Returns the repositories of the workspace folders. */
  private async repositories(): Promise<Repository[]> {
    const api = await gitApi();
    const found = outerFolders().flatMap(({ path }) => api?.getRepository(vscode.Uri.file(path)) ?? []);
    const repositories = found.filter(({ rootUri }, at) => found.findIndex((one) => one.rootUri.toString() === rootUri.toString()) === at);
    if (repositories.length === 0) {
      throw new FailureError(
        'conflict',
        l10n.t('The workspace folder is not in a Git repository, or VS Code’s Git support is turned off.'),
      );
    }
    return repositories;
  }

  private async allowed(repository: Repository, isStaged: boolean): Promise<string> {
    const { files, omitted } = await allowedDiffs(await repository.diff(isStaged), (path) =>
      this.maySend(vscode.Uri.joinPath(repository.rootUri, path)),
    );
    return [...files.map(({ text }) => text), ...omitted.map((path) => `${path}: content omitted`)].join('\n');
  }

  private async maySend(uri: vscode.Uri): Promise<boolean> {
    const path = this.pathInside(uri);
    if (path === undefined) return false;
    const { problem, questions } = await this.sidecar.request(attachmentInspect, { path });
    return problem === undefined && !questions.includes('outsideWorkspace');
  }

  private async folder(path: string): Promise<string> {
    const paths = (await this.files.in(path)).filter((one) => !isProtected(one));
    return paths.length === 0 ? 'No files.' : paths.join('\n');
  }

  private async chat(): Promise<SourceText | undefined> {
    const chosen = await pickChat(this.sidecar, l10n.t('Select a chat to attach'));
    if (chosen === undefined) return undefined;
    const { codex, messages } = await this.sidecar.request(codexGet, { uri: chosen.uri, limit: lastMessages });
    const text = messages.flatMap(textOf).join('\n\n');
    return { name: `@chat: ${displayTitle(codex.title)}`, text: end(text === '' ? 'No messages.' : text) };
  }

  private pathInside(uri: vscode.Uri): string | undefined {
    if (uri.scheme !== 'file') return undefined;
    const path = this.files.pathOf(uri);
    return path === uri.fsPath || isProtected(path) ? undefined : path;
  }
}

function textOf({ role, parts }: MessageView): string[] {
  const text = parts
    .flatMap((part) => (part.kind === 'text' ? [part.content] : []))
    .join('\n')
    .trim();
  return text === '' ? [] : [`${role}: ${text}`];
}

/** Another feature provides the terminal's output. */
async function lastCommand(): Promise<string> {
  const text = await vscode.commands.executeCommand<unknown>('plue.terminal.lastCommand');
  if (typeof text !== 'string') {
    throw new FailureError('conflict', l10n.t('No command of the active terminal is known. Run one in a terminal with shell integration.'));
  }
  return text;
}

function start(text: string): string {
  return text.length <= maxSourceText ? text : `${text.slice(0, maxSourceText)}\n[${text.length - maxSourceText} characters omitted]`;
}

function end(text: string): string {
  return text.length <= maxSourceText ? text : `[${text.length - maxSourceText} characters omitted]\n${text.slice(-maxSourceText)}`;
}
