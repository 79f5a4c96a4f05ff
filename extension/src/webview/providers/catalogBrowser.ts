// First step of adding a provider: a card, a search result, or a row of the comparison.
import * as l10n from '@vscode/l10n';
import type { CatalogSummary, ProviderKindView, ProviderSummary } from '../../protocol/protocol.generated';
import { element, icon, textButton, type Child } from '../shared/element';
import { formatModelCount, formatWarningCount } from '../../common/counts';
import { catalogOf, providerCards, type ProviderCard } from '../../common/providerCards';
import { menuButton } from '../shared/menu';
import { cardList } from '../shared/providerCards';
import { moveByArrows } from '../shared/roving';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import { failureLine, failureOf, focusHeading, isUp, loadingLine, routeHead, type Actions, type View } from './actions';
import { isBusy, noFilter, type Filter, type State } from './pageState';
import { catalogCapabilities, catalogModels, errorsText, priceRange, window } from './words';

export class CatalogBrowser implements View {
  readonly node: HTMLElement;
  private readonly tools = new Section('div', { class: 'tools' });
  private readonly list = new Section('div', {});
  private readonly search: HTMLInputElement;
  private filter: Filter | undefined;

  constructor(private readonly actions: Actions) {
    this.search = element('input', {
      type: 'search',
      class: 'text-input search',
      'aria-label': l10n.t('Search providers'),
      placeholder: l10n.t('Search providers'),
      spellcheck: 'false',
      'data-key': 'search',
    });
    this.search.addEventListener('input', () => {
      if (this.filter !== undefined) actions.change({ filter: { ...this.filter, words: this.search.value } });
    });
    this.search.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown') return;
      event.preventDefault();
      const first = this.list.node.querySelector('.row-name, .kind-row button');
      if (first instanceof HTMLElement) first.focus();
    });
    this.node = element(
      'section',
      { class: 'route', 'aria-label': l10n.t('Add Provider') },
      routeHead(l10n.t('Add Provider'), actions),
      element('div', { class: 'search-line' }, this.search, this.tools.node),
      this.list.node,
    );
  }

  focus(): void {
    focusHeading(this.node);
  }

  show(state: State): void {
    const { filter, catalogs, kinds, compared, executables } = state;
    this.filter = filter;
    if (this.search.value !== filter.words && document.activeElement !== this.search) this.search.value = filter.words;
    const up = isUp(state);
    const others = (catalogs?.length ?? 0) + kindsWithoutCatalog(kinds, catalogs).length - providerCards.length;
    this.search.placeholder = others > 0 ? l10n.t('Search {0} more providers', others) : l10n.t('Search providers');
    this.tools.show([filter, state.startingPoints, up, state.busy], () => this.toolLine(state));
    this.list.show(
      [filter, catalogs, kinds, state.providers, compared.length, executables, state.failures, state.busy, up, state.catalogFolderProblem],
      () => this.rows(state),
    );
  }

  private toolLine(state: State): Child[] {
    const { filter } = state;
    const { actions } = this;
    const chip = (label: string, name: 'isLocal' | 'hasReasoning' | 'hasImages' | 'isCheap' | 'isComparing'): HTMLElement => {
      const button = element(
        'button',
        { type: 'button', class: 'chip-button', 'aria-pressed': String(filter[name]), 'data-key': `chip:${name}` },
        label,
      );
      button.addEventListener('click', () => actions.change({ filter: { ...filter, [name]: !filter[name] } }));
      return button;
    };
    const sort = element(
      'select',
      { class: 'select', id: 'sort', 'data-key': 'sort' },
      element('option', { value: 'name' }, l10n.t('Name')),
      element('option', { value: 'price' }, l10n.t('Price')),
      element('option', { value: 'window' }, l10n.t('Context window')),
    );
    sort.value = filter.sort;
    sort.addEventListener('change', () => {
      const { value } = sort;
      if (value === 'name' || value === 'price' || value === 'window') actions.change({ filter: { ...filter, sort: value } });
    });
    const comparison = [
      element(
        'div',
        { class: 'chips', role: 'group', 'aria-label': l10n.t('Filter') },
        chip(l10n.t('Local'), 'isLocal'),
        chip(l10n.t('Reasoning'), 'hasReasoning'),
        chip(l10n.t('Images'), 'hasImages'),
        chip(l10n.t('Input under $1/M'), 'isCheap'),
      ),
      element('span', { class: 'sort' }, element('label', { for: 'sort' }, l10n.t('Sort by')), sort),
    ];
    return [
      chip(l10n.t('Compare Prices'), 'isComparing'),
      ...(filter.isComparing ? comparison : []),
      menuButton({
        label: l10n.t('Catalogs'),
        text: l10n.t('Catalogs'),
        key: 'catalogs-menu',
        items: () => [
          ...state.startingPoints.map(({ name, document }) => ({
            label: l10n.t('New catalog: {0}', name),
            run: () => actions.go({ at: 'editCatalog', document }),
          })),
          { label: l10n.t('Import…'), run: () => actions.ask('import', { type: 'importCatalog' }) },
          { label: l10n.t('Export Custom Catalogs…'), run: () => actions.ask('export', { type: 'exportCatalog', ids: ownIds(state) }) },
          { label: l10n.t('Backups'), run: () => actions.go({ at: 'backups' }) },
          { label: l10n.t('Update from Catalog Server'), run: () => actions.ask('refresh', { type: 'refreshCatalog' }) },
        ],
      }),
    ];
  }

  private rows(state: State): Child[] {
    const { actions } = this;
    const failures = ['catalogs', 'import', 'export', 'refresh', 'executables'].map((work) => failureOf(state, actions, work));
    const { filter, catalogs } = state;
    const isSearching = filter.words.trim() !== '';
    const under = [...failures, compareBar(state, actions)];
    if (!filter.isComparing && !isSearching) return [firstProviders(state, actions), ...under];
    if (catalogs === undefined) {
      const failed = state.failures['catalogs'] !== undefined;
      return [failed || !isUp(state) ? undefined : loadingLine(l10n.t('Loading the catalog…')), ...under];
    }
    const found = filtered(catalogs, filter);
    const kinds = kindsWithoutCatalog(state.kinds, catalogs).filter((kind) =>
      matches(`${kindLabel(kind)} ${kind.kind} ${besides[kind.kind] ?? ''}`, filter),
    );
    const problem =
      state.catalogFolderProblem === undefined
        ? undefined
        : failureLine(state, actions, { kind: 'storeReadOnly', message: state.catalogFolderProblem });
    const working = ['import', 'export', 'refresh'].some((work) => isBusy(state, work)) ? loadingLine(l10n.t('Working…')) : undefined;
    if (found.length === 0 && (filter.isComparing || kinds.length === 0))
      return [problem, working, this.nothing(), ...(filter.isComparing ? kindRows(kinds, actions) : []), ...under];
    const rows = filter.isComparing ? [this.table(found), ...kindRows(kinds, actions)] : [resultList(found, kinds, actions)];
    return [problem, working, ...rows, ...under];
  }

  private nothing(): HTMLElement {
    const clear = textButton(l10n.t('Clear Filter'), () => {
      this.search.value = '';
      const isComparing = this.filter?.isComparing === true;
      this.actions.change({ filter: { ...noFilter, isComparing } });
      this.search.focus();
    });
    const update = textButton(l10n.t('Update from Catalog Server…'), () => this.actions.ask('refresh', { type: 'refreshCatalog' }));
    update.dataset['key'] = 'update-catalog';
    return element('p', { class: 'buttons' }, l10n.t('No matching providers or models.'), clear, update);
  }

  private table(found: readonly CatalogSummary[]): HTMLElement {
    const body = element('tbody', {}, ...found.map((catalog, at) => this.row(catalog, at === 0)));
    body.addEventListener('keydown', (event) => {
      moveByArrows(
        event,
        [...body.querySelectorAll('.row-name')].filter((one) => one instanceof HTMLElement),
      );
    });
    const head = [
      l10n.t('Provider'),
      l10n.t('Models'),
      l10n.t('Input $/M'),
      l10n.t('Output $/M'),
      l10n.t('Context window'),
      l10n.t('Capabilities'),
    ];
    return element(
      'div',
      { class: 'scroll-x' },
      element(
        'table',
        { class: 'catalogs' },
        element('caption', {}, found.length === 1 ? l10n.t('1 provider') : l10n.t('{0} providers', found.length)),
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            ...head.map((title, at) => element('th', { scope: 'col', class: at > 0 && at < 5 ? 'number' : undefined }, title)),
            element('th', { scope: 'col' }, element('span', { class: 'visually-hidden' }, l10n.t('Connect'))),
          ),
        ),
        body,
      ),
    );
  }

  private row(catalog: CatalogSummary, isTabStop: boolean): HTMLElement {
    const { actions } = this;
    const open = catalogLink(catalog, actions);
    open.tabIndex = isTabStop ? 0 : -1;
    const connect = textButton(l10n.t('Choose'), () =>
      actions.go({ at: 'connect', choice: { kind: catalog.kind, catalogId: catalog.id } }),
    );
    connect.setAttribute('aria-label', l10n.t('Choose {0}', visibleText(catalog.name)));
    connect.dataset['key'] = `choose:${catalog.id}`;
    const notes = [
      catalog.source === 'user'
        ? catalog.overridesShipped
          ? l10n.t('custom, replaces the built-in catalog')
          : l10n.t('custom')
        : undefined,
      catalog.errorCount > 0 ? errorsText(catalog.errorCount) : undefined,
      catalog.warningCount > 0 ? formatWarningCount(catalog.warningCount) : undefined,
    ].filter((note) => note !== undefined);
    return element(
      'tr',
      {},
      element(
        'th',
        { scope: 'row' },
        open,
        notes.length === 0
          ? undefined
          : element('span', { class: 'quiet line' }, catalog.errorCount > 0 ? icon('warning') : undefined, ` ${notes.join(', ')}`),
      ),
      element('td', { class: 'number' }, catalogModels(catalog)),
      element('td', { class: 'number' }, priceRange(catalog.lowestInputPerMillion, catalog.highestInputPerMillion)),
      element('td', { class: 'number' }, priceRange(catalog.lowestOutputPerMillion, catalog.highestOutputPerMillion)),
      element('td', { class: 'number' }, window(catalog.largestContext)),
      element('td', {}, catalogCapabilities(catalog)),
      element('td', { class: 'number' }, connect),
    );
  }
}

/** Shows the first providers. A detected provider is used immediately. */
export function firstProviders(state: State, actions: Actions): HTMLElement {
  const foundOf = (card: ProviderCard): ProviderSummary | undefined =>
    state.providers?.find(({ kind, source, fault }) => kind === card && source === 'found' && fault === undefined);
  return cardList(
    (card) => {
      if (!isUp(state)) return;
      const found = foundOf(card);
      if (found !== undefined) {
        actions.ask(`use:${found.id}`, { type: 'use', id: found.id });
        actions.change({ selected: found.id });
        actions.go({ at: 'providers' });
        return;
      }
      const catalogId = catalogOf(card);
      actions.go({
        at: 'connect',
        choice: {
          kind: card,
          ...(catalogId === undefined ? {} : { catalogId }),
          ...(card === 'openai-compatible' ? {} : { connectsAtOnce: true }),
        },
      });
    },
    (card) => (foundOf(card) === undefined ? undefined : l10n.t('Detected')),
  );
}

function ownIds({ catalogs }: State): string[] {
  return (catalogs ?? []).filter(({ source }) => source === 'user').map(({ id }) => id);
}

/** Chips filter only the comparison, where they are shown. */
export function filtered(catalogs: readonly CatalogSummary[], { isComparing, ...typed }: Filter): CatalogSummary[] {
  const filter = isComparing ? typed : { ...noFilter, words: typed.words };
  return catalogs
    .filter(
      (catalog) =>
        matches(`${catalog.name} ${catalog.id} ${catalog.kind}`, filter) &&
        (!filter.isLocal || catalog.isLocal) &&
        (!filter.hasReasoning || catalog.hasReasoning) &&
        (!filter.hasImages || catalog.hasImages) &&
        (!filter.isCheap || (catalog.lowestInputPerMillion ?? Infinity) < 1),
    )
    .sort((one, other) => order(one, other, filter) || one.name.localeCompare(other.name));
}

function matches(text: string, { words }: Pick<Filter, 'words'>): boolean {
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.toLowerCase().includes(word));
}

function order(one: CatalogSummary, other: CatalogSummary, { sort }: Pick<Filter, 'sort'>): number {
  if (sort === 'name') return 0;
  // Unknown values are sorted last.
  if (sort === 'price') return compare(one.lowestInputPerMillion ?? Infinity, other.lowestInputPerMillion ?? Infinity);
  return compare(other.largestContext ?? -1, one.largestContext ?? -1);
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

const besides: Record<string, string> = {
  'claude-code': l10n.t('Your Claude subscription, through Claude Code on this machine'),
  'openai-compatible': l10n.t('Your own server with a Chat Completions API'),
  vscode: l10n.t('Models that other extensions offer in VS Code'),
  acp: l10n.t('Codex CLI, Gemini CLI, Copilot CLI, opencode, Goose, or another agent on this machine'),
  external: l10n.t('A program named plue-provider-… that returns responses'),
};

/** Returns provider types without a catalog entry, or with a custom address. */
export function kindsWithoutCatalog(
  kinds: readonly ProviderKindView[],
  catalogs: readonly CatalogSummary[] | undefined,
): ProviderKindView[] {
  const listed = new Set(catalogs?.map(({ kind }) => kind));
  return kinds.filter(({ kind }) => kind !== 'tour' && (kind in besides || !listed.has(kind)));
}

function kindLabel({ kind, name }: ProviderKindView): string {
  if (kind === 'external') return l10n.t('External program');
  if (kind === 'acp') return l10n.t('Agent on this machine (ACP)');
  return kind === 'openai-compatible' ? l10n.t('OpenAI-compatible server') : name;
}

function kindRows(kinds: readonly ProviderKindView[], actions: Actions): Child[] {
  if (kinds.length === 0) return [];
  return [
    element('h3', {}, l10n.t('Local and custom')),
    element('ul', { class: 'plain-list', 'aria-label': l10n.t('Local and custom') }, ...kinds.map((kind) => kindRow(kind, actions))),
  ];
}

/** Shows search results without prices. */
function resultList(catalogs: readonly CatalogSummary[], kinds: readonly ProviderKindView[], actions: Actions): HTMLElement {
  const rows = catalogs.map((catalog) =>
    choiceRow(catalogLink(catalog, actions), catalog.name, resultText(catalog), `choose:${catalog.id}`, () =>
      actions.go({ at: 'connect', choice: { kind: catalog.kind, catalogId: catalog.id } }),
    ),
  );
  return element(
    'ul',
    { class: 'plain-list', 'aria-label': l10n.t('Search results') },
    ...rows,
    ...kinds.map((kind) => kindRow(kind, actions)),
  );
}

function resultText(catalog: CatalogSummary): string {
  if (catalog.modelCount === 0) return catalog.isLocal ? catalogCapabilities(catalog) : l10n.t('models from server');
  return `${formatModelCount(catalog.modelCount)}, ${catalogCapabilities(catalog)}`;
}

function kindRow(kind: ProviderKindView, actions: Actions): HTMLElement {
  const label = kindLabel(kind);
  return choiceRow(element('span', {}, visibleText(label)), label, besides[kind.kind] ?? '', `choose-kind:${kind.kind}`, () =>
    actions.go({ at: 'connect', choice: { kind: kind.kind } }),
  );
}

/** Links to the models and prices of a catalog. */
function catalogLink({ id, name }: CatalogSummary, actions: Actions): HTMLButtonElement {
  const open = element('button', { type: 'button', class: 'row-name', 'data-key': `catalog:${id}` }, visibleText(name));
  open.addEventListener('click', () => actions.go({ at: 'catalog', id }));
  return open;
}

function choiceRow(title: HTMLElement, label: string, about: string, key: string, choose: () => void): HTMLElement {
  const button = textButton(l10n.t('Choose'), choose);
  button.setAttribute('aria-label', l10n.t('Choose {0}', visibleText(label)));
  button.dataset['key'] = key;
  return element(
    'li',
    { class: 'kind-row' },
    element('span', { class: 'provider-text' }, title, element('span', { class: 'quiet line' }, visibleText(about))),
    button,
  );
}

/** Shown when models are selected. */
export function compareBar(state: State, actions: Actions): HTMLElement | undefined {
  const { length } = state.compared;
  if (length === 0) return undefined;
  const compareButton = textButton(
    length === 1 ? l10n.t('Compare 1 Model') : l10n.t('Compare {0} Models', length),
    () => actions.go({ at: 'compare' }),
    'primary',
  );
  compareButton.dataset['key'] = 'compare';
  const clear = textButton(l10n.t('Clear'), () => actions.change({ compared: [] }));
  clear.setAttribute('aria-label', l10n.t('Clear Comparison'));
  clear.dataset['key'] = 'clear-compare';
  return element('div', { class: 'compare-bar buttons' }, compareButton, clear, failureOf(state, actions, 'compare'));
}
