import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineDiff } from '../../../../extension/src/features/inline/lineDiff';

const old = ['function sum(a, b) {', '  const sum = a + b;', '  return sum;', '}'];

test('The same lines are no change', () => {
  expect(lineDiff(old, old)).toEqual([]);
  expect(lineDiff([], [])).toEqual([]);
});

test('Removed lines without new ones are at the line that follows them', () => {
  expect(lineDiff(old, [old[0] ?? '', '  return sum;', '}'])).toEqual([{ first: 1, added: 0, removed: [old[1]] }]);
  expect(lineDiff(old, [])).toEqual([{ first: 0, added: 0, removed: old }]);
});

test('New lines and removed lines at one place are one change, and a bracket that stays is none', () => {
  expect(lineDiff(old, [old[0] ?? '', '  return a + b;', '}'])).toEqual([{ first: 1, added: 1, removed: old.slice(1, 3) }]);
});

test('Very many lines are one change', () => {
  const many = (name: string): string[] => Array.from({ length: 3000 }, (_, index) => `${name} ${index}`);
  expect(lineDiff(['same', ...many('a')], ['same', ...many('b')])).toEqual([{ first: 1, added: 3000, removed: many('a') }]);
});

test('Applying the changes in reverse gives the old lines', () => {
  const line: fc.Arbitrary<string> = fc.constantFrom('alpha beta', 'gamma delta', '}', '', 'one two');
  fc.assert(
    fc.property(fc.array(line), fc.array(line), (before, after) => {
      const lines = [...after];
      for (const { first, added, removed } of lineDiff(before, after).reverse()) lines.splice(first, added, ...removed);
      expect(lines).toEqual(before);
    }),
  );
});
