// Which files are meant by what was typed behind an @.
import fuzzysort from 'fuzzysort';

export interface NamedFile {
  path: string;
  name: string;
  isOpen: boolean;
}

/** Files whose name or path has the typed letters in order, best first; without letters the open ones and then those nearest to the root. */
export function bestFiles(text: string, files: readonly NamedFile[], most: number): NamedFile[] {
  const typed = text.replaceAll('\\', '/');
  if (typed === '') {
    const depth = ({ path }: NamedFile): number => path.split('/').length;
    const others = files.filter(({ isOpen }) => !isOpen).sort((one, other) => depth(one) - depth(other) || compare(one.path, other.path));
    return [...files.filter(({ isOpen }) => isOpen), ...others].slice(0, most);
  }
  const exact = files.filter(({ path }) => path === typed);
  const found = fuzzysort.go(typed, candidates(typed, files), {
    keys: ['name', 'path'],
    limit: most,
    threshold: 0.2,
    // A name counts more than the folders before it, and what is open is likely meant.
    scoreFn: (result) => Math.max(result[0]?.score ?? 0, (result[1]?.score ?? 0) * 0.9) * (result.obj.isOpen ? 1.1 : 1),
  });
  return [...exact, ...found.map(({ obj }) => obj).filter((file) => !exact.includes(file))].slice(0, most);
}

/** Ranked are at most as many as can be between two keys; the first are nearest to the root. */
const maxRanked = 10_000;

/** Those that have the letters at all: looking is much cheaper than ranking. */
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
