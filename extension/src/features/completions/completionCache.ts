import type { Cursor } from './cursor';

interface Entry extends Cursor {
  text: string;
}

const maxEntries = 50;
/** Characters around the cursor that must be the same. */
const comparedLength = 500;

/** Recent completions. Typing along the text of one continues it without a request. */
export class CompletionCache {
  private readonly entries: Entry[] = [];

  add(cursor: Cursor, text: string): void {
    this.entries.unshift({ ...cursor, prefix: cursor.prefix.slice(-comparedLength), suffix: cursor.suffix.slice(0, comparedLength), text });
    this.entries.length = Math.min(this.entries.length, maxEntries);
  }

  /** The rest of a known completion, which may be empty if it was typed completely; undefined if none is known here. */
  find(cursor: Cursor): string | undefined {
    for (const entry of this.entries) {
      const typed = cursor.offset - entry.offset;
      if (entry.document !== cursor.document || typed < 0 || typed > entry.text.length) continue;
      // An empty completion says nothing about a longer prefix.
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

/** The editor may have closed brackets and quotes that were typed. */
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
