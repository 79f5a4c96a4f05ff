import { beforeEach, describe, expect, it, vi } from 'vitest';
import * as l10n from '../../../../extension/src/infrastructure/localizedText';
import { Uri as RealUri } from 'vscode';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import { CatalogActions } from '../../../../extension/src/features/providers/catalogActions';
import { parseMessage } from '../../../../extension/src/common/messages/parseMessage';
import { fromProvidersPage } from '../../../../extension/src/common/messages/providers';
import { ProviderActions, usesSentence } from '../../../../extension/src/features/providers/providerActions';
import { Connector } from '../../../../extension/src/features/providers/connector';
import { addProvider, pickProvider } from '../../../../extension/src/features/providers/providerCommands';
import { ProvidersPage } from '../../../../extension/src/features/providers/providersPage';
import {
  catalogBackups,
  catalogDelete,
  catalogExport,
  catalogGet,
  catalogImport,
  catalogList,
  catalogRefresh,
  catalogRestore,
  catalogSave,
  catalogStartingPoints,
  catalogValidate,
  codexCreate,
  providerApprove,
  providerConfigure,
  providerDelete,
  providerDiscover,
  providerExecutables,
  providerGet,
  providerList,
  providerModels,
  providerMoveKey,
  providerSetEnabled,
  providerTest,
  templateGet,
  type CatalogSummary,
  type ProviderDetail,
  type ProviderSummary,
} from '../../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { extensionFolder } from '../../testing/extensionFolder';
import { codexSummary } from '../../testing/codexSummary';
import { FakeSidecar } from '../../testing/fakeSidecar';
import {
  answers,
  commandAnswers,
  executed,
  files,
  lists,
  opened,
  panels,
  reset,
  savedDocument,
  selections,
  shown,
  Uri,
  windowState,
} from '../../testing/vscode';
import { catalog, catalogDetail, kind, provider, tour } from '../../webview/providerSamples';

let items: ProviderSummary[];
let detail: Partial<ProviderDetail>;
let sidecar: FakeSidecar;
let page: ProvidersPage;
let warnings: string[];
const pages = RealUri.file(extensionFolder);

const noUses = { chatCount: 0, chats: [], templates: [], settings: [] };
const someUses = { chatCount: 2, chats: [], templates: ['reviewer'], settings: [] };

beforeEach(async () => {
  reset();
  warnings = [];
  items = [provider({ id: 'a', name: 'A' }), provider({ id: 'b', name: 'B', enabled: false })];
  detail = { uses: noUses };
  sidecar = new FakeSidecar()
    .answer(providerList, () => ({ items, kinds: [] }))
    .answer(providerGet, ({ id }) => ({ summary: provider({ id }), configuration: {}, uses: noUses, errors: [], ...detail }))
    .answer(providerTest, ({ id }) => provider({ id }))
    .answer(providerMoveKey, ({ id }) => provider({ id }))
    .answer(providerDelete, () => ({}))
    .answer(providerSetEnabled, ({ id, enabled }) => provider({ id, enabled }))
    .answer(providerConfigure, ({ id = 'new', name }) => {
      const stored = provider({ id, name, ...(id === 'new' ? { isDefault: true } : {}) });
      if (id === 'new') items = [...items.filter((item) => item.id !== id), stored];
      return stored;
    })
    .answer(providerModels, () => ({ models: [] }));
  const providers = new ProviderList(sidecar);
  const actions = new ProviderActions(sidecar, providers);
  page = new ProvidersPage({
    sidecar,
    providers,
    actions,
    connector: new Connector(sidecar, providers, actions),
    catalogs: new CatalogActions(sidecar),
    log: { warn: (line) => warnings.push(line) },
    extensionUri: pages,
  });
  page.reveal();
  await say({ type: 'ready' });
});

function received(): unknown[] {
  return panels[0]?.received ?? [];
}

async function say(message: Parameters<ProvidersPage['act']>[0]): Promise<void> {
  await page.act(message);
}

function paramsOf(method: string): unknown {
  return sidecar.asked.findLast((one) => one.method === method)?.params;
}

describe('the host of the Providers page', () => {
  it('sends the state of the sidecar and the providers to a page that is ready', () => {
    expect(received()).toEqual([
      { type: 'sidecar', state: 'running' },
      { type: 'snapshot', providers: items, kinds: [] },
    ]);
  });

  it('reports the end of each action, and why one failed', async () => {
    sidecar.answer(providerTest, () => {
      throw new FailureError('sidecarStopped', 'Plue’s sidecar is gone.');
    });
    await say({ type: 'test', id: 'a', work: 'test:a' });
    expect(received()).toContainEqual({
      type: 'finished',
      work: 'test:a',
      error: { kind: 'sidecarStopped', message: 'Plue’s sidecar is gone.' },
    });
  });

  it('updates after external changes, with the visible details', async () => {
    await say({ type: 'show', id: 'a', work: 'detail:a' });
    items = [provider({ id: 'a', name: 'Renamed' })];
    sidecar.providerChanged.fire({ id: 'a' });
    await vi.waitFor(() => expect(received().at(-1)).toMatchObject({ type: 'detail' }));
    expect(received()).toContainEqual({ type: 'snapshot', providers: items, kinds: [] });
    expect(sidecar.methods().filter((method) => method === 'provider/get')).toHaveLength(2);
  });

  it('stores a new provider, then tests it at once', async () => {
    await say({
      type: 'connect',
      work: 'connect',
      then: 'test',
      provider: { name: 'House', kind: 'openai-compatible', endpoint: 'http://127.0.0.1:1', authType: 'none' },
    });
    expect(sidecar.asked.find(({ method }) => method === 'provider/configure')?.params).toEqual({
      id: undefined,
      name: 'House',
      kind: 'openai-compatible',
      endpoint: 'http://127.0.0.1:1',
      catalogProvider: undefined,
      enabled: true,
      fields: { auth_type: 'none' },
    });
    expect(paramsOf('provider/test')).toEqual({ id: 'new' });
    expect(received().at(-1)).toEqual({ type: 'finished', work: 'connect' });
  });

  it.each([
    ['and leaves a default that may be broken alone', [provider({ id: 'a', name: 'A', isDefault: true, status: 'error' })], []],
    ['and makes it the default where there is none', [], [{ id: 'tour', name: 'The tour', kind: 'tour', makeDefault: true }]],
  ])('opens a chat of the tour itself %s', async (_, others, configured) => {
    items = [...others, tour];
    sidecar.answer(codexCreate, ({ providerId }) => codexSummary(`codex://chats/of-${providerId ?? 'nobody'}`));
    await say({ type: 'takeTour', work: 'tour' });
    expect(executed).toEqual([['plue.openChat', 'codex://chats/of-tour']]);
    expect(sidecar.asked.filter(({ method }) => method === 'provider/configure').map(({ params }) => params)).toEqual(configured);
  });

  it('leaves the key to VS Code’s own box, and stores nothing before it', async () => {
    sidecar.answer(providerList, () => ({ items, kinds: [kind()] })).answer(providerModels, () => ({ models: [] }));
    await say({ type: 'ready' });
    commandAnswers.set('plue.addProviderWithKey', () => {
      items = [...items, provider({ id: 'new', name: 'House', isDefault: true })];
      return items.at(-1);
    });
    await say({ type: 'connect', work: 'connect', then: 'setKey', provider: { name: 'House', kind: 'anthropic' } });
    expect(executed[0]).toEqual([
      'plue.addProviderWithKey',
      expect.objectContaining({ name: 'House', kind: 'anthropic', origin: 'https://api.anthropic.com' }),
    ]);
    expect(paramsOf('provider/test')).toEqual({ id: 'new' });
    expect(received()).toContainEqual({ type: 'models', id: 'new', result: { models: [] } });
    // Focuses the composer of the chat next to it.
    expect(executed.at(-1)).toEqual(['plue.focusComposer']);
  });

  it('replaces the key of a stored provider', async () => {
    await say({ type: 'connect', work: 'connect', then: 'setKey', provider: { id: 'a', name: 'A', kind: 'anthropic' } });
    expect(executed[0]).toEqual(['plue.configureProviderKey', 'a']);
    expect(sidecar.methods()).not.toContain('provider/test');
  });

  it.each([
    [{}, ['0.5', 'two', '2'], { large: { input: 0.5, output: 2 } }],
    [{ large: { input: 1, output: 2 }, small: { input: 3, output: 4 } }, [''], { small: { input: 3, output: 4 } }],
    [{ large: { input: 1, output: 2 } }, [''], null],
  ])('keeps the price of a model beside %j', async (before, typed, after) => {
    detail = { uses: noUses, configuration: { model_prices: before } };
    answers.push(...typed);
    await say({ type: 'setPrice', id: 'a', modelId: 'large', work: 'price:a' });
    expect(paramsOf('provider/configure')).toEqual({ id: 'a', name: 'A', kind: 'anthropic', fields: { model_prices: after } });
    expect(received()).toContainEqual({ type: 'models', id: 'a', result: { models: [] } });
  });

  it('does not keep a new provider to which the user did not sign in', async () => {
    sidecar.answer(providerConfigure, ({ name }) => {
      items = [...items, provider({ id: 'new', name, authType: 'oauth', hasCredential: false })];
      return provider({ id: 'new', name });
    });
    await say({ type: 'connect', work: 'connect', then: 'signIn', provider: { name: 'House', kind: 'anthropic', authType: 'oauth' } });
    expect(executed).toEqual([['plue.signInProvider', 'new']]);
    expect(paramsOf('provider/delete')).toEqual({ id: 'new' });
    expect(received().at(-1)).toEqual({ type: 'finished', work: 'connect' });
  });

  it('separates changes of the form into fields of the wire and others', async () => {
    await say({
      type: 'configure',
      id: 'a',
      work: 'configure',
      changes: { name: 'New name', endpoint: null, model: 'large', temperature: 0.2, headers: null },
    });
    expect(paramsOf('provider/configure')).toEqual({
      id: 'a',
      kind: 'anthropic',
      name: 'New name',
      endpoint: '',
      model: 'large',
      catalogProvider: undefined,
      fields: { temperature: 0.2, headers: null },
    });
  });

  it('opens a broken file at its fault', async () => {
    items = [provider({ id: 'a', fault: { path: '/p/a.json5', line: 3, column: 18, message: 'A value is missing.', holdsSecret: false } })];
    await say({ type: 'ready' });
    await say({ type: 'openFile', id: 'a', work: 'file:a' });
    expect(opened).toEqual(['/p/a.json5']);
    expect(selections[0]).toMatchObject({ start: { line: 2, character: 17 } });
  });

  it('unlocks the vault before a key is moved into it', async () => {
    await say({ type: 'moveKey', id: 'a', work: 'moveKey:a' });
    expect(executed).toEqual([['plue.unlockVault']]);
    expect(paramsOf('provider/moveKey')).toEqual({ id: 'a' });
  });
});

describe('where the page goes', () => {
  it('receives its place when it is created, and again when it is already open', async () => {
    page.reveal({ provider: 'b' });
    expect(received().at(-1)).toEqual({ type: 'go', to: 'provider', id: 'b' });
    page.reveal('add');
    expect(received().at(-1)).toEqual({ type: 'go', to: 'add' });
    panels[0]?.dispose();
    page.reveal('add');
    await say({ type: 'ready' });
    expect(panels[1]?.received).toContainEqual({ type: 'go', to: 'add' });
  });

  it('is left alone once it drew something else', async () => {
    page.reveal({ provider: 'b' });
    await say({ type: 'show', id: 'a', work: 'detail:a' });
    const before = received().length;
    await say({ type: 'ready' });
    expect(received().slice(before)).not.toContainEqual(expect.objectContaining({ type: 'go' }));
  });

  it('is not looked up while the sidecar is gone', async () => {
    sidecar.state = { state: 'stopped', cause: 'It crashed.' };
    sidecar.asked.length = 0;
    page.reveal();
    await say({ type: 'ready' });
    expect(sidecar.asked).toEqual([]);
    expect(received()).toContainEqual({ type: 'sidecar', state: 'stopped', cause: 'It crashed.' });
    sidecar.stateChanged.fire({ state: 'running' });
    expect(received().at(-1)).toEqual({ type: 'sidecar', state: 'running' });
  });
});

describe('failures outside of the page', () => {
  it('are logged, and the page keeps its content', async () => {
    await say({ type: 'show', id: 'a', work: 'detail:a' });
    sidecar.answer(providerGet, () => {
      throw new FailureError('notFound', 'It is gone.');
    });
    sidecar.providerChanged.fire({ id: 'a' });
    await vi.waitFor(() => expect(warnings).toEqual(['The details of a could not be fetched: It is gone.']));
    sidecar.answer(providerList, () => {
      throw new FailureError('internal', 'The folder is gone.');
    });
    windowState.fire({ focused: true });
    await vi.waitFor(() => expect(warnings.at(-1)).toBe('The providers could not be listed: The folder is gone.'));
    expect(shown).toEqual([]);
  });

  it('reports an unreadable folder with the known providers', async () => {
    sidecar.answer(providerList, () => ({ items, kinds: [], folderProblem: 'The folder cannot be read.' }));
    await say({ type: 'ready' });
    expect(received().at(-1)).toEqual({ type: 'snapshot', providers: items, kinds: [], folderProblem: 'The folder cannot be read.' });
  });
});

describe('actions of the page', () => {
  it.each([
    [{ type: 'signIn', id: 'a' } as const, ['plue.signInProvider', 'a']],
    [{ type: 'signOut', id: 'a' } as const, ['plue.signOutProvider', 'a']],
    [{ type: 'setKey', id: 'a' } as const, ['plue.configureProviderKey', 'a']],
    [{ type: 'openChat', uri: 'codex://chats/one' } as const, ['plue.openChat', 'codex://chats/one']],
    [{ type: 'newChat' } as const, ['plue.newChat']],
    [{ type: 'unlockVault' } as const, ['plue.unlockVault']],
    [{ type: 'checkClaudeCode' } as const, ['plue.checkClaudeCodeAuth']],
    [{ type: 'showLog' } as const, ['plue.showLog']],
    [{ type: 'restart' } as const, ['plue.restartServer']],
  ])('of another area, such as %j, run its command', async (action, command) => {
    await say({ ...action, work: 'w' });
    expect(executed).toEqual([command]);
    expect(received().at(-1)).toEqual({ type: 'finished', work: 'w' });
  });

  it('sets the default model or the small model', async () => {
    await say({ type: 'makeDefault', id: 'a', work: 'w' });
    expect(paramsOf('provider/configure')).toEqual({ id: 'a', name: 'A', kind: 'anthropic', makeDefault: true });
    await say({ type: 'makeDefaultSmall', id: 'a', work: 'w' });
    expect(paramsOf('provider/configure')).toEqual({ id: 'a', name: 'A', kind: 'anthropic', makeDefaultSmall: true });
  });

  it('makes one that was found the default only when it answers', async () => {
    await say({ type: 'use', id: 'a', work: 'use' });
    expect(paramsOf('provider/configure')).toMatchObject({ id: 'a', makeDefault: true });
    sidecar.asked.length = 0;
    sidecar.answer(providerTest, () => provider({ error: { kind: 'unreachable', message: 'Nobody answers.' } }));
    await say({ type: 'use', id: 'a', work: 'use' });
    expect(sidecar.methods()).not.toContain('provider/configure');
    expect(received().at(-1)).toEqual({ type: 'finished', work: 'use', error: { kind: 'unreachable', message: 'Nobody answers.' } });
  });

  it('stores anew what a step stored already, and takes away an address that was emptied', async () => {
    const fields = { model: null, temperature: 1 };
    const external = { id: 'x', name: 'X', kind: 'external', command: '/bin/x', fields };
    await say({ type: 'connect', work: 'connect', then: 'signIn', provider: external });
    expect(paramsOf('provider/configure')).toEqual({
      ...{ id: 'x', name: 'X', kind: 'external', endpoint: '', catalogProvider: undefined, model: '', enabled: true },
      fields: { temperature: 1, command: '/bin/x' },
    });
    expect(received()).toContainEqual({ type: 'connected', provider: provider({ id: 'x', name: 'X' }) });
    expect(executed).toEqual([['plue.signInProvider', 'x']]);
  });

  it('is refused for a provider that is gone, in a sentence', async () => {
    await say({ type: 'configure', id: 'gone', work: 'w', changes: {} });
    const message = 'The provider gone no longer exists.';
    expect(received().at(-1)).toEqual({ type: 'finished', work: 'w', error: { kind: 'notFound', message } });
    expect(warnings).toEqual([`Providers page: configure: notFound: ${message}`]);
  });

  it('shows models, programs and what a provider may have', async () => {
    const models = { models: [], fetchedAt: '2026-11-21T08:00:00Z' };
    const program = { path: '/bin/x', name: 'x', sha256: 'ab'.repeat(32), approved: false, changedSinceApproval: false };
    const template = { id: 'llm-provider', name: 'Provider', fields: [] };
    sidecar
      .answer(providerModels, () => models)
      .answer(providerExecutables, () => ({ items: [program] }))
      .answer(providerApprove, () => program)
      .answer(templateGet, () => template)
      .answer(providerDiscover, () => ({ defaultId: 'tour', checks: [], message: 'Nothing was found.' }));
    await say({ type: 'listModels', id: 'a', refresh: true, work: 'w' });
    expect(paramsOf('provider/models')).toEqual({ id: 'a', refresh: true });
    await say({ type: 'loadExecutables', work: 'w' });
    await say({ type: 'approve', path: '/bin/x', sha256: program.sha256, work: 'w' });
    expect(paramsOf('provider/approve')).toEqual({ path: '/bin/x', sha256: program.sha256 });
    await say({ type: 'loadTemplate', work: 'w' });
    await say({ type: 'discover', work: 'w' });
    for (const answer of [
      { type: 'models', id: 'a', result: models },
      { type: 'executables', items: [program] },
      { type: 'template', template },
      { type: 'status', text: 'Nothing was found.' },
    ])
      expect(received()).toContainEqual(answer);
  });
});

describe('a question before something is lost', () => {
  const key = { reference: 'vault://a/api_key', origins: [], lastFour: 'abcd', storedAt: '2026-11-21T08:00:00Z', usedBy: ['a'] };

  it('lists the uses of a provider before deleting it, and asks what to do with its key', async () => {
    detail = { uses: someUses, key };
    answers.push('Delete with Key');
    await say({ type: 'delete', id: 'a', work: 'delete:a' });
    expect(shown[0]).toMatchObject({ text: 'Delete the provider “A”?', buttons: ['Delete, Keep Key', 'Delete with Key'] });
    expect(shown[0]?.detail).toContain('Used by 2 chats and the template reviewer.');
    expect(paramsOf('provider/delete')).toEqual({ id: 'a', deleteKey: true });
  });

  it('keeps the key when that is the answer, and everything when there is none', async () => {
    detail = { key };
    answers.push('Delete, Keep Key');
    await say({ type: 'delete', id: 'a', work: 'delete:a' });
    expect(paramsOf('provider/delete')).toEqual({ id: 'a', deleteKey: false });
    sidecar.asked.length = 0;
    await say({ type: 'delete', id: 'a', work: 'delete:a' });
    expect(sidecar.methods()).toEqual(['provider/get']);
    expect(received().at(-1)).toEqual({ type: 'finished', work: 'delete:a' });
  });

  it('offers plain Delete where there is no key, also for a file that has no details', async () => {
    items = [provider({ id: 'a', name: 'A', hasCredential: false })];
    await say({ type: 'ready' });
    sidecar.answer(providerGet, () => {
      throw new FailureError('notFound', 'It cannot be read.');
    });
    answers.push('Delete');
    await say({ type: 'delete', id: 'a', work: 'delete:a' });
    expect(shown[0]?.buttons).toEqual(['Delete']);
    expect(paramsOf('provider/delete')).toEqual({ id: 'a', deleteKey: false });
  });

  it('asks before a provider that is in use is switched off, and only then', async () => {
    await say({ type: 'setEnabled', id: 'a', enabled: false, work: 'switch:a' });
    expect(shown).toEqual([]);
    detail = { uses: someUses };
    await say({ type: 'setEnabled', id: 'a', enabled: false, work: 'switch:a' });
    expect(shown[0]?.text).toBe('Disable the provider “A”?');
    expect(sidecar.methods().filter((method) => method === 'provider/setEnabled')).toHaveLength(1);
    await say({ type: 'setEnabled', id: 'b', enabled: true, work: 'switch:b' });
    expect(shown).toHaveLength(1);
  });

  it('counts users in a sentence', () => {
    expect(usesSentence(noUses)).toBe('Not used.');
    expect(usesSentence({ ...noUses, chatCount: 1 })).toBe('Used by 1 chat.');
    expect(usesSentence({ ...noUses, chatCount: 3 })).toBe('Used by 3 chats.');
    expect(usesSentence({ ...noUses, settings: ['default_provider'] })).toBe('Used by the setting default_provider.');
  });
});

describe('catalogs in and out of files', () => {
  it('asks before an import replaces a catalog that is there', async () => {
    sidecar.answer(catalogImport, ({ replace }) => ({
      imported: [],
      skipped: replace === true ? [] : [{ id: 'mine', reason: 'There is one.' }],
    }));
    sidecar.answer(catalogList, () => ({ items: [] })).answer(catalogStartingPoints, () => ({ items: [] }));
    files.push(Uri.file('/c.json'));
    answers.push('Replace');
    await say({ type: 'importCatalog', work: 'import' });
    expect(sidecar.asked.filter(({ method }) => method === 'catalog/import').map(({ params }) => params)).toEqual([
      { path: '/c.json' },
      { path: '/c.json', replace: true },
    ]);
  });

  it('asks before a provider in use gets another address, for every catalog change, with both addresses', async () => {
    const why = 'Groq is asked at https://api.groq.com now and would be asked at https://evil.example. Nothing was changed.';
    const refuse = ({ allowOriginChange }: { allowOriginChange?: boolean }): void => {
      if (allowOriginChange !== true) throw new FailureError('originChange', why);
    };
    const mine = catalog({ id: 'mine', name: 'Mine', source: 'user' });
    sidecar
      .answer(catalogList, () => ({ items: [] }))
      .answer(catalogStartingPoints, () => ({ items: [] }))
      .answer(catalogBackups, () => ({ items: [] }))
      .answer(catalogGet, () => catalogDetail(mine, []))
      .answer(catalogImport, (params) => (refuse(params), { imported: [mine], skipped: [] }))
      .answer(catalogSave, (params) => (refuse(params), catalogDetail(mine, [])))
      .answer(catalogRestore, (params) => (refuse(params), catalogDetail(mine, [])))
      .answer(catalogDelete, (params) => (refuse(params), {}));
    const changes: { method: string; action: Parameters<ProvidersPage['act']>[0]; before: string[] }[] = [
      { method: 'catalog/import', action: { type: 'importCatalog', work: 'w' }, before: [] },
      { method: 'catalog/save', action: { type: 'saveCatalog', document: {}, work: 'w' }, before: [] },
      { method: 'catalog/restore', action: { type: 'restore', backupId: 'b', work: 'w' }, before: [] },
      { method: 'catalog/delete', action: { type: 'deleteCatalog', id: 'mine', work: 'w' }, before: ['Delete'] },
    ];
    for (const { method, action, before } of changes) {
      const sent = (): unknown[] => sidecar.asked.filter((one) => one.method === method).map(({ params }) => params);
      files.push(Uri.file('/c.json'));
      answers.push(...before, undefined);
      await say(action);
      expect(shown.at(-1)).toMatchObject({ detail: why, buttons: ['Use New Address'] });
      expect(sent()).toHaveLength(1);
      files.push(Uri.file('/c.json'));
      answers.push(...before, 'Use New Address');
      await say(action);
      expect(sent().at(-1)).toMatchObject({ allowOriginChange: true });
      expect(sent()).toHaveLength(3);
    }
  });

  it('exports to the file that was chosen, and nowhere without one', async () => {
    sidecar.answer(catalogExport, () => ({}));
    await say({ type: 'exportCatalog', ids: ['mine'], work: 'export' });
    expect(sidecar.methods()).not.toContain('catalog/export');
    files.push(Uri.file('/out.json'));
    await say({ type: 'exportCatalog', ids: ['mine'], work: 'export' });
    expect(paramsOf('catalog/export')).toEqual({ ids: ['mine'], path: '/out.json' });
  });
});

describe('catalogs on the page', () => {
  const mine = catalog({ id: 'mine', name: 'Mine', source: 'user', modelCount: 3 });
  const details = catalogDetail(mine, []);
  let all: CatalogSummary[];

  beforeEach(() => {
    all = [mine, catalog({ id: 'shipped', name: 'Shipped' })];
    sidecar
      .answer(catalogList, () => ({ items: all }))
      .answer(catalogStartingPoints, () => ({ items: [] }))
      .answer(catalogGet, () => details)
      .answer(catalogSave, () => details)
      .answer(catalogRestore, () => details)
      .answer(catalogBackups, () => ({ items: [] }))
      .answer(catalogValidate, () => ({ problems: [] }))
      .answer(catalogDelete, () => ({}))
      .answer(catalogExport, () => ({}))
      .answer(catalogRefresh, () => ({ message: 'Two catalogs are new.', updated: true, providerCount: 2 }));
  });

  it('are listed, shown, checked and stored', async () => {
    await say({ type: 'loadCatalogs', work: 'w' });
    await say({ type: 'loadCatalog', id: 'mine', work: 'w' });
    await say({ type: 'validateCatalog', document: { id: 'mine' }, work: 'check' });
    await say({ type: 'saveCatalog', document: { id: 'mine' }, previousId: 'old', work: 'w' });
    expect(paramsOf('catalog/save')).toEqual({ document: { id: 'mine' }, previousId: 'old' });
    for (const answer of [
      { type: 'catalogs', list: { items: all }, startingPoints: [] },
      { type: 'catalog', detail: details },
      { type: 'problems', work: 'check', problems: [] },
      { type: 'savedCatalog', detail: details },
    ])
      expect(received()).toContainEqual(answer);
  });

  it('reports the result of a refresh and of a restored backup', async () => {
    await say({ type: 'refreshCatalog', work: 'w' });
    expect(received()).toContainEqual({ type: 'status', text: 'Two catalogs are new.' });
    expect(received()).toContainEqual({ type: 'catalogs', list: { items: all }, startingPoints: [] });
    await say({ type: 'loadBackups', work: 'w' });
    expect(received()).toContainEqual({ type: 'backups', items: [] });
    await say({ type: 'restore', backupId: 'b1', work: 'w' });
    expect(paramsOf('catalog/restore')).toEqual({ backupId: 'b1' });
    expect(shown.map(({ text }) => text)).toEqual(['Two catalogs are new.', 'The catalog was restored.']);
  });

  it('are deleted only after a question that lists their current uses', async () => {
    await say({ type: 'deleteCatalog', id: 'mine', work: 'w' });
    expect(shown[0]).toMatchObject({
      text: 'Delete the catalog “Mine”?',
      detail: 'Providers created from this catalog are kept. The current version is saved in Backups.',
    });
    expect(sidecar.methods()).not.toContain('catalog/delete');
    answers.push('Delete');
    await say({ type: 'deleteCatalog', id: 'mine', work: 'w' });
    expect(received()).toContainEqual({ type: 'removedCatalog', id: 'mine' });
    sidecar.answer(catalogGet, () => ({ ...details, summary: { ...mine, overridesShipped: true } }));
    await say({ type: 'deleteCatalog', id: 'mine', work: 'w' });
    expect(shown.at(-1)?.detail).toContain('The built-in catalog is restored.');
  });

  it('are selected for a file without models, with the own ones checked', async () => {
    answers.push('OK');
    files.push(Uri.file('/out.json'));
    await say({ type: 'exportCatalog', ids: [], work: 'w' });
    expect(lists[0]).toMatchObject([
      { label: 'Mine', description: 'custom', detail: '3 models', picked: true },
      { label: 'Shipped', description: 'built-in', picked: false },
    ]);
    expect(paramsOf('catalog/export')).toEqual({ ids: ['mine'], path: '/out.json' });
    expect(shown.at(-1)?.text).toBe('Exported the catalog to /out.json.');
    files.push(Uri.file('/all.json'));
    await say({ type: 'exportCatalog', ids: ['mine', 'shipped'], work: 'w' });
    expect(shown.at(-1)?.text).toBe('Exported 2 catalogs to /all.json.');
  });

  it('are written nowhere when none is chosen', async () => {
    await say({ type: 'exportCatalog', ids: [], work: 'w' });
    expect(sidecar.methods()).not.toContain('catalog/export');
    expect(received().at(-1)).toEqual({ type: 'finished', work: 'w' });
  });

  it('names catalogs skipped by an import, and keeps them if the user declines', async () => {
    sidecar.answer(catalogImport, () => ({ imported: [catalog({ name: 'New' })], skipped: [{ id: 'mine', reason: 'There is one.' }] }));
    files.push(Uri.file('/c.json'));
    await say({ type: 'importCatalog', work: 'w' });
    expect(shown[0]).toMatchObject({ text: 'Imported: New. Skipped: mine.', buttons: ['Replace'] });
    expect(shown[0]?.detail).toBe('mine: There is one.\nPrevious versions are saved in Backups.');
    expect(sidecar.methods().filter((method) => method === 'catalog/import')).toHaveLength(1);
    expect(received()).toContainEqual({ type: 'status', text: 'Imported: New. Skipped: mine.' });
  });

  it('are not imported without a file', async () => {
    await say({ type: 'importCatalog', work: 'w' });
    expect(sidecar.methods()).not.toContain('catalog/import');
    expect(received().at(-1)).toEqual({ type: 'finished', work: 'w' });
  });
});

describe('messages that the page may send', () => {
  it('is read by its shape, and nothing else is', () => {
    expect(parseMessage(fromProvidersPage, { type: 'test', id: 'a', work: 'test:a' })).toBeDefined();
    for (const message of [
      { type: 'test', id: 'a' },
      { type: 'test', id: '', work: 'w' },
      { type: 'setKey', id: 'a', work: 'w', key: 'sk-1' },
      { type: 'openChat', uri: 'https://example.com', work: 'w' },
      { type: 'approve', path: '/p', sha256: 'no hash', work: 'w' },
      { type: 'connect', then: 'test', work: 'w', provider: { name: ' ', kind: 'anthropic' } },
      { type: 'format', work: 'w' },
      undefined,
    ]) {
      expect(parseMessage(fromProvidersPage, message)).toBeUndefined();
    }
  });
});

describe('a command of the palette', () => {
  it('offers only suitable providers, and accepts one that is passed in', async () => {
    const providers = new ProviderList(sidecar);
    answers.push('B');
    expect((await pickProvider(providers, l10n.t('Enable Provider'), ({ enabled }) => !enabled)).id).toBe('b');
    expect(shown[0]).toMatchObject({ text: 'Enable Provider', buttons: [expect.stringContaining('B')] });
    expect((await pickProvider(providers, l10n.t('Test Provider'), () => true, 'a')).id).toBe('a');
    await expect(pickProvider(providers, l10n.t('Test Provider'), () => true, 'gone')).rejects.toThrow('The provider gone does not exist.');
  });

  it('add an external program only once it is approved', async () => {
    const program = { path: '/bin/plue-provider-x', name: 'x', sha256: 'ab'.repeat(32), approved: false, changedSinceApproval: false };
    sidecar
      .answer(providerList, () => ({ items, kinds: [kind({ kind: 'external', name: 'External', takesKey: false, takesEndpoint: false })] }))
      .answer(catalogList, () => ({ items: [] }))
      .answer(providerExecutables, () => ({ items: [program] }))
      .answer(providerApprove, () => ({ ...program, approved: true }));
    const providers = new ProviderList(sidecar);
    answers.push('External', 'x', 'Approve', 'No key');
    await addProvider(sidecar, providers, new Connector(sidecar, providers, new ProviderActions(sidecar, providers)));
    const methods = sidecar.methods();
    expect(methods.indexOf('provider/approve')).toBeGreaterThan(-1);
    expect(methods.indexOf('provider/approve')).toBeLessThan(methods.indexOf('provider/configure'));
  });
});

it('A provider’s file that was changed by hand is looked at when it is saved and when the window is back', async () => {
  const asked = (): number => sidecar.methods().filter((method) => method === 'provider/list').length;
  const before = asked();
  savedDocument.fire({ uri: Uri.file('/home/me/notes.json5') });
  expect(asked()).toBe(before);
  savedDocument.fire({ uri: Uri.file('/home/me/.plue/providers/lab.json5') });
  await vi.waitFor(() => expect(asked()).toBe(before + 1));
  windowState.fire({ focused: true });
  await vi.waitFor(() => expect(asked()).toBe(before + 2));
});
