// What is known of a server as a text that is only read: nothing to save, and asked for anew when it is opened.
import * as vscode from 'vscode';
import type { McpServerView } from '../../protocol/protocol.generated';
import { reportOf } from './words';

const scheme = 'plue-server';

export class ServerReports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  readonly onDidChange = this.changed.event;

  async show(server: McpServerView): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${server.name}` });
    this.texts.set(uri.path, reportOf(server));
    this.changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  provideTextDocumentContent({ path }: vscode.Uri): string {
    return this.texts.get(path) ?? '';
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
