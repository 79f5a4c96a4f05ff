// Editor for custom catalogs. Unknown fields are kept.
import * as l10n from '@vscode/l10n';
import type { CatalogProblem, FieldView } from '../../protocol/protocol.generated';
import { formatWarningCount } from '../../common/counts';
import { element, icon, iconButton, textButton } from '../shared/element';
import { Form } from '../shared/form';
import { numberProblem } from '../shared/fieldControl';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import { failureOf, focusHeading, isUp, routeHead, type Actions, type View } from './actions';
import { isBusy, type State } from './pageState';
import { errorsText } from './words';

type Entries = Record<string, unknown>;

const text = (name: string, change: Partial<FieldView> = {}): FieldView => ({
  name,
  type: 'text',
  required: false,
  options: [],
  properties: [],
  ...change,
});

const fields: FieldView[] = [
  text('name', { required: true }),
  text('id', { required: true, description: l10n.t('An ID used by a built-in catalog replaces that catalog.') }),
  text('type', {
    required: true,
    description: l10n.t('API type in Catwalk format, such as openai-compat or anthropic.'),
  }),
  text('api_endpoint', { description: l10n.t('Server address.'), placeholder: 'https://api.example.com/v1' }),
  text('api_key', {
    description: l10n.t('Environment variable that usually holds the key, not the key itself.'),
    placeholder: '$EXAMPLE_API_KEY',
  }),
  text('default_large_model_id', { description: l10n.t('Model for new chats.') }),
  text('default_small_model_id', { description: l10n.t('Model for titles and summaries.') }),
];

const labels = {
  api_endpoint: l10n.t('Endpoint'),
  api_key: l10n.t('Key variable'),
  default_large_model_id: l10n.t('Default model'),
  default_small_model_id: l10n.t('Small model'),
};

interface Column {
  name: string;
  label: string;
  /** Additional text for screen readers. */
  spoken?: string;
  type: 'text' | 'number' | 'whole' | 'check';
}

// The format means "write" by in_cached and "read" by out_cached.
const columns: Column[] = [
  { name: 'id', label: 'ID', type: 'text' },
  { name: 'name', label: l10n.t('Name'), type: 'text' },
  { name: 'cost_per_1m_in', label: l10n.t('Input $/M'), spoken: l10n.t('Input price'), type: 'number' },
  { name: 'cost_per_1m_out', label: l10n.t('Output $/M'), spoken: l10n.t('Output price'), type: 'number' },
  { name: 'cost_per_1m_in_cached', label: l10n.t('Cache write $/M'), spoken: l10n.t('Cache write price'), type: 'number' },
  { name: 'cost_per_1m_out_cached', label: l10n.t('Cache read $/M'), spoken: l10n.t('Cache read price'), type: 'number' },
  { name: 'context_window', label: l10n.t('Context window'), type: 'whole' },
  { name: 'default_max_tokens', label: l10n.t('Max output'), type: 'whole' },
  { name: 'can_reason', label: l10n.t('Reasoning'), type: 'check' },
  { name: 'supports_attachments', label: l10n.t('Images'), type: 'check' },
];

const validationDelay = 400;

export const saveWork = 'saveCatalog';

export class CatalogEditor implements View {
  readonly node: HTMLElement;
  private readonly document: Entries;
  private readonly form: Form;
  private readonly body = element('tbody', {});
  private readonly summary = new Section('div', {});
  private readonly foot = new Section('div', { class: 'sticky' });
  private problems: readonly CatalogProblem[] = [];
  private validation = 0;
  private validationTimer: ReturnType<typeof setTimeout> | undefined;
  private blocked = false;

  constructor(
    document: unknown,
    private readonly previousId: string | undefined,
    private readonly actions: Actions,
  ) {
    this.document = entriesOf(structuredClone(document));
    this.form = new Form({
      id: 'catalog',
      fields,
      values: this.document,
      labels,
      onChange: (name, value) => {
        // A value that could be a key is neither stored nor sent.
        if (this.checkKeyVariable()) this.set(this.document, name, value);
      },
    });
    const add = textButton(l10n.t('Add Model'), () => this.addModel());
    const title = previousId === undefined ? l10n.t('New catalog') : l10n.t('Edit catalog {0}', asText(this.document['name']));
    this.node = element(
      'section',
      { class: 'route', 'aria-label': l10n.t('Edit catalog') },
      routeHead(title, actions),
      this.summary.node,
      this.form.node,
      element('h3', {}, l10n.t('Models')),
      element('p', { class: 'field-help' }, l10n.t('Prices are in USD per million tokens. Leave a field empty if the price is unknown.')),
      this.modelTable(),
      element('div', { class: 'buttons' }, add),
      this.foot.node,
    );
    this.drawModels();
  }

  private modelTable(): HTMLElement {
    return element(
      'div',
      { class: 'scroll-x', tabindex: '0', role: 'region', 'aria-label': l10n.t('Models') },
      element(
        'table',
        { class: 'model-editor' },
        element('caption', { class: 'visually-hidden' }, l10n.t('Models of this catalog')),
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            ...columns.map(({ label }) => element('th', { scope: 'col' }, label)),
            element('th', { scope: 'col' }, element('span', { class: 'visually-hidden' }, l10n.t('Remove'))),
          ),
        ),
        this.body,
      ),
    );
  }

  private addModel(): void {
    const models = this.models();
    models.push({ id: '', name: '' });
    this.document['models'] = models;
    this.drawModels();
    this.changed();
    this.cell(models.length - 1, 'id')?.focus();
  }

  focus(): void {
    focusHeading(this.node);
    this.validate();
  }

  show(state: State): void {
    const busy = isBusy(state, saveWork);
    this.blocked = busy || !isUp(state);
    this.foot.show([busy, state.failures[saveWork], state.sidecar.state], () => {
      const save = textButton(busy ? l10n.t('Saving…') : l10n.t('Save'), () => this.save(), 'primary');
      if (this.blocked) save.setAttribute('aria-disabled', 'true');
      save.dataset['key'] = 'save';
      const cancel = textButton(l10n.t('Cancel'), () => this.actions.back());
      cancel.dataset['key'] = 'cancel';
      return [failureOf(state, this.actions, saveWork), element('div', { class: 'buttons' }, save, cancel)];
    });
  }

  /** Ignores replies to earlier requests. */
  showProblems(work: string, problems: readonly CatalogProblem[]): void {
    if (work !== `validate:${this.validation}`) return;
    this.problems = problems;
    const at = (name: string): string | undefined => problems.find(({ path, severity }) => path === name && severity === 'error')?.message;
    for (const { name } of fields) this.form.showProblem(name, at(name));
    this.announceCells();
    this.summary.show(problems, () => this.summaryLines());
  }

  private summaryLines(): (HTMLElement | undefined)[] {
    const { problems } = this;
    if (problems.length === 0) return [];
    const errors = problems.filter(({ severity }) => severity === 'error').length;
    const counted = [errors > 0 ? errorsText(errors) : '', problems.length > errors ? formatWarningCount(problems.length - errors) : ''];
    const rows = problems.map((problem) => {
      const go = textButton(visibleText(problem.message), () => this.goTo(problem.path), 'quiet');
      return element('li', {}, icon(problem.severity), ' ', go, element('span', { class: 'quiet mono' }, ` ${visibleText(problem.path)}`));
    });
    return [
      element(
        'section',
        { class: 'notice', 'aria-label': l10n.t('Findings') },
        element('p', { role: 'status' }, counted.filter((one) => one !== '').join(', ')),
        element('ul', { class: 'plain-list' }, ...rows),
      ),
    ];
  }

  private goTo(path: string): void {
    const model = modelPath.exec(path);
    if (model === null) this.form.focus(path);
    else this.cell(Number(model[1]), model[2] ?? 'id')?.focus();
  }

  private drawModels(): void {
    this.body.replaceChildren(...this.models().map((model, at) => this.modelRow(model, at)));
    this.announceCells();
  }

  private modelRow(model: Entries, at: number): HTMLElement {
    const remove = iconButton('trash', l10n.t('Remove model {0}', at + 1), () => {
      this.document['models'] = this.models().filter((_, index) => index !== at);
      this.drawModels();
      this.changed();
      const next = this.cell(Math.min(at, this.models().length - 1), 'id');
      if (next !== undefined) next.focus();
      else this.form.focus();
    });
    return element('tr', {}, ...columns.map((column) => this.modelCell(model, at, column)), element('td', {}, remove));
  }

  private modelCell(model: Entries, at: number, { name, label, spoken, type }: Column): HTMLElement {
    const id = cellId(at, name);
    const input = element('input', {
      type: type === 'check' ? 'checkbox' : 'text',
      id,
      class: type === 'check' ? 'checkbox' : `text-input${type === 'text' ? '' : ' figure'}`,
      inputmode: type === 'text' || type === 'check' ? undefined : 'decimal',
      'aria-label': l10n.t('{0} of model {1}', spoken ?? label, at + 1),
      'aria-describedby': `${id}-problem`,
      spellcheck: 'false',
      autocomplete: 'off',
    });
    if (type === 'check') input.checked = model[name] === true;
    else input.value = asText(model[name]);
    input.addEventListener(type === 'check' ? 'change' : 'input', () => {
      const value = read(input, type);
      this.set(model, name, value);
      if (typeof value === 'number') this.announceCell(at, name, numberProblem(value, type === 'whole' ? { step: 1 } : {}));
    });
    return element('td', {}, input, element('span', { class: 'field-problem', id: `${id}-problem`, hidden: true }));
  }

  private announceCells(): void {
    this.models().forEach((_, at) => {
      for (const { name } of columns) {
        const path = `models[${at}].${name}`;
        const found = this.problems.find((one) => one.path === path || (name === 'id' && one.path === `models[${at}]`));
        this.announceCell(at, name, found === undefined ? undefined : found.message, found?.severity === 'error');
      }
    });
  }

  private announceCell(at: number, name: string, problem: string | undefined, isError = true): void {
    const input = this.cell(at, name);
    const place = input?.nextElementSibling;
    if (input === undefined || !(place instanceof HTMLElement)) return;
    place.textContent = problem === undefined ? '' : visibleText(problem);
    place.hidden = problem === undefined;
    if (problem !== undefined && isError) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }

  private cell(at: number, name: string): HTMLElement | undefined {
    const found = [...this.body.querySelectorAll('input')].find(({ id }) => id === cellId(at, name));
    return found;
  }

  private models(): Entries[] {
    const { models } = this.document;
    const all: unknown[] = Array.isArray(models) ? models : [];
    // Returns the document's own objects, so that editing a cell changes the document.
    return all.filter(isEntries);
  }

  private set(target: Entries, name: string, value: unknown): void {
    if (value === undefined) delete target[name];
    else target[name] = value;
    this.changed();
  }

  private changed(): void {
    this.actions.keep({
      at: 'editCatalog',
      document: structuredClone(this.document),
      ...(this.previousId === undefined ? {} : { previousId: this.previousId }),
    });
    clearTimeout(this.validationTimer);
    this.validationTimer = setTimeout(() => this.validate(), validationDelay);
  }

  private checkKeyVariable(): boolean {
    const typed = this.form.values['api_key'];
    const isVariable = typed === undefined || (typeof typed === 'string' && /^\$\w+$/.test(typed));
    if (!isVariable)
      this.form.showProblem(
        'api_key',
        l10n.t('Name of an environment variable, such as $EXAMPLE_API_KEY. Store the key itself in the vault.'),
      );
    return isVariable;
  }

  private validate(): void {
    clearTimeout(this.validationTimer);
    if (!this.node.isConnected) return;
    this.validation++;
    this.actions.ask(`validate:${this.validation}`, { type: 'validateCatalog', document: structuredClone(this.document) });
  }

  private save(): void {
    if (this.blocked || !this.form.check() || !this.checkKeyVariable()) return;
    const document = structuredClone(this.document);
    this.actions.ask(saveWork, {
      type: 'saveCatalog',
      document,
      ...(this.previousId === undefined ? {} : { previousId: this.previousId }),
    });
  }
}

const modelPath = /^models\[(\d+)\](?:\.(\w+))?/;

function cellId(at: number, name: string): string {
  return `model-${at}-${name}`;
}

function read(input: HTMLInputElement, type: Column['type']): unknown {
  if (type === 'check') return input.checked;
  const typed = input.value.trim();
  if (typed === '') return type === 'text' ? '' : undefined;
  // Invalid numbers are passed on, so that validation reports them.
  if (type === 'text' || !Number.isFinite(Number(typed))) return typed;
  return Number(typed);
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function isEntries(value: unknown): value is Entries {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entriesOf(value: unknown): Entries {
  return isEntries(value) ? value : {};
}
