// A stacked bar chart of cost by provider. A table has the same data.
import uPlot from 'uplot';
import { formatCost } from '../../common/format';
import { bucketText, type Spend } from './spend';

export interface SpendChart {
  dispose(): void;
}

/** Renders into `place`. `onHover` receives the bucket under the pointer. */
export type DrawChart = (place: HTMLElement, spend: Spend, onHover: (bucket: number | undefined) => void) => SpendChart;

const height = 200;

/** Chart colors of the theme; the last one is for the remaining providers. */
export const colorNames = ['charts-blue', 'charts-orange', 'charts-green', 'charts-purple', 'charts-yellow', 'charts-red'];

export function colorOf(index: number): string {
  return themed(colorNames[index] ?? 'charts-lines', 'foreground');
}

function themed(...names: string[]): string {
  const style = getComputedStyle(document.documentElement);
  return names.map((name) => style.getPropertyValue(`--vscode-${name}`).trim()).find((value) => value !== '') ?? 'gray';
}

export const drawChart: DrawChart = (place, spend, onHover) => {
  let plot = draw(place, spend, onHover);
  const redraw = (): void => {
    plot.destroy();
    plot = draw(place, spend, onHover);
  };
  const resized = new ResizeObserver(() => {
    if (place.clientWidth > 0 && Math.round(plot.width) !== place.clientWidth) plot.setSize({ width: place.clientWidth, height });
  });
  resized.observe(place);
  const themes = new MutationObserver(redraw);
  themes.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  return {
    dispose: () => {
      resized.disconnect();
      themes.disconnect();
      plot.destroy();
    },
  };
};

function draw(place: HTMLElement, { buckets, series }: Spend, onHover: (bucket: number | undefined) => void): uPlot {
  const text = themed('descriptionForeground', 'foreground');
  const lines = themed('widget-border', 'editorWidget-border', 'contrastBorder', 'foreground');
  const edge = themed('editor-background');
  const font = `11px ${themed('font-family')}`;
  const sums: number[][] = [];
  for (const { spent } of series) {
    const below = sums.at(-1);
    sums.push(spent.map((value, index) => value + (below?.[index] ?? 0)));
  }
  const bars = uPlot.paths.bars?.({ size: [0.7, 48], radius: 0 });
  const options: uPlot.Options = {
    width: Math.max(place.clientWidth, 100),
    height,
    legend: { show: false },
    cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
    scales: {
      x: { time: false, range: () => [-0.6, buckets.length - 0.4] },
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        stroke: text,
        font,
        grid: { show: false },
        ticks: { show: false },
        size: 28,
        splits: (plot) => everyFew(buckets.length, plot.width),
        values: (_plot, splits) => splits.map((at) => bucketText(buckets[at] ?? '')),
      },
      {
        stroke: text,
        font,
        size: 64,
        grid: { stroke: lines, width: 1 },
        ticks: { show: false },
        values: (_plot, splits) => splits.map((value) => formatCost(value)),
      },
    ],
    // Tallest first, because lower segments are drawn over it.
    series: [
      {},
      ...series
        .map((_, index) => ({
          fill: colorOf(index),
          stroke: edge,
          width: 1,
          points: { show: false },
          ...(bars === undefined ? {} : { paths: bars }),
        }))
        .reverse(),
    ],
    hooks: { setCursor: [({ cursor }) => onHover(cursor.idx ?? undefined)] },
  };
  return new uPlot(options, [buckets.map((_, index) => index), ...sums.reverse()], place);
}

/** Returns as many labels as fit below the bars. */
function everyFew(count: number, width: number): number[] {
  const step = Math.max(1, Math.ceil((count * 64) / Math.max(width - 64, 64)));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}
