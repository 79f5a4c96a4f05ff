// Actions on one or more chats or tasks.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showInputBox, showQuickPick, withProgress } from '../../infrastructure/window';
import type { CodexSummary } from '../../protocol/protocol.generated';
import { codexDelete, codexFork, codexMarkRead, codexRestore, codexUpdate, messageStop } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatChatCount, formatTaskCount } from '../../common/counts';
import { isTask } from '../../common/isTask';
import { isWorking, labelOf, timeOf } from './row';
import { pickTags, retagged } from './tags';

type Chats = readonly CodexSummary[];

/** Maximum number of concurrent requests. */
const atOnce = 8;
/** Minimum number of chats for a progress notification. */
const isLong = 25;
const day = 86_400_000;

export class ChatActions {
  constructor(private readonly sidecar: Sidecar) {}

  async rename(codex: CodexSummary): Promise<void> {
    const title = await showInputBox({
      title: isTask(codex) ? l10n.t('Rename Task') : l10n.t('Rename Chat'),
      value: codex.title,
      validateInput: (value) => (value.trim() === '' ? l10n.t('Enter a name.') : undefined),
    });
    if (title === undefined || title.trim() === codex.title) throw new UserCancelledError();
    await this.sidecar.request(codexUpdate, { uri: codex.uri, title: title.trim() });
  }

  async pin(chats: Chats, pinned: boolean): Promise<void> {
    const changing = chats.filter((codex) => codex.pinned !== pinned);
    await this.each(
      changing,
      (what) => (pinned ? l10n.t('Pinning {0}…', what) : l10n.t('Unpinning {0}…', what)),
      ({ uri }) => this.sidecar.request(codexUpdate, { uri, pinned }),
    );
  }

  async archive(chats: Chats, archived: boolean): Promise<void> {
    const changing = chats.filter((codex) => codex.archived !== archived);
    const title = (what: string): LocalizedText => (archived ? l10n.t('Archiving {0}…', what) : l10n.t('Unarchiving {0}…', what));
    await this.each(changing, title, ({ uri }) => this.sidecar.request(codexUpdate, { uri, archived }));
  }

  async archiveOlder(all: Iterable<CodexSummary>, now = Date.now()): Promise<void> {
    const candidates = [...all].filter((codex) => !isTask(codex) && !codex.archived && !codex.pinned && codex.status !== 'running');
    const choices = [7, 30, 90, 365].map((days) => {
      const chats = candidates.filter((codex) => timeOf(codex) < now - days * day);
      return { label: days === 365 ? l10n.t('1 year') : l10n.t('{0} days', days), description: count(chats), chats };
    });
    const chosen = await showQuickPick(choices, {
      title: l10n.t('Archive Older Chats'),
      placeHolder: l10n.t('Pinned chats are not archived'),
    });
    if (chosen === undefined) throw new UserCancelledError();
    if (chosen.chats.length === 0) {
      void showInformationMessage(l10n.t('No chats are older than that.'));
      return;
    }
    await this.archive(chosen.chats, true);
    await this.offerUndo(l10n.t('Archived {0}.', count(chosen.chats)), () =>
      this.archive(
        chosen.chats.map((codex) => ({ ...codex, archived: true })),
        false,
      ),
    );
  }

  async editTags(chats: Chats, known: readonly [tag: string, count: number][]): Promise<void> {
    const { before, after } = await pickTags(chats, known);
    const changing = chats.map((codex) => ({ codex, tags: retagged(codex.tags, before, after) }));
    const changed = changing.filter(({ codex, tags }) => tags.join('\n') !== codex.tags.join('\n'));
    await this.each(
      changed,
      (what) => l10n.t('Tagging {0}…', what),
      ({ codex: { uri }, tags }) => this.sidecar.request(codexUpdate, { uri, tags }),
    );
  }

  async markRead(chats: Chats): Promise<void> {
    const unread = chats.filter((codex) => codex.unread);
    await this.each(
      unread,
      (what) => l10n.t('Marking {0} as read…', what),
      ({ uri }) => this.sidecar.request(codexMarkRead, { uri }),
    );
  }

  async stop(chats: Chats): Promise<void> {
    await this.each(
      chats.filter(isWorking),
      (what) => l10n.t('Stopping {0}…', what),
      ({ uri }) => this.sidecar.request(messageStop, { codexId: uri }),
    );
  }

  async fork(codex: CodexSummary): Promise<void> {
    const { uri } = await this.sidecar.request(codexFork, { uri: codex.uri });
    await vscode.commands.executeCommand('plue.openChat', uri);
  }

  /** No confirmation, because the notification offers Undo. */
  async delete(chats: Chats): Promise<void> {
    await this.each(
      chats,
      (what) => l10n.t('Moving {0} to the trash…', what),
      ({ uri }) => this.sidecar.request(codexDelete, { uri }),
    );
    const [only] = chats;
    const what = only !== undefined && chats.length === 1 ? `“${labelOf(only)}”` : count(chats);
    await this.offerUndo(l10n.t('Moved {0} to the trash.', what), () => this.restore(chats));
  }

  async restore(chats: Chats): Promise<void> {
    await this.each(
      chats,
      (what) => l10n.t('Restoring {0}…', what),
      ({ uri }) => this.sidecar.request(codexRestore, { uri }),
    );
  }

  private async offerUndo(said: LocalizedText, undo: () => Promise<void>): Promise<void> {
    const button = l10n.t('Undo');
    if ((await showInformationMessage(said, button)) === button) await undo();
  }

  /** Continues after a failure. Reports the number of failures and the first reason. */
  private async each<T extends CodexSummary | { codex: CodexSummary }>(
    chats: readonly T[],
    title: (what: string) => LocalizedText,
    action: (chat: T) => Promise<unknown>,
  ): Promise<void> {
    const work = async (report: (finished: number) => void): Promise<void> => {
      const failures: FailureError[] = [];
      let next = 0;
      const worker = async (): Promise<void> => {
        for (let chat = chats[next++]; chat !== undefined; chat = chats[next++]) {
          try {
            await action(chat);
          } catch (error) {
            failures.push(toFailureError(error));
          }
          report(1);
        }
      };
      await Promise.all(Array.from({ length: Math.min(atOnce, chats.length) }, worker));
      const [first] = failures;
      if (first === undefined) return;
      if (chats.length === 1) throw first;
      throw new FailureError(first.kind, l10n.t('Skipped {0} of {1}. {2}', failures.length, count(chats), first.message));
    };
    if (chats.length < isLong) return work(() => undefined);
    return withProgress({ location: vscode.ProgressLocation.Notification, title: title(count(chats)) }, (progress) =>
      work((finished) => progress.report({ increment: (100 * finished) / chats.length })),
    );
  }
}

function count(chats: readonly (CodexSummary | { codex: CodexSummary })[]): string {
  const tasks = chats.filter((one) => isTask('codex' in one ? one.codex : one)).length;
  if (tasks === 0) return formatChatCount(chats.length);
  return tasks === chats.length ? formatTaskCount(tasks) : l10n.t('{0} chats and tasks', chats.length);
}
