// A text that somebody judges: whole, and aware of which of its lines were in view.
import { element } from '../element';

/** Characters. A longer line is looked at in pieces, so that each fits into a low window. */
const pieceLength = 40;

export interface JudgedLine {
  text: string;
  look?: string;
}

export class JudgedText {
  readonly node: HTMLElement;
  /** What was not in view yet, in order. */
  private readonly unread: HTMLElement[] = [];

  constructor(label: string, lines: readonly JudgedLine[]) {
    const nodes = lines.map(({ text, look }, at) => {
      const pieces = piecesOf(at < lines.length - 1 ? `${text}\n` : text).map((piece) => element('span', {}, piece));
      this.unread.push(...pieces.filter((piece) => piece.textContent !== ''));
      return element('span', { class: look === undefined ? 'text-line' : `text-line ${look}` }, ...pieces);
    });
    this.node = element('div', { class: 'exact-text', role: 'group', 'aria-label': label }, element('pre', { tabindex: 0 }, ...nodes));
  }

  get isRead(): boolean {
    return this.unread.length === 0;
  }

  /** How many lines were not in view as a whole. */
  get unreadLines(): number {
    return new Set(this.unread.map((piece) => piece.parentElement)).size;
  }

  /**
   * Notes what is in view.
   * @param cover Lies over the end of the text where there is little room.
   */
  look(cover: HTMLElement): void {
    if (this.isRead || document.visibilityState === 'hidden') return;
    const { top, bottom } = viewOf(this.node, cover);
    if (bottom <= top) return;
    // Less than a pixel is a matter of rounding.
    const from = firstOf(this.unread, (piece) => piece.getBoundingClientRect().top > top - 1);
    const rest = this.unread.slice(from);
    this.unread.splice(
      from,
      firstOf(rest, (piece) => piece.getBoundingClientRect().bottom >= bottom + 1),
    );
  }

  /**
   * Scrolls to the first line that was not in view. Nothing but the text and what holds it for scrolling is moved.
   * @param cover As in {@link look}.
   */
  showNext(cover: HTMLElement): void {
    const [first] = this.unread;
    if (first === undefined) return;
    scroll(this.node, first);
    for (let holder = this.node.parentElement; holder !== null; holder = holder.parentElement) {
      const { top, bottom } = holder.getBoundingClientRect();
      const piece = first.getBoundingClientRect();
      const isIn = piece.top >= top && piece.bottom <= Math.min(bottom, cover.getBoundingClientRect().top);
      if (!isIn && /auto|scroll/.test(getComputedStyle(holder).overflowY)) scroll(holder, first);
    }
  }
}

/** Until a piece is at its top. */
function scroll(holder: HTMLElement, piece: HTMLElement): void {
  holder.scrollTop += piece.getBoundingClientRect().top - holder.getBoundingClientRect().top;
}

/** What of a node is neither covered nor scrolled away, in itself or in what holds it. */
function viewOf(node: HTMLElement, cover: HTMLElement): { top: number; bottom: number } {
  const view = { top: 0, bottom: Math.min(window.innerHeight, cover.getBoundingClientRect().top) };
  for (let holder: HTMLElement | null = node; holder !== null; holder = holder.parentElement) {
    if (getComputedStyle(holder).overflowY === 'visible') continue;
    const { top, bottom } = holder.getBoundingClientRect();
    view.top = Math.max(view.top, top);
    view.bottom = Math.min(view.bottom, bottom);
  }
  return view;
}

/** The index of the first for which it is so, when it is so for all behind it. */
function firstOf(pieces: readonly HTMLElement[], isSo: (piece: HTMLElement) => boolean): number {
  let [low, high] = [0, pieces.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const piece = pieces[middle];
    if (piece === undefined || isSo(piece)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Never half of a character. */
function piecesOf(line: string): string[] {
  if (line.length <= pieceLength) return [line];
  const characters = [...line];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += pieceLength) pieces.push(characters.slice(at, at + pieceLength).join(''));
  return pieces;
}

/** The lines of a diff as the sidecar writes it: no lines in it name files. */
export function diffLines(diff: string): JudgedLine[] {
  return diff.split('\n').map((text) => ({ text, look: `diff-line ${kindOf(text)}` }));
}

function kindOf(line: string): string {
  if (line.startsWith('@@')) return 'place';
  if (line.startsWith('+')) return 'added';
  return line.startsWith('-') ? 'removed' : 'same';
}
