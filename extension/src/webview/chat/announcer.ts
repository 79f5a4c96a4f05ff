// Announces to screen readers when a response starts and how it ends.
import * as l10n from '@vscode/l10n';
import { element } from '../shared/element';
import { type ChatState, isRunning } from './state/chatState';

export class Announcer {
  readonly node = element('div', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  private before: ChatState | undefined;

  follow(state: ChatState): void {
    const words = announcement(this.before, state);
    this.before = state;
    if (words !== undefined) this.announce(words);
  }

  announce(words: string): void {
    this.node.textContent = words;
  }
}

export function announcement(before: ChatState | undefined, state: ChatState): string | undefined {
  if (before === undefined) return undefined;
  if (!isRunning(state) && isRunning(before)) {
    const error = state.ending?.error ?? state.messages.at(-1)?.error;
    if (error !== undefined) return l10n.t('Error: {0}', error.message);
    return state.ending?.stopReason === 'stopped' ? l10n.t('Stopped') : l10n.t('Response finished');
  }
  return isStreaming(state) && !isStreaming(before) ? l10n.t('Response started') : undefined;
}

function isStreaming(state: ChatState): boolean {
  return state.messages.at(-1)?.status === 'streaming';
}
