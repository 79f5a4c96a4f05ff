import { beforeEach, expect, test } from 'vitest';
import * as l10n from '../../../../extension/src/infrastructure/localizedText';
import { Documents, linksSentence } from '../../../../extension/src/features/items/documents';
import { fromItemPage } from '../../../../extension/src/common/messages/item';
import { parseMessage } from '../../../../extension/src/common/messages/parseMessage';
import {
  codexDelete,
  codexLinks,
  codexList,
  codexRedo,
  codexRename,
  codexRestore,
  codexUndo,
  type CodexSummary,
} from '../../../../extension/src/protocol/protocol.generated';
import { codexSummary } from '../../testing/codexSummary';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown } from '../../testing/vscode';

beforeEach(reset);

function document(uri: string, change: Partial<CodexSummary> = {}): CodexSummary {
  return codexSummary(uri, { templateId: 'recipe', layer: 'user', ...change });
}

const soup = document('codex://items/soup');
const link = (title: string) => ({ kind: 'prompt', target: `codex://chats/${title}`, title, exists: true });

test('An unused item is deleted at once and can be restored', async () => {
  const sidecar = new FakeSidecar()
    .answer(codexLinks, () => ({ incoming: [], outgoing: [] }))
    .answer(codexDelete, () => ({}))
    .answer(codexRestore, () => soup);
  answers.push('Undo');
  await new Documents(sidecar).delete(soup);
  expect(shown.map(({ text }) => text)).toEqual(['Moved “soup” to the trash.']);
  expect(sidecar.methods()).toEqual(['codex/links', 'codex/delete', 'codex/restore']);
});

test('An item in use is deleted only after a warning', async () => {
  const sidecar = new FakeSidecar().answer(codexLinks, () => ({ incoming: [link('a'), link('b')], outgoing: [] }));
  await expect(new Documents(sidecar).delete(soup)).rejects.toThrow('Cancelled.');
  expect(shown[0]?.detail).toBe('“a” and “b” refer to it. You can restore it later.');
  expect(sidecar.methods()).toEqual(['codex/links']);
});

test('A rename lists updated and other references first', async () => {
  const skipped = [{ target: 'codex://templates/shared', title: 'Shared', reason: 'It belongs to the workspace.' }];
  const sidecar = new FakeSidecar().answer(codexRename, () => ({ uri: 'codex://items/stew', updated: [link('a')], skipped }));
  answers.push('stew', 'Rename');
  await new Documents(sidecar).rename(soup);
  expect(shown[1]?.detail).toBe('“a” is updated.\n“Shared” still uses the old name. It belongs to the workspace.');
  expect(shown[2]?.text).toBe('Renamed “soup” to codex://items/stew.');
  expect(sidecar.asked.map(({ params }) => params)).toEqual([
    { uri: soup.uri, name: 'stew', dryRun: true },
    { uri: soup.uri, name: 'stew' },
  ]);

  answers.push('pot', undefined);
  await expect(new Documents(sidecar).rename(soup)).rejects.toThrow('Cancelled.');
  expect(sidecar.asked).toHaveLength(3);
});

test('The first three users are named, and others counted', () => {
  expect(linksSentence([link('a')])).toBe('“a” refers to it.');
  expect(linksSentence([link('a'), link('a'), link('b'), link('c')])).toBe('“a”, “b” and “c” refer to it.');
  expect(linksSentence(['a', 'b', 'c', 'd', 'e'].map(link))).toBe('“a”, “b”, “c” and 2 more refer to it.');
});

test('An undone change can be redone from the message', async () => {
  const sidecar = new FakeSidecar().answer(codexUndo, () => soup).answer(codexRedo, () => soup);
  answers.push('Redo');
  await new Documents(sidecar).undo(soup);
  expect(sidecar.methods()).toEqual(['codex/undo', 'codex/redo']);
});

test('Shipped items are not offered if an own one is needed', async () => {
  const sidecar = new FakeSidecar().answer(codexList, () => ({
    items: [soup, document('codex://prompts/p.md', { layer: 'shipped' })],
    total: 2,
  }));
  answers.push('soup');
  expect(await new Documents(sidecar).pick(l10n.t('Open Item'), ['items'])).toEqual(soup);
  expect(shown[0]?.buttons).toEqual(['soup']);
});

test('The page of an item names only items', () => {
  expect(parseMessage(fromItemPage, { type: 'ready', target: { uri: 'codex://items/soup' } })).toBeDefined();
  for (const message of [undefined, { type: 'ready', target: { uri: 'codex://providers/p' } }, { type: 'save' }])
    expect(parseMessage(fromItemPage, message)).toBeUndefined();
});
