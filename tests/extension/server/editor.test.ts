import * as v from 'valibot';
import { beforeEach, expect, test, vi } from 'vitest';
import { serveEditor } from '../../../extension/src/server/editor';
import { hashOf } from '../../../extension/src/server/editor/workspaceDocuments';
import * as fake from '../testing/vscode';

type Handler = (params: unknown, token: unknown) => Promise<unknown>;

const file = '/work/src/a.ts';
const handlers = new Map<string, Handler>();
const sent: unknown[] = [];
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
  sendNotification: (method: string, params: unknown): Promise<void> => {
    sent.push({ method, params });
    return Promise.resolve();
  },
};

beforeEach(() => {
  stop();
  vi.useFakeTimers();
  fake.reset();
  sent.length = 0;
  fake.workspace.workspaceFolders = [{ uri: fake.Uri.file('/work') }];
  const editor = serveEditor(connection, (message) => new Error(`refused: ${message}`));
  stop = () => void editor.disposable.dispose();
  editor.begin();
});

function ask(method: string, params: unknown): Promise<unknown> {
  const handler = handlers.get(method);
  if (handler === undefined) throw new Error(`No handler for ${method}`);
  return handler(params, new fake.CancellationTokenSource().token);
}

function type(path: string, text: string): fake.FakeDocument {
  const document = new fake.FakeDocument(fake.Uri.file(path), text, true);
  fake.documents.push(document);
  fake.changedDocument.fire({ document });
  return document;
}

test('Reports the list of unsaved documents when it changes, and nothing of other folders', () => {
  vi.runAllTimers();
  const document = type(file, 'typed');
  type('/elsewhere/b.ts', 'typed');
  fake.changedDocument.fire({ document });
  vi.runAllTimers();
  document.isDirty = false;
  fake.savedDocument.fire(document);
  expect(sent).toEqual([[], [file], []].map((paths) => ({ method: 'workspace/unsaved', params: { paths } })));
});

test('Reports many documents that change at once together', () => {
  vi.runAllTimers();
  for (let index = 0; index < 1000; index++) type(`/work/${index}.ts`, 'renamed');
  vi.runAllTimers();
  expect(sent).toHaveLength(3);
  expect(sent[2]).toMatchObject({ params: { paths: { length: 1000 } } });
});

test('Reports and reads nothing of an untrusted workspace', async () => {
  fake.workspace.isTrusted = false;
  type(file, 'typed');
  expect(sent).toHaveLength(1);
  expect(await ask('host/readDocument', { path: file })).toEqual({ text: undefined });
});

test('Edits an unsaved document in the editor and saves it', async () => {
  const document = type(file, 'const typed = 1;\nconst old = 2;\n');
  expect(await ask('host/readDocument', { path: file })).toEqual({ text: document.getText() });
  const after = document.getText().replace('old', 'new');
  expect(await ask('host/writeDocument', { path: file, expectedHash: hashOf(document.getText()), text: after })).toEqual({
    outcome: 'saved',
  });
  expect(fake.disk.get(file)).toBe(after);
});

test('Changes nothing when the user typed since the text was read', async () => {
  const document = type(file, 'first');
  const expectedHash = hashOf('first');
  document.replace(new fake.Range(0, 5, 0, 5), ' and more');
  expect(await ask('host/writeDocument', { path: file, expectedHash, text: 'other' })).toEqual({ outcome: 'changed' });
  fake.editing.isTaken = false;
  expect(await ask('host/writeDocument', { path: file, expectedHash: hashOf(document.getText()), text: 'other' })).toEqual({
    outcome: 'changed',
  });
  expect(document.getText()).toBe('first and more');
});

test('Takes an edit back that cannot be saved', async () => {
  const document = type(file, 'typed');
  document.isSaved = false;
  expect(await ask('host/writeDocument', { path: file, expectedHash: hashOf('typed'), text: 'other' })).toEqual({ outcome: 'notSaved' });
  expect(document.getText()).toBe('typed');
});

test('Leaves a saved document to the disk', async () => {
  fake.disk.set(file, 'saved');
  expect(await ask('host/readDocument', { path: file })).toEqual({ text: undefined });
  expect(await ask('host/writeDocument', { path: file, expectedHash: hashOf('saved'), text: 'x' })).toEqual({ outcome: 'notUnsaved' });
});

test('Keeps the line ends of the document', async () => {
  const document = type(file, 'a\r\nb\r\n');
  document.eol = 2;
  await ask('host/writeDocument', { path: file, expectedHash: hashOf('a\r\nb\r\n'), text: 'a\nc\r\nb\n' });
  expect(fake.disk.get(file)).toBe('a\r\nc\r\nb\r\n');
});

const problem = (message: string, severity = 0, line = 0): unknown => ({
  range: new fake.Range(line, 2, line, 3),
  severity,
  message,
  source: 'ts',
  code: { value: 2322 },
});

test('Lists the problems of the workspace, errors first', async () => {
  fake.report('/work/b.ts', [problem('Odd.', 1), problem('Wrong.', 0, 6)]);
  fake.report('/elsewhere/c.ts', [problem('Not ours.')]);
  expect(await ask('host/problems', {})).toMatchObject({
    problems: [
      { path: '/work/b.ts', line: 7, column: 3, severity: 'error', message: 'Wrong.', source: 'ts', code: '2322' },
      { severity: 'warning', message: 'Odd.' },
    ],
    total: 2,
  });
});

test('Lists the problems of the files in a folder', async () => {
  fake.report('/work/src/a.ts', [problem('Wrong.')]);
  fake.report('/work/srcs/b.ts', [problem('Beside.')]);
  expect(await ask('host/problems', { paths: ['/work/src'] })).toMatchObject({
    problems: [{ message: 'Wrong.' }],
    total: 1,
    isTracked: true,
  });
});

async function revision(): Promise<unknown> {
  const result = await ask('host/problems', {});
  return typeof result === 'object' && result !== null && 'revision' in result ? result.revision : undefined;
}

test('Waits for the problems that follow an edit until nothing more comes', async () => {
  fake.window.visibleTextEditors = [{ document: { uri: fake.Uri.file(file) } }];
  vi.useFakeTimers();
  expect(await ask('host/problems', { paths: [file] })).toMatchObject({ problems: [], isTracked: true });
  const asking = ask('host/problems', { paths: [file], after: await revision() });
  await vi.advanceTimersByTimeAsync(400);
  fake.report(file, [problem('First.')]);
  await vi.advanceTimersByTimeAsync(200);
  fake.report(file, [problem('First.'), problem('Second.')]);
  await vi.advanceTimersByTimeAsync(300);
  expect(await asking).toMatchObject({ problems: [{ message: 'First.' }, { message: 'Second.' }] });
});

test('Gives up waiting for problems after two seconds', async () => {
  vi.useFakeTimers();
  const asking = ask('host/problems', { paths: [file], after: 99 });
  await vi.advanceTimersByTimeAsync(2000);
  expect(await asking).toMatchObject({ problems: [], isTracked: false });
});

test('Finds a symbol by its text in the line', async () => {
  fake.disk.set(file, 'const datum = date(update);\n');
  const asked: unknown[] = [];
  fake.commandAnswers.set('vscode.executeReferenceProvider', (_, position) => {
    asked.push(position);
    return [{ uri: fake.Uri.file('/work/b.ts'), range: new fake.Range(4, 0, 4, 4) }];
  });
  const found = await ask('host/references', { path: file, line: 1, symbol: 'date', kind: 'references' });
  expect(asked).toEqual([new fake.Position(0, 14)]);
  expect(found).toEqual({
    locations: [{ path: '/work/b.ts', line: 5, endLine: 5, depth: 0 }],
    total: 1,
    hasLanguageServer: true,
  });
  await expect(ask('host/references', { path: file, line: 1, symbol: 'time', kind: 'references' })).rejects.toThrow(
    'refused: time is not in line 1 of src/a.ts.',
  );
});

test('Distinguishes a missing language server from a symbol without references', async () => {
  fake.disk.set(file, 'const one = 1;\n');
  vi.useFakeTimers();
  const ask1 = async (): Promise<unknown> => {
    const asking = ask('host/references', { path: file, line: 1, symbol: 'one', kind: 'references' });
    await vi.advanceTimersByTimeAsync(5000);
    return asking;
  };
  expect(await ask1()).toMatchObject({ locations: [], hasLanguageServer: false });
  fake.commandAnswers.set('vscode.provideDocumentSemanticTokensLegend', () => ({}));
  expect(await ask1()).toMatchObject({ locations: [], hasLanguageServer: true });
});

test('Returns the outline of a file', async () => {
  fake.disk.set(file, 'class A {}\n');
  fake.commandAnswers.set('vscode.executeDocumentSymbolProvider', () => [
    {
      name: 'A',
      kind: 4,
      range: new fake.Range(0, 0, 9, 0),
      children: [{ name: 'b', kind: 21, range: new fake.Range(1, 0, 1, 3), children: [] }],
    },
  ]);
  expect(await ask('host/symbols', { path: file })).toMatchObject({
    locations: [
      { name: 'A', kind: 'class', line: 1, endLine: 10, depth: 0 },
      { name: 'b', kind: 'enum member', line: 2, depth: 1 },
    ],
  });
});

test('Returns the edits of a rename with the version that they apply to, and applies none', async () => {
  fake.disk.set(file, 'one\r\n');
  const entries = [[fake.Uri.file(file), [{ range: new fake.Range(0, 0, 0, 3), newText: 'two' }]]];
  fake.commandAnswers.set('vscode.executeDocumentRenameProvider', () => ({ entries: () => entries, size: 1 }));
  const rename = { path: file, line: 1, symbol: 'one', newName: 'two' };
  expect(await ask('host/rename', rename)).toEqual({
    files: [{ path: file, hash: hashOf('one\n'), edits: [{ line: 1, column: 1, endLine: 1, endColumn: 4, text: 'two' }] }],
  });
  expect(fake.disk.get(file)).toBe('one\r\n');
  fake.commandAnswers.set('vscode.executeDocumentRenameProvider', () => ({ entries: () => entries, size: 2 }));
  expect(await ask('host/rename', rename)).toEqual({
    files: [],
    problem: 'The rename would also create, rename or delete files, which is not supported.',
  });
});

test('Runs tests through VS Code where it has a tool for it', async () => {
  expect(await ask('host/tests', { files: [file], names: [] })).toEqual({});
  const inputs: unknown[] = [];
  fake.languageModelTools.push({
    name: 'runTests',
    invoke: (input) => {
      inputs.push(input);
      const tree = { node: { children: [{ text: '<summary passed=1' }, { text: ' failed=0 />' }] } };
      return { content: [new fake.LanguageModelTextPart('Ran.'), { value: tree }] };
    },
  });
  expect(await ask('host/tests', { files: [file], names: ['adds'] })).toEqual({ result: 'Ran.\n<summary passed=1 failed=0 />' });
  expect(inputs).toEqual([{ files: [file], testNames: ['adds'] }]);
});

const beep = { name: 'beep', description: 'Beeps.', tags: [], invoke: (): unknown => ({ content: [] }) };

test('Lists tools with the extension that contributes them, without the own ones', async () => {
  fake.languageModelTools.push(
    { ...beep, inputSchema: { type: 'object' } },
    { ...beep, name: 'acme_weather' },
    { ...beep, name: 'mcp_one_look', tags: ['mcp'] },
    { ...beep, name: 'plue_ask' },
    { ...beep, name: 'mcp_plue_list_chats', tags: ['mcp'] },
  );
  const contributes = (name: string, displayName?: string): unknown => ({ languageModelTools: [{ name, displayName }, 7] });
  fake.manifests.push(
    { id: 'acme.weather', packageJSON: { displayName: 'Weather', contributes: contributes('acme_weather', 'Get Weather') } },
    { id: 'plue.plue-vscode', packageJSON: { publisher: 'plue', name: 'plue-vscode', contributes: contributes('plue_ask') } },
    { id: 'odd.one', packageJSON: 'nothing' },
  );
  expect(await ask('host/tools', {})).toEqual({
    tools: [
      { name: 'beep', description: 'Beeps.', schema: '{"type":"object"}', source: 'VS Code' },
      { name: 'acme_weather', description: 'Beeps.', extension: 'acme.weather', source: 'Weather', title: 'Get Weather' },
      { name: 'mcp_one_look', description: 'Beeps.', source: 'MCP servers of VS Code' },
    ],
  });
  await expect(ask('host/callTool', { name: 'plue_ask', parameters: '{}' })).rejects.toThrow('refused: This window has no such tool.');
});

test('Lists and calls no tools in an untrusted workspace', async () => {
  fake.languageModelTools.push(beep);
  fake.workspace.isTrusted = false;
  expect(await ask('host/tools', {})).toEqual({ tools: [] });
  await expect(ask('host/callTool', { name: 'beep', parameters: '{}' })).rejects.toThrow('refused: This workspace is not trusted.');
});

test('Returns texts and images of a tool, and what it omitted', async () => {
  const long = 'x'.repeat(1_000_100);
  const inputs: unknown[] = [];
  const data = (size: number, type: string): fake.LanguageModelDataPart =>
    new fake.LanguageModelDataPart(new Uint8Array(size).fill(65), type);
  const content = [
    new fake.LanguageModelTextPart('Beep.'),
    { value: { node: { text: 'tree' } } },
    data(3, 'image/png'),
    data(2, 'application/json'),
    data(4, 'audio/wav'),
    data(5 * 1024 * 1024 + 1, 'image/png'),
    7,
    new fake.LanguageModelTextPart(long),
    new fake.LanguageModelTextPart('never sent'),
  ];
  fake.languageModelTools.push({
    ...beep,
    invoke: (input, token) => {
      inputs.push(input, token !== undefined);
      return { content };
    },
  });
  const called = await ask('host/callTool', { name: 'beep', parameters: '{"times":2}' });
  expect(inputs).toEqual([{ times: 2 }, true]);
  const { content: parts } = v.parse(v.object({ content: v.array(v.looseObject({ text: v.optional(v.string()) })) }), called);
  expect(parts.slice(0, -1)).toEqual([
    { kind: 'text', text: 'Beep.' },
    { kind: 'text', text: 'tree' },
    { kind: 'image', mediaType: 'image/png', data: 'QUFB' },
    { kind: 'text', text: 'AA' },
    { kind: 'text', text: '[Content of type audio/wav omitted: 4 bytes]' },
    { kind: 'text', text: '[Content of type image/png omitted: 5242881 bytes]' },
    { kind: 'text', text: '[Content of an unknown type omitted]' },
  ]);
  expect(parts.at(-1)?.text).toMatch(/^x+\n\[The rest was omitted: it is too long\.\]$/);
});

test('Reports why a tool failed', async () => {
  fake.languageModelTools.push({ ...beep, invoke: () => Promise.reject(new Error('Cancelled by the user.')) });
  await expect(ask('host/callTool', { name: 'beep', parameters: '{}' })).rejects.toThrow('refused: Cancelled by the user.');
});
