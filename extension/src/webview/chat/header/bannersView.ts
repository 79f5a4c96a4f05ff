// Banners above the messages: the state of the sidecar and notices about the chat.
import * as l10n from '@vscode/l10n';
import { Banners } from '../../shared/banners';
import { textButton } from '../../shared/element';
import { hookFailureText } from '../../shared/hookFailure';
import type { ChatContext } from '../state/chatContext';
import { type ChatModel, type ChatView, isChatEmpty } from '../state/chatStore';

export class BannersView implements ChatView {
  private readonly banners = new Banners();
  private dismissedNotice: string | undefined;

  constructor(private readonly context: ChatContext) {}

  get node(): HTMLElement {
    return this.banners.node;
  }

  show({ chat, sidecar }: ChatModel): void {
    const { panel, actions } = this.context;
    const cause = sidecar.state === 'stopped' ? (sidecar.cause ?? l10n.t('Plue stopped.')) : undefined;
    this.banners.set('sidecar', cause, 'error', [
      textButton(l10n.t('Restart'), () => actions.help('restartSidecar'), 'primary'),
      textButton(l10n.t('Show Log'), () => actions.help('openLog')),
    ]);
    this.banners.set('starting', sidecar.state === 'starting' && chat !== undefined ? l10n.t('Starting Plue…') : undefined);
    this.banners.set('readOnly', chat?.readOnlyReason, 'warning');
    this.banners.set('hooks', hookFailureText(chat?.hookFailures), 'warning', [
      textButton(l10n.t('Show History'), () => panel.post({ type: 'command', command: 'plue.showHistory' })),
    ]);
    // After a restart, only the user may continue and cause costs.
    const hasNotBegun = chat?.codex.taskStatus === 'interrupted' && isChatEmpty(chat);
    this.banners.set('begin', hasNotBegun ? l10n.t('Plue was closed before this task could start.') : undefined, 'info', [
      textButton(l10n.t('Start'), () => panel.post({ type: 'send', text: '' }), 'primary'),
    ]);
    const notice = chat?.notice === this.dismissedNotice ? undefined : chat?.notice;
    this.banners.set('notice', notice, 'info', [], () => {
      this.dismissedNotice = notice;
      this.banners.set('notice', undefined);
      actions.focusComposer();
    });
  }
}
