// Renders growing Markdown. Complete blocks are rendered once and only the end is parsed again,
// so that the total time is proportional to the length.
import { element } from '../../shared/element';
import { fillCode, languageOf, type CodeActions } from './codeBlock';
import { type Block, type Definitions, parseBlocks, renderBlock } from './markdown';
import { completeOpenEnd, withoutStrayPipe } from './openEnd';

export class MarkdownView {
  readonly node = element('div', { class: 'markdown' });
  private text = '';
  private isWhole = false;
  /** Link definitions of complete blocks. */
  private definitions: Definitions = {};
  /** Offset of the incomplete end in `text`; `openNodes` are its elements. */
  private openAt = 0;
  private openNodes: HTMLElement[] = [];

  constructor(private readonly actions: CodeActions) {}

  /** @param isWhole True if no more text follows. */
  update(text: string, isWhole: boolean): void {
    if (text === this.text && isWhole === this.isWhole) return;
    if (!text.startsWith(this.text)) this.clear();
    this.text = text;
    this.isWhole = isWhole;

    const open = text.slice(this.openAt);
    const definitions: Definitions = { references: { ...this.definitions.references }, isOpen: !isWhole };
    const blocks = parseBlocks(open, definitions);
    this.show(withEnd(blocks, definitions, open, isWhole ? withoutStrayPipe : completeOpenEnd), definitions, open);
    this.settle(blocks, open);
  }

  private clear(): void {
    this.node.replaceChildren();
    this.definitions = {};
    this.openAt = 0;
    this.openNodes = [];
  }

  private show(blocks: Block[], definitions: Definitions, open: string): void {
    blocks.forEach((block, index) => {
      const before = this.openNodes[index];
      const isOpen = index === blocks.length - 1 && !this.isWhole;
      if (isOpen) hideHalfClosing(block, open);
      if (before !== undefined && growCode(before, block, isOpen)) return;
      const node = renderBlock(block, definitions, this.actions);
      if (before?.innerHTML === node.innerHTML) return;
      if (before === undefined) this.node.append(node);
      else before.replaceWith(node);
      this.openNodes[index] = node;
    });
    for (const late of this.openNodes.splice(blocks.length)) late.remove();
  }

  private settle(blocks: Block[], open: string): void {
    const count = settledBlocks(blocks, open);
    const firstOpen = blocks[count];
    if (count === 0 || firstOpen === undefined) return;
    const end = lineOffset(open, firstOpen.firstLine);
    parseBlocks(open.slice(0, end), this.definitions);
    this.openAt += end;
    this.openNodes.splice(0, count);
  }
}

/** Returns the number of complete blocks: all before the last one, once the first line of the last one is complete. */
function settledBlocks(blocks: Block[], text: string): number {
  const last = blocks.at(-1);
  if (last === undefined) return 0;
  // An unclosed formula is part of the paragraph before it.
  if (isOpenFormula(last)) return Math.max(0, blocks.length - 2);
  const firstLineIsWhole = /[\r\n]/.test(text.slice(lineOffset(text, last.firstLine), -1));
  return firstLineIsWhole ? blocks.length - 1 : Math.max(0, blocks.length - 2);
}

function isOpenFormula({ tokens: [token] }: Block): boolean {
  return token?.type === 'formula' && token.info === 'open';
}

/** Parses again with another text for the last block, which may become two blocks. */
function withEnd(blocks: Block[], definitions: Definitions, text: string, change: (block: string) => string): Block[] {
  const last = blocks.at(-1);
  if (last === undefined || last.tokens[0]?.type === 'fence' || isOpenFormula(last)) return blocks;
  const written = text.slice(lineOffset(text, last.firstLine));
  const changed = change(written);
  if (changed === written) return blocks;
  return [...blocks.slice(0, -1), ...parseBlocks(changed, { ...definitions })];
}

/** Hides a partial closing fence, which would be shown as code for a moment. */
function hideHalfClosing(block: Block, text: string): void {
  const fence = block.tokens[0];
  if (fence?.type === 'fence' && /\n {0,3}(`{1,2}|~{1,2})$/.test(text)) fence.content = fence.content.replace(/ {0,3}[`~]{1,2}\n?$/, '');
}

/** Code that only grew keeps its element, scroll position, and focus. */
function growCode(shown: Element, block: Block, isOpen: boolean): boolean {
  const fence = block.tokens[0];
  const code = shown.firstElementChild;
  if (fence?.type !== 'fence' || !(code instanceof HTMLElement) || !code.classList.contains('code')) return false;
  const language = languageOf(fence.info);
  if (code.dataset['language'] !== language) return false;
  fillCode(code, fence.content, fence.info, !isOpen);
  return true;
}

/** Returns the offset of a line; the text's length if there are fewer lines. */
function lineOffset(text: string, line: number): number {
  const ends = /\r\n|\n|\r/g;
  for (let passed = 0; passed < line; passed++) if (ends.exec(text) === null) return text.length;
  return line === 0 ? 0 : ends.lastIndex;
}
