import { describe, expect, it } from 'vitest';
import { patchesOf } from '../../../../extension/src/features/chat/patch';

const file = 'one\ntwo\nthree\n\nfour\nfive\n';

function applied(diff: string, text = file): (string | undefined)[] {
  return patchesOf(diff).map((patch) => patch.applyTo(text));
}

describe('a diff in a response', () => {
  it('names its files and changes them', () => {
    const [first, second] = patchesOf(
      'diff --git a/src/a.ts b/src/a.ts\n--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,2 +1,2 @@\n-one\n+eins\n two\n--- /dev/null\n+++ b/new.ts\n@@ -0,0 +1 @@\n+new\n',
    );
    expect([first?.path, second?.path]).toEqual(['src/a.ts', 'new.ts']);
    expect(first?.applyTo(file)).toBe(file.replace('one', 'eins'));
    expect(second?.applyTo('')).toBe('new\n');
  });

  it.each([
    ['has wrong line numbers', '--- a.ts\n+++ a.ts\n@@ -40,9 +41,7 @@\n three\n\n-four\n+vier\n five\n'],
    ['has no line numbers', '--- a.ts\n+++ a.ts\n@@ ... @@\n-four\n+vier\n'],
    ['names no file', '@@ -5 +5 @@\n-four\n+vier\n'],
    ['has no last line end', '--- a.ts\n+++ a.ts\n@@ -5 +5 @@\n-four\n+vier'],
  ])('is applied if it %s', (_, diff) => {
    expect(applied(diff)).toEqual([file.replace('four', 'vier')]);
  });

  it('keeps the line ends of the file', () => {
    const windows = file.replaceAll('\n', '\r\n');
    expect(applied('--- a.ts\n+++ a.ts\n@@ -5 +5 @@\n-four\n+vier\n', windows)).toEqual([windows.replace('four', 'vier')]);
  });

  it('is not applied where the removed lines are missing', () => {
    expect(applied('--- a.ts\n+++ a.ts\n@@ -5 +5 @@\n-six\n+sechs\n')).toEqual([undefined]);
  });

  it('is nothing if it has no hunk', () => {
    expect(patchesOf('- one\n+ two\n')).toEqual([]);
    expect(patchesOf('')).toEqual([]);
  });
});
