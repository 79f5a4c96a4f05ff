import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RestartPolicy } from '../../../extension/src/server/restartPolicy';

test('The fourth crash within a minute ends it', () => {
  const policy = new RestartPolicy();
  expect([0, 1000, 2000, 59_000].map((now) => policy.onCrash(now))).toEqual(['restart', 'restart', 'restart', 'stop']);
});

test('A crash that is a minute old no longer counts', () => {
  const policy = new RestartPolicy();
  expect([0, 1000, 2000, 60_000].map((now) => policy.onCrash(now))).toEqual(['restart', 'restart', 'restart', 'restart']);
});

test('A start that the user asked for begins a new count', () => {
  const policy = new RestartPolicy();
  for (const now of [0, 1, 2, 3]) policy.onCrash(now);
  policy.reset();
  expect(policy.onCrash(4)).toBe('restart');
});

test('No minute ever sees more than three restarts', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 50 }), (gaps) => {
      const policy = new RestartPolicy();
      const restarts: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        if (policy.onCrash(now) === 'restart') restarts.push(now);
      }
      return restarts.every((start) => restarts.filter((time) => time >= start && time - start < 60_000).length <= 3);
    }),
  );
});
