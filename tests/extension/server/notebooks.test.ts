import * as v from 'valibot';
import { beforeEach, expect, test, vi } from 'vitest';
import { serveEditor } from '../../../extension/src/server/editor';
import { difference } from '../../../extension/src/server/editor/notebooks';
import { hashOf } from '../../../extension/src/server/editor/workspaceDocuments';
import { exportNotebook, FakeNotebook, notebooks, shownNotebooks, type FakeCell } from '../testing/notebooks';
import * as fake from '../testing/vscode';

type Handler = (params: unknown, token: unknown) => Promise<unknown>;

const file = '/work/n.ipynb';
const handlers = new Map<string, Handler>();
const sent: unknown[] = [];
let cancellation = new fake.CancellationTokenSource();
let stop = (): void => undefined;

const connection = {
  onRequest: (method: string, handler: (params: never, token: never) => Promise<unknown>): fake.Disposable => {
    handlers.set(
      method,
      v.parse(
        v.custom<Handler>(() => true),
        handler,
      ),
    );
    return new fake.Disposable(() => handlers.delete(method));
  },
  sendNotification: (_method: string, params: unknown): Promise<void> => {
    sent.push(params);
    return Promise.resolve();
  },
};

beforeEach(() => {
  stop();
  vi.useRealTimers();
  fake.reset();
  sent.length = 0;
  cancellation = new fake.CancellationTokenSource();
  fake.workspace.workspaceFolders = [{ uri: fake.Uri.file('/work') }];
  fake.installed.add('vscode.ipynb');
  begin();
});

function begin(): void {
  const editor = serveEditor(connection, (message) => new Error(`refused: ${message}`));
  stop = () => void editor.disposable.dispose();
  editor.begin();
}

function ask(method: string, params: unknown): Promise<unknown> {
  const handler = handlers.get(method);
  if (handler === undefined) throw new Error(`No handler for ${method}`);
  return handler(params, cancellation.token);
}

function open(sources: string[], isDirty = true): FakeNotebook {
  const cells = sources.map((source, index) => {
    const kind = source.startsWith('#') ? fake.NotebookCellKind.Markup : fake.NotebookCellKind.Code;
    return Object.assign(new fake.NotebookCellData(kind, source, kind === fake.NotebookCellKind.Code ? 'julia' : 'markdown'), {
      metadata: { id: `id${index}` },
      outputs: [output('text/plain', `out ${index}`)],
    });
  });
  const notebook = new FakeNotebook(fake.Uri.file(file), cells, isDirty);
  notebooks.push(notebook);
  return notebook;
}

const output = (mime: string, text: string): { items: { mime: string; data: Uint8Array }[] } => ({
  items: [{ mime, data: new TextEncoder().encode(text) }],
});

const sources = (notebook: FakeNotebook): string[] => notebook.getCells().map(({ document }) => document.getText());

async function read(): Promise<string> {
  return v.parse(v.object({ text: v.string() }), await ask('host/readDocument', { path: file })).text;
}

async function write(change: (text: string) => string): Promise<unknown> {
  const text = await read();
  return ask('host/writeDocument', { path: file, expectedHash: hashOf(text), text: change(text) });
}

const cell = (id: string, source: string): string => JSON.stringify({ cell_type: 'code', id, source: [source] });

test('Reports a notebook once VS Code marks it as unsaved, which is after the change', async () => {
  stop();
  sent.length = 0;
  vi.useFakeTimers();
  begin();
  await vi.runAllTimersAsync();
  const notebook = open(['a'], false);
  fake.changedNotebook.fire({ notebook, cellChanges: [] });
  notebook.isDirty = true;
  await vi.advanceTimersByTimeAsync(200);
  expect(sent).toEqual([{ paths: [] }, { paths: [file] }]);
  fake.changedNotebook.fire({ notebook, cellChanges: [] });
  await vi.advanceTimersByTimeAsync(150);
  fake.savedNotebook.fire(notebook);
  notebook.isDirty = false;
  await vi.advanceTimersByTimeAsync(200);
  expect(sent.at(-1)).toEqual({ paths: [] });
});

test('Returns an unsaved notebook as the text of its file, and leaves a saved one to the disk', async () => {
  const notebook = open(['# Title', 'typed']);
  expect(await read()).toBe(exportNotebook(notebook));
  notebook.isDirty = false;
  expect(await ask('host/readDocument', { path: file })).toEqual({ text: undefined });
});

test('Reports that this editor does not share unsaved notebooks', async () => {
  open(['typed']);
  fake.installed.clear();
  await expect(ask('host/readDocument', { path: file })).rejects.toThrow(
    'refused: n.ipynb has unsaved changes that this editor does not share. Save it first.',
  );
});

test('Replaces the text of a cell, which keeps its outputs, and saves', async () => {
  const notebook = open(['a', 'b', 'c']);
  const [, second] = notebook.getCells();
  expect(await write((text) => text.replace('["b"]', '["b = 2\\n","b"]'))).toEqual({ outcome: 'saved' });
  expect(sources(notebook)).toEqual(['a', 'b = 2\nb', 'c']);
  expect(notebook.cellAt(1)).toBe(second);
  expect(second?.outputs).toHaveLength(1);
  expect(fake.disk.get(file)).toBe(exportNotebook(notebook));
});

test('Inserts and deletes cells and keeps the others', async () => {
  const notebook = open(['a', 'b']);
  const [first, second] = notebook.getCells();
  await write((text) => text.replace(cell('id1', 'b'), `${cell('new1', 'x')},${cell('id1', 'b')}`));
  expect(sources(notebook)).toEqual(['a', 'x', 'b']);
  expect(notebook.cellAt(1)?.metadata).toEqual({ id: 'new1', metadata: {} });
  expect(notebook.cellAt(1)?.document).toMatchObject({ languageId: 'julia' });
  notebook.isDirty = true;
  await write((text) => text.replace(`${cell('new1', 'x')},`, ''));
  expect(notebook.getCells()).toEqual([first, second]);
});

test('Keeps the outputs of cells that change together', async () => {
  const notebook = open(['a', 'b']);
  await write((text) => text.replace('["a"]', '["x"]').replace('["b"]', '["y"]'));
  expect(sources(notebook)).toEqual(['x', 'y']);
  expect(notebook.getCells().map(({ outputs }) => outputs.length)).toEqual([1, 1]);
});

test('Changes nothing when a cell changed since the notebook was read', async () => {
  const notebook = open(['a']);
  const text = await read();
  notebook.cellAt(0)?.document.replace(new fake.Range(0, 1, 0, 1), 'b');
  expect(await ask('host/writeDocument', { path: file, expectedHash: hashOf(text), text: text.replace('"a"', '"x"') })).toEqual({
    outcome: 'changed',
  });
  expect(sources(notebook)).toEqual(['ab']);
});

test('Takes an edit back that cannot be saved', async () => {
  const notebook = open(['a', 'b']);
  notebook.isSaved = false;
  expect(await write((text) => text.replace(`${cell('id0', 'a')},`, ''))).toEqual({ outcome: 'notSaved' });
  expect(sources(notebook)).toEqual(['a', 'b']);
  expect(await write((text) => text.replace('["a"]', '["x"]'))).toEqual({ outcome: 'notSaved' });
  expect(sources(notebook)).toEqual(['a', 'b']);
});

test('Refuses edits of anything but cells instead of losing them', async () => {
  const notebook = open(['a']);
  const refusal = 'refused: n.ipynb has unsaved changes, so only the text of its cells can be changed. Save it first.';
  await expect(write((text) => text.replace('"nbformat":4', '"nbformat":3'))).rejects.toThrow(refusal);
  await expect(write((text) => text.replace('"source"', '"metadata":{"tags":["x"]},"source"'))).rejects.toThrow(refusal);
  await expect(write((text) => text.slice(1))).rejects.toThrow(refusal);
  expect(sources(notebook)).toEqual(['a']);
});

test('Finds the smallest changed range', () => {
  const of = (...ids: string[]): { cell_type: string; id: string; source: string }[] =>
    ids.map((id) => ({ cell_type: 'code', id, source: 'same' }));
  expect(difference(of('a', 'b', 'c'), of('a', 'x', 'c'))).toEqual({ start: 1, end: 2, cells: of('x') });
  expect(difference(of('a', 'a'), of('a', 'a', 'a'))).toEqual({ start: 2, end: 2, cells: of('a') });
  expect(difference(of('a'), [])).toEqual({ start: 0, end: 1, cells: [] });
});

/** Registers a kernel: the function runs for each cell that VS Code executes. */
function kernel(run: (cell: FakeCell) => unknown): void {
  fake.commandAnswers.set('notebook.cell.execute', () => {
    const cell = notebooks[0]?.cellAt(0);
    return cell === undefined ? undefined : run(cell);
  });
}

function report(cell: FakeCell, executionSummary: { success?: boolean }): void {
  fake.changedNotebook.fire({ notebook: cell.notebook, cellChanges: [{ cell, executionSummary }] });
}

const run = (source = 'a', seconds = 5): Promise<unknown> =>
  ask('host/runCell', { path: file, cell: 0, expectedHash: hashOf(source), seconds });

test('Runs a cell where the user sees it and returns its outputs as text and images', async () => {
  open(['a'], false);
  kernel((cell) => {
    report(cell, {});
    const error = { name: 'ValueError', message: 'bad', stack: '\u001b[31mline 1\u001b[0m' };
    cell.outputs = [
      output('application/vnd.code.notebook.stdout', 'Hello\n'),
      { items: [...output('text/plain', '<Figure>').items, ...output('image/png', 'AAA').items] },
      output('text/html', '<b>2</b>'),
      output('application/x-widget', 'w'),
      output('application/vnd.code.notebook.error', JSON.stringify(error)),
    ];
    report(cell, { success: false });
  });
  expect(await run()).toEqual({
    outcome: 'failed',
    content: [
      { kind: 'text', text: 'Hello' },
      { kind: 'text', text: '<Figure>' },
      { kind: 'image', mediaType: 'image/png', data: 'QUFB' },
      { kind: 'text', text: '<b>2</b>' },
      { kind: 'text', text: '[Content of type application/x-widget omitted: 1 bytes]' },
      { kind: 'text', text: 'ValueError: bad\nline 1' },
    ],
  });
  expect(shownNotebooks).toEqual([file]);
  expect(fake.executed.at(-1)).toMatchObject(['notebook.cell.execute', { ranges: [{ start: 0, end: 1 }] }]);
});

test('Runs only the shown source, and no text', async () => {
  open(['# Title']);
  expect(await run('# Title')).toEqual({ outcome: 'changed', content: [] });
  notebooks.length = 0;
  open(['a']);
  expect(await run('b')).toEqual({ outcome: 'changed', content: [] });
  expect(fake.executed).toEqual([]);
});

test('Reports that no kernel ran the cell after its list was closed', async () => {
  vi.useFakeTimers();
  open(['a']);
  kernel(() => undefined);
  const running = run();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await running).toEqual({ outcome: 'notStarted', content: [] });
});

test('Waits two minutes for a kernel', async () => {
  vi.useFakeTimers();
  open(['a']);
  kernel(() => new Promise(() => undefined));
  const running = run();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await running).toMatchObject({ outcome: 'notStarted' });
});

test('Stops a cell after its time and returns what it had by then', async () => {
  vi.useFakeTimers();
  open(['a']);
  kernel((cell) => {
    report(cell, {});
    return new Promise(() => undefined);
  });
  const running = run('a', 3);
  await vi.advanceTimersByTimeAsync(3400);
  expect(await running).toEqual({ outcome: 'timedOut', content: [{ kind: 'text', text: 'out 0' }] });
  expect(fake.executed.at(-1)?.[0]).toBe('notebook.cell.cancelExecution');
});

test('Stops a cell with the call', async () => {
  open(['a']);
  kernel((cell) => {
    report(cell, {});
    cancellation.cancel();
  });
  await expect(run()).rejects.toThrow();
  expect(fake.executed.at(-1)?.[0]).toBe('notebook.cell.cancelExecution');
});
