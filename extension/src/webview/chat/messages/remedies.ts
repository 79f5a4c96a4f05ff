import type { ChatContext } from '../state/chatContext';
import type { Remedies } from './failure';

/** Actions of the buttons under an error. */
export function remedies(
  { actions, store }: ChatContext,
  providerId: string | undefined,
  messageId: string | undefined,
  canContinue = false,
): Remedies {
  return {
    retry: () => messageId !== undefined && actions.retry(messageId, false),
    continueResponse: messageId !== undefined && canContinue ? () => actions.retry(messageId, true) : undefined,
    pick: () => actions.openPicker(),
    help: (action) => actions.help(action, providerId ?? store.provider?.id),
  };
}
