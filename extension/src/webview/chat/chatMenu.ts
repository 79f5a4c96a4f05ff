// What can be done with the whole chat.
import type { MenuItem } from '../shared/menu';
import type { ChatCommand } from '../shared/viewMessages';
import { type ChatState, isRunning } from './chatState';

export interface ChatMenuActions {
  rename(): void;
  fork(): void;
  find(): void;
  tryTemplate(): void;
  run(command: ChatCommand): void;
}

/** Only what can be done now. */
export function chatMenu(state: ChatState, actions: ChatMenuActions): MenuItem[] {
  const canChange = state.readOnlyReason === undefined && !isRunning(state);
  const hasMessages = state.offset + state.messages.length > 0;
  const command = (label: string, id: ChatCommand): MenuItem => ({ label, run: () => actions.run(id) });
  const items: (MenuItem | false)[] = [
    state.readOnlyReason === undefined && { label: 'Rename', run: () => actions.rename() },
    canChange && state.canUndo && command('Undo Last Turn', 'plue.chat.undo'),
    canChange && state.canRedo && command('Redo', 'plue.chat.redo'),
    hasMessages && { label: 'Fork', run: () => actions.fork() },
    hasMessages && { label: 'Find', run: () => actions.find() },
    hasMessages && command('Jump to Question…', 'plue.chat.jump'),
    state.readOnlyReason === undefined && command('Pin Files…', 'plue.chat.pinFiles'),
    command(state.codex.uri.startsWith('codex://tasks/') ? 'Task Settings…' : 'Chat Settings…', 'plue.chat.settings'),
    { label: 'Try Template', run: () => actions.tryTemplate() },
    canChange && hasMessages && command('Compact Now', 'plue.chat.compact'),
    hasMessages && command('Export…', 'plue.chat.export'),
  ];
  return items.filter((item) => item !== false);
}
