// Documents of the trusted workspace folders. Only these are offered to the sidecar.
import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import { isInside } from '../../infrastructure/insideFolder';

/** True for a file on this machine in an open and trusted workspace folder. */
export function isOfWorkspace(uri: vscode.Uri): boolean {
  return (
    uri.scheme === 'file' &&
    vscode.workspace.isTrusted &&
    (vscode.workspace.workspaceFolders ?? []).some((folder) => folder.uri.scheme === 'file' && isInside(uri.fsPath, folder.uri.fsPath))
  );
}

/** The address of a path that the sidecar sent; undefined if it is not of the workspace. */
export function workspaceUri(path: string): vscode.Uri | undefined {
  const uri = vscode.Uri.file(path);
  return isOfWorkspace(uri) ? uri : undefined;
}

export function hashOf(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
