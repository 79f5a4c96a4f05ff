/** Consecutive lines that were added, removed, or both. */
export interface Hunk {
  /** Index in the new lines. */
  first: number;
  added: number;
  removed: readonly string[];
}

/** Larger tables take too long. */
const maxCells = 4_000_000;

/** Returns the differences between lines, as few as possible. */
export function lineDiff(old: readonly string[], lines: readonly string[]): Hunk[] {
  const shorter = Math.min(old.length, lines.length);
  let start = 0;
  while (start < shorter && old[start] === lines[start]) start++;
  let end = 0;
  while (end < shorter - start && old[old.length - 1 - end] === lines[lines.length - 1 - end]) end++;
  const [before, after] = [old.slice(start, old.length - end), lines.slice(start, lines.length - end)];
  if (before.length === 0 && after.length === 0) return [];
  if (before.length * after.length > maxCells) return [{ first: start, added: after.length, removed: before }];
  return compare(before, after).map((hunk) => ({ ...hunk, first: hunk.first + start }));
}

function compare(before: readonly string[], after: readonly string[]): Hunk[] {
  // Length of the longest common subsequence of the rests from two lines on.
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row--) {
    for (let column = after.length - 1; column >= 0; column--) {
      common[row * width + column] =
        before[row] === after[column] ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const hunks: Hunk[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [oldFirst, first] = [row, column];
    while ((row < before.length || column < after.length) && (row === before.length || before[row] !== after[column])) {
      if (row < before.length && (column === after.length || at(row + 1, column) >= at(row, column + 1))) row++;
      else column++;
    }
    if (row > oldFirst || column > first) hunks.push({ first, added: column - first, removed: before.slice(oldFirst, row) });
    row++;
    column++;
  }
  return hunks;
}
