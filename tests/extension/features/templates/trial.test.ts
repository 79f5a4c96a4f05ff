import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Uri as RealUri } from 'vscode';
import { TrialEditor } from '../../../../extension/src/features/templates/trial';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  templateGet,
  templateTry,
  type FieldView,
  type TemplateTryParams,
  type TemplateTryResult,
  type TemplateView,
} from '../../../../extension/src/protocol/protocol.generated';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { executed, FakePanel, opened, panels, reset, restorePanel, savedDocument, selections, Uri } from '../../testing/vscode';

const field = (name: string, change: Partial<FieldView> = {}): FieldView => ({
  ...{ name, type: 'text', required: false, options: [], properties: [] },
  ...change,
});
const result: TemplateTryResult = {
  ...{ id: 'log-reader', name: 'Log reader', system: 'You read logs.', message: '', tools: [], inputTokens: 12 },
  sources: [
    { kind: 'prompt', source: 'codex://prompts/log-reader', title: 'log-reader', version: 'a' },
    { kind: 'rules', source: '/work/AGENTS.md', path: '/work/AGENTS.md', title: 'AGENTS.md', version: 'b' },
  ],
  findings: [
    { kind: 'risk', code: 'c', templateId: 'log-reader', path: '/p/log-reader.json5', line: 7, column: 3, message: 'It may write.' },
  ],
};

let template: TemplateView;
let tried: TemplateTryParams[];
let sidecar: FakeSidecar;
let trial: TrialEditor;

beforeEach(() => {
  reset();
  template = {
    ...{ id: 'log-reader', name: 'Log reader', description: 'Reads logs.', collection: 'tasks', path: '/p/log-reader.json5' },
    fields: [
      field('goal', { type: 'textarea' }),
      field('folder', { required: true }),
      field('depth', { required: true, default: 3 }),
      field('branch', { required: true, conditional: { field: 'folder', values: ['x'] } }),
      field('provider_ref', { required: true }),
      field('notes'),
    ],
  };
  tried = [];
  sidecar = new FakeSidecar()
    .answer(templateGet, ({ id }) => ({ ...template, id }))
    .answer(templateTry, (params) => {
      tried.push(params);
      return result;
    });
  trial = new TrialEditor({
    sidecar,
    extensionUri: RealUri.file(extensionFolder),
    log: fakeLog().log,
    choose: () => Promise.resolve('writer'),
  });
});

afterEach(() => trial.dispose());

function received(): unknown[] {
  return panels[0]?.received ?? [];
}

/** Sends a message from the page and waits for its effect. */
async function say(message: unknown, answer: object = { type: 'trial' }): Promise<void> {
  const before = received().length;
  panels[0]?.say(message);
  await vi.waitFor(() => expect(received().slice(before)).toContainEqual(expect.objectContaining(answer)));
}

async function open(): Promise<void> {
  await trial.open('log-reader');
  await say({ type: 'ready' });
}

describe('the page of a trial', () => {
  it('previews the instructions and asks only for required fields', async () => {
    await open();
    expect(received()[0]).toEqual({ type: 'trying', name: 'Preview: log-reader' });
    expect(received().at(-1)).toMatchObject({
      trial: {
        ...{ id: 'log-reader', name: 'Log reader', description: 'Reads logs.', collection: 'tasks', path: '/p/log-reader.json5' },
        fields: [{ name: 'goal' }, { name: 'folder' }],
        values: {},
      },
      result,
    });
    expect(panels[0]?.title).toBe('Preview: Log reader');
  });

  it('shows nothing until a template is selected, and then this one', async () => {
    restorePanel('plue.trial');
    await say({ type: 'ready' }, { type: 'empty' });
    expect(tried).toEqual([]);
    await say({ type: 'choose' });
    expect(tried).toEqual([{ id: 'writer', values: {} }]);
  });

  it('that comes back with the window tries what it showed before, with what was typed', async () => {
    restorePanel('plue.trial');
    await say({ type: 'ready', id: 'log-reader', values: { goal: 'Find the leak' } });
    expect(tried).toEqual([{ id: 'log-reader', values: { goal: 'Find the leak' } }]);
    await say({ type: 'ready', id: 'other', values: {} });
    expect(tried.at(-1)).toEqual({ id: 'log-reader', values: { goal: 'Find the leak' } });
  });

  it('is there once: another tab of the last session makes way', async () => {
    await open();
    let isClosed = false;
    const second = new FakePanel();
    second.onDidDispose(() => (isClosed = true));
    restorePanel('plue.trial', undefined, second);
    expect(isClosed).toBe(true);
  });

  it('tries again with what was typed, and forgets it for another template', async () => {
    await open();
    await say({ type: 'try', values: { goal: 'Find the leak' } });
    expect(tried.at(-1)).toEqual({ id: 'log-reader', values: { goal: 'Find the leak' } });
    await say({ type: 'choose' });
    expect(tried.at(-1)).toEqual({ id: 'writer', values: {} });
    expect(panels).toHaveLength(1);
  });

  it('keeps what was typed when the same template is opened once more', async () => {
    await open();
    await say({ type: 'try', values: { goal: 'Find the leak' } });
    await trial.open('log-reader');
    expect(tried.at(-1)).toEqual({ id: 'log-reader', values: { goal: 'Find the leak' } });
  });

  it('passes over an older trial that ends later', async () => {
    await open();
    let end: (late: TemplateTryResult) => void = () => undefined;
    const late = new Promise<TemplateTryResult>((resolve) => (end = resolve));
    sidecar.answer(templateTry, () => late);
    panels[0]?.say({ type: 'try', values: { goal: 'slow' } });
    sidecar.answer(templateTry, () => ({ ...result, message: 'fast' }));
    await say({ type: 'try', values: { goal: 'fast' } });
    const before = received().length;
    end({ ...result, message: 'slow' });
    await late;
    await say({ type: 'try', values: { goal: 'last' } });
    expect(received().slice(before)).toHaveLength(2);
  });

  it('reports why a preview failed', async () => {
    sidecar.answer(templateTry, () => {
      throw new FailureError('notFound', 'There is no template log-reader.');
    });
    await trial.open('log-reader');
    await say({ type: 'ready' }, { type: 'refused', error: { kind: 'notFound', message: 'There is no template log-reader.' } });
  });

  it('that is malformed is ignored', async () => {
    await open();
    const before = received().length;
    panels[0]?.say({ type: 'openFinding', index: -1 });
    await say({ type: 'try', values: {} });
    expect(received().slice(before)).toHaveLength(2);
    expect(opened).toEqual([]);
  });
});

describe('a template that is saved', () => {
  it('is tried again, and so is one whose parent or prompt changed', async () => {
    await open();
    for (const path of ['/work/.plue/templates/log-reader.json5', '/work/.plue/prompts/log-reader.md'])
      savedDocument.fire({ uri: Uri.file(path) });
    await vi.waitFor(() => expect(tried).toHaveLength(3));
    sidecar.codexChanged.fire({ uri: 'codex://templates/parent' });
    await vi.waitFor(() => expect(tried).toHaveLength(4));
  });

  it('is not tried for other files, other codices, or a page that is closed', async () => {
    await open();
    savedDocument.fire({ uri: Uri.file('/work/src/a.ts') });
    sidecar.codexChanged.fire({ uri: 'codex://chats/a' });
    panels[0]?.dispose();
    savedDocument.fire({ uri: Uri.file('/work/.plue/templates/log-reader.json5') });
    expect(tried).toHaveLength(1);
  });

  it('and broken shows why on the page', async () => {
    await open();
    sidecar.answer(templateTry, () => {
      throw new FailureError('badRequest', 'Line 3: a comma is missing.');
    });
    sidecar.codexChanged.fire({ uri: 'codex://templates/log-reader' });
    await vi.waitFor(() =>
      expect(received().at(-1)).toEqual({ type: 'refused', error: { kind: 'badRequest', message: 'Line 3: a comma is missing.' } }),
    );
  });
});

describe('content of the page', () => {
  it('opens where it is: a finding at its place, a source as its file or codex, the template', async () => {
    await open();
    for (const message of [
      { type: 'openFinding', index: 0 },
      { type: 'openFinding', index: 1 },
      { type: 'openSource', index: 1 },
      { type: 'openSource', index: 0 },
      { type: 'openSource', index: 2 },
      { type: 'openTemplate' },
    ])
      panels[0]?.say(message);
    await vi.waitFor(() => expect(opened).toEqual(['/p/log-reader.json5', '/work/AGENTS.md', '/p/log-reader.json5']));
    expect(selections.map((selection) => selection?.start)).toEqual([
      { line: 6, character: 2 },
      { line: 0, character: 0 },
      { line: 0, character: 0 },
    ]);
    expect(executed).toEqual([['plue.openCodex', 'codex://prompts/log-reader']]);
  });

  it('of a shipped template opens no file', async () => {
    template.path = undefined;
    await open();
    panels[0]?.say({ type: 'openTemplate' });
    await say({ type: 'try', values: {} });
    expect(opened).toEqual([]);
  });

  it.each([
    ['tasks', 'plue.newTask'],
    ['chats', 'plue.newChatFromTemplate'],
    [undefined, 'plue.newFromTemplate'],
  ])('begins one of %s with what was typed, by %s', async (collection, command) => {
    template.collection = collection;
    await open();
    panels[0]?.say({ type: 'start', values: { goal: 'Find the leak' } });
    await vi.waitFor(() => expect(executed).toEqual([[command, { templateId: 'log-reader', values: { goal: 'Find the leak' } }]]));
  });

  it('begins nothing before a template is known', async () => {
    sidecar.answer(templateTry, () => {
      throw new FailureError('notFound', 'There is no template log-reader.');
    });
    await trial.open('log-reader');
    await say({ type: 'start', values: {} }, { type: 'refused', error: { kind: 'notFound', message: 'Choose a template first.' } });
    expect(executed).toEqual([]);
  });

  it('leads to a new template', async () => {
    await open();
    panels[0]?.say({ type: 'newTemplate' });
    await vi.waitFor(() => expect(executed).toEqual([['plue.newTemplate']]));
  });
});
