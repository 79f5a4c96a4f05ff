import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ChannelTree, rowsAtOnce, type ChannelNode } from '../../../../extension/src/features/channels/channelTree';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import { codexList, type CodexSummary } from '../../../../extension/src/protocol/protocol.generated';
import { TaskList } from '../../../../extension/src/server/taskList';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { chatSummary as chat, codexSummary } from '../../testing/codexSummary';
import { task as taskView } from '../../webview/taskSamples';

const trees: ChannelTree[] = [];
beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 21, 12) });
});
afterEach(() => {
  trees.splice(0).forEach((tree) => tree.dispose());
  vi.useRealTimers();
});

interface Grove {
  tree: ChannelTree;
  sidecar: FakeSidecar;
  trash: CodexSummary[];
  /** Redrawn elements: URIs, names of groups, or "all". */
  drawn: string[];
}

function treeOf(...items: CodexSummary[]): Grove {
  const trash: CodexSummary[] = [];
  const sidecar = new FakeSidecar().answer(codexList, ({ collection, deleted, limit }) => {
    const found = (deleted === true ? trash : items).filter(({ uri }) => uri.startsWith(`codex://${collection}/`));
    return { items: found.slice(0, limit), total: found.length };
  });
  const tree = new ChannelTree(sidecar, new TaskList(sidecar, fakeLog().log));
  trees.push(tree);
  const drawn: string[] = [];
  const nameOf = (node: ChannelNode): string => (node.type === 'group' ? node.name : 'uri' in node ? node.uri : node.type);
  tree.onDidChangeTreeData((nodes) => drawn.push(...(nodes === undefined ? ['all'] : [nodes].flat().map(nameOf))));
  return { tree, sidecar, trash, drawn };
}

async function draw(tree: ChannelTree): Promise<string[]> {
  const lines: string[] = [];
  const label = (node: ChannelNode): string => {
    const item = tree.getTreeItem(node);
    const text = typeof item.label === 'string' ? item.label : '';
    return node.type === 'group' ? `${text} ${String(item.description)}` : text;
  };
  const grow = async (node: ChannelNode, depth: string): Promise<void> => {
    const children = await tree.getChildren(node);
    // The task group has its own test.
    if (children[0]?.type === 'noTask') return;
    lines.push(depth + label(node));
    for (const child of children) await grow(child, `${depth}  `);
  };
  for (const node of await tree.getChildren()) await grow(node, '');
  return lines;
}

const soon = (): Promise<unknown> => vi.advanceTimersByTimeAsync(150);

test('Pinned chats, days and the archive are groups of their own, only when there is something in them', async () => {
  const old = new Date(2026, 9, 1).toISOString();
  expect(await draw(treeOf(chat('a')).tree)).toEqual(['Today 1', '  a']);
  expect(
    await draw(treeOf(chat('a'), chat('b', { archived: true }), chat('c', { pinned: true }), chat('d', { updatedAt: old })).tree),
  ).toEqual(['Pinned 1', '  c', 'Today 1', '  a', 'Older 1', '  d', 'Archived 1', '  b']);
});

test('The time of a chat whose row alone was drawn again grows old', async () => {
  const { tree, sidecar, drawn } = treeOf(chat('a', { updatedAt: new Date(2026, 10, 21, 11, 59).toISOString() }));
  const [group] = await tree.getChildren();
  const [node] = await tree.getChildren(group);
  if (node === undefined) throw new Error('There is no row.');
  expect(tree.getTreeItem(node).description).toBe('1 m');
  sidecar.codexChanged.fire({ uri: 'codex://chats/a', codex: chat('a', { updatedAt: new Date(2026, 10, 21, 12).toISOString() }) });
  await soon();
  expect(tree.getTreeItem(node).description).toBe('now');
  drawn.length = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(drawn).toEqual(['codex://chats/a']);
  expect(tree.getTreeItem(node).description).toBe('1 m');
});

test('The times of deleted chats grow old', async () => {
  const { tree, trash, drawn } = treeOf(chat('a', { updatedAt: '' }));
  trash.push(chat('gone'));
  await draw(tree);
  drawn.length = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(drawn).toEqual(['Deleted']);
});

test('Without a chat the tree is empty, so that the welcome is shown', async () => {
  expect(await draw(treeOf().tree)).toEqual([]);
});

test('A chat that changes, appears or goes away does so without a reload', async () => {
  const { tree, sidecar } = treeOf(chat('a'));
  await draw(tree);
  sidecar.codexChanged.fire({ uri: 'codex://chats/b', codex: chat('b') });
  sidecar.codexChanged.fire({ uri: 'codex://chats/a' });
  expect(await draw(tree)).toEqual(['Today 1', '  b']);
});

test('A chat that changes in place redraws only its row', async () => {
  const { tree, sidecar, drawn } = treeOf(chat('a'), chat('b'));
  await draw(tree);
  sidecar.codexChanged.fire({
    uri: 'codex://chats/a',
    codex: chat('a', { title: 'Better', updatedAt: tree.chat('codex://chats/a')?.updatedAt ?? '' }),
  });
  await soon();
  expect(drawn).toEqual(['codex://chats/a']);
  expect(await draw(tree)).toEqual(['Today 2', '  Better', '  b']);
});

test('A chat that moves redraws only the groups that it left and joined', async () => {
  const { tree, sidecar, drawn } = treeOf(chat('a'), chat('b'), chat('c', { pinned: true }));
  await draw(tree);
  sidecar.codexChanged.fire({ uri: 'codex://chats/a', codex: chat('a', { pinned: true }) });
  await soon();
  expect(drawn.sort()).toEqual(['Pinned', 'Today']);
});

test('A change of a document that is no chat draws nothing', async () => {
  const { tree, sidecar, drawn } = treeOf(chat('a'));
  await draw(tree);
  sidecar.codexChanged.fire({ uri: 'codex://prompts/p.md', codex: chat('p', { uri: 'codex://prompts/p.md' }) });
  await soon();
  expect(drawn).toEqual([]);
});

function task(name: string, change: Partial<CodexSummary> = {}): CodexSummary {
  return codexSummary(`codex://tasks/${name}`, { templateId: 'task', taskStatus: 'done', ...change });
}

test('A task is below the task that started it, and one started by a chat is at the top', async () => {
  const before = new Date(2026, 10, 21, 11).toISOString();
  const { tree } = treeOf(
    chat('a'),
    task('plan', { createdAt: before, taskStatus: 'running' }),
    task('write', { spawnedBy: 'codex://tasks/plan' }),
    task('look', { spawnedBy: 'codex://chats/a' }),
  );
  expect(await draw(tree)).toEqual(['Today 1', '  a', 'Agent Tasks 3', '  plan', '    write', '  look']);
});

test('Agents under a task stay in the order they were asked for, and the task reads how they ended', async () => {
  const spawnedBy = 'codex://tasks/plan';
  const { tree } = treeOf(
    task('plan', { createdAt: '2026-11-21T11:00:00Z', unread: true }),
    task('second', { spawnedBy, createdAt: '2026-11-21T11:00:02Z', taskStatus: 'running', unread: true }),
    task('first', { spawnedBy, createdAt: '2026-11-21T11:00:01Z', unread: true }),
  );
  expect(await draw(tree)).toEqual(['Agent Tasks 3', '  plan', '    first', '    second']);
  expect(tree.unread).toBe(1);
});

test('Tasks that name each other are both shown', async () => {
  const { tree } = treeOf(task('a', { spawnedBy: 'codex://tasks/b' }), task('b', { spawnedBy: 'codex://tasks/a' }));
  expect(await draw(tree)).toEqual(['Agent Tasks 2', '  a', '  b']);
});

test('The heading of the tasks shows how many wait for the user', async () => {
  const { tree, sidecar, drawn } = treeOf(task('a', { taskStatus: 'running' }));
  await draw(tree);
  sidecar.codexChanged.fire({ uri: 'codex://tasks/a', codex: task('a', { taskStatus: 'waiting_for_approval' }) });
  await soon();
  expect(drawn).toContain('Agent Tasks');
  expect(await draw(tree)).toEqual(['Agent Tasks 1  ?1', '  a']);
  sidecar.codexChanged.fire({ uri: 'codex://tasks/a', codex: task('a', { taskStatus: 'over_budget' }) });
  await soon();
  expect(await draw(tree)).toEqual(['Agent Tasks 1  ?1', '  a']);
  expect(tree.overBudget).toBe(1);
});

test('A task that spends or stops in place redraws only its row, because VS Code forgets the rows of a redrawn group', async () => {
  const { tree, sidecar, drawn } = treeOf(task('a', { taskStatus: 'running' }), task('b'));
  await draw(tree);
  drawn.length = 0;
  sidecar.taskEvent.fire({ taskId: 'codex://tasks/a', task: taskView({ uri: 'codex://tasks/a', status: 'running' }) });
  await soon();
  expect(drawn).toEqual(['codex://tasks/a']);
  drawn.length = 0;
  sidecar.codexChanged.fire({ uri: 'codex://tasks/a', codex: task('a', { taskStatus: 'stopped' }) });
  await soon();
  expect(drawn).toEqual(['codex://tasks/a']);
});

test('The tasks have a group before the first task, with a way to create one', async () => {
  const { tree } = treeOf(chat('a'));
  const [, place] = await tree.getChildren();
  expect(place).toEqual({ type: 'group', name: 'Agent Tasks' });
  const [row] = await tree.getChildren(place);
  if (row === undefined) throw new Error('The place is empty.');
  expect(tree.getTreeItem(row).command?.command).toBe('plue.newTask');
});

test('Archived and deleted tasks are where archived and deleted chats are', async () => {
  const { tree, trash } = treeOf(chat('a'), task('old', { archived: true }));
  trash.push(task('gone'), chat('lost', { updatedAt: new Date(2026, 9, 1).toISOString() }));
  expect(await draw(tree)).toEqual(['Today 1', '  a', 'Archived 1', '  old', 'Deleted 2', '  gone', '  lost']);
  expect(tree.getTreeItem({ type: 'codex', uri: 'codex://tasks/old' }).contextValue).toBe('archivedTask');
  expect(tree.getTreeItem({ type: 'deleted', uri: 'codex://tasks/gone' }).contextValue).toBe('deletedTask');
});

test('If tasks cannot be read, the chats are shown with the reason', async () => {
  const { tree, sidecar } = treeOf(chat('a'));
  sidecar.answer(codexList, ({ collection, deleted }) => {
    if (collection === 'tasks') throw new FailureError('internal', 'The disk is full.');
    return { items: deleted === true ? [] : [chat('a')], total: 1 };
  });
  expect(await draw(tree)).toEqual(['Some chats could not be read', 'Today 1', '  a']);
});

test('A minute later only the rows whose age reads otherwise are drawn again', async () => {
  const { tree, drawn } = treeOf(chat('a'), chat('old', { updatedAt: new Date(2026, 9, 1).toISOString() }));
  await draw(tree);
  await vi.advanceTimersByTimeAsync(60_500);
  expect(drawn).toEqual(['codex://chats/a']);
});

test('A deleted chat is in the trash, and a restored one is back', async () => {
  const { tree, sidecar, trash } = treeOf(chat('a'), chat('b'));
  await draw(tree);
  trash.push(chat('a'));
  sidecar.codexChanged.fire({ uri: 'codex://chats/a' });
  await soon();
  expect(await draw(tree)).toEqual(['Today 1', '  b', 'Deleted 1', '  a']);
  trash.pop();
  sidecar.codexChanged.fire({ uri: 'codex://chats/a', codex: chat('a') });
  await soon();
  expect(await draw(tree)).toEqual(['Today 2', '  a', '  b']);
});

test('A large group shows its first rows, and the rest on request', async () => {
  const { tree } = treeOf(...Array.from({ length: 2 * rowsAtOnce + 1 }, (_, index) => chat(String(index))));
  const [group] = await tree.getChildren();
  const rows = await tree.getChildren(group);
  expect(rows.length).toBe(rowsAtOnce + 1);
  expect(rows.at(-1)).toEqual({ type: 'more', group: 'Today' });
  tree.showMore('Today');
  tree.showMore('Today');
  expect((await tree.getChildren(group)).length).toBe(2 * rowsAtOnce + 1);
});

test('A filter shows only matches, and their count', async () => {
  const { tree } = treeOf(chat('a', { tags: ['work'] }), chat('b', { unread: true }), chat('c', { status: 'running' }));
  await draw(tree);
  tree.narrow({ tag: 'work' });
  expect(await draw(tree)).toEqual(['Today 1', '  a']);
  expect(tree.counts).toEqual({ all: 3, shown: 1 });
  tree.narrow({ only: 'unread' });
  expect(await draw(tree)).toEqual(['Today 1', '  b']);
  tree.narrow({});
  expect(await draw(tree)).toEqual(['Today 3', '  c', '  a', '  b']);
});

test('Unread chats are counted for the badge', async () => {
  const { tree, sidecar } = treeOf(chat('a', { unread: true }), chat('b', { unread: true, archived: true }));
  await draw(tree);
  expect(tree.unread).toBe(1);
  sidecar.codexChanged.fire({ uri: 'codex://chats/a', codex: chat('a') });
  expect(tree.unread).toBe(0);
});

test('A list that cannot be read is a row with the reason', async () => {
  const { tree, sidecar } = treeOf();
  sidecar.answer(codexList, () => {
    throw new FailureError('storeReadOnly', 'The disk is full.');
  });
  const [node] = await tree.getChildren();
  expect(node).toEqual({ type: 'failure', message: 'The disk is full.' });
});

test('A sidecar that came back is asked again', async () => {
  const { tree, sidecar } = treeOf(chat('a'));
  await draw(tree);
  const lists = (): number => sidecar.methods().filter((method) => method === 'codex/list').length;
  const before = lists();
  sidecar.started.fire();
  await draw(tree);
  expect(lists()).toBe(2 * before);
});
