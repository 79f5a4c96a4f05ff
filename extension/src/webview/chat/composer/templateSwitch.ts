// Shows the template of the chat or task, with a menu.
import * as l10n from '@vscode/l10n';
import type { CodexSummary } from '../../../protocol/protocol.generated';
import { menuButton, type MenuItem } from '../../shared/menu';
import { Section } from '../../shared/section';
import type { TemplateName } from '../../../common/messages/chat';
import type { ChatCommand } from '../../../common/messages/chatMessages';
import { visibleText } from '../../../common/visibleText';

export interface TemplateSwitchActions {
  run(command: ChatCommand): void;
  newOf(templateId: string): void;
  tryTemplate(): void;
}

export class TemplateSwitch {
  private readonly section = new Section('div', { class: 'template-switch' });
  readonly node = this.section.node;

  constructor(private readonly actions: TemplateSwitchActions) {}

  /** @param isEmpty True if the chat has no messages: another template then opens a new chat. */
  show({ templateId, uri }: CodexSummary, templates: readonly TemplateName[], isEmpty: boolean): void {
    const name = templates.find(({ id }) => id === templateId)?.name ?? templateId;
    const isChat = uri.startsWith('codex://chats/');
    const others = isChat && isEmpty ? templates.filter(({ id }) => id !== templateId) : [];
    this.section.show([name, others, isChat], () => [
      menuButton({
        label: l10n.t('Template: {0}', visibleText(name)),
        text: visibleText(name),
        key: 'template-switch',
        items: () => this.items(others, isChat),
      }),
    ]);
  }

  private items(others: readonly TemplateName[], isChat: boolean): MenuItem[] {
    const { actions } = this;
    return [
      ...others.map(({ id, name }) => ({ label: name, run: () => actions.newOf(id) })),
      { label: isChat ? l10n.t('Chat Settings…') : l10n.t('Task Settings…'), run: () => actions.run('plue.chat.settings') },
      { label: l10n.t('Preview Template'), run: () => actions.tryTemplate() },
      ...(isChat ? [{ label: l10n.t('New Chat from Template…'), run: () => actions.run('plue.newChatFromTemplate') }] : []),
    ];
  }
}
