// Where a task with a git worktree worked, what the worktree got, and what to do with its changes, below its result.
import * as l10n from '@vscode/l10n';
import type { TaskCommand } from '../../../common/messages/chatAgents';
import { formatBytes, formatDuration } from '../../../common/format';
import { isWorking } from '../../../common/taskStatus';
import { visibleText } from '../../../common/visibleText';
import type { ProvisioningStepView, ProvisioningView, TaskDetail, TaskWorktreeView } from '../../../protocol/protocol.generated';
import { element, icon, textButton } from '../../shared/element';
import { Section } from '../../shared/section';

export class TaskWorktree {
  private readonly section = new Section('section', { class: 'task-worktree', 'aria-label': l10n.t('Worktree'), hidden: true });
  readonly node = this.section.node;

  constructor(private readonly run: (command: TaskCommand) => void) {}

  /** @param detail Undefined while the task responds. */
  show(detail: TaskDetail | undefined): void {
    const { worktree, status } = detail?.task ?? {};
    const steps = worktree?.provisioning?.steps ?? [];
    const working = status === undefined || isWorking(status);
    this.node.hidden = worktree === undefined || (working && steps.length === 0);
    if (worktree === undefined || this.node.hidden) return;
    const isRemoved = worktree.state === 'removed';
    this.section.show([worktree, working], () => [
      working ? undefined : place(worktree, isRemoved),
      worktree.provisioning === undefined || steps.length === 0 ? undefined : provisioningView(worktree.provisioning),
      working || isRemoved ? undefined : element('p', { class: 'task-buttons' }, ...this.buttons()),
    ]);
  }

  private buttons(): HTMLElement[] {
    const button = (label: string, command: TaskCommand, look: 'primary' | 'secondary' | 'quiet'): HTMLElement => {
      const one = textButton(label, () => this.run(command), look);
      one.dataset['key'] = command;
      return one;
    };
    return [
      button(l10n.t('Merge…'), 'plue.worktrees.merge', 'primary'),
      button(l10n.t('Show Changes'), 'plue.worktrees.showChanges', 'secondary'),
      button(l10n.t('Commit…'), 'plue.worktrees.commit', 'quiet'),
      button(l10n.t('Create Pull Request…'), 'plue.worktrees.createPullRequest', 'quiet'),
      button(l10n.t('Open in New Window'), 'plue.worktrees.open', 'quiet'),
      button(l10n.t('Remove…'), 'plue.worktrees.remove', 'quiet'),
    ];
  }
}

function place({ branch, folder }: TaskWorktreeView, isRemoved: boolean): HTMLElement {
  return element(
    'p',
    { title: visibleText(folder) },
    icon('git-branch'),
    ' ',
    isRemoved
      ? l10n.t('Worked on the branch {0}. Its worktree was removed.', visibleText(branch))
      : l10n.t('Worked on the branch {0} in its own worktree.', visibleText(branch)),
  );
}

/** The steps with their times, open while they run and if one was not done. */
function provisioningView({ steps, seconds, bytes, hasEnded }: ProvisioningView): HTMLElement {
  const isComplete = steps.every(({ state }) => state === 'done');
  const facts = [formatDuration(seconds * 1000), ...(bytes === undefined ? [] : [l10n.t('{0} on the disk', formatBytes(bytes))])];
  const title = !hasEnded
    ? l10n.t('Preparing the worktree')
    : isComplete
      ? l10n.t('Worktree prepared')
      : l10n.t('Worktree prepared in part');
  return element(
    'details',
    { class: 'provisioning', open: !isComplete },
    element('summary', {}, title, element('span', { class: 'facts' }, ` · ${facts.join(' · ')}`)),
    element('ul', { role: 'list' }, ...steps.map(stepView)),
  );
}

function stepView({ kind, name, state, note, seconds }: ProvisioningStepView): HTMLElement {
  const shown = visibleText(name);
  const did = {
    file: (): string => l10n.t('Read {0}', shown),
    link: (): string => l10n.t('Link {0}', shown),
    copy: (): string => l10n.t('Copy {0}', shown),
    run: (): string => l10n.t('Run {0}', shown),
  }[kindOf(kind)]();
  const [image, label] = states()[state] ?? ['circle-outline', state];
  return element(
    'li',
    { class: state },
    element('span', { class: `codicon codicon-${image}`, role: 'img', title: label, 'aria-label': label }),
    ' ',
    did,
    seconds === undefined ? undefined : element('span', { class: 'facts' }, ` · ${formatDuration(seconds * 1000)}`),
    note === undefined ? undefined : element('span', { class: 'step-note' }, visibleText(note)),
  );
}

function kindOf(kind: string): 'file' | 'link' | 'copy' | 'run' {
  return kind === 'link' || kind === 'copy' || kind === 'run' ? kind : 'file';
}

function states(): Partial<Record<string, readonly [string, string]>> {
  return {
    waiting: ['circle-outline', l10n.t('Waiting')],
    running: ['sync', l10n.t('Running')],
    done: ['check', l10n.t('Done')],
    skipped: ['circle-slash', l10n.t('Skipped')],
    failed: ['warning', l10n.t('Failed')],
  };
}
