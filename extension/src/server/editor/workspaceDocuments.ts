// Documents in trusted workspace folders, the only ones available to the sidecar.
import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import { isInside } from '../../infrastructure/insideFolder';

/** True for a file on this machine in a trusted workspace folder. */
export function isOfWorkspace(uri: vscode.Uri): boolean {
  return (
    uri.scheme === 'file' &&
    vscode.workspace.isTrusted &&
    (vscode.workspace.workspaceFolders ?? []).some((folder) => folder.uri.scheme === 'file' && isInside(uri.fsPath, folder.uri.fsPath))
  );
}

/** Returns the URI for a path from the sidecar; undefined if it is not in the workspace. */
export function workspaceUri(path: string): vscode.Uri | undefined {
  const uri = vscode.Uri.file(path);
  return isOfWorkspace(uri) ? uri : undefined;
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
