// Lists the files of a folder as a search does: skips files ignored by .gitignore and .ignore at every level.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ignore, { type Ignore } from 'ignore';

export interface Walk {
  /** Paths relative to the folder, with /. Folders end with /. */
  isExcluded(path: string): boolean;
  /** Called with the path relative to the folder, with /. */
  found(path: string): void;
  isCancelled(): boolean;
}

/** Patterns of the ignore files of one folder. */
interface Rules {
  /** Path of the folder with a trailing /; empty for the root. */
  folder: string;
  ignore: Ignore;
}

const ignoreFiles = ['.gitignore', '.ignore'];
/** Maximum size of an ignore file in bytes. */
const maxRulesLength = 256 * 1024;

/** Walks the folder breadth first, so that files near the root come first. Skips unreadable folders and does not follow symbolic links. */
export async function walkFolder(root: string, walk: Walk): Promise<void> {
  const waiting: { folder: string; rules: readonly Rules[] }[] = [{ folder: '', rules: [] }];
  for (let at = 0; at < waiting.length && !walk.isCancelled(); at++) {
    const next = waiting[at];
    if (next === undefined) return;
    const { folder } = next;
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    const rules = [...next.rules, ...(await rulesIn(root, folder, new Set(entries.map(({ name }) => name))))];
    for (const entry of entries) {
      if (walk.isCancelled()) return;
      const isFolder = entry.isDirectory();
      if (!isFolder && !entry.isFile()) continue;
      const path = `${folder}${entry.name}${isFolder ? '/' : ''}`;
      if (path === '.git/' || path.endsWith('/.git/') || walk.isExcluded(path) || isIgnored(path, rules)) continue;
      if (isFolder) waiting.push({ folder: path, rules });
      else walk.found(path);
    }
  }
}

/** Rules in folders closer to the file take precedence. */
function isIgnored(path: string, rules: readonly Rules[]): boolean {
  for (const { folder, ignore: one } of rules.toReversed()) {
    const { ignored, unignored } = one.test(path.slice(folder.length));
    if (ignored || unignored) return ignored;
  }
  return false;
}

async function rulesIn(root: string, folder: string, names: ReadonlySet<string>): Promise<Rules[]> {
  const texts = await Promise.all(
    ignoreFiles.filter((name) => names.has(name)).map((name) => readFile(join(root, folder, name), 'utf8').catch(() => '')),
  );
  const text = texts.join('\n');
  return text.trim() === '' || text.length > maxRulesLength ? [] : [{ folder, ignore: ignore().add(text) }];
}
