// Fits the text of a completion to the text after the cursor.
import { restOfLine } from './cursor';

export interface Insertion {
  text: string;
  /** Number of characters after the cursor that the text replaces. */
  replaced: number;
}

const closingMarks = /^[)\]}>"'`;,\s]+$/;
const brackets: readonly (readonly [open: string, close: string])[] = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
];

/** Returns undefined if nothing is left to insert. */
export function fit(text: string, suffix: string): Insertion | undefined {
  const rest = restOfLine(suffix);
  // The text contains the brackets that the editor closed automatically.
  if (closingMarks.test(rest) && rest.trim() !== '' && hasInOrder(restOfLine(text), rest.trim())) {
    return { text: withoutOverlap(text, suffix.slice(rest.length)), replaced: rest.length };
  }
  const left = withoutOverlap(text, suffix);
  return left.trim() === '' ? undefined : { text: left, replaced: 0 };
}

/** Removes the end of the text if it repeats the start of the suffix, unless it closes brackets of the text. */
function withoutOverlap(text: string, suffix: string): string {
  for (let length = Math.min(text.length, suffix.length); length > 0; length--) {
    const cut = text.slice(0, text.length - length);
    if (text.endsWith(suffix.slice(0, length)) && !needsEnd(text, cut)) return cut;
  }
  return text;
}

function needsEnd(text: string, cut: string): boolean {
  return brackets.some(([open, close]) => missing(cut, open, close) > 0 && missing(text, open, close) < missing(cut, open, close));
}

/** Returns the number of opening brackets that are not closed. */
function missing(text: string, open: string, close: string): number {
  let count = 0;
  for (const character of text) {
    if (character === open) count++;
    else if (character === close && count > 0) count--;
  }
  return count;
}

function hasInOrder(text: string, characters: string): boolean {
  let at = 0;
  for (const character of characters) {
    const found = text.indexOf(character, at);
    if (found < 0) return false;
    at = found + 1;
  }
  return true;
}
