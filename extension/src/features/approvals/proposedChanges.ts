// Shows the proposed change of an approval in VS Code's diff editor. Both sides are read-only copies, because the file may change meanwhile.
import * as l10n from '../../infrastructure/localizedText';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { visibleText } from '../../common/visibleText';
import { Disposables } from '../../infrastructure/disposables';
import { approvalContent } from '../../protocol/protocol.generated';
import type { ProposedFile } from '../../protocol/protocol.generated';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';

const scheme = 'plue-approval';

interface Sides {
  label: string;
  before: vscode.Uri;
  after: vscode.Uri;
}

export class ProposedChanges implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly disposables = new Disposables();
  /** Texts of open documents, by URI. */
  private readonly texts = new Map<string, string>();

  constructor(
    private readonly sidecar: Pick<Sidecar, 'request'>,
    private readonly approvals: Pick<ApprovalList, 'items' | 'onDidChange'>,
  ) {
    this.disposables.add(approvals.onDidChange(() => this.closeAnswered()));
    this.disposables.add(vscode.workspace.registerTextDocumentContentProvider(scheme, this));
    this.disposables.add(vscode.workspace.onDidCloseTextDocument(({ uri }) => this.texts.delete(uri.toString())));
  }

  async open(id: string): Promise<void> {
    const { files } = await this.sidecar.request(approvalContent, { id });
    const sides = files.map((file, index) => this.sidesOf(file, `${id}/${index}`));
    const [only] = sides;
    if (only === undefined) return;
    if (sides.length === 1) {
      const title = l10n.t('{0} (proposed change)', only.label);
      await vscode.commands.executeCommand('vscode.diff', only.before, only.after, title, { preview: true });
      return;
    }
    await vscode.commands.executeCommand(
      'vscode.changes',
      l10n.t('Proposed changes'),
      sides.map(({ before, after }) => [after, before, after]),
    );
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? '';
  }

  dispose(): void {
    this.disposables.dispose();
  }

  /** Closes diffs of approvals that are no longer pending. */
  private closeAnswered(): void {
    const isOver = ({ input }: vscode.Tab): boolean =>
      input instanceof vscode.TabInputTextDiff &&
      input.modified.scheme === scheme &&
      !this.approvals.items.some(({ id }) => input.modified.query.startsWith(`${id}/`));
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs.filter(isOver));
    if (tabs.length > 0) void vscode.window.tabGroups.close(tabs, true);
  }

  private sidesOf({ path: place, before, after }: ProposedFile, key: string): Sides {
    const side = (text: string, fragment: string): vscode.Uri => {
      // The file's own path sets the language and gives both sides the same name.
      const at = /^[a-z]+:\/\//.test(place) ? vscode.Uri.parse(place).path : vscode.Uri.file(place).path;
      const uri = vscode.Uri.from({ scheme, path: at, query: key, fragment });
      this.texts.set(uri.toString(), text);
      return uri;
    };
    return {
      label: visibleText(path.posix.basename(place.replaceAll('\\', '/'))),
      before: side(before ?? '', 'before'),
      after: side(after, 'after'),
    };
  }
}
