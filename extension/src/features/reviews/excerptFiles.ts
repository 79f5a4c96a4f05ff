// The reviewed lines of a finding whose place in the file is not clear, as those of another branch.
import * as vscode from 'vscode';
import type { ReviewFindingView } from '../../protocol/protocol.generated';

const scheme = 'plue-reviewed';

export class ExcerptFiles implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);

  add({ file, id, excerpt }: ReviewFindingView): vscode.Uri {
    const uri = vscode.Uri.from({ scheme, path: `/${file}.diff`, query: id });
    this.texts.set(uri.toString(), excerpt);
    return uri;
  }

  clear(): void {
    this.texts.clear();
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  dispose(): void {
    this.registration.dispose();
  }
}
