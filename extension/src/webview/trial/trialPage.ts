// What an agent or chat of a template would be told, have and cost, without anybody being called.
import type { SteeringSource, TemplateFinding, TemplateTryResult, ToolView, TrialProvider } from '../../protocol/protocol.generated';
import { Banners } from '../shared/banners';
import { element, icon, setText, textButton, type Child } from '../shared/element';
import { count, money } from '../shared/figures';
import { Form } from '../shared/form';
import type { Panel } from '../shared/panel';
import { Section } from '../shared/section';
import { visibleText } from '../shared/visibleText';
import { withCode } from '../shared/withCode';
import type { FromTrialPage, ToTrialPage, Trial } from './messages';
import type { KeptTrial } from './readMessages';

const sourceWords: Readonly<Record<SteeringSource['kind'], string>> = {
  prompt: 'Prompt',
  override: 'Text of its own, in place of a prompt',
  rules: 'Rules of the workspace',
  template: 'Template',
  provider: 'Prompt of the provider',
};

const findingIcons: Readonly<Record<TemplateFinding['kind'], string>> = { error: 'error', warning: 'warning', risk: 'shield' };
const findingWords: Readonly<Record<TemplateFinding['kind'], string>> = { error: 'Mistake', warning: 'Warning', risk: 'Risk' };

const kinds: Readonly<Record<string, { kind: string; start: string }>> = {
  tasks: { kind: 'agent', start: 'Start Task' },
  chats: { kind: 'chat', start: 'Start Chat' },
};
const form = { kind: 'form', start: 'Fill In' };

export class TrialPage {
  private readonly heading = element('h1', {}, 'Loading…');
  private readonly kind = element('span', { class: 'kind' });
  private readonly banners = new Banners();
  private readonly formPlace = element('div', {});
  private readonly body = new Section('div', {});
  private readonly status = element('span', { class: 'visually-hidden', role: 'status' });
  private readonly start: HTMLButtonElement;
  private readonly open: HTMLButtonElement;
  private trial: Trial | undefined;
  private form: Form | undefined;
  private drawnFields = '';
  private isTrying = true;

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromTrialPage>,
    private kept: KeptTrial | undefined,
  ) {
    this.start = textButton('Start', () => this.begin(), 'primary');
    this.open = textButton('Open Template', () => panel.post({ type: 'openTemplate' }));
    this.start.hidden = true;
    this.open.hidden = true;
    root.append(
      element(
        'header',
        { class: 'page-header' },
        element(
          'div',
          { class: 'column header-line' },
          this.heading,
          this.kind,
          element('div', { class: 'buttons' }, this.open, this.start),
        ),
      ),
      this.banners.node,
      element('div', { class: 'page-body' }, element('div', { class: 'column' }, this.formPlace, this.body.node)),
      this.status,
    );
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
        if (message.name !== undefined) setText(this.heading, visibleText(message.name));
        setText(this.status, 'Looking…');
        return;
      case 'refused':
        return this.refuse(message.error.message);
    }
  }

  private show(trial: Trial, result: TemplateTryResult): void {
    const wasTrying = this.isTrying;
    this.isTrying = false;
    this.trial = trial;
    setText(this.heading, visibleText(`Try: ${trial.name}`));
    const { kind, start } = kinds[trial.collection] ?? form;
    setText(this.kind, kind);
    setText(this.start, start);
    this.start.hidden = false;
    this.open.hidden = trial.path === undefined;
    this.banners.set('problem', undefined);
    this.banners.set(
      'shipped',
      trial.path === undefined ? 'This template ships with Plue, so it cannot be changed. A new one can begin with it.' : undefined,
      'info',
      [textButton('New Template…', () => this.panel.post({ type: 'newTemplate' }))],
    );
    this.showForm(trial);
    this.body.show([trial.collection, result], () => (trial.collection in kinds ? sections : formSections)(result, this.panel));
    this.keep();
    if (wasTrying) setText(this.status, `Nobody was called. ${findingsSentence(result.findings)}`);
  }

  /** Only drawn anew for other fields: what was typed stays where the cursor is. */
  private showForm({ id, fields, values }: Trial): void {
    const drawn = JSON.stringify([id, fields]);
    if (drawn === this.drawnFields) return;
    this.drawnFields = drawn;
    const typed = this.form === undefined && this.kept?.id === id ? this.kept.values : {};
    this.form = undefined;
    this.formPlace.replaceChildren();
    if (fields.length === 0) return;
    this.form = new Form({ id: 'trial', fields, values: { ...values, ...typed }, onChange: () => this.keep() });
    const refresh = textButton('Refresh', () => this.panel.post({ type: 'try', values: this.values }));
    this.formPlace.append(element('section', { class: 'trial-form', 'aria-label': 'What it is given' }, this.form.node, refresh));
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
    setText(this.heading, 'Try a template');
    this.body.show('empty', () => [
      element('p', {}, 'See what a template would tell the model, which tools it would give it and what that may cost. Nobody is called.'),
      textButton('Choose a Template…', () => this.panel.post({ type: 'choose' }), 'primary'),
    ]);
  }

  private refuse(why: string): void {
    this.isTrying = false;
    if (this.trial === undefined) setText(this.heading, 'Nothing to show');
    const again = textButton('Try Again', () => this.panel.post({ type: 'try', values: this.values }));
    // What was found before stays, and says that it is older.
    this.banners.set('problem', undefined);
    this.banners.set('problem', this.trial === undefined ? why : `${why} What stands below is from before.`, 'error', [again]);
    setText(this.status, why);
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
    section('Who answers, and what it costs', answers(result)),
    section('Tools', tools(result.tools)),
    section('What the model is told', sources(result.sources, panel), text(result.system, 'It is told nothing before the first message.')),
    section('First message', text(result.message, 'Nothing yet: it is what you write.')),
  ];
}

function formSections(result: TemplateTryResult, panel: Panel<FromTrialPage>): Child[] {
  const words = 'A form asks no model by itself. Its hooks, if it has some, run when one is created or changed.';
  return [findings(result.findings, panel), element('p', { class: 'quiet' }, words)];
}

function section(title: string, ...children: Child[]): HTMLElement {
  return element('section', { class: 'trial-section' }, element('h2', {}, title), ...children);
}

function findings(found: readonly TemplateFinding[], panel: Panel<FromTrialPage>): HTMLElement {
  if (found.length === 0) return section('Findings', element('p', { class: 'quiet' }, icon('check'), ' No mistakes and no risks.'));
  const rows = found.map(({ kind, message, path, line }, index) => {
    const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
    const place = textButton(`${visibleText(name)}:${line}`, () => panel.post({ type: 'openFinding', index }), 'quiet');
    return element(
      'li',
      { class: `finding ${kind}` },
      // What stands in no file is about what was typed above.
      icon(path === '' ? 'edit' : findingIcons[kind]),
      element(
        'span',
        { class: 'finding-words' },
        element('strong', {}, path === '' ? 'To fill in. ' : `${findingWords[kind]}. `),
        ...withCode(message),
      ),
      path === '' ? undefined : place,
    );
  });
  return section('Findings', element('ul', { class: 'plain-list' }, ...rows));
}

export function findingsSentence(found: readonly TemplateFinding[]): string {
  if (found.length === 0) return 'No mistakes and no risks.';
  return found.length === 1 ? '1 finding.' : `${found.length} findings.`;
}

function answers({ provider, inputTokens, firstCost, mostCost }: TemplateTryResult): HTMLElement {
  const rows: [string, string][] = [
    ['Provider', provider === undefined ? 'Nobody can answer; the findings say why.' : provider.name],
    ...(provider === undefined ? [] : about(provider)),
    ['First request', `about ${count(inputTokens)} tokens${sentTo(provider)}`],
    ['It costs', costWords(firstCost, provider)],
    ['At most in all', mostCost === undefined ? 'no limit in its budget' : money(mostCost)],
  ];
  return element(
    'dl',
    { class: 'facts' },
    ...rows.flatMap(([name, words]) => [element('dt', {}, name), element('dd', {}, visibleText(words))]),
  );
}

function about({ model, status, price }: TrialProvider): [string, string][] {
  return [
    ['Model', model ?? 'the provider’s own'],
    ...(status === undefined ? [] : [['Status', status] satisfies [string, string]]),
    ...(price === undefined
      ? []
      : [['Price', `$${price.inputPerMillion} in, $${price.outputPerMillion} out, a million tokens`] satisfies [string, string]]),
  ];
}

function sentTo(provider: TrialProvider | undefined): string {
  return provider?.contextWindow === undefined ? '' : ` of a window of ${count(provider.contextWindow)}`;
}

function costWords(cost: number | undefined, provider: TrialProvider | undefined): string {
  if (provider?.isFree === true) return 'nothing: the model runs on this machine';
  return cost === undefined ? 'not known' : `${money(cost)} at most, with the longest answer`;
}

function tools(given: readonly ToolView[]): HTMLElement {
  if (given.length === 0) return element('p', { class: 'quiet' }, 'None: it can only answer.');
  const rows = given.map(({ name, description, mayChange, known }) =>
    element(
      'tr',
      {},
      element('th', { scope: 'row', class: 'mono' }, visibleText(name)),
      element('td', {}, known ? visibleText(description) : 'No tool has this name.'),
      element(
        'td',
        { class: 'may' },
        ...(mayChange ? [icon('edit'), ' may change things'] : [icon('eye'), known ? ' only looks' : ' unknown']),
      ),
    ),
  );
  const heads = ['Tool', 'What it does', 'Reach'].map((words) => element('th', { scope: 'col' }, words));
  return element('table', { class: 'tools' }, element('thead', {}, element('tr', {}, ...heads)), element('tbody', {}, ...rows));
}

function sources(told: readonly SteeringSource[], panel: Panel<FromTrialPage>): HTMLElement | undefined {
  if (told.length === 0) return undefined;
  const rows = told.map(({ kind, title, source, hiddenCharacters, leftOut }, index) => {
    const name = visibleText(title === '' ? source : title);
    const more = [
      sourceWords[kind],
      ...(hiddenCharacters === undefined || leftOut !== undefined
        ? []
        : [hiddenCharacters === 1 ? '1 hidden character' : `${hiddenCharacters} hidden characters`]),
    ];
    return element(
      'li',
      { class: leftOut === undefined ? 'source' : 'source left-out' },
      textButton(name, () => panel.post({ type: 'openSource', index }), 'quiet'),
      element(
        'span',
        { class: 'quiet' },
        visibleText(leftOut === undefined ? more.join(', ') : `${more.join(', ')}. Left out. ${leftOut}`),
      ),
    );
  });
  return element('ul', { class: 'plain-list' }, ...rows);
}

/** The very text, with what hides in it made visible. */
function text(shown: string, none: string): HTMLElement {
  if (shown.trim() === '') return element('p', { class: 'quiet' }, none);
  return element('pre', { class: 'told', tabindex: '0' }, visibleText(shown));
}
