// Previews the instructions, tools, and cost of a template without calling a model.
import * as l10n from '@vscode/l10n';
import type { InstructionSourceView, TemplateFinding, TemplateTryResult, ToolView, TrialProvider } from '../../protocol/protocol.generated';
import { element, icon, setText, textButton, type Child } from '../shared/element';
import { formatTokens, formatPrice, formatCost } from '../../common/format';
import { Form } from '../shared/form';
import { PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { Section } from '../shared/section';
import { visibleText } from '../../common/visibleText';
import { withCode } from '../shared/withCode';
import type { FromTrialPage, ToTrialPage, Trial } from '../../common/messages/trial';
import type { SavedState } from './savedState';

const sourceText: Readonly<Record<InstructionSourceView['kind'], string>> = {
  prompt: l10n.t('Prompt'),
  override: l10n.t('Custom text that replaces the prompt'),
  rules: l10n.t('Workspace instructions'),
  template: l10n.t('Template'),
  provider: l10n.t('Provider prompt'),
  user: l10n.t('Your instructions'),
  skill: l10n.t('Skill'),
};

const findingIcons: Readonly<Record<TemplateFinding['kind'], string>> = { error: 'error', warning: 'warning', risk: 'shield' };
const findingText: Readonly<Record<TemplateFinding['kind'], string>> = {
  error: l10n.t('Error'),
  warning: l10n.t('Warning'),
  risk: l10n.t('Risk'),
};

const kinds: Readonly<Record<string, { kind: string; start: string }>> = {
  tasks: { kind: 'agent', start: l10n.t('Start Task') },
  chats: { kind: 'chat', start: l10n.t('Start Chat') },
};
const form = { kind: 'form', start: l10n.t('Fill In') };

export class TrialPage {
  private readonly kind = element('span', { class: 'kind' });
  private readonly formPlace = element('div', {});
  private readonly body = new Section('div', {});
  private readonly frame: PageFrame;
  private readonly start: HTMLButtonElement;
  private readonly open: HTMLButtonElement;
  private trial: Trial | undefined;
  private form: Form | undefined;
  private drawnFields = '';
  private isTrying = true;

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromTrialPage>,
    private kept: SavedState | undefined,
  ) {
    this.start = textButton(l10n.t('Start'), () => this.begin(), 'primary');
    this.open = textButton(l10n.t('Open Template'), () => panel.post({ type: 'openTemplate' }));
    this.start.hidden = true;
    this.open.hidden = true;
    this.frame = new PageFrame(root, l10n.t('Loading…'), {
      header: [this.kind, element('div', { class: 'buttons' }, this.open, this.start)],
      body: [element('div', { class: 'column' }, this.formPlace, this.body.node)],
    });
    panel.post({ type: 'ready', ...(kept === undefined ? {} : { id: kept.id, values: kept.values }) });
  }

  receive(message: ToTrialPage): void {
    switch (message.type) {
      case 'trial':
        return this.show(message.trial, message.result);
      case 'empty':
        return this.showEmpty();
      case 'trying':
        this.isTrying = true;
        if (message.name !== undefined) setText(this.frame.heading, visibleText(message.name));
        setText(this.frame.status, l10n.t('Searching…'));
        return;
      case 'refused':
        return this.refuse(message.error.message);
    }
  }

  private show(trial: Trial, result: TemplateTryResult): void {
    const wasTrying = this.isTrying;
    this.isTrying = false;
    this.trial = trial;
    setText(this.frame.heading, visibleText(l10n.t('Preview: {0}', trial.name)));
    const { kind, start } = kinds[trial.collection] ?? form;
    setText(this.kind, kind);
    setText(this.start, start);
    this.start.hidden = false;
    this.open.hidden = trial.path === undefined;
    this.frame.banners.set('problem', undefined);
    this.frame.banners.set(
      'shipped',
      trial.path === undefined ? l10n.t('Built-in templates can’t be edited. Create a template from it instead.') : undefined,
      'info',
      [textButton(l10n.t('New Template…'), () => this.panel.post({ type: 'newTemplate' }))],
    );
    this.showForm(trial);
    this.body.show([trial.collection, result], () => (trial.collection in kinds ? sections : formSections)(result, this.panel));
    this.keep();
    if (wasTrying) setText(this.frame.status, l10n.t('No model was called. {0}', findingsSentence(result.findings)));
  }

  /** Rebuilds the form only for different fields, to keep typed values and the cursor. */
  private showForm({ id, fields, values }: Trial): void {
    const drawn = JSON.stringify([id, fields]);
    if (drawn === this.drawnFields) return;
    this.drawnFields = drawn;
    const typed = this.form === undefined && this.kept?.id === id ? this.kept.values : {};
    this.form = undefined;
    this.formPlace.replaceChildren();
    if (fields.length === 0) return;
    this.form = new Form({ id: 'trial', fields, values: { ...values, ...typed }, onChange: () => this.keep() });
    const refresh = textButton(l10n.t('Refresh'), () => this.panel.post({ type: 'try', values: this.values }));
    this.formPlace.append(element('section', { class: 'trial-form', 'aria-label': l10n.t('Values') }, this.form.node, refresh));
  }

  private get values(): Record<string, unknown> {
    return this.form?.values ?? this.trial?.values ?? {};
  }

  private begin(): void {
    if (this.form?.check() === false) return;
    this.panel.post({ type: 'start', values: this.values });
  }

  private showEmpty(): void {
    this.isTrying = false;
    setText(this.frame.heading, l10n.t('Preview a template'));
    this.body.show('empty', () => [
      element('p', {}, l10n.t('Preview the instructions, tools, and cost of a template without calling a model.')),
      textButton(l10n.t('Choose a Template…'), () => this.panel.post({ type: 'choose' }), 'primary'),
    ]);
  }

  private refuse(why: string): void {
    this.isTrying = false;
    if (this.trial === undefined) setText(this.frame.heading, l10n.t('Nothing to show'));
    const again = textButton(l10n.t('Try Again'), () => this.panel.post({ type: 'try', values: this.values }));
    // Earlier results stay and are marked as outdated.
    this.frame.banners.set('problem', undefined);
    this.frame.banners.set('problem', this.trial === undefined ? why : l10n.t('{0} The results below may be outdated.', why), 'error', [
      again,
    ]);
    setText(this.frame.status, why);
  }

  private keep(): void {
    if (this.trial === undefined) return;
    this.kept = { id: this.trial.id, values: this.values };
    this.panel.setState(this.kept);
  }
}

function sections(result: TemplateTryResult, panel: Panel<FromTrialPage>): Child[] {
  return [
    findings(result.findings, panel),
    section(l10n.t('Model and cost'), answers(result)),
    section(l10n.t('Tools'), tools(result.tools)),
    section(
      l10n.t('Sent to the model'),
      sources(result.sources, panel),
      text(result.system, l10n.t('No instructions are sent before the first message.')),
    ),
    section(l10n.t('First message'), text(result.message, l10n.t('Empty until you write a message.'))),
  ];
}

function formSections(result: TemplateTryResult, panel: Panel<FromTrialPage>): Child[] {
  const words = l10n.t('A form doesn’t call a model. Its hooks run when an item is created or changed.');
  return [findings(result.findings, panel), element('p', { class: 'quiet' }, words)];
}

function section(title: string, ...children: Child[]): HTMLElement {
  return element('section', { class: 'trial-section' }, element('h2', {}, title), ...children);
}

function findings(found: readonly TemplateFinding[], panel: Panel<FromTrialPage>): HTMLElement {
  if (found.length === 0)
    return section(l10n.t('Findings'), element('p', { class: 'quiet' }, icon('check'), ` ${l10n.t('No problems found.')}`));
  const rows = found.map(({ kind, message, path, line }, index) => {
    const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
    const place = textButton(`${visibleText(name)}:${line}`, () => panel.post({ type: 'openFinding', index }), 'quiet');
    return element(
      'li',
      { class: `finding ${kind}` },
      // Findings without a file refer to the typed values.
      icon(path === '' ? 'edit' : findingIcons[kind]),
      element(
        'span',
        { class: 'finding-text' },
        element('strong', {}, `${path === '' ? l10n.t('Input required.') : l10n.t('{0}.', findingText[kind])} `),
        ...withCode(message),
      ),
      path === '' ? undefined : place,
    );
  });
  return section(l10n.t('Findings'), element('ul', { class: 'plain-list' }, ...rows));
}

export function findingsSentence(found: readonly TemplateFinding[]): string {
  if (found.length === 0) return l10n.t('No problems found.');
  return found.length === 1 ? l10n.t('1 finding.') : l10n.t('{0} findings.', found.length);
}

function answers({ provider, inputTokens, firstRequestCost, maxCost }: TemplateTryResult): HTMLElement {
  const rows: [string, string][] = [
    [l10n.t('Provider'), provider === undefined ? l10n.t('No model available. See the findings.') : provider.name],
    ...(provider === undefined ? [] : about(provider)),
    [l10n.t('First request'), sentTo(inputTokens, provider)],
    [l10n.t('Input cost'), costText(firstRequestCost, provider)],
    [l10n.t('Budget'), maxCost === undefined ? l10n.t('no limit') : formatCost(maxCost)],
  ];
  return element(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, words]) => [element('dt', {}, name), element('dd', {}, visibleText(words))]),
  );
}

function about({ model, status, price }: TrialProvider): [string, string][] {
  return [
    [l10n.t('Model'), model ?? l10n.t('provider default')],
    ...(status === undefined ? [] : [[l10n.t('Status'), status] satisfies [string, string]]),
    ...(price === undefined
      ? []
      : [
          [
            l10n.t('Price'),
            l10n.t('{0} input, {1} output per million tokens', formatPrice(price.inputPerMillion), formatPrice(price.outputPerMillion)),
          ] satisfies [string, string],
        ]),
  ];
}

function sentTo(tokens: number, provider: TrialProvider | undefined): string {
  return provider?.contextWindow === undefined
    ? l10n.t('about {0} tokens', formatTokens(tokens))
    : l10n.t('about {0} tokens of a {1} context window', formatTokens(tokens), formatTokens(provider.contextWindow));
}

function costText(cost: number | undefined, provider: TrialProvider | undefined): string {
  if (provider?.isFree === true) return l10n.t('Free: runs on this machine');
  return cost === undefined ? l10n.t('unknown') : l10n.t('{0} at max output', formatCost(cost));
}

function tools(given: readonly ToolView[]): HTMLElement {
  if (given.length === 0) return element('p', { class: 'quiet' }, l10n.t('No tools.'));
  const rows = given.map(({ name, description, hasSideEffects, isKnown }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row', class: 'mono' }, visibleText(name)),
      element('td', {}, isKnown ? visibleText(description) : l10n.t('Unknown tool.')),
      element(
        'td',
        { class: 'may' },
        icon(hasSideEffects ? 'edit' : 'eye'),
        ` ${hasSideEffects ? l10n.t('may change things') : isKnown ? l10n.t('read-only') : l10n.t('unknown')}`,
      ),
    ),
  );
  const heads = [l10n.t('Tool'), l10n.t('Description'), l10n.t('Access')].map((words) => element('th', { scope: 'col' }, words));
  return element('table', { class: 'tools' }, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows));
}

function sources(instructions: readonly InstructionSourceView[], panel: Panel<FromTrialPage>): HTMLElement | undefined {
  if (instructions.length === 0) return undefined;
  const rows = instructions.map(({ kind, title, source, hiddenCharacters, omittedReason }, index) => {
    const name = visibleText(title === '' ? source : title);
    const more = [
      sourceText[kind],
      ...(hiddenCharacters === undefined || omittedReason !== undefined
        ? []
        : [hiddenCharacters === 1 ? l10n.t('1 hidden character') : l10n.t('{0} hidden characters', hiddenCharacters)]),
    ];
    return element(
      'li',
      { class: omittedReason === undefined ? 'source' : 'source left-out' },
      textButton(name, () => panel.post({ type: 'openSource', index }), 'quiet'),
      element(
        'span',
        { class: 'quiet' },
        visibleText(omittedReason === undefined ? more.join(', ') : l10n.t('{0}. Omitted. {1}', more.join(', '), omittedReason)),
      ),
    );
  });
  return element('ul', { class: 'plain-list' }, ...rows);
}

/** Shows the exact text, with hidden characters made visible. */
function text(shown: string, none: string): HTMLElement {
  if (shown.trim() === '') return element('p', { class: 'quiet' }, none);
  return element('pre', { class: 'instructions-text', tabindex: '0' }, visibleText(shown));
}
