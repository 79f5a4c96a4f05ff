// Earlier messages, loaded in pages while the user scrolls. Only pages near the view are kept.
import type { MessageView } from '../../../protocol/protocol.generated';

export const pageSize = 50;

/** Maximum number of pages; the farthest is dropped first. */
const maxPages = 10;

/** Milliseconds after which a page is requested again. */
const retryDelayMs = 5000;

export class MessagePages {
  private readonly pages = new Map<number, readonly MessageView[]>();
  private readonly asked = new Map<number, number>();
  /** Outdated pages, shown until they are reloaded. */
  private readonly stale = new Set<number>();
  /** Identifies replies for the current branch. */
  private generation = 0;
  private end = 0;
  /** Index of the last requested page. */
  private center = 0;

  constructor(private readonly ask: (offset: number, limit: number, generation: number) => void) {}

  /** Number of loaded messages. */
  get count(): number {
    return [...this.pages.values()].reduce((sum, page) => sum + page.length, 0);
  }

  /** @param end Index of the first message in the state. */
  setEnd(end: number): void {
    this.end = end;
  }

  /** Marks pages as outdated. They are shown until they are reloaded. */
  renew(): void {
    this.generation++;
    this.asked.clear();
    for (const number of this.pages.keys()) this.stale.add(number);
  }

  at(index: number): MessageView | undefined {
    return this.pages.get(Math.floor(index / pageSize))?.[index % pageSize];
  }

  /**
   * Requests missing pages of a range and drops distant ones.
   * @param now In milliseconds of the page's clock.
   */
  want(from: number, to: number, now: number): void {
    const last = Math.floor((Math.min(to, this.end) - 1) / pageSize);
    const first = Math.floor(Math.max(0, from) / pageSize);
    for (let number = first; number <= last; number++) {
      const limit = Math.min(pageSize, this.end - number * pageSize);
      if ((this.pages.get(number)?.length ?? 0) >= limit && !this.stale.has(number)) continue;
      if (now - (this.asked.get(number) ?? -Infinity) < retryDelayMs) continue;
      this.asked.set(number, now);
      this.ask(number * pageSize, limit, this.generation);
    }
    this.center = (first + Math.max(first, last)) / 2;
    this.letGo();
  }

  /** @returns True if the page was requested. */
  take(offset: number, messages: readonly MessageView[], generation: number): boolean {
    const number = offset / pageSize;
    if (generation !== this.generation || !this.asked.delete(number)) return false;
    this.stale.delete(number);
    this.pages.set(number, messages);
    this.letGo();
    return true;
  }

  private letGo(): void {
    const far = (number: number): number => Math.abs(number - this.center);
    const byDistance = [...this.pages.keys()].sort((a, b) => far(a) - far(b));
    for (const number of byDistance.slice(maxPages)) {
      this.pages.delete(number);
      this.stale.delete(number);
    }
  }
}
