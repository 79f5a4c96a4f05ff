import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SentHistory } from '../../../extension/src/webview/chat/composer/sentHistory';

it('Up leads to older texts, Down to newer ones and then to an empty draft', () => {
  const history = new SentHistory(() => ['one', 'two', 'two', 'three']);
  expect(history.older('')).toBe('three');
  expect(history.older('three')).toBe('two');
  expect(history.older('two')).toBe('one');
  expect(history.older('one')).toBeUndefined();
  expect(history.newer('one')).toBe('two');
  expect(history.newer('two')).toBe('three');
  expect(history.newer('three')).toBe('');
  expect(history.newer('')).toBeUndefined();
});

it('A new draft is not changed, and neither is an edited one', () => {
  const history = new SentHistory(() => ['one', 'two']);
  expect(history.older('mine')).toBeUndefined();
  expect(history.newer('mine')).toBeUndefined();
  expect(history.older('')).toBe('two');
  expect(history.older('two, changed')).toBeUndefined();
});

it('Down returns along the same entries as up', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 20 }), fc.nat(30), (texts, steps) => {
      const history = new SentHistory(() => texts);
      const gone: string[] = [''];
      for (let step = 0; step < steps; step++) {
        const text = history.older(gone.at(-1) ?? '');
        if (text === undefined) break;
        gone.push(text);
      }
      expect(gone.length - 1).toBe(Math.min(steps, texts.length));
      for (let at = gone.length - 1; at > 0; at--) expect(history.newer(gone[at] ?? '')).toBe(gone[at - 1]);
    }),
  );
});
