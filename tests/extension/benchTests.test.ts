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
  overEditorBounds: (this: void, figures: Figure[], bounds: Record<string, { timesBare?: number; most?: number }>) => string[];
}

const { overEditorBounds, testOf, testsOf } = await vi.importActual<BenchTests>('../../scripts/lib/benchTests.mjs');
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

test('Rows of the editor fail beyond their bound, and without a figure', () => {
  const rows = { 'a key after @, of N': { timesBare: 2 }, 'a first line': { most: 600 } };
  const key = { name: 'a key after @, of 100000; bare: Go to File', unit: 'ms', digits: 0, plue: 40, bare: 20 };
  const line = { name: 'a first line', unit: 'ms', digits: 0, plue: 600 };
  expect(overEditorBounds([key, line], rows)).toEqual([]);
  expect(
    overEditorBounds(
      [
        { ...key, plue: 41 },
        { ...line, plue: Number.NaN },
      ],
      rows,
    ),
  ).toEqual(['a key after @, of N: 41.0 ms, and the bound is 40.0 ms.', 'a first line: NaN ms, and the bound is 600.0 ms.']);
  expect(overEditorBounds([key], rows)).toEqual(['bounds.mjs has the row "a first line" and the benchmark does not.']);
});
