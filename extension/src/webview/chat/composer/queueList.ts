// Queued messages, above the composer.
import * as l10n from '@vscode/l10n';
import type { QueuedView } from '../../../protocol/protocol.generated';
import { formatFileCount } from '../../../common/counts';
import { truncate } from '../../../common/truncate';
import { element, icon, iconButton, textButton } from '../../shared/element';
import { visibleText } from '../../../common/visibleText';

export interface QueueActions {
  sendNow(queued: QueuedView): void;
  /** Back into the composer. */
  edit(queued: QueuedView): void;
  remove(queued: QueuedView): void;
}

export class QueueList {
  readonly node = element('section', { class: 'queue', 'aria-label': l10n.t('Queued messages'), hidden: true });
  private shown = '';

  constructor(private readonly actions: QueueActions) {}

  show(queue: readonly QueuedView[], isRunning: boolean, isReadOnly: boolean): void {
    const key = JSON.stringify([queue, isRunning, isReadOnly]);
    if (key === this.shown) return;
    this.shown = key;
    const hadFocus = this.node.contains(document.activeElement);
    this.node.hidden = queue.length === 0;
    this.node.replaceChildren(
      element(
        'div',
        { class: 'queue-title' },
        icon('list-ordered'),
        isRunning ? l10n.t('{0} queued, sent after this response', queue.length) : l10n.t('{0} queued, not sent yet', queue.length),
      ),
      element('ol', {}, ...queue.map((queued) => this.row(queued, isRunning, isReadOnly))),
    );
    if (hadFocus) this.node.querySelector('button')?.focus();
  }

  private row(queued: QueuedView, isRunning: boolean, isReadOnly: boolean): HTMLElement {
    const { attachments } = queued;
    const files = formatFileCount(attachments.length);
    const text = visibleText(queued.text).replace(/\s+/gu, ' ').trim();
    return element(
      'li',
      { title: visibleText(queued.text) },
      element('span', { class: 'queue-text' }, text),
      attachments.length === 0 ? undefined : element('span', { class: 'chip-detail' }, files),
      ...(isReadOnly
        ? []
        : [
            textButton(isRunning ? l10n.t('Send Now') : l10n.t('Send'), () => this.actions.sendNow(queued), 'quiet'),
            iconButton('edit', l10n.t('Edit “{0}”', truncate(text, 40)), () => this.actions.edit(queued)),
            iconButton('close', l10n.t('Remove “{0}”', truncate(text, 40)), () => this.actions.remove(queued)),
          ]),
    );
  }
}
