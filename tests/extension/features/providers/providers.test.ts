import { expect, test } from 'vitest';
import { signInCommand } from '../../../../extension/src/features/providers/claudeCode';
import { isEndpoint } from '../../../../extension/src/features/providers/connector';
import { statusDetail, statusText } from '../../../../extension/src/features/providers/providerStatus';
import { keyProblem, referenceOf } from '../../../../extension/src/features/vault/commands';
import { providerDiscover, providerList, type ProviderSummary } from '../../../../extension/src/protocol/protocol.generated';
import { ProviderList } from '../../../../extension/src/server/providerList';
import { FakeSidecar } from '../../testing/fakeSidecar';

function provider(changes: Partial<ProviderSummary> = {}): ProviderSummary {
  return {
    id: 'a',
    name: 'A',
    kind: 'anthropic',
    source: 'file',
    enabled: true,
    status: 'connected',
    takesKey: true,
    hasCredential: true,
    isDefault: false,
    isDefaultSmall: false,
    authType: 'apiKey',
    ...changes,
  };
}

test('A provider is described in words', () => {
  expect(statusText(provider({ isDefault: true }))).toBe('Connected, default');
  expect(statusText(provider({ status: 'untested', hasCredential: false, source: 'environment' }))).toBe(
    'Not tested, no key, key from the environment',
  );
  expect(statusDetail(provider({ error: { kind: 'unreachable', message: 'Nobody answers.' }, endpoint: 'http://x' }))).toBe(
    'Nobody answers.',
  );
});

test('An endpoint is an http address without a password in it', () => {
  expect(['http://localhost:11434', ' https://x.example/v1?a=b '].every(isEndpoint)).toBe(true);
  expect(['', 'localhost', 'ftp://x', 'https://user:pass@x', 'file:///x'].some(isEndpoint)).toBe(false);
});

test('A key with a clipboard error in it is rejected before it is stored', () => {
  expect(keyProblem(' sk-ant-1 ')).toBeUndefined();
  for (const typed of ['', '  ', 'sk 1', 'sk\n1', 'sk“1']) expect(keyProblem(typed)).toBeDefined();
  expect(referenceOf('anthropic')).toBe('vault://anthropic/api_key');
});

test('The sign-in command survives blanks and quotes in a path', () => {
  expect(signInCommand(undefined, 'linux')).toBe('claude auth login');
  expect(signInCommand('/usr/bin/claude', 'linux')).toBe('/usr/bin/claude auth login');
  expect(signInCommand("/home/o'neil x/claude", 'linux')).toBe(`'/home/o'\\''neil x/claude' auth login`);
  expect(signInCommand('C:\\x y\\claude.exe', 'win32')).toBe(`& 'C:\\x y\\claude.exe' auth login`);
});

test('Searches the machine once, and only without a default provider', async () => {
  let items = [provider()];
  const sidecar = new FakeSidecar()
    .answer(providerList, () => ({ items, kinds: [] }))
    .answer(providerDiscover, () => {
      items = [provider({ isDefault: true })];
      return { defaultId: 'a', message: 'Using A.', checks: [] };
    });
  const list = new ProviderList(sidecar);
  await Promise.all([list.ensureDefault(), list.ensureDefault()]);
  await list.ensureDefault();
  expect(sidecar.methods().filter((method) => method === 'provider/discover')).toHaveLength(1);
  expect(list.default?.name).toBe('A');
});
