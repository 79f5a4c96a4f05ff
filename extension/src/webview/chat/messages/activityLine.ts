// Status line below the messages while no text arrives: current activity and its duration.
import * as l10n from '@vscode/l10n';
import { element, icon, setText, textButton } from '../../shared/element';
import { visibleText } from '../../../common/visibleText';
import { type ChatState, isRunning } from '../state/chatState';

export class ActivityLine {
  readonly node = element('div', { class: 'activity', hidden: true });
  private readonly words = element('span');
  private readonly stop: HTMLElement;
  private state: ChatState | undefined;
  private isSending = false;
  private ticking: ReturnType<typeof setInterval> | undefined;

  constructor(onStop: () => void) {
    this.stop = element('span', { class: 'activity-stop' }, ' · ', textButton(l10n.t('Stop'), onStop, 'quiet'));
    const spinner = icon('loading');
    spinner.classList.add('codicon-modifier-spin');
    this.node.append(spinner, this.words, this.stop);
  }

  /** @param isSending True if a message was sent and no event has arrived. */
  show(state: ChatState, isSending: boolean): void {
    this.state = state;
    this.isSending = isSending;
    this.draw();
  }

  private draw(): void {
    const words = this.state === undefined ? undefined : activityText(this.state, this.isSending, Date.now());
    this.node.hidden = words === undefined;
    this.stop.hidden = this.state?.activity?.kind !== 'retrying';
    setText(this.words, visibleText(words ?? ''));
    if (words !== undefined && this.ticking === undefined) this.ticking = setInterval(() => this.tick(), 1000);
    if (words === undefined) this.stopTicking();
  }

  private tick(): void {
    if (this.node.isConnected) this.draw();
    else this.stopTicking();
  }

  private stopTicking(): void {
    clearInterval(this.ticking);
    this.ticking = undefined;
  }
}

/**
 * @param now In milliseconds of the webview's clock.
 * @returns Undefined while text arrives or nothing runs.
 */
export function activityText(state: ChatState, isSending: boolean, now: number): string | undefined {
  const { activity } = state;
  switch (activity?.kind) {
    case 'waiting': {
      const elapsed = Math.floor((now - activity.since) / 1000);
      return elapsed < 2 ? `${activity.for}…` : l10n.t('{0}, {1} s', activity.for, elapsed);
    }
    case 'retrying': {
      const left = Math.ceil((Date.parse(activity.until) - now) / 1000);
      const why = activity.why.replace(/\.$/, '');
      if (left > 0) return why === '' ? l10n.t('Retrying in {0} s', left) : l10n.t('{0}. Retrying in {1} s', why, left);
      return why === '' ? l10n.t('Retrying…') : l10n.t('{0}. Retrying…', why);
    }
    case 'restarted':
      return activity.why === ''
        ? l10n.t('Restarting the response…')
        : l10n.t('{0}. Restarting the response…', activity.why.replace(/\.$/, ''));
    case undefined:
      if (isSending) return l10n.t('Sending…');
      return isRunning(state) && !isWriting(state) && !runsTool(state) ? l10n.t('Waiting for the response…') : undefined;
  }
}

function isWriting(state: ChatState): boolean {
  const last = state.messages.at(-1);
  return last?.role === 'assistant' && last.status === 'streaming' && last.parts.length > 0;
}

/** A running tool shows its own progress. */
function runsTool(state: ChatState): boolean {
  const parts = state.messages.at(-1)?.parts ?? [];
  const finished = new Set(parts.flatMap((part) => (part.kind === 'toolResult' ? [part.toolUseId] : [])));
  return parts.some((part) => part.kind === 'toolUse' && !finished.has(part.toolUseId));
}
