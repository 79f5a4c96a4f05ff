import { beforeEach, expect, test } from 'vitest';
import { Uri } from 'vscode';
import { adapted, newTemplate, slug } from '../../../../extension/src/features/templates/newTemplate';
import {
  codexCreate,
  codexGet,
  templateList,
  templateStartingPoints,
  type CodexCreateParams,
  type TemplateStartingPoint,
} from '../../../../extension/src/protocol/protocol.generated';
import { codexSummary } from '../../testing/codexSummary';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { templateSummary } from '../../testing/templateSummary';
import { answers, disk, opened, reset, shown, workspace } from '../../testing/vscode';

beforeEach(reset);

const reader: TemplateStartingPoint = {
  id: 'my-reader',
  name: 'An agent that reads',
  description: 'Looks and reports.',
  text: '{\n  // Kept.\n  id: "my-reader",\n  name: "An agent that reads",\n  system_prompt_ref: "codex://prompts/my-reader",\n}\n',
  prompt: 'You read.\n',
};

function sidecarWith(taken: string[] = []): { sidecar: FakeSidecar; created: CodexCreateParams[] } {
  const created: CodexCreateParams[] = [];
  const sidecar = new FakeSidecar()
    .answer(templateStartingPoints, () => ({ startingPoints: [reader] }))
    .answer(templateList, () => ({
      templates: taken.map((id) => templateSummary(id)),
    }))
    .answer(codexCreate, (params) => {
      created.push(params);
      return codexSummary(`codex://${params.collection}/${params.title}`);
    })
    .answer(codexGet, ({ uri }) => ({
      codex: codexSummary(uri),
      messages: [],
      offset: 0,
      queue: [],
      canUndo: false,
      canRedo: false,
      contextFiles: [],
      lastSeq: 0,
      document: { text: '', values: {}, problems: [], canUndo: false, canRedo: false, path: uri.replace('codex:/', '') },
    }));
  return { sidecar, created };
}

test('A new template is written with its prompt first, and both are opened', async () => {
  const { sidecar, created } = sidecarWith();
  answers.push('An agent that reads', 'Log reader');
  await newTemplate(sidecar);
  expect(created.map(({ collection, title }) => [collection, title])).toEqual([
    ['prompts', 'log-reader'],
    ['templates', 'log-reader'],
  ]);
  expect(created[1]?.text).toBe(
    '{\n  // Kept.\n  id: "log-reader",\n  name: "Log reader",\n  system_prompt_ref: "codex://prompts/log-reader",\n}\n',
  );
  expect(opened).toEqual(['/templates/log-reader', '/prompts/log-reader']);
});

test('A name that is taken gets a number', async () => {
  const { sidecar, created } = sidecarWith(['log-reader', 'log-reader-2']);
  answers.push('An agent that reads', 'Log reader');
  await newTemplate(sidecar);
  expect(created[1]?.title).toBe('log-reader-3');
});

test('Only for this workspace it is plain files in its folder', async () => {
  workspace.workspaceFolders = [{ uri: Uri.file('/work') }];
  const { sidecar, created } = sidecarWith();
  answers.push('An agent that reads', 'Log reader', 'This workspace');
  await newTemplate(sidecar);
  expect(created).toEqual([]);
  expect([...disk.keys()].sort()).toEqual(['/work/.plue/prompts/log-reader.md', '/work/.plue/templates/log-reader.json5']);
  expect(disk.get('/work/.plue/templates/log-reader.json5')).toContain('codex://prompts/log-reader"');
});

test('A file of the workspace is never written over', async () => {
  workspace.workspaceFolders = [{ uri: Uri.file('/work') }];
  disk.set('/work/.plue/prompts/log-reader.md', 'Mine.');
  answers.push('An agent that reads', 'Log reader', 'This workspace');
  await expect(newTemplate(sidecarWith().sidecar)).rejects.toThrow('already exists');
  expect(disk.size).toBe(1);
});

test('A folder that is not trusted is not offered', async () => {
  workspace.workspaceFolders = [{ uri: Uri.file('/work') }];
  workspace.isTrusted = false;
  answers.push('An agent that reads', 'Log reader');
  await newTemplate(sidecarWith().sidecar);
  expect(shown.map(({ text }) => text)).toEqual(['New Template (1 of 3)', 'New Template (2 of 3)']);
  expect(disk.size).toBe(0);
});

test('Every place where a starting point names itself gets the new name, for any content', () => {
  const form = { ...reader, text: 'id: "my-reader", template_filter: "my-reader", name: "An agent that reads"' };
  expect(adapted(form, { id: 'notes', name: 'My "$&" notes' })).toBe('id: "notes", template_filter: "notes", name: "My \\"$&\\" notes"');
});

test('Ids are small letters, digits and hyphens', () => {
  expect([' Übersicht: Läufe! ', 'a', '日本', '--'].map(slug)).toEqual(['ubersicht-laufe', 'a', '', '']);
});
