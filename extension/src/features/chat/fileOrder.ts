// Ranks files, folders, symbols, and other sources that match the text after an @.
import fuzzysort from 'fuzzysort';

export interface NamedFile {
  path: string;
  name: string;
  isOpen: boolean;
  /** True for a source that is not a file; listed after the open files if nothing is typed. */
  isSource?: boolean;
  /** True for a folder; listed only if something is typed. */
  isFolder?: boolean;
}

/** Returns files whose name or path contains the typed letters in order, best match first. Without letters: open files, then files near the root. */
export function bestFiles(text: string, files: readonly NamedFile[], most: number): NamedFile[] {
  const typed = text.replaceAll('\\', '/');
  if (typed === '') {
    const first = [...files.filter(({ isOpen }) => isOpen), ...files.filter(({ isSource }) => isSource === true)];
    return [...first, ...nearest(files, most)].slice(0, most);
  }
  const exact = files.filter(({ path }) => path === typed);
  const found = fuzzysort.go(typed, candidates(typed, files), {
    keys: ['name', 'path'],
    limit: most,
    threshold: 0.2,
    // Matches in the name rank above matches in the path; open files and sources get a bonus.
    scoreFn: (result) =>
      Math.max(result[0]?.score ?? 0, (result[1]?.score ?? 0) * 0.9) * (result.obj.isOpen || result.obj.isSource === true ? 1.1 : 1),
  });
  return [...exact, ...found.map(({ obj }) => obj).filter((file) => !exact.includes(file))].slice(0, most);
}

/** Sorts only the folder levels that are needed, because sorting a large folder takes longer than the time between keystrokes. */
function nearest(files: readonly NamedFile[], most: number): NamedFile[] {
  const levels: NamedFile[][] = [];
  for (const file of files)
    if (!file.isOpen && file.isSource !== true && file.isFolder !== true) (levels[depth(file.path)] ??= []).push(file);
  const found: NamedFile[] = [];
  for (const level of levels) {
    if (found.length >= most) break;
    if (level !== undefined) found.push(...level.sort((one, other) => compare(one.path, other.path)));
  }
  return found;
}

function depth(path: string): number {
  let count = 0;
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) count++;
  return count;
}

/** Maximum number of files to rank between two keystrokes; files near the root come first. */
const maxRanked = 10_000;

/** Filters by letters first, which is much faster than ranking. */
function candidates(typed: string, files: readonly NamedFile[]): NamedFile[] {
  const letters = typed.toLowerCase().replace(/\s/gu, '');
  const ranked: NamedFile[] = [];
  for (const file of files) {
    if (hasInOrder(file.path.toLowerCase(), letters) && ranked.push(file) === maxRanked) break;
  }
  return ranked;
}

function hasInOrder(path: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = path.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
