// @vitest-environment jsdom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SpendChart } from '../../../extension/src/webview/usage/chart';
import { bucketText, type Spend } from '../../../extension/src/webview/usage/spend';
import { type Box, type Drawing, drawnOn, giveCanvas } from './canvas';

giveCanvas();
const { drawChart } = await import('../../../extension/src/webview/usage/chart');

/** Reports a new width when the test says so. */
class Resizes {
  static of: Resizes[] = [];
  isWatching = false;

  constructor(private readonly tell: () => void) {
    Resizes.of.push(this);
  }

  observe(): void {
    this.isWatching = true;
  }

  disconnect(): void {
    this.isWatching = false;
  }

  static happen(): void {
    for (const one of Resizes.of) if (one.isWatching) one.tell();
  }
}

const dark = {
  'charts-blue': '#0000ff',
  'charts-orange': '#ffa500',
  'charts-lines': '#111111',
  descriptionForeground: '#cccccc',
  'editor-background': '#000000',
  'font-family': 'Inter',
};

const spend: Spend = {
  unit: 'day',
  buckets: ['2026-11-19', '2026-11-20', '2026-11-21'],
  series: [
    { name: 'A', total: 1.2, spent: [1, 0, 0.2] },
    { name: 'B', total: 0.8, spent: [0.5, 0.3, 0] },
  ],
};

let place: HTMLElement;
let width: number;
let hovered: (number | undefined)[];
let chart: SpendChart;

beforeEach(() => {
  Resizes.of = [];
  vi.stubGlobal('ResizeObserver', Resizes);
  document.documentElement.removeAttribute('style');
  document.body.className = 'vscode-dark';
  useTheme(dark);
  width = 640;
  hovered = [];
});

afterEach(() => chart.dispose());

function useTheme(colors: Record<string, string>): void {
  for (const [name, color] of Object.entries(colors)) document.documentElement.style.setProperty(`--vscode-${name}`, color);
}

async function open(shown: Spend = spend): Promise<void> {
  place = document.createElement('div');
  Object.defineProperty(place, 'clientWidth', { get: () => width });
  document.body.replaceChildren(place);
  chart = drawChart(place, shown, (bucket) => hovered.push(bucket));
  await vi.waitFor(() => expect(words()).not.toEqual([]));
}

function drawings<K extends Drawing['kind']>(kind: K): Extract<Drawing, { kind: K }>[] {
  return drawnOn(place.querySelector('canvas')).filter((one): one is Extract<Drawing, { kind: K }> => one.kind === kind);
}

function words(): string[] {
  return drawings('words').map((one) => one.words);
}

function barsOf(color: string): readonly Box[] {
  return drawings('fill').find((one) => one.color === color)?.boxes ?? [];
}

/** Moves the pointer to a position from 0 (first pixel of the bars) to 1 (last pixel). */
function point(share: number): void {
  const bars = place.querySelector<HTMLElement>('.u-over');
  if (bars === null) throw new Error('Nothing to point at.');
  const across = Number.parseFloat(bars.style.width);
  bars.getBoundingClientRect = () => new DOMRect(0, 0, across, Number.parseFloat(bars.style.height));
  bars.dispatchEvent(new MouseEvent('mouseenter'));
  bars.dispatchEvent(new MouseEvent('mousemove', { clientX: share * across, clientY: 20, bubbles: true }));
}

describe('the chart of what was spent', () => {
  it('stacks the bars of each provider, each in its own color of the theme', async () => {
    await open();
    const [above, below] = [barsOf('#ffa500'), barsOf('#0000ff')];
    expect(above).toHaveLength(3);
    // Lower segments are drawn over higher ones, so the order is that of painting.
    expect(drawings('fill').map(({ color }) => color)).toEqual(['#ffa500', '#0000ff']);
    const inDollars = (bars: readonly Box[]): number[] => bars.map(({ height }) => height / ((above[0]?.height ?? 0) / 1.5));
    for (const [at, dollars] of [1.5, 0.3, 0.2].entries()) expect(inDollars(above)[at]).toBeCloseTo(dollars, 1);
    for (const [at, dollars] of [1, 0, 0.2].entries()) expect(inDollars(below)[at]).toBeCloseTo(dollars, 1);
    expect(below.map(({ left }) => left)).toEqual(above.map(({ left }) => left));
  });

  it('labels bars with days and the axis with dollars, in colors of the theme', async () => {
    await open();
    expect(words()).toEqual(expect.arrayContaining([...spend.buckets.map(bucketText), '$0', '$1.00']));
    expect(new Set(drawings('words').map(({ color }) => color))).toEqual(new Set(['#cccccc']));
    expect(drawings('words')[0]?.font).toContain('Inter');
  });

  it('omits labels without room, and keeps every bar', async () => {
    const buckets = Array.from({ length: 30 }, (_, at) => `2026-11-${String(at + 1).padStart(2, '0')}`);
    await open({ unit: 'day', buckets, series: [{ name: 'A', total: 30, spent: buckets.map(() => 1) }] });
    const days = words().filter((one) => !one.startsWith('$'));
    expect(buckets.map(bucketText)).toEqual(expect.arrayContaining(days));
    expect(days.length).toBeGreaterThan(4);
    expect(days.length).toBeLessThanOrEqual((640 - 64) / 64);
    expect(barsOf('#0000ff')).toHaveLength(30);
  });

  it('is drawn where nothing was spent in its days', async () => {
    await open({ ...spend, series: [{ name: 'A', total: 0, spent: [0, 0, 0] }] });
    expect(words()).toContain(bucketText('2026-11-20'));
    expect(barsOf('#0000ff').map(({ height }) => height)).toEqual([0, 0, 0]);
  });

  it('reports the bar under the pointer', async () => {
    await open();
    point(0.1);
    expect(hovered.at(-1)).toBe(0);
    point(0.9);
    expect(hovered.at(-1)).toBe(2);
    place.querySelector('.u-over')?.dispatchEvent(new MouseEvent('mouseleave'));
    expect(hovered.at(-1)).toBeUndefined();
  });

  it('takes the colors of another theme at once', async () => {
    await open();
    useTheme({ 'charts-blue': '#00008b' });
    document.body.className = 'vscode-light';
    await vi.waitFor(() => expect(barsOf('#00008b')).toHaveLength(3));
    expect(place.querySelectorAll('canvas')).toHaveLength(1);
  });

  it('finds a color where the theme has none, also for what is left over', async () => {
    document.documentElement.removeAttribute('style');
    useTheme({ foreground: '#eeeeee' });
    await open();
    expect(barsOf('#eeeeee')).toHaveLength(3);
    chart.dispose();
    document.documentElement.removeAttribute('style');
    await open();
    expect(barsOf('gray')).toHaveLength(3);
  });

  it('is as wide as its place, and waits where that is not shown', async () => {
    await open();
    const canvas = place.querySelector('canvas');
    expect(canvas?.width).toBe(640);
    width = 0;
    Resizes.happen();
    await Promise.resolve();
    expect(canvas?.width).toBe(640);
    width = 320;
    Resizes.happen();
    await vi.waitFor(() => expect(canvas?.width).toBe(320));
    expect(words()).toContain(bucketText('2026-11-19'));
  });

  it('leaves nothing behind', async () => {
    await open();
    chart.dispose();
    expect(place.childElementCount).toBe(0);
    document.body.className = 'vscode-light';
    await new Promise<void>((resolve) => {
      const seen = new MutationObserver(() => resolve());
      seen.observe(document.body, { attributes: true });
      document.body.dataset['later'] = 'yes';
    });
    expect(place.childElementCount).toBe(0);
    expect(Resizes.of.map(({ isWatching }) => isWatching)).toEqual([false]);
  });
});
