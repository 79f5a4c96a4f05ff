// One message as an article. Its parts keep their elements while they grow.
import type { MessagePart, MessageView } from '../../protocol/protocol.generated';
import { copyButton, element, icon, iconButton, setText, textButton } from '../shared/element';
import { visibleText } from '../shared/visibleText';
import type { Timing } from './chatState';
import type { CodeActions } from './codeBlock';
import { failureLine, type FailedProvider, type Remedies } from './failure';
import { type Figure, figuresOf } from './figures';
import { MarkdownView } from './markdownView';
import { Reasoning } from './reasoning';
import { ToolCall } from './toolCall';

export type ToolResults = ReadonlyMap<string, Extract<MessagePart, { kind: 'toolResult' }>>;

/** What is known beside the message itself. */
export interface MessageContext {
  timing: Timing | undefined;
  results: ToolResults;
  /** Only the last message offers to go on, and only when nothing runs and the chat can be written to. */
  canGoOn: boolean;
  /** The turn of this message is under way: a tool without a result is still running. */
  isRunning: boolean;
  provider: FailedProvider | undefined;
  /** Said under the answer, e.g. that the model declined. */
  note: string | undefined;
}

export interface MessageActions extends CodeActions {
  retry(messageId: string, goOn: boolean): void;
  discard(messageId: string): void;
  remediesFor(message: MessageView): Remedies;
}

export class Message {
  readonly node: HTMLElement;
  private readonly body = element('div', { class: 'message-body' });
  private readonly ending = element('div', { class: 'message-ending' });
  private readonly figures = element('span', { class: 'figures' });
  private readonly copy: HTMLButtonElement;
  private readonly retry: HTMLButtonElement;
  private parts: ShownPart[] = [];
  private message: MessageView;
  private shownEnding = '';
  private shownFigures = '';

  constructor(
    message: MessageView,
    private readonly actions: MessageActions,
  ) {
    this.message = message;
    this.copy = copyButton(message.role === 'user' ? 'Copy message' : 'Copy answer', () => actions.copy(textOf(this.message)));
    this.retry = iconButton('refresh', 'Retry', () => actions.retry(this.message.id, false));
    this.node = element('article', { class: `message ${message.role}`, 'data-message-id': message.id });
    if (message.role === 'user') {
      this.node.append(element('div', { class: 'message-header' }, element('span', { class: 'who' }, 'You'), this.copy), this.body);
    } else {
      this.node.append(this.body, this.ending, element('div', { class: 'message-footer' }, this.copy, this.retry, this.figures));
    }
  }

  update(message: MessageView, context: MessageContext): void {
    this.message = message;
    this.node.setAttribute('aria-label', labelOf(message));
    this.node.classList.toggle('streaming', message.status === 'streaming');
    this.showParts(message, context);
    const hasText = textOf(message) !== '';
    this.copy.hidden = !hasText;
    // Of an answer that never began, a model's name and a time would only puzzle.
    const isEmpty = (message.status === 'failed' && !hasText) || (message.status === 'stopped' && message.parts.length === 0);
    this.showFigures(message.status === 'streaming' || isEmpty ? [] : figuresOf(message, context.timing));
    this.retry.hidden = !context.canGoOn || message.status !== 'complete';
    this.showEnding(message, context);
  }

  private showFigures(figures: Figure[]): void {
    const key = JSON.stringify(figures);
    if (key === this.shownFigures) return;
    this.shownFigures = key;
    const spans = figures.map(({ words, source }) => element('span', { title: source }, visibleText(words)));
    this.figures.replaceChildren(...spans.flatMap((span, index) => (index === 0 ? [span] : [document.createTextNode(' · '), span])));
  }

  private showParts(message: MessageView, context: MessageContext): void {
    const shown = message.parts.filter((part) => part.kind !== 'toolResult');
    shown.forEach((part, index) => {
      let view = this.parts[index];
      if (view === undefined || view.kind !== part.kind) {
        for (const late of this.parts.splice(index)) late.node.remove();
        view = this.partFor(part, index);
        this.parts.push(view);
        this.body.append(view.node);
      }
      const isOpen = message.status === 'streaming' && index === shown.length - 1;
      view.update(part, isOpen, context);
    });
    for (const late of this.parts.splice(shown.length)) late.node.remove();
  }

  private partFor(part: MessagePart, index: number): ShownPart {
    const id = `${this.message.id}-${index}`;
    switch (part.kind) {
      case 'text':
        return this.message.role === 'user' ? plainText() : markdownText(this.actions);
      case 'reasoning':
        return reasoning(new Reasoning(id, this.actions));
      case 'toolUse':
        return toolCall(new ToolCall(id));
      case 'file':
      case 'toolResult':
        return fileChip(part.kind);
    }
  }

  private showEnding(message: MessageView, context: MessageContext): void {
    const key = JSON.stringify([
      message.status,
      message.parts.length === 0,
      message.error,
      context.canGoOn,
      context.provider?.kind,
      context.provider?.authType,
      context.note,
    ]);
    if (key === this.shownEnding) return;
    this.shownEnding = key;
    this.ending.replaceChildren(...this.endingOf(message, context));
  }

  private endingOf(message: MessageView, context: MessageContext): Node[] {
    const goOn = textButton('Continue', () => this.actions.retry(message.id, true), 'quiet');
    const lines: Node[] = [];
    if (message.status === 'interrupted') {
      const discard = textButton('Discard', () => this.actions.discard(message.id), 'quiet');
      lines.push(thinLine(`Interrupted when Plue restarted. ${keptWords(message)}`, ...(context.canGoOn ? [goOn, discard] : [])));
    } else if (message.status === 'stopped') {
      // Where nothing had come there is nothing to go on from.
      const again = textButton('Retry', () => this.actions.retry(message.id, false), 'quiet');
      lines.push(thinLine('Stopped.', ...(context.canGoOn ? [message.parts.length === 0 ? again : goOn] : [])));
    } else if (message.status === 'failed') {
      const error = message.error ?? { kind: 'internal', message: 'The answer failed, and no reason was given.' };
      if (context.canGoOn) lines.push(failureLine(error, context.provider, this.actions.remediesFor(message)));
      else
        lines.push(
          element('div', { class: 'failure' }, element('div', { class: 'failure-text' }, icon('error'), visibleText(error.message))),
        );
    }
    if (context.note !== undefined) lines.push(thinLine(context.note, ...(context.canGoOn ? [goOn] : [])));
    return lines;
  }
}

interface ShownPart {
  kind: MessagePart['kind'];
  node: HTMLElement;
  update(part: MessagePart, isOpen: boolean, context: MessageContext): void;
}

function plainText(): ShownPart {
  const node = element('div', { class: 'plain-text' });
  return { kind: 'text', node, update: (part) => part.kind === 'text' && setText(node, visibleText(part.content)) };
}

function markdownText(actions: CodeActions): ShownPart {
  const view = new MarkdownView(actions);
  return { kind: 'text', node: view.node, update: (part, isOpen) => part.kind === 'text' && view.update(part.content, !isOpen) };
}

function reasoning(view: Reasoning): ShownPart {
  return {
    kind: 'reasoning',
    node: view.node,
    update: (part, isOpen, { timing }) => {
      if (part.kind !== 'reasoning') return;
      const { reasoningStartedAt: from, reasoningEndedAt: to } = timing ?? {};
      view.update(part.content, isOpen, from === undefined || to === undefined ? undefined : to - from);
    },
  };
}

function toolCall(view: ToolCall): ShownPart {
  return {
    kind: 'toolUse',
    node: view.node,
    update: (part, _isOpen, { results, isRunning }) => {
      if (part.kind === 'toolUse') view.update(part, results.get(part.toolUseId), isRunning);
    },
  };
}

function fileChip(kind: MessagePart['kind']): ShownPart {
  const path = element('span');
  return {
    kind,
    node: element('span', { class: 'chip' }, icon('file'), path),
    update: (part) => part.kind === 'file' && setText(path, visibleText(part.path)),
  };
}

function thinLine(sentence: string, ...actions: HTMLElement[]): HTMLElement {
  const spaced = actions.flatMap((action, index) => (index === 0 ? [action] : [element('span', { 'aria-hidden': 'true' }, '·'), action]));
  return element('div', { class: 'thin-line' }, element('span', {}, sentence), ...spaced);
}

function labelOf(message: MessageView): string {
  if (message.role === 'user') return 'Your message';
  const who = message.providerInfo?.modelId ?? message.providerInfo?.providerName;
  return who === undefined ? 'Answer' : visibleText(`Answer from ${who}`);
}

function keptWords(message: MessageView): string {
  const words = textOf(message)
    .split(/\s+/)
    .filter((word) => word !== '').length;
  return words === 0 ? 'No text had come yet.' : words === 1 ? '1 word kept.' : `${words} words kept.`;
}

export function textOf(message: MessageView): string {
  return message.parts.flatMap((part) => (part.kind === 'text' ? [part.content] : [])).join('\n\n');
}
