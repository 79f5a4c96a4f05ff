// How files were before an agent changed them: the left side of VS Code's diff editor.
import * as vscode from 'vscode';
import { editContent } from '../../protocol/protocol.generated';
import type { FileEditView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

export const beforeScheme = 'plue-before';
const nothing = 'nothing';

export class BeforeFiles implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(beforeScheme, this);
  readonly onDidChange = this.changed.event;

  constructor(private readonly sidecar: Pick<Sidecar, 'request'>) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    if (uri.query === nothing) return '';
    const { text } = await this.sidecar.request(editContent, { codexId: uri.query, path: uri.path.slice(1) });
    return text ?? '';
  }

  /** Those that are open are asked for again. */
  refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === beforeScheme) this.changed.fire(uri);
  }

  left({ codexId, path }: Pick<FileEditView, 'codexId' | 'path'>): vscode.Uri {
    return vscode.Uri.from({ scheme: beforeScheme, path: `/${path}`, query: codexId });
  }

  /** The file itself; nothing for one that was removed. */
  right({ path, kind }: Pick<FileEditView, 'path' | 'kind'>, folder: vscode.Uri): vscode.Uri {
    return kind === 'deleted'
      ? vscode.Uri.from({ scheme: beforeScheme, path: `/${path}`, query: nothing })
      : vscode.Uri.joinPath(folder, path);
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
