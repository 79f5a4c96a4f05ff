import { expect, test } from 'vitest';
import { commitRequest, messageIn, pullRequestRequest } from '../../../../extension/src/features/sourceControl/diffText';

const files = [{ path: 'src/a.ts', text: 'diff --git a/src/a.ts b/src/a.ts\n-one\n+two' }];

test('The request has the diff, new and omitted files, and the latest 20 commits', () => {
  const commits = Array.from({ length: 25 }, (_, index) => `Commit ${index + 1}\n\nBody`);
  const request = commitRequest({ files, newFiles: ['new.ts'], omitted: ['.env'], commits });
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
  }));
  const request = pullRequestRequest('topic', { files, newFiles: [], omitted: [], commits: [] });
  expect(request.length).toBeLessThan(62_000);
  expect(request).toContain('characters omitted]');
  expect(request).toContain('f9 [omitted]');
});

test('A fence in the diff does not end its block', () => {
  const fenced = { path: 'a.md', text: 'diff --git a/a.md b/a.md\n+````' };
  expect(commitRequest({ files: [fenced], newFiles: [], omitted: [], commits: [] })).toContain('`````diff\n');
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
