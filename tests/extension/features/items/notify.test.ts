import { beforeEach, expect, test } from 'vitest';
import { showNotifications } from '../../../../extension/src/features/items/notify';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown } from '../../testing/vscode';

beforeEach(reset);

async function notify(level: 'info' | 'warning' | 'error', uri?: string, message = 'Decided: tabs'): Promise<string[]> {
  const opened: string[] = [];
  const sidecar = new FakeSidecar();
  showNotifications(sidecar, fakeLog().log, (one) => {
    opened.push(one);
    return Promise.resolve();
  });
  sidecar.notified.fire({ message, level, ...(uri === undefined ? {} : { uri }) });
  await new Promise(setImmediate);
  return opened;
}

test('A message of a hook is shown with a link to its subject', async () => {
  answers.push('Open');
  expect(await notify('warning', 'codex://items/tabs')).toEqual(['codex://items/tabs']);
  expect(shown).toEqual([{ kind: 'warning', text: 'Decided: tabs', buttons: ['Open'] }]);
});

test('About nothing in particular there is nothing to open', async () => {
  expect(await notify('info')).toEqual([]);
  expect(shown).toEqual([{ kind: 'info', text: 'Decided: tabs', buttons: [] }]);
});

test('A long message is cut, and a character that hides is shown by its number', async () => {
  await notify('info', undefined, 'x'.repeat(1000));
  await notify('info', undefined, 'a\u202Eb\nc');
  expect(shown.map(({ text }) => text)).toEqual([`${'x'.repeat(299)}…`, 'a⟨U+202E⟩b c']);
});
