// Whether a path lies in a folder, by their names alone: whoever must know where links lead resolves both first.
import { isAbsolute, relative, sep } from 'node:path';

export function isInside(path: string, folder: string): boolean {
  return wayInside(path, folder) !== undefined;
}

/** From the folder on; undefined outside. The folder itself is not inside; a `..name` in it is. */
export function wayInside(path: string, folder: string): string | undefined {
  const way = relative(folder, path);
  return way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way;
}
