// @vitest-environment jsdom
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { parseMessage } from '../../../extension/src/common/messages/parseMessage';
import { fromSearchPage, type FromSearchPage, type SearchChoices } from '../../../extension/src/common/messages/search';
import { readSavedState, type SavedState } from '../../../extension/src/webview/search/savedState';
import type { SearchHit } from '../../../extension/src/protocol/protocol.generated';
import { emptyForm, isFiltered, periods, queryOf, roles, statuses, type SearchForm } from '../../../extension/src/webview/search/query';
import { SearchPage, typingPause } from '../../../extension/src/webview/search/searchPage';

let page: SearchPage;
let posted: FromSearchPage[];
let kept: unknown;
let root: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 21, 12) });
  open();
});
afterEach(() => vi.useRealTimers());

function open(before?: SavedState): void {
  posted = [];
  root = document.createElement('main');
  document.body.replaceChildren(root);
  page = new SearchPage(
    root,
    { post: (message) => posted.push(message), getState: () => kept, setState: (state) => (kept = state) },
    before,
  );
}

function hit(chat: string, message: string, change: Partial<SearchHit> = {}): SearchHit {
  return {
    codexId: `codex://chats/${chat}`,
    title: `Chat ${chat}`,
    messageId: message,
    role: 'user',
    createdAt: '2026-11-20T10:00:00Z',
    snippet: 'why is an apple red',
    start: 10,
    length: 5,
    ...change,
  };
}

const box = (): HTMLInputElement => one('.search-box', HTMLInputElement);
const rows = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>('.hit')];
const note = (): string => one('.note', HTMLElement).textContent ?? '';
const searches = (): Extract<FromSearchPage, { type: 'search' }>[] => posted.filter((message) => message.type === 'search');
const lastId = (): string => searches().at(-1)?.searchId ?? '';

function one<T extends Element>(selector: string, kind: new () => T): T {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`There is no ${selector}.`);
  return found;
}

function type(text: string): void {
  box().value = text;
  box().dispatchEvent(new Event('input'));
}

function search(text: string): void {
  type(text);
  vi.advanceTimersByTime(typingPause);
}

function choose(label: string, value: string): void {
  const select = one(`[aria-label="${label}"]`, HTMLSelectElement);
  select.value = value;
  select.dispatchEvent(new Event('change'));
}

function press(target: HTMLElement, key: string): void {
  target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
}

function button(words: string): HTMLButtonElement {
  const found = [...root.querySelectorAll('button')].find(({ textContent }) => textContent === words);
  if (found === undefined) throw new Error(`There is no button ${words}.`);
  return found;
}

test('It searches when typing pauses, and not for each key', () => {
  for (const text of ['a', 'ap', 'app']) type(text);
  vi.advanceTimersByTime(typingPause - 1);
  expect(searches()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(searches().map(({ query }) => query)).toEqual([{ text: 'app', limit: 500 }]);
});

test('Hits are shown by chat as they come, with the found text marked', () => {
  search('apple');
  page.receive({ type: 'hits', searchId: lastId(), hits: [hit('a', 'm1'), hit('b', 'm2')] });
  expect(one('.progress-line', HTMLElement).textContent).toBe('Searching…2 matches in 2 chats');
  page.receive({ type: 'hits', searchId: lastId(), hits: [hit('a', 'm3', { role: 'assistant' })] });
  expect([...root.querySelectorAll('.chat-hits')].map((group) => group.querySelectorAll('.hit').length)).toEqual([2, 1]);
  expect([...root.querySelectorAll('mark')].map(({ textContent }) => textContent)).toEqual(['apple', 'apple', 'apple']);
  page.receive({ type: 'done', searchId: lastId(), result: { hits: 3, chats: 2, isTruncated: false, unreadable: 0 } });
  expect(one('.progress-line', HTMLElement).textContent).toBe('3 matches in 2 chats');
});

test('Hits of an earlier search are ignored, and its results stay until the new one finds something', () => {
  search('apple');
  const first = lastId();
  page.receive({ type: 'hits', searchId: first, hits: [hit('a', 'm1')] });
  search('apples');
  expect(rows().length).toBe(1);
  page.receive({ type: 'hits', searchId: first, hits: [hit('a', 'm2')] });
  expect(rows().length).toBe(1);
  page.receive({ type: 'hits', searchId: lastId(), hits: [hit('c', 'm3')] });
  expect(rows().length).toBe(1);
  expect(root.textContent).toContain('Chat c');
});

test('The keys lead from the box to what was found, or search at once', () => {
  type('apple');
  press(box(), 'ArrowDown');
  expect(document.activeElement).toBe(box());
  press(box(), 'Enter');
  expect(searches().map(({ query }) => query.text)).toEqual(['apple']);
  page.receive({ type: 'hits', searchId: lastId(), hits: [hit('a', 'm1')] });
  press(box(), 'ArrowDown');
  expect(document.activeElement).toBe(rows()[0]);
  page.receive({ type: 'focus' });
  expect(document.activeElement).toBe(box());
  expect([box().selectionStart, box().selectionEnd]).toEqual([0, 5]);
});

test('A rejected search shows the reason', () => {
  search('apple');
  page.receive({ type: 'refused', error: { kind: 'sidecarStopped', message: 'Plue stopped.' } });
  expect(root.textContent).toContain('Plue stopped.');
});

test('An empty box ends the search and shows a hint', () => {
  search('apple');
  search('');
  expect(posted.at(-1)).toEqual({ type: 'cancel' });
  expect(note()).toContain('Type words');
});

test('The keyboard goes from the box through the results, and Enter opens one at its message', () => {
  search('apple');
  page.receive({ type: 'hits', searchId: lastId(), hits: [hit('a', 'm1'), hit('b', 'm2')] });
  press(box(), 'ArrowDown');
  expect(document.activeElement).toBe(rows()[0]);
  press(rows()[0] ?? box(), 'ArrowDown');
  expect(document.activeElement).toBe(rows()[1]);
  rows()[1]?.click();
  expect(posted.at(-1)).toEqual({ type: 'open', uri: 'codex://chats/b', messageId: 'm2' });
  press(rows()[1] ?? box(), 'ArrowUp');
  press(rows()[0] ?? box(), 'ArrowUp');
  expect(document.activeElement).toBe(box());
});

test('Nothing found offers what could help', () => {
  choose('Author', 'user');
  search('pear');
  page.receive({ type: 'done', searchId: lastId(), result: { hits: 0, chats: 0, isTruncated: false, unreadable: 1 } });
  expect(note()).toContain('No results found for “pear”.');
  expect(note()).toContain('1 chat could not be read.');
  button('Include Archived Chats').click();
  expect(searches().at(-1)?.query).toEqual({ text: 'pear', role: 'user', includeArchived: true, limit: 500 });
  page.receive({ type: 'done', searchId: lastId(), result: { hits: 0, chats: 0, isTruncated: false, unreadable: 0 } });
  button('Remove Filters').click();
  expect(searches().at(-1)?.query).toEqual({ text: 'pear', limit: 500 });
});

test('A failed search shows the reason and can be repeated', () => {
  search('apple');
  page.receive({ type: 'failed', searchId: lastId(), error: { kind: 'internal', message: 'The disk is gone.' } });
  expect(note()).toContain('The disk is gone.');
  button('Try Again').click();
  expect(searches().length).toBe(2);
});

test('Typed text, filters and opened hits are restored after a reload', () => {
  const choices: SearchChoices = { providers: [{ id: 'p', name: 'P' }], models: ['m'], tags: ['work', 'play'] };
  page.receive({ type: 'choices', choices });
  choose('Provider', 'p');
  choose('Add a tag', 'work');
  search('apple');
  page.receive({ type: 'hits', searchId: lastId(), hits: [hit('a', 'm1'), hit('b', 'm2')] });
  rows()[1]?.click();
  open(readSavedState(kept));
  expect(searches().map(({ query }) => query)).toEqual([{ text: 'apple', providerId: 'p', tags: ['work'], limit: 500 }]);
  page.receive({ type: 'hits', searchId: lastId(), hits: [hit('a', 'm1'), hit('b', 'm2')] });
  press(box(), 'ArrowDown');
  expect(document.activeElement).toBe(rows()[1]);
});

test('Markup and hidden characters in what was found are shown as they are', () => {
  search('x');
  page.receive({
    type: 'hits',
    searchId: lastId(),
    hits: [hit('a', 'm', { title: '<b>\u202e', snippet: '<img src=x>\u202e', start: 0, length: 4 })],
  });
  expect(root.querySelector('img')).toBeNull();
  expect(root.textContent).toContain('⟨U+202E⟩');
});

test('Days use the time zone of the user, include the last one, and a reversed range is reported', () => {
  const now = new Date(2026, 10, 21, 12);
  expect(queryOf({ ...emptyForm, period: 'today' }, now)).toEqual({ text: '', from: new Date(2026, 10, 21).toISOString() });
  expect(queryOf({ ...emptyForm, period: 'custom', from: '2026-11-01', to: '2026-11-02' }, now)).toEqual({
    text: '',
    from: new Date(2026, 10, 1).toISOString(),
    to: new Date(2026, 10, 3).toISOString(),
  });
  open({ form: { ...emptyForm, period: 'custom', from: '2026-11-02', to: '2026-11-01' } });
  expect(note()).toContain('The first day must be before the last day.');
  expect(searches()).toEqual([]);
});

const anyForm: fc.Arbitrary<SearchForm> = fc.record({
  text: fc.string({ maxLength: 20 }),
  period: fc.constantFrom(...periods),
  from: fc.constantFrom('', '2026-01-01', '2026-12-31', 'x'),
  to: fc.constantFrom('', '2026-01-01', '2026-12-31', '9999-99-99'),
  providerId: fc.constantFrom('', 'p'),
  model: fc.constantFrom('', 'm'),
  role: fc.constantFrom('', ...roles),
  status: fc.constantFrom('', ...statuses),
  tags: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }), { maxLength: 3 }),
  hasCode: fc.boolean(),
  includeArchived: fc.boolean(),
});

test('For any input of the form the host understands the request, and a reload keeps it', () => {
  fc.assert(
    fc.property(anyForm, (form) => {
      const query = queryOf(form, new Date(2026, 10, 21));
      if (query === undefined) expect(form.text.trim()).toBe('');
      else expect(form.text.trim() !== '' || isFiltered(form)).toBe(true);
      if (query !== undefined) expect(parseMessage(fromSearchPage, { type: 'search', searchId: 's', query })).toBeDefined();
      expect(readSavedState({ form })?.form).toEqual(form);
    }),
  );
});

test('Rejects messages that the page does not send', () => {
  for (const message of [
    undefined,
    'x',
    { type: 'open', uri: 'file:///etc', messageId: '' },
    { type: 'search' },
    { type: 'ready', more: 1 },
  ])
    expect(parseMessage(fromSearchPage, message)).toBeUndefined();
});
