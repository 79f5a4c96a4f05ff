import { afterEach, expect, test } from 'vitest';
import { answers, reset, shown } from '../../testing/vscode';
import { keyReferenceOf } from '../../../../extension/src/features/vault/commands';
import { allowKeyForProvider, originsOf, referenceProblem, type KeyHouse } from '../../../../extension/src/features/vault/manageKeys';
import { vaultList, vaultSetOrigins, type ProviderSummary } from '../../../../extension/src/protocol/protocol.generated';
import { FakeSidecar } from '../../testing/fakeSidecar';

afterEach(reset);

const provider: ProviderSummary = {
  id: 'house',
  name: 'House',
  kind: 'openai-compatible',
  source: 'file',
  enabled: true,
  status: 'error',
  authType: 'apiKey',
  takesKey: true,
  hasCredential: true,
  keyReference: 'vault://house/api_key',
  origin: 'http://localhost:9000',
  isDefault: false,
  isDefaultSmall: false,
};

function house(): { sidecar: FakeSidecar; keys: KeyHouse } {
  const entry = {
    reference: 'vault://house/api_key',
    origins: ['https://api.example'],
    lastFour: 'abcd',
    storedAt: '2026-11-21T08:00:00Z',
    usedBy: ['house'],
  };
  const sidecar = new FakeSidecar().answer(vaultList, () => ({ entries: [entry] })).answer(vaultSetOrigins, () => entry);
  const providers = { items: [provider], refresh: () => Promise.resolve([provider]) };
  return { sidecar, keys: { sidecar, providers, vault: { ensureUnlocked: () => Promise.resolve() } } };
}

test('A key goes to one more address only when the user says so, who is told what that means', async () => {
  const { sidecar, keys } = house();
  answers.push('Allow http://localhost:9000');
  await allowKeyForProvider(keys, 'house');
  expect(shown[0]?.text).toBe('May the key vault://house/api_key be sent to http://localhost:9000?');
  expect(sidecar.asked.at(-1)).toEqual({
    method: 'vault/setOrigins',
    params: { reference: 'vault://house/api_key', origins: ['https://api.example', 'http://localhost:9000'] },
  });
});

test('Walking away allows nothing', async () => {
  const { sidecar, keys } = house();
  await expect(allowKeyForProvider(keys, 'house')).rejects.toThrow('Cancelled');
  expect(sidecar.methods()).not.toContain('vault/setOrigins');
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

test('A provider whose key stands in the environment gets a place of its own in the vault', () => {
  expect(keyReferenceOf({ id: 'groq', keyReference: 'env://GROQ_API_KEY' })).toBe('vault://groq/api_key');
  expect(keyReferenceOf({ id: 'mine', keyReference: 'vault://team/api_key' })).toBe('vault://team/api_key');
});
