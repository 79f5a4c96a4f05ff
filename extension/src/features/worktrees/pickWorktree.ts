import * as l10n from '../../infrastructure/localizedText';
import { UserCancelledError } from '../../infrastructure/errors';
import { showQuickPick } from '../../infrastructure/window';
import { worktreeList } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

/** Lets the user select a worktree. Returns the ID of its task. */
export async function pickWorktree(sidecar: Sidecar): Promise<string> {
  const { worktrees } = await sidecar.request(worktreeList, {});
  const rows = worktrees.map(({ task, title, branch, orphaned }) => ({
    label: title,
    description: branch,
    ...(orphaned === undefined ? {} : { detail: orphaned }),
    task,
  }));
  const chosen = await showQuickPick(rows, {
    title: l10n.t('Select a Worktree'),
    placeHolder: rows.length === 0 ? l10n.t('No task has a git worktree') : l10n.t('Type part of the title'),
    matchOnDescription: true,
  });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.task;
}
