// A virtualized message list: renders messages near the view, between two spacers. Long chats keep a few dozen elements.
// Scroll anchoring: `place` is the row at the top, and after each change the scroll position is restored to it.
import type { Place } from '../../../common/messages/savedState';
import * as l10n from '@vscode/l10n';
import type { MessageView } from '../../../protocol/protocol.generated';
import { element, icon } from '../../shared/element';
import type { ChatState } from '../state/chatState';
import { Heights } from './heights';
import { Message, type MessageActions, type MessageContext } from './message';
import type { ToolResult, ToolResults } from './toolCall';
import type { MessagePages } from './messagePages';

/** Maximum distance from the end, in pixels, that counts as the end. */
const nearEnd = 24;

/** Estimated height of a message in pixels. */
const estimatedHeight = 140;

/** Gap between two messages in pixels, as in chat.css. */
const gap = 16;

/** Gap below a response in pixels, as in chat.css. The row of its buttons is empty until they are shown. */
const gapBelowResponse = 4;

/** Pixels rendered above and below the view. */
const overscan = 900;

/** Milliseconds per frame for rendering rows outside the view while scrolling. */
const budgetMs = 5;

/** Number of messages to request above and below the view. */
const ahead = 60;

/** Number of rendered messages to keep outside the view, so that sections stay open. */
const maxParked = 60;

/** Milliseconds without a scroll event after which scrolling has ended. */
const scrollEndDelay = 140;

interface Row {
  view: Message;
  message: MessageView;
  context: string;
}

/** Inputs of the list. */
export type FromList = 'results' | 'outputs' | 'runningSince';

export interface MessageListOptions {
  actions: MessageActions;
  pages: MessagePages;
  /** Content below the messages: the status line, or the examples of an empty chat. */
  after: HTMLElement[];
  /** Null while following the end. */
  onPlace: (place: Place | null) => void;
  contextOf: (state: ChatState, message: MessageView, index: number) => Omit<MessageContext, FromList>;
  /** True for a deleted message that can be restored. */
  isHidden: (messageId: string, index: number) => boolean;
  /** Called when rows were added, removed, or updated. */
  onDrawn: () => void;
}

interface Scroll {
  /** The last known scroll position. */
  lastTop: number;
  /** Time of the last scroll by the user. */
  at: number;
  resting?: ReturnType<typeof setTimeout>;
  later?: number | undefined;
}

/** IDs and heights of all rows, rendered or not. */
class KnownRows {
  readonly heights = new Heights(estimatedHeight);
  /** IDs of rows, to detect that a row shows another message. */
  readonly ids: (string | undefined)[] = [];
  readonly measured = new Map<string, number>();

  set(index: number, id: string): void {
    if (this.ids[index] === id) return;
    this.ids[index] = id;
    const height = this.measured.get(id);
    if (height === undefined) this.heights.forget(index);
    else this.heights.set(index, height);
  }
}

export class MessageList {
  /** The scroll container, and a button that scrolls to the end. */
  readonly node: HTMLElement;
  private readonly parts = createParts();
  private readonly known = new KnownRows();
  private readonly rows = new Map<string, Row>();
  private readonly placeholders = new Map<number, HTMLElement>();
  private state: ChatState | undefined;
  private range = { start: 0, end: 0 };
  private place: Place | null = null;
  /** Difference between spacer and row heights in pixels, corrected when scrolling ends. */
  private shift = 0;
  private isRedrawn = false;
  private readonly scroll: Scroll = { lastTop: 0, at: -Infinity };
  private whenShown: { index: number; act: (article: HTMLElement) => void } | undefined;
  private readonly observer: ResizeObserver | undefined;

  constructor(private readonly options: MessageListOptions) {
    this.parts.pill.addEventListener('click', () => this.followEnd());
    this.parts.column.append(this.parts.spaceAbove, this.parts.articles, this.parts.spaceBelow, ...options.after);
    this.parts.scroller.append(this.parts.column);
    this.node = element('div', { class: 'messages-area' }, this.parts.scroller, this.parts.pill);
    this.parts.scroller.addEventListener('scroll', () => this.scrolled());
    this.parts.scroller.addEventListener('click', (event) => this.stayAt(event.target));
    this.parts.scroller.addEventListener('keydown', (event) => this.pressed(event));
    if (typeof ResizeObserver !== 'undefined') {
      this.observer = new ResizeObserver(() => this.layout());
      this.observer.observe(this.parts.scroller);
      this.observer.observe(this.parts.column);
    }
  }

  /** Number of messages in the branch. */
  get total(): number {
    return this.state === undefined ? 0 : this.state.offset + this.state.messages.length;
  }

  /** The first row in view, where navigation between questions starts. A row is skipped if only its gap is visible. */
  get firstInView(): number {
    const anchor = this.anchor();
    if (anchor === null) return 0;
    const isOver = anchor.offset >= this.known.heights.of(anchor.index) - gap;
    return Math.min(this.total - 1, isOver ? anchor.index + 1 : anchor.index);
  }

  /** The rendered articles, from top to bottom. */
  get drawn(): HTMLElement[] {
    return [...this.parts.articles.querySelectorAll<HTMLElement>(':scope > article')];
  }

  /** Returns -1 for a message that was never rendered. */
  indexOf(messageId: string): number {
    return this.known.ids.indexOf(messageId);
  }

  messageAt(index: number): MessageView | undefined {
    const { state } = this;
    return state === undefined || index < state.offset ? this.options.pages.at(index) : state.messages[index - state.offset];
  }

  show(state: ChatState): void {
    this.state = state;
    this.options.pages.setEnd(state.offset);
    this.known.heights.resize(this.total);
    this.known.ids.length = this.total;
    this.moveWithId();
    this.layout();
  }

  /** Restores a scroll position; null follows the end. */
  restore(place: Place | null): void {
    if (place === null || this.total === 0) return;
    this.place = { ...place, index: Math.min(place.index, this.total - 1) };
    this.layout();
  }

  followEnd(): void {
    this.place = null;
    this.whenShown = undefined;
    this.layout();
    this.options.onPlace(null);
  }

  /** Scrolls to a message, loading it if needed. @param act Called with its article once it is rendered. */
  goTo(index: number, messageId: string | undefined, act?: (article: HTMLElement) => void): void {
    if (index < 0 || index >= this.total) return;
    this.place = { index, ...(messageId === undefined ? {} : { messageId }), offset: -gap };
    this.whenShown = act === undefined ? undefined : { index, act };
    this.scroll.at = -Infinity;
    this.layout();
    this.options.onPlace(this.place);
  }

  /** Scrolls a line of a rendered message into view. @param rect In window coordinates. */
  reveal(rect: { top: number; bottom: number }): void {
    const view = this.parts.scroller.getBoundingClientRect();
    if (rect.top >= view.top + gap && rect.bottom <= view.bottom - gap) return;
    this.parts.scroller.scrollTop += rect.top - view.top - view.height / 3;
    this.scroll.lastTop = this.parts.scroller.scrollTop;
    this.place = this.anchor();
    this.layout();
  }

  /** After IDs moved, the anchor row keeps its position under its new index. */
  private moveWithId(): void {
    const { state, place } = this;
    if (state === undefined) return;
    state.messages.forEach((message, at) => this.known.set(state.offset + at, message.id));
    if (place?.messageId === undefined || this.messageAt(place.index)?.id === place.messageId) return;
    const at = this.known.ids.indexOf(place.messageId);
    if (at >= 0) this.place = { ...place, index: at };
    else if (place.index >= this.total) this.place = null;
  }

  // Layout of rows

  private layout(): void {
    if (this.state === undefined) return;
    this.cancelLater();
    this.isRedrawn = false;
    // Measuring can bring other rows into view, which must be measured, too.
    for (let pass = 0; pass < 5; pass++) {
      const top = this.wantedTop();
      const wanted = this.rowsAround(top);
      const isSame = wanted.start === this.range.start && wanted.end === this.range.end;
      this.range = wanted;
      const moved = this.mount();
      if (!this.measure() && isSame && !moved) break;
    }
    this.settle();
    this.keepPlace();
    this.load();
    this.showPill();
    this.reportShown();
    if (this.isRedrawn) this.options.onDrawn();
  }

  /** Returns the pixels from the top of the first row to the top of the view. */
  private wantedTop(): number {
    if (this.place === null) return Math.max(0, this.known.heights.total - this.viewHeight);
    return this.known.heights.offsetOf(this.place.index) + this.place.offset;
  }

  private get viewHeight(): number {
    return this.parts.scroller.clientHeight || 600;
  }

  private get isScrolling(): boolean {
    return performance.now() - this.scroll.at < scrollEndDelay;
  }

  /** Renders rows in view, and others while the frame has time. */
  private rowsAround(top: number): { start: number; end: number } {
    if (this.total === 0) return { start: 0, end: 0 };
    const at = (offset: number): number => Math.max(0, this.known.heights.indexAt(offset));
    const outer = { start: at(top - overscan), end: at(top + this.viewHeight + overscan) + 1 };
    if (!this.isScrolling) return outer;
    let start = at(top);
    let end = at(top + this.viewHeight) + 1;
    const begun = performance.now();
    while (start > outer.start || end < outer.end) {
      if (performance.now() - begun > budgetMs) {
        this.drawLater();
        break;
      }
      if (end < outer.end) this.rowAt(end++);
      if (start > outer.start) this.rowAt(--start);
    }
    return { start, end };
  }

  /** @returns True if a row was added or removed. */
  private mount(): boolean {
    const { start, end } = this.range;
    const results = this.results();
    const wanted: HTMLElement[] = [];
    const empty = new Set<HTMLElement>();
    for (let index = start; index < end; index++) {
      const message = this.messageAt(index);
      if (message === undefined) {
        if (this.known.heights.of(index) === 0) continue;
        const placeholder = this.placeholderAt(index);
        empty.add(placeholder);
        wanted.push(placeholder);
        continue;
      }
      this.known.set(index, message.id);
      const row = this.rowAt(index, results);
      if (row === undefined) this.known.heights.set(index, 0);
      else wanted.push(row.view.node);
    }
    const moved = this.arrange(wanted);
    for (const [index, node] of this.placeholders) if (!empty.has(node)) this.placeholders.delete(index);
    this.park();
    this.setSpaces();
    return moved;
  }

  /** Updates and returns a row; undefined if the message is not shown. */
  private rowAt(index: number, results = this.results()): Row | undefined {
    const { state } = this;
    const message = this.messageAt(index);
    if (state === undefined || message === undefined || !isShown(message) || this.options.isHidden(message.id, index)) return undefined;
    const around = this.options.contextOf(state, message, index);
    const context = JSON.stringify([
      around,
      message.parts.map((part) =>
        part.kind === 'toolUse'
          ? [sizeOf(results.get(part.toolUseId)), endOf(state.outputs.get(part.toolUseId)), state.runningSince.get(part.toolUseId)]
          : 0,
      ),
    ]);
    const known = this.rows.get(message.id);
    const row: Row = known ?? { view: new Message(message, this.options.actions), message, context: '' };
    // Keep recently rendered rows last, so that the oldest are removed first.
    this.rows.delete(message.id);
    this.rows.set(message.id, row);
    if (known === undefined) this.observer?.observe(row.view.node);
    if (known === undefined || row.message !== message || row.context !== context) {
      row.view.update(message, { ...around, results, outputs: state.outputs, runningSince: state.runningSince });
      this.isRedrawn = true;
    }
    row.message = message;
    row.context = context;
    row.view.node.setAttribute('aria-posinset', String(index + 1));
    row.view.node.setAttribute('aria-setsize', String(this.total));
    return row;
  }

  private placeholderAt(index: number): HTMLElement {
    const known = this.placeholders.get(index);
    const node = known ?? element('div', { class: 'placeholder', 'aria-hidden': 'true' });
    node.style.height = `${Math.max(0, this.known.heights.of(index) - gap)}px`;
    this.placeholders.set(index, node);
    return node;
  }

  private arrange(wanted: readonly HTMLElement[]): boolean {
    const keep = new Set<Element>(wanted);
    let moved = false;
    for (const child of [...this.parts.articles.children]) {
      if (keep.has(child)) continue;
      moved = true;
      // Keeps keyboard scrolling working after the focused message was removed.
      if (child.contains(document.activeElement)) this.parts.scroller.focus({ preventScroll: true });
      child.remove();
    }
    wanted.forEach((node, index) => {
      const there = this.parts.articles.children[index];
      if (there === node) return;
      moved = true;
      this.parts.articles.insertBefore(node, there ?? null);
    });
    this.isRedrawn ||= moved;
    return moved;
  }

  private park(): void {
    const most = this.parts.articles.childElementCount + maxParked;
    for (const [id, { view }] of this.rows) {
      if (this.rows.size <= most) return;
      if (view.node.isConnected || view.isEditing) continue;
      this.observer?.unobserve(view.node);
      this.rows.delete(id);
    }
  }

  private setSpaces(): void {
    const { start, end } = this.range;
    this.parts.spaceAbove.style.height = `${Math.max(0, this.known.heights.offsetOf(start) + this.shift)}px`;
    this.parts.spaceBelow.style.height = `${Math.max(0, this.known.heights.total - this.known.heights.offsetOf(end))}px`;
  }

  /** @returns True if a height changed. */
  private measure(): boolean {
    const anchor = this.place;
    const before = anchor === null ? 0 : this.known.heights.offsetOf(anchor.index);
    let changed = false;
    for (let index = this.range.start; index < this.range.end; index++) {
      const id = this.known.ids[index];
      const node = id === undefined ? undefined : this.rows.get(id)?.view.node;
      if (id === undefined || node?.isConnected !== true) continue;
      const { height } = node.getBoundingClientRect();
      if (height === 0) continue;
      const below = node.classList.contains('assistant') ? gapBelowResponse : gap;
      this.known.measured.set(id, height + below);
      changed = this.known.heights.set(index, height + below) || changed;
    }
    if (changed && anchor !== null) this.shift += before - this.known.heights.offsetOf(anchor.index);
    if (changed) this.setSpaces();
    return changed;
  }

  /** While scrolling, the spacer absorbs differences. They are corrected when scrolling ends or the spacer is too small. */
  private settle(): void {
    const above = this.known.heights.offsetOf(this.range.start);
    if (this.isScrolling && this.range.start > 0 && above + this.shift >= 0 && this.place !== null) return;
    this.shift = 0;
    this.setSpaces();
  }

  private keepPlace(): void {
    const { scroller } = this.parts;
    // An empty chat shows its start.
    const end = this.total === 0 ? 0 : scroller.scrollHeight;
    const top = this.place === null ? end : this.wantedTop() + this.shift + this.articlesTop;
    if (this.place === null || Math.abs(scroller.scrollTop - top) >= 1) scroller.scrollTop = top;
    this.scroll.lastTop = scroller.scrollTop;
  }

  /** Pixels above the first row in the column. */
  private get articlesTop(): number {
    return this.parts.spaceAbove.offsetTop;
  }

  private anchor(): Place | null {
    if (this.total === 0) return null;
    const top = this.parts.scroller.scrollTop - this.articlesTop - this.shift;
    const index = this.known.heights.indexAt(Math.max(0, top));
    const messageId = this.known.ids[index];
    return { index, ...(messageId === undefined ? {} : { messageId }), offset: top - this.known.heights.offsetOf(index) };
  }

  private load(): void {
    const { start, end } = this.range;
    this.options.pages.want(start - ahead, end + ahead, performance.now());
  }

  private reportShown(): void {
    const waiting = this.whenShown;
    if (waiting === undefined) return;
    const id = this.known.ids[waiting.index];
    const article = id === undefined ? undefined : this.rows.get(id)?.view.node;
    if (article?.isConnected !== true) return;
    this.whenShown = undefined;
    waiting.act(article);
  }

  private results(): ToolResults {
    const results = new Map<string, ToolResult>();
    for (let index = this.range.start; index < this.range.end + 2; index++) {
      for (const part of this.messageAt(index)?.parts ?? []) if (part.kind === 'toolResult') results.set(part.toolUseId, part);
    }
    return results;
  }

  // User actions

  private scrolled(): void {
    const { scrollTop } = this.parts.scroller;
    // The list itself scrolled.
    if (Math.abs(scrollTop - this.scroll.lastTop) < 1) return;
    if (this.isAtEnd()) this.place = null;
    else if (this.place !== null || scrollTop < this.scroll.lastTop) this.place = this.anchor();
    this.whenShown = undefined;
    this.scroll.lastTop = scrollTop;
    this.scroll.at = performance.now();
    clearTimeout(this.scroll.resting);
    this.scroll.resting = setTimeout(() => this.layout(), scrollEndDelay + 10);
    this.layout();
    this.options.onPlace(this.place);
  }

  private pressed(event: KeyboardEvent): void {
    if (event.target !== this.parts.scroller || event.altKey || event.shiftKey) return;
    if (event.key === 'Home') this.goTo(0, this.known.ids[0]);
    else if (event.key === 'End') this.followEnd();
    else return;
    event.preventDefault();
  }

  /** Opened content is read from its start, so the list stops following the end. */
  private stayAt(target: EventTarget | null): void {
    if (this.place === null && target instanceof Element && target.closest('.fold-button, .details-button') !== null) {
      this.place = this.anchor();
      this.layout();
    }
  }

  private drawLater(): void {
    this.scroll.later ??= requestAnimationFrame(() => {
      this.scroll.later = undefined;
      this.layout();
    });
  }

  private cancelLater(): void {
    if (this.scroll.later !== undefined) cancelAnimationFrame(this.scroll.later);
    this.scroll.later = undefined;
  }

  private showPill(): void {
    this.parts.pill.hidden = this.place === null || this.isAtEnd();
  }

  private isAtEnd(): boolean {
    const { scrollTop, scrollHeight, clientHeight } = this.parts.scroller;
    return scrollHeight - scrollTop - clientHeight < nearEnd;
  }
}

function createParts() {
  const attributes = { class: 'messages', role: 'log', 'aria-live': 'off', 'aria-label': l10n.t('Messages'), tabindex: 0 };
  return {
    scroller: element('div', attributes),
    column: element('div', { class: 'column' }),
    spaceAbove: element('div', { class: 'space' }),
    spaceBelow: element('div', { class: 'space' }),
    articles: element('div', { class: 'articles' }),
    pill: element('button', { type: 'button', class: 'pill', hidden: true }, icon('arrow-down'), l10n.t('Go to Latest Message')),
  };
}

/** False for tool results, which are shown with their call, and for system messages. */
function isShown(message: MessageView): boolean {
  if (message.compaction !== undefined) return true;
  if (message.role === 'system') return false;
  return message.parts.length === 0 ? message.status !== 'streaming' : message.parts.some((part) => part.kind !== 'toolResult');
}

/** Detects new output: long output is truncated at the start, so its length does not change. */
function endOf(output: string | undefined): string {
  return output === undefined ? '' : `${output.length} ${output.slice(-40)}`;
}

/** Results arrive completely, so their size identifies them. */
function sizeOf(result: ToolResult | undefined): number {
  return result === undefined ? -1 : (result.result?.length ?? 0) + (result.error?.length ?? 0);
}
