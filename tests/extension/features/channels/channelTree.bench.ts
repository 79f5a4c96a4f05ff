import { bench } from 'vitest';
import { ChannelTree } from '../../../../extension/src/features/channels/channelTree';
import { codexList } from '../../../../extension/src/protocol/protocol.generated';
import { TaskList } from '../../../../extension/src/server/taskList';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { chatSummary } from '../../testing/codexSummary';

const chats = 10_000;
const items = Array.from({ length: chats }, (_, index) =>
  chatSummary(String(index), { updatedAt: new Date(Date.now() - index * 3_600_000).toISOString(), tags: index % 7 === 0 ? ['work'] : [] }),
);
const sidecar = new FakeSidecar().answer(codexList, ({ deleted }) =>
  deleted === true ? { items: [], total: 0 } : { items: items.map((item) => ({ ...item })), total: chats },
);

bench('10,000 chats listed, grouped, and the rows of all groups drawn', async () => {
  const tree = new ChannelTree(sidecar, new TaskList(sidecar, fakeLog().log));
  for (const group of await tree.getChildren()) for (const row of await tree.getChildren(group)) tree.getTreeItem(row);
  tree.dispose();
});

const tree = new ChannelTree(sidecar, new TaskList(sidecar, fakeLog().log));
await tree.getChildren();
let turn = 0;

bench('one of 10,000 chats received of', () => {
  const codex = items[(turn += 997) % chats] ?? chatSummary('0');
  sidecar.codexChanged.fire({ uri: codex.uri, codex: { ...codex, updatedAt: new Date(Date.now() + turn).toISOString() } });
});
