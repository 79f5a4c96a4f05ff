import { expect, test } from 'vitest';
import { longestWait, ProblemWaits } from '../../../../extension/src/server/editor/problemWaits';

function waits(...delays: (number | undefined)[]): ProblemWaits {
  const known = new ProblemWaits();
  for (const delay of delays) known.add('typescript', delay);
  return known;
}

test('A language that is not known yet gets the longest wait', () => {
  expect(waits().limitFor(['typescript'])).toBe(longestWait);
  expect(waits(undefined).limitFor(['typescript'])).toBe(longestWait);
  expect(waits(300).limitFor(['typescript', 'css'])).toBe(longestWait);
});

test('The wait is twice the slowest of the last changes, within its limits', () => {
  expect(waits(300, 400, 350).limitFor(['typescript'])).toBe(800);
  expect(waits(0).limitFor(['typescript'])).toBe(500);
  expect(waits(1800).limitFor(['typescript'])).toBe(longestWait);
  expect(waits(1800, 300, 300, 300, 300, 300).limitFor(['typescript'])).toBe(600);
});

test('An edit without changed problems does not shorten the wait of a language that is checked', () => {
  expect(waits(700, undefined, undefined, undefined).limitFor(['typescript'])).toBe(1400);
});

test('A language without a checker soon costs little, until it has one', () => {
  const known = waits(undefined, undefined);
  expect(known.limitFor(['typescript'])).toBe(500);
  known.add('typescript', 900);
  expect(known.limitFor(['typescript'])).toBe(1800);
});
