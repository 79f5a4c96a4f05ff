// Where a task with a git worktree worked and what to do with its changes, below its result.
import * as l10n from '@vscode/l10n';
import type { TaskCommand } from '../../../common/messages/chatAgents';
import { isWorking } from '../../../common/taskStatus';
import { visibleText } from '../../../common/visibleText';
import type { TaskDetail } from '../../../protocol/protocol.generated';
import { element, icon, textButton } from '../../shared/element';
import { Section } from '../../shared/section';

export class TaskWorktree {
  private readonly section = new Section('section', { class: 'task-worktree', 'aria-label': l10n.t('Worktree'), hidden: true });
  readonly node = this.section.node;

  constructor(private readonly run: (command: TaskCommand) => void) {}

  /** @param detail Undefined while the task responds. */
  show(detail: TaskDetail | undefined): void {
    const { worktree, status } = detail?.task ?? {};
    this.node.hidden = worktree === undefined || status === undefined || isWorking(status);
    if (worktree === undefined || this.node.hidden) return;
    const isRemoved = worktree.state === 'removed';
    this.section.show([worktree], () => [
      element(
        'p',
        { title: visibleText(worktree.folder) },
        icon('git-branch'),
        ' ',
        isRemoved
          ? l10n.t('Worked on the branch {0}. Its worktree was removed.', visibleText(worktree.branch))
          : l10n.t('Worked on the branch {0} in its own worktree.', visibleText(worktree.branch)),
      ),
      isRemoved ? undefined : element('p', { class: 'task-buttons' }, ...this.buttons()),
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
