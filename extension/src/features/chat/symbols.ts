// Workspace symbols for @ mentions, from VS Code's language extensions.
import * as vscode from 'vscode';
import type { FileHit } from '../../common/messages/chatComposer';
import type { WorkspaceFiles } from './workspaceFiles';

const minLetters = 2;
const maxSymbols = 20;
/** In milliseconds. */
const timeout = 3_000;

/** Returns symbols in files of the workspace folder. Language extensions that fail or time out are skipped. */
export async function findSymbols(text: string, files: WorkspaceFiles): Promise<FileHit[]> {
  if (text.length < minLetters || /[/\\.]/u.test(text) || !vscode.workspace.isTrusted || files.folder === undefined) return [];
  const found = vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>('vscode.executeWorkspaceSymbolProvider', text);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), timeout)));
  const symbols = await Promise.race([Promise.resolve(found).catch(() => undefined), late]);
  clearTimeout(timer);
  return (symbols ?? [])
    .flatMap(({ name, location: { uri, range } }): FileHit[] => {
      const path = uri.scheme === 'file' ? files.pathOf(uri) : uri.fsPath;
      if (path === uri.fsPath) return [];
      return [{ path, kind: 'symbol', name, range: { start: range.start.line + 1, end: range.end.line + 1 } }];
    })
    .slice(0, maxSymbols);
}
