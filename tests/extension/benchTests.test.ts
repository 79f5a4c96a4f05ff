import { expect, test, vi } from 'vitest';

interface Figure {
  name: string;
  unit: string;
  digits: number;
  plue: number;
  bare?: number;
}
interface Result {
  name: string;
  outcome: string;
  reason?: string;
}
type Bounds = Record<string, number>;

interface BenchTests {
  testOf: (this: void, figure: Figure, bounds: Bounds) => Result;
  testsOf: (this: void, figures: Figure[], bounds: Bounds) => Result[];
}

const { testOf, testsOf } = await vi.importActual<BenchTests>('../../scripts/lib/benchTests.mjs');
vi.stubEnv('PLUE_TEST_SIDECAR', undefined);

const bounds = { 'list N chats, warm': 4 };
const figure = { name: 'list 10,000 chats, warm; bare: stat of each', unit: 'ms', digits: 1, plue: 3.9, bare: 1 };

test('A cost within its bound passes', () => {
  expect(testOf(figure, bounds)).toEqual({ name: figure.name, outcome: 'passed' });
});

test('A cost beyond its bound fails with both figures', () => {
  expect(testOf({ ...figure, plue: 4.1 }, bounds)).toEqual({
    name: figure.name,
    outcome: 'failed',
    reason: '4.10 ms is 4.1 times the bare 1.00 ms. The bound is 4 times.',
  });
});

test('A row without a bound fails', () => {
  expect(testOf({ ...figure, name: 'list 10,000 chats, cold' }, bounds)).toMatchObject({
    outcome: 'failed',
    reason: 'bounds.mjs has no bound for the row "list N chats, cold".',
  });
});

test('A row without a bare measure fails', () => {
  expect(testOf({ ...figure, bare: 0 }, bounds).outcome).toBe('failed');
});

test('A figure that was not measured fails', () => {
  expect(testOf({ ...figure, plue: 0 }, bounds).outcome).toBe('failed');
  expect(testOf({ ...figure, plue: Number.NaN }, bounds).outcome).toBe('failed');
});

test('A bound without a row fails', () => {
  expect(testsOf([figure], { ...bounds, 'list N chats, cold': 9 }).map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
    `${figure.name} passed`,
    'list N chats, cold failed',
  ]);
});
