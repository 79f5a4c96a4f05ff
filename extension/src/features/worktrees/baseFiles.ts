// Files of a worktree as they were when its branch began, for the left side of VS Code's diff editor.
import * as v from 'valibot';
import * as vscode from 'vscode';
import { worktreeContent } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

const scheme = 'plue-worktree-base';

/** Query of the URI. Its path is that of the file itself, because VS Code shows different paths as a rename. */
const origin = v.pipe(v.string(), v.parseJson(), v.object({ task: v.string(), path: v.string() }));

export class BaseFiles implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  constructor(private readonly sidecar: Pick<Sidecar, 'request'>) {}

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const parsed = v.safeParse(origin, uri.query);
    if (!parsed.success) return '';
    const { text } = await this.sidecar.request(worktreeContent, parsed.output);
    return text ?? '';
  }

  /** @param path Relative to the root of the worktree. */
  uri(task: string, path: string, file: vscode.Uri): vscode.Uri {
    return vscode.Uri.from({ scheme, path: file.path, query: JSON.stringify({ task, path }) });
  }

  dispose(): void {
    this.registration.dispose();
  }
}
