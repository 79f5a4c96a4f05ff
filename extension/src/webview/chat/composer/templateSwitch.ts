// Shows the template of the chat or task, or the agent that gets the next message, with a menu.
import * as l10n from '@vscode/l10n';
import { isTask } from '../../../common/isTask';
import type { CodexSummary } from '../../../protocol/protocol.generated';
import { menuButton, type MenuItem } from '../../shared/menu';
import { Section } from '../../shared/section';
import { formatCost } from '../../../common/format';
import type { ChosenAgent, TemplateName } from '../../../common/messages/chat';
import type { ChatCommand } from '../../../common/messages/chatMessages';
import { visibleText } from '../../../common/visibleText';

export interface TemplateSwitchActions {
  run(command: ChatCommand): void;
  /** Another template for a chat without messages. */
  change(templateId: string): void;
  /** Undefined: the next message is of this chat. */
  chooseAgent(agent: TemplateName | undefined): void;
  /** Opens the form of a task with all its fields. */
  openForm(agent: TemplateName): void;
  tryTemplate(): void;
}

export class TemplateSwitch {
  private readonly section = new Section('div', { class: 'template-switch' });
  readonly node = this.section.node;

  constructor(private readonly actions: TemplateSwitchActions) {}

  /**
   * @param isEmpty True if the chat has no messages: another chat template then replaces it.
   * @param agent The agent that gets the next message.
   */
  show(codex: CodexSummary, templates: readonly TemplateName[], isEmpty: boolean, agent: ChosenAgent | undefined): void {
    const { templateId } = codex;
    const own = templates.find(({ id }) => id === templateId)?.name ?? templateId;
    const isChat = !isTask(codex);
    const others = isChat ? templates.filter(({ id, isAgent }) => id !== templateId && (isAgent || isEmpty)) : [];
    const name = visibleText(agent?.name ?? own) + (agent?.budget === undefined ? '' : ` · ${formatCost(agent.budget)}`);
    this.section.show([name, own, others, isChat, agent], () => [
      menuButton({
        label: agent === undefined ? l10n.t('Template: {0}', name) : l10n.t('Agent: {0}', name),
        text: name,
        key: 'template-switch',
        items: () => this.items(own, others, isChat, agent),
      }),
    ]);
  }

  private items(own: string, others: readonly TemplateName[], isChat: boolean, agent: TemplateName | undefined): MenuItem[] {
    const { actions } = this;
    const row = ({ name, description }: TemplateName, run: () => void): MenuItem => ({
      label: name,
      ...(description === undefined ? {} : { detail: description }),
      run,
    });
    return [
      ...(agent === undefined
        ? []
        : [
            { label: l10n.t('More Options…'), run: () => actions.openForm(agent) },
            { label: own, detail: l10n.t('Continue this chat'), run: () => actions.chooseAgent(undefined) },
          ]),
      ...others.filter(({ isAgent }) => !isAgent).map((one) => row(one, () => actions.change(one.id))),
      ...others.filter(({ isAgent, id }) => isAgent && id !== agent?.id).map((one) => row(one, () => actions.chooseAgent(one))),
      { label: isChat ? l10n.t('Chat Settings…') : l10n.t('Task Settings…'), run: () => actions.run('plue.chat.settings') },
      { label: l10n.t('Preview Template'), run: () => actions.tryTemplate() },
      ...(isChat ? [{ label: l10n.t('New Chat from Template…'), run: () => actions.run('plue.newChatFromTemplate') }] : []),
    ];
  }
}
