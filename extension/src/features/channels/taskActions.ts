// Actions on tasks, from the tree and the task panel.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showInputBox, showQuickPick, showWarningMessage } from '../../infrastructure/window';
import type { CodexSummary, TaskBudgetView } from '../../protocol/protocol.generated';
import { editUndo, taskSetBudget, taskDiscard, taskPause, taskResume, taskSteer, taskStop } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { TaskList } from '../../server/taskList';
import { labelOf } from './row';

type Tasks = readonly Pick<CodexSummary, 'uri' | 'title'>[];
type Limit = keyof TaskBudgetView;

const limitNames = {
  usd: l10n.t('Cost (USD)'),
  tokens: l10n.t('Tokens'),
  rounds: l10n.t('Rounds'),
  seconds: l10n.t('Time, in seconds'),
} as const satisfies Record<Limit, string>;
const limits = ['usd', 'tokens', 'rounds', 'seconds'] as const satisfies Limit[];

export class TaskActions {
  constructor(
    private readonly sidecar: Sidecar,
    private readonly tasks: Pick<TaskList, 'get'>,
  ) {}

  async steer(tasks: Tasks): Promise<void> {
    const [task] = tasks;
    if (task === undefined) return;
    const text = await showInputBox({
      title: l10n.t('Send Message to “{0}”', labelOf(task)),
      prompt: l10n.t('The agent reads the message before its next step.'),
      validateInput: (value) => (value.trim() === '' ? l10n.t('Enter a message, or press Escape to cancel.') : undefined),
    });
    if (text === undefined || text.trim() === '') throw new UserCancelledError();
    await this.sidecar.request(taskSteer, { uri: task.uri, text: text.trim() });
  }

  pause(tasks: Tasks): Promise<void> {
    return each(tasks, ({ uri }) => this.sidecar.request(taskPause, { uri }));
  }

  resume(tasks: Tasks): Promise<void> {
    return each(tasks, ({ uri }) => this.sidecar.request(taskResume, { uri }));
  }

  /** @param includeSubtasks Stops the subtasks, too. */
  stop(tasks: Tasks, includeSubtasks: boolean): Promise<void> {
    return each(tasks, ({ uri }) => this.sidecar.request(taskStop, { uri, ...(includeSubtasks ? { includeSubtasks: true } : {}) }));
  }

  async stopAll(): Promise<void> {
    await this.sidecar.request(taskStop, {});
  }

  drop(tasks: Tasks): Promise<void> {
    return each(tasks, ({ uri }) => this.sidecar.request(taskDiscard, { uri }));
  }

  async review([task]: Tasks): Promise<void> {
    if (task !== undefined) await vscode.commands.executeCommand('plue.reviewChanges', { codexId: task.uri });
  }

  /** Reverts the changes of a task and its subtasks where possible. */
  async undo([task]: Tasks): Promise<void> {
    if (task === undefined) return;
    const { conflicts } = await this.sidecar.request(editUndo, { codexId: task.uri, all: true });
    const left = conflicts.slice(0, 3).join(' ');
    if (left === '') void showInformationMessage(l10n.t('Reverted the changes of “{0}”.', labelOf(task)));
    else void showWarningMessage(l10n.verbatim(left));
  }

  /** Asks for a new value of the reached limit, or of a limit that the user selects. */
  async increaseBudget([task]: Tasks): Promise<void> {
    if (task === undefined) return;
    const { budget = {}, totalSpent, status } = this.tasks.get(task.uri) ?? {};
    const limit = await pickLimit(budget, totalSpent ?? {});
    const spent = totalSpent?.[limit];
    const before = budget[limit];
    const isWhole = limit !== 'usd';
    const written = await showInputBox({
      title: l10n.t('Increase Budget of “{0}”: {1}', labelOf(task), limitNames[limit]),
      prompt: l10n.verbatim(
        [
          spent === undefined ? l10n.t('The used amount is unknown') : l10n.t('Used: {0}', plain(spent, isWhole)),
          before === undefined ? l10n.t('no limit') : l10n.t('limit: {0}', plain(before, isWhole)),
        ].join(', '),
      ),
      value: before === undefined ? '' : plain(before * 2, isWhole),
      validateInput: (value) => problemWith(value, spent, isWhole),
    });
    if (written === undefined || problemWith(written, spent, isWhole) !== undefined) throw new UserCancelledError();
    await this.sidecar.request(taskSetBudget, { uri: task.uri, budget: { [limit]: Number(written) } });
    // Resume the task if it stopped because of this limit.
    if (status === 'over_budget') await this.sidecar.request(taskResume, { uri: task.uri });
  }
}

/** Returns an error for an invalid limit; undefined if it is valid. */
export function problemWith(written: string, spent: number | undefined, isWhole: boolean): LocalizedText | undefined {
  const value = Number(written);
  if (written.trim() === '' || !Number.isFinite(value) || value <= 0) return l10n.t('Enter a number greater than 0.');
  if (isWhole && !Number.isInteger(value)) return l10n.t('Enter a whole number.');
  return spent !== undefined && value <= spent ? l10n.t('Enter more than {0}, the amount already used.', plain(spent, isWhole)) : undefined;
}

/** Returns limits that are reached or nearly reached. */
export function reachedLimits(budget: TaskBudgetView, spent: TaskBudgetView): Limit[] {
  return limits.filter((limit) => budget[limit] !== undefined && (spent[limit] ?? 0) >= budget[limit] * 0.9);
}

async function pickLimit(budget: TaskBudgetView, spent: TaskBudgetView): Promise<Limit> {
  const reached = reachedLimits(budget, spent);
  const [only] = reached;
  if (only !== undefined && reached.length === 1) return only;
  const offered = reached.length > 0 ? reached : limits;
  const rows = offered.map((limit) => ({
    label: limitNames[limit],
    description: budget[limit] === undefined ? l10n.t('no limit') : String(budget[limit]),
    limit,
  }));
  const chosen = await showQuickPick(rows, { title: l10n.t('Increase Budget'), placeHolder: l10n.t('Select a limit') });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.limit;
}

function plain(value: number, isWhole: boolean): string {
  return isWhole ? String(Math.ceil(value)) : String(Number(value.toFixed(4)));
}

/** Continues after a failure, and finally throws the first one. */
async function each(tasks: Tasks, action: (task: Tasks[number]) => Promise<unknown>): Promise<void> {
  const done = await Promise.allSettled(tasks.map(action));
  const failed = done.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw toFailureError(failed.reason);
}
