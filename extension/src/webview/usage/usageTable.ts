// A table of usage by provider, model, template, or chat.
import * as l10n from '@vscode/l10n';
import type { UsageFigures, UsageRow } from '../../protocol/protocol.generated';
import { element, textButton } from '../shared/element';
import { atLeast, formatTokens, formatDollars, formatCost, notAvailable, formatDuration } from '../../common/format';
import { displayTitle } from '../../common/title';
import { visibleText } from '../../common/visibleText';

export interface UsageTableOptions {
  title: string;
  /** Heading of the first column, such as "Provider". */
  what: string;
  rows: readonly UsageRow[];
  /** Makes the names buttons. */
  open?: (key: string) => void;
}

/** Number of rows shown initially. */
const shortList = 10;

interface Column {
  title: string;
  cell: (figures: UsageFigures) => string;
}

const columns: readonly Column[] = [
  { title: l10n.t('Cost'), cell: (figures) => spentText(figures) },
  { title: l10n.t('Responses'), cell: ({ responses }) => String(responses) },
  { title: l10n.t('Input tokens'), cell: ({ inputTokens }) => formatTokens(inputTokens) },
  { title: l10n.t('Cached'), cell: (figures) => shareText(figures) },
  { title: l10n.t('Output tokens'), cell: ({ outputTokens }) => formatTokens(outputTokens) },
  { title: l10n.t('Time'), cell: ({ durationMs }) => (durationMs > 0 ? formatDuration(durationMs) : l10n.t('unknown')) },
  {
    title: l10n.t('Time to first token'),
    cell: ({ firstTokenMs }) => (firstTokenMs === undefined ? l10n.t('unknown') : formatDuration(firstTokenMs)),
  },
];

export function usageTable(options: UsageTableOptions): HTMLElement {
  const { title, rows, what } = options;
  const sorted = [...rows].sort(
    (one, other) =>
      other.figures.cost - one.figures.cost ||
      other.figures.inputTokens + other.figures.outputTokens - one.figures.inputTokens - one.figures.outputTokens,
  );
  const body = element('tbody', {}, ...sorted.slice(0, shortList).map((row) => line(row, options)));
  const section = element(
    'section',
    { class: 'usage-section', 'aria-label': title },
    element('h2', {}, title),
    element(
      'div',
      { class: 'table-scroller', tabindex: '0', role: 'group', 'aria-label': l10n.t('{0}, table', title) },
      element(
        'table',
        {},
        element('caption', { class: 'visually-hidden' }, title),
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            element('th', { scope: 'col' }, what),
            ...columns.map((column) => element('th', { scope: 'col', class: 'number' }, column.title)),
          ),
        ),
        body,
      ),
    ),
  );
  if (sorted.length > shortList) {
    const more = textButton(
      l10n.t('Show All {0}', sorted.length),
      () => {
        const first = sorted.slice(shortList).map((row) => line(row, options));
        body.append(...first);
        more.remove();
        (first[0]?.querySelector('button') ?? body.closest<HTMLElement>('.table-scroller'))?.focus();
      },
      'quiet',
    );
    more.setAttribute('aria-label', l10n.t('Show all {0} of {1}', sorted.length, title));
    section.append(more);
  }
  return section;
}

function line({ key, name, providerName, figures }: UsageRow, { open }: UsageTableOptions): HTMLElement {
  const words = displayTitle(name);
  const label = open === undefined ? words : textButton(words, () => open(key), 'quiet');
  const provider = providerName === undefined ? undefined : element('span', { class: 'whose' }, visibleText(providerName));
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, label, provider),
    ...columns.map(({ cell }) => element('td', { class: 'number' }, cell(figures))),
  );
}

/** Formats USD, with cents if there are any. */
export function spentMoney(amount: number): string {
  return amount >= 0.01 ? formatDollars(amount, 2) : formatCost(amount);
}

/** Returns the known cost; "$1.50+" if some responses had no price. */
export function spentText({ cost, responses, unpricedResponses }: UsageFigures): string {
  if (responses > 0 && unpricedResponses >= responses) return notAvailable;
  return atLeast(spentMoney(cost), unpricedResponses > 0);
}

/** Returns the percentage of input tokens from the vendor's cache. */
export function shareText({ inputTokens, cachedReadTokens }: UsageFigures): string {
  return inputTokens <= 0 ? '0 %' : `${Math.min(100, Math.round((100 * cachedReadTokens) / inputTokens))} %`;
}
