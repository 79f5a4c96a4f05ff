/** Lays new lines over old ones while they arrive: an old line stays until a later one is repeated, or until all new lines arrived. */
export class LineMerge {
  private readonly done: string[] = [];
  /** Indexes of lines that are not old ones. */
  readonly added: number[] = [];
  /** Index of the first old line that is not decided. */
  private next = 0;

  constructor(private readonly old: readonly string[]) {}

  push(text: string): void {
    const at = this.repeated(text);
    if (at === undefined) this.added.push(this.done.length);
    else this.next = at + 1;
    this.done.push(text);
  }

  /** New lines so far. */
  get count(): number {
    return this.done.length;
  }

  /**
   * New lines so far, followed by the old lines that are not decided.
   * @param partial Start of the next line. It is not shown while it may become the next old line.
   */
  lines(partial = ''): string[] {
    const isShown = partial.trim() !== '' && this.old[this.next]?.startsWith(partial) !== true;
    return [...this.done, ...(isShown ? [partial] : []), ...this.old.slice(this.next)];
  }

  /** A short line, such as a bracket, is the same line only if it is the next one. */
  private repeated(text: string): number | undefined {
    if (this.old[this.next] === text) return this.next;
    if (!/\w\W*\w/.test(text)) return undefined;
    const at = this.old.indexOf(text, this.next);
    return at < 0 ? undefined : at;
  }
}
