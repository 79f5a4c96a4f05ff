import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinSpans, lineChange, moveSpan, touches } from '../../../../extension/src/features/inline/span';

const span = { start: 10, end: 20 };

describe('a change', () => {
  test.each([
    ['before', { rangeOffset: 2, rangeLength: 3, text: 'longer text' }, { start: 18, end: 28 }, false],
    ['that ends where the span starts', { rangeOffset: 5, rangeLength: 5, text: '' }, { start: 5, end: 15 }, false],
    ['at the start', { rangeOffset: 10, rangeLength: 0, text: 'ab' }, { start: 10, end: 22 }, true],
    ['inside', { rangeOffset: 12, rangeLength: 4, text: 'a' }, { start: 10, end: 17 }, true],
    ['at the end', { rangeOffset: 20, rangeLength: 0, text: 'ab' }, { start: 10, end: 20 }, false],
    ['after', { rangeOffset: 25, rangeLength: 1, text: 'ab' }, { start: 10, end: 20 }, false],
    ['over the start', { rangeOffset: 8, rangeLength: 4, text: '' }, { start: 8, end: 16 }, true],
    ['over the whole span', { rangeOffset: 0, rangeLength: 40, text: 'abc' }, { start: 0, end: 3 }, true],
  ])('%s moves the span with its text', (_, change, moved, isTouched) => {
    expect(moveSpan(span, change)).toEqual(moved);
    expect(touches(span, change)).toBe(isTouched);
  });
});

test('Text that Undo inserts at the end is part of the span', () => {
  const change = { rangeOffset: 20, rangeLength: 0, text: 'ab' };
  expect(moveSpan(span, change, true)).toEqual({ start: 10, end: 22 });
  expect(touches(span, change, true)).toBe(true);
});

test('Spans that overlap are one', () => {
  expect(
    joinSpans([
      { start: 30, end: 40 },
      { start: 0, end: 10 },
      { start: 5, end: 12 },
    ]),
  ).toEqual([
    { start: 0, end: 12 },
    { start: 30, end: 40 },
  ]);
});

test('A change of whole lines gives the new text', () => {
  const text = fc.array(fc.constantFrom('a', 'b', '\u{1F600}', '\u{1F601}', '\n', '\r\n')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const { start, end, text: inserted } = lineChange(before, after);
      expect(before.slice(0, start) + inserted + before.slice(end)).toBe(after);
      expect(start === 0 || before[start - 1] === '\n').toBe(true);
      expect(end === before.length || end === 0 || before[end - 1] === '\n').toBe(true);
    }),
  );
});
