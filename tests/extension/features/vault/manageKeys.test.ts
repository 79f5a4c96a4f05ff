import { beforeEach, describe, expect, it, test } from 'vitest';
import { FailureError, UserCancelledError } from '../../../../extension/src/infrastructure/errors';
import { keyReferenceOf } from '../../../../extension/src/features/vault/commands';
import {
  allowKeyForProvider,
  changeOrigins,
  changePassphrase,
  deleteKey,
  importEnv,
  lockVault,
  manageKeys,
  originsOf,
  referenceProblem,
  renameKey,
  rotateKey,
  type KeyServices,
} from '../../../../extension/src/features/vault/manageKeys';
import {
  vaultDelete,
  vaultImportEnv,
  vaultList,
  vaultLock,
  vaultReadEnv,
  vaultRename,
  vaultRotate,
  vaultSetOrigins,
  vaultSetPassphrase,
  vaultStatus,
  type EnvEntry,
  type ProviderSummary,
  type VaultEntrySummary,
} from '../../../../extension/src/protocol/protocol.generated';
import { formatTime } from '../../../../extension/src/common/format';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, files, lists, reset, shown, Uri } from '../../testing/vscode';
import { provider as providerSample } from '../../webview/providerSamples';

const provider: ProviderSummary = providerSample({
  id: 'house',
  name: 'House',
  kind: 'openai-compatible',
  status: 'error',
  keyReference: 'vault://house/api_key',
  origin: 'http://localhost:9000',
});

const entry: VaultEntrySummary = {
  reference: 'vault://house/api_key',
  origins: ['https://api.example'],
  lastFour: 'abcd',
  storedAt: '2026-11-21T08:00:00Z',
  usedBy: ['house'],
};
const spare: VaultEntrySummary = { ...entry, reference: 'vault://spare/api_key', lastFour: 'wxyz', usedBy: [] };

let entries: VaultEntrySummary[];
let sidecar: FakeSidecar;
/** Number of unlocks of the vault, and of reloads of the list of providers. */
let count: { unlocks: number; refreshes: number };
let keys: KeyServices;

beforeEach(() => {
  reset();
  entries = [entry, spare];
  count = { unlocks: 0, refreshes: 0 };
  const status = { exists: true, locked: false, unlockMethods: ['passphrase'], keychainAvailable: false };
  sidecar = new FakeSidecar()
    .answer(vaultList, () => ({ entries }))
    .answer(vaultSetOrigins, () => entry)
    .answer(vaultRotate, () => entry)
    .answer(vaultRename, () => ({ entry, changedProviders: ['house', 'lab'] }))
    .answer(vaultDelete, () => ({}))
    .answer(vaultLock, () => status)
    .answer(vaultStatus, () => status)
    .answer(vaultSetPassphrase, () => status);
  keys = {
    sidecar,
    providers: {
      items: [provider],
      refresh: () => {
        count.refreshes++;
        return Promise.resolve([provider]);
      },
    },
    vault: { ensureUnlocked: () => Promise.resolve(void count.unlocks++) },
  };
});

function changes(): unknown[] {
  return sidecar.asked.filter(({ method }) => !['vault/list', 'vault/status', 'vault/readEnv'].includes(method));
}

test('Allows another origin for a key only after a confirmation that explains the risk', async () => {
  answers.push('Allow http://localhost:9000');
  await allowKeyForProvider(keys, 'house');
  expect(shown[0]?.text).toBe('Allow sending the key vault://house/api_key to http://localhost:9000?');
  expect(changes()).toEqual([
    {
      method: 'vault/setOrigins',
      params: { reference: 'vault://house/api_key', origins: ['https://api.example', 'http://localhost:9000'] },
    },
  ]);
});

test('Walking away allows nothing', async () => {
  await expect(allowKeyForProvider(keys, 'house')).rejects.toThrow('Cancelled');
  expect(changes()).toEqual([]);
});

test('A provider without a key in the vault has no key that could be sent', async () => {
  entries = [spare];
  await expect(allowKeyForProvider(keys, 'house')).rejects.toThrow('The provider has no key in the vault. Set a key first.');
  expect(shown).toEqual([]);
});

describe('the list of keys', () => {
  it('shows the origins, the users and the last use of each, and only the end of the key', async () => {
    entries = [{ ...entry, lastUsed: '2026-11-21T09:00:00Z' }, spare];
    await expect(manageKeys(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(count.unlocks).toBe(1);
    const used = formatTime('2026-11-21T09:00:00Z');
    expect(lists[0]).toMatchObject([
      {
        label: 'vault://house/api_key',
        description: '…abcd',
        detail: `https://api.example · Used by house · last used ${used}`,
      },
      { label: 'vault://spare/api_key', description: '…wxyz', detail: 'https://api.example · Not used by any provider · never used' },
    ]);
  });

  it('that is empty shows it, without a question', async () => {
    entries = [];
    await expect(manageKeys(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(shown.map(({ text }) => text)).toEqual(['The vault contains no keys.']);
  });

  it('offers what can be done with a key, and does nothing to one when that is left', async () => {
    answers.push('vault://spare');
    await expect(manageKeys(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(shown[1]).toMatchObject({
      text: 'vault://spare/api_key',
      buttons: ['$(sync) Replace…', '$(edit) Rename…', '$(globe) Change Allowed Origins…', '$(trash) Delete…'],
    });
    expect(changes()).toEqual([]);
  });

  it.each([
    ['Replace…', ['sk-new'], 'vault/rotate', { reference: spare.reference, secret: 'sk-new' }],
    ['Rename…', ['vault://lab/key'], 'vault/rename', { reference: spare.reference, newReference: 'vault://lab/key' }],
    ['Change Allowed Origins…', ['https://b.example'], 'vault/setOrigins', { reference: spare.reference, origins: ['https://b.example'] }],
    ['Delete…', ['Remove'], 'vault/delete', { reference: spare.reference }],
  ])('does “%s” to the key that was chosen, and asks for no other', async (action, typed, method, params) => {
    answers.push('vault://spare', action, ...typed);
    await manageKeys(keys);
    expect(changes()).toEqual([{ method, params }]);
    expect(lists).toHaveLength(2);
  });
});

describe('replacing a key', () => {
  it('sends the new key without white space of the clipboard, and says that the old one is deleted', async () => {
    answers.push('vault://house', ' sk-new\n');
    await rotateKey(keys);
    expect(shown.slice(0, 2)).toMatchObject([
      { text: 'Replace Key', detail: 'Select the key to replace' },
      { text: 'New key for vault://house/api_key', detail: 'Sent only to https://api.example. Replaces the stored key.' },
    ]);
    expect(changes()).toEqual([{ method: 'vault/rotate', params: { reference: entry.reference, secret: 'sk-new' } }]);
    expect(shown.at(-1)).toMatchObject({ kind: 'info', text: 'Replaced vault://house/api_key.' });
    expect(count.refreshes).toBe(1);
  });

  it('takes nothing that no header can carry', async () => {
    answers.push('vault://house', '  ', 'two words', 'schlüssel');
    await expect(rotateKey(keys)).rejects.toBeInstanceOf(UserCancelledError);
    const slip = 'A key can’t contain spaces, line breaks, or special characters.';
    expect(shown.filter(({ kind }) => kind === 'refused').map(({ text }) => text)).toEqual(['Enter the key.', slip, slip]);
    expect(changes()).toEqual([]);
  });
});

describe('renaming a key', () => {
  it('names the providers whose files use the new name', async () => {
    answers.push('vault://house', 'not a name', 'vault://team/api_key');
    await renameKey(keys);
    expect(shown.find(({ kind }) => kind === 'refused')?.text).toContain('vault://owner/name');
    expect(shown.at(-1)?.text).toBe('Renamed the key to vault://team/api_key and updated house and lab.');
    expect(count.refreshes).toBe(1);
  });

  it('names no provider if none uses the key', async () => {
    sidecar.answer(vaultRename, () => ({ entry, changedProviders: [] }));
    answers.push('vault://house', 'vault://team/api_key');
    await renameKey(keys);
    expect(shown.at(-1)?.text).toBe('Renamed the key to vault://team/api_key.');
  });

  it('to the name that it has, or to none, asks the vault for nothing', async () => {
    answers.push('vault://house', entry.reference);
    await expect(renameKey(keys)).rejects.toBeInstanceOf(UserCancelledError);
    answers.push('vault://house');
    await expect(renameKey(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(changes()).toEqual([]);
  });
});

describe('where a key may be sent', () => {
  it('is replaced as a whole by the origins that were typed', async () => {
    answers.push('vault://house', 'api.example', 'https://A.example/v1 http://localhost:9000');
    await changeOrigins(keys);
    expect(shown.find(({ kind }) => kind === 'refused')?.text).toBe(
      'Enter addresses that start with http:// or https://, separated by spaces.',
    );
    expect(changes()).toEqual([
      { method: 'vault/setOrigins', params: { reference: entry.reference, origins: ['https://a.example', 'http://localhost:9000'] } },
    ]);
    expect(shown.at(-1)?.text).toBe('vault://house/api_key can be sent to https://a.example, http://localhost:9000.');
  });

  it('stays when the box is left', async () => {
    answers.push('vault://house');
    await expect(changeOrigins(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(changes()).toEqual([]);
  });
});

describe('removing a key', () => {
  it('shows who uses it and that deleting is permanent', async () => {
    answers.push('vault://house', 'Remove');
    await deleteKey(keys);
    expect(shown[1]).toMatchObject({
      text: 'Remove the key vault://house/api_key?',
      buttons: ['Remove'],
      detail: 'Used by house. The key is deleted from the vault and can’t be restored.',
    });
    expect(shown.at(-1)?.text).toBe('The key vault://house/api_key was removed.');
    expect(count.refreshes).toBe(1);
  });

  it('keeps it when that is not confirmed', async () => {
    answers.push('vault://house');
    await expect(deleteKey(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(changes()).toEqual([]);
  });

  it('reports no success if the vault rejected it', async () => {
    sidecar.answer(vaultDelete, () => {
      throw new FailureError('vaultLocked', 'The vault is locked.');
    });
    answers.push('vault://house', 'Remove');
    await expect(deleteKey(keys)).rejects.toThrow('The vault is locked.');
    expect(shown.filter(({ kind }) => kind === 'info')).toEqual([]);
  });
});

describe('keys of a .env file', () => {
  const known: EnvEntry = {
    name: 'GROQ_API_KEY',
    lastFour: '1234',
    reference: 'vault://groq/api_key',
    origins: ['https://api.groq.com'],
    exists: false,
  };
  const there: EnvEntry = { ...known, name: 'OPENAI_API_KEY', reference: 'vault://openai/api_key', exists: true };
  const strange: EnvEntry = { ...known, name: 'LAB_TOKEN', reference: 'vault://lab/token', origins: [] };
  let found: EnvEntry[];

  beforeEach(() => {
    found = [known, there, strange];
    files.push(Uri.file('/home/me/.env'));
    sidecar.answer(vaultReadEnv, () => ({ entries: found })).answer(vaultImportEnv, () => ({ entries: [] }));
  });

  it('are ticked when it is known where they go and the vault has none of that name', async () => {
    answers.push('OK');
    await importEnv(keys);
    expect(sidecar.asked[0]).toEqual({ method: 'vault/readEnv', params: { path: '/home/me/.env' } });
    expect(shown[0]).toMatchObject({ text: 'Select keys to import', detail: 'The keys stay in the file until you remove them' });
    expect(lists[0]).toMatchObject([
      { label: 'GROQ_API_KEY', description: '…1234 → vault://groq/api_key', detail: 'Allowed origins: https://api.groq.com', picked: true },
      {
        label: 'OPENAI_API_KEY',
        detail: 'Allowed origins: https://api.groq.com. Replaces the key with this name.',
        picked: false,
      },
      { label: 'LAB_TOKEN', detail: 'You choose its allowed origins', picked: false },
    ]);
    const taken = { name: 'GROQ_API_KEY', reference: 'vault://groq/api_key', origins: ['https://api.groq.com'] };
    expect(changes()).toEqual([{ method: 'vault/importEnv', params: { path: '/home/me/.env', entries: [taken] } }]);
    expect(shown.at(-1)?.text).toBe('1 key was added to the vault.');
    expect(count).toEqual({ unlocks: 1, refreshes: 1 });
  });

  it('asks for allowed origins if they are unknown', async () => {
    found = [known, { ...strange, name: 'LAB_API_KEY' }];
    answers.push('API_KEY', 'https://lab.example/v1');
    await importEnv(keys);
    expect(shown[1]).toMatchObject({ kind: 'input', text: 'Allowed origins of LAB_API_KEY' });
    expect(changes()).toMatchObject([{ params: { entries: [{ name: 'GROQ_API_KEY' }, { origins: ['https://lab.example'] }] } }]);
    expect(shown.at(-1)?.text).toBe('2 keys were added to the vault.');
  });

  it('are not taken when that question, the list or the choice of a file is left', async () => {
    answers.push('LAB_TOKEN');
    await expect(importEnv(keys)).rejects.toBeInstanceOf(UserCancelledError);
    files.push(Uri.file('/home/me/.env'));
    answers.push('none of them');
    await expect(importEnv(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(count.unlocks).toBe(2);
    await expect(importEnv(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(count.unlocks).toBe(2);
    expect(changes()).toEqual([]);
  });

  it('that are not there are missed in a sentence', async () => {
    found = [];
    await importEnv(keys);
    expect(shown.map(({ text }) => text)).toEqual(['The file contains no keys.']);
  });
});

test('Locking describes its effect', async () => {
  await lockVault(keys);
  expect(changes()).toEqual([{ method: 'vault/lock', params: {} }]);
  expect(shown.at(-1)?.text).toBe('The vault is locked. You’ll be asked for the passphrase when a chat needs a key.');
  expect(count.refreshes).toBe(1);
});

describe('a new passphrase', () => {
  it('is changed by a user who knows the current one', async () => {
    answers.push('old words', 'short', 'new passphrase');
    await changePassphrase(keys);
    expect(shown.map(({ kind, text }) => [kind, text])).toEqual([
      ['input', 'Unlock the Plue vault'],
      ['input', 'New passphrase for the Plue vault'],
      ['refused', 'Use at least 8 characters.'],
      ['info', 'The vault passphrase was changed.'],
    ]);
    expect(shown[1]?.detail).toContain('Plue can’t recover it.');
    expect(changes()).toEqual([{ method: 'vault/setPassphrase', params: { current: 'old words', passphrase: 'new passphrase' } }]);
  });

  it('needs no old one where there is none', async () => {
    sidecar.answer(vaultStatus, () => ({ exists: true, locked: false, unlockMethods: ['keychain'], keychainAvailable: true }));
    answers.push('new passphrase');
    await changePassphrase(keys);
    expect(changes()).toEqual([{ method: 'vault/setPassphrase', params: { current: undefined, passphrase: 'new passphrase' } }]);
  });

  it.each([[[]], [['old words']]])('is not set by who left after %j', async (typed) => {
    answers.push(...typed);
    await expect(changePassphrase(keys)).rejects.toBeInstanceOf(UserCancelledError);
    expect(changes()).toEqual([]);
  });
});

test('Addresses are read as origins, and one that is none spoils all', () => {
  expect(originsOf('https://A.example/v1, http://localhost:80 http://localhost')).toEqual(['https://a.example', 'http://localhost']);
  expect(originsOf('https://a.example ftp://b')).toBeUndefined();
  expect(originsOf('  ')).toBeUndefined();
});

test('A name of a key has two parts', () => {
  expect(referenceProblem('vault://work/anthropic')).toBeUndefined();
  expect(referenceProblem('vault://work')).toContain('vault://owner/name');
});

test('Creates a vault reference for a provider whose key comes from the environment', () => {
  expect(keyReferenceOf({ id: 'groq', keyReference: 'env://GROQ_API_KEY' })).toBe('vault://groq/api_key');
  expect(keyReferenceOf({ id: 'mine', keyReference: 'vault://team/api_key' })).toBe('vault://team/api_key');
});
