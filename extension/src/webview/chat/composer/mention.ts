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

/** `@src/da` or `@src/date.ts:12-40` before the cursor; an address as a@b.c is none. */
export function mentionAt(text: string, cursor: number): Token | undefined {
  const match = /(?:^|[\s([{"'`])@(?<written>[^\s@]*)$/u.exec(text.slice(0, cursor));
  const written = match?.groups?.['written'];
  if (written === undefined) return undefined;
  return { start: cursor - written.length - 1, end: cursor, ...readPlace(written) };
}

/** A path with optional lines; lines that are still being typed are ignored. */
export function readPlace(written: string): { query: string; range?: LineRange } {
  const match = /^(?<path>.+?):(?:(?<start>\d{1,9})(?:-(?<end>\d{1,9})?)?)?$/u.exec(written);
  const path = match?.groups?.['path'];
  if (path === undefined) return { query: written };
  const start = Number(match?.groups?.['start'] ?? 0);
  const end = Number(match?.groups?.['end'] ?? start);
  return start < 1 || end < start ? { query: path } : { query: path, range: { start, end } };
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
