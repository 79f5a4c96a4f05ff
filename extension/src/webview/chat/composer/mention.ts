// The @-mention or slash command at the cursor.
import type { LineRange } from '../../../protocol/protocol.generated';

export interface Token {
  /** Start, including its sign, and position of the cursor. */
  start: number;
  end: number;
  /** Text without sign and lines. */
  query: string;
  range?: LineRange;
}

const isWeb = /^https?:\/\//u;

/** `@src/da`, `@src/date.ts:12-40` or `@https://example.com` before the cursor; an address as a@b.c is none. */
export function mentionAt(text: string, cursor: number): Token | undefined {
  const match = /(?:^|[\s([{"'`])@(?<written>https?:\/\/\S*|[^\s@]*)$/u.exec(text.slice(0, cursor));
  const written = match?.groups?.['written'];
  if (written === undefined) return undefined;
  return { start: cursor - written.length - 1, end: cursor, ...readPlace(written) };
}

/** A path with optional lines; lines that are still being typed are ignored. */
export function readPlace(written: string): { query: string; range?: LineRange } {
  // The port of a web address is no line.
  if (isWeb.test(written)) return { query: written };
  const match = /^(?<path>.+?):(?:(?<start>\d{1,9})(?:-(?<end>\d{1,9})?)?)?$/u.exec(written);
  const path = match?.groups?.['path'];
  if (path === undefined) return { query: written };
  const start = Number(match?.groups?.['start'] ?? 0);
  const end = Number(match?.groups?.['end'] ?? start);
  return start < 1 || end < start ? { query: path } : { query: path, range: { start, end } };
}

/** The web address of a mention, without punctuation of the sentence after it; undefined for anything else. */
export function urlOf(query: string): string | undefined {
  const bare = query.replace(/[.,;:!?'"`]+$/u, '');
  const url = bare.endsWith(')') && !bare.includes('(') ? bare.slice(0, -1) : bare;
  return isWeb.test(url) && URL.canParse(url) ? url : undefined;
}

export function writePlace(path: string, range: LineRange | undefined): string {
  if (range === undefined) return path;
  return range.start === range.end ? `${path}:${range.start}` : `${path}:${range.start}-${range.end}`;
}

/** "12-40" or "12"; undefined for anything else. */
export function readRange(written: string): LineRange | undefined {
  return readPlace(`x:${written.trim().replace(/\s*[-–]\s*/u, '-')}`).range;
}

/** A slash command: the first word of the draft, while the cursor is in it. */
export function commandAt(text: string, cursor: number): Token | undefined {
  const match = /^\/(?<written>[^\s/]*)$/u.exec(text.slice(0, cursor));
  const written = match?.groups?.['written'];
  return written === undefined ? undefined : { start: 0, end: cursor, query: written };
}
