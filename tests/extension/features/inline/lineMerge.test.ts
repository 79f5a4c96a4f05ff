import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineMerge, mergeLines } from '../../../../extension/src/features/inline/lineMerge';

const old = ['function sum(a, b) {', '  const sum = a + b;', '  return sum;', '}'];

describe('while lines arrive', () => {
  test('Old lines stay below the lines that arrived', () => {
    const merge = new LineMerge(old);
    merge.push('function sum(a: number, b: number) {');
    expect(merge.lines).toEqual(['function sum(a: number, b: number) {', ...old]);
    expect(merge.hunks(false)).toEqual([{ first: 0, added: 1, removed: [] }]);
  });

  test('A repeated line removes the old lines before it', () => {
    const merge = mergeLines(old, ['function sum(a: number, b: number) {', '  return sum;']);
    expect(merge.lines).toEqual(['function sum(a: number, b: number) {', '  return sum;', '}']);
    expect(merge.hunks(false)).toEqual([{ first: 0, added: 1, removed: old.slice(0, 2) }]);
  });

  test('A bracket does not remove the lines before the same bracket', () => {
    const merge = mergeLines(old, ['if (a) {', '}']);
    expect(merge.lines).toEqual(['if (a) {', '}', ...old]);
  });
});

describe('when all lines arrived', () => {
  test('The same lines are no change', () => {
    expect(mergeLines(old, old).hunks(true)).toEqual([]);
  });

  test('Removed lines without new ones are at the line that follows them', () => {
    expect(mergeLines(old, [old[0] ?? '', '  return sum;', '}']).hunks(true)).toEqual([{ first: 1, added: 0, removed: [old[1]] }]);
    expect(mergeLines(old, []).hunks(true)).toEqual([{ first: 0, added: 0, removed: old }]);
  });

  test('New lines and removed lines at one place are one change', () => {
    expect(mergeLines(old, [old[0] ?? '', '  return a + b;', '}']).hunks(true)).toEqual([
      { first: 1, added: 2, removed: old.slice(1) },
    ]);
  });
});

test('Applying the changes in reverse gives the old lines', () => {
  const line = fc.constantFrom('alpha beta', 'gamma delta', '}', '', 'one two');
  fc.assert(
    fc.property(fc.array(line), fc.array(line), (before, after) => {
      const merge = mergeLines(before, after);
      const lines = [...after];
      for (const { first, added, removed } of merge.hunks(true).reverse()) lines.splice(first, added, ...removed);
      expect(lines).toEqual(before);
      expect(merge.lines.slice(0, after.length)).toEqual(after);
    }),
  );
});
