// Exports chats to files and imports chats.
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { openInBrowser } from '../../infrastructure/addresses';
import { UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick, showWarningMessage, withProgress } from '../../infrastructure/window';
import type { CodexImportResult, ExportFormat, ImportFormat, ImportableView } from '../../protocol/protocol.generated';
import { codexExport, codexGet, codexImport, codexImportable } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatMessageCount } from '../../common/counts';
import { formatBytes, formatTime } from '../../common/format';

const formats: (vscode.QuickPickItem & { format: ExportFormat; extension: string })[] = [
  { label: 'Markdown', description: l10n.t('to read or paste'), format: 'markdown', extension: 'md' },
  { label: 'HTML', description: l10n.t('single page for any browser'), format: 'html', extension: 'html' },
  { label: 'JSON', description: l10n.t('complete data, can be imported again'), format: 'json', extension: 'json' },
];

const sources: (vscode.QuickPickItem & { source: ImportFormat })[] = [
  { label: 'Claude Code', description: l10n.t('sessions on this machine'), source: 'claudeCode' },
  { label: 'Codex', description: l10n.t('sessions on this machine'), source: 'codex' },
  { label: 'Gemini CLI', description: l10n.t('sessions on this machine'), source: 'geminiCli' },
  { label: 'opencode', description: l10n.t('sessions on this machine'), source: 'openCode' },
  { label: 'VS Code chat', description: l10n.t('sessions on this machine'), source: 'vsCode' },
  { label: 'Cline', description: l10n.t('sessions on this machine'), source: 'cline' },
  { label: 'Roo Code', description: l10n.t('sessions on this machine'), source: 'rooCode' },
  { label: 'Kilo Code', description: l10n.t('sessions on this machine'), source: 'kiloCode' },
  { label: 'Continue', description: l10n.t('sessions on this machine'), source: 'continue' },
  { label: l10n.t('Files…'), description: l10n.t('Plue exports or sessions from other tools'), source: 'auto' },
];

export class Transfer {
  constructor(private readonly sidecar: Pick<Sidecar, 'request'>) {}

  /** Asks for the format and the location, exports the chat, and offers to open the file. */
  async export(uri: string): Promise<void> {
    const chosen = await showQuickPick(formats, { title: l10n.t('Export Chat'), placeHolder: l10n.t('Select a format') });
    if (chosen === undefined) throw new UserCancelledError();
    const { codex } = await this.sidecar.request(codexGet, { uri, limit: 1 });
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
    const file = await vscode.window.showSaveDialog({
      title: l10n.t('Export Chat'),
      saveLabel: l10n.t('Export'),
      filters: { [chosen.label]: [chosen.extension] },
      defaultUri: vscode.Uri.joinPath(folder, `${fileName(codex.title)}.${chosen.extension}`),
    });
    if (file === undefined) throw new UserCancelledError();
    await this.sidecar.request(codexExport, { uri, format: chosen.format, path: file.fsPath });
    void this.offerToOpen(file, chosen.format);
  }

  /** Asks for a source and chats, imports them one by one, and opens the last one. */
  async import(): Promise<void> {
    const chosen = await showQuickPick(sources, { title: l10n.t('Import Chats'), placeHolder: l10n.t('Select a source') });
    if (chosen === undefined) throw new UserCancelledError();
    const paths = chosen.source === 'auto' ? await chooseFiles() : await this.chooseSessions(chosen.source, chosen.label);
    const result = await this.run(paths, chosen.source, false);
    const before = result.failed.filter(({ uri }) => uri !== undefined && uri !== null).map(({ path }) => path);
    const all =
      before.length > 0 && (await confirmImportAgain(before.length))
        ? joined(result, before, await this.run(before, chosen.source, true))
        : result;
    const last = all.imported.at(-1);
    if (last !== undefined) await vscode.commands.executeCommand('plue.openChat', last.uri);
    void showResult(all);
  }

  private async chooseSessions(format: ImportFormat, name: string): Promise<string[]> {
    const { sessions, isTruncated } = await withProgress(
      { location: vscode.ProgressLocation.Notification, title: l10n.t('Searching for {0} sessions', name), cancellable: true },
      (_, token) => this.sidecar.request(codexImportable, { format }, token),
    );
    if (sessions.length === 0) {
      void showInformationMessage(
        l10n.t('No {0} sessions were found on this machine. Select Files… to choose sessions in another location.', name),
      );
      throw new UserCancelledError();
    }
    const rows = sessions.map((session) => ({ label: session.title, ...about(session), path: session.path }));
    const chosen = await showQuickPick(rows, {
      title: l10n.t('Import from {0}', name),
      placeHolder: isTruncated ? l10n.t('Select chats (showing the {0} newest)', sessions.length) : l10n.t('Select chats'),
      canPickMany: true,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    if (chosen === undefined || chosen.length === 0) throw new UserCancelledError();
    return chosen.map(({ path }) => path);
  }

  /** One request per file, so that progress is visible and the import can be canceled. */
  private async run(paths: readonly string[], format: ImportFormat, allowDuplicates: boolean): Promise<CodexImportResult> {
    return withProgress(
      { location: vscode.ProgressLocation.Notification, title: l10n.t('Importing chats'), cancellable: true },
      async (progress, token) => {
        const all: CodexImportResult = { imported: [], omitted: [], failed: [] };
        const runId = randomUUID();
        for (const path of paths) {
          if (token.isCancellationRequested) break;
          progress.report({ increment: 100 / paths.length, message: l10n.verbatim(path.replace(/^.*[\\/]/, '')) });
          const { imported, omitted, failed } = await this.sidecar.request(
            codexImport,
            { paths: [path], format, allowDuplicates, runId },
            token,
          );
          all.imported.push(...imported);
          all.failed.push(...failed);
          const name = imported[0]?.title ?? path;
          all.omitted.push(...omitted.map((sentence) => (paths.length === 1 ? sentence : `${name}: ${sentence}`)));
        }
        return all;
      },
    );
  }

  private async offerToOpen(file: vscode.Uri, format: ExportFormat): Promise<void> {
    const button = l10n.t('Open');
    if ((await showInformationMessage(l10n.t('Exported the chat to {0}.', file.fsPath), button)) !== button) return;
    if (format === 'html') await openInBrowser(file);
    else await vscode.window.showTextDocument(file);
  }
}

/** Returns a default file name, which the user can change. */
export function fileName(title: string): string {
  const safe = title
    .slice(0, 60)
    .replace(/[\p{C}<>:"/\\|?*]+/gu, '-')
    .replace(/^[\s.-]+|[\s.-]+$/g, '');
  return safe === '' ? 'chat' : safe;
}

/** Returns a report of imported and failed chats, as Markdown. */
export function report({ imported, omitted, failed }: CodexImportResult): string {
  const list = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : [`## ${title}`, '', ...lines.map((line) => `- ${plain(line)}`), ''];
  return [
    `# ${l10n.t('Imported Chats')}`,
    '',
    ...list(
      l10n.t('Imported'),
      imported.map(({ title, messageCount }) => `${title} (${formatMessageCount(messageCount)})`),
    ),
    ...list(l10n.t('Omitted'), omitted),
    ...list(
      l10n.t('Not imported'),
      failed.map(({ path, message }) => `${path}: ${message}`),
    ),
  ].join('\n');
}

/** Escapes titles and paths, so that they are not rendered. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[\\`*_{}[\]<>#|!~]/g, '\\$&');
}

function about({ updatedAt, size, uri, path }: ImportableView): { description: string; detail: string } {
  const imported = uri === undefined || uri === null ? [] : [l10n.t('imported before')];
  return { description: [formatTime(updatedAt), formatBytes(size), ...imported].join(' · '), detail: path };
}

async function chooseFiles(): Promise<string[]> {
  const files = await vscode.window.showOpenDialog({
    title: l10n.t('Import Chats'),
    openLabel: l10n.t('Import'),
    canSelectMany: true,
    filters: { [l10n.t('Chats')]: ['json', 'jsonl'], [l10n.t('All files')]: ['*'] },
  });
  if (files === undefined || files.length === 0) throw new UserCancelledError();
  return files.map(({ fsPath }) => fsPath);
}

async function confirmImportAgain(count: number): Promise<boolean> {
  const again = l10n.t('Import Again');
  const answer = await showWarningMessage(
    count === 1
      ? l10n.t('This chat was imported before. Import it a second time?')
      : l10n.t('{0} of these chats were imported before. Import them a second time?', count),
    { modal: true, detail: l10n.t('Existing chats are not changed.') },
    again,
  );
  return answer === again;
}

function joined(first: CodexImportResult, repeated: readonly string[], second: CodexImportResult): CodexImportResult {
  return {
    imported: [...first.imported, ...second.imported],
    omitted: [...first.omitted, ...second.omitted],
    failed: [...first.failed.filter(({ path }) => !repeated.includes(path)), ...second.failed],
  };
}

async function showResult(result: CodexImportResult): Promise<void> {
  const { imported, omitted, failed } = result;
  const came =
    imported.length === 1
      ? l10n.t('1 chat was imported.')
      : imported.length === 0
        ? l10n.t('No chat was imported.')
        : l10n.t('{0} chats were imported.', imported.length);
  const not = failed.length === 1 ? l10n.t('1 file was not imported.') : l10n.t('{0} files were not imported.', failed.length);
  const show = failed.length > 0 ? showWarningMessage : showInformationMessage;
  const button = l10n.t('Show Report');
  const said = failed.length === 0 ? came : l10n.verbatim(`${came} ${not}`);
  if ((await show(said, ...(omitted.length + failed.length > 0 ? [button] : []))) !== button) return;
  await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'markdown', content: report(result) }));
}
