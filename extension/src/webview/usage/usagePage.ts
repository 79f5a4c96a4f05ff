// The Usage page: cost, tokens, and response times.
import * as l10n from '@vscode/l10n';
import type { UsageParams, UsageSummaryResult } from '../../protocol/protocol.generated';
import { element, icon, setText, textButton } from '../shared/element';
import { formatTokens, formatDuration } from '../../common/format';
import { loadingElement, PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { visibleText } from '../../common/visibleText';
import type { DrawChart, SpendChart } from './chart';
import type { FromUsagePage, ToUsagePage } from '../../common/messages/usage';
import { dayOf, paramsOf, type Period, type PeriodChoice, periods } from './period';
import { bucketText, type Spend, spendOf } from './spend';
import { shareText, spentMoney, usageTable, type UsageTableOptions } from './usageTable';

const periodText: Readonly<Record<Period, string>> = {
  week: l10n.t('Last 7 days'),
  days30: l10n.t('Last 30 days'),
  month: l10n.t('This month'),
  all: l10n.t('All time'),
  custom: l10n.t('Custom range'),
};

export class UsagePage {
  private choice: PeriodChoice;
  private chart: SpendChart | undefined;
  private readonly period: HTMLSelectElement;
  private readonly from: HTMLInputElement;
  private readonly to: HTMLInputElement;
  private readonly custom: HTMLElement;
  private readonly csv: HTMLButtonElement;
  private readonly frame: PageFrame;
  private readonly body = element('div', { class: 'column' });

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromUsagePage>,
    kept: PeriodChoice | undefined,
    private readonly drawChart: DrawChart,
    private readonly now: () => Date = () => new Date(),
  ) {
    this.choice = kept ?? { period: 'days30' };
    this.period = element(
      'select',
      { class: 'select period', 'aria-label': l10n.t('Period') },
      ...periods.map((period) => element('option', { value: period }, periodText[period])),
    );
    this.period.value = this.choice.period;
    this.from = this.dayInput(l10n.t('From'), this.choice.from);
    this.to = this.dayInput(l10n.t('To'), this.choice.to);
    this.custom = element('span', { class: 'custom-period' }, this.from, element('span', { 'aria-hidden': 'true' }, l10n.t('to')), this.to);
    for (const input of [this.period, this.from, this.to]) input.addEventListener('change', () => this.choose());
    this.csv = textButton(l10n.t('Export CSV…'), () => panel.post({ type: 'csv', asked: this.asked() }));
    this.frame = new PageFrame(root, l10n.t('Usage'), { header: [this.period, this.custom, this.csv], body: [this.body] });
    this.body.append(loadingElement());
    this.csv.disabled = true;
    this.custom.hidden = this.choice.period !== 'custom';
    this.ask();
  }

  receive(message: ToUsagePage): void {
    switch (message.type) {
      case 'usage':
        // Ignore replies to an earlier query.
        if (message.asked.from !== this.asked().from || message.asked.to !== this.asked().to) return;
        this.frame.banners.node.replaceChildren();
        this.show(message.usage, message.asked);
        return;
      case 'exported':
        setText(this.frame.status, visibleText(l10n.t('Saved {0}', message.file)));
        return;
      case 'refused':
        this.refuse(message.error.message);
        return;
    }
  }

  private dayInput(label: string, value: string | undefined): HTMLInputElement {
    return element('input', { type: 'date', class: 'text-input day', 'aria-label': label, value, max: dayOf(this.now()) });
  }

  private choose(): void {
    const period = periods.find((one) => one === this.period.value) ?? 'days30';
    if (period === 'custom' && this.choice.period !== 'custom') {
      // A custom range starts with the current period.
      const { from, to } = this.asked();
      this.from.value = from ?? '';
      this.to.value = to ?? dayOf(this.now());
    }
    this.choice = {
      period,
      ...(period === 'custom' && this.from.value !== '' ? { from: this.from.value } : {}),
      ...(period === 'custom' && this.to.value !== '' ? { to: this.to.value } : {}),
    };
    this.custom.hidden = period !== 'custom';
    this.panel.setState(this.choice);
    const { from, to } = this.choice;
    if (from !== undefined && to !== undefined && from > to) this.refuse(l10n.t('The first day must be before the last day.'));
    else this.ask();
  }

  private asked(): UsageParams {
    const now = this.now();
    return paramsOf(this.choice, dayOf(now), -now.getTimezoneOffset());
  }

  private ask(): void {
    this.panel.post({ type: 'show', asked: this.asked() });
  }

  private refuse(message: string): void {
    this.frame.banners.node.replaceChildren(
      element(
        'div',
        { class: 'banner error', role: 'alert' },
        icon('error'),
        element('span', { class: 'banner-text' }, visibleText(message)),
        textButton(l10n.t('Try Again'), () => this.ask()),
      ),
    );
  }

  private show(usage: UsageSummaryResult, asked: UsageParams): void {
    this.chart?.dispose();
    this.chart = undefined;
    const { total } = usage;
    this.csv.disabled = total.responses === 0;
    if (total.responses === 0) {
      const words = this.choice.period === 'all' ? l10n.t('No cost yet.') : l10n.t('No cost in this period.');
      this.body.replaceChildren(element('p', { class: 'empty' }, words));
      setText(this.frame.status, words);
      return;
    }
    const spend = spendOf(usage.days, asked, dayOf(this.now()));
    const chart = this.chartSection(spend);
    const tables: UsageTableOptions[] = [
      { title: l10n.t('By provider'), what: l10n.t('Provider'), rows: usage.providers },
      { title: l10n.t('By model'), what: l10n.t('Model'), rows: usage.models },
      { title: l10n.t('By template'), what: l10n.t('Template'), rows: usage.templates },
      { title: l10n.t('By chat'), what: l10n.t('Chat'), rows: usage.chats, open: (uri) => this.panel.post({ type: 'openChat', uri }) },
    ];
    this.body.replaceChildren(
      this.totals(usage),
      chart.node,
      ...tables.filter(({ rows }) => rows.length > 0).map((table) => usageTable(table)),
    );
    // The chart needs its width, so it is drawn after layout.
    this.chart = chart.draw?.();
    setText(this.frame.status, l10n.t('Cost: {0} on {1}', spentMoney(total.cost), responsesText(total.responses)));
  }

  private totals({ total }: UsageSummaryResult): HTMLElement {
    const figure = (name: string, value: string): HTMLElement =>
      element('div', { class: 'total' }, element('dt', {}, name), element('dd', {}, value));
    const unpriced =
      total.unpricedResponses === 0
        ? undefined
        : element(
            'p',
            { class: 'quiet' },
            total.unpricedResponses === 1
              ? l10n.t('1 response has no known price and isn’t included.')
              : l10n.t('{0} responses have no known price and aren’t included.', total.unpricedResponses),
          );
    return element(
      'section',
      { class: 'usage-section', 'aria-label': l10n.t('Total') },
      element(
        'dl',
        { class: 'totals' },
        figure(l10n.t('Cost'), spentMoney(total.cost)),
        figure(l10n.t('Responses'), String(total.responses)),
        figure(l10n.t('Input tokens'), formatTokens(total.inputTokens)),
        figure(l10n.t('From cache'), shareText(total)),
        figure(l10n.t('Output tokens'), formatTokens(total.outputTokens)),
        figure(l10n.t('Time'), total.durationMs > 0 ? formatDuration(total.durationMs) : l10n.t('unknown')),
        figure(l10n.t('Time to first token'), total.firstTokenMs === undefined ? l10n.t('unknown') : formatDuration(total.firstTokenMs)),
      ),
      unpriced,
    );
  }

  private chartSection(spend: Spend): { node: HTMLElement; draw?: () => SpendChart } {
    const title = spend.unit === 'day' ? l10n.t('Cost per day') : l10n.t('Cost per month');
    const node = element('section', { class: 'usage-section', 'aria-label': title }, element('h2', {}, title));
    if (spend.series.length === 0) {
      node.append(element('p', { class: 'quiet' }, l10n.t('No cost recorded. Local models are counted below, in tokens and time.')));
      return { node };
    }
    const [from, to] = [bucketText(spend.buckets[0] ?? ''), bucketText(spend.buckets.at(-1) ?? '')];
    const summary =
      spend.unit === 'day'
        ? l10n.t('Cost per day by provider, from {0} to {1}. The table below has the same data.', from, to)
        : l10n.t('Cost per month by provider, from {0} to {1}. The table below has the same data.', from, to);
    const place = element('div', { class: 'chart', role: 'img', 'aria-label': summary });
    const hovered = element('p', { class: 'chart-text', 'aria-hidden': 'true' });
    const usual = l10n.t('Hover over a bar for details.');
    setText(hovered, usual);
    node.append(legend(spend), place, hovered, dayTable(spend));
    return {
      node,
      draw: () => this.drawChart(place, spend, (bucket) => setText(hovered, bucket === undefined ? usual : hoverText(spend, bucket))),
    };
  }
}

function legend({ series }: Spend): HTMLElement {
  return element(
    'ul',
    { class: 'legend' },
    ...series.map(({ name, total }, index) => {
      const swatch = element('span', { class: `swatch swatch-${index}`, 'aria-hidden': 'true' });
      return element('li', {}, swatch, `${visibleText(name)} ${spentMoney(total)}`);
    }),
  );
}

function hoverText({ buckets, series }: Spend, at: number): string {
  const parts = series.flatMap(({ name, spent }) => ((spent[at] ?? 0) > 0 ? [`${visibleText(name)} ${spentMoney(spent[at] ?? 0)}`] : []));
  return `${bucketText(buckets[at] ?? '')}: ${parts.length === 0 ? l10n.t('no cost') : parts.join(' · ')}`;
}

function dayTable({ unit, buckets, series }: Spend): HTMLElement {
  const rows = buckets
    .map((bucket, at) => ({ bucket, at }))
    .filter(({ at }) => series.some(({ spent }) => (spent[at] ?? 0) > 0))
    .reverse();
  return element(
    'details',
    { class: 'day-table' },
    element('summary', {}, l10n.t('Show as a table')),
    element(
      'div',
      { class: 'table-scroller', tabindex: '0', role: 'group', 'aria-label': l10n.t('Cost by provider, table') },
      element(
        'table',
        {},
        element(
          'caption',
          { class: 'visually-hidden' },
          unit === 'day' ? l10n.t('Cost per day by provider') : l10n.t('Cost per month by provider'),
        ),
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            element('th', { scope: 'col' }, unit === 'day' ? l10n.t('Day') : l10n.t('Month')),
            ...series.map(({ name }) => element('th', { scope: 'col', class: 'number' }, visibleText(name))),
          ),
        ),
        element(
          'tbody',
          {},
          ...rows.map(({ bucket, at }) =>
            element(
              'tr',
              {},
              element('th', { scope: 'row' }, bucketText(bucket)),
              ...series.map(({ spent }) => element('td', { class: 'number' }, spentMoney(spent[at] ?? 0))),
            ),
          ),
        ),
      ),
    ),
  );
}

function responsesText(answers: number): string {
  return answers === 1 ? l10n.t('1 response') : l10n.t('{0} responses', answers);
}
