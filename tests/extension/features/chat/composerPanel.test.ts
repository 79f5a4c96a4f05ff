import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Memento } from 'vscode';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handle } from '../../../../extension/src/common/handlers';
import { ComposerPanel } from '../../../../extension/src/features/chat/composerPanel';
import { EditorContext } from '../../../../extension/src/features/chat/editorContext';
import { LastEditor } from '../../../../extension/src/features/chat/insertCode';
import { TextSources } from '../../../../extension/src/features/chat/textSources';
import { WorkspaceFiles } from '../../../../extension/src/features/chat/workspaceFiles';
import {
  attachmentInspect,
  attachmentStore,
  codexGet,
  codexList,
  skillList,
  codexUpdate,
  messageContext,
  mcpPrompts,
  messageCommands,
  messagePrompt,
  messageSteer,
  messageUnqueue,
  settingsGet,
  type AttachmentView,
  type SkillView,
} from '../../../../extension/src/protocol/protocol.generated';
import type { ComposerToPage } from '../../../../extension/src/common/messages/chatComposer';
import { fakeLog } from '../../testing/fakeLog';
import { memory } from '../../testing/memory';
import { FakeSidecar } from '../../testing/fakeSidecar';
import {
  commandAnswers,
  files as chosen,
  editorChanged,
  FakeDocument,
  FakeEditor,
  folderWatch,
  reset,
  Selection,
  selectionChanged,
  shown,
  TabInputText,
  Uri,
  window,
  workspace,
} from '../../testing/vscode';
import { chat, codex } from '../../webview/chatSamples';

const codexId = 'codex://chats/one';
let folder: string;
let sidecar: FakeSidecar;
let posted: ComposerToPage[];
let panel: ComposerPanel;
let files: WorkspaceFiles;
let editorContext: EditorContext | undefined;
let sources: TextSources | undefined;
let kept: Memento;

beforeEach(() => {
  reset();
  kept = memory();
  folder = mkdtempSync(join(tmpdir(), 'plue-composer-'));
  mkdirSync(join(folder, 'src'));
  writeFileSync(join(folder, 'src', 'date.ts'), '');
  writeFileSync(join(folder, 'notes.md'), '');
  workspace.workspaceFolders = [{ uri: Uri.file(folder) }];
  sidecar = new FakeSidecar();
  begin();
});

function begin(): void {
  posted = [];
  const lastEditor = new LastEditor();
  files = new WorkspaceFiles(lastEditor);
  editorContext?.dispose();
  sources?.dispose();
  sources = new TextSources(sidecar, files);
  editorContext = new EditorContext(sidecar, files, lastEditor, kept);
  panel = new ComposerPanel(codexId, { sidecar, files, lastEditor, editorContext, sources, log: fakeLog().log }, (message) =>
    posted.push(message),
  );
}

/** Selects two lines of a file in the last active editor. */
function select(isDirty = false): void {
  const document = new FakeDocument(Uri.file(join(folder, 'src', 'date.ts')), 'one\ntwo\nthree\n', isDirty);
  window.activeTextEditor = new FakeEditor(document, new Selection(0, 0, 2, 0));
  panel.dispose();
  files.dispose();
  begin();
}

afterEach(() => {
  panel.dispose();
  editorContext?.dispose();
  files.dispose();
  rmSync(folder, { recursive: true, force: true });
});

async function found(text: string): Promise<string[]> {
  await handle(panel.handlers, { type: 'findFiles', text });
  const message = posted.findLast((one) => one.type === 'files');
  return message?.type === 'files' ? message.files.flatMap(({ path, kind }) => (kind === 'file' || kind === 'open' ? [path] : [])) : [];
}

describe('files by @', () => {
  it('are those of the workspace, and added and removed ones are noticed', async () => {
    expect(await found('')).toEqual(['notes.md', 'src/date.ts']);
    writeFileSync(join(folder, 'src', 'dates.ts'), '');
    folderWatch.created.fire(Uri.file(join(folder, 'src', 'dates.ts')));
    await vi.waitFor(async () => expect((await found('date')).sort()).toEqual(['src/date.ts', 'src/dates.ts']));
    folderWatch.deleted.fire(Uri.file(join(folder, 'src')));
    expect(await found('date')).toEqual([]);
  });

  it('REL-42 keep the window free while another branch comes with fifty thousand files', async () => {
    mkdirSync(join(folder, 'many'));
    for (let i = 0; i < 10_000; i++) writeFileSync(join(folder, 'many', `${i}.ts`), '');
    await vi.waitFor(async () => expect(await found('many/9999')).toContain('many/9999.ts'));
    const timed = (uris: Uri[], work: (uri: Uri) => void): number => {
      const began = performance.now();
      for (const uri of uris) work(uri);
      return performance.now() - began;
    };
    // The fastest of 50 alternating measurements, because another program may use the processor.
    let pathOnly = Infinity;
    let handled = Infinity;
    for (let part = 0; part < 50; part++) {
      const uris = Array.from({ length: 1_000 }, (_, i) => Uri.file(join(folder, 'before', `${part * 1_000 + i}.ts`)));
      pathOnly = Math.min(
        pathOnly,
        timed(uris, (uri) => void relative(folder, uri.fsPath)),
      );
      handled = Math.min(
        handled,
        timed(uris, (uri) => folderWatch.deleted.fire(uri)),
      );
    }
    // Apart from the path, the time does not depend on the size of the folder.
    expect(handled).toBeLessThan(20 * pathOnly);
    folderWatch.deleted.fire(Uri.file(join(folder, 'many')));
    expect(await found('')).toEqual(['notes.md', 'src/date.ts']);
  }, 60_000);

  it('are not read in an untrusted folder, with the reason', async () => {
    workspace.isTrusted = false;
    expect(await found('')).toEqual([]);
    expect(posted.at(-1)).toMatchObject({ note: 'This folder isn’t trusted, so Plue won’t open its files.' });
  });

  it('are none without a folder, with the reason', async () => {
    workspace.workspaceFolders = undefined;
    expect(await found('')).toEqual([]);
    expect(posted.at(-1)).toMatchObject({ note: 'No folder is open. Open a folder to attach its files.' });
  });
});

describe('dropped files', () => {
  it('is named by its path, in the workspace or outside, and never by another scheme', async () => {
    const uris = [`file://${folder}/src/date.ts`, 'file:///etc/hosts', 'vscode-remote://host/srv/a.ts', 'https://example.org', 'nonsense'];
    await handle(panel.handlers, { type: 'dropped', uris });
    expect(posted).toEqual([{ type: 'attach', files: [{ path: 'src/date.ts' }, { path: '/etc/hosts' }, { path: '/srv/a.ts' }] }]);
  });
});

describe('a file', () => {
  it('that cannot be read shows it only on its chip', async () => {
    sidecar.answer(attachmentInspect, () => {
      throw new Error('The disk is gone.');
    });
    await handle(panel.handlers, { type: 'inspect', chipId: 'file-1', attachment: { path: 'a.ts' } });
    expect(posted).toEqual([{ type: 'inspected', chipId: 'file-1', error: 'The disk is gone.' }]);
  });

  it('that is pinned is added to the pinned files', async () => {
    const pinned = { path: 'notes.md', name: 'notes.md', kind: 'text' as const, questions: [] };
    sidecar.answer(codexGet, () => chat([], { contextFiles: [pinned] })).answer(codexUpdate, () => codex());
    chosen.push(Uri.file(join(folder, 'src', 'date.ts')));
    await handle(panel.handlers, { type: 'pickPin' });
    expect(sidecar.asked.find(({ method }) => method === codexUpdate.method)?.params).toEqual({
      uri: codexId,
      contextFiles: ['notes.md', 'src/date.ts'],
    });
    expect(posted).toEqual([{ type: 'contextFiles', files: [pinned] }]);
  });
});

describe('attachments of the draft', () => {
  it('is what is selected in an editor, by its lines', async () => {
    await handle(panel.handlers, { type: 'attachSelection' });
    expect(shown.map(({ text }) => text)).toEqual(['Nothing is selected in the editor. Select lines and try again.']);
    expect(posted).toEqual([]);
    select(true);
    await handle(panel.handlers, { type: 'attachSelection' });
    const selection = { path: 'src/date.ts', range: { start: 1, end: 2 }, kind: 'selection', isUnsaved: true };
    expect(posted).toEqual([{ type: 'attach', files: [selection] }]);
  });

  it('is what is chosen in VS Code’s dialog', async () => {
    await handle(panel.handlers, { type: 'pickFiles' });
    expect(posted).toEqual([]);
    chosen.push(Uri.file(join(folder, 'notes.md')));
    await handle(panel.handlers, { type: 'pickFiles' });
    expect(posted).toEqual([{ type: 'attach', files: [{ path: 'notes.md' }] }]);
  });

  it('is an image that was pasted, once it is stored', async () => {
    const view: AttachmentView = { path: '', name: 'paste.png', kind: 'image', blob: 'b1', questions: [] };
    sidecar.answer(attachmentStore, () => view);
    await handle(panel.handlers, { type: 'storeImage', chipId: 'c1', name: 'paste.png', mediaType: 'image/png', data: 'AAAA' });
    expect(sidecar.asked).toEqual([{ method: 'attachment/store', params: { name: 'paste.png', mediaType: 'image/png', data: 'AAAA' } }]);
    expect(posted).toEqual([{ type: 'inspected', chipId: 'c1', view }]);
  });

  it('is an image of the workspace, and others only with consent of the user', async () => {
    const png = Buffer.from('\u0089PNG\r\n\u001a\n0000', 'latin1');
    writeFileSync(join(folder, 'a.png'), png);
    await handle(panel.handlers, { type: 'readImage', chipId: 'c1', path: 'a.png' });
    expect(posted).toEqual([{ type: 'image', chipId: 'c1', mediaType: 'image/png', data: png.toString('base64') }]);
    await handle(panel.handlers, { type: 'readImage', chipId: 'c2', path: '/etc/hosts' });
    expect(posted.at(-1)).toEqual({ type: 'inspected', chipId: 'c2', error: '/etc/hosts is outside the workspace folder.' });
    workspace.isTrusted = false;
    await handle(panel.handlers, { type: 'readImage', chipId: 'c3', path: 'a.png' });
    expect(posted.at(-1)).toEqual({
      type: 'inspected',
      chipId: 'c3',
      error: 'This folder isn’t trusted, so Plue won’t open its files.',
    });
  });
});

describe('the queue', () => {
  it('returns what was removed from it', async () => {
    sidecar.answer(messageUnqueue, () => ({}));
    await handle(panel.handlers, { type: 'unqueue', queuedId: 'q1' });
    expect(sidecar.asked).toEqual([{ method: 'message/unqueue', params: { codexId, queuedId: 'q1' } }]);
  });

  it('is passed on with its files', async () => {
    sidecar.answer(messageSteer, () => ({ messageId: 'm2' }));
    await handle(panel.handlers, { type: 'steer', text: 'Shorter', attachments: [{ path: 'a.ts' }] });
    expect(sidecar.asked[0]?.params).toMatchObject({ codexId, text: 'Shorter', attachments: [{ path: 'a.ts' }] });
  });
});

describe('the meters', () => {
  const context = { tokens: 10, isEstimate: true, shares: [] };

  it('show the context and the limit of a chat', async () => {
    sidecar
      .answer(messageContext, () => context)
      .answer(settingsGet, () => ({ path: '', groups: [], policy: [], values: { budget_usd_per_chat: 2 } }));
    await handle(panel.handlers, { type: 'measureContext', draft: '', attachments: [] });
    expect(posted).toEqual([{ type: 'context', context, costLimit: 2 }]);
  });

  it('shows nothing if measuring fails', async () => {
    await handle(panel.handlers, { type: 'measureContext', draft: '', attachments: [] });
    expect(posted).toEqual([{ type: 'context' }]);
  });
});

describe('prompts', () => {
  it('take in what is selected and the file it is in, where there is an editor', async () => {
    const text = 'Review {{selection}} of {{file}}.';
    const hole = (name: string, written: string) => ({ name, start: text.indexOf(written), length: written.length });
    const placeholders = [hole('selection', '{{selection}}'), hole('file', '{{file}}')];
    sidecar.answer(messagePrompt, () => ({ text, placeholders, arguments: [] }));
    await handle(panel.handlers, { type: 'readPrompt', uri: 'codex://prompts/review' });
    expect(posted).toEqual([{ type: 'promptText', text, args: [] }]);
    select();
    await handle(panel.handlers, { type: 'readPrompt', uri: 'codex://prompts/review' });
    expect(posted).toEqual([{ type: 'promptText', text: 'Review one\ntwo\n of src/date.ts.', args: [] }]);
  });

  it('are the user’s and the folder’s, not what ships as instructions for a model', async () => {
    const prompt = (name: string, layer: 'shipped' | 'user') => codex({ uri: `codex://prompts/${name}`, title: name, layer });
    sidecar.answer(codexList, () => ({ items: [prompt('default-assistant', 'shipped'), prompt('review', 'user')], total: 2 }));
    sidecar.answer(skillList, () => ({ skills: [], locations: [], listTokens: 0, listLimit: 2000 }));
    sidecar.answer(messageCommands, () => ({ items: [] })).answer(mcpPrompts, () => ({ prompts: [] }));
    await handle(panel.handlers, { type: 'listPrompts' });
    expect(posted).toContainEqual({ type: 'prompts', prompts: [{ uri: 'codex://prompts/review', title: 'review' }] });
  });

  it('come with the skills that are on and that the user can invoke', async () => {
    const skill = (name: string, change: Partial<SkillView> = {}): SkillView => ({
      name,
      description: `Does ${name}.`,
      folder: `/skills/${name}`,
      path: `/skills/${name}/SKILL.md`,
      location: { path: '/skills', title: '~/.plue/skills', isWorkspace: false },
      state: 'on',
      fingerprint: 'print',
      tokens: 10,
      listTokens: 5,
      isForModel: true,
      isForUser: true,
      files: [],
      problems: [],
      ...change,
    });
    sidecar.answer(codexList, () => ({ items: [], total: 0 }));
    sidecar.answer(messageCommands, () => ({ items: [] })).answer(mcpPrompts, () => ({ prompts: [] }));
    sidecar.answer(skillList, () => ({
      skills: [skill('pdf', { argumentHint: '[file]' }), skill('off', { state: 'off' }), skill('its', { isForUser: false })],
      locations: [],
      listTokens: 5,
      listLimit: 2000,
    }));
    await handle(panel.handlers, { type: 'listPrompts' });
    expect(posted).toContainEqual({ type: 'skills', skills: [{ name: 'pdf', description: 'Does pdf.', argumentHint: '[file]' }] });
  });

  it('come with the commands of the agent that responds', async () => {
    const command = { name: 'review', description: 'Review the changes', hint: 'what to look at' };
    sidecar.answer(codexList, () => ({ items: [], total: 0 }));
    sidecar.answer(messageCommands, () => ({ items: [command] })).answer(mcpPrompts, () => ({ prompts: [] }));
    sidecar.answer(skillList, () => ({ skills: [], locations: [], listTokens: 0, listLimit: 2000 }));
    await handle(panel.handlers, { type: 'listPrompts' });
    expect(posted).toContainEqual({ type: 'prompts', prompts: [], commands: [command] });
  });
});

describe('the place of the editor', () => {
  const place = (): unknown => posted.findLast((one) => one.type === 'editorContext');
  const choice = { file: false, selection: true };
  const none: AttachmentView = { path: '', name: '', kind: 'text', questions: [] };

  /** Opens src/date.ts with two selected lines. */
  function show(path = join('src', 'date.ts'), answer: Partial<AttachmentView> = { tokens: 9 }): void {
    sidecar.answer(attachmentInspect, () => ({ ...none, ...answer }));
    const document = new FakeDocument(Uri.file(join(folder, path)), 'one\ntwo\nthree\n');
    const editor = new FakeEditor(document, new Selection(0, 0, 2, 0));
    window.tabGroups.all.push({ tabs: [{ input: new TabInputText(document.uri) }], viewColumn: 1 });
    editorChanged.fire(editor);
  }

  it('follows the editor, and is gone with its tab', async () => {
    show();
    await vi.waitFor(() =>
      expect(place()).toEqual({ type: 'editorContext', choice, place: { path: 'src/date.ts', range: { start: 1, end: 2 }, tokens: 9 } }),
    );
    window.tabGroups.all.length = 0;
    window.tabGroups.changed.fire();
    await vi.waitFor(() => expect(place()).toEqual({ type: 'editorContext', choice }));
  });

  it.each<[string, string, Partial<AttachmentView>]>([
    ['is protected by its name', '.env', {}],
    ['is protected by the sidecar', 'id_rsa', { problem: 'id_rsa is a private key and is never sent.' }],
    ['is outside of the workspace', '../other.ts', { questions: ['outsideWorkspace'] }],
  ])('is not shown for a file that %s', async (_, path, answer) => {
    show();
    await vi.waitFor(() => expect(place()).toHaveProperty('place'));
    window.tabGroups.all.length = 0;
    show(path, answer);
    await vi.waitFor(() => expect(place()).toEqual({ type: 'editorContext', choice }));
  });

  it('is not shown in a folder that is not trusted', async () => {
    show();
    await vi.waitFor(() => expect(place()).toHaveProperty('place'));
    workspace.isTrusted = false;
    selectionChanged.fire();
    await vi.waitFor(() => expect(place()).toEqual({ type: 'editorContext', choice }));
  });

  it('keeps for new chats what was chosen', async () => {
    await handle(panel.handlers, { type: 'keepEditorChoice', choice: { file: true, selection: false } });
    begin();
    panel.showEditor();
    expect(place()).toEqual({ type: 'editorContext', choice: { file: true, selection: false } });
  });
});

describe('an @', () => {
  const hits = async (text: string): Promise<unknown[]> => {
    await handle(panel.handlers, { type: 'findFiles', text });
    const message = posted.findLast((one) => one.type === 'files');
    return message?.type === 'files' ? message.files : [];
  };

  it('finds sources, folders, and symbols among the files', async () => {
    await vi.waitFor(async () => expect(await hits('src')).toContainEqual({ path: 'src', kind: 'folder' }));
    expect((await hits('prob'))[0]).toEqual({ path: 'problems', kind: 'source' });
    const at = (path: string): unknown => ({ uri: Uri.file(path), range: new Selection(2, 0, 4, 1) });
    commandAnswers.set('vscode.executeWorkspaceSymbolProvider', () => [
      { name: 'dateOf', location: at(join(folder, 'src', 'date.ts')) },
      { name: 'dateOfLibrary', location: at('/usr/lib/date.ts') },
    ]);
    const found = await hits('dateo');
    expect(found).toEqual([{ path: 'src/date.ts', kind: 'symbol', name: 'dateOf', range: { start: 3, end: 5 } }]);
  });

  it('shows the files when symbols fail', async () => {
    commandAnswers.set('vscode.executeWorkspaceSymbolProvider', () => Promise.reject(new Error('No.')));
    await vi.waitFor(async () => expect(await found('date')).toEqual(['src/date.ts']));
  });
});
