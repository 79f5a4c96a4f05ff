// Ignores clicks and keys shortly after an element appeared or moved, because they were meant for another element.

/** In milliseconds. */
export const guardMs = 300;

export class ApprovalGuard {
  private changedAt = -Infinity;

  /** @param now In milliseconds of a monotonic clock. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Call when an element appeared, moved, or was removed. */
  touch(): void {
    this.changedAt = this.now();
  }

  get isOpen(): boolean {
    return this.now() - this.changedAt >= guardMs;
  }
}
