import { expect, test } from 'vitest';
import { LineMerge } from '../../../../extension/src/features/inline/lineMerge';

const old = ['function sum(a, b) {', '  const sum = a + b;', '  return sum;', '}'];

function merged(...lines: string[]): LineMerge {
  const merge = new LineMerge(old);
  for (const line of lines) merge.push(line);
  return merge;
}

test('Old lines stay below the lines that arrived', () => {
  const merge = merged('function sum(a: number, b: number) {');
  expect(merge.lines()).toEqual(['function sum(a: number, b: number) {', ...old]);
  expect(merge.added).toEqual([0]);
});

test('A repeated line removes the old lines before it', () => {
  const merge = merged('function sum(a: number, b: number) {', '  return sum;');
  expect(merge.lines()).toEqual(['function sum(a: number, b: number) {', '  return sum;', '}']);
  expect(merge.added).toEqual([0]);
});

test('A bracket does not remove the lines before the same bracket', () => {
  expect(merged('if (a) {', '}').lines()).toEqual(['if (a) {', '}', ...old]);
});

test('The start of a line is shown when it can no longer become the next old line', () => {
  expect(merged().lines('function sum(a')).toEqual(old);
  expect(merged().lines('  ')).toEqual(old);
  expect(merged().lines('function sum(...')).toEqual(['function sum(...', ...old]);
});

test('The same lines leave the text as it is at every point', () => {
  for (let count = 0; count <= old.length; count++) expect(merged(...old.slice(0, count)).lines()).toEqual(old);
});
