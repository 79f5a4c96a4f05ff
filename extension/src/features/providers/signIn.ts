// Signs in to a provider with OAuth. The sidecar runs the flow; the extension opens the browser and shows progress.
import { openAddress } from '../../infrastructure/addresses';
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, UserCancelledError, runWithErrorHandling } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick, showWarningMessage, withProgress } from '../../infrastructure/window';
import type { ProviderSignInResult, ProviderSummary } from '../../protocol/protocol.generated';
import { providerAwaitSignIn, providerSignIn, providerSignOut } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';

export const commands = {
  signInProvider: 'plue.signInProvider',
  signOutProvider: 'plue.signOutProvider',
} as const;

/** Both commands accept a provider ID or ask for one. */
export function activateSignIn(sidecar: Sidecar, providers: ProviderList, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const register = (id: string, action: (providerId: string | undefined) => Promise<void>): void => {
    disposables.add(
      vscode.commands.registerCommand(id, (argument: unknown) =>
        runWithErrorHandling(log, () => action(typeof argument === 'string' ? argument : undefined)),
      ),
    );
  };
  register(commands.signInProvider, (id) => signIn(sidecar, providers, id));
  register(commands.signOutProvider, (id) => signOut(sidecar, providers, id));
  return disposables;
}

export async function signIn(sidecar: Sidecar, providers: ProviderList, id?: string): Promise<void> {
  const provider = await choose(providers, id, l10n.t('Sign In to Provider'), () => true);
  // Tokens are stored in the vault. Unlocking reports its own errors.
  await vscode.commands.executeCommand('plue.unlockVault');
  const start = await sidecar.request(providerSignIn, { id: provider.id });
  const stop = new vscode.CancellationTokenSource();
  try {
    const signedIn = waitFor(sidecar, provider, start, stop);
    // The sign-in can succeed even if the user ignores the prompt for the code.
    await Promise.all([signedIn, Promise.race([openPage(provider, start, stop), signedIn])]);
    showResult(await signedIn);
  } finally {
    stop.dispose();
    await providers.refresh();
  }
}

export async function signOut(sidecar: Sidecar, providers: ProviderList, id?: string): Promise<void> {
  const provider = await choose(providers, id, l10n.t('Sign Out of Provider'), ({ hasCredential }) => hasCredential);
  await sidecar.request(providerSignOut, { id: provider.id });
  await providers.refresh();
  void showInformationMessage(l10n.t('Signed out of {0}. Its tokens were deleted.', provider.name));
}

async function waitFor(
  sidecar: Sidecar,
  provider: ProviderSummary,
  { userCode }: ProviderSignInResult,
  stop: vscode.CancellationTokenSource,
): Promise<ProviderSummary> {
  const title =
    userCode === undefined
      ? l10n.t('Signing in to {0}…', provider.name)
      : l10n.t('Signing in to {0} with the code {1}…', provider.name, userCode);
  return await withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, (_progress, token) => {
    token.onCancellationRequested(() => stop.cancel());
    return sidecar.request(providerAwaitSignIn, { id: provider.id }, stop.token);
  });
}

async function openPage(
  provider: ProviderSummary,
  { url, userCode }: ProviderSignInResult,
  stop: vscode.CancellationTokenSource,
): Promise<void> {
  if (userCode !== undefined) {
    const copy = l10n.t('Copy Code and Open Page');
    const chosen = await showInformationMessage(
      l10n.t('To sign in to {0}, enter the code {1} on its page.', provider.name, userCode),
      copy,
      l10n.t('Open Page'),
    );
    if (chosen === undefined) return;
    if (chosen === copy) await vscode.env.clipboard.writeText(userCode);
  }
  if (!(await openAddress(url))) stop.cancel();
}

function showResult(provider: ProviderSummary): void {
  if (provider.error === undefined) void showInformationMessage(l10n.t('Signed in to {0}.', provider.name));
  else void showWarningMessage(l10n.t('Signed in, but {0} does not respond. {1}', provider.name, provider.error.message));
}

async function choose(
  providers: ProviderList,
  id: string | undefined,
  title: LocalizedText,
  fits: (provider: ProviderSummary) => boolean,
): Promise<ProviderSummary> {
  const able = (await providers.refresh()).filter((provider) => provider.authType === 'oauth' && fits(provider));
  const named = able.find((provider) => provider.id === id);
  if (named) return named;
  if (able.length === 0 || id !== undefined) {
    throw new FailureError(
      'notFound',
      id === undefined
        ? l10n.t('No provider supports sign-in. Add auth_type: "oauth" to a provider file to use it.')
        : l10n.t('The provider {0} does not support sign-in. Add auth_type: "oauth" to its file to use it.', id),
    );
  }
  const chosen = await showQuickPick(
    able.map((provider) => ({
      label: provider.name,
      description: provider.hasCredential ? l10n.t('signed in') : l10n.t('not signed in'),
      provider,
    })),
    { title, placeHolder: l10n.t('Select a provider') },
  );
  if (!chosen) throw new UserCancelledError();
  return chosen.provider;
}
