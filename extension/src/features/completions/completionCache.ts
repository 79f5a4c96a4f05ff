import type { Cursor } from './cursor';

interface Entry extends Cursor {
  text: string;
}

const maxEntries = 50;
/** Number of characters around the cursor that must match. */
const comparedLength = 500;

/** Recent completions. Typing the text of one continues it without a request. */
export class CompletionCache {
  private readonly entries: Entry[] = [];

  add(cursor: Cursor, text: string): void {
    this.entries.unshift({ ...cursor, prefix: cursor.prefix.slice(-comparedLength), suffix: cursor.suffix.slice(0, comparedLength), text });
    this.entries.length = Math.min(this.entries.length, maxEntries);
  }

  /** Returns the rest of a known completion, which is empty if it was typed completely; undefined if there is none. */
  find(cursor: Cursor): string | undefined {
    for (const entry of this.entries) {
      const typed = cursor.offset - entry.offset;
      if (entry.document !== cursor.document || typed < 0 || typed > entry.text.length) continue;
      // An empty completion does not apply to a longer prefix.
      if (entry.text === '' && typed > 0) continue;
      if (!isSameEnd(cursor.prefix, entry.prefix + entry.text.slice(0, typed))) continue;
      if (isSameStart(cursor.suffix, entry.suffix)) return entry.text.slice(typed);
    }
    return undefined;
  }

  clear(): void {
    this.entries.length = 0;
  }
}

function isSameEnd(one: string, other: string): boolean {
  const length = Math.min(one.length, other.length, comparedLength);
  return one.slice(one.length - length) === other.slice(other.length - length);
}

/** Ignores brackets and quotes that the editor closed after typing. */
function isSameStart(now: string, before: string): boolean {
  const closed = /^[)\]}>"'`]*/.exec(now)?.[0].length ?? 0;
  for (let skipped = 0; skipped <= closed; skipped++) {
    const length = Math.min(now.length - skipped, before.length);
    if (length >= Math.min(before.length, comparedLength - closed) && now.slice(skipped, skipped + length) === before.slice(0, length)) {
      return true;
    }
  }
  return false;
}
