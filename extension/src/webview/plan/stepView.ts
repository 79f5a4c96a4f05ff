// One step of a plan: what it says, its state, what deviates, its comments, and its form.
import * as l10n from '@vscode/l10n';
import type { FieldView, PlanStepView } from '../../protocol/protocol.generated';
import { element, icon, iconButton, textButton } from '../shared/element';
import { Form } from '../shared/form';
import { Section } from '../shared/section';
import { withCode } from '../shared/withCode';
import { formatCost } from '../../common/format';
import { formatList } from '../../common/formatList';
import { taskStatusView } from '../../common/taskStatus';
import { visibleText } from '../../common/visibleText';
import type { Comments } from './comments';

export interface StepActions {
  canChange(): boolean;
  canSelect(): boolean;
  select(isSelected: boolean): void;
  edit(): void;
  save(values: Record<string, unknown>): void;
  cancel(): void;
  move(by: -1 | 1): void;
  remove(): void;
  open(uri: string): void;
}

export interface ShownStep {
  step: PlanStepView;
  index: number;
  count: number;
  isSelected: boolean;
  /** The values in the file, while the step is edited. */
  editing: Record<string, unknown> | undefined;
}

const states = {
  pending: { icon: 'circle-large-outline', words: l10n.t('pending') },
  running: { icon: 'loading', words: l10n.t('running') },
  done: { icon: 'check', words: l10n.t('done') },
  failed: { icon: 'close', words: l10n.t('failed') },
  skipped: { icon: 'debug-step-over', words: l10n.t('skipped') },
} as const satisfies Record<PlanStepView['status'], { icon: string; words: string }>;

/** Fields that the user sets; Plue sets the others. */
const ownFields = ['title', 'description', 'files', 'checks', 'template', 'model', 'budget_share'];

export class StepView {
  readonly section = new Section('section', { class: 'plan-step' });
  private form: Form | undefined;

  constructor(
    private readonly actions: StepActions,
    private readonly comments: Comments,
  ) {}

  show(shown: ShownStep, fields: readonly FieldView[], agents: readonly { id: string; name: string }[]): void {
    const { step, index, editing } = shown;
    this.section.node.setAttribute('aria-label', l10n.t('Step {0}', index + 1));
    if (editing === undefined) {
      this.form = undefined;
      this.section.show([shown, this.comments.key(step.title), this.actions.canChange(), this.actions.canSelect()], () => this.read(shown));
      return;
    }
    this.section.show(['form', index], () => this.write(editing, fields, agents, shown));
  }

  focus(): void {
    this.form?.focus();
  }

  private read({ step, index, isSelected }: ShownStep): HTMLElement[] {
    const { title, description, files, checks, status, isAddedLater } = step;
    const { comments } = this;
    const at = (line: string) => ({ step: title, line });
    const descriptionLines = description.split('\n').filter((line) => line.trim() !== '');
    const list = (name: string, values: readonly string[], isCode: boolean): HTMLElement[] =>
      values.length === 0
        ? []
        : [
            element(
              'div',
              { class: 'plan-list' },
              element('h3', {}, name),
              ...values.map((value) => comments.line(at(value), value, element(isCode ? 'code' : 'span', {}, visibleText(value)))),
            ),
          ];
    const box = element('input', {
      type: 'checkbox',
      class: 'checkbox',
      checked: isSelected,
      disabled: !this.actions.canSelect() || status === 'done' || status === 'running',
      'aria-label': l10n.t('Run step {0}: {1}', index + 1, visibleText(title)),
      'data-key': `select-${index}`,
    });
    box.addEventListener('change', () => this.actions.select(box.checked));
    const mark = icon(states[status].icon);
    if (status === 'running') mark.classList.add('codicon-modifier-spin');
    const edit = iconButton('edit', l10n.t('Edit step {0}', index + 1), () => this.actions.edit());
    edit.dataset['key'] = `edit-${index}`;
    edit.dataset['fallback'] = '';
    return [
      element(
        'div',
        { class: 'plan-step-head' },
        box,
        element('h2', {}, `${index + 1}. ${visibleText(title)}`),
        isAddedLater ? element('span', { class: 'plan-badge' }, l10n.t('added later')) : undefined,
        element('span', { class: `plan-state ${status}` }, mark, ' ', states[status].words),
        comments.button({ step: title, line: undefined }, title),
        this.actions.canChange() && status !== 'running' && status !== 'done' ? edit : undefined,
      ),
      ...comments.of({ step: title, line: undefined }),
      element('div', { class: 'plan-description' }, ...descriptionLines.map((line) => comments.line(at(line), line, visibleText(line)))),
      ...list(l10n.t('Files'), files, true),
      ...list(l10n.t('Checks'), checks, true),
      ...comments.lost(title, [...descriptionLines, ...files, ...checks]),
      this.agentLine(step),
      ...this.deviations(step),
    ];
  }

  private agentLine({ templateName, model, budgetShare, task }: PlanStepView): HTMLElement {
    const facts = [
      visibleText(templateName),
      ...(model === undefined ? [] : [visibleText(model)]),
      ...(budgetShare === undefined ? [] : [l10n.t('{0}% of the budget', budgetShare)]),
    ];
    const line = element('p', { class: 'plan-agent quiet' }, facts.join(' · '));
    if (task === undefined) return line;
    const { usd } = task.totalSpent;
    const open = textButton(l10n.t('Open Task'), () => this.actions.open(task.uri), 'quiet');
    open.dataset['key'] = `task-${task.uri}`;
    line.append(' · ', open, ` ${[taskStatusView(task.status).words, ...(usd === undefined ? [] : [formatCost(usd)])].join(', ')}`);
    return line;
  }

  private deviations({ unlistedFiles, note, status }: PlanStepView): HTMLElement[] {
    const words = [
      ...(unlistedFiles.length === 0 ? [] : [l10n.t('Changed files that the step does not list: {0}', formatList(unlistedFiles))]),
      ...(note === undefined || note === '' ? [] : [note]),
    ];
    return words.map((text) =>
      element(
        'p',
        { class: `plan-deviation ${status === 'failed' ? 'error' : 'warning'}` },
        icon(status === 'failed' ? 'error' : 'warning'),
        element('span', {}, ...withCode(text)),
      ),
    );
  }

  private write(
    values: Record<string, unknown>,
    fields: readonly FieldView[],
    agents: readonly { id: string; name: string }[],
    { index, count }: ShownStep,
  ): HTMLElement[] {
    const shown = ownFields.flatMap((name) => fields.filter((field) => field.name === name));
    const form = new Form({
      id: `step-${index}`,
      fields: shown.map((field) => (field.name === 'template' ? agentField(field, agents, values['template']) : field)),
      values,
      words: Object.fromEntries(agents.map(({ id, name }) => [id, visibleText(name)])),
    });
    this.form = form;
    const save = (): void => {
      if (form.check()) this.actions.save(form.values);
    };
    form.node.addEventListener('keydown', (event) => {
      if (event.key === 's' && (event.ctrlKey || event.metaKey)) save();
      else if (event.key === 'Escape') this.actions.cancel();
      else return;
      event.preventDefault();
    });
    const isNew = index >= count;
    return [
      element('h2', {}, isNew ? l10n.t('New step') : l10n.t('Step {0}', index + 1)),
      form.node,
      element(
        'div',
        { class: 'plan-buttons' },
        textButton(l10n.t('Save'), save, 'primary'),
        textButton(l10n.t('Cancel'), () => this.actions.cancel()),
        ...(isNew
          ? []
          : [
              ...(index === 0 ? [] : [textButton(l10n.t('Move Up'), () => this.actions.move(-1))]),
              ...(index === count - 1 ? [] : [textButton(l10n.t('Move Down'), () => this.actions.move(1))]),
              textButton(l10n.t('Remove Step'), () => this.actions.remove()),
            ]),
      ),
    ];
  }
}

/** The template as a choice of agents. */
function agentField(field: FieldView, agents: readonly { id: string }[], current: unknown): FieldView {
  const ids = agents.map(({ id }) => id);
  return { ...field, type: 'select', options: typeof current === 'string' && !ids.includes(current) ? [current, ...ids] : ids };
}
