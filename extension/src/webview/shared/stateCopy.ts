// VS Code loses the state of a page without an extension host when the window reloads, so browser storage has a copy while a reply is pending.

export class StateCopy {
  private isNeeded = false;
  /** Key of the stored copy; a page that shows another chat has another key. */
  private written: string | undefined;

  /** @param key Identifies the page and its content. */
  constructor(private readonly key: () => string) {}

  /** State of an earlier page; undefined if there is none. */
  read(): unknown {
    try {
      return JSON.parse(localStorage.getItem(this.name) ?? '') ?? undefined;
    } catch {
      // No copy, or storage is not available.
      return undefined;
    }
  }

  begin(state: unknown): void {
    this.isNeeded = true;
    this.update(state);
  }

  update(state: unknown): void {
    if (!this.isNeeded || state === undefined) return;
    const { name } = this;
    if (this.written !== name) this.remove();
    this.written = name;
    try {
      localStorage.setItem(name, JSON.stringify(state));
    } catch {
      // Storage is not available or full.
    }
  }

  end(): void {
    this.isNeeded = false;
    this.remove();
    this.written = undefined;
  }

  private get name(): string {
    return `plue.state.${this.key()}`;
  }

  private remove(): void {
    try {
      localStorage.removeItem(this.written ?? this.name);
    } catch {
      // Storage is not available.
    }
  }
}
