// Title and model of the chat, with the cost and context meters.
import * as l10n from '@vscode/l10n';
import type { CodexSummary, ProviderInfoView, ProviderSummary } from '../../../protocol/protocol.generated';
import { element, icon, setText } from '../../shared/element';
import { menuButton, type MenuItem } from '../../shared/menu';
import { displayTitle } from '../../../common/title';
import { visibleText } from '../../../common/visibleText';
import type { ResponseOptions } from './responseOptions';
import { fallbackText } from '../messages/messageFigures';
import { chosenProvider } from '../state/chosenModel';

export class Header {
  readonly node: HTMLElement;
  private readonly title: HTMLButtonElement;
  private readonly heading = element('h1', { class: 'title' });
  private readonly insteadName = element('span');
  private readonly badge = element(
    'span',
    { class: 'badge', hidden: true, title: l10n.t('The tour replays recorded chats. No model is called.') },
    l10n.t('Recording'),
  );
  private readonly instead = element('span', { class: 'instead', hidden: true }, icon('info'), this.insteadName);
  private name = '';

  constructor(
    options: ResponseOptions,
    meters: readonly HTMLElement[],
    private readonly onRename: (title: string) => void,
    menu: () => MenuItem[],
  ) {
    this.title = element('button', { type: 'button', class: 'title-button', title: l10n.t('Rename (F2)') });
    this.title.addEventListener('click', () => this.rename());
    this.heading.append(this.title);
    const more = menuButton({ label: l10n.t('Chat menu'), key: 'chat-menu', items: menu });
    const parts = [this.heading, this.badge, this.instead, options.node, ...meters, more];
    this.node = element('header', { class: 'chat-header' }, ...parts);
  }

  /** @param answeredBy Provider of the last response. */
  show(codex: CodexSummary, providers: ProviderSummary[], answeredBy: ProviderInfoView | undefined): void {
    this.name = codex.title.trim() === '' ? displayTitle('') : codex.title;
    setText(this.title, visibleText(this.name));
    this.title.setAttribute('aria-label', l10n.t('Chat title: {0}. Rename', visibleText(this.name)));
    this.badge.hidden = chosenProvider(codex, providers)?.kind !== 'tour';
    const instead = answeredBy === undefined ? undefined : fallbackText(answeredBy);
    this.instead.hidden = instead === undefined;
    this.instead.title = visibleText(instead ?? '');
    setText(this.insteadName, instead === undefined ? '' : visibleText(l10n.t('Response from {0}', answeredBy?.providerName ?? '')));
  }

  rename(): void {
    if (this.name === '' || (this.heading.contains(document.activeElement) && document.activeElement !== this.title)) return;
    const input = element('input', {
      type: 'text',
      class: 'title-input',
      'aria-label': l10n.t('Chat title'),
      value: this.name,
      spellcheck: 'false',
    });
    const finish = (keep: boolean, refocus: boolean): void => {
      if (!input.isConnected) return;
      const title = input.value.trim();
      this.heading.replaceChildren(this.title);
      if (refocus) this.title.focus();
      if (keep && title !== '' && title !== this.name) {
        setText(this.title, visibleText(title));
        this.onRename(title);
      }
    };
    input.addEventListener('keydown', (event) => {
      if (event.isComposing || (event.key !== 'Enter' && event.key !== 'Escape')) return;
      event.preventDefault();
      event.stopPropagation();
      finish(event.key === 'Enter', true);
    });
    input.addEventListener('blur', () => finish(true, false));
    this.heading.replaceChildren(input);
    input.focus();
    input.select();
  }
}
