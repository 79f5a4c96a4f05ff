// The lines below a message: why it ended, what was omitted, and how to continue.
import * as l10n from '@vscode/l10n';
import type { MessageView } from '../../../protocol/protocol.generated';
import { visibleText } from '../../../common/visibleText';
import { element, icon, textButton } from '../../shared/element';
import { failureLine } from './failure';
import { type MessageActions, type MessageContext, textOf } from './message';

export class MessageEnding {
  readonly node = element('div', { class: 'message-ending' });
  /** Serialized input of the current content. */
  private shown = '';

  constructor(private readonly actions: Pick<MessageActions, 'retry' | 'discard' | 'remediesFor'>) {}

  show(message: MessageView, context: MessageContext): void {
    const key = JSON.stringify([
      message.status,
      message.parts.length === 0,
      message.error,
      context.canContinue,
      context.provider?.kind,
      context.provider?.authType,
      context.note,
      message.omitted,
    ]);
    if (key === this.shown) return;
    this.shown = key;
    this.node.replaceChildren(...this.linesOf(message, context));
  }

  private linesOf(message: MessageView, context: MessageContext): Node[] {
    const { before } = context.rounds;
    const continueButton = textButton(l10n.t('Continue'), () => this.actions.retry(message.id, true), 'quiet');
    const lines: Node[] = [];
    if (message.status === 'interrupted') {
      const discard = textButton(l10n.t('Discard'), () => this.actions.discard(message.id, before), 'quiet');
      lines.push(thinLine(interruptedText(message), ...(context.canContinue ? [continueButton, discard] : [])));
    } else if (message.status === 'stopped') {
      // Without text, there is nothing to continue.
      const again = textButton(l10n.t('Retry'), () => this.actions.retry(before[0] ?? message.id, false), 'quiet');
      lines.push(thinLine(l10n.t('Stopped.'), ...(context.canContinue ? [message.parts.length === 0 ? again : continueButton] : [])));
    } else if (message.status === 'failed') {
      const error = message.error ?? { kind: 'internal', message: l10n.t('The response failed without a reason.') };
      if (context.canContinue) lines.push(failureLine(error, context.provider, this.actions.remediesFor(message, before.length > 0)));
      else
        lines.push(
          element('div', { class: 'failure' }, element('div', { class: 'failure-text' }, icon('error'), visibleText(error.message))),
        );
    }
    if (message.omitted !== undefined && message.omitted.length > 0) lines.push(omittedLine(message.omitted));
    if (context.note !== undefined) lines.push(thinLine(context.note, ...(context.canContinue ? [continueButton] : [])));
    return lines;
  }
}

function thinLine(sentence: string, ...actions: HTMLElement[]): HTMLElement {
  const spaced = actions.flatMap((action, index) => (index === 0 ? [action] : [element('span', { 'aria-hidden': 'true' }, '·'), action]));
  return element('div', { class: 'thin-line' }, element('span', {}, sentence), ...spaced);
}

/** Omitted content is shown below the response. */
function omittedLine(sentences: readonly string[]): HTMLElement {
  return element('div', { class: 'thin-line' }, icon('info'), element('span', {}, visibleText(sentences.join(' '))));
}

function interruptedText(message: MessageView): string {
  const words = textOf(message)
    .split(/\s+/)
    .filter((word) => word !== '').length;
  if (words === 0) return l10n.t('Interrupted by a Plue restart before any text arrived.');
  return words === 1
    ? l10n.t('Interrupted by a Plue restart. 1 word was kept.')
    : l10n.t('Interrupted by a Plue restart. {0} words were kept.', words);
}
