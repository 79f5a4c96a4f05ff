// Model picker: a button with a filterable list of the models of all providers.
import * as l10n from '@vscode/l10n';
import type { ModelChoice, ModelView, ProviderSummary } from '../../protocol/protocol.generated';
import { element, icon, setText } from './element';
import { formatCost, priceText, formatTokens } from '../../common/format';
import type { ModelLists, Models } from './modelLists';
import { windowTexts } from '../../common/usageWindows';
import { visibleText } from '../../common/visibleText';

export interface ModelPickerOptions {
  /** Prefix of element IDs, so that a page can have several pickers. */
  id: string;
  /** Label of the button: "Provider and model". */
  label: string;
  lists: ModelLists;
  /** Called with undefined for the row of {@link unset}. */
  choose: (choice: ModelChoice | undefined) => void;
  /** Label of a first row that clears the choice. */
  unset?: string;
  /** Adds a last row that opens the Providers page. */
  connect?: () => void;
}

export interface ModelPickerState {
  /** Accessible name of the button, and its text if there is no shorter one. */
  words: string;
  /** Shorter text of the button. */
  shortText?: string;
  providers: readonly ProviderSummary[];
  chosen: ModelChoice | undefined;
  /** Most recent first. */
  recent?: readonly ModelChoice[];
  /** Default models, which are marked. */
  large?: ModelChoice;
  /** Tokens of the next message including its context, if known. */
  tokens?: number;
  small?: ModelChoice;
}

/** A row; without `pick` it cannot be selected. */
interface Row {
  label: string;
  tags?: string[];
  detail?: string;
  abilities?: Node[];
  /** Additional search text. */
  also?: string;
  isChosen?: boolean;
  /** Used for the estimate, if known. */
  model?: ModelView | undefined;
  pick?: () => void;
}

export class ModelPicker {
  readonly node: HTMLElement;
  readonly button: HTMLButtonElement;
  private readonly label = element('span', { class: 'picker-label' });
  private readonly filter: HTMLInputElement;
  private readonly list: HTMLElement;
  private readonly popup: HTMLElement;
  private readonly estimate = element('div', { class: 'picker-estimate', hidden: true });
  private state: ModelPickerState = { words: '', providers: [], chosen: undefined };
  private options: { node: HTMLElement; key: string; pick: () => void; model: ModelView | undefined }[] = [];
  private active = 0;

  constructor(private readonly settings: ModelPickerOptions) {
    const { id } = settings;
    this.button = element(
      'button',
      { type: 'button', id, class: 'picker-button', 'aria-haspopup': 'listbox', 'aria-expanded': 'false' },
      this.label,
      icon('chevron-down'),
    );
    this.button.addEventListener('click', () => (this.isOpen ? this.close() : this.open()));
    this.list = element('div', { class: 'picker-list', role: 'listbox', id: `${id}-list`, 'aria-label': l10n.t('Providers and models') });
    this.filter = createFilter(id);
    this.filter.addEventListener('input', () => {
      this.options = [];
      this.active = 0;
      if (this.filter.value.trim() !== '') this.loadAll();
      this.draw();
    });
    this.filter.addEventListener('keydown', (event) => this.pressed(event));
    this.popup = element('div', { class: 'picker-popup', hidden: true }, this.filter, this.list, this.estimate);
    this.popup.addEventListener('focusout', (event) => {
      if (!(event.relatedTarget instanceof Node && this.node.contains(event.relatedTarget))) this.close(false);
    });
    this.popup.addEventListener('mousedown', (event) => {
      if (event.target !== this.filter) event.preventDefault();
    });
    this.node = element('div', { class: 'picker' }, this.button, this.popup);
    settings.lists.onChange(() => {
      if (!this.isOpen) return;
      this.draw();
      if (this.filter.value === '') this.goToChosen();
    });
  }

  get isOpen(): boolean {
    return !this.popup.hidden;
  }

  show(state: ModelPickerState): void {
    this.state = state;
    const words = visibleText(state.words);
    setText(this.label, visibleText(state.shortText ?? state.words));
    this.button.setAttribute('aria-label', `${this.settings.label}: ${words}`);
    this.button.title = words;
    if (this.isOpen) this.draw();
  }

  open(): void {
    this.popup.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    this.filter.value = '';
    this.options = [];
    this.active = 0;
    const { chosen, providers } = this.state;
    const first = chosen?.providerId ?? providers.find(({ isDefault }) => isDefault)?.id;
    if (this.provider(first)?.enabled === true && this.provider(first)?.kind !== 'tour' && first !== undefined)
      this.settings.lists.load(first);
    this.draw();
    this.goToChosen();
    this.filter.focus();
  }

  close(refocus = true): void {
    if (!this.isOpen) return;
    this.popup.hidden = true;
    this.button.setAttribute('aria-expanded', 'false');
    if (refocus) this.button.focus();
  }

  private provider(id: string | undefined): ProviderSummary | undefined {
    return this.state.providers.find((provider) => provider.id === id);
  }

  private loadAll(): void {
    for (const { id, enabled, kind } of this.state.providers) if (enabled && kind !== 'tour') this.settings.lists.load(id);
  }

  private goToChosen(): void {
    this.active = Math.max(
      0,
      this.options.findIndex(({ node }) => node.getAttribute('aria-selected') === 'true'),
    );
    this.mark();
  }

  private draw(): void {
    const typed = this.filter.value.trim();
    const { unset, connect } = this.settings;
    const { providers, chosen } = this.state;
    const marked = this.options[this.active]?.key;
    this.options = [];
    const before: (HTMLElement | undefined)[] = [];
    if (unset !== undefined && typed === '')
      before.push(this.group('', [{ label: unset, isChosen: chosen === undefined, pick: () => this.take(undefined) }]));
    if (typed === '') before.push(this.group(l10n.t('Recently used'), this.recentRows()));
    const groups = providers.map((provider) => this.group(provider.name, this.rowsOf(provider, typed)));
    // Last, so that Enter selects a match before the typed text.
    const last =
      typed !== ''
        ? this.group(l10n.t('Another model'), this.typedRows(typed))
        : connect === undefined
          ? undefined
          : this.group('', [{ label: l10n.t('Connect a Provider…'), pick: connect }]);
    this.list.replaceChildren(...[...before, ...groups, last].filter((group) => group !== undefined));
    if (this.options.length === 0) this.list.append(element('div', { class: 'picker-note' }, l10n.t('No matching models.')));
    // Rows added above the selected one must not change the selection.
    const at = this.options.findIndex(({ key }) => key === marked);
    this.active = at >= 0 ? at : Math.min(this.active, Math.max(0, this.options.length - 1));
    this.mark();
  }

  private group(name: string, rows: Row[]): HTMLElement | undefined {
    if (rows.length === 0) return undefined;
    const title = name === '' ? undefined : element('div', { class: 'picker-group-title', role: 'presentation' }, visibleText(name));
    return element(
      'div',
      { class: 'picker-group', role: 'group', 'aria-label': name === '' ? l10n.t('More') : visibleText(name) },
      title,
      ...rows.map((row) => this.row(row, name)),
    );
  }

  private row(row: Row, group: string): HTMLElement {
    const { pick } = row;
    const content = [
      element('span', { class: 'picker-check' }, row.isChosen === true ? icon('check') : undefined),
      element(
        'span',
        { class: 'picker-text' },
        element(
          'span',
          { class: 'picker-line' },
          element('span', { class: 'picker-name' }, visibleText(row.label)),
          ...(row.tags ?? []).map((tag) => element('span', { class: 'picker-tag' }, tag)),
          row.detail === undefined ? undefined : element('span', { class: 'picker-detail' }, visibleText(row.detail)),
        ),
        row.abilities === undefined || row.abilities.length === 0
          ? undefined
          : element('span', { class: 'picker-abilities' }, ...row.abilities),
      ),
    ];
    if (pick === undefined)
      return element('div', { class: 'picker-option note', role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' }, ...content);
    const at = this.options.length;
    const node = element(
      'div',
      { class: 'picker-option', role: 'option', id: `${this.settings.id}-option-${at}`, 'aria-selected': String(row.isChosen === true) },
      ...content,
    );
    node.addEventListener('mousemove', () => {
      if (this.active === at) return;
      this.active = at;
      this.mark(false);
    });
    node.addEventListener('click', () => pick());
    this.options.push({ node, key: JSON.stringify([group, row.label, row.also]), pick, model: row.model });
    return node;
  }

  private take(choice: ModelChoice | undefined): void {
    this.close();
    this.settings.choose(choice);
  }

  /** Omits the current choice and providers that are disabled or deleted. */
  private recentRows(): Row[] {
    const { recent, chosen } = this.state;
    return (recent ?? []).flatMap((choice) => {
      const provider = this.provider(choice.providerId);
      if (provider === undefined || !provider.enabled || isSame(choice, chosen)) return [];
      const model = this.settings.lists.model(provider.id, choice.model ?? provider.model);
      const name = provider.kind === 'tour' ? l10n.t('Recorded chats') : (model?.name ?? choice.model ?? provider.model);
      return [
        {
          label: name === undefined ? provider.name : `${provider.name} / ${name}`,
          ...(model === undefined ? {} : { detail: priceText(model) ?? '', abilities: abilitiesOf(model), model }),
          pick: () => this.take(choice),
        },
      ];
    });
  }

  /** Returns the models of a provider, and requests them if needed. */
  private rowsOf(provider: ProviderSummary, typed: string): Row[] {
    if (!provider.enabled) return typed === '' ? [{ label: l10n.t('Disabled') }] : [];
    const { chosen } = this.state;
    const isChosen = chosen?.providerId === provider.id;
    const chosenModel = isChosen ? chosen.model : undefined;
    const pick = (model: string | undefined) => (): void =>
      this.take({ providerId: provider.id, ...(model === undefined ? {} : { model }) });
    if (provider.kind === 'tour') {
      const row: Row = { label: l10n.t('Recorded chats'), tags: this.tagsOf(provider, undefined), isChosen, pick: pick(undefined) };
      return matches(row, provider, typed) ? [row] : [];
    }
    const listed = this.settings.lists.of(provider.id);
    const rows: Row[] = [
      {
        label: l10n.t('Default model'),
        tags: this.tagsOf(provider, undefined),
        ...(provider.model === undefined ? {} : { detail: provider.model }),
        model: provider.model === undefined ? undefined : this.settings.lists.model(provider.id, provider.model),
        isChosen: isChosen && (chosenModel === undefined || (chosenModel === provider.model && !isListed(listed, chosenModel))),
        pick: pick(undefined),
      },
    ];
    for (const model of modelsOf(listed, chosenModel === provider.model ? undefined : chosenModel)) {
      rows.push({
        label: model.name ?? model.id,
        tags: this.tagsOf(provider, model.id),
        ...detailOf(model),
        abilities: abilitiesOf(model),
        model,
        also: model.id,
        isChosen: model.id === chosenModel,
        pick: pick(model.id),
      });
    }
    const matching = [
      ...(typed === '' ? windowTexts(provider, new Date()).map((label) => ({ label })) : []),
      ...rows.filter((row) => matches(row, provider, typed)),
    ];
    if (listed?.state === 'loading') return [...matching, { label: l10n.t('Loading models…') }];
    if (typed !== '') return matching;
    const again = { pick: (): void => this.loadAndDraw(provider.id) };
    if (listed === undefined) return [...matching, { label: l10n.t('Show Models…'), ...again }];
    if (listed.state === 'failed') return [...matching, { label: listed.error }, { label: l10n.t('Try Again'), ...again }];
    return matching;
  }

  private tagsOf({ id }: ProviderSummary, model: string | undefined): string[] {
    const { large, small } = this.state;
    const choice: ModelChoice = { providerId: id, ...(model === undefined ? {} : { model }) };
    return [
      ...(large !== undefined && isSame(large, choice) ? [l10n.t('Default for new chats')] : []),
      ...(small !== undefined && isSame(small, choice) ? [l10n.t('Small model')] : []),
    ];
  }

  /** Returns rows that use the typed text as a model ID, with the current provider first. */
  private typedRows(typed: string): Row[] {
    if (typed === '' || /\s/.test(typed)) return [];
    const chosen = this.state.chosen?.providerId ?? this.state.providers.find(({ isDefault }) => isDefault)?.id;
    return this.state.providers
      .filter((provider) => provider.enabled && provider.kind !== 'tour' && !isListed(this.settings.lists.of(provider.id), typed))
      .sort((one, other) => Number(other.id === chosen) - Number(one.id === chosen))
      .map((provider) => ({
        label: l10n.t('Use “{0}”', typed),
        detail: provider.name,
        pick: () => this.take({ providerId: provider.id, model: typed }),
      }));
  }

  private loadAndDraw(providerId: string): void {
    this.settings.lists.load(providerId);
    this.draw();
    this.filter.focus();
  }

  private pressed(event: KeyboardEvent): void {
    if (event.isComposing) return;
    const last = this.options.length - 1;
    const moves: Record<string, number> = {
      ArrowDown: this.active >= last ? 0 : this.active + 1,
      ArrowUp: this.active <= 0 ? last : this.active - 1,
      PageDown: Math.min(last, this.active + 10),
      PageUp: Math.max(0, this.active - 10),
    };
    const to = moves[event.key];
    if (to !== undefined) {
      this.active = to;
      this.mark();
    } else if (event.key === 'Enter') {
      this.options[this.active]?.pick();
    } else if (event.key === 'Escape') {
      this.close();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** Shows the estimate for the model that Enter selects. */
  private showEstimate(model: ModelView | undefined): void {
    const { tokens } = this.state;
    const price = model?.inputPerMillion;
    const message =
      tokens === undefined || price === undefined
        ? undefined
        : l10n.t('Input of this message: about {0} tokens, {1}', formatTokens(tokens), formatCost((tokens / 1_000_000) * price));
    const chat = model?.typicalChatCost === undefined ? undefined : l10n.t('Typical chat: about {0}', formatCost(model.typicalChatCost));
    const texts = [message, chat].filter((text) => text !== undefined);
    this.estimate.hidden = texts.length === 0;
    this.estimate.title = chat === undefined ? '' : l10n.t('A typical chat is the median of your chats.');
    this.estimate.replaceChildren(...texts.map((text) => element('div', {}, text)));
  }

  private mark(scroll = true): void {
    this.options.forEach(({ node }, index) => node.classList.toggle('active', index === this.active));
    this.showEstimate(this.options[this.active]?.model);
    const node = this.options[this.active]?.node;
    if (node === undefined) {
      this.filter.removeAttribute('aria-activedescendant');
      return;
    }
    this.filter.setAttribute('aria-activedescendant', node.id);
    if (scroll && 'scrollIntoView' in node) node.scrollIntoView({ block: 'nearest' });
  }
}

/** Returns "Anthropic / claude-sonnet"; with the provider's default model if the choice has none. */
export function choiceText(choice: ModelChoice, providers: readonly ProviderSummary[]): string {
  const provider = providers.find(({ id }) => id === choice.providerId);
  if (provider === undefined) return l10n.t('{0} (not found)', choice.providerId);
  const model = choice.model ?? provider.model;
  return model === undefined ? provider.name : `${provider.name} / ${model}`;
}

/** Like {@link choiceText}, with the provider's status, for choices in settings. */
export function savedChoiceText(choice: ModelChoice, providers: readonly ProviderSummary[]): string {
  const isOff = providers.some(({ id, enabled }) => id === choice.providerId && !enabled);
  return isOff ? l10n.t('{0} (disabled)', choiceText(choice, providers)) : choiceText(choice, providers);
}

export function isSame(one: ModelChoice, other: ModelChoice | undefined): boolean {
  return one.providerId === other?.providerId && one.model === other.model;
}

function matches(row: Row, provider: ProviderSummary, typed: string): boolean {
  return typed === '' || `${row.label} ${row.detail ?? ''} ${row.also ?? ''} ${provider.name}`.toLowerCase().includes(typed.toLowerCase());
}

/** Adds a typed model that is not in the list. */
function modelsOf(listed: Models | undefined, chosenModel: string | undefined): ModelView[] {
  const models = listed?.state === 'listed' ? listed.models : [];
  return chosenModel === undefined || models.some((model) => model.id === chosenModel) ? models : [{ id: chosenModel }, ...models];
}

function isListed(listed: Models | undefined, id: string): boolean {
  return listed?.state === 'listed' && listed.models.some((model) => model.id === id);
}

/** Returns the price, or else the ID unless it is already shown. */
function detailOf(model: ModelView): { detail?: string } {
  const price = priceText(model);
  if (price !== undefined) return { detail: price };
  return model.name === undefined || model.name === model.id ? {} : { detail: model.id };
}

/** Returns "200k context, tools, images, reasoning"; omits unknown values. */
export function abilityText({ contextLength, supportsTools, supportsVision, canReason }: ModelView): string {
  const words = [
    contextLength === undefined ? '' : l10n.t('{0} context', formatTokens(contextLength)),
    supportsTools === true ? l10n.t('tools') : '',
    supportsVision === true ? l10n.t('images') : '',
    canReason === true ? l10n.t('reasoning') : '',
  ];
  return words.filter((word) => word !== '').join(', ');
}

function abilitiesOf({ contextLength, supportsTools, supportsVision, canReason }: ModelView): Node[] {
  const words = (text: string, symbol?: string): Node =>
    element('span', { class: 'picker-ability' }, symbol === undefined ? undefined : icon(symbol), text);
  return [
    ...(contextLength === undefined ? [] : [words(l10n.t('{0} context', formatTokens(contextLength)))]),
    ...(supportsTools === true ? [words(l10n.t('Tools'), 'tools')] : []),
    ...(supportsVision === true ? [words(l10n.t('Images'), 'file-media')] : []),
    ...(canReason === true ? [words(l10n.t('Reasoning'), 'lightbulb')] : []),
  ];
}

function createFilter(id: string): HTMLInputElement {
  return element('input', {
    type: 'text',
    class: 'picker-filter',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-autocomplete': 'list',
    'aria-controls': `${id}-list`,
    'aria-label': l10n.t('Filter models or type a model ID'),
    placeholder: l10n.t('Filter, or type a model ID'),
    spellcheck: 'false',
  });
}
