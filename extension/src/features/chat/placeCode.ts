// Finds where a code block belongs in a file, unless it is the whole file. The user sees a diff before anything is written.
import * as l10n from '../../infrastructure/localizedText';

export interface Placement {
  /** The whole file with the code inserted. */
  text: string;
  /** Description of the location, for the title. */
  place: string;
}

/** Offsets into the file; equal for a cursor. */
export interface Selection {
  start: number;
  end: number;
}

/** @param selection Present if the active editor shows the file. */
export function placeCode(file: string, code: string, selection?: Selection): Placement {
  const eol = file.includes('\r\n') ? '\r\n' : '\n';
  const lines = file.split(/\r?\n/);
  const written = code.replace(/\r\n/g, '\n').replace(/\n+$/, '');
  if (selection !== undefined && selection.end > selection.start) {
    const replaced = written.split('\n').join(eol) + (/\n$/.test(file.slice(selection.start, selection.end)) ? eol : '');
    return { text: file.slice(0, selection.start) + replaced + file.slice(selection.end), place: l10n.t('the selection') };
  }

  const pieces = piecesOf(written);
  if (file.trim() === '' || (pieces.length === 1 && isWholeFile(lines, written.split('\n')))) {
    return { text: written.split('\n').join(eol) + (file === '' || /\n$/.test(file) ? eol : ''), place: l10n.t('the whole file') };
  }
  let from = 0;
  const places: string[] = [];
  for (const piece of pieces) {
    const region = regionFor(lines, piece, from);
    if (region === undefined) continue;
    const fitted = indented(piece, region.indent);
    lines.splice(region.start, region.end - region.start, ...fitted);
    from = region.start + fitted.length;
    places.push(fitted.length === 1 ? l10n.t('line {0}', region.start + 1) : l10n.t('lines {0}–{1}', region.start + 1, from));
  }
  if (places.length === pieces.length) return { text: lines.join(eol), place: places.join(', ') };
  return besides(file, written, eol, selection);
}

/** Fallback if no matching region is found: at the cursor, or at the end. */
function besides(file: string, code: string, eol: string, cursor: Selection | undefined): Placement {
  const text = code.split('\n').join(eol);
  if (cursor === undefined) return { text: file + (file.endsWith('\n') ? '' : eol) + text + eol, place: l10n.t('added at the end') };
  const lineStart = file.lastIndexOf('\n', cursor.start - 1) + 1;
  return { text: file.slice(0, lineStart) + text + eol + file.slice(lineStart), place: l10n.t('added at the cursor') };
}

/** Returns the code between placeholders such as `// … existing code …`, which represent unchanged code. */
function piecesOf(code: string): string[][] {
  const pieces: string[][] = [[]];
  for (const line of code.split('\n')) {
    const isPlaceholder = /^\s*(?:\/\/|#|--|\/\*|<!--|\{\/\*)?\s*(?:\.{3}|…)(?:.*(?:\.{3}|…|existing|unchanged|rest|same|code).*)?$/i.test(
      line,
    );
    if (isPlaceholder) pieces.push([]);
    else pieces.at(-1)?.push(line);
  }
  const trimmed = pieces.map(withoutBlankEnds).filter((piece) => piece.length > 0);
  return trimmed.length === 0 ? [code.split('\n')] : trimmed;
}

function withoutBlankEnds(lines: string[]): string[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return first < 0 ? [] : lines.slice(first, last + 1);
}

/** True if the code starts and ends like the file, or contains most of it. A single bracket at the end does not count. */
function isWholeFile(file: string[], code: string[]): boolean {
  const [old, fresh] = [file, code].map((lines) => lines.map((line) => line.trim()).filter((line) => line !== ''));
  if (old === undefined || fresh === undefined) return false;
  const [before, after] = [new Set(old), new Set(fresh)];
  const kept = old.filter((line) => after.has(line)).length / old.length;
  const isAsLong = fresh.length >= old.length;
  if (old[0] === fresh[0] && old.at(-1) === fresh.at(-1)) return isAsLong || (kept >= 0.5 && /\w{2}/.test(old.at(-1) ?? ''));
  return kept >= 0.75 && fresh.some((line) => !before.has(line));
}

interface Region {
  start: number;
  /** Exclusive. */
  end: number;
  /** The indentation in the file and in the code of the same line. */
  indent: { file: string; code: string };
}

const maxLines = 20_000;
const maxCells = 12_000_000;

/** Returns the best local alignment of code and file by lines; undefined if there is none. */
function regionFor(file: string[], code: string[], from: number): Region | undefined {
  const height = Math.min(file.length, maxLines);
  if (height * code.length > maxCells) return undefined;
  const old = file.map(keyOf);
  const fresh = code.map(keyOf);
  const width = code.length + 1;
  const score = new Float32Array((height + 1) * width);
  let best = 0;
  let bestAt = 0;
  for (let row = from + 1; row <= height; row++) {
    const oldLine = old[row - 1];
    for (let column = 1; column < width; column++) {
      const freshLine = fresh[column - 1];
      const at = row * width + column;
      const matched = (score[at - width - 1] ?? 0) + likeness(oldLine, freshLine);
      const value = Math.max(0, matched, (score[at - width] ?? 0) - skipped, (score[at - 1] ?? 0) - skipped);
      score[at] = value;
      if (value > best) [best, bestAt] = [value, at];
    }
  }
  const most = fresh.reduce((sum, line) => sum + likeness(line, line), 0);
  if (best < 1 || best < most * 0.2) return undefined;
  return trace(score, width, bestAt, file, code, old, fresh);
}

const skipped = 0.25;

function trace(score: Float32Array, width: number, end: number, file: string[], code: string[], old: Line[], fresh: Line[]): Region {
  let at = end;
  let first = end;
  while ((score[at] ?? 0) > 0) {
    const [row, column] = [Math.floor(at / width), at % width];
    const value = score[at] ?? 0;
    const alike = likeness(old[row - 1], fresh[column - 1]);
    if (Math.abs(value - ((score[at - width - 1] ?? 0) + alike)) < 1e-4) {
      if (alike > 0) first = at;
      at -= width + 1;
    } else if (Math.abs(value - ((score[at - width] ?? 0) - skipped)) < 1e-4) at -= width;
    else at -= 1;
  }
  const [row, column] = [Math.floor(first / width) - 1, (first % width) - 1];
  return {
    start: row,
    end: Math.floor(end / width),
    indent: { file: blanksOf(file[row]), code: blanksOf(code[column]) },
  };
}

interface Line {
  text: string;
  /** The start of a declaration, such as `export function parse`, which identifies a changed declaration. */
  head: string;
  weight: number;
}

function keyOf(line: string): Line {
  const text = line.trim();
  const words = text.match(/\w+/g) ?? [];
  return { text, head: words.length < 2 ? '' : words.slice(0, 3).join(' '), weight: words.length === 0 ? 0.3 : 1 };
}

function likeness(one: Line | undefined, other: Line | undefined): number {
  if (one === undefined || other === undefined) return -1;
  if (one.text === other.text) return one.text === '' ? 0.1 : one.weight;
  return one.head !== '' && one.head === other.head ? 0.6 : -0.6;
}

/** Returns the code with the file's indentation. */
function indented(code: string[], { file, code: own }: Region['indent']): string[] {
  if (file === own) return code;
  return code.map((line) => (line.trim() === '' ? line : line.startsWith(own) ? file + line.slice(own.length) : line));
}

function blanksOf(line: string | undefined): string {
  return /^\s*/.exec(line ?? '')?.[0] ?? '';
}
