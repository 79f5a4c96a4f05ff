import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Disposable } from 'vscode';
import { activateChannels } from '../../../../extension/src/features/channels';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  codexDelete,
  codexFork,
  codexList,
  codexMarkRead,
  codexRestore,
  codexUpdate,
  messageStop,
  taskSetBudget,
  taskDiscard,
  taskList,
  taskPause,
  taskResume,
  taskStop,
  type CodexSummary,
  type TaskView,
} from '../../../../extension/src/protocol/protocol.generated';
import { ApprovalList } from '../../../../extension/src/server/approvalList';
import { TaskList } from '../../../../extension/src/server/taskList';
import { chatSummary as chat, codexSummary } from '../../testing/codexSummary';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { memory } from '../../testing/memory';
import { answers, executed, lists, registered, reset, shown, treeViews } from '../../testing/vscode';
import { task, taskId } from '../../webview/taskSamples';

let items: CodexSummary[];
let trash: CodexSummary[];
let tasks: TaskView[];
let sidecar: FakeSidecar;
let active: Disposable;

beforeEach(() => {
  reset();
  items = [
    chat('one', { tags: ['work', 'mine'] }),
    chat('two', { tags: ['work'], unread: true }),
    codexSummary(taskId, { title: 'Export', taskStatus: 'running', updatedAt: task().updatedAt }),
  ];
  trash = [];
  tasks = [task()];
  const done = (): Record<string, never> => ({});
  sidecar = new FakeSidecar()
    .answer(codexList, ({ collection, deleted }) => {
      const found = (deleted === true ? trash : items).filter(({ uri }) => uri.startsWith(`codex://${collection}/`));
      return { items: found, total: found.length };
    })
    .answer(taskList, () => ({ tasks }))
    .answer(codexUpdate, ({ uri }) => codexSummary(uri))
    .answer(codexFork, () => chat('fork'))
    .answer(codexRestore, ({ uri }) => codexSummary(uri))
    .answer(codexMarkRead, done)
    .answer(codexDelete, done)
    .answer(messageStop, done)
    .answer(taskStop, done);
  const { log } = fakeLog();
  active = activateChannels({ workspaceState: memory() }, sidecar, new TaskList(sidecar, log), new ApprovalList(sidecar, log), log);
});

afterEach(() => active.dispose());

/** Runs a command and returns the requests to the sidecar, except for lists. */
async function run(command: string, ...given: unknown[]): Promise<unknown[]> {
  const before = sidecar.asked.length;
  await registered.get(command)?.(...given);
  return sidecar.asked.slice(before).filter(({ method }) => !method.endsWith('/list'));
}

const rowOf = (uri: string): unknown => ({ type: 'codex', uri });
const one = rowOf('codex://chats/one');
const two = rowOf('codex://chats/two');

describe('the target of a chat command', () => {
  it('is all rows that are selected, when its row is one of them', async () => {
    expect(await run('plue.channels.pin', one, [one, { type: 'group', name: 'Today' }, two])).toEqual([
      { method: 'codex/update', params: { uri: 'codex://chats/one', pinned: true } },
      { method: 'codex/update', params: { uri: 'codex://chats/two', pinned: true } },
    ]);
  });

  it('is what is selected, for a key, while the tree is in sight', async () => {
    await run('plue.channels.open', one);
    const view = treeViews.get('plue.chatChannels');
    if (view !== undefined) view.selection = [two];
    expect(await run('plue.channels.markRead')).toEqual([{ method: 'codex/markRead', params: { uri: 'codex://chats/two' } }]);
    if (view !== undefined) view.visible = false;
    await run('plue.channels.markRead');
    expect(shown.at(-1)).toMatchObject({ kind: 'pick', text: 'Mark as Read' });
  });

  it('is none if VS Code redraws the row at that moment and passes no row, regardless of the selection', async () => {
    await run('plue.channels.open', one);
    const view = treeViews.get('plue.chatChannels');
    if (view !== undefined) view.selection = [two];
    for (const given of [[undefined], [undefined, undefined], [one, [one, undefined]]]) {
      expect(await run('plue.channels.delete', ...given)).toEqual([]);
    }
    await registered.get('plue.channels.restore')?.(undefined);
    const words = 'The list changed, so nothing was done. Select the action again.';
    expect(shown.map(({ kind, text }) => `${kind}: ${text}`)).toEqual(Array(4).fill(`warning: ${words}`));
  });

  it('is asked for from the palette, the newest first', async () => {
    items.push(chat('old', { updatedAt: '2020-01-01T00:00:00Z', archived: true }));
    answers.push('one');
    expect(await run('plue.channels.fork')).toEqual([{ method: 'codex/fork', params: { uri: 'codex://chats/one' } }]);
    expect(executed.at(-1)).toEqual(['plue.openChat', 'codex://chats/fork']);
    expect(shown[0]).toMatchObject({ text: 'Fork Chat', detail: 'Type part of the title' });
    const described = lists[0]?.map((row) => (typeof row === 'string' ? row : `${row.label}: ${row.description ?? ''}`));
    expect(described?.at(-1)).toMatch(/^old: .*, archived$/);
    expect(described).toContainEqual(expect.stringMatching(/^Export: .*, task$/));
  });

  it('is nothing when nothing is chosen, or when the chat is gone', async () => {
    expect(await run('plue.channels.delete')).toEqual([]);
    expect(await run('plue.channels.delete', rowOf('codex://chats/gone'))).toEqual([]);
    items = [];
    await registered.get('plue.channels.refresh')?.();
    await run('plue.channels.pin');
    expect(shown.at(-1)?.detail).toBe('None yet');
  });

  it('are only the changed ones', async () => {
    items = [chat('one', { pinned: true }), chat('two', { archived: true, unread: true, status: 'running' })];
    expect(await run('plue.channels.pin', one, [one, two])).toMatchObject([{ params: { uri: 'codex://chats/two' } }]);
    expect(await run('plue.channels.unpin', one, [one, two])).toMatchObject([{ params: { uri: 'codex://chats/one', pinned: false } }]);
    expect(await run('plue.channels.unarchive', one, [one, two])).toMatchObject([
      { params: { uri: 'codex://chats/two', archived: false } },
    ]);
    expect(await run('plue.channels.stop', one, [one, two])).toEqual([
      { method: 'message/stop', params: { codexId: 'codex://chats/two' } },
    ]);
  });
});

describe('a chat', () => {
  it('is renamed, but not to nothing or to what it is', async () => {
    answers.push(' ', ' Dates ');
    expect(await run('plue.channels.rename', one)).toEqual([
      { method: 'codex/update', params: { uri: 'codex://chats/one', title: 'Dates' } },
    ]);
    expect(shown.slice(0, 2)).toMatchObject([{ text: 'Rename Chat' }, { kind: 'refused', text: 'Enter a name.' }]);
    answers.push('one');
    expect(await run('plue.channels.rename', one)).toEqual([]);
    expect(await run('plue.tasks.rename', rowOf(taskId))).toEqual([]);
    expect(shown.at(-1)?.text).toBe('Rename Task');
  });

  it('that cannot be changed shows why', async () => {
    sidecar.answer(codexUpdate, () => {
      throw new FailureError('conflict', 'Another window writes to it.');
    });
    await run('plue.channels.archive', one);
    expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'Another window writes to it.' });
  });

  it('that is deleted comes back from the trash', async () => {
    trash = [chat('gone')];
    await run('plue.channels.open', one);
    expect(await run('plue.channels.restore', { type: 'deleted', uri: 'codex://chats/gone' })).toEqual([
      { method: 'codex/restore', params: { uri: 'codex://chats/gone' } },
    ]);
    expect(await run('plue.channels.restore', { type: 'deleted', uri: 'codex://chats/never' })).toEqual([]);
  });
});

describe('tags', () => {
  it('that all chats have are checked, and one that some have shows the count', async () => {
    answers.push('mine');
    expect(await run('plue.channels.editTags', one, [one, two])).toEqual([
      { method: 'codex/update', params: { uri: 'codex://chats/two', tags: ['work', 'mine'] } },
    ]);
    expect(shown[0]?.text).toBe('Tags of 2 Chats');
    expect(lists[0]).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ label: 'work', description: '' }),
        expect.objectContaining({ label: 'mine', description: 'on 1 of 2' }),
      ]),
    );
  });

  it('are taken away by unticking them', async () => {
    answers.push('work');
    expect(await run('plue.channels.editTags', one)).toEqual([
      { method: 'codex/update', params: { uri: 'codex://chats/one', tags: ['mine'] } },
    ]);
    expect(shown[0]?.text).toBe('Chat Tags');
  });

  it('are made by typing them, and what was ticked before stays ticked', async () => {
    answers.push('type:#new', 'new', 'type:newer');
    expect(await run('plue.channels.editTags', one)).toMatchObject([{ params: { tags: ['work', 'mine', 'new', 'newer'] } }]);
    answers.push('type:work');
    expect(await run('plue.channels.editTags', one)).toEqual([]);
  });

  it('stay when the list is left', async () => {
    expect(await run('plue.channels.editTags', one)).toEqual([]);
  });
});

describe('the tree', () => {
  it('shows only matches, and their count', async () => {
    answers.push('work');
    await run('plue.channels.filter');
    expect(shown[0]).toMatchObject({ text: 'Filter Chats', detail: 'Select the chats to show' });
    expect(lists[0]).toMatchObject([
      { label: '$(list-flat) All chats' },
      { label: '$(circle-filled) Unread', description: '1' },
      { label: '$(loading) Responding', description: '0' },
      { label: '$(tag) work', description: '2' },
      { label: '$(tag) mine', description: '1' },
    ]);
    const view = treeViews.get('plue.chatChannels');
    expect(view?.message).toContain('tagged work');
    expect(executed.at(-1)).toEqual(['setContext', 'plue.channels.isFiltered', true]);
    answers.push('Unread');
    await run('plue.channels.filter');
    expect(view?.message).toContain('chats: unread');
    await run('plue.channels.clearFilter');
    expect(view?.message).toBeUndefined();
    expect(executed.at(-1)).toEqual(['setContext', 'plue.channels.isFiltered', false]);
  });

  it('counts what waits for the user before what is new', async () => {
    await run('plue.channels.open', one);
    const view = treeViews.get('plue.chatChannels');
    expect(view?.badge).toEqual({ value: 1, tooltip: '1 unread' });
    expect(executed).toContainEqual(['setContext', 'plue.tasks.isRunning', true]);
    sidecar.taskEvent.fire({ taskId, task: task({ status: 'over_budget' }) });
    await vi.waitFor(() => expect(view?.badge).toEqual({ value: 1, tooltip: '1 waiting for you, 1 unread' }));
  });

  it('shows no more of a group that there is none of', async () => {
    const before = sidecar.asked.length;
    await run('plue.channels.showMore', 'Deleted');
    await vi.waitFor(() => expect(sidecar.asked.length).toBeGreaterThan(before));
    const asked = sidecar.asked.length;
    await run('plue.channels.showMore', 'Nonsense');
    expect(sidecar.asked).toHaveLength(asked);
  });
});

describe('a task', () => {
  beforeEach(async () => {
    sidecar.taskEvent.fire({ taskId, task: task() });
    sidecar
      .answer(taskPause, () => ({}))
      .answer(taskResume, () => ({}))
      .answer(taskDiscard, () => ({}))
      .answer(taskSetBudget, () => task());
    await run('plue.channels.open', one);
    executed.length = 0;
  });

  it.each([
    ['plue.tasks.pause', 'task/pause', { uri: taskId }],
    ['plue.tasks.resume', 'task/resume', { uri: taskId }],
    ['plue.tasks.stop', 'task/stop', { uri: taskId }],
    ['plue.tasks.stopWithSubtasks', 'task/stop', { uri: taskId, includeSubtasks: true }],
    ['plue.tasks.remove', 'task/discard', { uri: taskId }],
  ])('is what %s means, and a chat beside it is not', async (command, method, params) => {
    expect(await run(command, rowOf(taskId), [rowOf(taskId), one])).toEqual([{ method, params }]);
  });

  it('is answered, reviewed and, with all others, stopped', async () => {
    await run('plue.tasks.answer', rowOf(taskId));
    await run('plue.tasks.reviewChanges', rowOf(taskId));
    expect(executed).toEqual([['plue.approvals'], ['plue.reviewChanges', { codexId: taskId }]]);
    expect(await run('plue.stopAllAgents')).toEqual([{ method: 'task/stop', params: {} }]);
  });

  it('that failed does not stop the others, and is reported', async () => {
    const other = codexSummary('codex://tasks/other');
    items.push(other);
    sidecar.codexChanged.fire({ uri: other.uri, codex: other });
    sidecar.answer(taskPause, ({ uri }) => {
      if (uri === taskId) throw new FailureError('conflict', 'It has ended.');
      return {};
    });
    expect(await run('plue.tasks.pause', rowOf(taskId), [rowOf(taskId), rowOf(other.uri)])).toHaveLength(2);
    expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'It has ended.' });
  });

  it('asks which limit to increase if none is reached, and needs more than is spent', async () => {
    answers.push('Rounds', 'many', '9.5', '9', '80');
    expect(await run('plue.tasks.increaseBudget', rowOf(taskId))).toEqual([
      { method: 'task/setBudget', params: { uri: taskId, budget: { rounds: 80 } } },
    ]);
    expect(lists[0]).toMatchObject([
      { label: 'Cost (USD)', description: '1' },
      { label: 'Tokens', description: 'no limit' },
      { label: 'Rounds', description: '50' },
      { label: 'Time, in seconds', description: 'no limit' },
    ]);
    expect(shown[1]).toMatchObject({ text: 'Increase Budget of “Export”: Rounds', detail: 'Used: 9, limit: 50' });
    expect(shown.filter(({ kind }) => kind === 'refused').map(({ text }) => text)).toEqual([
      'Enter a number greater than 0.',
      'Enter a whole number.',
      'Enter more than 9, the amount already used.',
    ]);
    expect(await run('plue.tasks.increaseBudget', rowOf(taskId))).toEqual([]);
  });
});
