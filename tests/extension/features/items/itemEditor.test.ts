import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uri as RealUri } from 'vscode';
import { Documents } from '../../../../extension/src/features/items/documents';
import { History } from '../../../../extension/src/features/items/history';
import { ItemEditor } from '../../../../extension/src/features/items/itemEditor';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  codexCreate,
  codexDelete,
  codexGet,
  codexHistory,
  codexLinks,
  codexList,
  codexUpdate,
  providerList,
  providerModels,
  taskSpawn,
  templateGet,
  type CodexGetResult,
  type CodexSummary,
  type FieldView,
  type TemplateView,
} from '../../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { codexSummary } from '../../testing/codexSummary';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { contents, executed, opened, panels, reset, restorePanel, shown, TabInputTextDiff, Uri, window } from '../../testing/vscode';
import { chat, provider } from '../../webview/chatSamples';
import { task } from '../../webview/taskSamples';

const field = (name: string, change: Partial<FieldView> = {}): FieldView => ({
  ...{ name, type: 'text', required: false, options: [], properties: [] },
  ...change,
});
const soup = codexSummary('codex://items/soup', { templateId: 'recipe', title: 'Soup', version: 3, layer: 'user' });
const talk = codexSummary('codex://chats/talk', { title: 'Talk', version: 7 });

let template: TemplateView;
let stored: CodexGetResult;
let sidecar: FakeSidecar;
let lines: string[];
let editor: ItemEditor;

beforeEach(() => {
  reset();
  template = { id: 'recipe', name: 'Recipe', fields: [field('servings')] };
  stored = file(soup, { servings: 2 });
  sidecar = new FakeSidecar()
    .answer(codexGet, () => stored)
    .answer(templateGet, () => template)
    .answer(codexCreate, () => soup)
    .answer(codexUpdate, () => ({ ...stored.codex, version: stored.codex.version + 1 }))
    .answer(providerList, () => ({ items: [provider({ isDefault: true })], kinds: [] }));
  const { log, lines: written } = fakeLog();
  lines = written;
  editor = new ItemEditor({
    sidecar,
    providers: new ProviderList(sidecar),
    documents: new Documents(sidecar),
    history: new History(sidecar),
    extensionUri: RealUri.file(extensionFolder),
    log,
  });
});

afterEach(() => editor.dispose());

/** Returns an item, which is a file. */
function file(codex: CodexSummary, values: Record<string, unknown>, path = '/home/me/.plue/items/soup.json5'): CodexGetResult {
  return chat([], { codex, document: { text: '{}', values, problems: [], path, canUndo: false, canRedo: false } });
}

function received(): unknown[] {
  return panels[0]?.received ?? [];
}

/** Sends a message from the page and waits for its effect. */
async function say(message: unknown, answer: object): Promise<void> {
  const before = received().length;
  panels[0]?.say(message);
  await vi.waitFor(() => expect(received().slice(before)).toContainEqual(expect.objectContaining(answer)));
}

async function open(target: Parameters<ItemEditor['open']>[0] = { uri: soup.uri }): Promise<void> {
  await editor.open(target);
  await say({ type: 'ready' }, { type: 'form' });
  sidecar.asked.length = 0;
}

function paramsOf(method: string): unknown {
  return sidecar.asked.findLast((one) => one.method === method)?.params;
}

describe('a form', () => {
  it('shows an item as its file has it, and is called after it', async () => {
    await open();
    expect(received()).toContainEqual({
      type: 'form',
      target: { uri: soup.uri },
      template,
      codex: soup,
      values: { servings: 2 },
      offers: {},
    });
    expect(panels[0]?.title).toBe('Soup');
    await vi.waitFor(() => expect(received().at(-1)).toMatchObject({ type: 'providers', providers: [{ id: 'anthropic' }] }));
  });

  it('that was opened while another loaded is the one shown and saved', async () => {
    await open();
    let answerFirst: (value: TemplateView) => void = () => undefined;
    const slow = new Promise<TemplateView>((resolve) => (answerFirst = resolve));
    sidecar.answer(templateGet, ({ id }) => (id === 'slow' ? slow : Promise.resolve({ ...template, id })));
    const first = editor.open({ templateId: 'slow' });
    await editor.open({ templateId: 'fast' });
    answerFirst({ ...template, id: 'slow' });
    await first;
    expect(received()).toContainEqual(expect.objectContaining({ type: 'form', target: { templateId: 'fast' } }));
    expect(received()).not.toContainEqual(expect.objectContaining({ type: 'form', target: { templateId: 'slow' } }));
  });

  it('of a new item starts with the passed values', async () => {
    await open({ templateId: 'recipe', values: { servings: 4 } });
    expect(received()).toContainEqual(expect.objectContaining({ type: 'form', values: { servings: 4 } }));
    expect(panels[0]?.title).toBe('New Recipe');
  });

  it('of a chat shows its settings', async () => {
    stored = chat([], { codex: talk, values: { permission_mode: 'ask' }, readOnlyReason: 'Another window writes to it.' });
    await open({ uri: talk.uri });
    expect(received()).toContainEqual(
      expect.objectContaining({ type: 'form', values: { permission_mode: 'ask' }, readOnlyReason: 'Another window writes to it.' }),
    );
    expect(panels[0]?.title).toBe('Settings: Talk');
  });

  it('that is restored with the window shows its earlier item; an empty one shows that', async () => {
    restorePanel('plue.item');
    await say(
      { type: 'ready' },
      { type: 'refused', error: { kind: 'notFound', message: 'No item is selected. Run Plue: Open Item to open one.' } },
    );
    await say({ type: 'ready', target: { uri: soup.uri } }, { type: 'form', codex: soup });
  });

  it('of a file with errors is not shown, and the next step is', async () => {
    stored = file({ ...soup, templateId: '' }, {});
    await editor.open({ uri: soup.uri });
    await say(
      { type: 'ready' },
      {
        type: 'refused',
        error: {
          kind: 'validationFailed',
          message: 'The file of Soup contains errors, so the form can’t be shown. Open the file and fix them.',
        },
      },
    );
  });

  it('offers what its fields may refer to, and does without where that cannot be listed', async () => {
    template.fields = [
      field('base', { type: 'codexReference', templateFilter: 'recipe' }),
      field('prompt', { type: 'codexReference', templateFilter: 'markdown' }),
      field('who', { type: 'codexReference', templateFilter: 'llm-provider' }),
    ];
    sidecar.answer(codexList, ({ collection, templateId }) => ({
      items: [codexSummary(`codex://${collection}/${templateId ?? 'any'}`)],
      total: 1,
    }));
    await open();
    const offers = { base: ['codex://items/recipe'], prompt: ['codex://prompts/any'], who: ['codex://providers/any'] };
    expect(received()).toContainEqual(expect.objectContaining({ type: 'form', offers }));
    sidecar.answer(codexList, () => {
      throw new FailureError('internal', 'The disk is gone.');
    });
    await say({ type: 'reload' }, { type: 'form', offers: {} });
    expect(lines).toContain('Nothing can be offered for base, prompt, who: The disk is gone.');
  });

  it('lists models, with why there are none', async () => {
    await open();
    sidecar.answer(providerModels, () => ({ models: [{ id: 'large' }], error: { kind: 'unreachable', message: 'These are old.' } }));
    await say({ type: 'listModels', providerId: 'lab' }, { type: 'models', models: [{ id: 'large' }], error: 'These are old.' });
    sidecar.answer(providerModels, () => {
      throw new FailureError('notFound', 'There is no provider lab.');
    });
    await say({ type: 'listModels', providerId: 'lab' }, { type: 'models', models: [], error: 'There is no provider lab.' });
  });
});

describe('saving', () => {
  it('of an item is rejected by the sidecar if the file is newer than the shown version', async () => {
    await open();
    await say({ type: 'save', values: { servings: 3 }, expectedVersion: 3 }, { type: 'saved', codex: { ...soup, version: 4 } });
    expect(paramsOf('codex/update')).toEqual({ uri: soup.uri, set: { servings: 3 }, expectedVersion: 3 });
    sidecar.answer(codexUpdate, () => {
      throw new FailureError('conflict', 'Soup was changed elsewhere.');
    });
    await say(
      { type: 'save', values: {}, expectedVersion: 3 },
      { type: 'refused', error: { kind: 'conflict', message: 'Soup was changed elsewhere.' } },
    );
  });

  it('of a chat may follow messages, but no other change of its settings', async () => {
    stored = chat([], { codex: talk, values: { permission_mode: 'ask', goal: 'a' } });
    await open({ uri: talk.uri });
    stored = chat([], { codex: { ...talk, version: 9 }, values: { goal: 'a', permission_mode: 'ask' } });
    await say({ type: 'save', values: { goal: 'b' }, expectedVersion: 7 }, { type: 'saved' });
    expect(paramsOf('codex/update')).toEqual({ uri: talk.uri, set: { goal: 'b' } });
    stored = chat([], { codex: { ...talk, version: 11 }, values: { permission_mode: 'auto' } });
    sidecar.asked.length = 0;
    const message = 'The settings of “Talk” were changed elsewhere.';
    await say({ type: 'save', values: { goal: 'c' } }, { type: 'refused', error: { kind: 'conflict', message } });
    expect(sidecar.methods()).toEqual(['codex/get']);
  });

  it('as new is an item that is shown as it was stored', async () => {
    await open({ templateId: 'recipe' });
    await say({ type: 'save', title: 'Soup', values: { servings: 2 } }, { type: 'saved', codex: soup, values: { servings: 2 } });
    expect(paramsOf('codex/create')).toEqual({ templateId: 'recipe', title: 'Soup', values: { servings: 2 } });
    expect(panels[0]?.title).toBe('Soup');
  });

  it('as new is a chat or a task, which goes on in its panel', async () => {
    template = { ...template, collection: 'chats' };
    sidecar.answer(codexCreate, () => talk).answer(taskSpawn, () => task());
    await open({ templateId: 'recipe' });
    panels[0]?.say({ type: 'save', values: {} });
    await vi.waitFor(() => expect(executed).toEqual([['plue.openChat', talk.uri]]));
    expect(paramsOf('codex/create')).toEqual({ templateId: 'recipe', collection: 'chats', values: {} });
    template = { ...template, collection: 'tasks' };
    await editor.open({ templateId: 'recipe', parentId: talk.uri });
    const before = panels[1]?.received.length ?? 0;
    panels[1]?.say({ type: 'ready' });
    await vi.waitFor(() => expect(panels[1]?.received.slice(before)).toContainEqual(expect.objectContaining({ type: 'form' })));
    panels[1]?.say({ type: 'save', values: { goal: 'Export' } });
    await vi.waitFor(() => expect(executed.at(-1)).toEqual(['plue.openChat', task().uri]));
    expect(paramsOf('task/spawn')).toEqual({ templateId: 'recipe', goal: 'Export', parentId: talk.uri });
  });
});

describe('external changes', () => {
  it('receives a new version or the deletion of an item', async () => {
    await open();
    const before = received().length;
    sidecar.codexChanged.fire({ uri: soup.uri, codex: soup });
    sidecar.codexChanged.fire({ uri: 'codex://items/other', codex: { ...soup, version: 9 } });
    expect(received()).toHaveLength(before);
    sidecar.codexChanged.fire({ uri: soup.uri, codex: { ...soup, version: 4 } });
    expect(received().at(-1)).toEqual({ type: 'changed', isGone: false });
    sidecar.codexChanged.fire({ uri: soup.uri });
    expect(received().at(-1)).toEqual({ type: 'changed', isGone: true });
  });

  it('receives changed settings of a chat after it has settled', async () => {
    stored = chat([], { codex: talk, values: { goal: 'a' } });
    await open({ uri: talk.uri });
    const changed = async (version: number, goal: string, status: CodexSummary['status'] = 'idle'): Promise<unknown[]> => {
      const before = received().length;
      const asked = sidecar.asked.length;
      stored = chat([], { codex: { ...talk, version }, values: { goal } });
      sidecar.codexChanged.fire({ uri: talk.uri, codex: { ...talk, version, status } });
      if (status === 'idle') await vi.waitFor(() => expect(sidecar.asked.length).toBeGreaterThan(asked));
      await new Promise((resolve) => setImmediate(resolve));
      return received().slice(before);
    };
    expect(await changed(8, 'b', 'running')).toEqual([]);
    expect(await changed(9, 'a')).toEqual([]);
    expect(await changed(10, 'b')).toEqual([{ type: 'changed', isGone: false }]);
  });

  it('of a chat that cannot be read is logged', async () => {
    stored = chat([], { codex: talk, values: {} });
    await open({ uri: talk.uri });
    sidecar.answer(codexGet, () => {
      throw new FailureError('internal', 'The disk is gone.');
    });
    sidecar.codexChanged.fire({ uri: talk.uri, codex: { ...talk, version: 8 } });
    await vi.waitFor(() => expect(lines).toEqual([`The settings of ${talk.uri} could not be read: The disk is gone.`]));
  });
});

describe('the buttons of a form', () => {
  it('open its file, its history and the providers, and move it to the trash', async () => {
    await open();
    sidecar
      .answer(codexLinks, () => ({ incoming: [], outgoing: [] }))
      .answer(codexDelete, () => ({}))
      .answer(codexHistory, () => ({ versions: [] }));
    panels[0]?.say({ type: 'openFile' });
    await vi.waitFor(() => expect(opened).toEqual(['/home/me/.plue/items/soup.json5']));
    panels[0]?.say({ type: 'connect' });
    await vi.waitFor(() => expect(executed).toEqual([['plue.manageProviders']]));
    panels[0]?.say({ type: 'history' });
    await vi.waitFor(() => expect(shown.at(-1)).toMatchObject({ text: 'History of Soup', detail: 'Choose a version to compare' }));
    panels[0]?.say({ type: 'delete' });
    await vi.waitFor(() => expect(shown.at(-1)?.text).toBe('Moved “Soup” to the trash.'));
  });

  it('do nothing to one that is not there yet', async () => {
    await open({ templateId: 'recipe' });
    await say({ type: 'delete' }, { type: 'refused', error: { kind: 'notFound', message: 'Save the file first.' } });
    expect(sidecar.asked).toEqual([]);
  });
});

describe('an old version', () => {
  const address = (change: Record<string, string> = {}): Uri =>
    Uri.from({
      scheme: 'plue-version',
      path: '/2/soup.json5',
      query: new URLSearchParams({ uri: soup.uri, version: '2', restores: '2', ...change }).toString(),
    });
  let history: History;

  beforeEach(() => {
    history = new History(sidecar);
  });
  afterEach(() => history.dispose());

  it('in front is restored over the newest, and the history keeps that', async () => {
    window.tabGroups.activeTabGroup = { activeTab: { input: new TabInputTextDiff(address(), address()) } };
    await history.restore(undefined);
    expect(sidecar.asked.map(({ params }) => params)).toEqual([
      { uri: soup.uri },
      { uri: soup.uri, version: 2 },
      { uri: soup.uri, text: '{}', expectedVersion: 3 },
    ]);
    expect(shown.at(-1)?.text).toBe('Restored version 2 of “Soup”. The replaced version is in the history.');
  });

  it('has to be chosen first, and to have a text', async () => {
    await expect(history.restore(undefined)).rejects.toThrow('Choose a version first, with Plue: Show History.');
    stored = chat([], { codex: talk });
    window.tabGroups.activeTabGroup = { activeTab: { input: new TabInputTextDiff(address(), address()) } };
    await expect(history.restore(undefined)).rejects.toThrow('This version is empty.');
    expect(sidecar.methods()).not.toContain('codex/update');
  });

  it('is read by its address, and other addresses are ignored', async () => {
    const texts = contents.get('plue-version');
    expect(await texts?.provideTextDocumentContent(address())).toBe('{}');
    expect(sidecar.asked).toEqual([{ method: 'codex/get', params: { uri: soup.uri, version: 2 } }]);
    expect(await texts?.provideTextDocumentContent(address({ uri: 'https://example.org' }))).toBe('');
    expect(await texts?.provideTextDocumentContent(address({ version: '0' }))).toBe('');
    expect(sidecar.asked).toHaveLength(1);
  });
});
