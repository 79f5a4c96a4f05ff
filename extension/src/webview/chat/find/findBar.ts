// Find bar of the chat. The sidecar searches all messages; the webview highlights matches in rendered messages.
import * as l10n from '@vscode/l10n';
import type { MessageMatch } from '../../../protocol/protocol.generated';
import { element, iconButton, setText } from '../../shared/element';
import { FoundMarks } from './foundMarks';

export interface FindTarget {
  /** Sends the search to the sidecar; {@link FindBar.found} receives the result. */
  ask(text: string): void;
  goTo(index: number, messageId: string, act: (article: HTMLElement) => void): void;
  reveal(rect: { top: number; bottom: number }): void;
  firstInView(): number;
  drawn(): HTMLElement[];
  /** Called when the bar was closed. */
  leave(): void;
  announce(words: string): void;
}

/** Delay after typing before the search starts, in milliseconds. */
const pauseMs = 150;

export class FindBar {
  readonly node: HTMLElement;
  private readonly input = element('input', {
    type: 'text',
    class: 'find-input',
    'aria-label': l10n.t('Find in chat'),
    placeholder: l10n.t('Find in chat'),
    spellcheck: 'false',
  });
  private readonly count = element('span', { class: 'find-count' });
  private readonly marks = new FoundMarks();
  private found: readonly MessageMatch[] = [];
  private isTruncated = false;
  private text = '';
  /** Zero-based index of the current match. */
  private at = -1;
  private typing: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly target: FindTarget) {
    const previous = iconButton('arrow-up', l10n.t('Previous match (Shift+Enter)'), () => this.step(-1));
    const next = iconButton('arrow-down', l10n.t('Next match (Enter)'), () => this.step(1));
    const close = iconButton('close', l10n.t('Close (Escape)'), () => this.close());
    this.node = element('div', { class: 'find-bar', role: 'search', hidden: true }, this.input, this.count, previous, next, close);
    this.input.addEventListener('input', () => this.typed());
    this.node.addEventListener('keydown', (event) => this.pressed(event));
  }

  get isOpen(): boolean {
    return !this.node.hidden;
  }

  open(): void {
    const selected = document.getSelection()?.toString().trim() ?? '';
    this.node.hidden = false;
    if (selected !== '' && !selected.includes('\n')) this.input.value = selected.slice(0, 200);
    this.input.focus();
    this.input.select();
    this.look();
  }

  close(): void {
    if (!this.isOpen) return;
    this.node.hidden = true;
    clearTimeout(this.typing);
    this.marks.clear();
    this.target.leave();
  }

  /** Shows matches from the sidecar; results of earlier searches are ignored. */
  show(text: string, found: readonly MessageMatch[], isTruncated: boolean): void {
    if (!this.isOpen || text !== this.text) return;
    const isSame = this.found.length > 0 && this.at >= 0;
    this.found = found;
    this.isTruncated = isTruncated;
    if (isSame) {
      this.at = Math.min(this.at, this.total - 1);
      this.updateCount();
      return;
    }
    // Starts at the first match in view.
    const from = this.target.firstInView();
    const first = found.findIndex(({ index }) => index >= from);
    this.at = this.total === 0 ? -1 : occurrencesBefore(found, first < 0 ? 0 : first);
    this.go();
  }

  /** Searches again after the chat changed. */
  refresh(): void {
    if (this.isOpen && this.text !== '') this.target.ask(this.text);
  }

  /** Highlights rendered matches. */
  mark(): void {
    if (this.isOpen) this.marks.show(this.target.drawn(), this.text, this.current());
  }

  private get total(): number {
    return occurrencesBefore(this.found, this.found.length);
  }

  private typed(): void {
    clearTimeout(this.typing);
    this.typing = setTimeout(() => this.look(), pauseMs);
  }

  private look(): void {
    clearTimeout(this.typing);
    this.text = this.input.value;
    this.at = -1;
    this.found = [];
    this.isTruncated = false;
    this.mark();
    this.updateCount();
    if (this.text !== '') this.target.ask(this.text);
  }

  private step(by: number): void {
    if (this.input.value !== this.text) {
      this.look();
      return;
    }
    const { total } = this;
    if (total === 0) return;
    this.at = (this.at + by + total) % total;
    this.go();
  }

  private go(): void {
    this.updateCount();
    this.mark();
    const current = this.current();
    if (current === undefined) return;
    this.target.announce(this.count.textContent ?? '');
    const revealed = this.marks.reveal(current.messageId);
    if (revealed !== undefined) {
      this.target.reveal(revealed);
      return;
    }
    this.target.goTo(current.index, current.messageId, () => {
      this.mark();
      const rect = this.marks.reveal(current.messageId);
      if (rect !== undefined) this.target.reveal(rect);
    });
  }

  private current(): { messageId: string; index: number; nth: number } | undefined {
    let before = 0;
    for (const { messageId, index, count } of this.found) {
      if (this.at >= 0 && this.at < before + count) return { messageId, index, nth: this.at - before };
      before += count;
    }
    return undefined;
  }

  private updateCount(): void {
    const { total } = this;
    const all = this.isTruncated ? `${total}+` : total;
    const words = this.text === '' ? '' : total === 0 ? l10n.t('No results') : l10n.t('{0} of {1}', this.at + 1, all);
    setText(this.count, words);
    this.input.classList.toggle('finds-nothing', this.text !== '' && total === 0);
  }

  private pressed(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter' && event.target === this.input) this.step(event.shiftKey ? -1 : 1);
    else return;
    event.preventDefault();
    // Escape would also stop a response.
    event.stopPropagation();
  }
}

function occurrencesBefore(found: readonly MessageMatch[], end: number): number {
  return found.slice(0, end).reduce((sum, { count }) => sum + count, 0);
}
