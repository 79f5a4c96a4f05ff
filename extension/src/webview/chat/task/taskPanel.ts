// The panel of a task: goal, budget, and plan above the messages; agents, files, and figures beside; timeline below.
import * as l10n from '@vscode/l10n';
import type {
  AnsweredApprovalView,
  ChangedFileView,
  RoutingReceipt,
  TaskDetail,
  TaskView,
  TimelineLane,
  TodoView,
} from '../../../protocol/protocol.generated';
import { Banners } from '../../shared/banners';
import { element, textButton, type Child } from '../../shared/element';
import { labelOf } from '../../shared/fieldLabel';
import { atLeast, costNotAvailable, formatCost } from '../../../common/format';
import { locale } from '../../../common/locale';
import { exactText } from '../../shared/exactText';
import { Section } from '../../shared/section';
import { isResumable, isWorking, taskStatusView } from '../../../common/taskStatus';
import type { EditCommand, TaskCommand } from '../../../common/messages/chatAgents';
import { visibleText } from '../../../common/visibleText';
import { sizeOf } from '../messages/toolCall';
import { barsOf, type BudgetBar } from './budget';
import { stateIcon, TimelineView } from './timelineView';

export interface TaskPanelActions {
  open(uri: string): void;
  edits(command: EditCommand, path?: string): void;
  run(command: TaskCommand): void;
  reload(): void;
}

export class TaskPanel {
  private readonly banners = new Banners();
  private readonly top = new Section('section', { class: 'task-top', 'aria-label': l10n.t('Task') });
  private readonly plan = new Section('section', { class: 'task-plan', 'aria-label': l10n.t('Plan') });
  readonly head = element('div', { class: 'task-head' }, this.banners.node, this.top.node, this.plan.node);
  private readonly aside = new Section('div', { class: 'task-side-parts' });
  readonly side = element(
    'aside',
    { class: 'task-side', 'aria-label': l10n.t('Task details'), tabindex: 0, hidden: true },
    this.aside.node,
  );
  readonly timeline: TimelineView;

  constructor(private readonly actions: TaskPanelActions) {
    this.timeline = new TimelineView((uri) => actions.open(uri));
    this.top.show('loading', () => [element('p', { class: 'quiet' }, l10n.t('Loading…'))]);
  }

  /** @param canChange True if the task accepts messages. */
  show(detail: TaskDetail, canChange: boolean, now: number): void {
    const { task, goal, plan, children, timeline } = detail;
    this.banners.set('failed', undefined);
    const bars = barsOf(task, children);
    this.top.show([task.status, task.note, task.model, task.providerName, task.templateName, goal, bars, canChange], () => [
      stateLine(task),
      canChange ? this.buttons(task) : undefined,
      element('p', { class: 'task-goal', tabindex: 0 }, visibleText(goal)),
      element('div', { class: 'task-bars' }, ...bars.map(barNode)),
    ]);
    this.plan.node.hidden = plan.length === 0;
    this.plan.show(plan, () => [element('h2', {}, l10n.t('Plan')), element('ol', {}, ...plan.map(todo))]);
    this.showSide(detail);
    this.timeline.show(timeline, now);
  }

  fail(message: string): void {
    this.banners.set('failed', visibleText(message), 'error', [textButton(l10n.t('Try Again'), () => this.actions.reload())]);
  }

  private buttons({ status }: TaskView): HTMLElement {
    const button = (label: string, command: TaskCommand, look: 'primary' | 'secondary' = 'secondary'): HTMLElement => {
      const one = textButton(label, () => this.actions.run(command), look);
      one.dataset['key'] = command;
      return one;
    };
    return element(
      'div',
      { class: 'task-buttons' },
      ...(status === 'over_budget' ? [button(l10n.t('Increase Budget…'), 'plue.tasks.increaseBudget', 'primary')] : []),
      ...(isResumable(status) ? [button(l10n.t('Resume'), 'plue.tasks.resume', 'primary')] : []),
      ...(isWorking(status) && status !== 'paused' ? [button(l10n.t('Pause'), 'plue.tasks.pause')] : []),
      ...(isWorking(status) ? [button(l10n.t('Stop'), 'plue.tasks.stop')] : []),
      button(l10n.t('Send Message…'), 'plue.tasks.steer'),
    );
  }

  private showSide({ children, files, approvals, timeline, routing, outputs }: TaskDetail): void {
    const costs = timeline.filter(({ spent }) => spent.usd !== undefined);
    const parts: [string, unknown, () => Child[]][] = [
      [l10n.t('Agents'), children, () => [element('ul', {}, ...children.map((child) => this.child(child)))]],
      [l10n.t('Files changed'), files, () => [this.all(files), element('ul', {}, ...files.map((file) => this.file(file)))]],
      [l10n.t('Approvals given'), approvals, () => [element('ul', {}, ...approvals.map(answered))]],
      [l10n.t('Cost by agent'), costs, () => [costTable(costs)]],
      [l10n.t('Model selection'), routing, () => (routing === undefined ? [] : receipt(routing))],
      [l10n.t('Result'), outputs, () => handedBack(outputs)],
    ];
    const shown = parts.filter(([, what]) => what !== undefined && (!Array.isArray(what) || what.length > 0));
    this.side.hidden = shown.length === 0;
    this.aside.show(
      shown.map(([name, what]) => [name, what]),
      () => shown.map(([name, , build]) => element('section', { 'aria-label': name }, element('h2', {}, name), ...build())),
    );
  }

  private child(task: TaskView): HTMLElement {
    const open = textButton(visibleText(task.title), () => this.actions.open(task.uri), 'quiet');
    open.dataset['key'] = `child-${task.uri}`;
    const { usd, usdIsAtLeast } = task.spentInAll;
    const cost =
      task.isLocal && (usd ?? 0) === 0 ? l10n.t('local') : usd === undefined ? costNotAvailable : atLeast(formatCost(usd), usdIsAtLeast);
    return element(
      'li',
      { class: 'task-child' },
      stateIcon(task.status),
      open,
      element('span', { class: 'quiet' }, [visibleText(task.templateName), taskStatusView(task.status).words, cost].join(', ')),
    );
  }

  /** Actions for all files. */
  private all(files: readonly ChangedFileView[]): HTMLElement | undefined {
    if (files.length < 2) return undefined;
    return element(
      'div',
      { class: 'change-all' },
      this.editButton('plue.reviewChanges', l10n.t('Review All')),
      this.editButton('plue.acceptChange', l10n.t('Accept All')),
      this.editButton('plue.rejectChange', l10n.t('Reject All')),
    );
  }

  private file({ path, added, removed }: ChangedFileView): HTMLElement {
    const shown = visibleText(path);
    return element(
      'li',
      { class: 'task-file' },
      element('span', { class: 'change-path' }, shown),
      sizeOf({ added, removed }),
      element(
        'span',
        { class: 'change-buttons' },
        this.editButton('plue.reviewChanges', l10n.t('Review'), l10n.t('Review {0}', shown), path),
        this.editButton('plue.acceptChange', l10n.t('Accept'), l10n.t('Accept {0}', shown), path),
        this.editButton('plue.rejectChange', l10n.t('Reject'), l10n.t('Reject {0}', shown), path),
      ),
    );
  }

  /** @param name Label for screen readers. @param path One file, or undefined for all. */
  private editButton(command: EditCommand, label: string, name = label, path?: string): HTMLElement {
    const button = textButton(label, () => this.actions.edits(command, path), 'quiet');
    button.setAttribute('aria-label', name);
    button.dataset['key'] = `${command} ${path ?? ''}`;
    return button;
  }
}

function stateLine({ status, note, templateName, providerName, model }: TaskView): HTMLElement {
  const who = [templateName, [providerName, model].filter((part) => part !== undefined).join(' / ')].filter((part) => part !== '');
  return element(
    'p',
    { class: 'task-state' },
    stateIcon(status),
    element('span', {}, taskStatusView(status).words),
    element('span', { class: 'quiet' }, visibleText(who.join(', '))),
    note === undefined ? undefined : element('span', {}, visibleText(note)),
  );
}

function barNode({ name, words, spent, share, reservedShare, isReached }: BudgetBar): HTMLElement {
  const node = element(
    'div',
    { class: `budget${isReached ? ' reached' : ''}`, title: words },
    element('span', { class: 'budget-name' }, name),
    element('span', { class: 'budget-words' }, spent),
  );
  if (share === undefined) return node;
  const used = element('span', { class: 'budget-used' });
  const reserved = element('span', { class: 'budget-reserved' });
  used.style.width = `${share * 100}%`;
  reserved.style.width = `${reservedShare * 100}%`;
  node.append(
    element(
      'div',
      {
        class: 'budget-bar',
        role: 'meter',
        'aria-label': name,
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-valuenow': Math.round(share * 100),
        'aria-valuetext': words,
      },
      used,
      reserved,
    ),
  );
  return node;
}

const todoStates = {
  open: { icon: 'queued', words: l10n.t('to do') },
  active: { icon: 'running', words: l10n.t('in progress') },
  done: { icon: 'done', words: l10n.t('done') },
} as const satisfies Record<TodoView['state'], { icon: string; words: string }>;

function todo({ text, state }: TodoView): HTMLElement {
  const { icon, words } = todoStates[state];
  return element(
    'li',
    { class: `todo ${state}` },
    stateIcon(icon),
    element('span', { class: 'visually-hidden' }, `${words}: `),
    visibleText(text),
  );
}

function answered({ time, what, decision, reason }: AnsweredApprovalView): HTMLElement {
  const at = Number.isNaN(Date.parse(time)) ? '' : new Date(time).toLocaleTimeString(locale);
  return element(
    'li',
    { class: 'task-answered' },
    element('code', {}, exactText(what)),
    element(
      'span',
      { class: 'quiet' },
      [decision, reason === undefined ? '' : `“${visibleText(reason)}”`, at].filter((part) => part !== '').join(', '),
    ),
  );
}

function costTable(lanes: readonly TimelineLane[]): HTMLElement {
  return element(
    'table',
    { class: 'cost-table' },
    element(
      'tbody',
      {},
      ...lanes.map(({ title, spent: { usd = 0, usdIsAtLeast } }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row' }, visibleText(title)),
          element('td', { class: 'number' }, atLeast(formatCost(usd), usdIsAtLeast)),
        ),
      ),
    ),
  );
}

function receipt({ chosen, why, rejected }: RoutingReceipt): HTMLElement[] {
  return [
    element('p', {}, element('strong', {}, visibleText(chosen)), ` ${visibleText(why)}`),
    element(
      'ul',
      {},
      ...rejected.map(({ candidate, why: reason }) =>
        element('li', {}, visibleText(candidate), ' ', element('span', { class: 'quiet' }, visibleText(reason))),
      ),
    ),
  ];
}

/** Texts and lists of texts are formatted; other values are shown as JSON. */
function handedBack(outputs: unknown): HTMLElement[] {
  if (typeof outputs !== 'object' || outputs === null || Array.isArray(outputs)) return [asIs(outputs)];
  return Object.entries(outputs)
    .filter(([, value]) => value !== null && value !== '' && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]: [string, unknown]) =>
      element('div', { class: 'task-output' }, element('h3', {}, visibleText(labelOf(name))), outputNode(value)),
    );
}

function outputNode(value: unknown): HTMLElement {
  if (typeof value === 'string') return element('p', {}, visibleText(value));
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) return asIs(value);
  return element('ul', {}, ...value.map((one) => element('li', {}, visibleText(one))));
}

function asIs(value: unknown): HTMLElement {
  return element('pre', { tabindex: 0 }, exactText(JSON.stringify(value, undefined, 2) ?? ''));
}
