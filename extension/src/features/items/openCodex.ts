import * as vscode from 'vscode';
import { codexGet } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { shippedPath, shippedScheme } from '../../server/shipped';

const providers = 'codex://providers/';

/** Opens a codex: a chat or task in its panel, a plan and a provider on their pages, another item in the form, anything else as text. */
export async function openCodex(sidecar: Sidecar, uri: string, openItem: (uri: string) => Promise<void>): Promise<void> {
  if (/^codex:\/\/(chats|tasks)\//.test(uri)) {
    await vscode.commands.executeCommand('plue.openChat', uri);
  } else if (uri.startsWith(providers)) {
    await vscode.commands.executeCommand('plue.manageProviders', uri.slice(providers.length));
  } else if (uri.startsWith('codex://items/')) {
    const { codex } = await sidecar.request(codexGet, { uri, limit: 1 });
    if (codex.templateId === 'plan') await vscode.commands.executeCommand('plue.openPlan', uri);
    else await openItem(uri);
  } else {
    const { document } = await sidecar.request(codexGet, { uri });
    const address =
      document?.path === undefined ? vscode.Uri.from({ scheme: shippedScheme, path: shippedPath(uri) }) : vscode.Uri.file(document.path);
    await vscode.window.showTextDocument(address, { preview: true });
  }
}
