// Checks by name whether a path is in a folder. Resolve symbolic links first if they matter.
import { isAbsolute, relative, sep } from 'node:path';

export function isInside(path: string, folder: string): boolean {
  return relativePathInside(path, folder) !== undefined;
}

/** Returns the path relative to the folder; undefined if it is outside. The folder itself is not inside; `..name` in it is. */
export function relativePathInside(path: string, folder: string): string | undefined {
  const relativePath = relative(folder, path);
  return relativePath === '' || relativePath === '..' || relativePath.startsWith(`..${sep}`) || isAbsolute(relativePath)
    ? undefined
    : relativePath;
}
