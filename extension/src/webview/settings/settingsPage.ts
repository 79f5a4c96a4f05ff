// The Settings page: settings by group, saved when changed.
import * as l10n from '@vscode/l10n';
import type { FieldView, ProviderSummary, SettingsResult } from '../../protocol/protocol.generated';
import { readChoice } from '../../protocol/settingValues';
import { element, icon, setText, textButton } from '../shared/element';
import { labelOf } from '../shared/fieldLabel';
import { Form } from '../shared/form';
import { ModelLists } from '../shared/modelLists';
import { choiceText } from '../shared/modelPicker';
import { loadingElement, PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { visibleText } from '../../common/visibleText';
import { ChoiceRow, choiceKind } from './choiceRow';
import type { FromSettingsPage, ToSettingsPage } from '../../common/messages/settings';

const labels: Readonly<Record<string, string>> = {
  default_large: l10n.t('Default model'),
  default_small: l10n.t('Small model'),
  review_check_model: l10n.t('Model that checks findings'),
  fallbacks: l10n.t('Fallbacks'),
  budget_usd_per_day: l10n.t('Daily limit (USD)'),
  budget_usd_per_chat: l10n.t('Chat limit (USD)'),
  completions_usd_per_day: l10n.t('Daily limit of code completions (USD)'),
  budget_usd_per_review: l10n.t('Limit per review of changes (USD)'),
  workspace_rules: l10n.t('Workspace instructions'),
  commands_network: l10n.t('Network access for commands'),
  ordinary_files: l10n.t('Allowed guarded files'),
  notify_when_finished: l10n.t('Notify when a response finishes'),
  quiet_hours: l10n.t('Quiet hours'),
  notify_webhook: l10n.t('Webhook for notifications'),
  notify_webhook_key: l10n.t('Key of the webhook'),
  notify_webhook_content: l10n.t('Send content to the webhook'),
  system_notifications: l10n.t('System notifications'),
  mask_secrets: l10n.t('Mask keys in chats'),
  trash_days: l10n.t('Trash retention (days)'),
  telemetry_endpoint: l10n.t('OpenTelemetry endpoint'),
  telemetry_content: l10n.t('Export content'),
  telemetry_headers: l10n.t('OpenTelemetry headers'),
  catalog_refresh: l10n.t('Update catalog automatically'),
  catalog_refresh_url: l10n.t('Catalog server'),
  catalog_sha256: l10n.t('Catalog SHA-256'),
  proxy: l10n.t('Proxy'),
  no_proxy: l10n.t('Hosts without proxy'),
  ca_file: l10n.t('Certificate authorities'),
  allowed_hosts: l10n.t('Allowed hosts'),
};

/** Display texts for values in the file. */
const words: Readonly<Record<string, string>> = {
  never: l10n.t('Never'),
  when_hidden: l10n.t('When the chat is hidden'),
  always: l10n.t('Always'),
};

const savedMs = 2500;

export class SettingsPage {
  private settings: SettingsResult | undefined;
  private providers: ProviderSummary[] = [];
  private forms: Form[] = [];
  private formOf = new Map<string, Form>();
  private rows: ChoiceRow[] = [];
  private shape = '';
  private clearing: ReturnType<typeof setTimeout> | undefined;

  private readonly lists: ModelLists;
  private readonly search: HTMLInputElement;
  private readonly status = element('span', { class: 'saved', role: 'status' });
  private readonly problem: HTMLElement;
  private readonly body = element('div', { class: 'column' });
  private readonly nothing = element('p', { class: 'quiet', hidden: true }, l10n.t('No settings found.'));

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromSettingsPage>,
  ) {
    this.lists = new ModelLists((providerId) => panel.post({ type: 'listModels', providerId }));
    this.search = element('input', {
      type: 'search',
      class: 'text-input search',
      'aria-label': l10n.t('Search settings'),
      placeholder: l10n.t('Search settings'),
      spellcheck: 'false',
    });
    this.search.addEventListener('input', () => this.filter());
    this.search.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.search.value === '') return;
      this.search.value = '';
      this.filter();
      event.preventDefault();
    });
    const open = textButton(l10n.t('Open config.json5'), () => panel.post({ type: 'openFile' }), 'quiet');
    const edit = textButton(l10n.t('Edit with Plue'), () => panel.post({ type: 'editWithPlue' }), 'quiet');
    this.problem = new PageFrame(root, l10n.t('Settings'), {
      header: [this.search, this.status, edit, open],
      body: [this.body],
    }).banners.node;
    this.body.append(loadingElement());
  }

  receive(message: ToSettingsPage): void {
    switch (message.type) {
      case 'settings':
        this.providers = message.providers;
        this.show(message.settings);
        return;
      case 'providers':
        this.providers = message.providers;
        this.showRows();
        return;
      case 'models':
        this.lists.show(message.providerId, message.models, message.error);
        return;
      case 'saved':
        this.showFieldProblem(message.name, undefined);
        this.show(message.settings);
        this.announce(l10n.t('Saved'));
        return;
      case 'notSaved':
        this.showFieldProblem(message.name, message.error.message);
        this.showRows();
        this.announce(l10n.t('Not saved'));
        return;
      case 'refused':
        this.showRefusal(message.error.message);
        return;
    }
  }

  private show(settings: SettingsResult): void {
    this.settings = settings;
    this.showProblem(settings);
    const shape = JSON.stringify(settings.groups);
    if (shape !== this.shape) {
      this.shape = shape;
      this.build(settings);
    }
    for (const form of this.forms) form.update(settings.values);
    this.showRows();
  }

  private showRows(): void {
    for (const row of this.rows) row.show(this.settings?.values[row.field.name], this.providers);
  }

  private build({ groups, values }: SettingsResult): void {
    this.forms = [];
    this.formOf = new Map();
    this.rows = [];
    const sections = groups.map(({ title, fields }) => {
      const section = element(
        'section',
        { class: 'settings-group', 'aria-label': visibleText(title) },
        element('h2', {}, visibleText(title)),
      );
      for (const run of runs(fields)) section.append(...this.draw(run, values));
      return section;
    });
    this.body.replaceChildren(...sections, this.nothing);
    this.filter();
  }

  private draw(run: FieldView[], values: SettingsResult['values']): HTMLElement[] {
    if (run.some((field) => choiceKind(field) !== undefined)) {
      return run.map((field) => {
        const row = new ChoiceRow({
          field,
          label: labels[field.name] ?? labelOf(field.name),
          lists: this.lists,
          onChange: (value) => this.set(field.name, value),
          connect: () => this.panel.post({ type: 'manageProviders' }),
          defaultText: (providers) => this.defaultText(field.name, providers),
        });
        this.rows.push(row);
        return row.node;
      });
    }
    const form = new Form({ id: 'setting', fields: run, values, labels, words, onChange: (name, value) => this.set(name, value) });
    this.forms.push(form);
    for (const { name } of run) this.formOf.set(name, form);
    return [form.node];
  }

  private defaultText(name: string, providers: readonly ProviderSummary[]): string {
    const found = providers.find(({ isDefault }) => isDefault);
    const large = readChoice(this.settings?.values['default_large']) ?? (found === undefined ? undefined : { providerId: found.id });
    if (name === 'default_large') return found === undefined ? l10n.t('no provider connected') : found.name;
    if (name === 'default_small')
      return large === undefined ? l10n.t('same as new chats') : l10n.t('same as new chats, {0}', choiceText(large, providers));
    if (name === 'review_check_model') return l10n.t('small model');
    return l10n.t('no fallback');
  }

  private set(name: string, value: unknown): void {
    this.panel.post({ type: 'set', name, ...(value === undefined ? {} : { value }) });
  }

  private showFieldProblem(name: string, problem: string | undefined): void {
    this.formOf.get(name)?.showProblem(name, problem);
    this.rows.find(({ field }) => field.name === name)?.showProblem(problem);
  }

  /** Shows a message for a moment, without moving other content. */
  private announce(text: string): void {
    setText(this.status, text);
    clearTimeout(this.clearing);
    this.clearing = setTimeout(() => setText(this.status, ''), savedMs);
  }

  private showProblem({ problem, policy }: SettingsResult): void {
    const managed = policy.map((sentence) =>
      element('div', { class: 'banner' }, icon('organization'), element('span', { class: 'banner-text' }, visibleText(sentence))),
    );
    if (problem === undefined) {
      this.problem.replaceChildren(...managed);
      return;
    }
    const { line, column, message } = problem;
    this.problem.replaceChildren(
      ...managed,
      element(
        'div',
        { class: 'banner error' },
        icon('error'),
        element('span', { class: 'banner-text' }, visibleText(l10n.t('config.json5, line {0}: {1}', line, message))),
        textButton(l10n.t('Open File'), () => this.panel.post({ type: 'openFile', line, column })),
      ),
    );
  }

  private showRefusal(message: string): void {
    const banner = element(
      'div',
      { class: 'banner error' },
      icon('error'),
      element('span', { class: 'banner-text' }, visibleText(message)),
      textButton(l10n.t('Try Again'), () => this.panel.post({ type: 'ready' })),
    );
    this.problem.replaceChildren(banner);
    if (this.settings === undefined) this.body.replaceChildren(element('p', { class: 'quiet' }, l10n.t('The settings could not be read.')));
  }

  /** Matches labels and names in the file. */
  private filter(): void {
    const typed = this.search.value.trim().toLowerCase().split(/\s+/);
    let found = 0;
    for (const group of this.body.querySelectorAll<HTMLElement>('.settings-group')) {
      const title = group.getAttribute('aria-label') ?? '';
      let shown = 0;
      for (const field of group.querySelectorAll<HTMLElement>('[data-field]')) {
        const text =
          `${title} ${field.dataset['field'] ?? ''} ${[...field.querySelectorAll('.field-label, .field-help')].map((node) => node.textContent).join(' ')}`.toLowerCase();
        const isFound = typed.every((word) => text.includes(word));
        field.classList.toggle('is-filtered', !isFound);
        if (isFound) shown++;
      }
      group.hidden = shown === 0;
      found += shown;
    }
    this.nothing.hidden = found > 0;
  }
}

/** Groups consecutive fields with the same kind of control. */
function runs(fields: readonly FieldView[]): FieldView[][] {
  const all: FieldView[][] = [];
  for (const field of fields) {
    const last = all.at(-1);
    const isChoice = choiceKind(field) !== undefined;
    if (last?.[0] !== undefined && (choiceKind(last[0]) !== undefined) === isChoice) last.push(field);
    else all.push([field]);
  }
  return all;
}
