// Menu of the chat.
import * as l10n from '@vscode/l10n';
import { isTask } from '../../../common/isTask';
import type { MenuItem } from '../../shared/menu';
import type { ChatCommand } from '../../../common/messages/chatMessages';
import { type ChatState, isRunning } from '../state/chatState';

export interface ChatMenuActions {
  rename(): void;
  fork(): void;
  find(): void;
  tryTemplate(): void;
  run(command: ChatCommand): void;
}

/** Returns only actions that are available. */
export function chatMenu(state: ChatState, actions: ChatMenuActions): MenuItem[] {
  const canChange = state.readOnlyReason === undefined && !isRunning(state);
  const isAgent = isTask(state.codex);
  const wasChat = isAgent && state.codex.uri.startsWith('codex://chats/');
  const hasMessages = state.offset + state.messages.length > 0;
  const command = (label: string, id: ChatCommand): MenuItem => ({ label, run: () => actions.run(id) });
  const items: (MenuItem | false)[] = [
    state.readOnlyReason === undefined && { label: l10n.t('Rename'), run: () => actions.rename() },
    canChange && state.canUndo && command(l10n.t('Undo Last Turn'), 'plue.chat.undo'),
    canChange && state.canRedo && command(l10n.t('Redo'), 'plue.chat.redo'),
    hasMessages && { label: l10n.t('Fork'), run: () => actions.fork() },
    hasMessages && { label: l10n.t('Find'), run: () => actions.find() },
    hasMessages && command(l10n.t('Go to Question…'), 'plue.chat.jump'),
    state.readOnlyReason === undefined && command(l10n.t('Pin Files…'), 'plue.chat.pinFiles'),
    command(isAgent ? l10n.t('Task Settings…') : l10n.t('Chat Settings…'), 'plue.chat.settings'),
    state.readOnlyReason === undefined && command(l10n.t('Select Tools…'), 'plue.selectTools'),
    state.readOnlyReason === undefined && command(l10n.t('Show Skills'), 'plue.showSkills'),
    { label: l10n.t('Preview Template'), run: () => actions.tryTemplate() },
    !isAgent && state.readOnlyReason === undefined && command(l10n.t('Run as Task with Budget…'), 'plue.chat.runAsTask'),
    wasChat && canChange && command(l10n.t('Continue as Chat'), 'plue.chat.continueAsChat'),
    canChange && hasMessages && command(l10n.t('Compact Now'), 'plue.chat.compact'),
    hasMessages && command(l10n.t('Export…'), 'plue.chat.export'),
  ];
  return items.filter((item) => item !== false);
}
