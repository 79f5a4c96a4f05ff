// Where the task that the next message starts works.
import * as l10n from '@vscode/l10n';
import { menuButton } from '../../shared/menu';
import { Section } from '../../shared/section';

const texts = {
  folder: { name: l10n.t('This Folder'), effect: l10n.t('The task changes the files of this window.') },
  worktree: {
    name: l10n.t('New Worktree'),
    effect: l10n.t('The task works in a copy of the last commit, on its own branch. You review and merge its changes when it ends.'),
  },
} as const;

export class PlaceSwitch {
  private readonly section = new Section('div', { class: 'template-switch place-switch' });
  readonly node = this.section.node;

  constructor(private readonly choose: (isWorktree: boolean) => void) {}

  /** @param isWorktree Undefined hides the switch. */
  show(isWorktree: boolean | undefined): void {
    this.node.hidden = isWorktree === undefined;
    this.section.show([isWorktree], () => {
      const current = isWorktree === true ? texts.worktree : texts.folder;
      return [
        menuButton({
          label: l10n.t('Work in: {0}', current.name),
          text: current.name,
          tooltip: l10n.t('Work in: {0}', current.name) + '\n' + current.effect,
          key: 'place-switch',
          items: () =>
            [texts.folder, texts.worktree].map((one) => ({
              label: `${one.name}${one === current ? ' ✓' : ''}`,
              detail: one.effect,
              run: () => this.choose(one === texts.worktree),
            })),
        }),
      ];
    });
  }
}
