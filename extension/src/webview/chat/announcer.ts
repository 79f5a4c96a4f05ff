// What a screen reader hears: that an answer began and how it ended, not its words.
import { element } from '../shared/element';
import { type ChatState, isRunning } from './chatState';

export class Announcer {
  readonly node = element('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  private before: ChatState | undefined;

  follow(state: ChatState): void {
    const words = announcement(this.before, state);
    this.before = state;
    if (words !== undefined) this.say(words);
  }

  say(words: string): void {
    this.node.textContent = words;
  }
}

export function announcement(before: ChatState | undefined, state: ChatState): string | undefined {
  if (before === undefined) return undefined;
  if (!isRunning(state) && isRunning(before)) {
    const error = state.ending?.error ?? state.messages.at(-1)?.error;
    if (error !== undefined) return `Error: ${error.message}`;
    return state.ending?.stopReason === 'stopped' ? 'Stopped' : 'Answer finished';
  }
  return isStreaming(state) && !isStreaming(before) ? 'Answer started' : undefined;
}

function isStreaming(state: ChatState): boolean {
  return state.messages.at(-1)?.status === 'streaming';
}
