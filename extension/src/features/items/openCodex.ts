import * as vscode from 'vscode';
import { FailureError } from '../../infrastructure/errors';
import { codexGet } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

/** Shows any codex where it is at home: a chat or task in its panel, an item as a form, everything else as its file. */
export async function openCodex(sidecar: Sidecar, uri: string, openItem: (uri: string) => Promise<void>): Promise<void> {
  if (/^codex:\/\/(chats|tasks)\//.test(uri)) {
    await vscode.commands.executeCommand('plue.openChat', uri);
    return;
  }
  if (uri.startsWith('codex://items/')) return openItem(uri);
  const { document, codex } = await sidecar.request(codexGet, { uri });
  if (document === undefined) throw new FailureError('notFound', `${uri} has no file.`);
  if (document.path === undefined) {
    // What ships is in no file: its text is shown to be read.
    const language = uri.startsWith('codex://prompts/') ? 'markdown' : 'jsonc';
    const shown = await vscode.workspace.openTextDocument({ content: document.text, language });
    await vscode.window.showTextDocument(shown, { preview: true });
    void vscode.window.showInformationMessage(`“${codex.title}” ships with Plue, so this is a copy. Saving it changes nothing there.`);
    return;
  }
  await vscode.window.showTextDocument(vscode.Uri.file(document.path), { preview: true });
}
