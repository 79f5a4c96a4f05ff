import { afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import type { Uri as RealUri } from 'vscode';
import { FailureError, UserCancelledError } from '../../../../extension/src/infrastructure/errors';
import { BeforeFiles } from '../../../../extension/src/features/edits/beforeFiles';
import { isReviewOfAll, readTarget } from '../../../../extension/src/features/edits/hunks';
import { Reviews } from '../../../../extension/src/features/edits/reviews';
import { editAccept, editContent, editList, editRedo, editReject, editUndo } from '../../../../extension/src/protocol/protocol.generated';
import type { EditListResult, FileEditView, HunkView } from '../../../../extension/src/protocol/protocol.generated';
import { formatTime } from '../../../../extension/src/common/format';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import {
  answers,
  contents,
  executed,
  FakeDocument,
  FakeEditor,
  folderWatch,
  lists,
  reset,
  Selection,
  shown,
  TabInputTextDiff,
  Uri,
  window,
  workspace,
} from '../../testing/vscode';

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

const before = (path: string): string => `plue-before:/folder/${path}?${JSON.stringify({ codexId: chat, path })}`;

test('Several files open in one editor whose two sides have one path, so that none is shown as renamed', async () => {
  const files = [file('a.ts'), file('b.ts', { kind: 'deleted' }), file('new.ts', { kind: 'created' }), file('c.ts', { state: 'accepted' })];
  await reviewsOf(new FakeSidecar().answer(editList, () => listed(files))).review({ codexId: chat });
  const [[command, given] = []] = executed;
  expect(command).toBe('_workbench.openMultiDiffEditor');
  expect(JSON.parse(JSON.stringify(given, (_, value: unknown) => (value instanceof Uri ? value.toString() : value)))).toEqual({
    title: 'Agent changes',
    multiDiffSourceUri: `plue-review:/changes?${chat}`,
    resources: [
      { originalUri: before('a.ts'), modifiedUri: 'file:/folder/a.ts' },
      { originalUri: before('b.ts') },
      { modifiedUri: 'file:/folder/new.ts' },
    ],
  });
});

test('The buttons above a review are about what it shows', () => {
  const uri = (query: string): Uri => Uri.from({ scheme: 'plue-review', path: '/changes', query });
  expect(readTarget(uri(chat))).toEqual({ codexId: chat });
  expect([readTarget(uri('')), isReviewOfAll(uri(''))]).toEqual([undefined, true]);
  expect([readTarget(Uri.file('/folder/a.ts')), isReviewOfAll(Uri.file('/folder/a.ts')), isReviewOfAll(undefined)]).toEqual([
    undefined,
    false,
    false,
  ]);
});

test('One file opens in the diff editor, how it was on the left', async () => {
  const reviews = reviewsOf(new FakeSidecar().answer(editList, () => listed([file('a.ts'), file('b.ts')])));
  await reviews.review({ codexId: chat, path: 'b.ts' });
  expect(executed[0]?.slice(0, 3).map(String)).toEqual(['vscode.diff', before('b.ts'), 'file:/folder/b.ts']);
});

test('A file of a worktree opens there, and a decision about it names the worktree', async () => {
  const other = file('a.ts', { folder: '/plue/worktrees/shop/fix', hunks: [], isBinary: true });
  const sidecar = new FakeSidecar().answer(editList, () => listed([file('a.ts'), other])).answer(editAccept, () => listed([]));
  const reviews = reviewsOf(sidecar);
  const changed = new Promise((resolve) => reviews.onDidChange(() => resolve(undefined)));
  sidecar.editChanged.fire({ codexId: chat });
  await changed;
  window.activeTextEditor = new FakeEditor(new FakeDocument(Uri.file('/plue/worktrees/shop/fix/a.ts'), 'a\n'), new Selection(0, 0, 0, 0));
  await reviews.decide(undefined, true);
  expect(sidecar.asked.findLast(({ method }) => method === editAccept.method)?.params).toEqual({
    codexId: chat,
    path: 'a.ts',
    folder: '/plue/worktrees/shop/fix',
  });
});

test('Reports files that were not changed because the user edited them', async () => {
  const sidecar = new FakeSidecar().answer(editReject, () => listed([], { conflicts: ['a.ts was changed since.'] }));
  await reviewsOf(sidecar).decide({ codexId: chat, path: 'a.ts' }, false);
  expect(shown).toMatchObject([{ kind: 'warning', text: 'a.ts was changed since.' }]);
});

test('Reloads reviews after a change outside of an editor', async () => {
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
  // Apart from the URI, the time does not depend on the number of files under review.
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
    await expect(reviews.decide({ codexId: chat, path: 'a.ts' }, true)).rejects.toThrow(
      'a.ts has unsaved changes. Save it before you keep or undo its changes.',
    );
    expect(sidecar.methods()).not.toContain(editAccept.method);
  } finally {
    workspace.textDocuments = [];
  }
});

test('If no turn can be undone, this is shown instead of an empty list', async () => {
  const reviews = reviewsOf(new FakeSidecar().answer(editList, () => listed([])));
  await expect(reviews.undoOrRedo(undefined, true)).rejects.toThrow(UserCancelledError);
  expect(shown).toMatchObject([{ kind: 'info', text: 'No changes to undo.' }]);
});

test('A turn that cannot be restored is shown as such', async () => {
  const turns = [{ codexId: chat, turnId: '1', time: '', title: 'Fix', files: 1, isUndone: false }];
  const reviews = reviewsOf(new FakeSidecar().answer(editList, () => listed([], { turns, omissionNotice: 'dist is too large to keep.' })));
  answers.push(undefined);
  await expect(reviews.undoOrRedo(undefined, true)).rejects.toThrow(UserCancelledError);
  expect(shown).toMatchObject([{ kind: 'pick', detail: 'Files changed since then are not modified. dist is too large to keep.' }]);
});

const hunk = (id: string, newStart: number): HunkView => ({
  ...{ id, oldStart: newStart, oldLines: 1, newStart, newLines: 1, state: 'pending', text: '', isConflict: false },
});

describe('decisions', () => {
  const files = [file('a.ts', { hunks: [hunk('two', 6), hunk('one', 2)] }), file('b.png', { isBinary: true })];
  let sidecar: FakeSidecar;
  let reviews: Reviews;

  beforeEach(async () => {
    sidecar = new FakeSidecar()
      .answer(editList, () => listed(files))
      .answer(editAccept, () => listed(files))
      .answer(editReject, () => listed(files));
    reviews = reviewsOf(sidecar);
    sidecar.editChanged.fire({ codexId: chat });
    await new Promise((resolve) => reviews.onDidChange(() => resolve(undefined)));
    sidecar.asked.length = 0;
  });
  afterEach(() => reviews.dispose());

  /** Makes a file the active editor, with the cursor in a zero-based line. */
  function putInFront(path: string, line: number): FakeEditor {
    const document = new FakeDocument(Uri.file(`/folder/${path}`), '\n'.repeat(9));
    return (window.activeTextEditor = new FakeEditor(document, new Selection(line, 0, line, 0)));
  }

  function decided(): unknown[] {
    return sidecar.asked.filter(({ method }) => method !== 'edit/list');
  }

  it('without a target is the place at the cursor, which then goes to the next one', async () => {
    const editor = putInFront('a.ts', 0);
    await reviews.decide(undefined, true);
    expect(decided()).toEqual([{ method: 'edit/accept', params: { codexId: chat, path: 'a.ts', hunkId: 'one' } }]);
    expect(editor.selection.start).toEqual({ line: 1, character: 0 });
    putInFront('a.ts', 4);
    await reviews.decide(undefined, false);
    expect(decided().at(-1)).toEqual({ method: 'edit/reject', params: { codexId: chat, path: 'a.ts', hunkId: 'two' } });
  });

  it('without a target in a file that is no text is all of it', async () => {
    putInFront('b.png', 0);
    await reviews.decide(undefined, false);
    expect(decided()).toEqual([{ method: 'edit/reject', params: { codexId: chat, path: 'b.png', hunkId: undefined } }]);
  });

  it('does nothing in a file without changes, or without a file', async () => {
    await expect(reviews.decide(undefined, true)).rejects.toThrow('No changes to review here.');
    putInFront('c.ts', 0);
    await expect(reviews.decide(undefined, true)).rejects.toThrow('No changes to review here.');
    expect(decided()).toEqual([]);
  });

  it('undoes all changes of a chat after a question that counts them, and keeps them without one', async () => {
    await expect(reviews.decide({ codexId: chat }, false)).rejects.toBeInstanceOf(UserCancelledError);
    expect(shown).toMatchObject([{ kind: 'warning', text: 'Undo 3 changes in 2 files?', buttons: ['Undo'] }]);
    expect(decided()).toEqual([]);
    answers.push('Undo');
    await reviews.decide({ codexId: chat }, false);
    expect(decided()).toMatchObject([{ method: 'edit/reject', params: { codexId: chat } }]);
    await reviews.decide({ codexId: chat }, true);
    expect(decided()).toHaveLength(2);
    expect(shown).toHaveLength(2);
  });

  it('in a diff is the file that it shows', async () => {
    const input = new TabInputTextDiff(
      Uri.from({ scheme: 'plue-before', path: '/folder/a.ts', query: JSON.stringify({ codexId: chat, path: 'a.ts' }) }),
      Uri.file('/folder/a.ts'),
    );
    window.tabGroups.activeTabGroup = { activeTab: { input } };
    await reviews.decideAll(undefined, true);
    expect(decided()).toEqual([{ method: 'edit/accept', params: { codexId: chat, path: 'a.ts' } }]);
  });

  it('all at once is the file in front, without a question', async () => {
    putInFront('b.png', 0);
    await reviews.decideAll(undefined, false);
    expect(decided()).toEqual([{ method: 'edit/reject', params: { codexId: chat, path: 'b.png' } }]);
    expect(shown).toEqual([]);
    await reviews.decideAll({ codexId: chat }, true);
    expect(decided().at(-1)).toEqual({ method: 'edit/accept', params: { codexId: chat, path: undefined } });
  });

  it('all at once with no such file in front is everything, after a question that counts it', async () => {
    await expect(reviews.decideAll(undefined, true)).rejects.toBeInstanceOf(UserCancelledError);
    expect(shown).toMatchObject([{ kind: 'warning', text: 'Keep 3 changes in 2 files?', buttons: ['Keep'] }]);
    expect(decided()).toEqual([]);
    answers.push('Undo');
    await reviews.decideAll(undefined, false);
    expect(shown.at(-1)?.text).toBe('Undo 3 changes in 2 files?');
    expect(decided()).toMatchObject([{ params: { path: 'a.ts' } }, { params: { path: 'b.png' } }]);
  });

  it('all at once above a review of everything is everything, whichever file has the cursor', async () => {
    putInFront('b.png', 0);
    answers.push('Keep');
    await reviews.decideAll(undefined, true, true);
    expect(shown.at(-1)?.text).toBe('Keep 3 changes in 2 files?');
    expect(decided()).toMatchObject([{ params: { path: 'a.ts' } }, { params: { path: 'b.png' } }]);
  });

  it('goes from change to change, round the ends of the file', () => {
    const editor = putInFront('a.ts', 0);
    const lines = ([1, 1, 1, -1] as const).map((step) => {
      reviews.move(step);
      return editor.selection.start.line;
    });
    expect(lines).toEqual([1, 5, 1, 5]);
    window.activeTextEditor = undefined;
    reviews.move(1);
    putInFront('c.ts', 3);
    reviews.move(1);
    expect(window.activeTextEditor).toMatchObject({ selection: { start: { line: 3 } } });
  });
});

test('If nothing is under review, this is shown and nothing is asked', async () => {
  const reviews = reviewsOf(new FakeSidecar().answer(editList, () => listed([file('a.ts', { state: 'accepted' })])));
  await reviews.review(undefined);
  expect(shown.map(({ text }) => text)).toEqual(['No changes to review.']);
  await expect(reviews.decideAll(undefined, true)).rejects.toThrow('No changes to review.');
  expect(executed).toEqual([]);
});

test('A turn that is chosen is undone, or done again', async () => {
  const turns = [
    { codexId: chat, turnId: '1', time: '2026-11-21T08:00:00Z', title: 'Fix', files: 1, isUndone: false },
    { codexId: chat, turnId: '2', time: '2026-11-21T09:00:00Z', title: 'Tidy', files: 3, isUndone: true },
  ];
  const sidecar = new FakeSidecar()
    .answer(editList, () => listed([], { turns }))
    .answer(editUndo, () => listed([], { conflicts: ['a.ts was changed since.'] }))
    .answer(editRedo, () => listed([]));
  const reviews = reviewsOf(sidecar);
  answers.push('Fix');
  await reviews.undoOrRedo(undefined, true);
  expect(sidecar.asked.at(-1)).toEqual({ method: 'edit/undo', params: { codexId: chat, turnId: '1', all: undefined } });
  expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'a.ts was changed since.' });
  answers.push('Tidy');
  await reviews.undoOrRedo(undefined, false);
  expect(sidecar.asked.at(-1)).toMatchObject({ method: 'edit/redo', params: { turnId: '2' } });
  const time = (at: number): string => formatTime(turns[at]?.time ?? '');
  expect(lists).toMatchObject([
    [{ label: 'Fix', description: `1 file, ${time(0)}` }],
    [{ label: 'Tidy', description: `3 files, ${time(1)}` }],
  ]);
  await reviews.undoOrRedo({ codexId: chat, all: true }, true);
  expect(sidecar.asked.at(-1)?.params).toEqual({ codexId: chat, turnId: undefined, all: true });
  reviews.dispose();
});

test('A list that cannot be loaded is logged, and the known files stay', async () => {
  const { log, lines } = fakeLog();
  const sidecar = new FakeSidecar().answer(editList, () => listed([file('a.ts')]));
  const reviews = new Reviews(sidecar, new BeforeFiles(sidecar), log);
  sidecar.started.fire();
  await new Promise((resolve) => reviews.onDidChange(() => resolve(undefined)));
  sidecar.answer(editList, () => {
    throw new FailureError('internal', 'The disk is gone.');
  });
  sidecar.started.fire();
  await vi.waitFor(() => expect(lines).toEqual(['Listing changes: The disk is gone.']));
  expect(reviews.files).toHaveLength(1);
  reviews.dispose();
});

test('The side before is asked for anew when something changed, and is empty where there was nothing', async () => {
  const sidecar = new FakeSidecar().answer(editContent, ({ path }) => (path === 'new.ts' ? {} : { text: 'before' }));
  const before = new BeforeFiles(sidecar);
  const side = contents.get('plue-before');
  const address = Uri.from({ scheme: 'plue-before', path: '/folder/src/a.ts', query: JSON.stringify({ codexId: chat, path: 'src/a.ts' }) });
  expect(await side?.provideTextDocumentContent(address)).toBe('before');
  expect(sidecar.asked).toEqual([{ method: 'edit/content', params: { codexId: chat, path: 'src/a.ts' } }]);
  expect(await side?.provideTextDocumentContent(address.with({ query: JSON.stringify({ codexId: chat, path: 'new.ts' }) }))).toBe('');
  expect(await side?.provideTextDocumentContent(address.with({ query: 'nothing' }))).toBe('');
  const changed: RealUri[] = [];
  before.onDidChange((uri) => changed.push(uri));
  workspace.textDocuments.push(new FakeDocument(address, ''), new FakeDocument(Uri.file('/folder/a.ts'), ''));
  before.refresh();
  expect(changed).toEqual([address]);
  before.dispose();
});
