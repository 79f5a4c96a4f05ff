// First step of adding a provider: select a vendor or a provider type.
import * as l10n from '@vscode/l10n';
import type { CatalogSummary, ProviderKindView } from '../../protocol/protocol.generated';
import { element, icon, textButton, type Child } from '../shared/element';
import { menuButton } from '../shared/menu';
import { moveByArrows } from '../shared/roving';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import { failureLine, failureOf, focusHeading, isUp, loadingLine, routeHead, type Actions, type View } from './actions';
import { isBusy, type Choice, type Filter, type State } from './pageState';
import { catalogAbilities, catalogModels, errorsText, priceRange, warningsText, window } from './words';

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
      const first = this.list.node.querySelector('.row-name');
      if (first instanceof HTMLElement) first.focus();
    });
    this.node = element(
      'section',
      { class: 'route', 'aria-label': l10n.t('Add Provider') },
      routeHead(l10n.t('Add Provider'), actions, l10n.t('Step 1 of 2: choose')),
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
    this.tools.show([filter, state.startingPoints, up, state.busy], () => this.toolLine(state));
    this.list.show(
      [filter, catalogs, kinds, compared.length, executables, state.failures, state.busy, up, state.catalogFolderProblem],
      () => this.rows(state),
    );
  }

  private toolLine(state: State): Child[] {
    const { filter } = state;
    const { actions } = this;
    const chip = (label: string, name: 'isLocal' | 'hasReasoning' | 'hasImages' | 'isCheap'): HTMLElement => {
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
    return [
      element(
        'div',
        { class: 'chips', role: 'group', 'aria-label': l10n.t('Filter') },
        chip(l10n.t('Local'), 'isLocal'),
        chip(l10n.t('Reasoning'), 'hasReasoning'),
        chip(l10n.t('Images'), 'hasImages'),
        chip(l10n.t('Input under $1/M'), 'isCheap'),
      ),
      element('span', { class: 'sort' }, element('label', { for: 'sort' }, l10n.t('Sort by')), sort),
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
    const under = [...failures, ...kindRows(state, actions), compareBar(state, actions)];
    if (state.catalogs === undefined) {
      const failed = state.failures['catalogs'] !== undefined;
      return [failed || !isUp(state) ? undefined : loadingLine(l10n.t('Loading the catalog…')), ...under];
    }
    const found = filtered(state.catalogs, state.filter);
    const problem =
      state.catalogFolderProblem === undefined
        ? undefined
        : failureLine(state, actions, { kind: 'storeReadOnly', message: state.catalogFolderProblem });
    const working = ['import', 'export', 'refresh'].some((work) => isBusy(state, work)) ? loadingLine(l10n.t('Working…')) : undefined;
    return [problem, working, found.length === 0 ? this.nothing() : this.table(found), ...under];
  }

  private nothing(): HTMLElement {
    const clear = textButton(l10n.t('Clear Filter'), () => {
      this.search.value = '';
      this.actions.change({ filter: { words: '', isLocal: false, hasReasoning: false, hasImages: false, isCheap: false, sort: 'name' } });
      this.search.focus();
    });
    return element('p', { class: 'buttons' }, l10n.t('No matching providers or models.'), clear);
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
    const open = element(
      'button',
      { type: 'button', class: 'row-name', tabindex: isTabStop ? '0' : '-1', 'data-key': `catalog:${catalog.id}` },
      visibleText(catalog.name),
    );
    open.addEventListener('click', () => actions.go({ at: 'catalog', id: catalog.id }));
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
      catalog.warningCount > 0 ? warningsText(catalog.warningCount) : undefined,
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
      element('td', {}, catalogAbilities(catalog)),
      element('td', { class: 'number' }, connect),
    );
  }
}

function ownIds({ catalogs }: State): string[] {
  return (catalogs ?? []).filter(({ source }) => source === 'user').map(({ id }) => id);
}

export function filtered(catalogs: readonly CatalogSummary[], filter: Filter): CatalogSummary[] {
  const words = filter.words.toLowerCase().split(/\s+/);
  return catalogs
    .filter(
      (catalog) =>
        words.every((word) => `${catalog.name} ${catalog.id} ${catalog.kind}`.toLowerCase().includes(word)) &&
        (!filter.isLocal || catalog.isLocal) &&
        (!filter.hasReasoning || catalog.hasReasoning) &&
        (!filter.hasImages || catalog.hasImages) &&
        (!filter.isCheap || (catalog.lowestInputPerMillion ?? Infinity) < 1),
    )
    .sort((one, other) => order(one, other, filter) || one.name.localeCompare(other.name));
}

function order(one: CatalogSummary, other: CatalogSummary, { sort }: Filter): number {
  if (sort === 'name') return 0;
  // Unknown values are last.
  if (sort === 'price') return compare(one.lowestInputPerMillion ?? Infinity, other.lowestInputPerMillion ?? Infinity);
  return compare(other.largestContext ?? -1, one.largestContext ?? -1);
}

function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}

const besides: Record<string, string> = {
  'claude-code': l10n.t('Your Claude subscription, through Claude Code on this machine'),
  ollama: l10n.t('Models on this machine or your own server'),
  'openai-compatible': l10n.t('Your own server with a Chat Completions API'),
  external: l10n.t('A program named plue-provider-… that returns responses'),
};

/** Provider types without a catalog entry, or with a custom address. */
export function kindsBeside(kinds: readonly ProviderKindView[], catalogs: readonly CatalogSummary[] | undefined): ProviderKindView[] {
  const listed = new Set(catalogs?.map(({ kind }) => kind));
  return kinds.filter(({ kind }) => kind !== 'tour' && (kind in besides || !listed.has(kind)));
}

function kindRows(state: State, actions: Actions): Child[] {
  const kinds = kindsBeside(state.kinds, state.catalogs);
  if (kinds.length === 0) return [];
  const rows = kinds.map((kind) => {
    const label =
      kind.kind === 'external'
        ? l10n.t('External program')
        : kind.kind === 'openai-compatible'
          ? l10n.t('OpenAI-compatible server')
          : kind.name;
    const choice: Choice = { kind: kind.kind };
    const choose = textButton(l10n.t('Choose'), () => actions.go({ at: 'connect', choice }));
    choose.setAttribute('aria-label', l10n.t('Choose {0}', visibleText(label)));
    choose.dataset['key'] = `choose-kind:${kind.kind}`;
    return element(
      'li',
      { class: 'kind-row' },
      element(
        'span',
        { class: 'provider-words' },
        element('span', {}, visibleText(label)),
        element('span', { class: 'quiet line' }, besides[kind.kind] ?? ''),
      ),
      choose,
    );
  });
  return [
    element('h3', {}, l10n.t('Local and custom')),
    element('ul', { class: 'plain-list', 'aria-label': l10n.t('Local and custom') }, ...rows),
  ];
}

/** Shown once models are ticked. */
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
