import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { plainWords, showNotifications } from '../../../../extension/src/features/items/notify';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown } from '../../testing/vscode';

beforeEach(reset);

async function notify(level: 'info' | 'warning' | 'error', uri?: string): Promise<string[]> {
  const opened: string[] = [];
  const sidecar = new FakeSidecar();
  showNotifications(sidecar, fakeLog().log, (one) => {
    opened.push(one);
    return Promise.resolve();
  });
  sidecar.notified.fire({ message: 'Decided: tabs', level, ...(uri === undefined ? {} : { uri }) });
  await new Promise(setImmediate);
  return opened;
}

test('What a hook says is shown with a way to what it is about', async () => {
  answers.push('Open');
  expect(await notify('warning', 'codex://items/tabs')).toEqual(['codex://items/tabs']);
  expect(shown).toEqual([{ kind: 'warning', text: 'Decided: tabs', buttons: ['Open'] }]);
});

test('About nothing in particular there is nothing to open', async () => {
  expect(await notify('info')).toEqual([]);
  expect(shown).toEqual([{ kind: 'info', text: 'Decided: tabs', buttons: [] }]);
});

test('Words of a model never become a link that runs a command', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[\w\][() :\n]{0,40}$/), fc.stringMatching(/^[\w\][() :\n]{0,40}$/), (before, after) => {
      expect(plainWords(`${before}[Click](command:plue.lockVault)${after}`)).not.toMatch(/\]\(/);
    }),
  );
});

test('A long message is cut, and characters that hide are gone', () => {
  expect(plainWords('x'.repeat(1000))).toHaveLength(301);
  expect(plainWords('a\u202Eb\nc')).toBe('a b c');
});
