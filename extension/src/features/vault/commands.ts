import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, UserCancelledError, helpFor } from '../../infrastructure/errors';
import {
  showInformationMessage,
  showInputBox,
  showPassphraseBox,
  showQuickPick,
  showWarningMessage,
  withProgress,
} from '../../infrastructure/window';
import type { ErrorView, ProviderKindView, ProviderSummary } from '../../protocol/protocol.generated';
import { providerConfigure, providerTest, vaultStore } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import type { PassphrasePrompt, VaultAccess } from './vaultAccess';

export const commands = {
  configureProviderKey: 'plue.configureProviderKey',
  addProviderWithKey: 'plue.addProviderWithKey',
  removeProviderKey: 'plue.removeProviderKey',
  unlockVault: 'plue.unlockVault',
  lockVault: 'plue.lockVault',
  manageKeys: 'plue.manageKeys',
  rotateKey: 'plue.rotateKey',
  renameKey: 'plue.renameKey',
  changeKeyOrigins: 'plue.changeKeyOrigins',
  allowKey: 'plue.allowKey',
  importEnv: 'plue.importEnv',
  changePassphrase: 'plue.changePassphrase',
} as const;

/** Asks for a provider's key, stores it in the vault, and tests it. */
export async function configureProviderKey(
  sidecar: Sidecar,
  providers: ProviderList,
  vault: VaultAccess,
  providerId?: string,
): Promise<void> {
  await providers.refresh();
  const provider = await chooseProvider(sidecar, providers, providerId);
  if (provider.origin === undefined) {
    throw new FailureError(
      'missingField',
      l10n.t('{0} has no endpoint, so a key can’t be stored for it. Set the endpoint in Manage Providers.', provider.name),
    );
  }
  await vault.ensureUnlocked();
  const secret = await askForKey(provider.name, provider.origin, false);
  const reference = keyReferenceOf(provider);
  await sidecar.request(vaultStore, { reference, secret, origins: [provider.origin] });
  if (provider.keyReference !== reference) {
    // Use the stored key instead of the environment variable.
    await sidecar.request(providerConfigure, {
      id: provider.id,
      name: provider.name,
      kind: provider.kind,
      fields: { api_key_ref: reference },
    });
  }
  await testProvider(sidecar, providers, provider);
}

/** Returns the vault reference in the provider's file, or a new one if the key comes from the environment. */
export function keyReferenceOf(provider: Pick<ProviderSummary, 'id' | 'keyReference'>): string {
  return provider.keyReference?.startsWith('vault://') === true ? provider.keyReference : referenceOf(provider.id);
}

export function referenceOf(providerId: string): string {
  return `vault://${providerId}/api_key`;
}

async function chooseProvider(sidecar: Sidecar, providers: ProviderList, providerId?: string): Promise<ProviderSummary> {
  if (providerId !== undefined) {
    const known = providers.items.find((provider) => provider.id === providerId);
    if (!known) throw new FailureError('notFound', l10n.t('The provider {0} does not exist.', providerId));
    return known;
  }
  interface Choice extends vscode.QuickPickItem {
    provider?: ProviderSummary;
    providerKind?: ProviderKindView;
  }
  const configured = providers.items
    .filter((provider) => provider.takesKey)
    .map((provider): Choice => ({
      label: provider.name,
      description: provider.origin,
      detail: provider.hasCredential ? l10n.t('Key stored') : l10n.t('No key yet'),
      provider,
    }));
  const kinds = providers.kinds
    .filter((kind) => kind.takesKey)
    .map((providerKind): Choice => ({ label: providerKind.name, description: providerKind.defaultEndpoint, providerKind }));
  const separator = (label: string): Choice => ({ label, kind: vscode.QuickPickItemKind.Separator });
  const choices = [
    ...(configured.length > 0 ? [separator(l10n.t('Configured')), ...configured] : []),
    separator(l10n.t('New provider')),
    ...kinds,
  ];
  const chosen = await showQuickPick(choices, {
    title: l10n.t('Configure Provider Key'),
    placeHolder: l10n.t('Select the provider for the key'),
  });
  if (chosen?.provider) return chosen.provider;
  if (chosen?.providerKind) return addProvider(sidecar, providers, chosen.providerKind);
  throw new UserCancelledError();
}

async function addProvider(sidecar: Sidecar, providers: ProviderList, kind: ProviderKindView): Promise<ProviderSummary> {
  let endpoint: string | undefined;
  if (kind.takesEndpoint && kind.defaultEndpoint === undefined) {
    endpoint = await showInputBox({
      title: l10n.verbatim(kind.name),
      prompt: l10n.t('Server address'),
      placeHolder: l10n.verbatim('https://…'),
      ignoreFocusOut: true,
      validateInput: (value) =>
        /^https?:\/\/[^\s/]+/.test(value.trim()) ? undefined : l10n.t('Enter an address that starts with http:// or https://.'),
    });
    if (endpoint === undefined) throw new UserCancelledError();
  }
  const summary = await sidecar.request(providerConfigure, { name: kind.name, kind: kind.kind, endpoint: endpoint?.trim() });
  await providers.refresh();
  return summary;
}

/** @param isOptional Allows empty input, which means no key. */
export async function askForKey(name: string, origin: string, isOptional: boolean): Promise<string> {
  const typed = await showInputBox({
    title: l10n.t('Key for {0}', name),
    prompt: origin.startsWith('exec://')
      ? l10n.t('Stored encrypted in the Plue vault and passed only to the approved program.')
      : l10n.t('Stored encrypted in the Plue vault and sent only to {0}.', origin),
    ...(isOptional ? { placeHolder: l10n.t('Leave empty if no key is needed') } : {}),
    password: true,
    ignoreFocusOut: true,
    validateInput: (text) => (isOptional && text.trim() === '' ? undefined : keyProblem(text)),
  });
  if (typed === undefined) throw new UserCancelledError();
  return typed.trim();
}

/** Keys are sent in a header, so characters that a header cannot contain indicate a wrong paste. */
export function keyProblem(typed: string): LocalizedText | undefined {
  const key = typed.trim();
  if (key === '') return l10n.t('Enter the key.');
  if (!/^[\x21-\x7e]+$/.test(key)) return l10n.t('A key can’t contain spaces, line breaks, or special characters.');
  return undefined;
}

async function testProvider(sidecar: Sidecar, providers: ProviderList, provider: ProviderSummary): Promise<void> {
  const tested = await withProgress({ location: vscode.ProgressLocation.Window, title: l10n.t('Testing {0}…', provider.name) }, () =>
    sidecar.request(providerTest, { id: provider.id }),
  );
  await providers.refresh();
  if (tested.error === undefined) {
    void showInformationMessage(l10n.t('The key was saved, and {0} responded.', tested.name));
    return;
  }
  // Not awaited: the message can stay open for a long time.
  void offerHelp(tested.error, provider.id);
}

async function offerHelp(error: ErrorView, providerId: string): Promise<void> {
  const help = helpFor(error.kind)[0];
  const chosen = await showWarningMessage(l10n.t('The key was saved. {0}', error.message), ...(help ? [help.title] : []));
  if (help && chosen === help.title) await vscode.commands.executeCommand(help.command, providerId);
}

export const passphrasePrompt: PassphrasePrompt = {
  existing: async (problem) =>
    showInputBox({
      title: l10n.t('Unlock the Plue vault'),
      prompt: problem === undefined ? l10n.t('Vault passphrase') : l10n.verbatim(problem),
      password: true,
      ignoreFocusOut: true,
    }),
  fresh: async (why) =>
    showPassphraseBox({
      title: l10n.t('New passphrase for the Plue vault'),
      prompt: l10n.t('{0} Plue can’t recover it.', why),
      validateInput: (value) => (value.length >= 8 ? undefined : l10n.t('Use at least 8 characters.')),
    }),
  acceptOlder: async (problem) => {
    const keep = l10n.t('Use Older Copy');
    const message = l10n.t('This vault is an older copy');
    return (await showWarningMessage(message, { modal: true, detail: problem }, keep)) === keep;
  },
};
