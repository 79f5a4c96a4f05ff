import * as l10n from '../../infrastructure/localizedText';
import type { CodexStatus, CodexSummary, TaskView } from '../../protocol/protocol.generated';
import { formatMessageCount } from '../../common/counts';
import { truncate } from '../../common/truncate';
import { atLeast, costNotAvailable, formatDecimal, formatDollars, formatTime } from '../../common/format';
import { isWorking as isTaskWorking, taskStatusView } from '../../common/taskStatus';
import { displayTitle } from '../../common/title';
import { visibleText } from '../../common/visibleText';
import { isTask } from '../../common/isTask';

/** A chat or task as shown in the tree. */
export interface Row {
  label: string;
  /** As "2 m  $0.04". */
  description: string;
  /** Name of a codicon that shows the state. */
  icon: string;
  tooltip: string;
  accessibilityLabel: string;
}

const icons = {
  idle: 'comment',
  running: 'loading~spin',
  interrupted: 'warning',
  failed: 'error',
  damaged: 'report',
} as const satisfies Record<CodexStatus, string>;

const statusText = {
  idle: '',
  running: l10n.t('responding'),
  interrupted: l10n.t('interrupted'),
  failed: l10n.t('last response failed'),
  damaged: l10n.t('partly unreadable'),
} as const satisfies Record<CodexStatus, string>;

/** Context values for menus, by status of a task. */
const stateText: Readonly<Record<string, string>> = {
  queued: 'running',
  running: 'running',
  waiting_for_child: 'running',
  waiting_for_approval: 'running asks',
  paused: 'resumable',
  interrupted: 'resumable',
  stopped: 'resumable',
  failed: 'resumable',
  over_budget: 'overBudget',
};

/** Marks tasks in a git worktree: the sign of an alternative. */
const worktreeSign = '⎇';

const justNow = l10n.t('now');

/** Maximum length of a task's title, and of title and status together. */
const maxTaskLabelLength = 28;
const maxWithStateLength = 26;
const shortestTaskLabel = 11;

/** Takes precedence over the activity of the chat. The question mark is reserved for chats that wait for the user. */
const unreadIcon = 'circle-filled';

/** `now` is in milliseconds since the epoch. @param task Current state of a task, in addition to its record. */
export function rowOf(codex: CodexSummary, now: number, task?: TaskView): Row {
  const label = labelOf(codex);
  const age = formatAge(now - Date.parse(codex.updatedAt));
  const taskStatus = statusOf(codex, task);
  const cost = task === undefined ? (codex.cost === undefined ? '' : formatCost(codex.cost)) : spendOf(task);
  // A task's own status is more specific but does not show that its file is damaged.
  const status = taskStatus === undefined || codex.status === 'damaged' ? statusText[codex.status] : taskStatusView(taskStatus).words;
  const unread = codex.unread ? l10n.t('unread') : '';
  const tags = codex.tags.map((tag) => `#${visibleText(tag)}`).join(' ');
  const messages = formatMessageCount(codex.messageCount);
  const model = [codex.providerId, codex.model].filter((part) => part !== undefined && part !== '').join(' / ');
  return {
    // The status of a task is shown after the title, so the title is shortened.
    label: taskStatus === undefined ? label : truncate(label, maxLabelLength(said(taskStatus))),
    description: (taskStatus === undefined
      ? [age, cost, tags]
      : [
          hasWorktree(task) ? worktreeSign : '',
          said(taskStatus),
          codex.unread ? '●' : '',
          templateOrModel(codex, task),
          task === undefined ? age : elapsed(task),
          cost,
        ]
    )
      .filter((part) => part !== '')
      .join('  '),
    icon: iconOf(codex, taskStatus),
    tooltip: [
      label,
      [unread, messages, cost, status].filter((part) => part !== '').join(', '),
      model,
      task?.note === undefined ? '' : visibleText(task.note),
      hasWorktree(task) ? l10n.t('Works on the branch {0} in a git worktree', visibleText(task?.worktree?.branch ?? '')) : '',
      tags,
      l10n.t('Changed {0}', formatTime(codex.updatedAt)),
    ]
      .filter((line) => line !== '')
      .join('\n'),
    accessibilityLabel: [
      label,
      unread,
      codex.pinned ? l10n.t('pinned') : '',
      status,
      task === undefined ? '' : visibleText(task.templateName),
      hasWorktree(task) ? l10n.t('in a git worktree') : '',
      age === justNow ? l10n.t('changed now') : l10n.t('changed {0} ago', age),
      cost,
      tags,
    ]
      .filter((part) => part !== '')
      .join(', '),
  };
}

export function labelOf(codex: Pick<CodexSummary, 'title' | 'uri' | 'taskStatus'>): string {
  return displayTitle(codex.title, isTask(codex) ? 'task' : 'chat');
}

/** True if a response or task is running and can be stopped. */
export function isWorking({ status, taskStatus }: Pick<CodexSummary, 'status' | 'taskStatus'>): boolean {
  return status === 'running' || (taskStatus !== undefined && isTaskWorking(taskStatus));
}

/** Returns the newer of two statuses of a task; undefined for a chat. */
export function statusOf({ taskStatus, updatedAt }: CodexSummary, task: TaskView | undefined): string | undefined {
  if (taskStatus === undefined || task === undefined) return taskStatus;
  return Date.parse(updatedAt) > Date.parse(task.updatedAt) ? taskStatus : task.status;
}

/** True if the task works in a git worktree that was not removed. */
export function hasWorktree(task: Pick<TaskView, 'worktree'> | undefined): boolean {
  return task?.worktree !== undefined && task.worktree.state !== 'removed';
}

/** Returns the context value for a status, as "running asks", which lists the actions that a task allows. */
export function menuTextOf(taskStatus: string): string {
  return stateText[taskStatus] ?? '';
}

/** Returns the cost of a task and its subtasks, as "$0.21 / 1.00", "$0.21+" or "local". */
export function spendOf({ isLocal, totalSpent, budget }: Pick<TaskView, 'isLocal' | 'totalSpent' | 'budget'>): string {
  if (isLocal && (totalSpent.usd ?? 0) === 0) return l10n.t('local');
  const { usd, usdIsAtLeast } = totalSpent;
  const spent = usd === undefined ? costNotAvailable : atLeast(formatCost(usd), usdIsAtLeast);
  return budget.usd === undefined ? spent : `${spent} / ${formatDecimal(budget.usd, 2)}`;
}

function templateOrModel(codex: CodexSummary, task: TaskView | undefined): string {
  return task === undefined ? (codex.model ?? '') : visibleText(task.templateName);
}

/** The side bar truncates rows at the end, so the status must fit. */
function maxLabelLength(state: string): number {
  return state === '' ? maxTaskLabelLength : Math.max(shortestTaskLabel, maxWithStateLength - state.length);
}

/** Returns how long the task has been running. */
function elapsed({ spent }: TaskView): string {
  const { seconds } = spent;
  if (seconds === undefined || seconds <= 0) return '';
  return seconds < 60 ? l10n.t('{0} s', Math.floor(seconds)) : formatAge(seconds * 1000);
}

function iconOf({ status, unread, archived }: CodexSummary, taskStatus: string | undefined): string {
  if (taskStatus !== undefined && archived) return 'archive';
  if (taskStatus !== undefined && status !== 'damaged') return iconOfTask(taskStatus);
  return unread && status === 'idle' ? unreadIcon : icons[status];
}

/** Running tasks have a spinning icon. */
function iconOfTask(taskStatus: string): string {
  const { icon } = taskStatusView(taskStatus);
  return icon === 'loading' ? 'loading~spin' : icon;
}

/** Returns text for statuses that the icon does not identify. */
function said(taskStatus: string): string {
  return ['queued', 'running', 'done'].includes(taskStatus) ? '' : taskStatusView(taskStatus).words;
}

/** Returns a number and a letter; "now" for times in the future. */
export function formatAge(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (!(minutes >= 1)) return justNow;
  if (minutes < 60) return l10n.t('{0} m', minutes);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return l10n.t('{0} h', hours);
  const days = Math.floor(hours / 24);
  if (days < 7) return l10n.t('{0} d', days);
  if (days < 365) return l10n.t('{0} w', Math.floor(days / 7));
  return l10n.t('{0} y', Math.floor(days / 365));
}

/** Formats USD. Amounts too small for cents are not shown as zero. */
export function formatCost(cost: number): string {
  return cost > 0 && cost < 0.01 ? `<${formatDollars(0.01, 2)}` : formatDollars(cost, 2);
}

/** Sorts running items first, then newest first. Equal times are sorted by URI so that rows do not move. */
export function byPlace(a: CodexSummary, b: CodexSummary): number {
  return isRunning(b) - isRunning(a) || timeOf(b) - timeOf(a) || (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : 0);
}

function isRunning(codex: CodexSummary): number {
  return codex.status === 'running' || codex.taskStatus === 'running' ? 1 : 0;
}

/** Parsing times is slow when ten thousand are compared. */
const times = new WeakMap<CodexSummary, number>();

/** Returns the last change in milliseconds since the epoch. Invalid times count as the oldest. */
export function timeOf(codex: CodexSummary): number {
  const known = times.get(codex);
  if (known !== undefined) return known;
  const time = Date.parse(codex.updatedAt) || 0;
  times.set(codex, time);
  return time;
}
