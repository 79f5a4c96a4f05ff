// The text around the cursor that is sent for a completion.

export interface Cursor {
  /** URI of the document. */
  document: string;
  offset: number;
  /** Text before the cursor, with line feeds. */
  prefix: string;
  /** Text after the cursor, with line feeds. */
  suffix: string;
}

/** Maximum number of characters sent before the cursor. */
export const maxPrefix = 8000;
export const maxSuffix = 3000;

/** Trims the text before and after the cursor to whole lines within the limits. */
export function cursorAt(document: string, offset: number, before: string, after: string): Cursor {
  const prefix = before.slice(-maxPrefix).replaceAll('\r\n', '\n');
  const suffix = after.slice(0, maxSuffix).replaceAll('\r\n', '\n');
  const firstLine = before.length > maxPrefix ? prefix.indexOf('\n') + 1 : 0;
  const lastLine = after.length > maxSuffix ? suffix.lastIndexOf('\n') : -1;
  return { document, offset, prefix: prefix.slice(firstLine), suffix: lastLine > 0 ? suffix.slice(0, lastLine) : suffix };
}

/** True at the end of a line, the only place with room for several lines. */
export function isMultiline({ suffix }: Cursor): boolean {
  return restOfLine(suffix).trim() === '';
}

/** True in the middle of a word, where a completion would replace existing text. */
export function isInWord({ suffix }: Cursor): boolean {
  return /^[\p{L}\p{N}_$]/u.test(suffix);
}

export function restOfLine(suffix: string): string {
  return suffix.split('\n', 1)[0] ?? '';
}
