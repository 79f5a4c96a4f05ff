// Details of a server as a read-only document, which is created again when a window restores it.
import * as vscode from 'vscode';
import type { McpServerView } from '../../protocol/protocol.generated';
import { reportOf } from './words';

const scheme = 'plue-server';

export class ServerReports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  readonly onDidChange = this.changed.event;

  /** @param ask Returns the current server with this name; undefined if it no longer exists. */
  constructor(private readonly ask: (name: string) => Promise<McpServerView | undefined>) {}

  async show(server: McpServerView): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${server.name}` });
    this.texts.set(uri.path, reportOf(server));
    this.changed.fire(uri);
    await vscode.window.showTextDocument(uri, { preview: true });
  }

  async provideTextDocumentContent({ path }: vscode.Uri): Promise<string> {
    const known = this.texts.get(path);
    if (known !== undefined) return known;
    const server = await this.ask(path.slice(1));
    return server === undefined ? '' : reportOf(server);
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
