import { expect, test, vi } from 'vitest';

interface Figure {
  name: string;
  unit: string;
  digits: number;
  plue: number;
  bare?: number;
  mostTimesBare?: number;
}

interface BenchTests {
  testOf: (this: void, figure: Figure) => { name: string; outcome: string; reason?: string };
}

const { testOf } = await vi.importActual<BenchTests>('../../scripts/lib/benchTests.mjs');

const figure = { name: 'CPU a token', unit: 'µs', digits: 2, plue: 3.9, bare: 1, mostTimesBare: 4 };

test('A cost within its factor of the bare reader passes', () => {
  expect(testOf(figure)).toEqual({ name: 'CPU a token', outcome: 'passed' });
});

test('A cost beyond its factor of the bare reader fails, and says by how much', () => {
  expect(testOf({ ...figure, plue: 4.1 })).toEqual({
    name: 'CPU a token',
    outcome: 'failed',
    reason: '4.10 µs is 4.1 times the bare reader’s 1.00 µs; at most 4 times are let pass.',
  });
});

test('A figure without a factor passes whatever the machine took for it', () => {
  expect(testOf({ name: 'list 200 chats', unit: 'ms', digits: 0, plue: 90_000, bare: 1 }).outcome).toBe('passed');
});

test('A figure that was not measured fails', () => {
  expect(testOf({ ...figure, plue: 0 }).outcome).toBe('failed');
  expect(testOf({ ...figure, plue: Number.NaN }).outcome).toBe('failed');
});
