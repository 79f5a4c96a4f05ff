// Ignores clicks and keys shortly after an element appeared or moved, because they were meant for something else.

/** Milliseconds. */
export const guardMs = 300;

export class AnswerGuard {
  private changedAt = -Infinity;

  /** @param now Milliseconds of a monotonic clock. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Something appeared, went or moved. */
  touch(): void {
    this.changedAt = this.now();
  }

  get isOpen(): boolean {
    return this.now() - this.changedAt >= guardMs;
  }
}
