// One contestant of a comparison.
import * as l10n from '@vscode/l10n';
import type { ContestantAction } from '../../common/messages/compare';
import { formatFileCount } from '../../common/counts';
import { atLeast, costNotAvailable, formatCost, formatDuration } from '../../common/format';
import { isResumable, isWorking, taskStatusView } from '../../common/taskStatus';
import { visibleText } from '../../common/visibleText';
import type { CheckView, ContestantView, TaskView } from '../../protocol/protocol.generated';
import { element, icon, textButton, type Child } from '../shared/element';

type Act = (action: ContestantAction, task: string) => void;

export function contestantCard({ task, templateName, problem, diff, checks, isChosen }: ContestantView, act: Act): HTMLElement {
  const name = task === undefined ? visibleText(templateName) : modelName(task);
  return element(
    'section',
    { class: isChosen ? 'contestant chosen' : 'contestant', role: 'listitem', 'aria-label': name },
    element('h2', {}, name),
    task === undefined ? undefined : element('p', { class: 'quiet' }, visibleText(templateName)),
    task === undefined ? undefined : stateLine(task, isChosen),
    problem === undefined ? undefined : element('p', { class: 'contestant-problem' }, visibleText(problem)),
    task?.note === undefined ? undefined : element('p', { class: 'contestant-problem' }, visibleText(task.note)),
    task === undefined
      ? undefined
      : element(
          'dl',
          { class: 'facts' },
          ...fact(l10n.t('Changes'), diff === undefined ? '–' : diffView(diff)),
          ...fact(l10n.t('Checks'), checksText(checks)),
          ...fact(l10n.t('Cost'), costOf(task)),
          ...fact(l10n.t('Time'), formatDuration(task.totalSpent.seconds * 1000)),
        ),
    checks.length === 0 ? undefined : element('ul', { class: 'plain-list contestant-checks' }, ...checks.map(checkView)),
    task === undefined ? undefined : element('p', { class: 'contestant-buttons' }, ...buttons(task, isChosen, act)),
  );
}

function modelName({ providerName, model, title }: TaskView): string {
  const parts = [providerName, model].filter((part) => part !== undefined && part !== '').map((part) => visibleText(part ?? ''));
  return parts.length === 0 ? visibleText(title) : parts.join(' · ');
}

function stateLine({ status }: TaskView, isChosen: boolean): HTMLElement {
  const { icon: image, words } = taskStatusView(status);
  return element(
    'p',
    { class: `contestant-state ${status}` },
    icon(image === 'loading' ? 'loading codicon-modifier-spin' : image),
    element('span', {}, words),
    isChosen ? element('span', { class: 'contestant-badge' }, l10n.t('Chosen')) : undefined,
  );
}

function fact(name: string, value: Child): HTMLElement[] {
  return [element('dt', {}, name), element('dd', {}, value)];
}

function diffView({ files, added, removed }: NonNullable<ContestantView['diff']>): HTMLElement {
  return element(
    'span',
    {},
    element('span', { class: 'added' }, `+${added}`),
    ' ',
    element('span', { class: 'removed' }, `−${removed}`),
    ` · ${formatFileCount(files)}`,
  );
}

function checksText(checks: readonly CheckView[]): string {
  if (checks.length === 0) return l10n.t('none');
  if (checks.every(({ state }) => state === 'waiting')) return l10n.t('not run');
  return l10n.t('{0} of {1} passed', checks.filter(({ state }) => state === 'passed').length, checks.length);
}

function checkView({ name, state, seconds, problem }: CheckView): HTMLElement {
  const [image, label] =
    state === 'passed'
      ? ['check', l10n.t('Passed')]
      : state === 'failed'
        ? ['close', l10n.t('Failed')]
        : ['circle-outline', l10n.t('Not run')];
  return element(
    'li',
    { class: state, ...(problem === undefined ? {} : { title: visibleText(problem) }) },
    element('span', { class: `codicon codicon-${image}`, role: 'img', title: label, 'aria-label': label }),
    element('code', {}, visibleText(name)),
    seconds === undefined ? undefined : element('span', { class: 'quiet' }, formatDuration(seconds * 1000)),
  );
}

function costOf({ totalSpent: { usd, usdIsAtLeast }, isLocal }: TaskView): string {
  if (isLocal) return l10n.t('free');
  return usd === undefined ? costNotAvailable : atLeast(formatCost(usd), usdIsAtLeast);
}

function buttons({ uri, status, worktree }: TaskView, isChosen: boolean, act: Act): HTMLElement[] {
  const button = (label: string, action: ContestantAction, look: 'primary' | 'secondary' | 'quiet'): HTMLElement => {
    const one = textButton(label, () => act(action, uri), look);
    one.dataset['key'] = `${action} ${uri}`;
    return one;
  };
  const works = isWorking(status);
  const hasWorktree = worktree !== undefined && worktree.state !== 'removed';
  return [
    ...(hasWorktree && !works && !isChosen ? [button(l10n.t('Choose…'), 'choose', status === 'done' ? 'primary' : 'secondary')] : []),
    ...(hasWorktree ? [button(l10n.t('Review'), 'review', 'secondary')] : []),
    ...(works ? [button(l10n.t('Stop'), 'stop', 'secondary')] : []),
    ...(isResumable(status) || status === 'over_budget' ? [button(l10n.t('Resume'), 'resume', 'secondary')] : []),
    button(l10n.t('Open Task'), 'open', 'quiet'),
  ];
}
