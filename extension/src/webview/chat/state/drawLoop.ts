/** Renders at most once per frame, and less often while rendering is slow. */
export class DrawLoop {
  private frame: number | undefined;
  /** Milliseconds before the next frame is requested. */
  private pause = 0;

  constructor(private readonly draw: () => void) {}

  get isPending(): boolean {
    return this.frame !== undefined;
  }

  schedule(): void {
    if (this.frame !== undefined) return;
    this.frame = 0;
    if (this.pause > 0) setTimeout(() => this.request(), this.pause);
    else this.request();
  }

  private request(): void {
    this.frame = requestAnimationFrame(() => {
      this.frame = undefined;
      const start = performance.now();
      this.draw();
      const duration = performance.now() - start;
      this.pause = duration > 12 ? Math.min(duration * 3, 500) : 0;
    });
  }
}
