// Which provider and model answer: a button, and a list under it that narrows while one types.
import type { CodexSummary, ModelView, ProviderSummary } from '../../protocol/protocol.generated';
import { element, icon, setText } from '../shared/element';
import { visibleText } from '../shared/visibleText';

export interface PickerActions {
  choose(providerId: string, model: string | undefined): void;
  listModels(providerId: string): void;
  connect(): void;
}

type Models = { state: 'loading' } | { state: 'listed'; models: ModelView[] } | { state: 'failed'; error: string };

/** One line of the list; a line without `pick` only tells something. */
interface Row {
  label: string;
  detail?: string;
  isChosen?: boolean;
  pick?: () => void;
}

export class Picker {
  readonly node: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly label = element('span', { class: 'picker-label' });
  private readonly filter: HTMLInputElement;
  private readonly list = element('div', {
    class: 'picker-list',
    role: 'listbox',
    id: 'picker-list',
    'aria-label': 'Providers and models',
  });
  private readonly popup: HTMLElement;
  private readonly models = new Map<string, Models>();
  private providers: ProviderSummary[] = [];
  private codex: CodexSummary | undefined;
  private options: { node: HTMLElement; pick: () => void }[] = [];
  private active = 0;

  constructor(private readonly actions: PickerActions) {
    this.button = element(
      'button',
      { type: 'button', class: 'picker-button', 'aria-haspopup': 'listbox', 'aria-expanded': 'false' },
      this.label,
      icon('chevron-down'),
    );
    this.button.addEventListener('click', () => (this.isOpen ? this.close() : this.open()));
    this.filter = element('input', {
      type: 'text',
      class: 'picker-filter',
      role: 'combobox',
      'aria-expanded': 'true',
      'aria-autocomplete': 'list',
      'aria-controls': 'picker-list',
      'aria-label': 'Filter models or type a model id',
      placeholder: 'Filter, or type a model id',
      spellcheck: 'false',
    });
    this.filter.addEventListener('input', () => {
      this.active = 0;
      this.draw();
    });
    this.filter.addEventListener('keydown', (event) => this.pressed(event));
    this.popup = element('div', { class: 'picker-popup', hidden: true }, this.filter, this.list);
    this.popup.addEventListener('focusout', (event) => {
      if (!(event.relatedTarget instanceof Node && this.node.contains(event.relatedTarget))) this.close(false);
    });
    this.popup.addEventListener('mousedown', (event) => {
      if (event.target !== this.filter) event.preventDefault();
    });
    this.node = element('div', { class: 'picker' }, this.button, this.popup);
  }

  get isOpen(): boolean {
    return !this.popup.hidden;
  }

  show(codex: CodexSummary, providers: ProviderSummary[]): void {
    this.codex = codex;
    this.providers = providers;
    const words = visibleText(chosenWords(codex, providers));
    setText(this.label, words);
    this.button.setAttribute('aria-label', `Provider and model: ${words}`);
    this.button.title = words;
    if (this.isOpen) this.draw();
  }

  showModels(providerId: string, models: ModelView[], error: string | undefined): void {
    this.models.set(providerId, error === undefined ? { state: 'listed', models } : { state: 'failed', error });
    if (!this.isOpen) return;
    this.draw();
    if (this.filter.value === '') this.goToChosen();
  }

  open(): void {
    this.popup.hidden = false;
    this.button.setAttribute('aria-expanded', 'true');
    this.filter.value = '';
    this.active = 0;
    const chosen = chosenProvider(this.codex, this.providers);
    if (chosen !== undefined) this.load(chosen.id);
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

  private goToChosen(): void {
    this.active = Math.max(
      0,
      this.options.findIndex(({ node }) => node.getAttribute('aria-selected') === 'true'),
    );
    this.mark();
  }

  private load(providerId: string): void {
    const known = this.models.get(providerId)?.state;
    if (known === 'loading' || known === 'listed') return;
    this.models.set(providerId, { state: 'loading' });
    this.actions.listModels(providerId);
  }

  private draw(): void {
    const typed = this.filter.value.trim();
    this.options = [];
    const groups = this.providers.map((provider, index) =>
      this.group(provider.name, this.rowsOf(provider, typed), `picker-group-${index}`),
    );
    // Last, so that Enter takes what matches and not the words that were typed to find it.
    const last =
      typed === ''
        ? this.group('', [{ label: 'Connect a provider…', pick: () => this.actions.connect() }], 'picker-group-connect')
        : this.group('Another model', this.typedRows(typed), 'picker-group-typed');
    this.list.replaceChildren(...[...groups, last].filter((group) => group !== undefined));
    if (this.options.length === 0) this.list.append(element('div', { class: 'picker-note' }, 'Nothing matches.'));
    this.active = Math.min(this.active, Math.max(0, this.options.length - 1));
    this.mark();
  }

  private group(name: string, rows: Row[], id: string): HTMLElement | undefined {
    if (rows.length === 0) return undefined;
    const title = name === '' ? undefined : element('div', { class: 'picker-group-title', id, role: 'presentation' }, visibleText(name));
    return element(
      'div',
      { class: 'picker-group', role: 'group', 'aria-label': name === '' ? 'More' : visibleText(name) },
      title,
      ...rows.map((row) => this.row(row)),
    );
  }

  private row(row: Row): HTMLElement {
    const { pick } = row;
    const content = [
      element('span', { class: 'picker-check' }, row.isChosen === true ? icon('check') : undefined),
      element('span', { class: 'picker-name' }, visibleText(row.label)),
      row.detail === undefined ? undefined : element('span', { class: 'picker-detail' }, visibleText(row.detail)),
    ];
    if (pick === undefined)
      return element('div', { class: 'picker-option told', role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false' }, ...content);
    const at = this.options.length;
    const node = element(
      'div',
      { class: 'picker-option', role: 'option', id: `picker-option-${at}`, 'aria-selected': String(row.isChosen === true) },
      ...content,
    );
    node.addEventListener('mousemove', () => {
      if (this.active === at) return;
      this.active = at;
      this.mark(false);
    });
    node.addEventListener('click', () => pick());
    this.options.push({ node, pick });
    return node;
  }

  /** What one provider offers now. Its models are asked for when they are wanted. */
  private rowsOf(provider: ProviderSummary, typed: string): Row[] {
    if (!provider.enabled) return typed === '' ? [{ label: 'Switched off' }] : [];
    const chosen = chosenProvider(this.codex, this.providers)?.id === provider.id;
    const chosenModel = chosen && this.codex !== undefined ? modelOf(this.codex) : undefined;
    const choose = (model: string | undefined) => (): void => {
      this.close();
      this.actions.choose(provider.id, model);
    };
    if (provider.kind === 'tour') {
      const row: Row = { label: 'Recorded chats', isChosen: chosen, pick: choose(undefined) };
      return matches(row, provider, typed) ? [row] : [];
    }
    const listed = this.models.get(provider.id);
    const rows: Row[] = [
      {
        label: 'Default model',
        ...(provider.model === undefined ? {} : { detail: provider.model }),
        isChosen: chosen && (chosenModel === undefined || (chosenModel === provider.model && !isListed(listed, chosenModel))),
        pick: choose(undefined),
      },
    ];
    for (const model of modelsOf(listed, chosenModel === provider.model ? undefined : chosenModel)) {
      rows.push({ label: model.name ?? model.id, ...detailOf(model), isChosen: model.id === chosenModel, pick: choose(model.id) });
    }
    const matching = rows.filter((row) => matches(row, provider, typed));
    if (typed !== '') return matching;
    if (listed === undefined) return [...matching, { label: 'Show models…', pick: () => this.loadAndDraw(provider.id) }];
    if (listed.state === 'loading') return [...matching, { label: 'Loading models…' }];
    if (listed.state === 'failed')
      return [...matching, { label: listed.error }, { label: 'Try again', pick: () => this.loadAndDraw(provider.id) }];
    return matching;
  }

  /** What was typed, taken as a model's id: the chosen provider's first. */
  private typedRows(typed: string): Row[] {
    if (typed === '' || /\s/.test(typed)) return [];
    const chosen = chosenProvider(this.codex, this.providers)?.id;
    return this.providers
      .filter((provider) => provider.enabled && provider.kind !== 'tour' && !isListed(this.models.get(provider.id), typed))
      .sort((one, other) => Number(other.id === chosen) - Number(one.id === chosen))
      .map((provider) => ({
        label: `Use “${typed}”`,
        detail: provider.name,
        pick: () => {
          this.close();
          this.actions.choose(provider.id, typed);
        },
      }));
  }

  private loadAndDraw(providerId: string): void {
    this.load(providerId);
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

  private mark(scroll = true): void {
    this.options.forEach(({ node }, index) => node.classList.toggle('active', index === this.active));
    const node = this.options[this.active]?.node;
    if (node === undefined) {
      this.filter.removeAttribute('aria-activedescendant');
      return;
    }
    this.filter.setAttribute('aria-activedescendant', node.id);
    if (scroll && 'scrollIntoView' in node) node.scrollIntoView({ block: 'nearest' });
  }
}

/** The chosen provider, even if it is gone, and its model: "Anthropic / claude-sonnet". */
export function chosenWords(codex: CodexSummary, providers: ProviderSummary[]): string {
  const provider = chosenProvider(codex, providers);
  if (provider === undefined) return codex.providerId === undefined ? 'Choose a provider' : `${codex.providerId} (not found)`;
  const model = modelOf(codex) ?? provider.model;
  return model === undefined ? provider.name : `${provider.name} / ${model}`;
}

export function chosenProvider(codex: CodexSummary | undefined, providers: ProviderSummary[]): ProviderSummary | undefined {
  return codex?.providerId === undefined
    ? providers.find((provider) => provider.isDefault)
    : providers.find((provider) => provider.id === codex.providerId);
}

function matches(row: Row, provider: ProviderSummary, typed: string): boolean {
  return typed === '' || `${row.label} ${row.detail ?? ''} ${provider.name}`.toLowerCase().includes(typed.toLowerCase());
}

/** An empty name means the provider's own model. */
function modelOf(codex: CodexSummary): string | undefined {
  return codex.model === '' ? undefined : codex.model;
}

/** A model that the list does not have was typed by hand; it stays in sight. */
function modelsOf(listed: Models | undefined, chosenModel: string | undefined): ModelView[] {
  const models = listed?.state === 'listed' ? listed.models : [];
  return chosenModel === undefined || models.some((model) => model.id === chosenModel) ? models : [{ id: chosenModel }, ...models];
}

function isListed(listed: Models | undefined, id: string): boolean {
  return listed?.state === 'listed' && listed.models.some((model) => model.id === id);
}

/** Prices where they are known; else the id, unless the line already says it. */
function detailOf({ id, name, inputPerMillion, outputPerMillion }: ModelView): { detail?: string } {
  if (inputPerMillion !== undefined && outputPerMillion !== undefined)
    return { detail: `$${inputPerMillion} / $${outputPerMillion} a million` };
  return name === undefined || name === id ? {} : { detail: id };
}
