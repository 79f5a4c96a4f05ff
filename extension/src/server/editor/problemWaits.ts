// How long to wait for the problems of an edited file. VS Code has no event for "checked, and nothing changed", so each language is measured.

/** Milliseconds to wait while nothing is known about the language. */
export const longestWait = 2000;
const shortestWait = 500;
/** How many waits count. */
const remembered = 5;
/** How many waits without any change show that nobody checks the language. */
const enough = 2;

interface Language {
  /** Milliseconds from an edit to the first change, latest last. */
  readonly delays: number[];
  /** Waits in a row that saw no change. */
  unanswered: number;
}

export class ProblemWaits {
  private readonly languages = new Map<string, Language>();

  /** A file of several languages waits for the slowest. */
  limitFor(languages: readonly string[]): number {
    return Math.max(shortestWait, ...languages.map((language) => this.limitOf(language)));
  }

  /** @param delay Milliseconds until the first change; undefined if there was none. */
  add(language: string, delay: number | undefined): void {
    const known = this.languages.get(language) ?? { delays: [], unanswered: 0 };
    this.languages.set(language, known);
    if (delay === undefined) {
      known.unanswered++;
      return;
    }
    known.unanswered = 0;
    known.delays.push(delay);
    if (known.delays.length > remembered) known.delays.shift();
  }

  private limitOf(language: string): number {
    const { delays, unanswered } = this.languages.get(language) ?? { delays: [], unanswered: 0 };
    if (delays.length === 0) return unanswered >= enough ? shortestWait : longestWait;
    // Twice the slowest, because a busy machine is slower.
    return Math.min(longestWait, 2 * Math.max(...delays));
  }
}
