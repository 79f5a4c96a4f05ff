import { change } from '../../common/textChange';

/** A range of a document by offsets. */
export interface Span {
  start: number;
  end: number;
}

/** A change of a document, as VS Code reports it. */
export interface TextChange {
  rangeOffset: number;
  rangeLength: number;
  text: string;
}

/**
 * True if a change concerns text of the span. Text that is inserted at its end belongs to what follows.
 * @param isUndo Text that Undo or Redo inserts at the end was part of the span.
 */
export function touches({ start, end }: Span, { rangeOffset, rangeLength }: TextChange, isUndo = false): boolean {
  if (rangeLength === 0) return rangeOffset >= start && (rangeOffset < end || (isUndo && rangeOffset === end));
  return rangeOffset < end && rangeOffset + rangeLength > start;
}

/** Returns where the span is after a change. It grows and shrinks with changes inside. */
export function moveSpan(span: Span, change: TextChange, isUndo = false): Span {
  const { start, end } = span;
  const changeEnd = change.rangeOffset + change.rangeLength;
  const delta = change.text.length - change.rangeLength;
  if (touches(span, change, isUndo)) return { start: Math.min(start, change.rangeOffset), end: Math.max(end, changeEnd) + delta };
  return changeEnd <= start ? { start: start + delta, end: end + delta } : span;
}

/** Joins spans that overlap or touch, in the order of the document. */
export function joinSpans(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const span of [...spans].sort((one, other) => one.start - other.start)) {
    const last = joined.at(-1);
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else joined.push({ ...span });
  }
  return joined;
}

/** Returns the only range of whole lines in which two texts differ. */
export function lineChange(before: string, after: string): { start: number; end: number; text: string } {
  const { start, end, text } = change(before, after);
  const first = start === 0 ? 0 : before.lastIndexOf('\n', start - 1) + 1;
  const isLineEnd = (whole: string, at: number): boolean => at === 0 || whole[at - 1] === '\n';
  const afterEnd = start + text.length;
  const isWhole = isLineEnd(before, end) && isLineEnd(after, afterEnd);
  const nextBreak = before.indexOf('\n', end);
  const last = isWhole ? end : nextBreak < 0 ? before.length : nextBreak + 1;
  return { start: first, end: last, text: after.slice(first, afterEnd + last - end) };
}
