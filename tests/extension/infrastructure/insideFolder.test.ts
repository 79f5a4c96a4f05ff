import { join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { isInside, relativePathInside } from '../../../extension/src/infrastructure/insideFolder';

const folder = join('/', 'home', 'me', 'work');

it.each([
  ['a.ts', 'a.ts'],
  ['src/a.ts', 'src/a.ts'],
  ['src/../a.ts', 'a.ts'],
  // Names that only start like a path outside.
  ['..tools/dotnet', '..tools/dotnet'],
  ['..', undefined],
  ['.', undefined],
  ['../work', undefined],
  ['../work2/a.ts', undefined],
  ['../../etc/passwd', undefined],
])('%s leads inside the folder to %s', (path, within) => {
  expect(relativePathInside(join(folder, path), folder)).toBe(within === undefined ? undefined : normalize(within));
  expect(isInside(join(folder, path), folder)).toBe(within !== undefined);
});
