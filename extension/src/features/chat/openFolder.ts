// Limits file access of chats to trusted workspace folders.
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import * as vscode from 'vscode';
import { relativePathInside } from '../../infrastructure/insideFolder';

/** Returns the workspace folders on this machine; empty while the workspace is not trusted. */
export function openFolders(): string[] {
  if (!vscode.workspace.isTrusted) return [];
  return (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}

export interface InsidePath {
  /** Absolute, without symbolic links. */
  real: string;
  /** Path relative to the folder. */
  within: string;
}

/**
 * Returns the real path, or undefined if it is outside `folder`. Follows symbolic links; for a missing
 * file, resolves its nearest existing folder.
 */
export async function pathInside(path: string, folder: string): Promise<InsidePath | undefined> {
  const [real, home] = [await realPathOf(resolve(folder, path)), await realPathOf(folder)];
  const within = real === undefined || home === undefined ? undefined : relativePathInside(real, home);
  return real === undefined || within === undefined ? undefined : { real, within };
}

async function realPathOf(path: string): Promise<string | undefined> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  // Writing to a dangling link would create its target.
  const isThere = await lstat(path).then(
    () => true,
    (error: unknown) => !(error instanceof Error && 'code' in error && error.code === 'ENOENT'),
  );
  if (isThere || dirname(path) === path) return undefined;
  const parent = await realPathOf(dirname(path));
  return parent === undefined ? undefined : join(parent, basename(path));
}
