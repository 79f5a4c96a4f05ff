// Shows versions of a document and compares them in the diff editor.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick } from '../../infrastructure/window';
import type { CodexSummary, CodexVersionView } from '../../protocol/protocol.generated';
import { codexGet, codexHistory, codexUpdate } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatTime } from '../../common/format';

export const versionScheme = 'plue-version';

export class History implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly registration = vscode.workspace.registerTextDocumentContentProvider(versionScheme, this);

  constructor(private readonly sidecar: Sidecar) {}

  async show(codex: CodexSummary): Promise<void> {
    const { versions } = await this.sidecar.request(codexHistory, { uri: codex.uri });
    const rows = versions.map((view) => ({
      label: view.summary,
      description: [authorOf(view), formatTime(view.time)].filter((part) => part !== '').join(', '),
      detail: view.isCurrent ? l10n.t('Current version') : l10n.t('Version {0}', view.version),
      view,
    }));
    const chosen = await showQuickPick(rows, {
      title: l10n.t('History of {0}', codex.title),
      placeHolder: codex.layer === undefined ? l10n.t('Newest first') : l10n.t('Choose a version to compare'),
      matchOnDescription: true,
      ignoreFocusOut: true,
    });
    // A chat has only the list.
    if (chosen === undefined || codex.layer === undefined) throw new UserCancelledError();
    const current = versions.find(({ isCurrent }) => isCurrent)?.version ?? codex.version;
    const { version } = chosen.view;
    // The newest version is compared with the previous one.
    const [left, right] = chosen.view.isCurrent ? [Math.max(1, version - 1), version] : [version, current];
    await vscode.commands.executeCommand(
      'vscode.diff',
      addressOf(codex.uri, left, left),
      addressOf(codex.uri, right, left),
      right === current
        ? l10n.t('{0}: version {1} ↔ current', codex.title, left)
        : l10n.t('{0}: version {1} ↔ {2}', codex.title, left, right),
      { preview: true },
    );
  }

  /** `shown` is either side of the diff. Default: the active diff. */
  async restore(shown: vscode.Uri | undefined): Promise<void> {
    const asked = readAddress(shown ?? versionInFront());
    if (asked === undefined) throw new FailureError('badRequest', l10n.t('Choose a version first, with Plue: Show History.'));
    const { uri, restores } = asked;
    const [{ codex }, old] = await Promise.all([
      this.sidecar.request(codexGet, { uri }),
      this.sidecar.request(codexGet, { uri, version: restores }),
    ]);
    if (old.document === undefined) throw new FailureError('notFound', l10n.t('This version is empty.'));
    await this.sidecar.request(codexUpdate, { uri, text: old.document.text, expectedVersion: codex.version });
    await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    void showInformationMessage(l10n.t('Restored version {1} of “{0}”. The replaced version is in the history.', codex.title, restores));
  }

  async provideTextDocumentContent(address: vscode.Uri): Promise<string> {
    const asked = readAddress(address);
    if (asked === undefined) return '';
    const { document } = await this.sidecar.request(codexGet, { uri: asked.uri, version: asked.version });
    return document?.text ?? '';
  }

  dispose(): void {
    this.registration.dispose();
  }
}

function authorOf({ author }: CodexVersionView): string {
  return author === 'outside' ? l10n.t('changed outside Plue') : l10n.t('by {0}', author);
}

/** Versions are immutable, so their content never changes. */
function addressOf(uri: string, version: number, restores: number): vscode.Uri {
  const name = uri.slice(uri.lastIndexOf('/') + 1);
  const query = new URLSearchParams({ uri, version: String(version), restores: String(restores) });
  // The extension selects the language mode.
  const ending = name.endsWith('.md') ? '' : '.json5';
  return vscode.Uri.from({ scheme: versionScheme, path: `/${version}/${name}${ending}`, query: query.toString() });
}

function readAddress(address: vscode.Uri | undefined): { uri: string; version: number; restores: number } | undefined {
  if (address?.scheme !== versionScheme) return undefined;
  const query = new URLSearchParams(address.query);
  const uri = query.get('uri') ?? '';
  const [version, restores] = [Number(query.get('version')), Number(query.get('restores'))];
  return uri.startsWith('codex://') && version > 0 && restores > 0 ? { uri, version, restores } : undefined;
}

function versionInFront(): vscode.Uri | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? input.modified : undefined;
}
