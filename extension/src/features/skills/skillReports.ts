// Details of skills as read-only documents.
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import type { SkillView } from '../../protocol/protocol.generated';
import { reportOf } from './skillRows';

const scheme = 'plue-skill';

export class SkillReports implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  readonly onDidChange = this.changed.event;

  async show(skill: SkillView): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${skill.name}`, query: skill.folder });
    this.texts.set(uri.toString(), reportOf(skill));
    this.changed.fire(uri);
    // The list stays open in front of the document.
    await vscode.window.showTextDocument(uri, { preview: true, preserveFocus: true });
  }

  /** A restored document has no text after a restart. */
  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.toString()) ?? l10n.t('Run the command Plue: Show Skills to see this skill.');
  }

  dispose(): void {
    this.registration.dispose();
    this.changed.dispose();
  }
}
