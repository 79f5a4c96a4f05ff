// Details of tools as read-only documents.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { formatInteger } from '../../common/format';
import { visibleText } from '../../common/visibleText';
import type { VsCodeToolView } from '../../protocol/protocol.generated';

const scheme = 'plue-vscode-tool';

export class ToolReports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  readonly onDidChange = this.changed.event;

  async show(tool: VsCodeToolView): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${tool.name}` });
    this.texts.set(uri.path, reportOf(tool));
    this.changed.fire(uri);
    // The list stays open in front of the document.
    await vscode.window.showTextDocument(uri, { preview: true, preserveFocus: true });
  }

  /** A restored document has no text after a restart. */
  provideTextDocumentContent({ path }: vscode.Uri): string {
    return this.texts.get(path) ?? l10n.t('Run the command Plue: Select Tools to see this tool.');
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}

/** Returns everything that is enabled with the tool. Text from an extension is indented, so it cannot look like a line of Plue. */
export function reportOf({ fullName, source, tokens, changes, definition }: VsCodeToolView): string {
  const lines = [
    l10n.t('VS Code tool {0}', fullName),
    l10n.t('From: {0}', source),
    l10n.t('About {0} tokens in each request', formatInteger(tokens)),
    '',
    ...(changes === undefined
      ? []
      : [
          l10n.t('Changes since you enabled it:'),
          ...changes
            .trimEnd()
            .split('\n')
            .map((line) => `  ${line}`),
          '',
        ]),
    definition,
  ];
  return lines.map((line) => visibleText(line)).join('\n');
}
