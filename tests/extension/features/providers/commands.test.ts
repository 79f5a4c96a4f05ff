import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as v from 'valibot';
import { Uri as RealUri, type Disposable, type ExtensionContext } from 'vscode';
import { activateProviders } from '../../../../extension/src/features/providers';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  catalogRefresh,
  providerConfigure,
  providerDelete,
  providerDiscover,
  providerGet,
  providerList,
  providerMoveKey,
  providerSetEnabled,
  providerTest,
  type ProviderSummary,
} from '../../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { extensionFolder } from '../../testing/extensionFolder';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { memory } from '../../testing/memory';
import {
  answers,
  configuration,
  executed,
  lists,
  opened,
  panels,
  registered,
  reset,
  shown,
  statusBar,
  TabInputWebview,
  window,
} from '../../testing/vscode';
import { detail, provider, tour } from '../../webview/providerSamples';

let items: ProviderSummary[];
let kept: Record<string, unknown>;
let lines: string[];
let sidecar: FakeSidecar;
let active: Disposable;

beforeEach(() => {
  reset();
  items = [
    provider({ isDefault: true, keyReference: 'env://ANTHROPIC_API_KEY' }),
    provider({ id: 'off', name: 'Disabled', enabled: false, status: 'disabled' }),
    provider({ id: 'broken', name: 'Broken', fault: { path: '/p/b.json5', line: 1, column: 1, message: 'A comma.', holdsSecret: true } }),
    provider({ id: 'found', name: 'Found', source: 'found', file: undefined }),
    tour,
  ];
  kept = {};
  const known = ({ id }: { id?: string }): ProviderSummary => items.find((item) => item.id === id) ?? provider();
  sidecar = new FakeSidecar()
    .answer(providerList, () => ({ items, kinds: [] }))
    .answer(providerGet, (params) => detail(known(params)))
    .answer(providerDiscover, () => ({ defaultId: 'anthropic', message: 'Anthropic answers new chats.', checks: ['ANTHROPIC_API_KEY'] }))
    .answer(providerTest, known)
    .answer(providerSetEnabled, known)
    .answer(providerConfigure, known)
    .answer(providerMoveKey, known)
    .answer(providerDelete, () => ({}))
    .answer(catalogRefresh, () => ({ updated: true, providerCount: 2, message: 'Two catalogs are new.' }));
  start();
});

afterEach(() => active.dispose());

function start(opensChat = false): void {
  const { log, lines: written } = fakeLog();
  lines = written;
  const context = v.parse(
    v.custom<ExtensionContext>(() => true),
    { globalState: memory(kept), extensionUri: RealUri.file(extensionFolder) },
  );
  active = activateProviders(context, sidecar, new ProviderList(sidecar), log, opensChat);
}

async function run(command: string, given?: unknown): Promise<void> {
  await registered.get(command)?.(given);
}

describe('a command of the palette', () => {
  it.each([
    ['plue.testProvider', 'Test Provider', ['Anthropic', 'Found']],
    ['plue.enableProvider', 'Enable Provider', ['Disabled']],
    ['plue.disableProvider', 'Disable Provider', ['Anthropic', 'Found']],
    ['plue.deleteProvider', 'Delete Provider', ['Anthropic', 'Disabled', 'Broken', 'The tour']],
    ['plue.chooseDefaultProvider', 'Choose Default Provider', ['Anthropic', 'Found', 'The tour']],
    ['plue.chooseDefaultSmallProvider', 'Choose Small Model Provider', ['Anthropic', 'Found']],
    ['plue.moveKeyToVault', 'Move Key to Vault', ['Anthropic', 'Broken']],
    ['plue.openProviderFile', 'Open Provider File', ['Anthropic', 'Disabled', 'Broken', 'The tour']],
  ])('%s asks which, among those it can be done with', async (command, title, names) => {
    await run(command);
    expect(shown).toMatchObject([{ kind: 'pick', text: title }]);
    expect(lists[0]?.map((row) => (typeof row === 'string' ? row : row.label.replace(/^\$\([^)]*\) /, '')))).toEqual(names);
    expect(sidecar.methods()).toEqual(['provider/list']);
  });

  it.each([
    ['plue.testProvider', 'provider/test', { id: 'anthropic' }],
    ['plue.enableProvider', 'provider/setEnabled', { id: 'anthropic', enabled: true }],
    ['plue.disableProvider', 'provider/setEnabled', { id: 'anthropic', enabled: false }],
    ['plue.chooseDefaultProvider', 'provider/configure', { id: 'anthropic', name: 'Anthropic', kind: 'anthropic', makeDefault: true }],
    [
      'plue.chooseDefaultSmallProvider',
      'provider/configure',
      { id: 'anthropic', name: 'Anthropic', kind: 'anthropic', makeDefaultSmall: true },
    ],
    ['plue.moveKeyToVault', 'provider/moveKey', { id: 'anthropic' }],
  ])('%s uses the passed provider', async (command, method, params) => {
    await run(command, 'anthropic');
    expect(sidecar.asked).toContainEqual({ method, params });
    expect(lists).toEqual([]);
  });

  it('opens the file of one, and deletes it after a question', async () => {
    await run('plue.openProviderFile', 'anthropic');
    expect(opened).toEqual(['/home/me/.plue/providers/anthropic.json5']);
    await run('plue.deleteProvider', 'off');
    expect(sidecar.methods()).not.toContain('provider/delete');
    answers.push('Delete');
    await run('plue.deleteProvider', 'off');
    expect(sidecar.asked).toContainEqual({ method: 'provider/delete', params: { id: 'off', deleteKey: false } });
  });

  it('refreshes the catalog, and reports the result', async () => {
    await run('plue.refreshCatalog');
    expect(shown.map(({ text }) => text)).toEqual(['Updating the catalog…', 'Two catalogs are new.']);
  });

  it('opens the page at the passed provider', async () => {
    await run('plue.manageProviders', 'off');
    panels[0]?.say({ type: 'ready' });
    await vi.waitFor(() => expect(panels[0]?.received).toContainEqual({ type: 'go', to: 'provider', id: 'off' }));
  });
});

describe('the status bar', () => {
  it('shows the default provider, or what to do without one', async () => {
    expect(statusBar.get('plue.provider')).toMatchObject({ text: 'Plue: connect', tooltip: 'Choose the default model for new chats' });
    sidecar.providerChanged.fire({ id: 'anthropic' });
    await vi.waitFor(() =>
      expect(statusBar.get('plue.provider')).toMatchObject({ text: 'Plue: Anthropic', tooltip: 'Default model: Anthropic' }),
    );
  });
});

describe('the first start', () => {
  beforeEach(() => configuration.set('plue.chat.location', 'editor'));

  it.each([
    ['New Chat', 'plue.newChat'],
    ['Manage Providers', 'plue.manageProviders'],
  ])('discovers a provider to chat with, names it, and offers %s', async (button, command) => {
    answers.push(button);
    sidecar.started.fire();
    await vi.waitFor(() => expect(executed).toEqual([[command]]));
    expect(shown).toMatchObject([{ text: 'Anthropic answers new chats.', buttons: ['New Chat', 'Manage Providers'] }]);
    expect(lines).toEqual(['Anthropic answers new chats.', '  ANTHROPIC_API_KEY']);
  });

  it('is the only one that does', async () => {
    sidecar.started.fire();
    await vi.waitFor(() => expect(shown).toHaveLength(1));
    sidecar.asked.length = 0;
    sidecar.started.fire();
    await vi.waitFor(() => expect(sidecar.methods()).toEqual(['provider/list']));
    expect(shown).toHaveLength(1);
  });

  it('hides its message when a chat opens', async () => {
    const message = vi.spyOn(window, 'showInformationMessage').mockReturnValue(new Promise(() => undefined));
    sidecar.started.fire();
    await vi.waitFor(() => expect(message).toHaveBeenCalledOnce());
    message.mockRestore();
    const activeTab = { input: new TabInputWebview('mainThreadWebview-plue.chat') };
    window.tabGroups.all.push({ tabs: [activeTab], activeTab, viewColumn: 1 });
    window.tabGroups.changed.fire();
    expect(executed).toContainEqual(['notifications.hideToasts']);
  });

  it('lays nothing over the chat in the side bar', async () => {
    configuration.clear();
    sidecar.started.fire();
    await vi.waitFor(() => expect(Object.values(kept)).toEqual([true]));
    expect(shown).toEqual([]);
  });

  it('lays nothing over a chat that is open', async () => {
    const activeTab = { input: new TabInputWebview('mainThreadWebview-plue.chat') };
    window.tabGroups.all.push({ tabs: [activeTab], activeTab, viewColumn: 1 });
    sidecar.started.fire();
    await vi.waitFor(() => expect(Object.values(kept)).toEqual([true]));
    active.dispose();
    kept = {};
    window.tabGroups.all.length = 0;
    start(true);
    sidecar.started.fire();
    await vi.waitFor(() => expect(Object.values(kept)).toEqual([true]));
    expect(shown).toEqual([]);
  });

  it('logs a failure and tries again', async () => {
    sidecar.answer(providerDiscover, () => {
      throw new FailureError('internal', 'The disk is gone.');
    });
    sidecar.started.fire();
    await vi.waitFor(() => expect(lines).toEqual(['The providers could not be listed: The disk is gone.']));
    expect(kept).toEqual({});
  });
});
