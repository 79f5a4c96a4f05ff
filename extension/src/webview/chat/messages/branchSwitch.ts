// "‹ 2/3 ›" on a message with alternatives: versions of the question, or other responses.
import * as l10n from '@vscode/l10n';
import type { MessageView } from '../../../protocol/protocol.generated';
import { element, iconButton, setText } from '../../shared/element';

export class BranchSwitch {
  readonly node: HTMLElement;
  private readonly before: HTMLButtonElement;
  private readonly after: HTMLButtonElement;
  private readonly words = element('span', { class: 'branch-text' });
  private beforeId: string | undefined;
  private afterId: string | undefined;

  constructor(onSwitch: (messageId: string) => void) {
    this.before = iconButton('chevron-left', l10n.t('Previous version'), () => this.beforeId !== undefined && onSwitch(this.beforeId));
    this.after = iconButton('chevron-right', l10n.t('Next version'), () => this.afterId !== undefined && onSwitch(this.afterId));
    this.node = element('span', { class: 'branch', role: 'group', hidden: true }, this.before, this.words, this.after);
  }

  show({ id, alternatives }: MessageView, canSwitch: boolean): void {
    const at = alternatives?.indexOf(id) ?? -1;
    this.node.hidden = alternatives === undefined || alternatives.length < 2 || at < 0;
    if (alternatives === undefined || at < 0) return;
    this.beforeId = alternatives[at - 1];
    this.afterId = alternatives[at + 1];
    this.before.disabled = !canSwitch || this.beforeId === undefined;
    this.after.disabled = !canSwitch || this.afterId === undefined;
    setText(this.words, `${at + 1}/${alternatives.length}`);
    this.node.setAttribute('aria-label', l10n.t('Version {0} of {1}', at + 1, alternatives.length));
  }
}
