// Checks by name whether a path is in a folder. Resolve symbolic links first if they matter.
import { isAbsolute, relative, sep } from 'node:path';

export function isInside(path: string, folder: string): boolean {
  return wayInside(path, folder) !== undefined;
}

/** Returns the path relative to the folder; undefined if it is outside. The folder itself is not inside; `..name` in it is. */
export function wayInside(path: string, folder: string): string | undefined {
  const way = relative(folder, path);
  return way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way;
}
