// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest';
import type { FieldView, TemplateView } from '../../../extension/src/protocol/protocol.generated';
import { ItemPage } from '../../../extension/src/webview/item/itemPage';
import type { FromItemPage } from '../../../extension/src/common/messages/item';
import { readSavedState, type SavedState } from '../../../extension/src/webview/item/savedState';
import { codexSummary } from '../testing/codexSummary';
import { provider } from './chatSamples';

const template: TemplateView = {
  id: 'recipe',
  name: 'Recipe',
  fields: [{ name: 'servings', type: 'number', required: false, options: [], properties: [], min: 1 }],
};
const soup = codexSummary('codex://items/soup', { templateId: 'recipe', title: 'Soup', version: 3, layer: 'user' });
let root: HTMLElement;
let page: ItemPage;
let posted: FromItemPage[];
let kept: unknown;

beforeEach(() => open());

function open(before?: SavedState): void {
  posted = [];
  root = document.createElement('main');
  document.body.replaceChildren(root);
  page = new ItemPage(root, { post: (message) => posted.push(message), getState: () => kept, setState: (state) => (kept = state) }, before);
}

function showSoup(): void {
  page.receive({ type: 'form', target: { uri: soup.uri }, template, codex: soup, values: { servings: 2 } });
}

function input(name: string): HTMLInputElement {
  const found = root.querySelector<HTMLInputElement>(`#item-${name}`);
  if (found === null) throw new Error(`There is no field ${name}.`);
  return found;
}

function type(name: string, value: string): void {
  input(name).value = value;
  input(name).dispatchEvent(new Event('input', { bubbles: true }));
  input(name).dispatchEvent(new Event('change', { bubbles: true }));
}

function press(words: string): void {
  const button = [...root.querySelectorAll('button')].find(({ textContent, hidden }) => textContent === words && !hidden);
  if (button === undefined) throw new Error(`There is no button ${words}.`);
  button.click();
}

test('A new item needs a title, and is made with what was typed', () => {
  page.receive({ type: 'form', target: { templateId: 'recipe' }, template, values: {} });
  press('Create');
  expect(root.textContent).toContain('This field is required.');
  type('title', 'Soup');
  type('servings', '4');
  press('Create');
  expect(posted.at(-1)).toEqual({ type: 'save', title: 'Soup', values: { servings: 4 } });
});

test('A template with a place for the title asks for it once', () => {
  const field = { name: 'name', type: 'text', required: false, options: [], properties: [] } as const;
  const named: TemplateView = { ...template, fields: [...template.fields, { ...field, options: [], properties: [] }] };
  page.receive({ type: 'form', target: { templateId: 'recipe' }, template: named, values: {} });
  expect(root.querySelector('#item-title')).toBeNull();
  type('name', 'Soup');
  press('Create');
  expect(posted.at(-1)).toEqual({ type: 'save', title: 'Soup', values: {} });
  page.receive({ type: 'saved', codex: soup, values: { name: 'Soup' } });
  type('name', 'Broth');
  press('Save');
  expect(posted.at(-1)).toEqual({ type: 'save', values: { name: 'Broth' }, expectedVersion: 3 });
});

test('A form that is sent again has what was typed in a field that was not left yet', () => {
  showSoup();
  input('servings').value = '0';
  input('servings').dispatchEvent(new Event('input', { bubbles: true }));
  showSoup();
  expect(input('servings').value).toBe('0');
});

test('Only what was changed is saved, against the version that was read', () => {
  showSoup();
  type('servings', '6');
  press('Save');
  expect(posted.at(-1)).toEqual({ type: 'save', values: { servings: 6 }, expectedVersion: 3 });
  page.receive({ type: 'saved', codex: { ...soup, version: 4 }, values: { servings: 6 } });
  type('servings', '7');
  press('Save');
  expect(posted.at(-1)).toMatchObject({ expectedVersion: 4 });
});

test('It is saved by its key, and its history, its file and its deletion are a click away', () => {
  showSoup();
  type('servings', '6');
  const byKey = new KeyboardEvent('keydown', { key: 's', ctrlKey: true, bubbles: true, cancelable: true });
  root.dispatchEvent(new KeyboardEvent('keydown', { key: 's', bubbles: true }));
  expect(posted).toHaveLength(1);
  root.dispatchEvent(byKey);
  expect(byKey.defaultPrevented).toBe(true);
  expect(posted.at(-1)).toMatchObject({ type: 'save', values: { servings: 6 } });
  for (const words of ['Show History…', 'Open File', 'Delete']) press(words);
  expect(posted.slice(2)).toEqual([{ type: 'history' }, { type: 'openFile' }, { type: 'delete' }]);
});

test('Why it was not saved stays in sight until one has read it, and what was typed longer', () => {
  showSoup();
  type('servings', '6');
  press('Save');
  page.receive({ type: 'refused', error: { kind: 'storeReadOnly', message: 'The disk is full.' } });
  expect(root.querySelector('.banner.error')?.textContent).toContain('The disk is full.');
  root.querySelector<HTMLButtonElement>('.banner [aria-label=Dismiss]')?.click();
  expect(root.querySelector('.banner.error')).toBeNull();
  expect(root.querySelector<HTMLInputElement>('#item-servings')?.value).toBe('6');
  press('Save');
  expect(posted.filter((message) => message.type === 'save')).toHaveLength(2);
});

test('A save that meets another one keeps what was typed and offers to reload', () => {
  showSoup();
  type('servings', '6');
  press('Save');
  page.receive({ type: 'refused', error: { kind: 'conflict', message: 'It changed.' } });
  expect(root.querySelector<HTMLInputElement>('#item-servings')?.value).toBe('6');
  press('Reload');
  expect(posted.at(-1)).toEqual({ type: 'reload' });
  page.receive({ type: 'form', target: { uri: soup.uri }, template, codex: { ...soup, version: 9 }, values: { servings: 8 } });
  expect(root.querySelector<HTMLInputElement>('#item-servings')?.value).toBe('8');
  expect(root.textContent).not.toContain('changed elsewhere');
});

test('Unsaved input is restored after a reload of the window', () => {
  showSoup();
  type('servings', '6');
  open(readSavedState(kept));
  expect(posted).toEqual([{ type: 'ready', target: { uri: soup.uri } }]);
  showSoup();
  expect(root.querySelector<HTMLInputElement>('#item-servings')?.value).toBe('6');
});

test('Input of one form is restored after another was shown', () => {
  showSoup();
  type('servings', '6');
  page.receive({ type: 'form', target: { templateId: 'recipe' }, template, values: {} });
  expect(root.querySelector<HTMLInputElement>('#item-servings')?.value).toBe('');
  showSoup();
  expect(root.querySelector<HTMLInputElement>('#item-servings')?.value).toBe('6');
  page.receive({ type: 'saved', codex: { ...soup, version: 4 }, values: { servings: 6 } });
  page.receive({ type: 'form', target: { templateId: 'recipe' }, template, values: {} });
  expect(kept).toEqual({ target: { templateId: 'recipe' }, drafts: [] });
});

test('A read-only item shows why and cannot be saved', () => {
  page.receive({
    type: 'form',
    target: { uri: soup.uri },
    template,
    codex: soup,
    values: {},
    readOnlyReason: 'This belongs to the workspace.',
  });
  expect(root.textContent).toContain('This belongs to the workspace.');
  expect(() => press('Save')).toThrow();
});

function field(name: string, change: Partial<FieldView> = {}): FieldView {
  return { name, type: 'text', required: false, options: [], properties: [], ...change };
}

/** Fields as in `task`, and two custom fields. */
const taskTemplate: TemplateView = {
  id: 'log-reader',
  name: 'Log reader',
  collection: 'tasks',
  fields: [
    field('title'),
    field('goal', { type: 'textarea', required: true }),
    field('status', { type: 'select', options: ['queued'], default: 'queued' }),
    field('spawned_by', { type: 'codexReference' }),
    field('provider_ref', { type: 'codexReference', templateFilter: 'llm-provider', default: 'codex://providers/default-small' }),
    field('model'),
    field('available_tools', { type: 'array', default: ['read'] }),
    field('budget', { type: 'object', properties: [field('usd', { type: 'number' })] }),
    field('depth', { type: 'select', options: ['quick', 'thorough'], default: 'quick' }),
    field('until', { conditional: { field: 'depth', values: ['thorough'] } }),
  ],
};

const labels = (): (string | null)[] =>
  [...root.querySelectorAll<HTMLElement>('.field')].filter(({ hidden }) => !hidden).map((node) => node.getAttribute('data-field'));

function newTask(values?: Record<string, unknown>): void {
  page.receive({ type: 'providers', providers: [provider()] });
  const target = { templateId: 'log-reader', ...(values === undefined ? {} : { values }) };
  page.receive({ type: 'form', target, template: taskTemplate, values: values ?? {} });
}

test('A new task asks for its goal first, shows the user’s own fields and folds what is rarely used', () => {
  newTask();
  expect(labels()).toEqual(['goal', 'title', 'provider_ref', 'depth', 'budget', 'available_tools']);
  expect([...root.querySelectorAll('details .field')].map((node) => node.getAttribute('data-field'))).toEqual(['available_tools']);
  type('depth', 'thorough');
  expect(labels()).toContain('until');
});

test('A task is started with its goal, its provider and its model', () => {
  newTask({ goal: 'Find the leak.' });
  expect(root.textContent).toContain('Default small provider');
  root.querySelector<HTMLButtonElement>('.picker-button')?.click();
  page.receive({ type: 'models', providerId: provider().id, models: [{ id: 'small-1' }] });
  const model = [...root.querySelectorAll<HTMLElement>('[role=option]')].find(({ textContent }) => textContent.includes('small-1'));
  model?.click();
  press('Start');
  expect(posted.at(-1)).toEqual({
    type: 'save',
    values: { goal: 'Find the leak.', provider_ref: `codex://providers/${provider().id}`, model: 'small-1' },
  });
});

test('A field under More that is wrong is brought to light', () => {
  const needed = { ...taskTemplate, fields: [...taskTemplate.fields, field('checks', { required: true })] };
  page.receive({ type: 'form', target: { templateId: 'x' }, template: needed, values: { goal: 'x' } });
  expect(root.querySelector('details')?.open).toBe(false);
  press('Start');
  expect(root.querySelector('details')?.open).toBe(true);
  expect(document.activeElement?.id).toBe('item-checks');
});

test('The settings of a chat leave out what the chat has a control for', () => {
  const template: TemplateView = {
    id: 'careful',
    name: 'Careful',
    collection: 'chats',
    fields: ['provider_ref', 'messages', 'model', 'temperature', 'system_prompt_ref', 'tone'].map((name) => field(name)),
  };
  const chat = codexSummary('codex://chats/a', { templateId: 'careful' });
  page.receive({
    type: 'form',
    target: { uri: chat.uri },
    template,
    codex: chat,
    values: { tone: 'dry' },
    offers: { system_prompt_ref: ['codex://prompts/a.md'] },
  });
  expect(labels()).toEqual(['tone', 'system_prompt_ref']);
  expect(root.querySelector('datalist option')?.getAttribute('value')).toBe('codex://prompts/a.md');
  expect(() => press('Open File')).toThrow();
  type('tone', 'warm');
  press('Save');
  expect(posted.at(-1)).toEqual({ type: 'save', values: { tone: 'warm' }, expectedVersion: 1 });
});

test('A failed hook is shown above the form, with a link to the history', () => {
  const hookFailures = [{ time: '2026-11-21T12:00:00Z', action: 'set_field', message: 'There is no field colour.' }];
  page.receive({ type: 'form', target: { uri: soup.uri }, template, codex: soup, values: {}, hookFailures });
  expect(root.textContent).toContain('A hook failed (set_field): There is no field colour.');
  press('Show History');
  expect(posted.at(-1)).toEqual({ type: 'history' });
});

test('A form that cannot be loaded shows why and can be loaded again', () => {
  page.receive({ type: 'refused', error: { kind: 'notFound', message: 'There is no template recipe.' } });
  expect(root.querySelector('h1')?.textContent).toBe('Nothing to show');
  press('Try Again');
  expect(posted.at(-1)).toEqual({ type: 'reload' });
});

test('Shows a failed hook after a save until a save succeeds', () => {
  showSoup();
  type('servings', '6');
  press('Save');
  const hookFailures = [{ time: '2026-01-01T00:00:00Z', action: 'spawn_task', message: 'Nothing was made. `goal` is empty.' }];
  page.receive({ type: 'saved', codex: { ...soup, version: 4 }, values: { servings: 6 }, hookFailures });
  expect(root.textContent).toContain('A hook failed (spawn_task): Nothing was made.');
  page.receive({ type: 'saved', codex: { ...soup, version: 5 }, values: { servings: 6 } });
  expect(root.textContent).not.toContain('A hook failed');
});
