// Icon and label of a task's status, for the tree and the pages.
import * as l10n from '@vscode/l10n';

const states: Readonly<Record<string, { icon: string; words: string }>> = {
  queued: { icon: 'circle-large-outline', words: l10n.t('queued') },
  running: { icon: 'loading', words: l10n.t('running') },
  paused: { icon: 'debug-pause', words: l10n.t('paused') },
  waiting_for_approval: { icon: 'question', words: l10n.t('waiting for approval') },
  waiting_for_child: { icon: 'type-hierarchy-sub', words: l10n.t('waiting for a subtask') },
  over_budget: { icon: 'credit-card', words: l10n.t('limit reached') },
  done: { icon: 'check', words: l10n.t('done') },
  failed: { icon: 'close', words: l10n.t('failed') },
  stopped: { icon: 'circle-slash', words: l10n.t('stopped') },
  interrupted: { icon: 'warning', words: l10n.t('interrupted') },
};

export function taskStatusView(status: string): { icon: string; words: string } {
  return states[status] ?? { icon: 'circle-large-outline', words: status.replaceAll('_', ' ') };
}

/** True if the task can be stopped. */
export function isWorking(status: string): boolean {
  return ['queued', 'running', 'paused', 'waiting_for_approval', 'waiting_for_child'].includes(status);
}

/** True if the task is not running and can be resumed. */
export function isResumable(status: string): boolean {
  return ['paused', 'interrupted', 'stopped', 'failed'].includes(status);
}

/** True if the task waits for user input. */
export function waitsForUser(status: string | undefined): boolean {
  return status === 'waiting_for_approval' || status === 'over_budget';
}
