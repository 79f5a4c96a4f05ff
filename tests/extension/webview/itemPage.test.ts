// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest';
import type { CodexSummary, TemplateView } from '../../../extension/src/protocol/protocol.generated';
import { ItemPage } from '../../../extension/src/webview/item/itemPage';
import type { FromItemPage } from '../../../extension/src/webview/item/messages';
import { readKeptItem, readToItemPage, type KeptItem } from '../../../extension/src/webview/item/readMessages';

const template: TemplateView = {
  id: 'recipe',
  name: 'Recipe',
  fields: [{ name: 'servings', type: 'number', required: false, options: [], properties: [], min: 1 }],
};
const soup: CodexSummary = {
  uri: 'codex://items/soup',
  templateId: 'recipe',
  title: 'Soup',
  status: 'idle',
  createdAt: '2026-11-21T12:00:00Z',
  updatedAt: '2026-11-21T12:00:00Z',
  messageCount: 0,
  archived: false,
  fallbacks: [],
  options: {},
  tags: [],
  pinned: false,
  unread: false,
  version: 3,
};
let root: HTMLElement;
let page: ItemPage;
let posted: FromItemPage[];
let kept: unknown;

beforeEach(() => open());

function open(before?: KeptItem): void {
  posted = [];
  root = document.createElement('main');
  document.body.replaceChildren(root);
  page = new ItemPage(root, { post: (message) => posted.push(message), getState: () => kept, setState: (state) => (kept = state) }, before);
}

function showSoup(): void {
  page.receive({ type: 'form', target: { uri: soup.uri }, template, codex: soup, values: { servings: 2 } });
}

function type(name: string, value: string): void {
  const input = root.querySelector<HTMLInputElement>(`#item-${name}`);
  if (input === null) throw new Error(`There is no field ${name}.`);
  input.value = value;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  input.dispatchEvent(new Event('change', { bubbles: true }));
}

function press(words: string): void {
  const button = [...root.querySelectorAll('button')].find(({ textContent, hidden }) => textContent === words && !hidden);
  if (button === undefined) throw new Error(`There is no button ${words}.`);
  button.click();
}

test('A new item needs a title, and is made with what was typed', () => {
  page.receive({ type: 'form', target: { templateId: 'recipe' }, template, values: {} });
  press('Create');
  expect(root.textContent).toContain('This is needed.');
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

test('What was typed and not saved is there after a reload of the window', () => {
  showSoup();
  type('servings', '6');
  open(readKeptItem(kept));
  expect(posted).toEqual([{ type: 'ready', target: { uri: soup.uri } }]);
  showSoup();
  expect(root.querySelector<HTMLInputElement>('#item-servings')?.value).toBe('6');
});

test('One that cannot be changed says why and cannot be saved', () => {
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

test('What is not a message of the host is dropped', () => {
  for (const message of [undefined, { type: 'form' }, { type: 'changed' }]) expect(readToItemPage(message)).toBeUndefined();
  expect(readToItemPage({ type: 'changed', isGone: true })).toBeDefined();
});
