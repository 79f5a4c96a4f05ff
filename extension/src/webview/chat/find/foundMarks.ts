// Highlights matches with named CSS highlights, which chat.css styles, without changing elements.

const all = 'plue-found';
const current = 'plue-found-now';

/** Maximum number of highlights. */
const maxMarks = 2000;

export class FoundMarks {
  private now: { messageId: string; article: HTMLElement; range: Range | undefined } | undefined;

  /** @param chosen The current match; `nth` is its index in the message. */
  show(articles: readonly HTMLElement[], text: string, chosen: { messageId: string; nth: number } | undefined): void {
    this.clear();
    if (text === '') return;
    const others: Range[] = [];
    for (const article of articles) {
      const { messageId } = article.dataset;
      const ranges = rangesIn(article, text);
      if (chosen !== undefined && messageId === chosen.messageId) {
        // Rendered text can contain fewer matches than the source: some are in addresses or collapsed lines.
        const range = ranges.splice(Math.min(chosen.nth, ranges.length - 1), 1)[0];
        this.now = { messageId, article, range };
        article.classList.toggle('found-now', range === undefined || !canHighlight());
      }
      if (others.length < maxMarks) others.push(...ranges);
    }
    if (!canHighlight()) return;
    CSS.highlights.set(all, new Highlight(...others));
    if (this.now?.range !== undefined) CSS.highlights.set(current, new Highlight(this.now.range));
  }

  /** Returns the rectangle of the current match; undefined if it is not rendered. */
  reveal(messageId: string): { top: number; bottom: number } | undefined {
    if (this.now?.messageId !== messageId || !this.now.article.isConnected) return undefined;
    const { range, article } = this.now;
    if (range !== undefined && typeof range.getBoundingClientRect === 'function') return range.getBoundingClientRect();
    const { top } = article.getBoundingClientRect();
    return { top, bottom: top };
  }

  clear(): void {
    this.now?.article.classList.remove('found-now');
    this.now = undefined;
    if (!canHighlight()) return;
    CSS.highlights.delete(all);
    CSS.highlights.delete(current);
  }
}

function canHighlight(): boolean {
  return typeof CSS !== 'undefined' && 'highlights' in CSS && typeof Highlight !== 'undefined';
}

/** Returns the ranges of the text in a message, across elements but not across blocks. */
export function rangesIn(article: HTMLElement, text: string): Range[] {
  const body = article.querySelector('.message-body, .compaction');
  if (body === null) return [];
  const wanted = text.toLowerCase();
  const ranges: Range[] = [];
  for (const nodes of runsOf(body)) {
    const whole = nodes.map((node) => node.data.toLowerCase()).join('');
    for (let at = whole.indexOf(wanted); at >= 0 && ranges.length < maxMarks; at = whole.indexOf(wanted, at + wanted.length)) {
      const range = document.createRange();
      const [first, firstAt] = placeOf(nodes, at);
      const [last, lastAt] = placeOf(nodes, at + wanted.length - 1);
      range.setStart(first, firstAt);
      range.setEnd(last, Math.min(lastAt + 1, last.length));
      ranges.push(range);
    }
  }
  return ranges;
}

const blocks = 'p, li, pre, h1, h2, h3, h4, h5, h6, td, th, blockquote, .plain-text, .fold-button, .code-header, .compaction-text';

/** Returns groups of text nodes that belong to the same block. */
function runsOf(body: Element): Text[][] {
  const runs: Text[][] = [];
  let block: Element | null | undefined;
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (!(node instanceof Text) || node.parentElement?.closest('[hidden]')) continue;
    const own = node.parentElement?.closest(blocks) ?? null;
    if (own !== block) runs.push([]);
    block = own;
    runs.at(-1)?.push(node);
  }
  return runs;
}

/** Lowercasing can change the length of some letters; the range stays within its text. */
function placeOf(nodes: readonly Text[], offset: number): [Text, number] {
  let before = 0;
  for (const node of nodes) {
    if (offset < before + node.length) return [node, offset - before];
    before += node.length;
  }
  const last = nodes.at(-1) ?? new Text();
  return [last, Math.max(0, last.length - 1)];
}
