import * as vscode from 'vscode';
import { codexGet } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { shippedPath, shippedScheme } from '../../server/shipped';

const providers = 'codex://providers/';

/** Opens a codex: a chat or task in its panel, an item in the form, a provider on its page, anything else as text. */
export async function openCodex(sidecar: Sidecar, uri: string, openItem: (uri: string) => Promise<void>): Promise<void> {
  if (/^codex:\/\/(chats|tasks)\//.test(uri)) {
    await vscode.commands.executeCommand('plue.openChat', uri);
  } else if (uri.startsWith(providers)) {
    await vscode.commands.executeCommand('plue.manageProviders', uri.slice(providers.length));
  } else if (uri.startsWith('codex://items/')) {
    await openItem(uri);
  } else {
    const { document } = await sidecar.request(codexGet, { uri });
    const address =
      document?.path === undefined ? vscode.Uri.from({ scheme: shippedScheme, path: shippedPath(uri) }) : vscode.Uri.file(document.path);
    await vscode.window.showTextDocument(address, { preview: true });
  }
}
