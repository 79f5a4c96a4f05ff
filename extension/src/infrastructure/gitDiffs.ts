// Git diffs as text for a model, without the content of protected files.
import { isProtected } from './protectedFiles';

/** The change of one file. */
export interface FileDiff {
  path: string;
  /** The diff; for a deleted file only a line that reports the deletion. */
  text: string;
}

export interface AllowedDiffs {
  files: FileDiff[];
  /** Paths of files whose content is not sent. */
  omitted: string[];
}

const maxFiles = 100;

/**
 * Splits a diff by file.
 * @param mayRead Gets a path from the repository.
 */
export async function allowedDiffs(diff: string, mayRead: (path: string) => Promise<boolean>): Promise<AllowedDiffs> {
  const all = diff.split(/^(?=diff --git )/m).filter((part) => part.startsWith('diff --git '));
  const parts = all.slice(0, maxFiles).map((text) => ({ text: text.trimEnd(), names: namesOf(text), isDeleted: isDeletion(text) }));
  const isAllowed = await Promise.all(
    parts.map(async ({ names, isDeleted }) => {
      const path = names.at(-1);
      return path !== undefined && !names.some(isProtected) && (isDeleted || (await mayRead(path)));
    }),
  );
  const files = parts
    .filter(({ isDeleted }, index) => isDeleted || isAllowed[index] === true)
    .map(({ names, text, isDeleted }) => ({ path: pathOf(names), text: isDeleted ? `${pathOf(names)}: deleted` : text }));
  const omitted = parts.filter(({ isDeleted }, index) => !isDeleted && isAllowed[index] !== true).map(({ names }) => pathOf(names));
  return { files, omitted: all.length > maxFiles ? [...omitted, `${all.length - maxFiles} more files`] : omitted };
}

function pathOf(names: readonly string[]): string {
  return names.at(-1) ?? 'A file';
}

function headOf(diff: string): string {
  return diff.split(/^@@ /m, 1)[0] ?? '';
}

function isDeletion(diff: string): boolean {
  return /^deleted file mode /m.test(headOf(diff));
}

/** Returns the paths in the header of a diff, the new one last. Both matter: a renamed file may keep its content. */
function namesOf(diff: string): string[] {
  const head = headOf(diff);
  const lines = [...head.matchAll(/^(?:(?:---|\+\+\+) (?<side>"?[ab]\/[^\t\n]+)|(?:rename|copy) (?:from|to) (?<name>[^\n]+))/gm)];
  const names = lines.map(({ groups }) =>
    groups?.['name'] === undefined ? unquoted(groups?.['side'] ?? '').slice(2) : unquoted(groups['name']),
  );
  if (names.length > 0) return names;
  // A binary file, or only a mode change.
  const [, one, quoted] = /^diff --git (?:a\/(.+) b\/\1|("a\/.+") "b\/.+")$/m.exec(head) ?? [];
  return one !== undefined ? [one] : quoted !== undefined ? [unquoted(quoted).slice(2)] : [];
}

/** Git quotes names that are not ASCII and writes their bytes in octal. */
function unquoted(name: string): string {
  if (!name.startsWith('"')) return name;
  const escapes: Record<string, string> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
  const bytes = name
    .slice(1, -1)
    .split(/(\\[0-7]{3}|\\.)/)
    .map((part) =>
      /^\\[0-7]{3}$/.test(part)
        ? Buffer.from([Number.parseInt(part.slice(1), 8)])
        : Buffer.from(part.startsWith('\\') ? (escapes[part.slice(1)] ?? part.slice(1)) : part),
    );
  return Buffer.concat(bytes).toString('utf8');
}
