// Prompts, templates, providers and items: choosing one, taking a change back, the trash.
import * as vscode from 'vscode';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import type { CodexLinkView, CodexRenameResult, CodexSummary } from '../../protocol/protocol.generated';
import { codexDelete, codexLinks, codexList, codexRedo, codexRename, codexRestore, codexUndo } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

export const collections = ['items', 'prompts', 'templates', 'providers'] as const;

export type Collection = (typeof collections)[number];

const words = { items: 'Item', prompts: 'Prompt', templates: 'Template', providers: 'Provider' } as const satisfies Record<
  Collection,
  string
>;

export class Documents {
  constructor(private readonly sidecar: Sidecar) {}

  /** The user's own; what ships has no history and cannot be deleted. */
  async pick(title: string, from: readonly Collection[], deleted = false): Promise<CodexSummary> {
    const lists = await Promise.all(
      from.map(async (collection) => {
        const { items } = await this.sidecar.request(codexList, { collection, ...(deleted ? { deleted } : {}) });
        return items.filter(({ layer }) => layer === 'user').map((codex) => ({ codex, kind: words[collection] }));
      }),
    );
    const rows = lists.flat().map(({ codex, kind }) => ({ label: codex.title, description: kind, detail: codex.description ?? '', codex }));
    if (rows.length === 0)
      throw new FailureError('notFound', deleted ? 'The trash is empty.' : `There is nothing of your own here yet: no ${kindsOf(from)}.`);
    const chosen = await vscode.window.showQuickPick(rows, {
      title,
      placeHolder: 'Type a part of its name',
      matchOnDescription: true,
      // A page that comes up takes the focus, and must not close the list with it.
      ignoreFocusOut: true,
    });
    if (chosen === undefined) throw new UserCancelledError();
    return chosen.codex;
  }

  async undo(codex: CodexSummary): Promise<void> {
    await this.sidecar.request(codexUndo, { uri: codex.uri });
    await this.offer(`Took the last change of “${codex.title}” back.`, 'Redo', () => this.redo(codex));
  }

  async redo(codex: CodexSummary): Promise<void> {
    await this.sidecar.request(codexRedo, { uri: codex.uri });
    await this.offer(`Made the change of “${codex.title}” again.`, 'Undo', () => this.undo(codex));
  }

  /** Asks only when something refers to it: else Undo is enough. */
  async delete(codex: CodexSummary): Promise<void> {
    const { incoming } = await this.sidecar.request(codexLinks, { uri: codex.uri });
    if (incoming.length > 0) {
      const answer = await vscode.window.showWarningMessage(
        `Move “${codex.title}” to the trash?`,
        { modal: true, detail: `${linksSentence(incoming)} It can be restored from there.` },
        'Move to Trash',
      );
      if (answer === undefined) throw new UserCancelledError();
    }
    await this.sidecar.request(codexDelete, { uri: codex.uri });
    await this.offer(`Moved “${codex.title}” to the trash.`, 'Undo', () => this.restore(codex));
  }

  /** What refers to it is changed along; what cannot be is named before anything happens. */
  async rename(codex: CodexSummary): Promise<void> {
    const before = codex.uri.slice(codex.uri.lastIndexOf('/') + 1);
    const name = await vscode.window.showInputBox({
      title: `Rename “${codex.title}”`,
      value: before,
      prompt: 'The last part of its address. What refers to it is changed along.',
      ignoreFocusOut: true,
    });
    if (name === undefined || name.trim() === before) throw new UserCancelledError();
    const asked = { uri: codex.uri, name: name.trim() };
    const plan = await this.sidecar.request(codexRename, { ...asked, dryRun: true });
    if (plan.updated.length + plan.left.length > 0) {
      const answer = await vscode.window.showWarningMessage(
        `Rename “${codex.title}” to ${plan.uri}?`,
        { modal: true, detail: renameDetail(plan) },
        'Rename',
      );
      if (answer === undefined) throw new UserCancelledError();
    }
    const done = await this.sidecar.request(codexRename, asked);
    await vscode.window.showInformationMessage(`“${codex.title}” is ${done.uri} now.`);
  }

  async restore({ uri }: CodexSummary): Promise<void> {
    await this.sidecar.request(codexRestore, { uri });
  }

  private async offer(said: string, button: string, action: () => Promise<void>): Promise<void> {
    if ((await vscode.window.showInformationMessage(said, button)) === button) await action();
  }
}

/** "“A” and 2 more refer to it." */
export function linksSentence(incoming: readonly CodexLinkView[]): string {
  const names = [...new Set(incoming.map(({ title, target }) => `“${title === '' ? target : title}”`))];
  return `${nameSome(names)} ${names.length === 1 ? 'refers' : 'refer'} to it.`;
}

function renameDetail({ updated, left }: CodexRenameResult): string {
  const changed = [...new Set(updated.map(({ title, target }) => `“${title === '' ? target : title}”`))];
  const kept = left.map(({ title, target, why }) => `“${title === '' ? target : title}” still names the old one. ${why}`);
  return [...(changed.length === 0 ? [] : [`${nameSome(changed)} ${changed.length === 1 ? 'is' : 'are'} changed along.`]), ...kept].join(
    '\n',
  );
}

/** "“A”, “B” and 2 more". */
function nameSome(names: readonly string[]): string {
  const parts = names.length > 3 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  const before = parts.slice(0, -1).join(', ');
  return before === '' ? parts.join('') : `${before} and ${parts.at(-1)}`;
}

function kindsOf(from: readonly Collection[]): string {
  return from.map((collection) => words[collection].toLowerCase()).join(', no ');
}
