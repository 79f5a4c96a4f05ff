import { expect, test } from 'vitest';
import { EditorKeyStore } from '../../../../extension/src/features/vault/editorKey';
import { VaultAccess, type PassphrasePrompt } from '../../../../extension/src/features/vault/vaultAccess';
import { FailureError, UserCancelledError } from '../../../../extension/src/infrastructure/errors';
import {
  vaultAddUnlockMethod,
  vaultCreate,
  vaultStatus,
  vaultUnlock,
  type VaultStatusResult,
  type VaultUnlockMethodParams,
} from '../../../../extension/src/protocol/protocol.generated';
import { FakeSecrets } from '../../testing/fakeSecrets';
import { FakeSidecar } from '../../testing/fakeSidecar';

const log = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

function quiet(): void {
  // this log is not checked
}

interface Services {
  vault: VaultAccess;
  /** Events in order: "unlock keychain", "create passphrase", "ask", ... */
  story: string[];
  secrets: FakeSecrets;
}

/** `opens` are the methods that unlock; `typed` is the user's input, undefined to cancel. */
function services(given: {
  status?: Partial<VaultStatusResult>;
  opens?: string[];
  typed?: (string | undefined)[];
  proven?: boolean;
  secrets?: FakeSecrets;
  /** The vault file is an older copy; true if the user accepts it. */
  older?: boolean;
}): Services {
  const status: VaultStatusResult = { exists: true, locked: true, unlockMethods: [], keychainAvailable: false, ...given.status };
  const story: string[] = [];
  const typed = [...(given.typed ?? [])];
  const secrets = given.secrets ?? new FakeSecrets();
  const way = (verb: string) => (params: VaultUnlockMethodParams) => {
    story.push(`${verb} ${params.method}`);
    if (verb === 'unlock' && given.older !== undefined && params.acceptOlder !== true)
      throw new FailureError('vaultOlder', 'It is an older copy.');
    const opened = verb !== 'unlock' || (given.opens ?? []).includes(params.method) || params.secret === 'right';
    if (!opened) throw new FailureError('permissionDenied', 'That does not open it.');
    return { ...status, exists: true, locked: false };
  };
  const sidecar = new FakeSidecar()
    .answer(vaultStatus, () => status)
    .answer(vaultUnlock, way('unlock'))
    .answer(vaultCreate, way('create'))
    .answer(vaultAddUnlockMethod, way('add'));
  const ask = (question: string) => () => {
    story.push(question);
    return Promise.resolve(typed.shift());
  };
  const acceptOlder = (problem: string) => {
    story.push(problem);
    return Promise.resolve(given.older ?? false);
  };
  const prompt: PassphrasePrompt = { existing: ask('ask'), fresh: ask('ask for a new one'), acceptOlder };
  const vault = new VaultAccess(
    sidecar,
    new EditorKeyStore(secrets, log),
    { check: () => Promise.resolve(given.proven ?? false) },
    prompt,
    log,
  );
  return { vault, story, secrets };
}

async function secretsWithKey(): Promise<FakeSecrets> {
  const secrets = new FakeSecrets();
  await new EditorKeyStore(secrets, log).create();
  return secrets;
}

test.each(['keychain', 'passphrase'])('An older copy of a vault with a %s opens only when the user accepts it', async (way) => {
  const given = { status: { unlockMethods: [way] }, opens: ['keychain'], typed: ['right'] };
  const accepted = services({ ...given, older: true });
  await accepted.vault.ensureUnlocked();
  expect(accepted.story.filter((line) => !line.startsWith('a'))).toEqual([`unlock ${way}`, 'It is an older copy.', `unlock ${way}`]);
  const declined = services({ ...given, older: false });
  await expect(declined.vault.ensureUnlocked()).rejects.toThrow(UserCancelledError);
  expect(declined.story.at(-1)).toBe('It is an older copy.');
});

test('Keeps an older copy of the vault locked at startup without asking', async () => {
  const { vault, story } = services({ status: { unlockMethods: ['keychain'] }, opens: ['keychain'], older: true });
  expect(await vault.unlockSilently()).toBe(false);
  expect(story).toEqual(['unlock keychain']);
});

test('Tries methods without user input at startup', async () => {
  const { vault, story } = services({
    status: { unlockMethods: ['editor', 'keychain', 'passphrase'] },
    opens: ['keychain'],
    secrets: await secretsWithKey(),
  });
  expect(await vault.unlockSilently()).toBe(true);
  expect(story).toEqual(['unlock editor', 'unlock keychain']);

  const locked = services({ status: { unlockMethods: ['keychain', 'passphrase'] } });
  expect(await locked.vault.unlockSilently()).toBe(false);
  expect(locked.story).toEqual(['unlock keychain']);
});

test('At a start no vault is made', async () => {
  const { vault, story } = services({ status: { exists: false, keychainAvailable: true } });
  expect(await vault.unlockSilently()).toBe(false);
  expect(story).toEqual([]);
});

test('An open vault asks nothing', async () => {
  const { vault, story } = services({ status: { locked: false } });
  await vault.ensureUnlocked();
  expect(story).toEqual([]);
});

test('A wrong passphrase is asked for again, and the right one lets this editor in from now on', async () => {
  const { vault, story } = services({ status: { unlockMethods: ['passphrase'] }, typed: ['wrong', 'right'] });
  await vault.ensureUnlocked();
  expect(story).toEqual(['ask', 'unlock passphrase', 'ask', 'unlock passphrase', 'add editor']);
});

test('Walking away from the passphrase is no failure', async () => {
  const { vault } = services({ status: { unlockMethods: ['passphrase'] }, typed: [undefined] });
  await expect(vault.ensureUnlocked()).rejects.toBeInstanceOf(UserCancelledError);
});

test('A new vault takes the keychain where there is one', async () => {
  const { vault, story } = services({ status: { exists: false, keychainAvailable: true }, proven: true });
  await vault.ensureUnlocked();
  expect(story).toEqual(['create keychain']);
});

test('A new vault trusts VS Code with its only key when that was proven to last', async () => {
  const { vault, story, secrets } = services({ status: { exists: false }, proven: true });
  await vault.ensureUnlocked();
  expect(story).toEqual(['create editor']);
  expect(secrets.held.size).toBe(1);
});

test('Else a new vault has a passphrase, and this editor as a comfort', async () => {
  const { vault, story } = services({ status: { exists: false }, typed: ['long enough'] });
  await vault.ensureUnlocked();
  expect(story).toEqual(['ask for a new one', 'create passphrase', 'add editor']);
});

test('A secret storage that fails costs only the comfort', async () => {
  const { vault, story } = services({
    status: { exists: false },
    typed: ['long enough'],
    proven: true,
    secrets: new FakeSecrets('broken'),
  });
  await vault.ensureUnlocked();
  expect(story).toEqual(['ask for a new one', 'create passphrase']);
});

test('A new key is never made over a vault that is there', async () => {
  const { vault, story } = services({ status: { unlockMethods: ['editor'], keychainAvailable: true }, proven: true });
  await expect(vault.ensureUnlocked()).rejects.toMatchObject({ kind: 'vaultLocked' });
  expect(story).toEqual([]);

  const damaged = services({ status: { problem: 'The vault file is damaged.' } });
  await expect(damaged.vault.ensureUnlocked()).rejects.toThrow('damaged');
  expect(damaged.story).toEqual([]);
});
