import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserCancelledError } from '../../../../extension/src/infrastructure/errors';
import { BeforeFiles } from '../../../../extension/src/features/edits/beforeFiles';
import { Reviews } from '../../../../extension/src/features/edits/reviews';
import { editAccept, editList, editReject } from '../../../../extension/src/protocol/protocol.generated';
import type { EditListResult, FileEditView } from '../../../../extension/src/protocol/protocol.generated';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, executed, folderWatch, reset, shown, Uri, workspace } from '../../testing/vscode';

const chat = 'codex://chats/a';

const file = (path: string, change: Partial<FileEditView> = {}): FileEditView => ({
  path,
  codexId: chat,
  kind: 'modified',
  state: 'pending',
  added: 1,
  removed: 1,
  hunks: [],
  tools: ['edit'],
  isBinary: false,
  ...change,
});

const listed = (files: FileEditView[], more: Partial<EditListResult> = {}): EditListResult => ({
  files,
  turns: [],
  conflicts: [],
  ...more,
});

function reviewsOf(sidecar: FakeSidecar): Reviews {
  return new Reviews(sidecar, new BeforeFiles(sidecar), fakeLog().log);
}

beforeEach(() => {
  reset();
  workspace.workspaceFolders = [{ uri: Uri.file('/folder') }];
});

afterEach(reset);

test('Several files open in one editor, each beside how it was, and one that is gone beside nothing', async () => {
  const files = [file('a.ts'), file('b.ts', { kind: 'deleted' }), file('c.ts', { state: 'accepted' })];
  await reviewsOf(new FakeSidecar().answer(editList, () => listed(files))).review({ codexId: chat });
  const [[command, title, sides] = []] = executed;
  expect([command, title]).toEqual(['vscode.changes', 'Changes of agents']);
  expect(JSON.parse(JSON.stringify(sides, (_, value: unknown) => (value instanceof Uri ? value.toString() : value)))).toEqual([
    ['file:/folder/a.ts', `plue-before:/a.ts?${chat}`, 'file:/folder/a.ts'],
    ['plue-before:/b.ts?nothing', `plue-before:/b.ts?${chat}`, 'plue-before:/b.ts?nothing'],
  ]);
});

test('One file opens in the diff editor, how it was on the left', async () => {
  const reviews = reviewsOf(new FakeSidecar().answer(editList, () => listed([file('a.ts'), file('b.ts')])));
  await reviews.review({ codexId: chat, path: 'b.ts' });
  expect(executed[0]?.slice(0, 3).map(String)).toEqual(['vscode.diff', `plue-before:/b.ts?${chat}`, 'file:/folder/b.ts']);
});

test('What is left as it is because somebody changed it is said', async () => {
  const sidecar = new FakeSidecar().answer(editReject, () => listed([], { conflicts: ['a.ts was changed since.'] }));
  await reviewsOf(sidecar).decide({ codexId: chat, path: 'a.ts' }, false);
  expect(shown).toMatchObject([{ kind: 'warning', text: 'a.ts was changed since.' }]);
});

test('What somebody changes outside any editor is asked about again', async () => {
  const sidecar = new FakeSidecar().answer(editList, () => listed([file('a.ts', { conflict: 'a.ts was changed since.' })]));
  const reviews = reviewsOf(sidecar);
  const changed = (): Promise<unknown> => new Promise((resolve) => reviews.onDidChange(() => resolve(undefined)));
  sidecar.editChanged.fire({ codexId: chat });
  await changed();
  folderWatch.changed.fire(Uri.file('/folder/a.ts'));
  await changed();
  expect(sidecar.methods()).toEqual([editList.method, editList.method]);
});

test('REL-42 Fifty thousand files that are not under review cost one question', async () => {
  const many = Array.from({ length: 200 }, (_, i) => file(`under/${i}.ts`));
  const sidecar = new FakeSidecar().answer(editList, () => listed(many));
  const reviews = reviewsOf(sidecar);
  const changed = (): Promise<unknown> => new Promise((resolve) => reviews.onDidChange(() => resolve(undefined)));
  sidecar.editChanged.fire({ codexId: chat });
  await changed();
  const uris = Array.from({ length: 50_000 }, (_, i) => Uri.file(`/folder/src/${i}.ts`));
  const timed = (work: (uri: Uri) => void): number => {
    const began = performance.now();
    for (const uri of uris) work(uri);
    return performance.now() - began;
  };
  const atLeast = timed((uri) => void uri.toString());
  // Beside what an address takes there is nothing that grows with the files under review.
  expect(timed((uri) => folderWatch.changed.fire(uri))).toBeLessThan(10 * atLeast + 200);
  folderWatch.changed.fire(Uri.file('/folder/under/7.ts'));
  await changed();
  expect(sidecar.methods()).toEqual([editList.method, editList.method]);
}, 60_000);

test('Nothing is decided about a file that is not saved', async () => {
  const sidecar = new FakeSidecar().answer(editList, () => listed([file('a.ts')])).answer(editAccept, () => listed([]));
  const reviews = reviewsOf(sidecar);
  sidecar.editChanged.fire({ codexId: chat });
  await new Promise((resolve) => reviews.onDidChange(() => resolve(undefined)));
  workspace.textDocuments = [{ uri: Uri.file('/folder/a.ts'), isDirty: true }];
  try {
    await expect(reviews.decide({ codexId: chat, path: 'a.ts' }, true)).rejects.toThrow('a.ts is not saved. Save it, then decide.');
    expect(sidecar.methods()).not.toContain(editAccept.method);
  } finally {
    workspace.textDocuments = [];
  }
});

test('Where no turn can be undone that is said, without a list that is empty', async () => {
  const reviews = reviewsOf(new FakeSidecar().answer(editList, () => listed([])));
  await expect(reviews.takeBack(undefined, true)).rejects.toThrow(UserCancelledError);
  expect(shown).toMatchObject([{ kind: 'info', text: 'No turn has changes to undo.' }]);
});

test('What has no way back is said where a turn is undone', async () => {
  const turns = [{ codexId: chat, turnId: '1', time: '', title: 'Fix', files: 1, isUndone: false }];
  const reviews = reviewsOf(new FakeSidecar().answer(editList, () => listed([], { turns, leftOut: 'dist is too large to keep.' })));
  answers.push(undefined);
  await expect(reviews.takeBack(undefined, true)).rejects.toThrow(UserCancelledError);
  expect(shown).toMatchObject([{ kind: 'pick', detail: 'Files that were changed since are left as they are. dist is too large to keep.' }]);
});
