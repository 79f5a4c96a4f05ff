// Opens attachments of a message: files from disk, images from the chat's storage.
import { basename } from 'node:path';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { showInformationMessage } from '../../infrastructure/window';
import { findFile } from '../../infrastructure/workspaceFolders';
import { attachmentRead } from '../../protocol/protocol.generated';
import type { LineRange } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const imageScheme = 'plue-image';

/** Opens a file at its lines. A file outside the workspace folders needs confirmation again, although it was approved when it was sent. */
export async function openAttached(path: string, range: LineRange | undefined): Promise<void> {
  if (!vscode.workspace.isTrusted) {
    void showInformationMessage(l10n.t('The folder isn’t trusted, so Plue won’t open its files.'));
    return;
  }
  const found = await findFile(path);
  if (found === undefined) {
    void showInformationMessage(l10n.t('The file {0} no longer exists.', path));
    return;
  }
  const { real } = found;
  if (!found.isInside && !(await mayOpenOutside(real))) return;
  const selection = range === undefined ? undefined : new vscode.Range(range.start - 1, 0, range.end - 1, Number.MAX_SAFE_INTEGER);
  await vscode.window.showTextDocument(vscode.Uri.file(real), { selection, viewColumn: vscode.ViewColumn.One });
}

/** Opens an image in VS Code's image viewer. */
export async function openImage(blob: string, name: string): Promise<void> {
  const uri = vscode.Uri.from({ scheme: imageScheme, path: `/${basename(name)}`, query: blob });
  await vscode.commands.executeCommand('vscode.open', uri, { viewColumn: vscode.ViewColumn.Active, preview: true });
}

/** Makes the images of all chats available as read-only files. */
export function registerImages(sidecar: Sidecar): vscode.Disposable {
  return vscode.workspace.registerFileSystemProvider(imageScheme, new Images(sidecar), { isReadonly: true, isCaseSensitive: true });
}

class Images implements vscode.FileSystemProvider {
  private readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;

  constructor(private readonly sidecar: Sidecar) {}

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { length } = await this.readFile(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: length };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { data } = await this.sidecar.request(attachmentRead, { blob: uri.query });
    return Buffer.from(data, 'base64');
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): void {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
}

async function mayOpenOutside(path: string): Promise<boolean> {
  const open = l10n.t('Open');
  return (await showInformationMessage(l10n.t('{0} is outside the workspace folder.', path), open)) === open;
}
