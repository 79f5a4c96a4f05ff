// Workspace folders on this machine, and the paths of their files in chats and in the sidecar.
import { realpath } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, resolve, sep } from 'node:path';
import * as vscode from 'vscode';
import { isInside, relativePathInside } from './insideFolder';

export interface WorkspaceFolder {
  /** Unique, without slashes. The first segment of paths if several folders are open. */
  name: string;
  path: string;
}

/** All folders on this machine, in order. */
export function workspaceFolders(): WorkspaceFolder[] {
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === 'file');
  const names = new Set<string>();
  return folders.map(({ uri, name }) => ({ name: uniqueName(folders.length > 1 ? name : basename(uri.fsPath), names), path: uri.fsPath }));
}

/** The folder for paths that do not start with a folder name; undefined if none is open. */
export function firstFolder(): string | undefined {
  return outerFolders()[0]?.path;
}

/** True if paths start with the name of their folder. */
export function hasSeveralFolders(): boolean {
  return workspaceFolders().length > 1;
}

/** Returns the folders that are not inside another one. */
export function outerFolders(): WorkspaceFolder[] {
  const folders = workspaceFolders();
  return folders.filter(
    ({ path }, at) => !folders.some((other, index) => isInside(path, other.path) || (index < at && relative(other.path, path) === '')),
  );
}

/**
 * Returns the path of a file as used in chats: relative to its folder, with `/`, after the folder's name if several are open. Files outside
 * have their full path.
 */
export function workspacePath(uri: vscode.Uri): string {
  for (const { name, path } of outerFolders()) {
    const relativePath = relativePathInside(uri.fsPath, path);
    if (relativePath !== undefined) return `${hasSeveralFolders() ? `${name}/` : ''}${relativePath.replaceAll(sep, '/')}`;
  }
  return uri.fsPath;
}

/** Returns the file for a path from the sidecar; undefined if no folder is open or its folder was removed. */
export function workspaceFile(path: string): vscode.Uri | undefined {
  const first = firstFolder();
  if (!hasSeveralFolders()) return first === undefined ? undefined : vscode.Uri.file(join(first, path));
  const named = inNamedFolder(path);
  return named === undefined ? undefined : vscode.Uri.file(join(named.folder, named.path));
}

export interface NamedPlace {
  folder: string;
  /** Relative to the folder. */
  path: string;
}

/** Returns the possible locations of a file named by a model or user, most likely first. */
export function placesOf(path: string): NamedPlace[] {
  const named = hasSeveralFolders() ? inNamedFolder(path.replace(/^(?:\.\/)+/u, '')) : undefined;
  return [...(named === undefined ? [] : [named]), ...outerFolders().map((folder) => ({ folder: folder.path, path }))];
}

export interface FoundFile {
  /** Absolute, without symbolic links. */
  real: string;
  isInside: boolean;
}

/** Returns undefined if the file does not exist. @param path Absolute or in a workspace folder. */
export async function findFile(path: string): Promise<FoundFile | undefined> {
  const places = isAbsolute(path) ? [path] : placesOf(path).map((place) => resolve(place.folder, place.path));
  for (const place of places) {
    const real = await realpath(place).catch(() => undefined);
    if (real === undefined) continue;
    const folders = await Promise.all(workspaceFolders().map((folder) => realpath(folder.path).catch(() => folder.path)));
    return { real, isInside: folders.some((folder) => isInside(real, folder)) };
  }
  return undefined;
}

function inNamedFolder(path: string): NamedPlace | undefined {
  const [name = '', ...rest] = path.split('/');
  const folder = outerFolders().find((one) => one.name === name || one.name === decoded(name));
  return folder === undefined ? undefined : { folder: folder.path, path: rest.join('/') };
}

/** Decodes a name from a link. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** VS Code allows duplicate names and all characters. */
function uniqueName(name: string, known: Set<string>): string {
  const plain = name.replace(/[/\\\0]/gu, '-').trim();
  const base = ['', '.', '..'].includes(plain) ? 'folder' : plain;
  let unique = base;
  for (let count = 2; known.has(unique); count++) unique = `${base}-${count}`;
  known.add(unique);
  return unique;
}
