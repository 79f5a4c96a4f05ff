import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hunkAt, inText, linesOf, nextHunk, readTarget, refused } from '../../../../extension/src/features/edits/hunks';
import type { FileEditView, HunkView } from '../../../../extension/src/protocol/protocol.generated';

const hunk = (newStart: number, newLines: number, id = `${newStart}`): HunkView => ({
  id,
  oldStart: newStart,
  oldLines: 1,
  newStart,
  newLines,
  state: 'pending',
  text: '',
  isConflict: false,
});

const file = (hunks: HunkView[], conflict?: string): FileEditView => ({
  path: 'a.ts',
  codexId: 'codex://chats/a',
  kind: 'modified',
  state: 'pending',
  added: 1,
  removed: 1,
  hunks,
  tools: ['edit'],
  isBinary: false,
  ...(conflict === undefined ? {} : { conflict }),
});

test('The change at the cursor is meant, else the next one, else the last', () => {
  const hunks = [hunk(3, 2), hunk(8, 0), hunk(10, 1)];
  expect(hunkAt(hunks, 3, 20)?.id).toBe('3');
  expect(hunkAt(hunks, 5, 20)?.id).toBe('8');
  expect(hunkAt(hunks, 7, 20)?.id).toBe('8');
  expect(hunkAt(hunks, 15, 20)?.id).toBe('10');
  expect(hunkAt([], 1, 20)).toBeUndefined();
});

test('Next and previous go round the end of the file', () => {
  const hunks = [hunk(3, 2), hunk(10, 1)];
  expect(nextHunk(hunks, 2, 20, 1)?.id).toBe('10');
  expect(nextHunk(hunks, 12, 20, 1)?.id).toBe('3');
  expect(nextHunk(hunks, 9, 20, -1)?.id).toBe('3');
  expect(nextHunk(hunks, 1, 20, -1)?.id).toBe('10');
});

test('For any response of the sidecar, the lines are in the document', () =>
  fc.assert(
    fc.property(fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 40 }), (start, lines, count) => {
      const { first, last } = linesOf(hunk(start + 1, lines), count);
      return first >= 0 && first <= last && last < count;
    }),
  ));

test('Pending hunks are described in words', () => {
  expect(inText([file([hunk(1, 1)])])).toBe('1 change in 1 file');
  expect(inText([file([hunk(1, 1), hunk(5, 1)]), file([], 'changed since')])).toBe('3 changes in 2 files, 1 conflict');
});

test('Lists at most three conflicts in full', () => {
  expect(refused([])).toBeUndefined();
  expect(refused(['a.', 'b.', 'c.', 'd.', 'e.'])).toBe('a. b. c. 2 more were not changed.');
});

test('Arguments of menus and keys are not targets', () => {
  expect(readTarget({ codexId: 'codex://chats/a', path: 'a.ts' })).toEqual({ codexId: 'codex://chats/a', path: 'a.ts' });
  for (const given of [undefined, null, 'plue', { scheme: 'file', path: '/a.ts' }]) expect(readTarget(given)).toBeUndefined();
});
