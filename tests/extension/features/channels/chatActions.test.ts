import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { ChatActions } from '../../../../extension/src/features/channels/chatActions';
import { retagged, tagOf } from '../../../../extension/src/features/channels/tags';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import { codexDelete, codexRestore, codexUpdate } from '../../../../extension/src/protocol/protocol.generated';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown } from '../../testing/vscode';
import { chatSummary as chat } from '../../testing/codexSummary';

beforeEach(reset);

const done = (): Record<string, never> => ({});

test('Deleting shows where the chat is, and Undo restores it', async () => {
  const sidecar = new FakeSidecar().answer(codexDelete, done).answer(codexRestore, () => chat('a'));
  answers.push('Undo');
  await new ChatActions(sidecar).delete([chat('a')]);
  expect(shown).toEqual([{ kind: 'info', text: 'Moved “a” to the trash.', buttons: ['Undo'] }]);
  expect(sidecar.methods()).toEqual(['codex/delete', 'codex/restore']);
});

test('Of several chats, those that cannot be changed are counted, and the others are changed', async () => {
  const sidecar = new FakeSidecar().answer(codexUpdate, ({ uri }) => {
    if (uri.endsWith('/1')) throw new FailureError('storeReadOnly', 'Another window writes to it.');
    return chat('a');
  });
  const chats = Array.from({ length: 40 }, (_, index) => chat(String(index)));
  await expect(new ChatActions(sidecar).archive(chats, true)).rejects.toThrow('Skipped 1 of 40 chats. Another window writes to it.');
  expect(sidecar.asked.length).toBe(40);
});

test('Archiving what is old leaves pinned and running chats where they are, and can be undone', async () => {
  const sidecar = new FakeSidecar().answer(codexUpdate, () => chat('a'));
  const old = { updatedAt: '2020-01-01T00:00:00Z' };
  answers.push('30 days', 'Undo');
  await new ChatActions(sidecar).archiveOlder([
    chat('old', old),
    chat('pinned', { ...old, pinned: true }),
    chat('busy', { ...old, status: 'running' }),
    chat('new'),
  ]);
  expect(sidecar.asked.map(({ params }) => params)).toEqual([
    { uri: 'codex://chats/old', archived: true },
    { uri: 'codex://chats/old', archived: false },
  ]);
});

test('A tag that only some of the chosen chats have stays with those', () => {
  expect(retagged(['mine', 'ours'], ['ours'], ['ours', 'new'])).toEqual(['mine', 'ours', 'new']);
  expect(retagged(['mine', 'ours'], ['ours'], [])).toEqual(['mine']);
});

test('Each selected tag is stored once, and each cleared one is removed', () => {
  const tags = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'));
  fc.assert(
    fc.property(tags, tags, tags, (has, before, after) => {
      const now = retagged(has, before, after);
      expect(new Set(now).size).toBe(now.length);
      expect(now).toEqual(expect.arrayContaining(after));
      for (const tag of before.filter((one) => !after.includes(one))) expect(now).not.toContain(tag);
    }),
  );
});

test('A tag is a word without its sign, and not too long', () => {
  expect(['#work', ' work ', '', '#', 'x'.repeat(65)].map(tagOf)).toEqual(['work', 'work', undefined, undefined, undefined]);
});
