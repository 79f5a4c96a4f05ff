// The text around the cursor that a completion is made from.

export interface Cursor {
  /** Address of the document. */
  document: string;
  offset: number;
  /** Text before the cursor, with line feeds. */
  prefix: string;
  /** Text after the cursor, with line feeds. */
  suffix: string;
}

/** Characters of the document that are sent. */
export const maxPrefix = 8000;
export const maxSuffix = 3000;

/** Cuts the text before and after the cursor to whole lines within the limits. */
export function cursorAt(document: string, offset: number, before: string, after: string): Cursor {
  const prefix = before.slice(-maxPrefix).replaceAll('\r\n', '\n');
  const suffix = after.slice(0, maxSuffix).replaceAll('\r\n', '\n');
  const firstLine = before.length > maxPrefix ? prefix.indexOf('\n') + 1 : 0;
  const lastLine = after.length > maxSuffix ? suffix.lastIndexOf('\n') : -1;
  return { document, offset, prefix: prefix.slice(firstLine), suffix: lastLine > 0 ? suffix.slice(0, lastLine) : suffix };
}

/** Only at the end of a line there is room for several lines. */
export function isMultiline({ suffix }: Cursor): boolean {
  return restOfLine(suffix).trim() === '';
}

/** In the middle of a word a completion would replace what is there. */
export function isInWord({ suffix }: Cursor): boolean {
  return /^[\p{L}\p{N}_$]/u.test(suffix);
}

export function restOfLine(suffix: string): string {
  return suffix.split('\n', 1)[0] ?? '';
}
