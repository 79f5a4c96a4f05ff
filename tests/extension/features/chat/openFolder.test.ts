import { mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeEach, expect, it, test } from 'vitest';
import { openFolders, pathInside } from '../../../../extension/src/features/chat/openFolder';
import { isProtected } from '../../../../extension/src/infrastructure/protectedFiles';
import * as fake from '../../testing/vscode';

const home = realpathSync(mkdtempSync(join(tmpdir(), 'plue-open-folder-')));
const folder = join(home, 'work');
mkdirSync(join(folder, 'src'), { recursive: true });
mkdirSync(join(home, 'elsewhere'));
writeFileSync(join(folder, 'src', 'a.ts'), '');
symlinkSync(join(home, 'elsewhere'), join(folder, 'out'));
symlinkSync(join(folder, 'src'), join(folder, 'link'));
symlinkSync(join(home, 'elsewhere', 'nowhere'), join(folder, 'dangling'));

beforeEach(() => fake.reset());

it.each([
  ['src/a.ts', 'src/a.ts'],
  ['src/new/b.ts', 'src/new/b.ts'],
  ['link/a.ts', 'src/a.ts'],
  ['./src/../src/a.ts', 'src/a.ts'],
  ['../elsewhere/a', undefined],
  ['out/a', undefined],
  ['dangling', undefined],
  ['/etc/passwd', undefined],
  ['.', undefined],
  ['..', undefined],
])('%s leads to %s', async (path, within) => {
  expect((await pathInside(path, folder))?.within).toBe(within);
});

test('No path leads out of the folder', async () => {
  const part = fc.constantFrom('..', '.', 'src', 'link', 'out', 'dangling', 'a.ts', '', '/', '~', 'new', '...');
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 8 }), async (parts) => {
      const inside = await pathInside(parts.join('/'), folder);
      if (inside !== undefined) expect(inside.real.startsWith(`${folder}/`)).toBe(true);
    }),
  );
});

test('Files that decide what runs, or hold secrets, are asked about', () => {
  for (const path of [
    '.git/hooks/pre-commit',
    '.vscode/tasks.json',
    '.env',
    'app/.env.local',
    '.GitHub/workflows/ci.yml',
    'key.pem',
    '.claude/settings.json',
  ])
    expect(isProtected(path), path).toBe(true);
  for (const path of ['src/a.ts', '.gitignore', 'git/a', 'environment.ts', '.github/README.md', 'src/env.ts'])
    expect(isProtected(path), path).toBe(false);
});

test('A folder that is not trusted is not open to a chat', () => {
  fake.workspace.workspaceFolders = [{ uri: fake.Uri.file(folder) }];
  expect(openFolders()).toEqual([folder]);
  fake.workspace.isTrusted = false;
  expect(openFolders()).toEqual([]);
});
