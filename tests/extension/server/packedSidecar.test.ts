import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packedSidecar } from '../../../extension/src/server/packedSidecar';

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** Creates an installed extension with these files as its sidecar. */
function installed(files: Record<string, string> = { plue: 'the program', 'plue.json': '{}' }, program = 'plue'): string {
  const folder = mkdtempSync(join(tmpdir(), 'plue-packed-'));
  for (const part of ['extension/out', 'sidecar']) mkdirSync(join(folder, part), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, 'sidecar', name), content);
  const hashes = Object.fromEntries(Object.entries(files).map(([name, content]) => [name, sha256(content)]));
  writeFileSync(join(folder, 'extension', 'out', 'sidecar.json'), JSON.stringify({ program, files: hashes }));
  return folder;
}

const refusal = (name: string): object => ({
  kind: 'sidecarDamaged',
  message: `Could not start Plue: the file ${name} differs from the installed one. Reinstall the extension.`,
});

test('The packed program is found when every file is what was packed', async () => {
  const folder = installed();
  expect(await packedSidecar(folder)).toBe(join(folder, 'sidecar', 'plue'));
});

test('A checkout, where nothing was packed, is none of its business', async () => {
  expect(await packedSidecar(mkdtempSync(join(tmpdir(), 'plue-packed-')))).toBeUndefined();
});

test('SEC-59 One byte that differs is noticed, even when size and time are as before', async () => {
  const content = 'a program of some length';
  await fc.assert(
    fc.asyncProperty(fc.nat(content.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
      const folder = installed({ plue: content });
      const path = join(folder, 'sidecar', 'plue');
      const { atime, mtime } = statSync(path);
      const bytes = Buffer.from(content);
      bytes[place] = (bytes[place] ?? 0) ^ change;
      writeFileSync(path, bytes);
      utimesSync(path, atime, mtime);
      await expect(packedSidecar(folder)).rejects.toMatchObject(refusal('plue'));
      rmSync(folder, { recursive: true });
    }),
    { numRuns: 30 },
  );
});

test('SEC-59 A library of the portable sidecar counts as much as the program', async () => {
  const folder = installed({ 'plue.dll': 'program', 'Markdig.dll': 'library' }, 'plue.dll');
  expect(await packedSidecar(folder)).toBe(join(folder, 'sidecar', 'plue.dll'));
  writeFileSync(join(folder, 'sidecar', 'Markdig.dll'), 'another');
  await expect(packedSidecar(folder)).rejects.toMatchObject(refusal('Markdig.dll'));
});

test('SEC-59 A file that is missing, was added or is a link is not what was packed', async () => {
  const missing = installed();
  rmSync(join(missing, 'sidecar', 'plue'));
  await expect(packedSidecar(missing)).rejects.toMatchObject(refusal('plue'));

  const added = installed();
  writeFileSync(join(added, 'sidecar', 'version.dll'), 'loaded before all others');
  await expect(packedSidecar(added)).rejects.toMatchObject(refusal('version.dll'));

  const linked = installed();
  renameSync(join(linked, 'sidecar', 'plue'), join(linked, 'elsewhere'));
  symlinkSync(join(linked, 'elsewhere'), join(linked, 'sidecar', 'plue'));
  await expect(packedSidecar(linked)).rejects.toMatchObject(refusal('plue'));

  const gone = installed();
  rmSync(join(gone, 'sidecar'), { recursive: true });
  await expect(packedSidecar(gone)).rejects.toMatchObject({ kind: 'sidecarDamaged' });
});

test('SEC-59 A list that does not name the program, points elsewhere or is truncated starts nothing', async () => {
  const lists = [
    '',
    '{"program":',
    '[]',
    JSON.stringify({ program: 'plue', files: {} }),
    JSON.stringify({ program: '../plue', files: { '../plue': sha256('the program') } }),
    JSON.stringify({ program: 'plue', files: { plue: 'none' } }),
    JSON.stringify({ program: 'toString', files: { plue: sha256('the program') } }),
  ];
  for (const list of lists) {
    const folder = installed({ plue: 'the program' });
    writeFileSync(join(folder, 'extension', 'out', 'sidecar.json'), list);
    await expect(packedSidecar(folder), list).rejects.toMatchObject({ kind: 'sidecarDamaged' });
  }
});
