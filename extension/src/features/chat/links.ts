// Resolves links in responses.
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { isInside } from '../../infrastructure/insideFolder';
import { openAddress } from '../../infrastructure/addresses';
import { showInformationMessage } from '../../infrastructure/window';
import { placesOf } from '../../infrastructure/workspaceFolders';

export type LinkTarget =
  | { type: 'external'; href: string }
  /** `line` is one-based. */
  | { type: 'file'; path: string; line?: number };

const externalSchemes = new Set(['http:', 'https:', 'mailto:']);

/** Undefined for links that are not opened: other schemes (`command:`, `file:`) and paths outside the folder. */
export function linkTarget(href: string, folder: string | undefined): LinkTarget | undefined {
  // A drive letter looks like a scheme, so absolute paths are also rejected here.
  if (/^[a-z][a-z0-9+.-]*:/i.test(href) && !/^[\w./-]+:\d+(:\d+)?$/.test(href)) {
    if (!URL.canParse(href)) return undefined;
    return externalSchemes.has(new URL(href).protocol) ? { type: 'external', href } : undefined;
  }
  if (folder === undefined || href.startsWith('//') || href.includes('\\')) return undefined;
  const match = /^(?<path>[^#?]+?)(?:#L(?<anchor>\d+)[^#]*|:(?<line>\d+)(?::\d+)?)?$/.exec(href);
  const written = match?.groups?.path;
  if (written === undefined) return undefined;
  const path = resolve(folder, decode(written));
  if (isAbsolute(decode(written)) || !isInside(path, folder)) return undefined;
  const line = match?.groups?.anchor ?? match?.groups?.line;
  return { type: 'file', path, ...(line === undefined ? {} : { line: Number(line) }) };
}

/** Opens the link or explains why it cannot. VS Code asks for confirmation before it opens another site and shows the real host. */
export async function openLink(href: string): Promise<void> {
  const places = placesOf(href).map(({ folder, path }) => ({ folder, target: linkTarget(path, folder) }));
  const chosen = (await firstExisting(places)) ?? places.find(({ target }) => target !== undefined);
  const target = chosen === undefined ? linkTarget(href, undefined) : chosen.target;
  if (target === undefined) {
    void showInformationMessage(l10n.t('Plue opens web links and links to files in the workspace folder. This link is neither.'));
  } else if (target.type === 'external') {
    await openAddress(target.href);
  } else if (chosen !== undefined) {
    await openFile(target.path, chosen.folder, target.line);
  }
}

interface LinkPlace {
  folder: string;
  target: LinkTarget | undefined;
}

/** With several folders, the path can be in any of them. */
async function firstExisting(places: LinkPlace[]): Promise<LinkPlace | undefined> {
  if (places.length < 2 || !vscode.workspace.isTrusted) return undefined;
  for (const place of places) {
    if (place.target?.type !== 'file') continue;
    if (await realpath(place.target.path).catch(() => undefined)) return place;
  }
  return undefined;
}

async function openFile(path: string, folder: string, line: number | undefined): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    void showInformationMessage(l10n.t('The folder isn’t trusted, so Plue won’t open its files.'));
    return;
  }
  // A symbolic link inside the folder can point outside.
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) {
    void showInformationMessage(l10n.t('The workspace folder contains no file {0}.', relative(folder, path)));
    return;
  }
  if (!isInside(real, await realpath(folder))) {
    void showInformationMessage(l10n.t('{0} points outside the workspace folder, so it was not opened.', relative(folder, path)));
    return;
  }
  const at = line === undefined ? undefined : new vscode.Range(Math.max(0, line - 1), 0, Math.max(0, line - 1), 0);
  await vscode.window.showTextDocument(vscode.Uri.file(real), { selection: at, viewColumn: vscode.ViewColumn.One });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
