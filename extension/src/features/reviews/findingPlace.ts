// Where a finding is now: the file may have changed after the review.
import type { ReviewFindingView } from '../../protocol/protocol.generated';

type Finding = Pick<ReviewFindingView, 'line' | 'endLine' | 'lineText'>;

/** Returns the first and last line from 0: those of the review, or the only other place of the text; undefined if it is not clear. */
export function placeIn(lines: readonly string[], { line, endLine, lineText }: Finding): [number, number] | undefined {
  const isAt = (at: number): boolean => lines[at] === lineText;
  const others = lines.flatMap((_, at) => (isAt(at) ? [at] : []));
  const start = isAt(line - 1) ? line - 1 : others.length === 1 ? others[0] : undefined;
  return start === undefined ? undefined : [start, Math.min(start + endLine - line, lines.length - 1)];
}

/** Returns the line of an excerpt, from 0, that shows a line of the reviewed version. */
export function placeInExcerpt(excerpt: string, line: number): number {
  const at = excerpt.split('\n').findIndex((text) => Number.parseInt(text, 10) === line);
  return Math.max(at, 0);
}
