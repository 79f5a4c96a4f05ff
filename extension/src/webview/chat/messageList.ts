// The messages that are in the page: a window of the chat's end, following it only while the reader is there.
import type { MessagePart, MessageView } from '../../protocol/protocol.generated';
import { element, icon, textButton } from '../shared/element';
import type { ChatState } from './chatState';
import { Message, type MessageActions, type MessageContext, type ToolResults } from './message';

/** How many messages one window holds, and how many "Show earlier messages" adds. */
export const windowSize = 100;

/** Closer than this to the end, in pixels, is at the end. */
const nearEnd = 24;

export class MessageList {
  /** The scroller, and over it the pill that leads back to the end. */
  readonly node: HTMLElement;
  private readonly scroller = element('div', { class: 'messages', role: 'log', 'aria-live': 'off', 'aria-label': 'Messages', tabindex: 0 });
  private readonly column = element('div', { class: 'column' });
  private readonly earlier: HTMLButtonElement;
  private readonly articles = element('div', { class: 'articles' });
  private readonly pill: HTMLButtonElement;
  private readonly shown = new Map<string, { view: Message; message: MessageView; context: string }>();
  private state: ChatState | undefined;
  private size = windowSize;
  private lastTop = 0;
  private isFollowing = true;

  /**
   * @param after What stands below the messages: what is waited for, or an empty chat's suggestions.
   * @param onScroll Pixels from the top, or null while following the end.
   */
  constructor(
    private readonly actions: MessageActions,
    after: HTMLElement[],
    private readonly onScroll: (scrollTop: number | null) => void,
    private readonly contextOf: (state: ChatState, message: MessageView) => Omit<MessageContext, 'results'>,
  ) {
    this.earlier = textButton('Show earlier messages', () => this.showEarlier(), 'quiet');
    this.earlier.classList.add('earlier');
    this.pill = element('button', { type: 'button', class: 'pill', hidden: true }, icon('arrow-down'), 'Jump to latest');
    this.pill.addEventListener('click', () => this.followEnd());
    this.column.append(this.earlier, this.articles, ...after);
    this.scroller.append(this.column);
    this.node = element('div', { class: 'messages-area' }, this.scroller, this.pill);
    this.scroller.addEventListener('scroll', () => this.scrolled());
    this.scroller.addEventListener('click', (event) => this.stayAt(event.target));
    if (typeof ResizeObserver !== 'undefined') {
      const observer = new ResizeObserver(() => this.keepEnd());
      observer.observe(this.scroller);
      observer.observe(this.column);
    }
  }

  show(state: ChatState): void {
    this.state = state;
    const visible = state.messages.filter(isShown);
    if (!this.isFollowing) this.size = Math.max(this.size, this.sizeThatKeepsTheFirst(visible));
    else if (this.size > windowSize && this.shown.size > 0 && visible.length > this.size) this.size = windowSize;
    const inWindow = visible.slice(-this.size);
    this.earlier.hidden = inWindow.length === visible.length;
    this.showArticles(state, inWindow);
    this.keepEnd();
  }

  /** Back to where the reader was; null follows the end. */
  restore(scrollTop: number | null): void {
    if (scrollTop === null) return;
    this.isFollowing = false;
    this.scroller.scrollTop = scrollTop;
    this.lastTop = this.scroller.scrollTop;
    this.showPill();
  }

  followEnd(): void {
    this.isFollowing = true;
    this.keepEnd();
    this.onScroll(null);
  }

  private showArticles(state: ChatState, messages: MessageView[]): void {
    const results = resultsOf(state.messages);
    const keep = new Set(messages.map((message) => message.id));
    for (const [id, { view }] of this.shown) {
      if (keep.has(id)) continue;
      view.node.remove();
      this.shown.delete(id);
    }
    messages.forEach((message, index) => {
      const around = this.contextOf(state, message);
      const context = JSON.stringify([around, message.parts.map((part) => (part.kind === 'toolUse' ? results.get(part.toolUseId) : 0))]);
      let entry = this.shown.get(message.id);
      if (entry?.message === message && entry.context === context && this.articles.children[index] === entry.view.node) return;
      entry = { view: entry?.view ?? new Message(message, this.actions), message, context };
      this.shown.set(message.id, entry);
      if (this.articles.children[index] !== entry.view.node)
        this.articles.insertBefore(entry.view.node, this.articles.children[index] ?? null);
      entry.view.update(message, { ...around, results });
    });
  }

  /** While somebody reads further up, nothing is taken away above. */
  private sizeThatKeepsTheFirst(visible: MessageView[]): number {
    const first = visible.findIndex((message) => this.shown.has(message.id));
    return first < 0 ? 0 : visible.length - first;
  }

  private showEarlier(): void {
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    this.isFollowing = false;
    this.size += windowSize;
    if (this.state !== undefined) this.show(this.state);
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
    this.scroller.focus({ preventScroll: true });
  }

  private scrolled(): void {
    const { scrollTop } = this.scroller;
    if (this.isAtEnd()) this.isFollowing = true;
    else if (scrollTop < this.lastTop) this.isFollowing = false;
    this.lastTop = scrollTop;
    this.showPill();
    this.onScroll(this.isFollowing ? null : scrollTop);
  }

  /** What a reader opens is read from its first line, so it must not be pushed out by following the end. */
  private stayAt(target: EventTarget | null): void {
    if (target instanceof Element && target.closest('.fold-button') !== null) this.isFollowing = false;
  }

  private keepEnd(): void {
    if (this.isFollowing) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.lastTop = this.scroller.scrollTop;
    }
    this.showPill();
  }

  private showPill(): void {
    this.pill.hidden = this.isFollowing || this.isAtEnd();
  }

  private isAtEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < nearEnd;
  }
}

/** Results are shown with the call they belong to, and system text is not part of the conversation. */
function isShown(message: MessageView): boolean {
  if (message.role === 'system') return false;
  return message.parts.length === 0 ? message.status !== 'streaming' : message.parts.some((part) => part.kind !== 'toolResult');
}

function resultsOf(messages: readonly MessageView[]): ToolResults {
  const results = new Map<string, Extract<MessagePart, { kind: 'toolResult' }>>();
  for (const message of messages) {
    for (const part of message.parts) if (part.kind === 'toolResult') results.set(part.toolUseId, part);
  }
  return results;
}
