import { afterEach, expect, test } from 'vitest';
import { Transfer, fileName, report } from '../../../../extension/src/features/chat/transfer';
import {
  codexExport,
  codexGet,
  codexImport,
  codexImportable,
  type CodexSummary,
} from '../../../../extension/src/protocol/protocol.generated';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { Uri, answers, executed, files, opened, progress, reset, shown } from '../../testing/vscode';

afterEach(reset);

const uri = 'codex://chats/chat_1';

function summary(title: string, at = uri): CodexSummary {
  return {
    uri: at,
    templateId: 'ai-chat',
    title,
    status: 'idle',
    createdAt: '2026-01-01T00:00:00Z',
    updatedAt: '2026-01-01T00:00:00Z',
    messageCount: 2,
    archived: false,
    fallbacks: [],
    options: {},
    tags: [],
    pinned: false,
    unread: false,
    version: 1,
  };
}

function exporting(): FakeSidecar {
  return new FakeSidecar()
    .answer(codexGet, () => ({
      codex: summary('Fix: a/b'),
      messages: [],
      offset: 0,
      queue: [],
      canUndo: false,
      canRedo: false,
      contextFiles: [],
      lastSeq: 0,
    }))
    .answer(codexExport, () => ({ fileName: 'x.html' }));
}

test('A chat is written to the file that the user chose, and opened when they like', async () => {
  const sidecar = exporting();
  answers.push('HTML', 'Open');
  files.push(Uri.file('/home/me/x.html'));
  await new Transfer(sidecar).export(uri);
  expect(sidecar.asked.at(-1)).toEqual({ method: 'codex/export', params: { uri, format: 'html', path: '/home/me/x.html' } });
  await expect.poll(() => opened).toEqual(['file:/home/me/x.html']);
});

test('Nothing is written when the dialog is closed', async () => {
  const sidecar = exporting();
  answers.push('Markdown');
  await expect(new Transfer(sidecar).export(uri)).rejects.toThrow('Cancelled.');
  expect(sidecar.methods()).toEqual(['codex/get']);
});

test('Selected sessions are imported one by one, the last one opens, and the report lists failures', async () => {
  const session = (path: string, title: string): { path: string; title: string; updatedAt: string; size: number } => ({
    path,
    title,
    updatedAt: '2026-01-01T00:00:00Z',
    size: 5_000_000,
  });
  const sidecar = new FakeSidecar()
    .answer(codexImportable, () => ({
      sessions: [session('/s/1.jsonl', 'Take one'), session('/s/2.jsonl', 'Take two'), session('/s/3.jsonl', 'Leave')],
      isTruncated: false,
    }))
    .answer(codexImport, ({ paths: [path = ''] }) =>
      path.endsWith('1.jsonl')
        ? { imported: [summary('Take one', 'codex://chats/chat_one')], omitted: ['1 entry could not be read.'], failed: [] }
        : { imported: [], omitted: [], failed: [{ path, message: 'Damaged.' }] },
    );
  answers.push('Claude Code', 'Take', 'Show Report');
  await new Transfer(sidecar).import();
  const runId: unknown = expect.stringMatching(/^[\da-f-]{36}$/);
  expect(sidecar.asked.map(({ params }) => params)).toEqual([
    { format: 'claudeCode' },
    { paths: ['/s/1.jsonl'], format: 'claudeCode', allowDuplicates: false, runId },
    { paths: ['/s/2.jsonl'], format: 'claudeCode', allowDuplicates: false, runId },
  ]);
  expect(executed).toEqual([['plue.openChat', 'codex://chats/chat_one']]);
  expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: '1 chat was imported. 1 file was not imported.' });
  await expect.poll(() => opened.join()).toContain('Take one: 1 entry could not be read.');
  expect(opened.join()).toContain('/s/2.jsonl: Damaged.');
});

test('Earlier imports are repeated only if the user confirms', async () => {
  const sidecar = new FakeSidecar().answer(codexImport, ({ paths: [path = ''], allowDuplicates }) =>
    allowDuplicates === true
      ? { imported: [summary('Again')], omitted: [], failed: [] }
      : { imported: [], omitted: [], failed: [{ path, message: 'Before.', uri }] },
  );
  answers.push('Files');
  files.push(Uri.file('/s/1.json'));
  await new Transfer(sidecar).import();
  expect(sidecar.asked).toHaveLength(1);
  expect(executed).toEqual([]);

  answers.length = 0;
  answers.push('Files', 'Import Again');
  files.push(Uri.file('/s/1.json'));
  await new Transfer(sidecar).import();
  expect(sidecar.asked.at(-1)?.params).toMatchObject({ paths: ['/s/1.json'], format: 'auto', allowDuplicates: true });
  expect(shown.at(-1)?.text).toBe('1 chat was imported.');
});

test('Cancel keeps the imported ones and stops', async () => {
  const sidecar = new FakeSidecar().answer(codexImportable, () => ({
    sessions: ['a', 'b'].map((title) => ({ path: `/s/${title}`, title: `s ${title}`, updatedAt: '2026-01-01T00:00:00Z', size: 1 })),
    isTruncated: false,
  }));
  sidecar.answer(codexImport, () => {
    progress.cancel();
    return { imported: [summary('First')], omitted: [], failed: [] };
  });
  answers.push('Codex', 's ');
  await new Transfer(sidecar).import();
  expect(sidecar.methods()).toEqual(['codex/importable', 'codex/import']);
  expect(executed).toEqual([['plue.openChat', uri]]);
});

test('Without sessions on this machine, this is shown', async () => {
  const sidecar = new FakeSidecar().answer(codexImportable, () => ({ sessions: [], isTruncated: false }));
  answers.push('Codex');
  await expect(new Transfer(sidecar).import()).rejects.toThrow('Cancelled.');
  expect(shown.at(-1)?.text).toContain('No Codex sessions');
});

test('Titles in the report are text', () => {
  expect(report({ imported: [summary('[x](command:evil) <b>')], omitted: [], failed: [] })).toContain(
    '- \\[x\\](command:evil) \\<b\\> (2 messages)',
  );
});

test.each([
  ['Fix: a/b?', 'Fix- a-b'],
  ['../..', 'chat'],
  ['', 'chat'],
])('A file is suggested by the title %j', (title, name) => {
  expect(fileName(title)).toBe(name);
});
