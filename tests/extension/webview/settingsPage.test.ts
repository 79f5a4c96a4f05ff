// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import type { FieldView, SettingsResult } from '../../../extension/src/protocol/protocol.generated';
import { readChoice, writeChoice } from '../../../extension/src/protocol/settingValues';
import type { FromSettingsPage } from '../../../extension/src/common/messages/settings';
import { SettingsPage } from '../../../extension/src/webview/settings/settingsPage';
import { provider } from './chatSamples';

function field(name: string, change: Partial<FieldView> = {}): FieldView {
  return { name, type: 'text', required: false, options: [], properties: [], ...change };
}

const reference = { type: 'codexReference', templateFilter: 'llm-provider' } as const;
const providers = [provider(), provider({ id: 'groq', name: 'Groq', model: 'llama', isDefault: false })];

function settings(values: Record<string, unknown> = {}, change: Partial<SettingsResult> = {}): SettingsResult {
  return {
    path: '/home/a/.plue/config.json5',
    policy: [],
    groups: [
      {
        title: 'Models',
        fields: [
          field('default_large', { ...reference, description: 'What new chats begin with.' }),
          field('fallbacks', { type: 'array', items: field('', reference) }),
        ],
      },
      {
        title: 'Storage',
        fields: [
          field('trash_days', { type: 'number', min: 1, default: 30, description: 'How long the trash keeps.' }),
          field('notify_when_finished', { type: 'select', options: ['never', 'when_hidden'], default: 'when_hidden' }),
          field('mask_secrets', { type: 'boolean', default: true }),
        ],
      },
    ],
    values,
    ...change,
  };
}

let page: SettingsPage;
let posted: FromSettingsPage[];

function find<T extends HTMLElement>(selector: string, type: new () => T): T {
  const found = document.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`No ${selector}`);
  return found;
}

function button(label: string): HTMLButtonElement {
  const found = [...document.querySelectorAll('button')].find((one) => (one.getAttribute('aria-label') ?? one.textContent) === label);
  if (found === undefined) throw new Error(`No button ${label}`);
  return found;
}

function set(selector: string, value: string): void {
  const control = document.querySelector(selector);
  if (!(control instanceof HTMLInputElement || control instanceof HTMLSelectElement)) throw new Error(`No ${selector}`);
  control.value = value;
  control.dispatchEvent(new Event('input', { bubbles: true }));
  control.dispatchEvent(new Event('change', { bubbles: true }));
}

function show(values: Record<string, unknown> = {}, change: Partial<SettingsResult> = {}): void {
  page.receive({ type: 'settings', settings: settings(values, change), providers });
}

beforeEach(() => {
  posted = [];
  const root = document.createElement('main');
  document.body.replaceChildren(root);
  page = new SettingsPage(root, { post: (message) => posted.push(message), getState: () => undefined, setState: () => undefined });
});

describe('the Settings page', () => {
  it('shows the default where nothing is set, and what is set otherwise', () => {
    show({ trash_days: 7 });
    expect(button('Default model: Default: Anthropic').textContent).toBe('Default: Anthropic');
    expect(find('#setting-trash_days', HTMLInputElement).value).toBe('7');
    expect(find('#setting-notify_when_finished', HTMLSelectElement).selectedOptions[0]?.textContent).toBe(
      'Default: When the chat is hidden',
    );
    expect(find('#setting-mask_secrets', HTMLInputElement).checked).toBe(true);
  });

  it('shows what the policy of the organization restricts, beside a problem of the file', () => {
    const problem = { path: '/home/a/.plue/config.json5', line: 3, column: 1, message: 'A comma is missing.', holdsSecret: false };
    show({}, { policy: ["Your organization's policy (/etc/plue/policy.json5) restricts providers."], problem });
    expect([...document.querySelectorAll('.banner-text')].map(({ textContent }) => textContent)).toEqual([
      "Your organization's policy (/etc/plue/policy.json5) restricts providers.",
      'config.json5, line 3: A comma is missing.',
    ]);
    show();
    expect(document.querySelector('.banner')).toBeNull();
  });

  it('stores a change at once and shows it', () => {
    show();
    set('#setting-trash_days', '14');
    expect(posted).toEqual([{ type: 'set', name: 'trash_days', value: 14 }]);
    page.receive({ type: 'saved', name: 'trash_days', settings: settings({ trash_days: 14 }) });
    expect(find('.saved', HTMLElement).textContent).toBe('Saved');
    expect(find('#setting-trash_days', HTMLInputElement).value).toBe('14');
  });

  it('shows an error at the field and posts nothing', () => {
    show();
    set('#setting-trash_days', '0');
    expect(posted).toEqual([]);
    expect(find('#setting-trash_days-problem', HTMLElement).hidden).toBe(false);
  });

  it('shows at the field why a change was not stored', () => {
    show();
    set('#setting-trash_days', '14');
    page.receive({ type: 'notSaved', name: 'trash_days', error: { kind: 'conflict', message: 'The file has a mistake.' } });
    expect(find('#setting-trash_days-problem', HTMLElement).textContent).toBe('The file has a mistake.');
    expect(find('.saved', HTMLElement).textContent).toBe('Not saved');
    page.receive({ type: 'notSaved', name: 'default_large', error: { kind: 'conflict', message: 'The file has a mistake.' } });
    expect(find('#setting-default_large-problem', HTMLElement).textContent).toBe('The file has a mistake.');
  });

  it('goes back to the default', () => {
    show({ trash_days: 7, default_large: { provider: 'groq', model: 'big' }, fallbacks: ['groq'] });
    button('Use default for Trash retention (days)').click();
    button('Use default for Default model').click();
    button('Use default for Fallbacks').click();
    expect(posted).toEqual([
      { type: 'set', name: 'trash_days' },
      { type: 'set', name: 'default_large' },
      { type: 'set', name: 'fallbacks' },
    ]);
  });

  it('chooses a provider and a model, and one provider after the other', () => {
    show({ fallbacks: ['codex://providers/groq'] });
    button('Default model: Default: Anthropic').click();
    page.receive({ type: 'models', providerId: 'anthropic', models: [{ id: 'opus', name: 'Opus' }] });
    [...document.querySelectorAll<HTMLElement>('[role=option]')].find((one) => one.textContent?.startsWith('Opus'))?.click();
    expect(posted.at(-1)).toEqual({ type: 'set', name: 'default_large', value: { provider: 'anthropic', model: 'opus' } });
    button('Add to Fallbacks: Add Another…').click();
    document.querySelector<HTMLElement>('.choices > .picker [role=option]')?.click();
    expect(posted.at(-1)).toEqual({ type: 'set', name: 'fallbacks', value: ['groq', 'anthropic'] });
  });

  it('finds a setting by its words and by its name in the file', () => {
    show();
    const seen = (): string[] =>
      [...document.querySelectorAll<HTMLElement>('[data-field]')]
        .filter((one) => !one.classList.contains('is-filtered'))
        .map((one) => one.dataset['field'] ?? '');
    set('.search', 'keeps trash');
    expect(seen()).toEqual(['trash_days']);
    set('.search', 'mask_sec');
    expect(seen()).toEqual(['mask_secrets']);
    set('.search', 'models');
    expect(seen()).toEqual(['default_large', 'fallbacks']);
    set('.search', 'xyzzy');
    expect(seen()).toEqual([]);
    expect(document.body.textContent).toContain('No settings found.');
  });

  it('clears the search by Escape, and by nothing else', () => {
    show();
    const search = find('.search', HTMLInputElement);
    const press = (key: string): boolean => search.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    set('.search', 'xyzzy');
    expect(press('a')).toBe(true);
    expect(search.value).toBe('xyzzy');
    expect(press('Escape')).toBe(false);
    expect(search.value).toBe('');
    expect(document.querySelectorAll('.is-filtered')).toHaveLength(0);
    expect(press('Escape')).toBe(true);
  });

  it('takes other providers as they come, and leads to where they are managed when there are none', () => {
    show();
    page.receive({ type: 'providers', providers: [provider({ name: 'House' })] });
    expect(button('Default model: Default: House').textContent).toBe('Default: House');
    page.receive({ type: 'providers', providers: [] });
    document.querySelector<HTMLButtonElement>('[data-field=default_large] .picker-button')?.click();
    [...document.querySelectorAll<HTMLElement>('[data-field=default_large] [role=option]')]
      .find(({ textContent }) => textContent?.startsWith('Connect') === true)
      ?.click();
    expect(posted.at(-1)).toEqual({ type: 'manageProviders' });
  });

  it('shows what is wrong with the file and opens it there', () => {
    const problem = { path: '/home/a/.plue/config.json5', line: 3, column: 5, message: 'A comma is missing.', holdsSecret: false };
    show({}, { problem });
    expect(find('.banner', HTMLElement).textContent).toContain('config.json5, line 3: A comma is missing.');
    button('Open File').click();
    expect(posted).toEqual([{ type: 'openFile', line: 3, column: 5 }]);
    show();
    expect(document.querySelector('.banner')).toBeNull();
  });

  it('can be asked again when it could not be read', () => {
    page.receive({ type: 'refused', error: { kind: 'sidecarStopped', message: 'Plue stopped.' } });
    expect(document.body.textContent).toContain('Plue stopped.');
    button('Try Again').click();
    expect(posted).toEqual([{ type: 'ready' }]);
  });
});

it.each([
  ['groq', { providerId: 'groq' }],
  ['codex://providers/groq', { providerId: 'groq' }],
  [
    { provider: 'groq', model: 'big' },
    { providerId: 'groq', model: 'big' },
  ],
  [{ provider: 'groq', model: '' }, { providerId: 'groq' }],
  [{ model: 'big' }, undefined],
  [5, undefined],
  ['', undefined],
])('The choice %j is read as %j and written so that it is read again', (written, read) => {
  expect(readChoice(written)).toEqual(read);
  if (read !== undefined) expect(readChoice(writeChoice(read))).toEqual(read);
});
