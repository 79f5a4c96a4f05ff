// Adds files and selections of the editor to the draft of the chat used last.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { showInformationMessage } from '../../infrastructure/window';
import type { FilePlace } from '../../common/messages/chatComposer';
import type { WorkspaceFiles } from './workspaceFiles';

/** Returns the files for the command: those selected in the Explorer, or the active editor. Folders and files that are not on disk are skipped. */
export async function chosenFiles(files: WorkspaceFiles, clicked: unknown, chosen: unknown): Promise<FilePlace[]> {
  const several = Array.isArray(chosen) ? chosen.filter((one) => one instanceof vscode.Uri) : [];
  const one = clicked instanceof vscode.Uri ? clicked : vscode.window.activeTextEditor?.document.uri;
  const uris = several.length > 0 ? several : one === undefined ? [] : [one];
  if (uris.length === 0) {
    void showInformationMessage(l10n.t('No file is active. Select a file in the Explorer or open one.'));
    return [];
  }
  const kinds = await Promise.all(uris.map((uri) => kindOf(uri)));
  const skipped = kinds.find((kind) => kind !== 'file');
  if (skipped !== undefined) void showInformationMessage(reasons[skipped]);
  return uris.filter((_, at) => kinds[at] === 'file').map((uri) => ({ path: files.pathOf(uri) }));
}

/** Shows a message if there is no selection. */
export function chosenSelection(files: WorkspaceFiles): FilePlace[] {
  const selection = files.selection();
  if (selection === undefined) {
    void showInformationMessage(l10n.t('Nothing is selected in a saved file. Select lines and try again.'));
    return [];
  }
  return [{ path: selection.path, ...(selection.range === undefined ? {} : { range: selection.range }) }];
}

const reasons = {
  folder: l10n.t('Folders can’t be added to a chat. Select the files instead.'),
  elsewhere: l10n.t('Only files on disk can be added to a chat. Save the file first.'),
  gone: l10n.t('A file no longer exists.'),
};

async function kindOf(uri: vscode.Uri): Promise<'file' | keyof typeof reasons> {
  if (uri.scheme !== 'file') return 'elsewhere';
  try {
    const { type } = await vscode.workspace.fs.stat(uri);
    return (type & vscode.FileType.Directory) !== 0 ? 'folder' : 'file';
  } catch {
    return 'gone';
  }
}
