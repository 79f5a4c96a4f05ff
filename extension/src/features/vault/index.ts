import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { commands, configureProviderKey, passphrasePrompt } from './commands';
import { EditorKeyStore } from './editorKey';
import {
  allowKeyForProvider,
  changeOrigins,
  changePassphrase,
  deleteKey,
  importEnv,
  lockVault,
  manageKeys,
  renameKey,
  rotateKey,
  type KeyServices,
} from './manageKeys';
import { addProviderWithKey } from './newProvider';
import { SecretProof, sessionOf } from './secretProof';
import { VaultAccess } from './vaultAccess';

export function activateVault(
  context: vscode.ExtensionContext,
  sidecar: Sidecar,
  providers: ProviderList,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const proof = new SecretProof(context.secrets, { activationId: randomUUID(), sessionId: sessionOf(vscode.env.sessionId, process.ppid) });
  const vault = new VaultAccess(sidecar, new EditorKeyStore(context.secrets, log), proof, passphrasePrompt, log);
  const disposables = new Disposables();
  const register = (id: string, action: (argument: unknown) => Promise<void>): void => {
    disposables.add(vscode.commands.registerCommand(id, (argument: unknown) => runWithErrorHandling(log, () => action(argument))));
  };

  register(commands.configureProviderKey, (id) => configureProviderKey(sidecar, providers, vault, typeof id === 'string' ? id : undefined));
  // Errors are passed to the feature that runs the command.
  disposables.add(
    vscode.commands.registerCommand(commands.addProviderWithKey, (draft: unknown) => addProviderWithKey(sidecar, providers, vault, draft)),
  );
  const services: KeyServices = { sidecar, providers, vault };
  register(commands.removeProviderKey, () => deleteKey(services));
  register(commands.manageKeys, () => manageKeys(services));
  register(commands.rotateKey, () => rotateKey(services));
  register(commands.renameKey, () => renameKey(services));
  register(commands.changeKeyOrigins, () => changeOrigins(services));
  register(commands.importEnv, () => importEnv(services));
  register(commands.lockVault, () => lockVault(services));
  register(commands.changePassphrase, () => changePassphrase(services));
  register(commands.allowKey, (id) => (typeof id === 'string' ? allowKeyForProvider(services, id) : changeOrigins(services)));
  register(commands.unlockVault, async () => {
    await vault.ensureUnlocked();
    await providers.refresh();
  });

  // Store the probe now, so that the next activation can read it.
  void proof.check();
  // A new sidecar process has no key. Never prompts at start.
  disposables.add(
    sidecar.onDidStart(() => {
      vault
        .unlockSilently()
        .then((open) => (open ? providers.refresh() : undefined))
        .catch((error: unknown) => log.warn(`The vault stays locked: ${error instanceof Error ? error.message : 'unknown error'}`));
    }),
  );
  return disposables;
}
