/** History of sent messages, like in a terminal: Up for older, Down for newer and finally the draft. */
export class SentHistory {
  private at: number | undefined;
  private shown = '';

  /** @param texts Sent messages, oldest first. */
  constructor(private readonly texts: () => readonly string[]) {}

  /** The text to show for Up in this draft; undefined leaves the key to the composer. */
  older(draft: string): string | undefined {
    if (draft !== '' && !this.isWalking(draft)) return undefined;
    const texts = this.distinct();
    const at = (draft === '' ? texts.length : (this.at ?? texts.length)) - 1;
    const text = texts[at];
    if (text === undefined) return undefined;
    this.at = at;
    return (this.shown = text);
  }

  /** The text to show for Down. */
  newer(draft: string): string | undefined {
    if (!this.isWalking(draft)) return undefined;
    const at = (this.at ?? 0) + 1;
    const text = this.distinct()[at];
    this.at = text === undefined ? undefined : at;
    return (this.shown = text ?? '');
  }

  /** False as soon as the text was edited. */
  isWalking(draft: string): boolean {
    return this.at !== undefined && draft === this.shown;
  }

  private distinct(): string[] {
    return this.texts().filter((text, at, all) => text !== '' && text !== all[at + 1]);
  }
}
