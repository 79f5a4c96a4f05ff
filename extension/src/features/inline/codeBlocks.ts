/** A complete line of a fenced code block. */
export interface BlockLine {
  /** Index of the block in the response. */
  block: number;
  text: string;
}

/** Reads the fenced code blocks of a response while it streams, line by line. */
export class CodeBlocks {
  private rest = '';
  private fence: string | undefined;
  /** Blocks that were opened. */
  count = 0;

  push(text: string): BlockLine[] {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    return lines.flatMap((line) => this.read(line));
  }

  /** The last line of a response has no line break. */
  finish(): BlockLine[] {
    const { rest } = this;
    this.rest = '';
    return rest === '' ? [] : this.read(rest);
  }

  /** The line of a block that has not arrived completely. */
  get partial(): BlockLine | undefined {
    const isFence = /^\s*[`~]/.test(this.rest);
    return this.fence === undefined || isFence ? undefined : { block: this.count - 1, text: this.rest.replace(/\r$/, '') };
  }

  /** True between the fences of a block. */
  get isOpen(): boolean {
    return this.fence !== undefined;
  }

  private read(line: string): BlockLine[] {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (this.fence === undefined) {
      const [, fence] = /^ {0,3}(`{3,}|~{3,})[^`]*$/.exec(text) ?? [];
      if (fence === undefined) return [];
      this.fence = fence;
      this.count++;
      return [];
    }
    if (isClosing(text, this.fence)) {
      this.fence = undefined;
      return [];
    }
    return [{ block: this.count - 1, text }];
  }
}

function isClosing(line: string, fence: string): boolean {
  const trimmed = line.trim();
  return trimmed.length >= fence.length && trimmed === fence.charAt(0).repeat(trimmed.length) && line.search(/\S/) <= 3;
}
