import type { CancellationToken } from 'vscode';
import { CompletionCache } from './completionCache';
import type { Cursor } from './cursor';

/** Requests the text at a cursor from a model; undefined if there is none. */
export type Ask = (cursor: Cursor, token: CancellationToken) => Promise<string | undefined>;

/** Waits for a pause in typing, and requests each completion once. */
export class GhostText {
  private readonly cache = new CompletionCache();

  /** @param delay Milliseconds without typing before a request. */
  constructor(
    private readonly ask: Ask,
    private readonly delay: () => number,
  ) {}

  /** @param isInvoked True if the user invoked it; there is no delay then. */
  async at(cursor: Cursor, isInvoked: boolean, token: CancellationToken): Promise<string | undefined> {
    const known = this.cache.find(cursor);
    if (known !== undefined && !(isInvoked && known === '')) return known;
    if (!isInvoked) await pause(this.delay(), token);
    if (token.isCancellationRequested) return undefined;
    const text = await this.ask(cursor, token);
    if (text !== undefined) this.cache.add(cursor, text);
    return token.isCancellationRequested ? undefined : text;
  }

  /** Forgets all completions, because another model would write something else. */
  clear(): void {
    this.cache.clear();
  }
}

function pause(milliseconds: number, token: CancellationToken): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      cancelled.dispose();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    const cancelled = token.onCancellationRequested(end);
  });
}
