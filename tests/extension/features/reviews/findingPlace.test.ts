import { expect, test } from 'vitest';
import { placeIn, placeInExcerpt } from '../../../../extension/src/features/reviews/findingPlace';

const finding = { line: 2, endLine: 3, lineText: 'two' };

test('A finding is at its line, or at the only other place of its text', () => {
  expect(placeIn(['one', 'two', 'three', 'two'], finding)).toEqual([1, 2]);
  expect(placeIn(['zero', 'one', 'two', 'three'], finding)).toEqual([2, 3]);
  expect(placeIn(['zero', 'one', 'two'], finding)).toEqual([2, 2]);
});

test('A finding has no place if its text is gone or there several times', () => {
  expect(placeIn(['one', 'changed'], finding)).toBeUndefined();
  expect(placeIn(['two', 'one', 'two'], finding)).toBeUndefined();
});

test('The line of an excerpt is found by its number, also below removed lines', () => {
  const excerpt = '     1   one\n       - removed\n     2 + two\n    12 + twelve\n';
  expect(placeInExcerpt(excerpt, 2)).toBe(2);
  expect(placeInExcerpt(excerpt, 12)).toBe(3);
  expect(placeInExcerpt(excerpt, 99)).toBe(0);
});
