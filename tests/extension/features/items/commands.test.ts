import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uri as RealUri, type Disposable } from 'vscode';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import { activateItems } from '../../../../extension/src/features/items';
import {
  codexChangeTemplate,
  codexCreate,
  codexGet,
  codexHistory,
  codexLinks,
  codexList,
  codexDelete,
  codexRedo,
  codexRestore,
  codexUndo,
  messageSend,
  providerList,
  skillList,
  templateCheck,
  templateGet,
  templateList,
  type CodexSummary,
  type FieldView,
  type TemplateView,
} from '../../../../extension/src/protocol/protocol.generated';
import { plueHome } from '../../../../extension/src/server/plueHome';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { codexSummary } from '../../testing/codexSummary';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { templateSummary } from '../../testing/templateSummary';
import { answers, executed, lists, opened, panels, registered, reset, shown } from '../../testing/vscode';
import { chat, provider } from '../../webview/chatSamples';

const field = (name: string, change: Partial<FieldView> = {}): FieldView => ({
  ...{ name, type: 'text', required: false, options: [], properties: [] },
  ...change,
});
const soup = codexSummary('codex://items/soup', { templateId: 'recipe', title: 'Soup', layer: 'user', description: 'With leek.' });

let template: TemplateView;
let items: CodexSummary[];
let sidecar: FakeSidecar;
let active: Disposable;

beforeEach(() => {
  reset();
  template = { id: 'reviewer', name: 'Reviewer', collection: 'chats', fields: [field('tone')] };
  items = [soup, codexSummary('codex://items/shipped', { layer: 'shipped' })];
  sidecar = new FakeSidecar()
    .answer(codexGet, ({ uri }) => chat([], { codex: { ...soup, uri } }))
    .answer(codexList, ({ collection }) => {
      const found = items.filter(({ uri }) => uri.startsWith(`codex://${collection}/`));
      return { items: found, total: found.length };
    })
    .answer(codexCreate, () => codexSummary('codex://chats/new'))
    .answer(providerList, () => ({ items: [provider({ isDefault: true })], kinds: [] }))
    .answer(templateGet, () => template)
    .answer(templateCheck, () => ({ findings: [] }))
    .answer(templateList, () => ({
      templates: [
        templateSummary('writer', { name: 'Writer' }),
        templateSummary('reviewer', { name: 'Reviewer', collection: 'chats' }),
        templateSummary('recipe', { name: 'Recipe', collection: 'items' }),
      ],
    }));
  active = activateItems({ extensionUri: RealUri.file(extensionFolder) }, sidecar, new ProviderList(sidecar), fakeLog().log);
  executed.length = 0;
});

afterEach(() => active.dispose());

async function run(command: string, given?: unknown): Promise<void> {
  await registered.get(command)?.(given);
}

/** Returns what the opened form shows. */
async function form(): Promise<unknown> {
  const [panel] = panels;
  panel?.say({ type: 'ready' });
  await vi.waitFor(() => expect(panel?.received).toContainEqual(expect.objectContaining({ type: 'form' })));
  return panel?.received.find((message) => typeof message === 'object' && message !== null && 'target' in message);
}

describe('a new chat from a template', () => {
  it('is opened at once, with the passed values that it has fields for', async () => {
    await run('plue.newChatFromTemplate', { templateId: 'reviewer', values: { tone: 'kind', permission_mode: 'ask' } });
    expect(sidecar.asked.at(-1)).toEqual({
      method: 'codex/create',
      params: { templateId: 'reviewer', collection: 'chats', values: { tone: 'kind' } },
    });
    expect(executed).toEqual([['plue.openChat', 'codex://chats/new']]);
  });

  it('shows the form first if its template has required fields', async () => {
    template.fields = [field('branch', { required: true }), field('provider_ref', { required: true })];
    answers.push('Reviewer');
    await run('plue.newChatFromTemplate');
    expect(await form()).toMatchObject({ target: { templateId: 'reviewer' } });
    expect(sidecar.methods()).not.toContain('codex/create');
    await run('plue.newChatFromTemplate', { templateId: 'reviewer', values: { branch: 'main' } });
    expect(executed).toEqual([['plue.openChat', 'codex://chats/new']]);
  });

  it('replaces the template of an empty chat, which keeps its address', async () => {
    sidecar.answer(codexChangeTemplate, ({ uri, templateId }) => codexSummary(uri, { templateId }));
    await run('plue.newChatFromTemplate', { templateId: 'reviewer', chat: 'codex://chats/empty' });
    expect(sidecar.asked).toEqual([{ method: 'codex/changeTemplate', params: { uri: 'codex://chats/empty', templateId: 'reviewer' } }]);
    expect([executed, panels]).toEqual([[], []]);
  });

  it('asks in the form for what the template of an empty chat requires, and changes that chat', async () => {
    template.fields = [field('branch', { required: true })];
    sidecar.answer(codexChangeTemplate, ({ uri, templateId, values }) => {
      if (values?.['branch'] === undefined) throw new FailureError('missingField', 'The template was not changed. `branch` is missing.');
      return codexSummary(uri, { templateId });
    });
    await run('plue.newChatFromTemplate', { templateId: 'reviewer', chat: 'codex://chats/empty' });
    expect(await form()).toMatchObject({ target: { templateId: 'reviewer', chat: 'codex://chats/empty' } });
    panels[0]?.say({ type: 'save', values: { branch: 'main' } });
    await vi.waitFor(() => expect(executed).toContainEqual(['plue.openChat', 'codex://chats/empty']));
    expect(sidecar.methods()).not.toContain('codex/create');
  });

  it('is refused for a template of something else', async () => {
    template.collection = 'tasks';
    await run('plue.newChatFromTemplate', { templateId: 'writer' });
    expect(shown).toMatchObject([{ kind: 'error', text: '“Reviewer” is not a chat template.' }]);
  });
});

describe('a chat that edits a document', () => {
  const edited = (uri: string, title: string): unknown => ({
    method: 'codex/create',
    params: { templateId: 'document-editor', collection: 'chats', title, values: { document: uri } },
  });

  it('is opened over the document that a menu passes, or the file of one', async () => {
    await run('plue.editWithPlue', 'codex://templates/recipe');
    expect(sidecar.asked.at(-1)).toEqual(edited('codex://templates/recipe', 'Edit Soup'));
    expect(executed).toEqual([['plue.openChat', 'codex://chats/new']]);
    await run('plue.editWithPlue', RealUri.file(join(plueHome(process.env), 'prompts', 'log-reader.md')));
    expect(sidecar.asked.at(-1)).toEqual(edited('codex://prompts/log-reader', 'Edit Soup'));
    await run('plue.editWithPlue', RealUri.from({ scheme: 'plue-codex', path: '/templates/task.json5' }));
    expect(sidecar.asked.at(-1)).toEqual(edited('codex://templates/task', 'Edit Soup'));
  });

  it('is opened over a skill by its file', async () => {
    const path = RealUri.file('/work/.claude/skills/notes/SKILL.md').fsPath;
    const place = { path: '/work/.claude/skills', title: '.claude/skills', isWorkspace: true };
    const notes = {
      name: 'notes',
      description: '',
      folder: '',
      path,
      location: place,
      state: 'on',
      fingerprint: '',
      tokens: 1,
      listTokens: 1,
    } as const;
    const skill = { ...notes, isForModel: true, isForUser: true, files: [], problems: [] };
    sidecar.answer(skillList, () => ({ skills: [skill], locations: [place], listTokens: 1, listLimit: 2000 }));
    await run('plue.editWithPlue', RealUri.file(path));
    expect(sidecar.asked.at(-1)).toEqual(edited(path, 'Edit notes'));
    await run('plue.editWithPlue', RealUri.file('/other/SKILL.md'));
    expect(shown.at(-1)?.text).toBe('/other/SKILL.md isn’t in a folder of skills that Plue reads.');
  });

  it('asks which document is meant for any other file', async () => {
    answers.push('Soup');
    await run('plue.editWithPlue', RealUri.file('/work/prompts/other.md'));
    expect(lists.at(-1)).toMatchObject([{ label: 'Soup' }, { label: 'shipped' }]);
    expect(sidecar.asked.at(-1)).toEqual(edited('codex://items/soup', 'Edit Soup'));
  });

  it('creates a template from a description, which is sent at once', async () => {
    sidecar.answer(messageSend, () => ({ messageId: 'm1' }));
    answers.push(' Reads logs ');
    await run('plue.createWithPlue');
    expect(sidecar.asked.slice(-2)).toEqual([
      { method: 'codex/create', params: { templateId: 'document-editor', collection: 'chats', title: 'Create template' } },
      { method: 'message/send', params: { codexId: 'codex://chats/new', text: 'Create a template: Reads logs' } },
    ]);
    expect(executed).toEqual([['plue.openChat', 'codex://chats/new']]);
  });
});

describe('a new task', () => {
  it('under a chat is asked which template it is of, and begins with what is to be done', async () => {
    template.collection = 'tasks';
    answers.push('Writer');
    await run('plue.newTask', { goal: 'Export', parentId: 'codex://chats/one' });
    expect(shown[0]).toMatchObject({ text: 'New Task' });
    expect(await form()).toMatchObject({ target: { templateId: 'writer', parentId: 'codex://chats/one' }, values: { goal: 'Export' } });
  });

  it('of a passed template asks nothing', async () => {
    await run('plue.newTask', { templateId: 'writer', values: { goal: 'Export' } });
    expect(shown).toEqual([]);
    expect(await form()).toMatchObject({ target: { templateId: 'writer' }, values: { goal: 'Export' } });
  });

  it('needs a template, and the way to create one is shown', async () => {
    sidecar.answer(templateList, () => ({ templates: [] }));
    await run('plue.newTask');
    await run('plue.newFromTemplate');
    await run('plue.newChatFromTemplate');
    expect(shown.map(({ text }) => text)).toEqual([
      'No task templates found. Run Plue: New Template to create one.',
      'No custom templates found. Run Plue: New Template to create one.',
      'No chat templates found. Run Plue: New Template to create one.',
    ]);
    expect(panels).toEqual([]);
  });
});

describe('opening items', () => {
  it.each([
    ['codex://chats/one', ['plue.openChat', 'codex://chats/one']],
    ['codex://tasks/one', ['plue.openChat', 'codex://tasks/one']],
    ['codex://providers/lab', ['plue.manageProviders', 'lab']],
  ])('%s is shown where it is at home', async (uri, command) => {
    await run('plue.openCodex', uri);
    expect(executed).toEqual([command]);
  });

  it('is a form of an item, and the text of anything else, whether or not it is a file', async () => {
    await run('plue.openCodex', 'codex://items/soup');
    expect(await form()).toMatchObject({ target: { uri: 'codex://items/soup' } });
    await run('plue.openCodex', 'codex://prompts/review');
    const document = { text: '', values: {}, problems: [], path: '/home/me/.plue/prompts/own.md', canUndo: false, canRedo: false };
    sidecar.answer(codexGet, () => chat([], { document }));
    await run('plue.openCodex', 'codex://prompts/own');
    expect(opened).toHaveLength(2);
    expect(opened[0]).toContain('review');
    expect(opened[1]).toBe('/home/me/.plue/prompts/own.md');
    await run('plue.openCodex');
    expect(opened).toHaveLength(2);
  });

  it('is selected among the user’s items if none is given', async () => {
    answers.push('Soup');
    await run('plue.openItem');
    expect(lists[0]).toMatchObject([{ label: 'Soup', description: 'Item', detail: 'With leek.' }]);
    expect(await form()).toMatchObject({ target: { uri: soup.uri } });
    items = [];
    await run('plue.openItem');
    expect(shown.at(-1)).toMatchObject({ kind: 'error', text: 'No custom items yet.' });
  });
});

describe('actions for an item', () => {
  it('is undone and done again, with the way back beside it', async () => {
    sidecar.answer(codexUndo, () => soup).answer(codexRedo, () => soup);
    answers.push('Soup', 'Redo');
    await run('plue.undoChange');
    expect(sidecar.methods().slice(-2)).toEqual(['codex/undo', 'codex/redo']);
    expect(shown.map(({ text }) => text)).toEqual([
      'Undo Last Change to Item',
      'Undid the last change to “Soup”.',
      'Redid the change to “Soup”.',
    ]);
    answers.push('Soup');
    await run('plue.redoChange');
    expect(sidecar.methods().at(-1)).toBe('codex/redo');
  });

  it('is moving it to the trash, and back', async () => {
    sidecar
      .answer(codexLinks, () => ({ incoming: [], outgoing: [] }))
      .answer(codexDelete, () => ({}))
      .answer(codexRestore, () => soup);
    answers.push('Soup');
    await run('plue.deleteDocument');
    expect(shown.at(-1)?.text).toBe('Moved “Soup” to the trash.');
    expect(sidecar.asked.filter(({ method }) => method === 'codex/list').map(({ params }) => params)).not.toContainEqual({
      collection: 'providers',
    });
    answers.push('Soup');
    await run('plue.restoreDocument');
    expect(sidecar.asked.at(-1)).toEqual({ method: 'codex/restore', params: { uri: soup.uri } });
    items = [];
    await run('plue.restoreDocument');
    expect(shown.at(-1)?.text).toBe('The trash is empty.');
  });

  it('is its history, by its name or by choosing it', async () => {
    sidecar.answer(codexHistory, () => ({ versions: [] }));
    await run('plue.showHistory', 'codex://chats/one');
    expect(shown.at(-1)?.text).toBe('History of Soup');
    answers.push('Soup');
    await run('plue.showHistory');
    expect(sidecar.asked.at(-1)).toEqual({ method: 'codex/history', params: { uri: soup.uri } });
  });
});
