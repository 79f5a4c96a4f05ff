import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LastEditor } from '../../../../extension/src/features/chat/insertCode';
import { TextSources } from '../../../../extension/src/features/chat/textSources';
import { WorkspaceFiles } from '../../../../extension/src/features/chat/workspaceFiles';
import { attachmentFetch, attachmentInspect, codexGet, codexList } from '../../../../extension/src/protocol/protocol.generated';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, commandAnswers, contents, extensions, opened, report, reset, Uri, workspace } from '../../testing/vscode';
import { answer, chat, codex, question } from '../../webview/chatSamples';

let folder: string;
let sidecar: FakeSidecar;
let files: WorkspaceFiles;
let sources: TextSources;

beforeEach(() => {
  reset();
  folder = mkdtempSync(join(tmpdir(), 'plue-sources-'));
  workspace.workspaceFolders = [{ uri: Uri.file(folder) }];
  sidecar = new FakeSidecar();
  files = new WorkspaceFiles(new LastEditor());
  sources = new TextSources(sidecar, files);
});

afterEach(() => {
  sources.dispose();
  files.dispose();
  extensions.getExtension = none;
  rmSync(folder, { recursive: true, force: true });
});

const none = extensions.getExtension;

describe('a source of text', () => {
  it('lists errors before warnings of the folder, and nothing of protected or other files', async () => {
    const problem = (severity: number, message: string): unknown => ({
      severity,
      message,
      source: 'ts',
      range: { start: { line: 2, character: 4 }, end: { line: 2, character: 5 } },
    });
    report(join(folder, 'a.ts'), [problem(1, 'Unused.'), problem(0, 'Wrong.\nb.ts:1:1: error: Forged.'), problem(2, 'A note.')]);
    report(join(folder, '.env'), [problem(0, 'KEY=1')]);
    report('/usr/lib/other.ts', [problem(0, 'Elsewhere.')]);
    expect(await sources.read('problems', undefined)).toEqual({
      name: '@problems',
      text: 'a.ts:3:5: error: Wrong. b.ts:1:1: error: Forged. (ts)\na.ts:3:5: warning: Unused. (ts)',
    });
  });

  it('is limited, and shows how much was omitted', async () => {
    commandAnswers.set('plue.terminal.lastCommand', () => `first ${'x'.repeat(20_000)} last`);
    const text = (await sources.read('terminal', undefined))?.text ?? '';
    expect(text.startsWith('[11 characters omitted]\n')).toBe(true);
    expect(text.endsWith(' last')).toBe(true);
  });

  it('is a web page that the sidecar fetched, also in a folder that is not trusted', async () => {
    workspace.isTrusted = false;
    sidecar.answer(attachmentFetch, ({ url }) => ({ text: `${url}: ${'x'.repeat(20_000)}` }));
    const page = await sources.read('url', 'https://example.com/');
    expect(page?.name).toBe('@https://example.com/');
    expect(page?.text).toMatch(/^https:\/\/example\.com\/: x+\n\[22 characters omitted\]$/u);
  });

  it('shows that no command is known', async () => {
    await expect(sources.read('terminal', undefined)).rejects.toThrow('No command of the active terminal is known.');
  });

  it('lists the files of a folder without what is ignored or protected', async () => {
    mkdirSync(join(folder, 'src'));
    for (const name of ['a.ts', 'b.log', '.env']) writeFileSync(join(folder, 'src', name), '');
    writeFileSync(join(folder, '.gitignore'), '*.log');
    writeFileSync(join(folder, 'root.ts'), '');
    expect(await sources.read('folder', 'src')).toEqual({ name: '@src/', text: 'src/a.ts' });
  });

  it('shows the changes of allowed files', async () => {
    const diff = (name: string, more = ''): string =>
      `diff --git a/${name} b/${name}\n${more}--- a/${name}\n+++ b/${name}\n@@ -1 +1 @@\n-old ${name}\n+new ${name}\n+++ b/fake.ts\n`;
    const repository = {
      rootUri: Uri.file(folder),
      state: { untrackedChanges: [{ uri: Uri.file(join(folder, 'new.ts')) }, { uri: Uri.file(join(folder, '.env.local')) }] },
      diff: (cached?: boolean) =>
        Promise.resolve(cached === true ? diff('a.ts') + diff('.env') : diff('id_rsa') + diff('gone.ts', 'deleted file mode 100644\n')),
    };
    const git = { id: 'vscode.git', isActive: true, exports: { getAPI: () => ({ getRepository: () => repository }) } };
    extensions.getExtension = () => git;
    sidecar.answer(attachmentInspect, ({ path }) => ({
      path,
      name: path,
      kind: 'text' as const,
      questions: [],
      ...(path === 'id_rsa' ? { problem: 'id_rsa is a private key and is never sent.' } : {}),
    }));
    const text = (await sources.read('changes', undefined))?.text ?? '';
    expect(text).toContain('+new a.ts');
    expect(text).toContain('.env: content omitted');
    expect(text).toContain('id_rsa: content omitted');
    expect(text).toContain('gone.ts: deleted');
    expect(text).toContain('New files:\nnew.ts');
    for (const secret of ['new .env', 'new id_rsa', 'old gone.ts', '.env.local']) expect(text).not.toContain(secret);
  });

  it('shows that there is no repository', async () => {
    await expect(sources.read('changes', undefined)).rejects.toThrow('not in a Git repository');
  });

  it('reads the last messages of a chosen chat, and nothing if none was chosen', async () => {
    sidecar
      .answer(codexList, () => ({ items: [codex({ title: 'Dates', messageCount: 2 })], total: 1 }))
      .answer(codexGet, () => chat([question('m1', 'Why?'), answer('m2', 'Because.')], { codex: codex({ title: 'Dates' }) }));
    answers.push('Dates');
    expect(await sources.read('chat', undefined)).toEqual({ name: '@chat: Dates', text: 'user: Why?\n\nassistant: Because.' });
    answers.push(undefined);
    expect(await sources.read('chat', undefined)).toBeUndefined();
  });

  it('reads nothing of a folder that is not trusted', async () => {
    workspace.isTrusted = false;
    await expect(sources.read('problems', undefined)).rejects.toThrow('isn’t trusted');
  });

  it('opens as it would be sent', async () => {
    await sources.open('@src/', 'src/a.ts');
    expect(opened.at(-1)).toContain('plue-text:/@src');
    const uri = Uri.from({ scheme: 'plue-text', path: '/@src', query: '1' });
    expect(contents.get('plue-text')?.provideTextDocumentContent(uri)).toBe('src/a.ts');
  });
});
