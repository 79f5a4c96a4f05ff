// A table of models: price, context window, capabilities.
import * as l10n from '@vscode/l10n';
import type { ModelView } from '../../protocol/protocol.generated';
import { element, textButton, type Child } from '../shared/element';
import { notAvailable } from '../../common/format';
import { visibleText } from '../../common/visibleText';
import { chatCost, modelAbilities, price, window } from './words';

export interface ModelTable {
  caption: string;
  models: readonly ModelView[];
  words: string;
  /** Checkboxes that select models for a comparison. */
  ticks?: { isTicked(modelId: string): boolean; tick(modelId: string, on: boolean): void };
  /** Highlighted models, with the reason. */
  marks?: Readonly<Record<string, string>>;
  /** Lets the user set the price of a model if `isOwn` is true or no price is known. */
  prices?: { isOwn(modelId: string): boolean; set(modelId: string): void };
  /** Owned by the caller, so that a rebuilt table keeps its length. */
  length: { isWhole: boolean };
}

/** More rows are rendered on request. */
const maxRows = 100;

export function modelTable({ caption, models, words, ticks, marks, prices, length }: ModelTable): Child[] {
  const found = models.filter((model) => matches(model, words));
  const head = [
    l10n.t('Model'),
    l10n.t('Input $/M'),
    l10n.t('Output $/M'),
    l10n.t('Cache read $/M'),
    l10n.t('Context window'),
    l10n.t('Max output'),
    l10n.t('Capabilities'),
    l10n.t('Typical chat'),
  ];
  const classes = ['', 'number', 'number', 'number extra', 'number', 'number extra', 'abilities', 'number'];
  const most = length.isWhole ? found.length : maxRows;
  const body = element('tbody', {}, ...found.slice(0, most).map((model) => row(model, ticks, marks, prices)));
  const table = element(
    'table',
    { class: 'models' },
    element('caption', {}, visibleText(caption)),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ticks === undefined ? undefined : element('th', { scope: 'col' }, element('span', { class: 'visually-hidden' }, l10n.t('Compare'))),
        ...head.map((title, at) => element('th', { scope: 'col', class: classes[at] }, title)),
      ),
    ),
    body,
  );
  const rest = found.length - most;
  const more =
    rest <= 0
      ? undefined
      : textButton(
          l10n.t('Show {0} More', rest),
          () => {
            length.isWhole = true;
            const others = found.slice(most).map((model) => row(model, ticks, marks, prices));
            body.append(...others);
            more?.remove();
            (others[0]?.querySelector('input') ?? body.closest<HTMLElement>('.scroll-x'))?.focus();
          },
          'quiet',
        );
  if (found.length === 0)
    return [element('p', { class: 'quiet' }, models.length === 0 ? l10n.t('No models available.') : l10n.t('No matching models.'))];
  return [
    element('div', { class: 'scroll-x', tabindex: '0', role: 'region', 'aria-label': visibleText(caption), 'data-key': 'models' }, table),
    more,
  ];
}

export function matches(model: ModelView, words: string): boolean {
  const text = `${model.id} ${model.name ?? ''} ${modelAbilities(model)}`.toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function row(model: ModelView, ticks: ModelTable['ticks'], marks: ModelTable['marks'], prices: ModelTable['prices']): HTMLElement {
  const name = visibleText(model.name ?? model.id);
  const number = (words: string, more = ''): HTMLElement =>
    element('td', { class: `number${words === notAvailable ? ' quiet' : ''}${more}` }, words);
  let tick: HTMLElement | undefined;
  if (ticks !== undefined) {
    const box = element('input', {
      type: 'checkbox',
      class: 'checkbox',
      'aria-label': l10n.t('Compare {0}', name),
      'data-key': `tick:${model.id}`,
    });
    box.checked = ticks.isTicked(model.id);
    box.addEventListener('change', () => ticks.tick(model.id, box.checked));
    tick = element('td', {}, box);
  }
  const mark = marks?.[model.id];
  return element(
    'tr',
    {},
    tick,
    element(
      'th',
      { scope: 'row' },
      element('span', {}, name),
      mark === undefined ? undefined : element('span', { class: 'badge' }, mark),
      model.name === undefined || model.name === model.id ? undefined : element('span', { class: 'quiet line' }, visibleText(model.id)),
    ),
    priceCell(model, name, prices) ?? number(price(model.inputPerMillion)),
    number(price(model.outputPerMillion)),
    number(price(model.cachedReadPerMillion), ' extra'),
    number(window(model.contextLength)),
    number(window(model.maxOutput), ' extra'),
    element('td', {}, visibleText(modelAbilities(model))),
    number(chatCost(model.typicalChatCost)),
  );
}

/** Creates a button in place of the input price, which asks for both prices. */
function priceCell(model: ModelView, name: string, prices: ModelTable['prices']): HTMLElement | undefined {
  const isOwn = prices?.isOwn(model.id) === true;
  if (prices === undefined || (model.inputPerMillion !== undefined && !isOwn)) return undefined;
  const button = textButton(isOwn ? price(model.inputPerMillion) : l10n.t('Set Price…'), () => prices.set(model.id), 'quiet');
  button.setAttribute('aria-label', isOwn ? l10n.t('Change Price of {0}', name) : l10n.t('Set Price of {0}', name));
  button.dataset['key'] = `price:${model.id}`;
  return element('td', { class: 'number' }, button);
}

/** Explains that prices are per million tokens and how the cost of a typical chat is determined. */
export function priceNote(models: readonly ModelView[]): string {
  const known = models.some(({ typicalChatCost }) => typicalChatCost !== undefined);
  return known
    ? l10n.t('Prices are in USD per million tokens. A typical chat is the median of your chats.')
    : l10n.t('Prices are in USD per million tokens. The cost of a typical chat is shown after a few chats.');
}
