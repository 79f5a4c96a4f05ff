// How long to wait for the problems of an edited file. VS Code has no event for "checked, and nothing changed", so delays are measured by language.

/** Maximum wait, and the wait for a language without measurements, in milliseconds. */
export const longestWait = 2000;
const shortestWait = 500;
/** Number of measurements kept. */
const remembered = 5;
/** Waits without a change after which the language is assumed to have no checker. */
const enough = 2;

interface Language {
  /** Milliseconds from an edit to the first change, latest last. */
  readonly delays: number[];
  /** Consecutive waits without a change. */
  unanswered: number;
}

export class ProblemWaits {
  private readonly languages = new Map<string, Language>();

  /** Returns the limit of the slowest language, in milliseconds. */
  limitFor(languages: readonly string[]): number {
    return Math.max(shortestWait, ...languages.map((language) => this.limitOf(language)));
  }

  /** @param delay Milliseconds until the first change; undefined if nothing changed. */
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
