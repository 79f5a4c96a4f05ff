/** Limits the number of restarts after crashes. */
export class RestartPolicy {
  private crashes: number[] = [];

  constructor(
    private readonly most = 3,
    private readonly withinMs = 60_000,
  ) {}

  /** Counts a crash and returns whether to restart. `now` is in milliseconds. */
  onCrash(now: number): 'restart' | 'stop' {
    this.crashes = this.crashes.filter((time) => now - time < this.withinMs);
    if (this.crashes.length >= this.most) return 'stop';
    this.crashes.push(now);
    return 'restart';
  }

  /** Call when the user starts the sidecar. */
  reset(): void {
    this.crashes = [];
  }
}
