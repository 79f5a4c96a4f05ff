/** Consecutive lines that were added, removed, or both. */
export interface Hunk {
  /** Index in the new lines. */
  first: number;
  added: number;
  removed: readonly string[];
}

interface NewLine {
  text: string;
  isAdded: boolean;
  /** Old lines before this line that are gone. */
  removed: readonly string[];
}

/** Lays new lines over old ones while they arrive: an old line stays until a later one is repeated, or until all new lines arrived. */
export class LineMerge {
  private readonly done: NewLine[] = [];
  /** Index of the first old line that is not decided. */
  private next = 0;

  constructor(private readonly old: readonly string[]) {}

  push(text: string): void {
    const at = this.repeated(text);
    if (at === undefined) {
      this.done.push({ text, isAdded: true, removed: [] });
      return;
    }
    this.done.push({ text, isAdded: false, removed: this.old.slice(this.next, at) });
    this.next = at + 1;
  }

  /** New lines so far. */
  get count(): number {
    return this.done.length;
  }

  /** New lines so far, followed by the old lines that are not decided. */
  get lines(): string[] {
    return [...this.done.map(({ text }) => text), ...this.old.slice(this.next)];
  }

  /** @param isFinished Old lines that are not decided are removed. */
  hunks(isFinished: boolean): Hunk[] {
    const hunks: Hunk[] = [];
    let open: { first: number; added: number; removed: string[] } | undefined;
    const close = (removed: readonly string[], at: number): void => {
      if (open === undefined && removed.length > 0) open = { first: at, added: 0, removed: [] };
      open?.removed.push(...removed);
      if (open !== undefined) hunks.push(open);
      open = undefined;
    };
    for (const [index, { isAdded, removed }] of this.done.entries()) {
      if (isAdded) {
        open ??= { first: index, added: 0, removed: [] };
        open.added++;
      } else close(removed, index);
    }
    close(isFinished ? this.old.slice(this.next) : [], this.done.length);
    return hunks;
  }

  /** A line that says little, such as a bracket, is the same line only if it is the next one. */
  private repeated(text: string): number | undefined {
    if (this.old[this.next] === text) return this.next;
    if (!/\w\W*\w/.test(text)) return undefined;
    const at = this.old.indexOf(text, this.next);
    return at < 0 ? undefined : at;
  }
}

/** Merges lines that all arrived. */
export function mergeLines(old: readonly string[], lines: readonly string[]): LineMerge {
  const merge = new LineMerge(old);
  for (const line of lines) merge.push(line);
  return merge;
}
