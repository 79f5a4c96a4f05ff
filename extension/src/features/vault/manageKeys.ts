// Actions on stored keys, with quick picks. Keys are never shown or read.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { UserCancelledError, FailureError } from '../../infrastructure/errors';
import { type QuickPickItem, showInformationMessage, showInputBox, showQuickPick, showWarningMessage } from '../../infrastructure/window';
import type { EnvEntry, VaultEntrySummary } from '../../protocol/protocol.generated';
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
} from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { formatTime } from '../../common/format';
import { formatList } from '../../common/formatList';
import { keyProblem, passphrasePrompt } from './commands';
import type { VaultAccess } from './vaultAccess';

/** Services that the actions use. */
export interface KeyServices {
  sidecar: Pick<Sidecar, 'request'>;
  providers: Pick<ProviderList, 'refresh' | 'items'>;
  vault: Pick<VaultAccess, 'ensureUnlocked'>;
}

/** Lists the keys and runs an action on the selected one. */
export async function manageKeys(services: KeyServices): Promise<void> {
  const entry = await chooseKey(services, l10n.t('Keys'), l10n.t('Choose a key'));
  const actions: (QuickPickItem & { run: () => Promise<void> })[] = [
    {
      label: l10n.t('Replace…'),
      icon: 'sync',
      detail: l10n.t('Store a new key for the same addresses'),
      run: () => rotateKey(services, entry),
    },
    { label: l10n.t('Rename…'), icon: 'edit', detail: usedBy(entry), run: () => renameKey(services, entry) },
    {
      label: l10n.t('Change Allowed Origins…'),
      icon: 'globe',
      detail: entry.origins.join(', '),
      run: () => changeOrigins(services, entry),
    },
    { label: l10n.t('Delete…'), icon: 'trash', detail: usedBy(entry), run: () => deleteKey(services, entry) },
  ];
  const chosen = await showQuickPick(actions, { title: l10n.verbatim(entry.reference), placeHolder: l10n.verbatim(detailOf(entry)) });
  if (!chosen) throw new UserCancelledError();
  await chosen.run();
}

export async function rotateKey(services: KeyServices, known?: VaultEntrySummary): Promise<void> {
  const entry = known ?? (await chooseKey(services, l10n.t('Replace Key'), l10n.t('Select the key to replace')));
  const secret = await showInputBox({
    title: l10n.t('New key for {0}', entry.reference),
    prompt: l10n.t('Sent only to {0}. Replaces the stored key.', entry.origins.join(', ')),
    password: true,
    ignoreFocusOut: true,
    validateInput: keyProblem,
  });
  if (secret === undefined) throw new UserCancelledError();
  await services.sidecar.request(vaultRotate, { reference: entry.reference, secret: secret.trim() });
  await services.providers.refresh();
  void showInformationMessage(l10n.t('Replaced {0}.', entry.reference));
}

export async function renameKey(services: KeyServices, known?: VaultEntrySummary): Promise<void> {
  const entry = known ?? (await chooseKey(services, l10n.t('Rename Key'), l10n.t('Select the key to rename')));
  const newReference = await showInputBox({
    title: l10n.t('Rename {0}', entry.reference),
    prompt: l10n.t('Provider files that use this name are updated.'),
    value: entry.reference,
    valueSelection: ['vault://'.length, entry.reference.length],
    ignoreFocusOut: true,
    validateInput: referenceProblem,
  });
  if (newReference === undefined || newReference === entry.reference) throw new UserCancelledError();
  const { changedProviders } = await services.sidecar.request(vaultRename, { reference: entry.reference, newReference });
  await services.providers.refresh();
  void showInformationMessage(
    changedProviders.length === 0
      ? l10n.t('Renamed the key to {0}.', newReference)
      : l10n.t('Renamed the key to {0} and updated {1}.', newReference, formatList(changedProviders)),
  );
}

export async function changeOrigins(services: KeyServices, known?: VaultEntrySummary): Promise<void> {
  const entry = known ?? (await chooseKey(services, l10n.t('Change Allowed Origins'), l10n.t('Select a key')));
  const origins = await askForOrigins(l10n.t('Allowed origins of {0}', entry.reference), entry.origins.join(' '));
  await services.sidecar.request(vaultSetOrigins, { reference: entry.reference, origins });
  await services.providers.refresh();
  void showInformationMessage(l10n.t('{0} can be sent to {1}.', entry.reference, origins.join(', ')));
}

/** Asks the user to allow the key for the provider's origin. */
export async function allowKeyForProvider(services: KeyServices, providerId: string): Promise<void> {
  await services.vault.ensureUnlocked();
  const provider = (await services.providers.refresh()).find(({ id }) => id === providerId);
  const { entries } = await services.sidecar.request(vaultList, {});
  const entry = entries.find(({ reference }) => reference === provider?.keyReference);
  if (provider?.origin === undefined || !entry)
    throw new FailureError('notFound', l10n.t('The provider has no key in the vault. Set a key first.'));
  const allow = l10n.t('Allow {0}', provider.origin);
  const answer = await showWarningMessage(
    l10n.t('Allow sending the key {0} to {1}?', entry.reference, provider.origin),
    {
      modal: true,
      detail: l10n.t(
        'The key was stored for {0} only. Allow {1} only if you trust its operator, who will receive the key.',
        entry.origins.join(', '),
        provider.origin,
      ),
    },
    allow,
  );
  if (answer !== allow) throw new UserCancelledError();
  await services.sidecar.request(vaultSetOrigins, { reference: entry.reference, origins: [...entry.origins, provider.origin] });
  await services.providers.refresh();
}

export async function deleteKey(services: KeyServices, known?: VaultEntrySummary): Promise<void> {
  const entry = known ?? (await chooseKey(services, l10n.t('Remove Provider Key'), l10n.t('Select the key to remove')));
  const answer = await showWarningMessage(
    l10n.t('Remove the key {0}?', entry.reference),
    { modal: true, detail: l10n.t('{0}. The key is deleted from the vault and can’t be restored.', usedBy(entry)) },
    l10n.t('Remove'),
  );
  if (answer !== l10n.t('Remove')) throw new UserCancelledError();
  await services.sidecar.request(vaultDelete, { reference: entry.reference });
  await services.providers.refresh();
  void showInformationMessage(l10n.t('The key {0} was removed.', entry.reference));
}

/** Imports the selected keys of a .env file, each with its allowed origins. */
export async function importEnv(services: KeyServices): Promise<void> {
  const [file] = (await vscode.window.showOpenDialog({ title: l10n.t('Import Keys from a .env File'), openLabel: l10n.t('Read') })) ?? [];
  if (!file) throw new UserCancelledError();
  await services.vault.ensureUnlocked();
  const { entries } = await services.sidecar.request(vaultReadEnv, { path: file.fsPath });
  if (entries.length === 0) {
    void showInformationMessage(l10n.t('The file contains no keys.'));
    return;
  }
  const chosen = await showQuickPick(
    entries.map((entry) => ({
      label: entry.name,
      description: `${endOf(entry)} → ${entry.reference}`.trim(),
      detail: envDetail(entry),
      picked: entry.origins.length > 0 && !entry.exists,
      entry,
    })),
    {
      title: l10n.t('Select keys to import'),
      placeHolder: l10n.t('The keys stay in the file until you remove them'),
      canPickMany: true,
      ignoreFocusOut: true,
    },
  );
  if (!chosen || chosen.length === 0) throw new UserCancelledError();
  const choices = [];
  for (const { entry } of chosen) {
    const origins = entry.origins.length > 0 ? entry.origins : await askForOrigins(l10n.t('Allowed origins of {0}', entry.name), '');
    choices.push({ name: entry.name, reference: entry.reference, origins });
  }
  await services.sidecar.request(vaultImportEnv, { path: file.fsPath, entries: choices });
  await services.providers.refresh();
  void showInformationMessage(
    choices.length === 1 ? l10n.t('1 key was added to the vault.') : l10n.t('{0} keys were added to the vault.', choices.length),
  );
}

export async function lockVault(services: KeyServices): Promise<void> {
  await services.sidecar.request(vaultLock, {});
  await services.providers.refresh();
  void showInformationMessage(l10n.t('The vault is locked. You’ll be asked for the passphrase when a chat needs a key.'));
}

export async function changePassphrase(services: KeyServices): Promise<void> {
  await services.vault.ensureUnlocked();
  const { unlockMethods: ways } = await services.sidecar.request(vaultStatus, {});
  const current = ways.includes('passphrase') ? await passphrasePrompt.existing(l10n.t('Current passphrase')) : undefined;
  if (current === undefined && ways.includes('passphrase')) throw new UserCancelledError();
  const passphrase = await passphrasePrompt.fresh(l10n.t('Unlocks the vault on the command line and on machines without a keychain.'));
  if (passphrase === undefined) throw new UserCancelledError();
  await services.sidecar.request(vaultSetPassphrase, { current, passphrase });
  void showInformationMessage(l10n.t('The vault passphrase was changed.'));
}

async function chooseKey({ sidecar, vault }: KeyServices, title: LocalizedText, placeHolder: LocalizedText): Promise<VaultEntrySummary> {
  await vault.ensureUnlocked();
  const { entries } = await sidecar.request(vaultList, {});
  if (entries.length === 0) {
    void showInformationMessage(l10n.t('The vault contains no keys.'));
    throw new UserCancelledError();
  }
  const chosen = await showQuickPick(
    entries.map((entry) => ({ label: entry.reference, description: endOf(entry), detail: detailOf(entry), entry })),
    { title, placeHolder, matchOnDetail: true },
  );
  if (!chosen) throw new UserCancelledError();
  return chosen.entry;
}

async function askForOrigins(title: LocalizedText, value: string): Promise<string[]> {
  const typed = await showInputBox({
    title,
    prompt: l10n.t('Enter one or more addresses, such as https://api.example.com'),
    value,
    ignoreFocusOut: true,
    validateInput: (text) =>
      originsOf(text) === undefined ? l10n.t('Enter addresses that start with http:// or https://, separated by spaces.') : undefined,
  });
  const origins = typed === undefined ? undefined : originsOf(typed);
  if (origins === undefined) throw new UserCancelledError();
  return origins;
}

/** Returns scheme, host, and port of each address; undefined if one is invalid or there are none. */
export function originsOf(text: string): string[] | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const origins = words.map((word) => (/^https?:\/\//i.test(word) && URL.canParse(word) ? new URL(word).origin : undefined));
  const good = origins.filter((origin) => origin !== undefined);
  return good.length > 0 && good.length === words.length ? [...new Set(good)] : undefined;
}

export function referenceProblem(typed: string): LocalizedText | undefined {
  return /^vault:\/\/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\/[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(typed)
    ? undefined
    : l10n.t('Enter a name like vault://owner/name, using letters, digits, periods, hyphens, and underscores.');
}

function usedBy({ usedBy: users }: VaultEntrySummary): string {
  return users.length === 0 ? l10n.t('Not used by any provider') : l10n.t('Used by {0}', users.join(', '));
}

function detailOf(entry: VaultEntrySummary): string {
  const last = entry.lastUsed === undefined ? l10n.t('never used') : l10n.t('last used {0}', formatTime(entry.lastUsed));
  return `${entry.origins.join(', ')} · ${usedBy(entry)} · ${last}`;
}

function envDetail(entry: EnvEntry): string {
  const where =
    entry.origins.length > 0 ? l10n.t('Allowed origins: {0}', entry.origins.join(', ')) : l10n.t('You choose its allowed origins');
  return entry.exists ? l10n.t('{0}. Replaces the key with this name.', where) : where;
}

/** Returns the end of a key; nothing for a short key. */
function endOf({ lastFour }: { lastFour: string }): string {
  return lastFour === '' ? '' : `…${lastFour}`;
}
