import { expect, test } from 'vitest';
import { allowedDiffs } from '../../../extension/src/infrastructure/gitDiffs';

const all = (): Promise<boolean> => Promise.resolve(true);

function changed(before: string, after = before): string {
  return `diff --git a/${before} b/${after}\nindex 1..2 100644\n--- a/${before}\n+++ b/${after}\n@@ -1 +1 @@\n-one\n+two\n`;
}

test('A diff is split by file, and a deleted file is only named', async () => {
  const deleted = 'diff --git a/old.ts b/old.ts\ndeleted file mode 100644\n--- a/old.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-gone\n';
  const moved = 'diff --git a/from.ts b/to.ts\nsimilarity index 100%\nrename from from.ts\nrename to to.ts\n';
  expect(await allowedDiffs(changed('src/a.ts') + deleted + moved, all)).toEqual({
    files: [
      { path: 'src/a.ts', text: changed('src/a.ts').trimEnd() },
      { path: 'old.ts', text: 'old.ts: deleted' },
      { path: 'to.ts', text: moved.trimEnd() },
    ],
    omitted: [],
  });
  expect(await allowedDiffs('', all)).toEqual({ files: [], omitted: [] });
});

test('The content of a protected file is omitted, also when the change renames it', async () => {
  const renamed = changed('.env', 'settings.txt').replace(
    'index 1..2 100644',
    'similarity index 60%\nrename from .env\nrename to settings.txt',
  );
  const { files, omitted } = await allowedDiffs(changed('.env') + renamed + changed('id_rsa'), (path) =>
    Promise.resolve(path !== 'id_rsa'),
  );
  expect(files).toEqual([]);
  expect(omitted).toEqual(['.env', 'settings.txt', 'id_rsa']);
});

test.each([
  ['my file.ts', '--- a/my file.ts\t\n+++ b/my file.ts\t\n', 'a/my file.ts b/my file.ts'],
  ['Übersicht.md', '--- "a/\\303\\234bersicht.md"\n+++ "b/\\303\\234bersicht.md"\n', '"a/\\303\\234bersicht.md" "b/\\303\\234bersicht.md"'],
  ['a "b".ts', '--- "a/a \\"b\\".ts"\n+++ "b/a \\"b\\".ts"\n', '"a/a \\"b\\".ts" "b/a \\"b\\".ts"'],
  ['picture 1.png', 'Binary files a/picture 1.png and b/picture 1.png differ\n', 'a/picture 1.png b/picture 1.png'],
  ['Ü.png', 'Binary files differ\n', '"a/\\303\\234.png" "b/\\303\\234.png"'],
])('The name %s is read as Git writes it', async (name, head, names) => {
  const asked: string[] = [];
  const diff = `diff --git ${names}\nindex 1..2 100644\n${head}`;
  const { files } = await allowedDiffs(diff, (path) => Promise.resolve(asked.push(path) > 0));
  expect(files.map(({ path }) => path)).toEqual([name]);
  expect(asked).toEqual([name]);
});

test('Lines of a file that look like the head of a diff name no file', async () => {
  const asked: string[] = [];
  await allowedDiffs(`${changed('secret.txt')}+++ b/README.md\n`, (path) => Promise.resolve(asked.push(path) > 0));
  expect(asked).toEqual(['secret.txt']);
});

test('Files beyond the limit are counted and not looked at', async () => {
  let asked = 0;
  const diff = Array.from({ length: 5000 }, (_, index) => changed(`f${index}`)).join('');
  const { files, omitted } = await allowedDiffs(diff, () => Promise.resolve(++asked > 0));
  expect([files.length, asked, omitted]).toEqual([100, 100, ['4900 more files']]);
});
