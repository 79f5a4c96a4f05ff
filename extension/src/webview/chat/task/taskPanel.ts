// Panel above the messages of a task: one line with status, cost, and actions, the current step of the plan, and collapsed details.
import * as l10n from '@vscode/l10n';
import type {
  AnsweredApprovalView,
  BoardNoteView,
  RoutingReceipt,
  TaskDetail,
  TaskView,
  TimelineLane,
  TodoView,
} from '../../../protocol/protocol.generated';
import { Banners } from '../../shared/banners';
import { element, icon, textButton, type Child } from '../../shared/element';
import { atLeast, costNotAvailable, formatCost } from '../../../common/format';
import { locale } from '../../../common/locale';
import { exactText } from '../../shared/exactText';
import { Section } from '../../shared/section';
import { isResumable, isWorking, taskStatusView } from '../../../common/taskStatus';
import type { TaskCommand } from '../../../common/messages/chatAgents';
import { visibleText } from '../../../common/visibleText';
import { barsOf, type BudgetBar } from './budget';
import { stateIcon, TimelineView } from './timelineView';

export interface TaskPanelActions {
  open(uri: string): void;
  run(command: TaskCommand): void;
  reload(): void;
}

export class TaskPanel {
  private readonly banners = new Banners();
  private readonly line = new Section('section', { class: 'task-line', 'aria-label': l10n.t('Task') });
  private readonly plan = new Section('section', { class: 'task-plan', 'aria-label': l10n.t('Plan') });
  private readonly parts = new Section('div');
  private readonly timeline: TimelineView;
  private readonly details: HTMLElement;
  readonly node: HTMLElement;
  private areDetailsOpen = false;
  private isPlanOpen = false;
  private shown: { detail: TaskDetail; canChange: boolean } | undefined;

  constructor(private readonly actions: TaskPanelActions) {
    this.timeline = new TimelineView((uri) => actions.open(uri));
    this.details = element(
      'section',
      { class: 'task-details', id: 'task-details', 'aria-label': l10n.t('Task details'), tabindex: 0, hidden: true },
      this.parts.node,
      this.timeline.node,
    );
    this.node = element('div', { class: 'task-head' }, this.banners.node, this.line.node, this.plan.node, this.details);
    this.line.show('loading', () => [element('p', { class: 'quiet' }, l10n.t('Loading…'))]);
  }

  /** @param canChange True if the task accepts messages. */
  show(detail: TaskDetail, canChange: boolean, now: number): void {
    this.shown = { detail, canChange };
    this.banners.set('failed', undefined);
    this.showLine();
    this.showPlan(detail.plan);
    this.showDetails(detail, now);
  }

  fail(message: string): void {
    this.banners.set('failed', visibleText(message), 'error', [textButton(l10n.t('Try Again'), () => this.actions.reload())]);
  }

  private showLine(): void {
    if (this.shown === undefined) return;
    const { detail, canChange } = this.shown;
    const { task, children } = detail;
    const bars = barsOf(task, children).filter(({ isReached }, index) => index === 0 || isReached);
    const { status, note, model, providerName, worktree } = task;
    this.line.show([status, note, model, providerName, worktree, bars, canChange, this.areDetailsOpen], () => [
      element(
        'p',
        { class: 'task-state' },
        stateIcon(status),
        element('span', {}, taskStatusView(status).words),
        element('span', { class: 'quiet', title: visibleText(providerName ?? '') }, visibleText(model ?? '')),
        worktree === undefined || worktree.state === 'removed'
          ? undefined
          : element(
              'span',
              { class: 'quiet task-place', title: l10n.t('Works in a git worktree: {0}', visibleText(worktree.folder)) },
              icon('git-branch'),
              element('span', { class: 'visually-hidden' }, l10n.t('Works on the branch')),
              ` ${visibleText(worktree.branch)}`,
            ),
        note === undefined ? undefined : element('span', { class: 'task-note' }, visibleText(note)),
      ),
      ...bars.map(barNode),
      element('span', { class: 'task-buttons' }, ...(canChange ? this.buttons(task) : []), this.detailsButton()),
    ]);
  }

  private buttons({ status }: TaskView): HTMLElement[] {
    const button = (label: string, command: TaskCommand, look: 'primary' | 'secondary' = 'secondary'): HTMLElement => {
      const one = textButton(label, () => this.actions.run(command), look);
      one.dataset['key'] = command;
      return one;
    };
    return [
      ...(status === 'over_budget' ? [button(l10n.t('Increase Budget…'), 'plue.tasks.increaseBudget', 'primary')] : []),
      ...(isResumable(status) ? [button(l10n.t('Resume'), 'plue.tasks.resume', 'primary')] : []),
      ...(isWorking(status) && status !== 'paused' ? [button(l10n.t('Pause'), 'plue.tasks.pause')] : []),
      ...(isWorking(status) ? [button(l10n.t('Stop'), 'plue.tasks.stop')] : []),
    ];
  }

  private detailsButton(): HTMLElement {
    const button = element(
      'button',
      {
        type: 'button',
        class: 'text-button quiet task-details-button',
        'aria-expanded': String(this.areDetailsOpen),
        'aria-controls': this.details.id,
        'aria-label': l10n.t('Task details'),
        'data-key': 'details',
        'data-fallback': '',
      },
      icon(this.areDetailsOpen ? 'chevron-down' : 'chevron-right'),
      l10n.t('Details'),
    );
    button.addEventListener('click', () => {
      this.areDetailsOpen = !this.areDetailsOpen;
      this.details.hidden = !this.areDetailsOpen;
      this.showLine();
    });
    return button;
  }

  /** Shows one line with the current step, which expands to the whole plan. */
  private showPlan(plan: readonly TodoView[]): void {
    this.plan.node.hidden = plan.length === 0;
    const done = plan.filter(({ state }) => state === 'done').length;
    const current = plan.find(({ state }) => state === 'active') ?? plan.find(({ state }) => state === 'open');
    this.plan.show(plan, () => {
      const words = current === undefined ? l10n.t('{0} of {1} done', done, plan.length) : visibleText(current.text);
      const list = element(
        'details',
        { open: this.isPlanOpen },
        element(
          'summary',
          { 'data-key': 'plan' },
          element('span', { class: 'quiet' }, l10n.t('Plan {0}/{1}', done, plan.length)),
          ' ',
          words,
        ),
        element('ol', {}, ...plan.map(todo)),
      );
      list.addEventListener('toggle', () => (this.isPlanOpen = list.open));
      return [list];
    });
  }

  private showDetails({ task, children, approvals, timeline, routing, board }: TaskDetail, now: number): void {
    const bars = barsOf(task, children);
    const costs = timeline.filter(({ spent }) => spent.usd !== undefined);
    const parts: [string, readonly unknown[], () => Child[]][] = [
      [l10n.t('Budget'), bars, () => bars.map(barNode)],
      [l10n.t('Agents'), children, () => [element('ul', {}, ...children.map((child) => this.child(child)))]],
      [l10n.t('Board'), board, () => [element('ul', { class: 'task-board' }, ...board.map(note))]],
      [l10n.t('Cost by agent'), costs, () => [costTable(costs)]],
      [l10n.t('Approvals given'), approvals, () => [element('ul', {}, ...approvals.map(answered))]],
      [l10n.t('Model selection'), routing === undefined ? [] : [routing], () => (routing === undefined ? [] : receipt(routing))],
    ];
    const shown = parts.filter(([, what]) => what.length > 0);
    this.parts.show(
      shown.map(([name, what]) => [name, what]),
      () => shown.map(([name, , build]) => element('section', { 'aria-label': name }, element('h2', {}, name), ...build())),
    );
    this.timeline.show(timeline, now);
  }

  private child(task: TaskView): HTMLElement {
    const open = textButton(visibleText(task.title), () => this.actions.open(task.uri), 'quiet');
    open.dataset['key'] = `child-${task.uri}`;
    const { usd, usdIsAtLeast } = task.totalSpent;
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
}

function barNode({ name, words, spent, share, reservedShare, isReached }: BudgetBar): HTMLElement {
  const node = element(
    'div',
    { class: `budget${isReached ? ' reached' : ''}`, title: words },
    element('span', { class: 'budget-name' }, name),
    element('span', { class: 'budget-text' }, spent),
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

function note({ time, author, text }: BoardNoteView): HTMLElement {
  return element('li', {}, visibleText(text), ' ', element('span', { class: 'quiet' }, `${visibleText(author)}, ${timeOf(time)}`));
}

function timeOf(time: string): string {
  return Number.isNaN(Date.parse(time)) ? '' : new Date(time).toLocaleTimeString(locale);
}

function answered({ time, actionText, decision, reason }: AnsweredApprovalView): HTMLElement {
  const at = timeOf(time);
  return element(
    'li',
    { class: 'task-answered' },
    element('code', {}, exactText(actionText)),
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

function receipt({ chosen, reason, rejected }: RoutingReceipt): HTMLElement[] {
  return [
    element('p', {}, element('strong', {}, visibleText(chosen)), ` ${visibleText(reason)}`),
    element(
      'ul',
      {},
      ...rejected.map(({ candidate, reason: reason }) =>
        element('li', {}, visibleText(candidate), ' ', element('span', { class: 'quiet' }, visibleText(reason))),
      ),
    ),
  ];
}
