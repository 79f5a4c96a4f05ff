// The content of files before an agent changed them, for the left side of VS Code's diff editor.
import * as v from 'valibot';
import * as vscode from 'vscode';
import { editContent } from '../../protocol/protocol.generated';
import type { FileEditView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

export const beforeScheme = 'plue-before';
const nothing = 'nothing';

/** Query of the URI. Its path is that of the file itself, because VS Code shows different paths as a rename. */
const origin = v.pipe(v.string(), v.parseJson(), v.object({ codexId: v.string(), path: v.string(), folder: v.optional(v.string()) }));

export class BeforeFiles implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(beforeScheme, this);
  readonly onDidChange = this.changed.event;

  constructor(private readonly sidecar: Pick<Sidecar, 'request'>) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const parsed = v.safeParse(origin, uri.query);
    if (!parsed.success) return '';
    const { text } = await this.sidecar.request(editContent, parsed.output);
    return text ?? '';
  }

  /** Reloads open documents. */
  refresh(): void {
    for (const { uri } of vscode.workspace.textDocuments) if (uri.scheme === beforeScheme) this.changed.fire(uri);
  }

  left({ codexId, path, folder }: Pick<FileEditView, 'codexId' | 'path' | 'folder'>, file: vscode.Uri): vscode.Uri {
    return vscode.Uri.from({ scheme: beforeScheme, path: file.path, query: JSON.stringify({ codexId, path, folder }) });
  }

  /** Returns the file itself; an empty document if it was deleted. */
  right({ kind }: Pick<FileEditView, 'kind'>, file: vscode.Uri): vscode.Uri {
    return kind === 'deleted' ? vscode.Uri.from({ scheme: beforeScheme, path: file.path, query: nothing }) : file;
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
