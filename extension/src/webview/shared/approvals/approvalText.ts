// The text of an approval, which tracks the lines that were in view.
import { element } from '../element';

/** Maximum characters per piece. Longer lines are split, so that each piece fits a small window. */
const pieceLength = 40;

/** Maximum indentation of a wrapped line, so that deep code leaves room in a narrow side bar. */
const maxIndent = 16;

/** Width of a tab, as a web page shows it. */
const tabSize = 8;

export interface ApprovalLine {
  text: string;
  look?: string;
  /** Characters before the text of the line, below which it does not continue when it wraps. */
  indent?: number;
}

export class ApprovalText {
  readonly node: HTMLElement;
  /** Pieces that have not been in view, in order. */
  private readonly unread: HTMLElement[] = [];

  constructor(label: string, lines: readonly ApprovalLine[]) {
    const nodes = lines.map(({ text, look, indent }, at) => {
      const pieces = piecesOf(at < lines.length - 1 ? `${text}\n` : text).map((piece) => element('span', {}, piece));
      this.unread.push(...pieces.filter((piece) => piece.textContent !== ''));
      const line = element('span', { class: look === undefined ? 'text-line' : `text-line ${look}` }, ...pieces);
      if (indent !== undefined) line.style.setProperty('--indent', `${indent}ch`);
      return line;
    });
    this.node = element('div', { class: 'exact-text', role: 'group', 'aria-label': label }, element('pre', { tabindex: 0 }, ...nodes));
  }

  get isRead(): boolean {
    return this.unread.length === 0;
  }

  /** Number of lines that have not been completely in view. */
  get unreadLines(): number {
    return new Set(this.unread.map((piece) => piece.parentElement)).size;
  }

  /**
   * Records the pieces in view.
   * @param cover Element that covers the end of the text in small windows.
   */
  look(cover: HTMLElement): void {
    if (this.isRead || document.visibilityState === 'hidden') return;
    const { top, bottom } = viewOf(this.node, cover);
    if (bottom <= top) return;
    // Tolerates rounding of less than a pixel.
    const from = firstOf(this.unread, (piece) => piece.getBoundingClientRect().top > top - 1);
    const rest = this.unread.slice(from);
    this.unread.splice(
      from,
      firstOf(rest, (piece) => piece.getBoundingClientRect().bottom >= bottom + 1),
    );
  }

  /**
   * Scrolls to the first piece that has not been in view. Moves only the text and its scroll containers.
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

/** Scrolls a piece to the top. */
function scroll(holder: HTMLElement, piece: HTMLElement): void {
  holder.scrollTop += piece.getBoundingClientRect().top - holder.getBoundingClientRect().top;
}

/** Returns the part of an element that is neither covered nor scrolled out of view. */
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

/** Returns the first index for which a monotonic condition is true. */
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

/** Does not split surrogate pairs. */
function piecesOf(line: string): string[] {
  if (line.length <= pieceLength) return [line];
  const characters = [...line];
  const pieces: string[] = [];
  for (let at = 0; at < characters.length; at += pieceLength) pieces.push(characters.slice(at, at + pieceLength).join(''));
  return pieces;
}

/** Returns the lines of a diff from the sidecar, which has no lines with file names. */
export function diffLines(diff: string): ApprovalLine[] {
  return diff.split('\n').map((text) => ({ text, look: `diff-line ${kindOf(text)}`, indent: indentOf(text) }));
}

/** Counts the sign of a diff line and the white space after it. */
function indentOf(line: string): number {
  const [start = ''] = /^[-+ ][ \t]*/.exec(line) ?? [];
  return Math.min(maxIndent, start.replaceAll('\t', ' '.repeat(tabSize)).length);
}

function kindOf(line: string): string {
  if (line.startsWith('@@')) return 'place';
  if (line.startsWith('+')) return 'added';
  return line.startsWith('-') ? 'removed' : 'same';
}
