// The Approvals view, with the approvals of all chats and agents of this window.
import * as l10n from '@vscode/l10n';
import { ApprovalBox } from '../shared/approvals/approvalBox';
import { Banners } from '../shared/banners';
import { element, setText, textButton } from '../shared/element';
import type { Panel } from '../shared/panel';
import { visibleText } from '../../common/visibleText';
import type { FromApprovalsPage, ToApprovalsPage } from '../../common/messages/approvals';

export class ApprovalsPage {
  private readonly banners = new Banners();
  private readonly words = element('p', { class: 'empty', tabindex: -1 }, l10n.t('Loading…'));
  private readonly status = element('span', { class: 'visually-hidden', role: 'status' });
  private readonly box: ApprovalBox;

  constructor(
    root: HTMLElement,
    private readonly panel: Panel<FromApprovalsPage>,
    now?: () => number,
  ) {
    this.box = new ApprovalBox(
      {
        answer: (answer) => {
          this.banners.set('refused', undefined);
          panel.post({ type: 'answer', answer });
        },
        openDiff: (id) => panel.post({ type: 'openDiff', id }),
        open: (uri) => panel.post({ type: 'open', uri }),
        announce: (words) => setText(this.status, words),
        left: () => this.words.focus(),
      },
      now,
    );
    const heading = element('h1', { class: 'visually-hidden' }, l10n.t('Approvals'));
    root.append(heading, this.banners.node, element('div', { class: 'approvals-page' }, this.words, this.box.node), this.status);
    panel.post({ type: 'ready' });
  }

  receive(message: ToApprovalsPage): void {
    switch (message.type) {
      case 'approvals':
        this.banners.set('failed', undefined);
        this.banners.set('away', message.canAnswer ? undefined : l10n.t('Plue is not running. Pending approvals are denied.'), 'warning');
        this.words.hidden = message.approvals.length > 0;
        setText(this.words, l10n.t('No pending approvals'));
        this.box.show(message.approvals, message.canAnswer);
        return;
      case 'failed':
        this.words.hidden = true;
        this.banners.set('failed', visibleText(message.message), 'error', [
          textButton(l10n.t('Try Again'), () => this.panel.post({ type: 'reload' })),
        ]);
        return;
      case 'refused':
        this.box.askAgain();
        this.banners.set('refused', visibleText(message.error.message), 'error', [], () => this.banners.set('refused', undefined));
        return;
      case 'focus':
        if (this.box.node.hidden) this.words.focus();
        else this.box.focus();
        return;
    }
  }
}
