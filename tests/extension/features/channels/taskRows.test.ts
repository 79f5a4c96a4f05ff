import { afterEach, beforeEach, expect, test } from 'vitest';
import { menuTextOf, rowOf, spendOf } from '../../../../extension/src/features/channels/row';
import { problemWith, reachedLimits, TaskActions } from '../../../../extension/src/features/channels/taskActions';
import {
  editUndo,
  taskSetBudget,
  taskResume,
  taskEvent,
  taskList,
  taskSteer,
  taskStop,
  type TaskView,
} from '../../../../extension/src/protocol/protocol.generated';
import { TaskList } from '../../../../extension/src/server/taskList';
import { codexSummary } from '../../testing/codexSummary';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown } from '../../testing/vscode';
import { child, spend, task, taskId } from '../../webview/taskSamples';

const now = Date.parse('2026-11-21T12:05:00Z');
const lists: TaskList[] = [];

beforeEach(reset);
afterEach(() => lists.splice(0).forEach((list) => list.dispose()));

function row(view: TaskView, change = {}): ReturnType<typeof rowOf> {
  return rowOf(codexSummary(view.uri, { taskStatus: view.status, title: view.title, updatedAt: view.updatedAt, ...change }), now, view);
}

function listOf(sidecar: FakeSidecar): TaskList {
  const list = new TaskList(sidecar, fakeLog().log);
  lists.push(list);
  return list;
}

test('A task shows its agent, its duration, and its cost of the budget', () => {
  expect(row(task()).description).toBe('orchestrator  3 m  $0.21 / 1.00');
  expect(row(child('docs', { spent: spend({ seconds: 20 }) }), { unread: true }).description).toBe('●  code-writer  20 s  local');
  expect(
    row(child('x', { status: 'over_budget', isLocal: false, totalSpent: spend({ usd: 0.1 }), budget: { usd: 0.1 }, spent: spend() }))
      .description,
  ).toBe('limit reached  code-writer  $0.10 / 0.10');
});

test('A task in a git worktree has a sign, until the worktree is removed', () => {
  const worktree = { task: 'task_1', folder: '/plue/worktrees/shop/fix', branch: 'plue/fix', repository: '/shop', state: 'ready' };
  expect(row(task({ worktree })).description).toBe('⎇  orchestrator  3 m  $0.21 / 1.00');
  expect(row(task({ worktree })).accessibilityLabel).toContain('in a git worktree');
  expect(row(task({ worktree })).tooltip).toContain('plue/fix');
  expect(row(task({ worktree: { ...worktree, state: 'removed' } })).description).toBe('orchestrator  3 m  $0.21 / 1.00');
});

test('A state in words leaves room for the title', () => {
  const title = 'Find out why the tests of the parser fail on Windows';
  expect(row(task({ title })).label).toBe('Find out why the tests of…');
  expect(row(task({ title, status: 'waiting_for_approval' })).label).toBe('Find out…');
  expect(row(task({ title, status: 'waiting_for_child' })).label.length).toBeLessThanOrEqual(11);
});

test('Does not show an unknown cost as zero', () => {
  expect(spendOf(task({ totalSpent: spend(), budget: {} }))).toBe('cost n/a');
  expect(spendOf(task({ totalSpent: spend({ usd: 0.3, usdIsAtLeast: true }) }))).toBe('$0.30+ / 1.00');
  expect(spendOf(task({ isLocal: true, totalSpent: spend({ usd: 0.3 }), budget: {} }))).toBe('$0.30');
});

test('Each state has its own shape', () => {
  const states = [
    'queued',
    'running',
    'paused',
    'waiting_for_approval',
    'waiting_for_child',
    'over_budget',
    'done',
    'failed',
    'stopped',
    'interrupted',
  ];
  const icons = states.map((status) => row(task({ status })).icon);
  expect(new Set([...icons, row(task(), { archived: true }).icon]).size).toBe(11);
  expect(row(task({ status: 'waiting_for_approval' })).icon).toBe('question');
});

test('A state has the same words as on the pages', () => {
  expect(row(task({ status: 'waiting_for_approval' })).description).toContain('waiting for approval');
  expect(row(task({ status: 'waiting_for_child' })).accessibilityLabel).toContain('waiting for a subtask');
});

test('A later status replaces an earlier one', () => {
  expect(row(task({ status: 'running' }), { taskStatus: 'done', updatedAt: '2026-11-21T12:04:00Z' }).icon).toBe('check');
});

test('An obstacle is shown in the tooltip', () => {
  expect(row(task({ status: 'over_budget', note: 'The money is used up.' })).tooltip).toContain('The money is used up.');
});

test('Menus know what can be done in each state', () => {
  expect(['running', 'waiting_for_approval', 'paused', 'over_budget', 'done'].map(menuTextOf)).toEqual([
    'running',
    'running asks',
    'resumable',
    'overBudget',
    '',
  ]);
});

test('Keeps events that arrive while the list of tasks is requested', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const sidecar = new FakeSidecar().answer(taskList, async () => {
    await held;
    return { tasks: [task(), child('old')] };
  });
  const list = listOf(sidecar);
  const listed = list.refresh();
  sidecar.taskEvent.fire({ taskId, task: task({ status: 'done' }) });
  sidecar.taskEvent.fire({ taskId: 'codex://tasks/old' });
  release();
  await listed;
  expect(list.get(taskId)?.status).toBe('done');
  expect(list.get('codex://tasks/old')).toBeUndefined();
  expect(taskEvent.method).toBe('task/event');
});

test('A task is under everything above it, and a circle ends', () => {
  const sidecar = new FakeSidecar();
  const list = listOf(sidecar);
  const tell = (view: TaskView): void => sidecar.taskEvent.fire({ taskId: view.uri, task: view });
  tell(task({ parentId: 'codex://chats/a' }));
  tell(child('write'));
  tell(task({ uri: 'codex://tasks/x', parentId: 'codex://tasks/y' }));
  tell(task({ uri: 'codex://tasks/y', parentId: 'codex://tasks/x' }));
  expect(list.isUnder('codex://tasks/write', 'codex://chats/a')).toBe(true);
  expect(list.isUnder('codex://tasks/write', 'codex://chats/b')).toBe(false);
  expect(list.isUnder('codex://tasks/x', 'codex://chats/b')).toBe(false);
  expect(list.childrenOf(taskId).map(({ title }) => title)).toEqual(['write']);
});

test('Sends a message to a task, stops it with its subtasks, and stops all tasks', async () => {
  const sidecar = new FakeSidecar().answer(taskSteer, () => ({})).answer(taskStop, () => ({}));
  const actions = new TaskActions(sidecar, listOf(sidecar));
  answers.push('Use the mock.');
  await actions.steer([task()]);
  await actions.stop([task()], true);
  await actions.stopAll();
  expect(sidecar.asked.map(({ params }) => params)).toEqual([
    { uri: taskId, text: 'Use the mock.' },
    { uri: taskId, includeSubtasks: true },
    {},
  ]);
});

test('The reached limit is increased, never below the spent amount, and the task continues', async () => {
  const reached = task({ status: 'over_budget', totalSpent: spend({ usd: 1, rounds: 9 }), budget: { usd: 1, rounds: 50 } });
  expect(reachedLimits(reached.budget, reached.totalSpent)).toEqual(['usd']);
  expect(problemWith('0.5', 1, false)).toBe('Enter more than 1, the amount already used.');
  expect(problemWith('2.5', 1, true)).toBe('Enter a whole number.');
  expect([problemWith('', 1, false), problemWith('x', 1, false), problemWith('-1', 1, false)]).toEqual(
    Array(3).fill('Enter a number greater than 0.'),
  );
  const sidecar = new FakeSidecar().answer(taskSetBudget, () => reached).answer(taskResume, () => ({}));
  const tasks = listOf(sidecar);
  sidecar.taskEvent.fire({ taskId, task: reached });
  answers.push('2');
  await new TaskActions(sidecar, tasks).increaseBudget([reached]);
  expect(sidecar.asked.map(({ params }) => params)).toEqual([{ uri: taskId, budget: { usd: 2 } }, { uri: taskId }]);
});

test('The changes of a task and its subtasks are undone, and the rest is reported', async () => {
  const conflicts: string[] = [];
  const sidecar = new FakeSidecar().answer(editUndo, () => ({ files: [], turns: [], conflicts }));
  const actions = new TaskActions(sidecar, listOf(sidecar));
  await actions.undo([task()]);
  expect(sidecar.asked.map(({ params }) => params)).toEqual([{ codexId: taskId, all: true }]);
  expect(shown.at(-1)?.text).toBe('Reverted the changes of “Add export command”.');
  conflicts.push('src/a.js was changed since.');
  await actions.undo([task()]);
  expect(shown.at(-1)?.text).toBe('src/a.js was changed since.');
});

test('A long title leaves room for what the task does', () => {
  const long = row(task(), { title: 'Make the dates right. Then check them and describe them.' });
  expect(long.label).toBe('Make the dates right. Then…');
  expect(long.tooltip).toContain('Then check them and describe them.');
});
