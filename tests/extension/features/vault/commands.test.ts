import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Disposable, ExtensionContext } from 'vscode';
import * as v from 'valibot';
import { activateVault } from '../../../../extension/src/features/vault/index';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  providerConfigure,
  providerDelete,
  providerList,
  providerTest,
  vaultCreate,
  vaultList,
  vaultSetOrigins,
  vaultStatus,
  vaultStore,
  vaultUnlock,
  type ProviderKindView,
  type ProviderSummary,
  type VaultEntrySummary,
  type VaultStatusResult,
} from '../../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSecrets } from '../../testing/fakeSecrets';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, executed, lists, registered, reset, shown } from '../../testing/vscode';
import { kind, ownServer, provider } from '../../webview/providerSamples';

const services = provider({ id: 'house', name: 'House', hasCredential: false, origin: 'https://api.example' });

const entry: VaultEntrySummary = {
  reference: 'vault://house/api_key',
  origins: ['https://old.example'],
  lastFour: 'abcd',
  storedAt: '2026-11-21T08:00:00Z',
  usedBy: ['house'],
};

let items: ProviderSummary[];
let kinds: ProviderKindView[];
let status: VaultStatusResult;
let sidecar: FakeSidecar;
let lines: string[];
let active: Disposable;

beforeEach(() => {
  reset();
  items = [services, provider({ id: 'tour', name: 'The tour', takesKey: false })];
  kinds = [kind(), ownServer, kind({ kind: 'tour', name: 'Tour', takesKey: false })];
  status = { exists: true, locked: false, unlockMethods: ['passphrase'], keychainAvailable: false };
  sidecar = new FakeSidecar()
    .answer(providerList, () => ({ items, kinds }))
    .answer(providerConfigure, ({ id, name, endpoint }) => {
      const stored = provider({ id: id ?? 'new', name, origin: endpoint ?? 'https://api.anthropic.com' });
      if (id === undefined) items = [...items, stored];
      return stored;
    })
    .answer(providerTest, ({ id }) => items.find((item) => item.id === id) ?? services)
    .answer(vaultStatus, () => status)
    .answer(vaultUnlock, () => ({ ...status, locked: false }))
    .answer(vaultList, () => ({ entries: [] }))
    .answer(vaultStore, ({ reference, origins }) => ({ ...entry, reference, origins }));
  const kept = fakeLog();
  lines = kept.lines;
  const context = v.parse(
    v.custom<ExtensionContext>(() => true),
    { secrets: new FakeSecrets() },
  );
  active = activateVault(context, sidecar, new ProviderList(sidecar), kept.log);
});

afterEach(() => active.dispose());

async function run(command: string, argument?: unknown): Promise<void> {
  await registered.get(command)?.(argument);
}

function paramsOf(method: string): unknown {
  return sidecar.asked.findLast((one) => one.method === method)?.params;
}

describe('a key for a provider', () => {
  it('is kept for the provider’s address alone, and tried at once', async () => {
    answers.push(' sk-house ');
    await run('plue.configureProviderKey', 'house');
    expect(shown[0]).toMatchObject({
      text: 'Key for House',
      detail: 'Stored encrypted in the Plue vault and sent only to https://api.example.',
    });
    expect(paramsOf('vault/store')).toEqual({ reference: 'vault://house/api_key', secret: 'sk-house', origins: ['https://api.example'] });
    expect(sidecar.methods().slice(-4)).toEqual(['vault/store', 'provider/configure', 'provider/test', 'provider/list']);
    expect(shown.at(-1)).toMatchObject({ kind: 'info', text: 'The key was saved, and House responded.' });
  });

  it('replaces the key of the environment and updates the file', async () => {
    items = [{ ...services, keyReference: 'env://HOUSE_KEY' }];
    answers.push('sk-house');
    await run('plue.configureProviderKey', 'house');
    expect(paramsOf('provider/configure')).toEqual({
      id: 'house',
      name: 'House',
      kind: 'anthropic',
      fields: { api_key_ref: 'vault://house/api_key' },
    });
  });

  it('leaves the file alone that names its place already', async () => {
    items = [{ ...services, keyReference: 'vault://team/house' }];
    answers.push('sk-house');
    await run('plue.configureProviderKey', 'house');
    expect(paramsOf('vault/store')).toMatchObject({ reference: 'vault://team/house' });
    expect(sidecar.methods()).not.toContain('provider/configure');
  });

  it('of an external program is described as sent to that program', async () => {
    items = [{ ...services, origin: 'exec:///bin/house' }];
    await run('plue.configureProviderKey', 'house');
    expect(shown[0]?.detail).toBe('Stored encrypted in the Plue vault and passed only to the approved program.');
    expect(sidecar.methods()).not.toContain('vault/store');
  });

  it('that is refused is kept, and the button beside the sentence asks for another one', async () => {
    items = [{ ...services, error: { kind: 'providerAuthFailed', message: 'House refuses the key.' } }];
    answers.push('sk-house', 'Set Key…');
    await run('plue.configureProviderKey', 'house');
    await vi.waitFor(() => expect(executed).toEqual([['plue.configureProviderKey', 'house']]));
    expect(shown.at(-1)).toMatchObject({ kind: 'warning', text: 'The key was saved. House refuses the key.', buttons: ['Set Key…'] });
  });

  it('is not asked for where no address is known to bind it to', async () => {
    items = [{ ...services, origin: undefined }];
    await run('plue.configureProviderKey', 'house');
    expect(shown.map(({ kind: how, text }) => [how, text])).toEqual([
      ['error', 'House has no endpoint, so a key can’t be stored for it. Set the endpoint in Manage Providers.'],
    ]);
    expect(sidecar.methods()).not.toContain('vault/status');
  });

  it('of a missing provider reports that it does not exist', async () => {
    await run('plue.configureProviderKey', 'gone');
    expect(shown.map(({ text }) => text)).toEqual(['The provider gone does not exist.']);
  });
});

describe('selecting the provider of a key', () => {
  it('is asked among the providers that take one, with what they have, and the kinds that could be added', async () => {
    items.push(provider({ id: 'groq', name: 'Groq', origin: 'https://api.groq.com' }));
    await run('plue.configureProviderKey');
    expect(shown[0]).toMatchObject({ text: 'Configure Provider Key', detail: 'Select the provider for the key' });
    expect(lists[0]).toMatchObject([
      { label: 'Configured' },
      { label: 'House', description: 'https://api.example', detail: 'No key yet' },
      { label: 'Groq', description: 'https://api.groq.com', detail: 'Key stored' },
      { label: 'New provider' },
      { label: 'Anthropic', description: 'https://api.anthropic.com' },
      { label: 'OpenAI-compatible' },
    ]);
    expect(sidecar.methods()).toEqual(['provider/list']);
    expect(shown).toHaveLength(1);
  });

  it('of a selected provider is requested', async () => {
    answers.push('House', 'sk-house');
    await run('plue.configureProviderKey');
    expect(paramsOf('vault/store')).toMatchObject({ reference: 'vault://house/api_key' });
  });

  it('of a new provider is requested after the provider was stored', async () => {
    answers.push('Anthropic', 'sk-ant');
    await run('plue.configureProviderKey');
    expect(sidecar.asked.find(({ method }) => method === 'provider/configure')?.params).toEqual({
      name: 'Anthropic',
      kind: 'anthropic',
      endpoint: undefined,
    });
    expect(paramsOf('vault/store')).toEqual({
      reference: 'vault://new/api_key',
      secret: 'sk-ant',
      origins: ['https://api.anthropic.com'],
    });
  });

  it('of a custom server needs its address first', async () => {
    answers.push('OpenAI-compatible', 'lab.example', ' http://lab.example:9000 ', 'sk-lab');
    await run('plue.configureProviderKey');
    expect(shown.slice(1, 4).map(({ kind: how, text }) => [how, text])).toEqual([
      ['input', 'OpenAI-compatible'],
      ['refused', 'Enter an address that starts with http:// or https://.'],
      ['input', 'Key for OpenAI-compatible'],
    ]);
    expect(sidecar.asked.find(({ method }) => method === 'provider/configure')?.params).toMatchObject({
      endpoint: 'http://lab.example:9000',
    });
  });

  it('is not stored, and neither is the provider, without an address', async () => {
    answers.push('OpenAI-compatible');
    await run('plue.configureProviderKey');
    expect(sidecar.methods()).toEqual(['provider/list']);
  });
});

describe('a new provider with its key', () => {
  const draft = { name: 'Lab', kind: 'openai-compatible', endpoint: 'https://lab.example/v1', origin: 'https://lab.example' };

  beforeEach(() => {
    sidecar
      .answer(providerDelete, () => ({}))
      .answer(providerConfigure, ({ name }) => provider({ id: 'lab', name, origin: 'https://lab.example' }));
  });

  it('is stored when the key is typed, and the key for that address alone', async () => {
    answers.push('sk-lab');
    await run('plue.addProviderWithKey', draft);
    expect(sidecar.methods()).toEqual(['vault/status', 'provider/configure', 'vault/store', 'provider/list']);
    expect(paramsOf('vault/store')).toEqual({ reference: 'vault://lab/api_key', secret: 'sk-lab', origins: ['https://lab.example'] });
  });

  it('is not stored when the prompt is closed', async () => {
    await expect(run('plue.addProviderWithKey', draft)).rejects.toThrow('Cancelled.');
    expect(sidecar.methods()).toEqual([]);
  });

  it('is stored without a key if an empty one means none', async () => {
    answers.push('');
    await run('plue.addProviderWithKey', { ...draft, isKeyOptional: true });
    expect(paramsOf('provider/configure')).toMatchObject({ name: 'Lab', fields: { auth_type: 'none' } });
    expect(sidecar.methods()).toEqual(['provider/configure']);
  });

  it('is deleted again if the key would be sent elsewhere, or cannot be stored', async () => {
    answers.push('sk-lab');
    await expect(run('plue.addProviderWithKey', { ...draft, origin: 'https://other.example' })).rejects.toThrow(
      'Lab would send its key to https://lab.example instead of https://other.example. The key was not stored.',
    );
    expect(sidecar.methods()).toEqual(['vault/status', 'provider/configure', 'provider/delete', 'provider/list']);
  });
});

describe('the vault', () => {
  it('is opened by the command, and the providers are looked at again with their keys', async () => {
    status = { ...status, locked: true };
    answers.push('right words');
    await run('plue.unlockVault');
    expect(shown[0]).toMatchObject({ text: 'Unlock the Plue vault', detail: 'Vault passphrase' });
    expect(paramsOf('vault/unlock')).toMatchObject({ method: 'passphrase', secret: 'right words' });
    expect(sidecar.methods().at(-1)).toBe('provider/list');
  });

  it('is not made without a passphrase of some length, which is typed once', async () => {
    status = { exists: false, locked: true, unlockMethods: [], keychainAvailable: false };
    sidecar.answer(vaultCreate, () => status);
    answers.push('short');
    await run('plue.unlockVault');
    expect(shown.map(({ text }) => text)).toEqual(['New passphrase for the Plue vault', 'Use at least 8 characters.']);
    expect(sidecar.methods()).not.toContain('vault/create');
    answers.push('long enough');
    await run('plue.unlockVault');
    expect(paramsOf('vault/create')).toEqual({ method: 'passphrase', secret: 'long enough' });
  });

  it('is unlocked silently when the sidecar has started, if possible', async () => {
    status = { ...status, locked: true, unlockMethods: ['keychain', 'passphrase'] };
    sidecar.started.fire();
    await vi.waitFor(() => expect(sidecar.methods()).toEqual(['vault/status', 'vault/unlock', 'provider/list']));
    expect(shown).toEqual([]);
  });

  it('logs a failed test only', async () => {
    sidecar.answer(vaultStatus, () => {
      throw new FailureError('sidecarStopped', 'Plue’s sidecar is gone.');
    });
    sidecar.started.fire();
    await vi.waitFor(() => expect(lines).toEqual(['The vault stays locked: Plue’s sidecar is gone.']));
    expect(shown).toEqual([]);
  });
});

it('A key that was rejected for the address of a provider is allowed for it, or for the selected key', async () => {
  items = [{ ...services, keyReference: entry.reference }];
  sidecar.answer(vaultList, () => ({ entries: [entry] })).answer(vaultSetOrigins, () => entry);
  answers.push('Allow https://api.example');
  await run('plue.allowKey', 'house');
  expect(paramsOf('vault/setOrigins')).toEqual({ reference: entry.reference, origins: ['https://old.example', 'https://api.example'] });
  answers.push('vault://house', 'https://other.example');
  await run('plue.allowKey');
  expect(paramsOf('vault/setOrigins')).toEqual({ reference: entry.reference, origins: ['https://other.example'] });
});

it.each([
  ['plue.manageKeys', 'Keys'],
  ['plue.rotateKey', 'Replace Key'],
  ['plue.renameKey', 'Rename Key'],
  ['plue.changeKeyOrigins', 'Change Allowed Origins'],
  ['plue.removeProviderKey', 'Remove Provider Key'],
])('The command %s begins with the list of keys, “%s”', async (command, title) => {
  sidecar.answer(vaultList, () => ({ entries: [entry] }));
  await run(command);
  expect(shown.map(({ text }) => text)).toEqual([title]);
});
