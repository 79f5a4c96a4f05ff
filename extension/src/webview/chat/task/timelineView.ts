// The timeline of a task, with one lane per agent. Shapes show the kind: a full bar for the model, a low bar for a tool, a hollow bar for waiting.
import * as l10n from '@vscode/l10n';
import type { TimelineKind, TimelineLane } from '../../../protocol/protocol.generated';
import { element, icon, setText, textButton } from '../../shared/element';
import { atLeast, formatCost, formatDuration } from '../../../common/format';
import { Section } from '../../shared/section';
import { taskStatusView } from '../../../common/taskStatus';
import { visibleText } from '../../../common/visibleText';
import { timelineOf, type Timeline, type TimelineBar, type TimelineRow } from './timeline';

const svg = 'http://www.w3.org/2000/svg';
const height = 22;

const shapes = {
  model: { words: l10n.t('model'), y: 5, height: 12 },
  tool: { words: l10n.t('tool'), y: 11, height: 6 },
  waiting: { words: l10n.t('waiting'), y: 6, height: 10 },
} as const satisfies Record<TimelineKind, { words: string; y: number; height: number }>;

const usual = l10n.t('Hover over a bar for details.');

export class TimelineView {
  private readonly section = new Section('section', { class: 'timeline', 'aria-label': l10n.t('Timeline') });
  readonly node = this.section.node;
  private isOpen = false;

  constructor(private readonly open: (uri: string) => void) {
    this.node.hidden = true;
  }

  show(lanes: readonly TimelineLane[], now: number): void {
    const timeline = timelineOf(lanes, now);
    this.node.hidden = timeline.lengthMs === 0;
    if (!this.node.hidden) this.section.show(timeline, () => this.draw(timeline));
  }

  private draw(timeline: Timeline): HTMLElement[] {
    const words = element('p', { class: 'timeline-text quiet', 'aria-hidden': 'true' }, usual);
    const rows = timeline.rows.map((row) => this.lane(row, timeline, (said) => setText(words, said ?? usual)));
    const table = element(
      'details',
      { class: 'timeline-table', open: this.isOpen },
      element('summary', { 'data-key': 'timeline-table' }, l10n.t('Show as table')),
      tableOf(timeline),
    );
    table.addEventListener('toggle', () => (this.isOpen = table.open));
    return [
      element('div', { class: 'timeline-head' }, element('h2', {}, l10n.t('Timeline')), legend(), words),
      element('div', { class: 'timeline-lanes' }, ...rows, axis(timeline)),
      table,
    ];
  }

  private lane(row: TimelineRow, { lengthMs, ticks }: Timeline, setStatus: (words: string | undefined) => void): HTMLElement {
    const name = textButton(visibleText(row.title), () => this.open(row.uri), 'quiet');
    name.dataset['key'] = `lane-${row.uri}`;
    name.title = l10n.t('Open {0}', visibleText(row.title));
    const chart = document.createElementNS(svg, 'svg');
    attribute(chart, { class: 'timeline-chart', height: String(height), width: '100%', role: 'img', 'aria-label': summaryOf(row) });
    for (const tick of ticks) {
      const x = percent(tick / lengthMs);
      chart.append(attribute(document.createElementNS(svg, 'line'), { class: 'tick', x1: x, x2: x, y1: '0', y2: String(height) }));
    }
    for (const bar of row.bars) {
      const { y, height: tall } = shapes[bar.kind];
      const rect = attribute(document.createElementNS(svg, 'rect'), {
        class: `bar ${bar.kind}${bar.isOpen ? ' open' : ''}`,
        x: percent(bar.x),
        width: percent(bar.width),
        y: String(y),
        height: String(tall),
      });
      const title = document.createElementNS(svg, 'title');
      title.textContent = wordsOf(row, bar);
      rect.append(title);
      rect.addEventListener('pointerenter', () => setStatus(wordsOf(row, bar)));
      rect.addEventListener('pointerleave', () => setStatus(undefined));
      chart.append(rect);
    }
    const { usd, usdIsAtLeast } = row.spent;
    const cost = usd === undefined ? '' : atLeast(formatCost(usd), usdIsAtLeast);
    return element('div', { class: 'timeline-lane' }, name, chart, element('span', { class: 'lane-cost' }, cost));
  }
}

function legend(): HTMLElement {
  const keys: readonly TimelineKind[] = ['model', 'tool', 'waiting'];
  return element(
    'ul',
    { class: 'timeline-legend' },
    ...keys.map((kind) => element('li', {}, element('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), shapes[kind].words)),
  );
}

function axis({ ticks, lengthMs }: Timeline): HTMLElement {
  const line = element('div', { class: 'timeline-axis', 'aria-hidden': 'true' });
  for (const tick of ticks) {
    // The last label has no room on its right.
    if (tick / lengthMs > 0.94) continue;
    const mark = element('span', {}, tick === 0 ? '0' : formatDuration(tick));
    mark.style.left = percent(tick / lengthMs);
    line.append(mark);
  }
  return element('div', { class: 'timeline-lane' }, element('span'), line, element('span'));
}

function tableOf({ rows }: Timeline): HTMLElement {
  const cell = (words: string, isNumber = false): HTMLElement => element('td', { class: isNumber ? 'number' : undefined }, words);
  return element(
    'div',
    { class: 'table-scroller', tabindex: 0, role: 'group', 'aria-label': l10n.t('Timeline, table') },
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...[l10n.t('Agent'), l10n.t('Name'), l10n.t('Kind'), l10n.t('Started after'), l10n.t('Duration'), l10n.t('Cost')].map((name) =>
            element('th', { scope: 'col' }, name),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        ...rows.flatMap((row) =>
          row.bars.map((bar) =>
            element(
              'tr',
              {},
              element('th', { scope: 'row' }, visibleText(row.title)),
              cell(visibleText(bar.name)),
              cell(shapes[bar.kind].words),
              cell(bar.startMs === 0 ? l10n.t('{0} s', 0) : formatDuration(bar.startMs), true),
              cell(bar.isOpen ? l10n.t('{0}, still running', formatDuration(bar.durationMs)) : formatDuration(bar.durationMs), true),
              cell(bar.costUsd === undefined ? '' : formatCost(bar.costUsd), true),
            ),
          ),
        ),
      ),
    ),
  );
}

function summaryOf({ title, status, bars }: TimelineRow): string {
  const parts = bars.length === 1 ? l10n.t('1 span') : l10n.t('{0} spans', bars.length);
  return l10n.t('{0}, {1}, {2}. The table below has the same data.', visibleText(title), taskStatusView(status).words, parts);
}

function wordsOf({ title }: TimelineRow, bar: TimelineBar): string {
  const cost = bar.costUsd === undefined ? '' : `, ${formatCost(bar.costUsd)}`;
  const duration = bar.isOpen ? l10n.t('{0} so far', formatDuration(bar.durationMs)) : formatDuration(bar.durationMs);
  return visibleText(`${title}: ${bar.name}, ${shapes[bar.kind].words}, ${duration}${cost}`);
}

function percent(part: number): string {
  return `${(part * 100).toFixed(3)}%`;
}

function attribute<T extends SVGElement>(node: T, attributes: Record<string, string>): T {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** Returns the icon of a status; running ones spin. */
export function stateIcon(status: string): HTMLElement {
  const { icon: drawn } = taskStatusView(status);
  const mark = icon(drawn);
  if (drawn === 'loading') mark.classList.add('codicon-modifier-spin');
  return mark;
}
