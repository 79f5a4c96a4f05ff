// @vitest-environment jsdom
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProviderCard } from '../../../extension/src/common/providerCards';
import type { ToProvidersPage } from '../../../extension/src/common/messages/providers';
import { keyText } from '../../../extension/src/webview/providers/providerDetail';
import * as v from 'valibot';
import type { FieldView } from '../../../extension/src/protocol/protocol.generated';
import { catalogModels, price } from '../../../extension/src/webview/providers/words';
import { catalog, catalogDetail, detail, kind, model, provider, tour } from './providerSamples';
import {
  all,
  button,
  chooseIn,
  click,
  drawn,
  finished,
  input,
  kept,
  kinds,
  nameOf,
  offers,
  open,
  posted,
  postedOf,
  press,
  receive,
  snapshot,
  type,
  vendors,
  words,
} from './providersWindow';

beforeEach(() => open());

describe('the list of providers', () => {
  it('shows each state in words', async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    await receive(
      snapshot([
        provider({ id: '1', lastTested: new Date(Date.now() - 7_200_000).toISOString(), modelCount: 12 }),
        provider({ id: '2', status: 'error', error: { kind: 'unreachable', message: 'Nothing responds at x.' } }),
        provider({ id: '3', enabled: false, status: 'disabled' }),
        provider({ id: '4', cooldownUntil: soon, windows: [{ name: 'five_hour', usedPercent: 92, resetsAt: soon }] }),
        provider({ id: '5', status: 'untested' }),
        provider({ id: '6', status: 'testing' }),
        provider({ id: '7', keyReference: 'env://GEMINI_API_KEY', source: 'environment' }),
        provider({ id: '9', status: 'untested', hasCredential: false, source: 'environment' }),
        provider({ id: '10', lastTested: new Date(Date.now() - 3 * 86_400_000).toISOString() }),
        provider({ id: '8', fault: { path: '/p/8.json5', line: 3, column: 18, message: 'A value is missing.', holdsSecret: false } }),
      ]),
    );
    const rows = all(HTMLElement, '.provider-row').map((row) => row.textContent ?? '');
    expect(rows[0]).toContain('12 modelsConnected, tested 2 h ago');
    expect(rows[1]).toContain('Error: Nothing responds at x.');
    expect(rows[2]).toContain('Disabled');
    expect(rows[3]).toMatch(/Rate limited until \d.*5-hour limit 92% used/);
    expect(rows[4]).toContain('Not tested');
    expect(rows[5]).toContain('Testing…');
    expect(rows[6]).toContain('key from the environment (GEMINI_API_KEY)');
    expect(rows[7]).toContain('key from the environmentNot tested, no key');
    expect(rows[8]).toContain('Connected, tested 3 days ago');
    expect(rows[9]).toContain('Error: A value is missing. (line 3, column 18)');
  });

  it('is one tab stop, and the arrow keys go through it', async () => {
    await receive(snapshot());
    const rows = all(HTMLButtonElement, '.provider-name');
    expect(rows.map(({ tabIndex }) => tabIndex)).toEqual([0, -1]);
    rows[0]?.focus();
    press('ArrowDown');
    expect(document.activeElement).toBe(rows[1]);
    press('Home');
    expect(document.activeElement).toBe(rows[0]);
  });

  it('keeps the focus on Test while the test goes on and ends', async () => {
    await receive(snapshot());
    await click('Test Anthropic');
    expect(postedOf('test')).toEqual([{ type: 'test', id: 'anthropic', work: 'test:anthropic' }]);
    expect(words()).toContain('Testing…');
    expect(document.activeElement).toBe(button('Test Anthropic'));
    await receive(snapshot(), finished('test:anthropic'));
    expect(document.activeElement).toBe(button('Test Anthropic'));
    expect(document.querySelector('[role=status][aria-live]')?.textContent).toContain('Anthropic: Connected');
  });

  it('does not ask twice while it waits', async () => {
    await receive(snapshot());
    await click('Test Anthropic');
    await click('Test Anthropic');
    expect(postedOf('test')).toHaveLength(1);
  });

  it('switches off and on', async () => {
    await receive(snapshot());
    const toggle = all(HTMLButtonElement, '[role=switch]')[0];
    expect(toggle?.getAttribute('aria-checked')).toBe('true');
    toggle?.click();
    expect(postedOf('setEnabled')).toEqual([{ type: 'setEnabled', id: 'anthropic', enabled: false, work: 'switch:anthropic' }]);
  });

  it('opens a menu by key, goes through it and gives the focus back', async () => {
    await receive(snapshot([provider({ isDefault: true, keyReference: 'env://ANTHROPIC_API_KEY' })]));
    await click('More for Anthropic');
    const labels = all(HTMLButtonElement, '[role=menuitem]').map(nameOf);
    expect(labels).toEqual(['Make Default Small Model', 'Edit…', 'Set Key…', 'Move Key to Vault', 'Open File', 'Delete…']);
    press('End');
    expect(nameOf(all(HTMLButtonElement, '[role=menuitem]')[5] ?? document.body)).toBe(
      nameOf(document.activeElement instanceof HTMLElement ? document.activeElement : document.body),
    );
    press('Escape');
    expect(document.querySelector('[role=menu]')).toBeNull();
    expect(document.activeElement).toBe(button('More for Anthropic'));
    await click('More for Anthropic');
    all(HTMLButtonElement, '[role=menuitem]')[3]?.click();
    expect(postedOf('moveKey')).toHaveLength(1);
  });

  it('closes a menu where one clicks beside it, and goes on from its button by Tab', async () => {
    await receive(snapshot());
    button('More').focus();
    press('ArrowDown');
    expect(all(HTMLButtonElement, '[role=menuitem]').map(nameOf)).toEqual(['Detect Providers Again', 'Unlock Vault', 'Show Log']);
    expect(button('More').getAttribute('aria-expanded')).toBe('true');
    press('ArrowUp');
    expect(document.activeElement?.textContent).toBe('Show Log');
    press('ArrowDown');
    press('x');
    expect(document.activeElement?.textContent).toBe('Detect Providers Again');
    document.activeElement?.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
    expect(document.querySelector('[role=menu]')).not.toBeNull();
    document.querySelector('h1')?.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
    expect(document.querySelector('[role=menu]')).toBeNull();
    expect(button('More').getAttribute('aria-expanded')).toBe('false');
    await click('More');
    press('Tab');
    expect(document.querySelector('[role=menu]')).toBeNull();
    expect(document.activeElement).toBe(button('More'));
  });

  it('has one menu open at most, and none after the window changed its size', async () => {
    await receive(snapshot());
    await click('More for Anthropic');
    await click('More for Basement');
    expect(all(HTMLElement, '[role=menu]').map(nameOf)).toEqual(['More for Basement']);
    window.dispatchEvent(new Event('resize'));
    expect(document.querySelector('[role=menu]')).toBeNull();
  });

  it.each([
    ['Detect Providers Again', 'discover', 'discover'],
    ['Unlock Vault', 'unlockVault', 'help:unlockVault'],
    ['Show Log', 'showLog', 'help:showLog'],
  ] as const)('runs commands of its menu: %s, and shows where one failed', async (label, type, work) => {
    await receive(snapshot());
    await chooseIn('More', label);
    expect(postedOf(type)).toEqual([{ type, work }]);
    await receive(finished(work, { kind: 'internal', message: 'It did not work out.' }));
    expect(document.querySelector('[role=status][aria-live]')?.textContent).toBe('It did not work out.');
    if (type !== 'showLog') expect(document.querySelector('.banner')?.textContent).toContain('It did not work out.');
  });

  it('offers in the menu of each what can be done with it', async () => {
    await receive(
      snapshot([
        provider({ id: 'o', name: 'Signed', authType: 'oauth', isDefaultSmall: true, hasCredential: true }),
        provider({ id: 'c', name: 'Claude Code', kind: 'claude-code', source: 'found', takesKey: false, file: undefined }),
        provider({ id: 'x', name: 'Disabled', enabled: false, status: 'disabled' }),
        tour,
      ]),
    );
    const offered = async (name: string): Promise<string[]> => {
      await click(`More for ${name}`);
      return all(HTMLButtonElement, '[role=menuitem]').map(nameOf);
    };
    expect(await offered('Signed')).toEqual(['Make Default', 'Edit…', 'Sign In…', 'Sign Out', 'Open File', 'Delete…']);
    expect(await offered('Claude Code')).toEqual(['Make Default', 'Make Default Small Model', 'Check Sign-in']);
    expect(await offered('Disabled')).toEqual(['Set Key…', 'Open File', 'Delete…']);
    await chooseIn('More for Claude Code', 'Check Sign-in');
    expect(postedOf('checkClaudeCode')).toEqual([{ type: 'checkClaudeCode', work: 'help:checkClaudeCode' }]);
    await chooseIn('More for Signed', 'Sign Out');
    expect(postedOf('signOut')).toEqual([{ type: 'signOut', id: 'o', work: 'signOut:o' }]);
    await chooseIn('More for Signed', 'Edit…');
    expect(document.querySelector('h2')?.textContent).toContain('Signed');
  });

  it('offers only the log while the sidecar does not respond', async () => {
    await receive(snapshot(), { type: 'sidecar', state: 'stopped' });
    await chooseIn('More for Anthropic', 'Show Log');
    expect(postedOf('showLog')).toHaveLength(1);
    expect(postedOf('delete')).toEqual([]);
  });

  it('shows errors of background work until they are read', async () => {
    await receive(snapshot(), { type: 'refused', error: { kind: 'internal', message: 'The list could not be read anew.' } });
    expect(document.querySelector('.banner')?.textContent).toContain('The list could not be read anew.');
    await click('Dismiss');
    expect(document.querySelector('.banner')).toBeNull();
  });

  it('draws hidden characters in names', async () => {
    await receive(snapshot([provider({ name: 'Anth\u202Eropic' })]));
    expect(words()).toContain('Anth⟨U+202E⟩ropic');
  });
});

describe('the details', () => {
  it('leave out the end of a key that is too short to show one', () => {
    const key = { reference: 'vault://anthropic/api_key', origins: ['https://a.example'], lastFour: '', storedAt: '', usedBy: [] };
    expect(keyText(provider(), key, new Date())).toBe('vault://anthropic/api_key, sent only to https://a.example, not used yet');
  });

  it('are loaded when a provider is selected, and show the origins of its key and its uses', async () => {
    await receive(snapshot());
    expect(postedOf('show')).toEqual([{ type: 'show', id: 'anthropic', work: 'detail:anthropic' }]);
    const key = {
      reference: 'vault://anthropic/api_key',
      origins: ['https://api.anthropic.com'],
      lastFour: 'a1b2',
      storedAt: '2026-11-21T08:00:00Z',
      usedBy: [],
    };
    const uses = { chatCount: 3, chats: [{ uri: 'codex://chats/1', title: 'Fix it' }], templates: ['reviewer'], settings: [] };
    await receive(
      { type: 'detail', detail: detail(provider(), { key, uses, configuration: { max_tokens: 4096 } }) },
      finished('detail:anthropic'),
    );
    expect(words()).toContain('ends in a1b2, sent only to https://api.anthropic.com');
    expect(words()).toContain('max 4096 output tokens');
    expect(words()).toContain('and 2 more');
    await click('Fix it');
    expect(postedOf('openChat')).toEqual([{ type: 'openChat', uri: 'codex://chats/1', work: 'chat:codex://chats/1' }]);
  });

  it('show the limits of the file, earlier errors, and that nothing uses it', async () => {
    await receive(snapshot());
    const configuration = { temperature: 0.2, reasoning_level: 'high', timeout_ms: 9000, retry_policy: 'none', max_turns: 3, headers: {} };
    const errors = [{ at: '2026-11-21T08:00:00Z', error: { kind: 'unreachable', message: 'Nothing responded.' } }];
    await receive({ type: 'detail', detail: detail(provider(), { configuration, errors }) }, finished('detail:anthropic'));
    expect(words()).toContain('temperature 0.2 · reasoning high · 9000 ms delay · retries: none · max 3 rounds');
    expect(document.querySelector('[aria-label="Last errors"]')?.textContent).toContain('Nothing responded.');
    expect(words()).toContain('Not used yet.');
  });

  it.each([
    ['vaultLocked', {}, 'Unlock Vault…', 'unlockVault'],
    ['providerExecutableFailed', { kind: 'claude-code' }, 'Check Sign-in', 'checkClaudeCode'],
    ['providerExecutableFailed', {}, 'Show Log', 'showLog'],
    ['keyNotBoundToOrigin', { kind: 'claude-code' }, 'Check Sign-in', 'checkClaudeCode'],
    ['providerAuthFailed', { authType: 'oauth' }, 'Sign In…', 'signIn'],
    ['internal', {}, 'Show Log', 'showLog'],
  ] as const)('offer what helps where it failed with %s', async (kind, change, label, type) => {
    await receive(snapshot([provider({ ...change, status: 'error', error: { kind, message: 'It does not work.' } })]));
    all(HTMLButtonElement, '.failure button')
      .find((one) => nameOf(one) === label)
      ?.click();
    expect(postedOf(type)).toHaveLength(1);
  });

  it('offer to set the price of a model without one, and to change a price of the user', async () => {
    const priced = [model('own', { inputPerMillion: 1, outputPerMillion: 2 }), model('listed', { inputPerMillion: 3 }), model('unknown')];
    await receive(
      snapshot(),
      { type: 'detail', detail: detail(provider(), { configuration: { model_prices: { own: { input: 1, output: 2 } } } }) },
      { type: 'models', id: 'anthropic', result: { models: priced } },
    );
    expect(all(HTMLElement, '.models tbody td:nth-of-type(1)').map(({ textContent }) => textContent)).toEqual(['$1', '$3', 'Set Price…']);
    await click('Set Price of unknown');
    expect(postedOf('setPrice')).toEqual([{ type: 'setPrice', id: 'anthropic', modelId: 'unknown', work: 'price:anthropic' }]);
    expect(button('Change Price of own').textContent).toBe('$1');
  });

  it('find a model by words, among the listed ones', async () => {
    await receive(snapshot());
    const models = Array.from({ length: 9 }, (_, at) => model(`m-${at}`, at === 4 ? { canReason: true, reasoningLevels: ['low'] } : {}));
    await receive({ type: 'models', id: 'anthropic', result: { models } }, finished('models:anthropic'));
    const search = all(HTMLInputElement, 'input[type=search]')[0];
    if (search === undefined) throw new Error('No search');
    type(search, 'reasoning (low)');
    expect(all(HTMLElement, '.models tbody th').map((cell) => cell.textContent)).toEqual(['m-4']);
    await click('Refresh models of Anthropic');
    expect(postedOf('listModels').at(-1)).toMatchObject({ refresh: true });
  });

  it('offer the button that helps with an error', async () => {
    await receive(snapshot([provider({ status: 'error', error: { kind: 'providerAuthFailed', message: 'It refused the key.' } })]));
    expect(words()).toContain('It refused the key.');
    await click('Set Key…');
    expect(postedOf('setKey')[0]?.id).toBe('anthropic');
  });

  it('of a broken file link to the position of the error', async () => {
    await receive(
      snapshot([provider({ fault: { path: '/p/a.json5', line: 3, column: 18, message: 'A value is missing.', holdsSecret: false } })]),
    );
    expect(words()).toContain('/p/a.json5:3:18');
    await click('Open File');
    expect(postedOf('openFile')).toEqual([{ type: 'openFile', id: 'anthropic', work: 'file:anthropic' }]);
    expect(postedOf('listModels')).toEqual([]);
  });
});

describe('the five states', () => {
  it('loading', () => {
    expect(words()).toContain('Loading providers…');
  });

  it('empty: what was found is one click away, then the first providers, all others, and the tour', async () => {
    await receive(
      snapshot([provider({ id: 'ollama', name: 'Ollama', source: 'found' }), { ...tour, isDefault: true }]),
      offers,
      finished('catalogs'),
    );
    expect(all(HTMLButtonElement, '.route button').map((one) => one.querySelector('.visually-hidden')?.textContent ?? nameOf(one))).toEqual(
      [
        'Use Ollama',
        'Choose Claude Code',
        'Choose Anthropic',
        'Choose OpenAI',
        'Choose OpenRouter',
        'Choose Ollama',
        'Choose OpenAI-compatible server',
        'More Providers…',
        'Take the Tour',
        'Detect providers on this machine again',
      ],
    );
    await click('Use Ollama');
    expect(postedOf('use')[0]?.id).toBe('ollama');
    await receive(finished('use:ollama', { kind: 'unreachable', message: 'Nothing answers.' }));
    expect(words()).toContain('Nothing answers.');
  });

  it('failing: the sidecar is down, what was known stays, Restart is there and nothing else is asked', async () => {
    await receive(snapshot(), { type: 'sidecar', state: 'stopped', cause: 'It ended with code 3.' });
    expect(words()).toContain('It ended with code 3. Your providers and keys are kept');
    posted.length = 0;
    await click('Test Anthropic');
    expect(posted).toEqual([]);
    await click('Restart');
    expect(posted.map((message) => message.type)).toEqual(['restart']);
  });

  it('is read-only if the folder cannot be read, and shows it', async () => {
    await receive({ type: 'snapshot', providers: [provider()], kinds, folderProblem: 'The folder cannot be read.' });
    expect(words()).toContain('The folder cannot be read. The list is read-only.');
  });

  it('full again after a failure to list models, with Try again', async () => {
    await receive(snapshot(), { type: 'detail', detail: detail(provider()) }, finished('detail:anthropic'));
    await receive(finished('models:anthropic', { kind: 'unreachable', message: 'Nothing answers.' }));
    await click('Try Again');
    expect(postedOf('listModels')).toHaveLength(2);
  });
});

async function choose(card: ProviderCard): Promise<void> {
  all(HTMLButtonElement, `[data-key="card:${card}"]`)[0]?.click();
  await drawn();
}

describe('adding a provider', () => {
  beforeEach(async () => {
    await receive(snapshot(), offers, finished('catalogs'));
    await click('Add Provider');
    await click('Compare Prices');
  });

  it('filters the catalog by words and chips, and sorts it', async () => {
    const rows = (): string[] => all(HTMLButtonElement, '.row-name').map(nameOf);
    expect(rows()).toEqual(['Anthropic', 'Groq', 'LM Studio']);
    await click('Input under $1/M');
    expect(rows()).toEqual(['Groq']);
    expect(button('Input under $1/M').getAttribute('aria-pressed')).toBe('true');
    expect(document.activeElement).toBe(button('Input under $1/M'));
    await click('Input under $1/M');
    const sort = document.getElementById('sort');
    if (!(sort instanceof HTMLSelectElement)) throw new Error('No sort');
    sort.value = 'price';
    sort.dispatchEvent(new Event('change', { bubbles: true }));
    await drawn();
    expect(rows()).toEqual(['Groq', 'Anthropic', 'LM Studio']);
    const search = all(HTMLInputElement, 'input[type=search]')[0];
    if (search === undefined) throw new Error('No search');
    type(search, 'studio');
    await drawn();
    expect(rows()).toEqual(['LM Studio']);
  });

  it('is one step after the choice, under a name that is free, with what it enables', async () => {
    await click('Choose Anthropic');
    expect(document.activeElement?.textContent).toBe('Connect Anthropic');
    expect(input('connect-name').value).toBe('Anthropic 2');
    expect(words()).toContain('$3 to $15 per million tokens');
    expect(words()).toContain('shown after a few chats');
    await click('Connect');
    expect(postedOf('connect')).toEqual([
      {
        type: 'connect',
        work: 'connect',
        then: 'setKey',
        provider: { name: 'Anthropic 2', kind: 'anthropic', catalogProvider: 'anthropic' },
      },
    ]);
    expect(words()).toContain('Waiting for the key…');
    const stored = provider({ id: 'new', name: 'Anthropic 2', status: 'untested' });
    await receive({ type: 'connected', provider: stored });
    const tested = provider({ id: 'new', name: 'Anthropic 2', modelCount: 9 });
    await receive(snapshot([provider(), tested]), {
      type: 'models',
      id: 'new',
      result: { models: [model('large', { name: 'Large' }), model('small')] },
    });
    await receive(finished('connect'));
    expect(words()).toContain('Connected. 9 models.');
    expect(words()).toContain('Default model: Large');
    expect(words()).toContain('Large, small');
    expect(document.querySelector('h2')?.textContent).toBe('Connected to Anthropic 2');
    expect(all(HTMLInputElement, 'input').filter((one) => one.closest('[hidden]') === null)).toEqual([]);
    expect(all(HTMLButtonElement, 'button').map(({ textContent }) => textContent)).not.toContain('Connect');
    await click('Done');
    expect(document.querySelector('.provider-row.selected')?.textContent).toContain('Anthropic 2');
  });

  it('asks for a field of the user without code, and collapses optional fields', async () => {
    const own = (name: string, change: Partial<FieldView> = {}): FieldView => ({
      name,
      type: 'text',
      required: false,
      options: [],
      properties: [],
      ...change,
    });
    const fields = [
      own('name'),
      own('provider_type', { type: 'select', options: ['anthropic'], required: true }),
      own('cost_center', { required: true, description: 'Who pays.' }),
      own('gateway', { conditional: { field: 'provider_type', values: ['anthropic'] } }),
      own('cli_path', { conditional: { field: 'provider_type', values: ['claude-code'] } }),
      own('timeout_ms', { type: 'number' }),
    ];
    await click('Choose Anthropic');
    expect(postedOf('loadTemplate')).toHaveLength(1);
    await receive({ type: 'template', template: { id: 'llm-provider', name: 'Provider', fields } }, finished('template'));
    expect(all(HTMLElement, '.form > .field').map(({ dataset, hidden }) => [dataset['field'], hidden])).toEqual([
      ['cost_center', false],
      ['gateway', false],
    ]);
    expect(all(HTMLElement, 'details .field').map(({ dataset, hidden }) => [dataset['field'], hidden])).toEqual([
      ['cli_path', true],
      ['timeout_ms', false],
    ]);
    await click('Connect');
    expect(postedOf('connect')).toEqual([]);
    expect(document.activeElement).toBe(input('connect-field-cost_center'));
    type(input('connect-field-cost_center'), 'research');
    await click('Connect');
    expect(postedOf('connect')[0]?.provider.fields).toEqual({ cost_center: 'research' });
  });

  it('shows why a test failed, with the way to set the key, and stores the same provider again', async () => {
    await click('Choose Anthropic');
    await click('Connect');
    const failed = provider({
      id: 'new',
      name: 'Anthropic 2',
      status: 'error',
      error: { kind: 'providerAuthFailed', message: 'It refused the key.' },
    });
    await receive({ type: 'connected', provider: failed }, snapshot([provider(), failed]), finished('connect'));
    expect(words()).toContain('It refused the key.');
    await click('Connect');
    expect(postedOf('connect').at(-1)?.provider.id).toBe('new');
  });

  it('stores the authentication of a custom server, and continues with its key', async () => {
    await click('Choose OpenAI-compatible server');
    const ways = all(HTMLInputElement, 'input[type=radio]');
    expect(ways.map(({ value, checked }) => [value, checked])).toEqual([
      ['apiKey', true],
      ['none', false],
    ]);
    expect(words()).toContain('You’ll enter it in a VS Code prompt');
    ways[1]?.click();
    await drawn();
    expect(words()).not.toContain('You’ll enter it in a VS Code prompt');
    type(input('connect-endpoint'), 'http://127.0.0.1:8080/v1');
    await click('Connect');
    expect(postedOf('connect')[0]).toMatchObject({ then: 'test', provider: { authType: 'none' } });
  });

  it('never has a field that a key could be typed into', async () => {
    await click('Choose Anthropic');
    expect(all(HTMLInputElement, 'input').map(({ id }) => id)).toEqual(['connect-name', 'connect-endpoint']);
    await click('Connect');
    expect(postedOf('connect')[0]?.then).toBe('setKey');
  });

  it('asks for the address of a custom server before it stores anything', async () => {
    await click('Choose OpenAI-compatible server');
    await click('Connect');
    expect(postedOf('connect')).toEqual([]);
    expect(document.getElementById('connect-endpoint-problem')?.textContent).toBe('Enter the server address.');
    expect(document.activeElement).toBe(input('connect-endpoint'));
    type(input('connect-endpoint'), 'http://127.0.0.1:8080/v1');
    input('connect-endpoint').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
    expect(postedOf('connect')[0]?.provider).toMatchObject({ kind: 'openai-compatible', endpoint: 'http://127.0.0.1:8080/v1' });
  });

  it('refuses a name that is taken', async () => {
    await click('Choose Groq');
    type(input('connect-name'), 'basement');
    await click('Connect');
    expect(document.getElementById('connect-name-problem')?.textContent).toBe('A provider with this name already exists.');
  });

  it('goes back by the button and by Escape, to where the focus was', async () => {
    await click('Choose Groq');
    press('Escape');
    await drawn();
    expect(document.activeElement).toBe(button('Choose Groq'));
    await click('Back');
    expect(document.activeElement).toBe(button('Add Provider'));
  });

  it('clears a search by Escape before it goes back', async () => {
    const search = all(HTMLInputElement, 'input[type=search]')[0];
    if (search === undefined) throw new Error('No search');
    type(search, 'groq');
    press('Escape', search);
    await drawn();
    expect(document.querySelector('h2')?.textContent).toBe('Add Provider');
  });

  it('stays as it was where the key was not given after all', async () => {
    await click('Choose Anthropic');
    await click('Connect');
    await receive(finished('connect'));
    expect(words()).not.toContain('saved');
    expect(button('Connect').getAttribute('aria-disabled')).toBeNull();
  });

  it('begins with six cards and a search over everything else, without prices', async () => {
    await click('Compare Prices');
    expect(all(HTMLElement, '.provider-card .visually-hidden').map(nameOf)).toEqual([
      'Choose Claude Code',
      'Choose Anthropic',
      'Choose OpenAI',
      'Choose OpenRouter',
      'Choose Ollama',
      'Choose OpenAI-compatible server',
    ]);
    expect(document.querySelector('table')).toBeNull();
    const search = all(HTMLInputElement, 'input[type=search]')[0];
    if (search === undefined) throw new Error('No search');
    type(search, 'gro');
    await drawn();
    expect(document.querySelector('.provider-card')).toBeNull();
    expect(all(HTMLElement, '.kind-row .provider-text').map(({ textContent }) => textContent)).toEqual(['Groq2 models, reasoning']);
    expect(document.querySelector('table')).toBeNull();
  });

  it('asks for the key as soon as the card of a vendor is chosen', async () => {
    await click('Compare Prices');
    await receive({ type: 'template', template: { id: 'llm-provider', name: 'Provider', fields: [] } });
    await choose('anthropic');
    expect(postedOf('connect')[0]).toMatchObject({ then: 'setKey', provider: { kind: 'anthropic', catalogProvider: 'anthropic' } });
    expect(words()).toContain('Waiting for the key…');
  });

  it('uses what was found on this machine when its card is chosen', async () => {
    const found = provider({ id: 'ollama', name: 'Ollama', kind: 'ollama', source: 'found', takesKey: false, authType: 'none' });
    await receive(snapshot([provider(), found]));
    await click('Compare Prices');
    expect(all(HTMLElement, '.provider-card-status').map(({ textContent }) => textContent)).toEqual(['Detected']);
    await choose('ollama');
    expect(postedOf('use')).toEqual([{ type: 'use', id: 'ollama', work: 'use:ollama' }]);
    expect(document.querySelector('.provider-row.selected')?.textContent).toContain('Ollama');
  });

  it('keeps what was typed while the page is hidden', async () => {
    await click('Choose Groq');
    type(input('connect-name'), 'My Groq');
    open(kept);
    await receive(snapshot(), offers);
    expect(input('connect-name').value).toBe('My Groq');
  });

  it('approves a program by the path and hash that were shown, and connects only an approved one', async () => {
    const external = kind({ kind: 'external', name: 'External', takesEndpoint: false, takesKey: false, authTypes: ['none'] });
    await receive({ type: 'snapshot', providers: [provider()], kinds: [...kinds, external] });
    await click('Choose External program');
    const program = { path: '/bin/plue-provider-x', name: 'x', sha256: 'ab'.repeat(32), approved: false, changedSinceApproval: true };
    await receive({ type: 'executables', items: [program] }, finished('executables'));
    expect(words()).toContain(program.sha256);
    expect(words()).toContain('The program changed since you approved it.');
    await click('Connect');
    expect(postedOf('connect')).toEqual([]);
    await click('Approve Program: x');
    expect(postedOf('approve')).toEqual([{ type: 'approve', path: program.path, sha256: program.sha256, work: 'approve' }]);
    await receive({ type: 'executables', items: [{ ...program, approved: true }] }, finished('approve'));
    // Approving a program also selects it.
    await click('Connect');
    expect(postedOf('connect')[0]?.provider.command).toBe(program.path);
  });

  it('connects an agent that was found with its name and arguments', async () => {
    const acp = kind({ kind: 'acp', name: 'Agent (ACP)', takesEndpoint: false, takesKey: false, authTypes: ['none'] });
    await receive({ type: 'snapshot', providers: [provider()], kinds: [...kinds, acp] });
    await click('Choose Agent on this machine (ACP)');
    const other = { path: '/bin/plue-provider-x', name: 'x', sha256: 'cd'.repeat(32), approved: true, changedSinceApproval: false };
    const gemini = { ...other, path: '/bin/gemini', name: 'gemini', agent: 'Gemini CLI', arguments: ['--acp'], approved: false };
    await receive({ type: 'executables', items: [other, gemini] }, finished('executables'));
    expect(words()).not.toContain(other.path);
    await click('Connect');
    expect(words()).toContain('Choose an agent, or enter the path of its program.');
    await click('Approve Program: Gemini CLI');
    expect(postedOf('approve')).toEqual([{ type: 'approve', path: gemini.path, sha256: gemini.sha256, work: 'approve' }]);
    await receive({ type: 'executables', items: [other, { ...gemini, approved: true }] }, finished('approve'));
    expect(input('connect-name').value).toBe('Gemini CLI');
    await click('Connect');
    expect(postedOf('connect')[0]?.provider).toMatchObject({ kind: 'acp', command: gemini.path, fields: { arguments: ['--acp'] } });
  });
});

describe('the models of the catalog', () => {
  it('are compared across vendors', async () => {
    await receive(snapshot(), offers, finished('catalogs'));
    await click('Add Provider');
    await click('Compare Prices');
    for (const [vendor, id] of [
      ['Anthropic', 'large'],
      ['Groq', 'fast'],
    ] as const) {
      const summary = vendors.find(({ name }) => name === vendor) ?? catalog();
      await click(vendor);
      await receive(
        { type: 'catalog', detail: catalogDetail(summary, [model(id, { inputPerMillion: 2, supportsTools: true })]) },
        finished(`catalog:${summary.id}`),
      );
      all(HTMLInputElement, 'input[type=checkbox]')[0]?.click();
      await drawn();
      await click('Back');
    }
    await click('Compare 2 Models');
    expect(all(HTMLElement, '.compare thead th').map((cell) => cell.textContent)).toEqual(['Model', 'largeAnthropic', 'fastGroq']);
    expect(words()).toContain('yes');
    await click('Remove fast from comparison');
    expect(all(HTMLElement, '.compare thead th')).toHaveLength(2);
  });
});

describe('a custom catalog', () => {
  const document_ = {
    name: 'Mine',
    id: 'mine',
    type: 'openai-compat',
    x_unknown: [1],
    models: [{ id: 'big', cost_per_1m_in: 3, x_more: true }],
  };

  beforeEach(async () => {
    const mine = catalog({ id: 'mine', name: 'Mine', source: 'user' });
    await receive(snapshot(), { type: 'catalogs', list: { items: [mine] }, startingPoints: [] }, finished('catalogs'));
    await click('Add Provider');
    await click('Compare Prices');
    await click('Mine');
    await receive({ type: 'catalog', detail: catalogDetail(mine, [model('big')], document_) }, finished('catalog:mine'));
    await click('Edit');
  });

  it('is changed in a table, and keeps what the page does not know', async () => {
    type(input('model-0-cost_per_1m_in'), '2.5');
    await click('Add Model');
    type(input('model-1-id'), 'small');
    await click('Save');
    expect(postedOf('saveCatalog')).toEqual([
      {
        type: 'saveCatalog',
        work: 'saveCatalog',
        previousId: 'mine',
        document: {
          ...document_,
          models: [
            { id: 'big', cost_per_1m_in: 2.5, x_more: true },
            { id: 'small', name: '' },
          ],
        },
      },
    ]);
    await receive(finished('saveCatalog'));
    expect(document.querySelector('h2')?.textContent).toBe('Mine');
  });

  it('shows at the field what validation found, and ignores the answer to an older question', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    type(input('model-0-cost_per_1m_in'), '-1');
    vi.advanceTimersByTime(1000);
    vi.useRealTimers();
    await drawn();
    const works = postedOf('validateCatalog').map(({ work }) => work);
    expect(works).toEqual(['validate:1', 'validate:2']);
    const problem = { path: 'models[0].cost_per_1m_in', severity: 'error', message: 'A price is not negative.' } as const;
    await receive({ type: 'problems', work: 'validate:1', problems: [{ ...problem, message: 'Old.' }] });
    expect(words()).not.toContain('Old.');
    await receive({ type: 'problems', work: 'validate:2', problems: [problem] });
    expect(input('model-0-cost_per_1m_in').getAttribute('aria-invalid')).toBe('true');
    expect(document.getElementById('model-0-cost_per_1m_in-problem')?.textContent).toBe('A price is not negative.');
    await click('A price is not negative.');
    expect(document.activeElement).toBe(input('model-0-cost_per_1m_in'));
  });

  it('keeps what was typed where saving is refused', async () => {
    type(input('model-0-id'), 'bigger');
    await click('Save');
    await receive(finished('saveCatalog', { kind: 'badRequest', message: 'The usual model is missing.' }));
    expect(words()).toContain('The usual model is missing.');
    expect(input('model-0-id').value).toBe('bigger');
  });

  it('takes the name of a variable, and neither keeps nor sends a key itself', async () => {
    type(input('catalog-api_key'), 'sk-123456');
    await click('Save');
    expect(document.getElementById('catalog-api_key-problem')?.textContent).toMatch(/Store the key itself in the vault/);
    expect(postedOf('saveCatalog')).toEqual([]);
    expect(JSON.stringify([kept, posted])).not.toContain('sk-123456');
    type(input('catalog-api_key'), '$MINE_API_KEY');
    await click('Save');
    expect(postedOf('saveCatalog')[0]?.document).toMatchObject({ api_key: '$MINE_API_KEY' });
  });

  it('is not thrown away by Escape', async () => {
    press('Escape');
    await drawn();
    expect(document.getElementById('model-0-id')).not.toBeNull();
  });
});

describe('editing a provider', () => {
  const field = (name: string, change: Partial<FieldView> = {}): FieldView => ({
    name,
    type: 'text',
    required: false,
    options: [],
    properties: [],
    ...change,
  });
  const template = {
    id: 'llm-provider',
    name: 'Provider',
    fields: [
      field('name'),
      field('api_key_ref'),
      field('provider_type', { type: 'select' }),
      field('max_tokens', { type: 'number', min: 1 }),
    ],
  };

  beforeEach(async () => {
    await receive(
      snapshot(),
      { type: 'detail', detail: detail(provider(), { configuration: { name: 'Anthropic', max_tokens: 10 } }) },
      finished('detail:anthropic'),
    );
    await click('Edit');
    await receive({ type: 'template', template }, finished('template'));
  });

  it('sends what was changed, and goes back when it is stored', async () => {
    expect(document.getElementById('provider-api_key_ref')).toBeNull();
    type(input('provider-max_tokens'), '20');
    await click('Save');
    expect(postedOf('configure')).toEqual([{ type: 'configure', id: 'anthropic', changes: { max_tokens: 20 }, work: 'configure' }]);
    await receive(finished('configure'));
    expect(document.querySelector('.provider-list')).not.toBeNull();
  });

  it('stays, with what was typed, where it is refused or wrong', async () => {
    type(input('provider-max_tokens'), '0');
    await click('Save');
    expect(postedOf('configure')).toEqual([]);
    type(input('provider-max_tokens'), '20');
    await click('Save');
    await receive(finished('configure', { kind: 'storeReadOnly', message: 'The file cannot be written.' }));
    expect(words()).toContain('The file cannot be written.');
    expect(input('provider-max_tokens').value).toBe('20');
  });
});

describe('received messages', () => {
  const sampleFile = v.object({ result: v.array(v.looseObject({})) });
  const samplesOf = (method: string): Record<string, unknown>[] =>
    v.parse(sampleFile, JSON.parse(readFileSync(`tests/wire-samples/${method}.json`, 'utf8'))).result;

  it('draws the sidecar’s own samples', async () => {
    const messages = [
      ...samplesOf('provider/get').map((detail) => ({ type: 'detail', detail })),
      ...samplesOf('provider/models').map((result) => ({ type: 'models', id: 'a', result })),
      ...samplesOf('catalog/list').map((list) => ({ type: 'catalogs', list, ...nth('catalog/startingPoints', 'startingPoints') })),
      ...samplesOf('catalog/get').map((detail) => ({ type: 'catalog', detail })),
      ...samplesOf('provider/executables').map(({ items }) => ({ type: 'executables', items })),
      ...samplesOf('catalog/backups').map(({ items }) => ({ type: 'backups', items })),
      ...samplesOf('template/get').map((template) => ({ type: 'template', template })),
      ...samplesOf('provider/list').map(({ items, kinds }) => ({ type: 'snapshot', providers: items, kinds })),
    ];
    expect(messages.length).toBeGreaterThanOrEqual(8);
    // The samples are JSON with the types of the protocol, generated by the sidecar.
    for (const message of messages)
      await receive(
        v.parse(
          v.custom<ToProvidersPage>(() => true),
          message,
        ),
      );
    expect(words()).not.toBe('');
  });

  function nth(method: string, name: string): Record<string, unknown> {
    return { [name]: samplesOf(method)[0]?.['items'] };
  }
});

describe('a provider that fails', () => {
  it('looks at a refused program again, and offers to approve it as it is now', async () => {
    const error = { kind: 'permissionDenied', message: 'It has changed since you approved it.' };
    const clock = provider({ id: 'clock', name: 'Clock', kind: 'external', status: 'error', error });
    const program = { path: '/bin/plue-provider-x', name: 'x', sha256: 'cd'.repeat(32), approved: false, changedSinceApproval: true };
    await receive(
      snapshot([clock]),
      { type: 'detail', detail: detail(clock, { configuration: { command: program.path } }) },
      { type: 'executables', items: [program] },
      finished('executables'),
    );
    expect(postedOf('loadExecutables')).toHaveLength(1);
    expect(words()).toContain(program.sha256);
    await click('Approve Program: x');
    expect(postedOf('approve')[0]?.sha256).toBe(program.sha256);
  });

  it('shows an error once next to the list', async () => {
    const error = { kind: 'unreachable', message: 'The host was not found.' };
    const failing = provider({ status: 'error', error });
    await receive(
      snapshot([failing]),
      { type: 'detail', detail: detail(failing, { errors: [{ at: '2026-11-21T08:00:00Z', error }] }) },
      { type: 'models', id: failing.id, result: { models: [], error } },
    );
    const shown = all(HTMLElement, '.detail')[0]?.textContent ?? '';
    expect(shown.split('The host was not found.')).toHaveLength(2);
  });

  it('shows that a local server lists its own models, and formats cents with two digits', () => {
    const of = catalog({ modelCount: 0, isLocal: true });
    expect(catalogModels(of)).toBe('from server');
    expect([0.4, 16.5, 3, 0.435, 0].map(price)).toEqual(['$0.40', '$16.50', '$3', '$0.435', 'free']);
  });
});
