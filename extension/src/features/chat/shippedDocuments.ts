// Documents that ship with Plue have no file: they open to be read.
import * as vscode from 'vscode';
import { codexGet } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const scheme = 'plue-shipped';

export class ShippedDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  constructor(private readonly sidecar: Sidecar) {}

  /** @param uri codex://prompts/default-assistant */
  async open(uri: string): Promise<void> {
    const name = uri.slice(uri.lastIndexOf('/') + 1);
    // The ending colours the text.
    const path = `/${name}${uri.startsWith('codex://prompts/') ? '.md' : '.json5'}`;
    const document = await vscode.workspace.openTextDocument(vscode.Uri.from({ scheme, path, query: uri }));
    await vscode.window.showTextDocument(document, { preview: true });
  }

  async provideTextDocumentContent({ query }: vscode.Uri): Promise<string> {
    const { document } = await this.sidecar.request(codexGet, { uri: query });
    return document?.text ?? '';
  }

  dispose(): void {
    this.registration.dispose();
  }
}
