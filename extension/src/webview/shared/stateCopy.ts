// VS Code forgets the state of a page whose extension host is gone when the window is reloaded. So while the host owes an answer, the browser has a copy.

export class StateCopy {
  private readonly name: string;
  private isNeeded = false;

  /** @param key Names the page, and what it shows. */
  constructor(key: string) {
    this.name = `plue.state.${key}`;
  }

  /** What an earlier page left behind; undefined for nothing. */
  read(): unknown {
    try {
      return JSON.parse(localStorage.getItem(this.name) ?? '') ?? undefined;
    } catch {
      // There is none, or this browser keeps nothing for a page.
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
      // This browser keeps nothing for a page, or has no room.
    }
  }

  end(): void {
    this.isNeeded = false;
    try {
      localStorage.removeItem(this.name);
    } catch {
      // This browser keeps nothing for a page.
    }
  }
}
