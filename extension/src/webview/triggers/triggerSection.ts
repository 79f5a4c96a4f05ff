// One trigger with its switch, its budget of the day, and its runs.
import * as l10n from '@vscode/l10n';
import type { TriggerKind, TriggerRunView, TriggerView } from '../../protocol/protocol.generated';
import { element, icon, textButton, type Child } from '../shared/element';
import { withCode } from '../shared/withCode';
import { formatCost, formatDollars, formatTime, notAvailable } from '../../common/format';
import type { FromTriggersPage } from '../../common/messages/triggers';
import { taskStatusView } from '../../common/taskStatus';
import { visibleText } from '../../common/visibleText';

export interface TriggerActions {
  post(message: FromTriggersPage): void;
  /** Shows all runs. */
  showAll(): void;
}

/** Number of runs shown initially. */
const shortList = 5;

const kinds: Readonly<Record<TriggerKind, { icon: string; words: string }>> = {
  schedule: { icon: 'calendar', words: l10n.t('Schedule') },
  saved: { icon: 'save', words: l10n.t('File saved') },
  git: { icon: 'git-commit', words: l10n.t('Git') },
  problems: { icon: 'error-small', words: l10n.t('Problems') },
  ended: { icon: 'checklist', words: l10n.t('Task ended') },
  unknown: { icon: 'question', words: l10n.t('No event') },
};

export function triggerSection(trigger: TriggerView, isExpanded: boolean, actions: TriggerActions): HTMLElement {
  const { uri, runs } = trigger;
  const title = visibleText(trigger.title);
  const box = element('input', {
    type: 'checkbox',
    class: 'checkbox',
    checked: trigger.isEnabled,
    'aria-label': l10n.t('Turn on {0}', title),
    'data-key': `switch ${uri}`,
  });
  box.addEventListener('change', () => actions.post({ type: 'setEnabled', uri, isEnabled: box.checked }));
  const run = textButton(l10n.t('Run Now'), () => actions.post({ type: 'run', uri }));
  run.dataset['key'] = `run ${uri}`;
  run.disabled = trigger.problem !== undefined && trigger.on === 'unknown';
  const edit = textButton(l10n.t('Edit'), () => actions.post({ type: 'open', uri }));
  edit.dataset['key'] = `edit ${uri}`;
  return element(
    'section',
    { class: 'trigger', 'aria-label': title },
    element('div', { class: 'trigger-head' }, box, element('h2', {}, title), run, edit),
    element('dl', { class: 'facts' }, ...facts(trigger)),
    trigger.problem === undefined
      ? undefined
      : element('p', { class: 'trigger-problem' }, icon('warning'), element('span', {}, ...withCode(visibleText(trigger.problem)))),
    runs.length === 0 ? element('p', { class: 'quiet' }, l10n.t('No runs yet.')) : runTable(runs, isExpanded, title, actions),
    isExpanded || runs.length <= shortList
      ? undefined
      : textButton(l10n.t('Show All {0} Runs', runs.length), () => actions.showAll(), 'quiet'),
  );
}

function facts(trigger: TriggerView): Child[] {
  const { on, detail, next, usdToday, usdPerDay, runsToday, runsPerDay } = trigger;
  const kind = kinds[on];
  const fact = (name: string, ...value: Child[]): Child[] => [element('dt', {}, name), element('dd', {}, ...value)];
  return [
    ...fact(
      l10n.t('Event'),
      icon(kind.icon),
      ' ',
      kind.words,
      ...(detail === '' ? [] : [': ', element('code', {}, visibleText(detail))]),
      ...(trigger.isOfWorkspace ? [element('span', { class: 'quiet' }, ` · ${l10n.t('from the workspace')}`)] : []),
    ),
    ...(next === undefined ? [] : fact(l10n.t('Next run'), formatTime(next, 'short'))),
    ...fact(l10n.t('Agent'), visibleText(trigger.templateName)),
    ...fact(
      l10n.t('Today'),
      l10n.t('{0} of {1}, {2} of {3} runs', formatCost(usdToday), formatDollars(usdPerDay, 2), runsToday, runsPerDay),
    ),
  ];
}

function runTable(runs: readonly TriggerRunView[], isExpanded: boolean, title: string, actions: TriggerActions): HTMLElement {
  return element(
    'table',
    { class: 'trigger-runs' },
    element('caption', { class: 'visually-hidden' }, l10n.t('Runs of {0}', title)),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ...[l10n.t('Time'), l10n.t('Reason'), l10n.t('Task'), l10n.t('Cost')].map((name) => element('th', { scope: 'col' }, name)),
      ),
    ),
    element('tbody', {}, ...runs.slice(0, isExpanded ? runs.length : shortList).map((run) => line(run, actions))),
  );
}

function line(run: TriggerRunView, actions: TriggerActions): HTMLElement {
  return element(
    'tr',
    {},
    element('td', { class: 'run-time' }, formatTime(run.time, 'short')),
    element(
      'td',
      { class: 'run-reason' },
      visibleText(run.reason),
      run.times > 1 ? element('span', { class: 'quiet' }, ` ${l10n.t('({0} times)', run.times)}`) : undefined,
      run.notRun === undefined ? undefined : element('div', { class: 'quiet' }, ...withCode(visibleText(run.notRun))),
    ),
    element('td', { class: 'run-task' }, ...state(run, actions)),
    element('td', { class: 'run-cost' }, cost(run)),
  );
}

function state({ id, task, notRun }: TriggerRunView, actions: TriggerActions): Child[] {
  if (notRun !== undefined) return [element('span', { class: 'quiet' }, l10n.t('not run'))];
  if (task === undefined) return [element('span', { class: 'quiet' }, l10n.t('deleted'))];
  const { icon: name, words } = taskStatusView(task.status);
  const mark = icon(name);
  if (task.status === 'running') mark.classList.add('codicon-modifier-spin');
  const open = textButton(words, () => actions.post({ type: 'open', uri: task.uri }), 'quiet');
  open.title = l10n.t('Open Task');
  open.dataset['key'] = `open ${id}`;
  return [mark, open];
}

function cost({ cost: amount, task, notRun }: TriggerRunView): string {
  if (notRun !== undefined) return '';
  if (task?.isLocal === true && (amount ?? 0) === 0) return l10n.t('Free');
  return amount === undefined ? notAvailable : formatCost(amount);
}
