// Copies a table of a response as text.

/** Rows of cells, header row first. */
export type Rows = string[][];

export function rowsOf(table: HTMLTableElement): Rows {
  return [...table.rows].map((row) => [...row.cells].map((cell) => (cell.textContent ?? '').trim()));
}

export function asMarkdown(rows: Rows): string {
  const line = (cells: string[]): string =>
    `| ${cells.map((cell) => cell.replace(/[\\|]/g, '\\$&').replace(/\s*\n\s*/g, ' ')).join(' | ')} |\n`;
  const [heading = [], ...rest] = rows;
  return line(heading) + line(heading.map(() => '---')) + rest.map(line).join('');
}

/** Returns CSV as in RFC 4180. */
export function asCsv(rows: Rows): string {
  const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('');
}
