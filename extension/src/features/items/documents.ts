// Commands for prompts, templates, providers, and items: select, undo, and move to the trash.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showInputBox, showQuickPick, showWarningMessage } from '../../infrastructure/window';
import type { CodexLinkView, CodexRenameResult, CodexSummary } from '../../protocol/protocol.generated';
import { codexDelete, codexLinks, codexList, codexRedo, codexRename, codexRestore, codexUndo } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatList } from '../../common/formatList';

export const collections = ['items', 'prompts', 'templates', 'providers'] as const;

export type Collection = (typeof collections)[number];

const words = {
  items: l10n.t('Item'),
  prompts: l10n.t('Prompt'),
  templates: l10n.t('Template'),
  providers: l10n.t('Provider'),
} as const satisfies Record<Collection, string>;

export class Documents {
  constructor(private readonly sidecar: Sidecar) {}

  /**
   * Lets the user pick a document. Built-in documents are omitted: they have no history and cannot be deleted.
   * @param all Includes built-in documents and those of the workspace.
   */
  async pick(title: LocalizedText, from: readonly Collection[], deleted = false, all = false): Promise<CodexSummary> {
    const lists = await Promise.all(
      from.map(async (collection) => {
        const { items } = await this.sidecar.request(codexList, { collection, ...(deleted ? { deleted } : {}) });
        return items.filter(({ layer }) => all || layer === 'user').map((codex) => ({ codex, kind: words[collection] }));
      }),
    );
    const rows = lists.flat().map(({ codex, kind }) => ({ label: codex.title, description: kind, detail: codex.description ?? '', codex }));
    if (rows.length === 0) throw new FailureError('notFound', deleted ? l10n.t('The trash is empty.') : l10n.t('No custom items yet.'));
    const chosen = await showQuickPick(rows, {
      title,
      placeHolder: l10n.t('Type part of the name'),
      matchOnDescription: true,
      // Keeps the quick pick open if a webview takes focus while it loads.
      ignoreFocusOut: true,
    });
    if (chosen === undefined) throw new UserCancelledError();
    return chosen.codex;
  }

  async undo(codex: CodexSummary): Promise<void> {
    await this.sidecar.request(codexUndo, { uri: codex.uri });
    await this.offer(l10n.t('Undid the last change to “{0}”.', codex.title), l10n.t('Redo'), () => this.redo(codex));
  }

  async redo(codex: CodexSummary): Promise<void> {
    await this.sidecar.request(codexRedo, { uri: codex.uri });
    await this.offer(l10n.t('Redid the change to “{0}”.', codex.title), l10n.t('Undo'), () => this.undo(codex));
  }

  /** Asks for confirmation only if other documents refer to it; otherwise Undo is sufficient. */
  async delete(codex: CodexSummary): Promise<void> {
    const { incoming } = await this.sidecar.request(codexLinks, { uri: codex.uri });
    if (incoming.length > 0) {
      const answer = await showWarningMessage(
        l10n.t('Move “{0}” to the trash?', codex.title),
        { modal: true, detail: l10n.t('{0} You can restore it later.', linksSentence(incoming)) },
        l10n.t('Move to Trash'),
      );
      if (answer === undefined) throw new UserCancelledError();
    }
    await this.sidecar.request(codexDelete, { uri: codex.uri });
    await this.offer(l10n.t('Moved “{0}” to the trash.', codex.title), l10n.t('Undo'), () => this.restore(codex));
  }

  /** Updates references. Those that cannot be updated are listed before the rename. */
  async rename(codex: CodexSummary): Promise<void> {
    const before = codex.uri.slice(codex.uri.lastIndexOf('/') + 1);
    const name = await showInputBox({
      title: l10n.t('Rename “{0}”', codex.title),
      value: before,
      prompt: l10n.t('Last part of the address. References to it are updated.'),
      ignoreFocusOut: true,
    });
    if (name === undefined || name.trim() === before) throw new UserCancelledError();
    const asked = { uri: codex.uri, name: name.trim() };
    const plan = await this.sidecar.request(codexRename, { ...asked, dryRun: true });
    if (plan.updated.length + plan.skipped.length > 0) {
      const answer = await showWarningMessage(
        l10n.t('Rename “{0}” to {1}?', codex.title, plan.uri),
        { modal: true, detail: renameDetail(plan) },
        l10n.t('Rename'),
      );
      if (answer === undefined) throw new UserCancelledError();
    }
    const done = await this.sidecar.request(codexRename, asked);
    await showInformationMessage(l10n.t('Renamed “{0}” to {1}.', codex.title, done.uri));
  }

  async restore({ uri }: CodexSummary): Promise<void> {
    await this.sidecar.request(codexRestore, { uri });
  }

  private async offer(said: LocalizedText, button: LocalizedText, action: () => Promise<void>): Promise<void> {
    if ((await showInformationMessage(said, button)) === button) await action();
  }
}

/** Returns "“A” and 2 more refer to it." */
export function linksSentence(incoming: readonly CodexLinkView[]): string {
  const names = [...new Set(incoming.map(({ title, target }) => `“${title === '' ? target : title}”`))];
  return names.length === 1 ? l10n.t('{0} refers to it.', nameSome(names)) : l10n.t('{0} refer to it.', nameSome(names));
}

function renameDetail({ updated, skipped }: CodexRenameResult): string {
  const changed = [...new Set(updated.map(({ title, target }) => `“${title === '' ? target : title}”`))];
  const kept = skipped.map(({ title, target, reason }) =>
    l10n.t('“{0}” still uses the old name. {1}', title === '' ? target : title, reason),
  );
  const along = changed.length === 1 ? l10n.t('{0} is updated.', nameSome(changed)) : l10n.t('{0} are updated.', nameSome(changed));
  return [...(changed.length === 0 ? [] : [along]), ...kept].join('\n');
}

/** Returns "“A”, “B” and 2 more". */
function nameSome(names: readonly string[]): string {
  return formatList(names.length > 3 ? [...names.slice(0, 3), l10n.t('{0} more', names.length - 3)] : names);
}
