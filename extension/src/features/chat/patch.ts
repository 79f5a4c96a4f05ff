// Unified diffs from models, in which line numbers and counts of hunk headers are often wrong or missing.
import { applyPatch, parsePatch } from 'diff';

export interface FilePatch {
  /** The path in the diff; undefined if it has none. */
  path: string | undefined;
  /** Returns undefined if the text does not contain the lines that the diff removes or keeps. */
  applyTo: (text: string) => string | undefined;
}

/** Number of context lines that may differ in each hunk. */
const fuzz = 2;

/** Returns the files of a diff in order; empty if the text is not a diff. */
export function patchesOf(text: string): FilePatch[] {
  let files: ReturnType<typeof parsePatch>;
  try {
    files = parsePatch(withCounts(text));
  } catch {
    return [];
  }
  return files
    .filter(({ hunks }) => hunks.length > 0)
    .map((file) => {
      const names = [file.newFileName, file.oldFileName].filter((name) => name !== undefined && name !== '/dev/null');
      return {
        path: names[0]?.replace(/^[ab]\//, ''),
        applyTo: (before) => {
          const after = applyPatch(before, file, { fuzzFactor: fuzz });
          return after === false ? undefined : after;
        },
      };
    });
}

/** Corrects the line counts in hunk headers. */
function withCounts(text: string): string {
  const lines = text.replace(/\r\n/g, '\n').replace(/\n$/, '').split('\n');
  const isHeader = (at: number): boolean => {
    const line = lines[at] ?? '';
    return line.startsWith('@@') || /^(?:diff |index )/.test(line) || (line.startsWith('--- ') && (lines[at + 1] ?? '').startsWith('+++ '));
  };
  const starts = lines.flatMap((_, at) => (isHeader(at) ? [at] : []));
  for (const [index, at] of starts.entries()) {
    const header = /^@@(?: -(\d+)\S* \+(\d+)\S*)?/.exec(lines[at] ?? '');
    if (header === null) continue;
    const end = starts[index + 1] ?? lines.length;
    // Editors strip the space from an empty context line.
    for (let line = at + 1; line < end; line++) if (lines[line] === '') lines[line] = ' ';
    const body = lines.slice(at + 1, end);
    const count = (marks: string): number => body.filter((line) => marks.includes(line[0] ?? '')).length;
    lines[at] = `@@ -${header[1] ?? 1},${count(' -')} +${header[2] ?? 1},${count(' +')} @@`;
  }
  return `${lines.join('\n')}\n`;
}
