/** After a crash: start again, but not for ever. */
export class RestartPolicy {
  private crashes: number[] = [];

  constructor(
    private readonly most = 3,
    private readonly withinMs = 60_000,
  ) {}

  /** `now` in milliseconds. Counts a crash and returns whether to restart. */
  onCrash(now: number): 'restart' | 'stop' {
    this.crashes = this.crashes.filter((time) => now - time < this.withinMs);
    if (this.crashes.length >= this.most) return 'stop';
    this.crashes.push(now);
    return 'restart';
  }

  /** A start by the user resets the counter. */
  reset(): void {
    this.crashes = [];
  }
}
