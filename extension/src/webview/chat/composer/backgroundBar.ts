// Above the composer: the background commands of the chat that run.
import * as l10n from '@vscode/l10n';
import { formatDuration } from '../../../common/format';
import type { BackgroundAction } from '../../../common/messages/chatAgents';
import { visibleText } from '../../../common/visibleText';
import type { BackgroundCommandView } from '../../../protocol/protocol.generated';
import { element, icon, setText, textButton } from '../../shared/element';
import { Section } from '../../shared/section';

export class BackgroundBar {
  private readonly section = new Section('section', { class: 'background-bar', 'aria-label': l10n.t('Background commands'), hidden: true });
  readonly node = this.section.node;
  private commands: readonly BackgroundCommandView[] = [];
  private ticking: ReturnType<typeof setInterval> | undefined;

  /** @param left The bar went while it had the focus. */
  constructor(
    private readonly run: (action: BackgroundAction, id: string) => void,
    private readonly left: () => void,
  ) {}

  show(commands: readonly BackgroundCommandView[]): void {
    const hadFocus = this.node.contains(document.activeElement);
    this.commands = commands.filter(({ isRunning }) => isRunning);
    this.node.hidden = this.commands.length === 0;
    this.section.show(this.commands, () => [element('ul', {}, ...this.commands.map((command) => this.row(command)))]);
    this.showTimes();
    if (this.commands.length > 0) this.ticking ??= setInterval(() => this.showTimes(), 1000);
    else this.stopTicking();
    if (hadFocus && this.commands.length === 0) this.left();
  }

  private row({ id, command, isKept }: BackgroundCommandView): HTMLElement {
    const name = visibleText(command);
    const button = (action: BackgroundAction, label: string, title: string, pressed?: boolean): HTMLElement => {
      const control = textButton(label, () => this.run(action, id), 'quiet');
      control.title = title;
      control.setAttribute('aria-label', `${label}: ${name}`);
      control.dataset['key'] = `${id} ${label}`;
      if (pressed !== undefined) control.setAttribute('aria-pressed', String(pressed));
      return control;
    };
    return element(
      'li',
      { class: 'background-row' },
      icon('terminal'),
      element('code', { class: 'background-name', title: name }, name),
      element('span', { class: 'background-time', 'data-id': id }),
      element(
        'span',
        { class: 'background-actions' },
        button('show', l10n.t('Show Terminal'), l10n.t('Show the output in a terminal, where you can type')),
        button(
          isKept ? 'release' : 'keep',
          l10n.t('Keep Running'),
          l10n.t('Run on after the chat or task has ended, until you stop it or Plue ends'),
          isKept,
        ),
        button('stop', l10n.t('Stop'), l10n.t('Stop the command and everything it started')),
      ),
    );
  }

  private showTimes(): void {
    if (!this.node.isConnected) return this.stopTicking();
    const now = Date.now();
    for (const node of this.node.querySelectorAll('.background-time')) {
      const command = this.commands.find(({ id }) => id === node.getAttribute('data-id'));
      if (command !== undefined) setText(node, formatDuration(Math.max(0, now - Date.parse(command.startedAt))));
    }
  }

  private stopTicking(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
  }
}
