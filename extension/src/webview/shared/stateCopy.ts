// VS Code loses the state of a page whose extension host is gone when the window is reloaded. While a reply is pending, browser storage has a copy.

export class StateCopy {
  private readonly name: string;
  private isNeeded = false;

  /** @param key Identifies the page and its content. */
  constructor(key: string) {
    this.name = `plue.state.${key}`;
  }

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
    try {
      localStorage.setItem(this.name, JSON.stringify(state));
    } catch {
      // Storage is not available or full.
    }
  }

  end(): void {
    this.isNeeded = false;
    try {
      localStorage.removeItem(this.name);
    } catch {
      // Storage is not available.
    }
  }
}
