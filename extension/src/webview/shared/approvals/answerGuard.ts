// Nothing is answered by a click or key that lands right after what it lands on appeared or moved: it was meant for something else.

/** Milliseconds. */
export const guardMs = 300;

export class AnswerGuard {
  private changedAt = -Infinity;

  /** @param now Milliseconds of any clock that only goes forward. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Something appeared, went or moved. */
  touch(): void {
    this.changedAt = this.now();
  }

  get isOpen(): boolean {
    return this.now() - this.changedAt >= guardMs;
  }
}
