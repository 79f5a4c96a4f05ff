import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CancellationTokenSource } from 'vscode';
import { type Cursor, cursorAt } from '../../../../extension/src/features/completions/cursor';
import { GhostText } from '../../../../extension/src/features/completions/ghostText';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const delay = 300;
const at = (before: string, after = '\n}', document = 'file:/a.ts'): Cursor => cursorAt(document, before.length, before, after);

/** Returns the same text for each request. */
function start(text: string | undefined): { ghostText: GhostText; asked: Cursor[] } {
  const asked: Cursor[] = [];
  const ghostText = new GhostText(
    (cursor) => {
      asked.push(cursor);
      return Promise.resolve(text);
    },
    () => delay,
  );
  return { ghostText, asked };
}

async function type(ghostText: GhostText, cursor: Cursor): Promise<string | undefined> {
  const result = ghostText.at(cursor, false, new CancellationTokenSource().token);
  await vi.advanceTimersByTimeAsync(delay);
  return result;
}

test('A request is sent after a pause in typing', async () => {
  const { ghostText, asked } = start('turn a;');
  const result = ghostText.at(at('re'), false, new CancellationTokenSource().token);
  await vi.advanceTimersByTimeAsync(delay - 1);
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(await result).toBe('turn a;');
  expect(asked).toHaveLength(1);
});

test('The next key cancels the request before it is sent', async () => {
  const { ghostText, asked } = start('turn a;');
  const source = new CancellationTokenSource();
  const result = ghostText.at(at('r'), false, source.token);
  await vi.advanceTimersByTimeAsync(delay / 2);
  source.cancel();
  expect(await result).toBeUndefined();
  await vi.advanceTimersByTimeAsync(delay);
  expect(asked).toEqual([]);
});

test('A request by command is not delayed', async () => {
  const { ghostText } = start('turn a;');
  expect(await ghostText.at(at('re'), true, new CancellationTokenSource().token)).toBe('turn a;');
});

test('Typing along the text continues it without a request', async () => {
  const { ghostText, asked } = start('turn a;');
  await type(ghostText, at('re'));
  expect(await ghostText.at(at('ret'), false, new CancellationTokenSource().token)).toBe('urn a;');
  expect(await ghostText.at(at('return a;'), false, new CancellationTokenSource().token)).toBe('');
  expect(await ghostText.at(at('re'), false, new CancellationTokenSource().token)).toBe('turn a;');
  expect(asked).toHaveLength(1);
});

test('Brackets that the editor closes do not matter', async () => {
  const { ghostText, asked } = start('l(a)');
  await type(ghostText, at('cal'));
  expect(await ghostText.at(at('call(', ')\n}'), false, new CancellationTokenSource().token)).toBe('a)');
  expect(asked).toHaveLength(1);
});

test.each([
  ['other text', at('rex')],
  ['another document', at('re', '\n}', 'file:/b.ts')],
  ['another suffix', at('re', ' + 1;\n}')],
  ['deleted text', at('r')],
])('%s needs a request', async (_, cursor) => {
  const { ghostText, asked } = start('turn a;');
  await type(ghostText, at('re'));
  await type(ghostText, cursor);
  expect(asked).toHaveLength(2);
});

test('A model without a suggestion is not requested again at the same position', async () => {
  const { ghostText, asked } = start('');
  await type(ghostText, at('re'));
  await type(ghostText, at('re'));
  await type(ghostText, at('ret'));
  expect(asked).toHaveLength(2);
});

test('A failure is not remembered, and another model is asked anew', async () => {
  const failing = start(undefined);
  await type(failing.ghostText, at('re'));
  await type(failing.ghostText, at('re'));
  expect(failing.asked).toHaveLength(2);

  const { ghostText, asked } = start('turn a;');
  await type(ghostText, at('re'));
  ghostText.clear();
  await type(ghostText, at('re'));
  expect(asked).toHaveLength(2);
});

test('Text that arrives after the next key is kept for the cache only', async () => {
  let answer: (text: string) => void = () => undefined;
  const ghostText = new GhostText(
    () => new Promise((resolve) => (answer = resolve)),
    () => 0,
  );
  const source = new CancellationTokenSource();
  const result = ghostText.at(at('re'), true, source.token);
  source.cancel();
  answer('turn a;');
  expect(await result).toBeUndefined();
  expect(await ghostText.at(at('ret'), false, new CancellationTokenSource().token)).toBe('urn a;');
});
