import { expect, test } from 'vitest';
import { commitRequest, messageIn, pullRequestRequest, splitDiff } from '../../../../extension/src/features/sourceControl/diffText';

const diff = `diff --git a/src/a.ts b/src/a.ts
index 1..2 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1 +1 @@
-one
+two
diff --git a/old.ts b/old.ts
deleted file mode 100644
--- a/old.ts
+++ /dev/null
@@ -1 +0,0 @@
-gone
diff --git a/from.ts b/to.ts
similarity index 100%
rename from from.ts
rename to to.ts
`;

test('A diff is split by file', () => {
  expect(splitDiff(diff).map(({ path, isDeleted }) => ({ path, isDeleted }))).toEqual([
    { path: 'src/a.ts', isDeleted: false },
    { path: 'old.ts', isDeleted: true },
    { path: 'to.ts', isDeleted: false },
  ]);
  expect(splitDiff('')).toEqual([]);
});

test('The request has the diff, new and omitted files, and the latest 20 commits', () => {
  const commits = Array.from({ length: 25 }, (_, index) => `Commit ${index + 1}\n\nBody`);
  const request = commitRequest({ files: splitDiff(diff), newFiles: ['new.ts'], omitted: ['.env'], commits });
  expect(request).toMatch(/^Write the commit message/);
  expect(request).toContain('+two');
  expect(request).toContain('New files:\n- new.ts');
  expect(request).toContain('not sent:\n- .env');
  expect(request).toContain('Commit 20\n\nBody');
  expect(request).not.toContain('Commit 21');
});

test('Long diffs are truncated, each file and all together', () => {
  const files = Array.from({ length: 10 }, (_, index) => ({
    path: `f${index}`,
    text: `f${index} ${'x'.repeat(50_000)}`,
    isDeleted: false,
  }));
  const request = pullRequestRequest('topic', { files, newFiles: [], omitted: [], commits: [] });
  expect(request.length).toBeLessThan(62_000);
  expect(request).toContain('characters omitted]');
  expect(request).toContain('f9 [omitted]');
});

test('A fence in the diff does not end its block', () => {
  const [file] = splitDiff('diff --git a/a.md b/a.md\n+````\n');
  expect(commitRequest({ files: file ? [file] : [], newFiles: [], omitted: [], commits: [] })).toContain('`````diff\n');
});

test.each([
  ['Fix a bug', 'Fix a bug'],
  ['"Fix a bug"', 'Fix a bug'],
  ['```\nFix a bug\n\nBody\n```', 'Fix a bug\n\nBody'],
  ['```text\nFix a bug\n```\n', 'Fix a bug'],
  ['Use `a` and "b"', 'Use `a` and "b"'],
])('The message in %j is %j', (response, message) => {
  expect(messageIn(response)).toBe(message);
});
