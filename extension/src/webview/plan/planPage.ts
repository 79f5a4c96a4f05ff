// A plan: its steps can be edited, commented line by line, approved one by one, and followed while they run.
import * as l10n from '@vscode/l10n';
import type { FieldView, PlanCommentView, PlanStepView } from '../../protocol/protocol.generated';
import { element, iconButton, setText, textButton, type Child } from '../shared/element';
import { Form } from '../shared/form';
import { loadingElement, PageFrame } from '../shared/pageFrame';
import type { Panel } from '../shared/panel';
import { Section } from '../shared/section';
import type { FromPlanPage, ToPlanPage } from '../../common/messages/plan';
import { visibleText } from '../../common/visibleText';
import { Comments, type Place } from './comments';
import type { SavedState } from './savedState';
import { StepView } from './stepView';

type Shown = Extract<ToPlanPage, { type: 'plan' }>;
/** The part that has a form now. */
type Editing = 'head' | number | undefined;

export class PlanPage {
  private readonly frame: PageFrame;
  private readonly state = element('span', { class: 'kind' });
  private readonly head = new Section('section', { class: 'plan-head' });
  private readonly list = element('div', { class: 'plan-steps' }, loadingElement());
  private readonly more = new Section('div', { class: 'plan-buttons plan-more' });
  private readonly footer = new Section('div', { class: 'column plan-footer' });
  private readonly comments: Comments;
  private readonly steps: StepView[] = [];
  private shown: Shown | undefined;
  private editing: Editing;
  private isSaving = false;
  private mode: 'ask' | 'edit' = 'ask';
  /** The choices of the user by the title of a step; other steps have their default. */
  private readonly selection = new Map<string, boolean>();

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromPlanPage>,
    private readonly saved: SavedState | undefined,
  ) {
    this.comments = new Comments({
      canComment: () => this.canChange(),
      begin: (place) => this.beginComment(place),
      add: (place, text) => this.addComment(place, text),
      cancel: () => this.drawAndKeep(),
      typed: () => this.keep(),
      remove: (comment) => this.saveComments((comments) => comments.filter((one) => !isSame(one, comment))),
    });
    if (saved?.comment !== undefined) {
      const { step, line, text } = saved.comment;
      this.comments.open({ step, line }, text);
    }
    const body = element('div', { class: 'column' }, this.head.node, this.list, this.more.node);
    this.frame = new PageFrame(root, l10n.t('Plan'), { header: [this.state], body: [body], footer: this.footer.node });
    panel.post({ type: 'ready', ...(saved === undefined ? {} : { uri: saved.uri }) });
  }

  receive(message: ToPlanPage): void {
    switch (message.type) {
      case 'plan':
        return this.show(message);
      case 'saved':
        this.isSaving = false;
        this.editing = undefined;
        this.comments.close();
        this.drawAndKeep();
        setText(this.frame.status, l10n.t('Saved.'));
        return;
      case 'gone':
        this.frame.banners.set('problem', l10n.t('The plan was moved to the trash.'), 'warning');
        return;
      case 'refused':
        this.isSaving = false;
        this.frame.banners.set('problem', visibleText(message.error.message), 'error', [
          textButton(l10n.t('Reload'), () => this.panel.post({ type: 'reload' })),
        ]);
        return;
    }
  }

  private show(message: Shown): void {
    if (this.shown !== undefined && this.shown.plan.uri !== message.plan.uri) {
      this.editing = undefined;
      this.selection.clear();
      this.comments.close();
    }
    this.shown = message;
    this.frame.banners.set('problem', undefined);
    this.frame.banners.set('readOnly', message.plan.readOnlyReason, 'info');
    this.comments.show(message.plan.comments);
    this.drawAndKeep();
  }

  private drawAndKeep(): void {
    this.draw();
    this.keep();
  }

  private draw(): void {
    const { shown } = this;
    if (shown === undefined) return;
    const { plan, fields, agents } = shown;
    setText(this.frame.heading, visibleText(plan.title));
    setText(this.state, stateOf(plan.steps));
    this.drawHead(shown);
    const stepFields = fieldsOf(fields, 'steps');
    const count = plan.steps.length;
    const isAdding = this.editing === count;
    const wanted = count + (isAdding ? 1 : 0);
    while (this.steps.length < wanted) this.steps.push(this.stepView(this.steps.length));
    this.steps.length = wanted;
    for (const [index, view] of this.steps.entries()) {
      const step = plan.steps[index] ?? emptyStep;
      view.show(
        {
          step,
          index,
          count,
          isSelected: this.isSelected(step),
          editing: this.editing === index ? (rawSteps(shown)[index] ?? {}) : undefined,
        },
        stepFields,
        agents,
      );
    }
    const nodes = this.steps.map(({ section }) => section.node);
    if (nodes.length !== this.list.children.length || nodes.some((node, at) => node !== this.list.children[at]))
      this.list.replaceChildren(...nodes);
    this.drawMore();
    this.drawFooter(shown);
  }

  private drawHead({ plan, fields, values }: Shown): void {
    const outside = this.comments.outside(plan.steps.map(({ title }) => title));
    if (this.editing === 'head') {
      this.head.show('form', () => this.headForm(fields, values));
      return;
    }
    this.head.show([plan.goal, plan.chat, plan.chatTitle, plan.budget, outside, this.comments.key(undefined), this.canChange()], () => {
      const lines = plan.goal.split('\n').filter((line) => line.trim() !== '');
      const chat = textButton(
        visibleText(plan.chatTitle ?? ''),
        () => plan.chat !== undefined && this.post({ type: 'open', uri: plan.chat }),
        'quiet',
      );
      chat.dataset['key'] = 'chat';
      const edit = iconButton('edit', l10n.t('Edit goal and budget'), () => this.edit('head'));
      edit.dataset['key'] = 'edit-head';
      const { usd } = plan.budget;
      const facts: Child[] = [
        ...(plan.chat === undefined ? [] : [l10n.t('Chat: '), chat]),
        ...(plan.chat === undefined || usd === undefined ? [] : [' · ']),
        ...(usd === undefined ? [] : [l10n.t('Budget: {0}', `$${usd.toFixed(2)}`)]),
      ];
      return [
        element(
          'div',
          { class: 'plan-goal' },
          element(
            'div',
            { class: 'plan-goal-lines' },
            ...lines.map((line) => this.comments.line({ step: undefined, line }, line, visibleText(line))),
          ),
          this.canChange() ? edit : undefined,
        ),
        ...(facts.length === 0 ? [] : [element('p', { class: 'quiet' }, ...facts)]),
        ...outside
          .filter(({ step, line }) => step !== undefined || line === undefined || !lines.includes(line))
          .map((one) => this.comments.one(one, true)),
        ...(this.comments.writing?.step === undefined && this.comments.writing?.line === undefined
          ? this.comments.of({ step: undefined, line: undefined }).slice(-1)
          : []),
      ];
    });
  }

  private headForm(fields: readonly FieldView[], values: Record<string, unknown>): HTMLElement[] {
    const form = new Form({
      id: 'plan',
      fields: ['title', 'goal', 'budget'].flatMap((name) => fields.filter((field) => field.name === name)),
      values,
    });
    const save = (): void => {
      if (form.check()) this.save(form.changes);
    };
    queueMicrotask(() => form.focus());
    return [
      form.node,
      element(
        'div',
        { class: 'plan-buttons' },
        textButton(l10n.t('Save'), save, 'primary'),
        textButton(l10n.t('Cancel'), () => this.edit(undefined)),
      ),
    ];
  }

  private drawMore(): void {
    const canChange = this.canChange();
    this.more.show([canChange], () => {
      const quiet = (label: string, message: FromPlanPage): HTMLElement => textButton(label, () => this.post(message), 'quiet');
      return [
        canChange ? textButton(l10n.t('Add Step'), () => this.edit(this.shown?.plan.steps.length)) : undefined,
        canChange ? textButton(l10n.t('Comment on Plan'), () => this.beginComment({ step: undefined, line: undefined })) : undefined,
        quiet(l10n.t('Open Form'), { type: 'openForm' }),
        quiet(l10n.t('Open File'), { type: 'openFile' }),
        quiet(l10n.t('Show History…'), { type: 'history' }),
      ];
    });
  }

  private drawFooter({ plan }: Shown): void {
    const selected = this.selected();
    const isInterrupted = !plan.isRunning && plan.steps.some(({ status }) => status === 'running');
    const count = plan.comments.length;
    this.footer.show(
      [plan.isRunning, plan.readOnlyReason, selected.length, isInterrupted, count, plan.chat, plan.isInPlanMode, this.mode],
      () => {
        if (plan.readOnlyReason !== undefined) return [];
        if (plan.isRunning) return [this.button('stop', l10n.t('Stop'), 'secondary', { type: 'stop' })];
        const isDone = selected.length === 0 && !isInterrupted;
        const run = textButton(
          isInterrupted ? l10n.t('Continue') : selected.length === 1 ? l10n.t('Run 1 Step') : l10n.t('Run {0} Steps', selected.length),
          () => this.run(),
          count > 0 ? 'secondary' : 'primary',
        );
        run.dataset['key'] = 'run';
        return [
          ...(isDone && count === 0 ? [element('span', { class: 'quiet' }, l10n.t('Select a step to run it.'))] : []),
          ...(isDone ? [] : [run]),
          ...(plan.isInPlanMode && !isDone ? [this.modes()] : []),
          ...(count === 0 || plan.chat === undefined
            ? []
            : [
                this.button(
                  'send',
                  count === 1 ? l10n.t('Send 1 Comment to Chat') : l10n.t('Send {0} Comments to Chat', count),
                  'primary',
                  {
                    type: 'sendComments',
                  },
                ),
              ]),
        ];
      },
    );
  }

  private button(key: string, label: string, look: 'primary' | 'secondary', message: FromPlanPage): HTMLElement {
    const button = textButton(label, () => this.post(message), look);
    button.dataset['key'] = key;
    return button;
  }

  /** The permission mode of the steps, because a chat in plan mode leaves it when they run. */
  private modes(): HTMLElement {
    const select = element(
      'select',
      { class: 'select plan-mode', 'aria-label': l10n.t('Permission mode of the steps'), 'data-key': 'mode' },
      element('option', { value: 'ask', selected: this.mode === 'ask' }, l10n.t('Ask before edits')),
      element('option', { value: 'edit', selected: this.mode === 'edit' }, l10n.t('Edit files without asking')),
    );
    select.addEventListener('change', () => {
      this.mode = select.value === 'edit' ? 'edit' : 'ask';
    });
    return select;
  }

  private stepView(index: number): StepView {
    return new StepView(
      {
        canChange: () => this.canChange(),
        canSelect: () => this.shown?.plan.isRunning === false && this.shown.plan.readOnlyReason === undefined,
        select: (isSelected) => {
          const title = this.shown?.plan.steps[index]?.title;
          if (title !== undefined) this.selection.set(title, isSelected);
          this.draw();
        },
        edit: () => this.edit(index),
        save: (values) => this.saveSteps((steps) => (index < steps.length ? steps.with(index, values) : [...steps, this.added(values)])),
        cancel: () => this.edit(undefined),
        move: (by) =>
          this.saveSteps((steps) => {
            const [one, other] = [steps[index], steps[index + by]];
            return one === undefined || other === undefined ? steps : steps.with(index, other).with(index + by, one);
          }),
        remove: () => this.saveSteps((steps) => steps.filter((_, at) => at !== index)),
        open: (uri) => this.post({ type: 'open', uri }),
      },
      this.comments,
    );
  }

  /** A step that is added after the plan has started deviates from it. */
  private added(values: Record<string, unknown>): Record<string, unknown> {
    const hasStarted = this.shown?.plan.steps.some(({ status }) => status !== 'pending') === true;
    return hasStarted ? { ...values, added_later: true } : values;
  }

  private edit(part: Editing): void {
    this.editing = part;
    this.draw();
    if (typeof part === 'number') this.steps[part]?.focus();
  }

  private beginComment(place: Place): void {
    this.comments.open(place);
    this.drawAndKeep();
    this.comments.focus();
  }

  private addComment({ step, line }: Place, text: string): void {
    this.saveComments((comments) => [
      ...comments,
      { ...(step === undefined ? {} : { step }), ...(line === undefined ? {} : { line }), text },
    ]);
  }

  private saveComments(change: (comments: readonly PlanCommentView[]) => PlanCommentView[]): void {
    if (this.shown !== undefined) this.save({ comments: change(this.shown.plan.comments) });
  }

  private saveSteps(change: (steps: Record<string, unknown>[]) => Record<string, unknown>[]): void {
    if (this.shown !== undefined) this.save({ steps: change(rawSteps(this.shown)) });
  }

  private save(set: Record<string, unknown>): void {
    if (this.shown === undefined || this.isSaving) return;
    this.isSaving = true;
    this.post({ type: 'save', set, expectedVersion: this.shown.plan.version });
  }

  private run(): void {
    if (this.shown === undefined) return;
    const { version } = this.shown.plan;
    this.post({ type: 'run', version, steps: this.selected(), mode: this.mode });
    this.selection.clear();
  }

  private selected(): number[] {
    return (this.shown?.plan.steps ?? []).flatMap((step, index) => (this.isSelected(step) ? [index] : []));
  }

  /** A step that is done or running cannot be selected. A skipped or failed one runs again only if the user selects it. */
  private isSelected({ title, status }: PlanStepView): boolean {
    if (status === 'done' || status === 'running') return false;
    return this.selection.get(title) ?? status === 'pending';
  }

  private canChange(): boolean {
    return this.shown?.plan.readOnlyReason === undefined;
  }

  private post(message: FromPlanPage): void {
    this.panel.post(message);
  }

  private keep(): void {
    const uri = this.shown?.plan.uri ?? this.saved?.uri;
    if (uri === undefined) return;
    const { writing } = this.comments;
    if (writing === undefined) return this.panel.setState({ uri } satisfies SavedState);
    const { step, line, text } = writing;
    const comment = { ...(step === undefined ? {} : { step }), ...(line === undefined ? {} : { line }), text };
    this.panel.setState({ uri, comment } satisfies SavedState);
  }
}

/** A step before its first save. */
const emptyStep: PlanStepView = {
  title: '',
  description: '',
  files: [],
  checks: [],
  templateId: '',
  templateName: '',
  status: 'pending',
  isApproved: false,
  isAddedLater: false,
  unlistedFiles: [],
};

function stateOf(steps: readonly PlanStepView[]): string {
  const done = steps.filter(({ status }) => status === 'done').length;
  return done === 0 ? l10n.t('Plan') : l10n.t('Plan, {0} of {1} steps done', done, steps.length);
}

/** The fields of the items of a list. */
function fieldsOf(fields: readonly FieldView[], name: string): FieldView[] {
  return fields.find((field) => field.name === name)?.items?.properties ?? [];
}

function rawSteps({ values }: Shown): Record<string, unknown>[] {
  const { steps } = values;
  return Array.isArray(steps) ? steps.map((step: unknown) => (isObject(step) ? step : {})) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSame(one: PlanCommentView, other: PlanCommentView): boolean {
  return one.step === other.step && one.line === other.line && one.text === other.text;
}
