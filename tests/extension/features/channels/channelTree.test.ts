import { afterEach, expect, test } from 'vitest';
import { ChannelTree, type ChannelNode } from '../../../../extension/src/features/channels/channelTree';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import { codexList, type CodexSummary } from '../../../../extension/src/protocol/protocol.generated';
import { FakeSidecar } from '../../testing/fakeSidecar';

const trees: ChannelTree[] = [];
afterEach(() => trees.splice(0).forEach((tree) => tree.dispose()));

function chat(name: string, archived = false): CodexSummary {
  const time = '2026-11-21T11:58:00Z';
  return {
    uri: `codex://chats/${name}`,
    templateId: 'ai-chat',
    title: name,
    status: 'idle',
    createdAt: time,
    updatedAt: time,
    messageCount: 0,
    archived,
    fallbacks: [],
    options: {},
    tags: [],
    pinned: false,
    unread: false,
    version: 1,
  };
}

function treeOf(...items: CodexSummary[]): { tree: ChannelTree; sidecar: FakeSidecar } {
  const sidecar = new FakeSidecar().answer(codexList, () => ({ items, total: items.length }));
  const tree = new ChannelTree(sidecar);
  trees.push(tree);
  return { tree, sidecar };
}

async function draw(tree: ChannelTree): Promise<string[]> {
  const lines: string[] = [];
  const label = (node: ChannelNode): string => {
    const item = tree.getTreeItem(node);
    return typeof item.label === 'string' ? item.label : '';
  };
  for (const node of await tree.getChildren()) {
    lines.push(label(node));
    for (const child of await tree.getChildren(node)) lines.push(`  ${label(child)}`);
  }
  return lines;
}

test('Archived chats have a group of their own, only when there are any', async () => {
  expect(await draw(treeOf(chat('a')).tree)).toEqual(['User Chats', '  a']);
  expect(await draw(treeOf(chat('a'), chat('b', true)).tree)).toEqual(['User Chats', '  a', 'Archived', '  b']);
});

test('Without a chat the tree is empty, so that the welcome is shown', async () => {
  expect(await draw(treeOf().tree)).toEqual([]);
});

test('A chat that changes, appears or goes away does so without a reload', async () => {
  const { tree, sidecar } = treeOf(chat('a'));
  await draw(tree);
  sidecar.codexChanged.fire({ uri: 'codex://chats/b', codex: chat('b') });
  sidecar.codexChanged.fire({ uri: 'codex://chats/a' });
  expect(await draw(tree)).toEqual(['User Chats', '  b']);
  expect(sidecar.methods()).toEqual(['codex/list']);
});

test('A list that cannot be read is a row that says why', async () => {
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
  sidecar.started.fire();
  await draw(tree);
  expect(sidecar.methods()).toEqual(['codex/list', 'codex/list']);
});
