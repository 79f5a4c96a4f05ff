// Navigation between questions.
import type { MessageView } from '../../../protocol/protocol.generated';

export interface Messages {
  readonly total: number;
  messageAt(index: number): MessageView | undefined;
}

/** Returns the question before or after a row; `unknown` if a message in between is not loaded, undefined at the ends. */
export function nextQuestion(messages: Messages, from: number, backwards: boolean): { index: number; id: string } | 'unknown' | undefined {
  const by = backwards ? -1 : 1;
  for (let index = from + by; index >= 0 && index < messages.total; index += by) {
    const message = messages.messageAt(index);
    if (message === undefined) return 'unknown';
    if (message.role === 'user' && message.parts.some(({ kind }) => kind !== 'toolResult')) return { index, id: message.id };
  }
  return undefined;
}
