// The search box and its filters.
import * as l10n from '@vscode/l10n';
import { element, icon, iconButton, textButton } from '../shared/element';
import { visibleText } from '../../common/visibleText';
import type { SearchChoices } from '../../common/messages/search';
import { emptyForm, isFiltered, periods, roles, statuses, type SearchForm } from './query';

const periodText = {
  any: l10n.t('Any time'),
  today: l10n.t('Today'),
  week: l10n.t('Last 7 days'),
  month: l10n.t('Last 30 days'),
  year: l10n.t('Last year'),
  custom: l10n.t('Custom range'),
} as const;
const roleText = { user: l10n.t('Questions'), assistant: l10n.t('Responses') } as const;
const statusText = {
  complete: l10n.t('Finished'),
  stopped: l10n.t('Stopped'),
  interrupted: l10n.t('Interrupted'),
  failed: l10n.t('Failed'),
} as const;

export class Filters {
  readonly node: HTMLElement;
  readonly box: HTMLInputElement;
  private readonly controls = createControls();
  private readonly days: HTMLElement;
  private readonly tags = element('span', { class: 'tags' });
  private readonly reset: HTMLButtonElement;
  private chosenTags: string[];
  private known: SearchChoices = { providers: [], models: [], tags: [] };

  /** @param onChange `typing` is true while the user types. */
  constructor(
    before: SearchForm,
    private readonly onChange: (typing: boolean) => void,
  ) {
    this.chosenTags = before.tags;
    this.box = createBox();
    const { controls } = this;
    this.days = element(
      'span',
      { class: 'days' },
      this.controls.from,
      element('span', { 'aria-hidden': 'true' }, l10n.t('to')),
      this.controls.to,
    );
    this.reset = textButton(l10n.t('Remove Filters'), () => this.removeAll(), 'quiet');
    this.node = element(
      'div',
      { class: 'column', role: 'search' },
      element('div', { class: 'search-line' }, icon('search'), this.box),
      element(
        'div',
        { class: 'filters', role: 'group', 'aria-label': l10n.t('Filters') },
        controls.period,
        this.days,
        controls.provider,
        controls.model,
        controls.role,
        controls.status,
        controls.tag,
        this.tags,
        controls.hasCode.node,
        controls.includeArchived.node,
        this.reset,
      ),
    );
    this.write(before);
    this.listen();
  }

  private listen(): void {
    this.box.addEventListener('input', () => this.onChange(true));
    const { tag, hasCode, includeArchived, ...selects } = this.controls;
    for (const control of [...Object.values(selects), hasCode.box, includeArchived.box])
      control.addEventListener('change', () => this.change());
    tag.addEventListener('change', () => {
      if (tag.value !== '') this.chosenTags = [...this.chosenTags, tag.value];
      this.change();
    });
  }

  get form(): SearchForm {
    return {
      text: this.box.value,
      period: periods.find((one) => one === this.controls.period.value) ?? 'any',
      from: this.controls.from.value,
      to: this.controls.to.value,
      providerId: this.controls.provider.value,
      model: this.controls.model.value,
      role: roles.find((one) => one === this.controls.role.value) ?? '',
      status: statuses.find((one) => one === this.controls.status.value) ?? '',
      tags: this.chosenTags,
      hasCode: this.controls.hasCode.box.checked,
      includeArchived: this.controls.includeArchived.box.checked,
    };
  }

  offer(choices: SearchChoices): void {
    this.known = choices;
    this.fill(this.form);
  }

  removeAll(): void {
    this.write({ ...emptyForm, text: this.box.value });
    this.box.focus();
    this.onChange(false);
  }

  includeArchive(): void {
    this.controls.includeArchived.box.checked = true;
    this.change();
  }

  private change(): void {
    const form = this.form;
    // Hidden dates do not filter.
    if (form.period !== 'custom') this.controls.from.value = this.controls.to.value = '';
    this.fill(this.form);
    this.onChange(false);
  }

  private write(form: SearchForm): void {
    this.chosenTags = form.tags;
    this.box.value = form.text;
    this.controls.period.value = form.period;
    this.controls.from.value = form.from;
    this.controls.to.value = form.to;
    this.controls.role.value = form.role;
    this.controls.status.value = form.status;
    this.controls.hasCode.box.checked = form.hasCode;
    this.controls.includeArchived.box.checked = form.includeArchived;
    this.fill(form);
  }

  /** Keeps a selected value even if it is no longer in the list. */
  private fill(form: SearchForm): void {
    const { providers, models, tags } = this.known;
    offer(
      this.controls.provider,
      providers.map(({ id, name }) => [id, name]),
      form.providerId,
    );
    offer(
      this.controls.model,
      models.map((model) => [model, model]),
      form.model,
    );
    offer(
      this.controls.tag,
      tags.filter((tag) => !form.tags.includes(tag)).map((tag) => [tag, tag]),
      '',
    );
    this.controls.tag.hidden = tags.length === 0;
    this.days.hidden = form.period !== 'custom';
    this.reset.hidden = !isFiltered(form);
    this.tags.replaceChildren(
      ...form.tags.map((tag) =>
        element(
          'span',
          { class: 'tag' },
          `#${visibleText(tag)}`,
          iconButton('close', l10n.t('Remove tag {0}', tag), () => {
            this.chosenTags = this.chosenTags.filter((one) => one !== tag);
            this.change();
            this.box.focus();
          }),
        ),
      ),
    );
  }
}

function createControls() {
  return {
    period: choice(
      l10n.t('Date'),
      periods.map((one) => [one, periodText[one]]),
    ),
    from: dayInput(l10n.t('From')),
    to: dayInput(l10n.t('To')),
    provider: choice(l10n.t('Provider'), [['', l10n.t('Any provider')]]),
    model: choice(l10n.t('Model'), [['', l10n.t('Any model')]]),
    role: choice(l10n.t('Author'), [['', l10n.t('Questions and responses')], ...roles.map((one) => [one, roleText[one]] as const)]),
    status: choice(l10n.t('Status'), [['', l10n.t('Any status')], ...statuses.map((one) => [one, statusText[one]] as const)]),
    tag: choice(l10n.t('Add a tag'), [['', l10n.t('Tags')]]),
    hasCode: check(l10n.t('Contains code')),
    includeArchived: check(l10n.t('Include archived')),
  };
}

function createBox(): HTMLInputElement {
  return element('input', {
    type: 'search',
    class: 'text-input search-box',
    'aria-label': l10n.t('Search all chats'),
    placeholder: l10n.t('Search all chats'),
    spellcheck: 'false',
    autocomplete: 'off',
  });
}

type Option = readonly [value: string, words: string];

function choice(label: string, options: readonly Option[]): HTMLSelectElement {
  const node = element('select', { class: 'select', 'aria-label': label });
  for (const [value, words] of options) node.append(element('option', { value }, words));
  return node;
}

function offer(select: HTMLSelectElement, options: readonly Option[], chosen: string): void {
  const [none] = select.options;
  const known: Option[] = options.some(([value]) => value === chosen) || chosen === '' ? [...options] : [...options, [chosen, chosen]];
  select.replaceChildren(
    ...(none === undefined ? [] : [none]),
    ...known.map(([value, words]) => element('option', { value }, visibleText(words))),
  );
  select.value = chosen;
}

function dayInput(label: string): HTMLInputElement {
  return element('input', { type: 'date', class: 'text-input day', 'aria-label': label });
}

function check(label: string): { node: HTMLElement; box: HTMLInputElement } {
  const box = element('input', { type: 'checkbox', class: 'checkbox' });
  return { box, node: element('label', { class: 'check' }, box, label) };
}
