// Unlocks the vault: first without prompts, then by asking the user.
import * as l10n from '../../infrastructure/localizedText';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import type { VaultStatusResult, VaultUnlockMethodParams } from '../../protocol/protocol.generated';
import { vaultAddUnlockMethod, vaultCreate, vaultStatus, vaultUnlock } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { EditorKeyStore } from './editorKey';
import type { SecretProof } from './secretProof';

/** Prompts for passphrases. They resolve to undefined if the user cancels. */
export interface PassphrasePrompt {
  /** `problem` describes the failure of the last attempt. */
  existing(problem?: string): Promise<string | undefined>;
  /** Asks for a new passphrase twice. `why` is the reason shown to the user. */
  fresh(why: string): Promise<string | undefined>;
  /** Asks whether to use an older copy of the vault. `problem` describes the difference. */
  acceptOlder(problem: string): Promise<boolean>;
}

/** Display texts for the methods to unlock a vault. */
const methodText: Readonly<Record<string, string>> = {
  editor: l10n.t('by VS Code'),
  keychain: l10n.t('by the system’s keychain'),
};

/** Resolves to true if the vault is unlocked. */
type Unlock = (params: VaultUnlockMethodParams) => Promise<boolean>;

const isOlder = (error: unknown): error is FailureError => error instanceof FailureError && error.kind === 'vaultOlder';

export class VaultAccess {
  constructor(
    private readonly sidecar: Pick<Sidecar, 'request'>,
    private readonly keys: Pick<EditorKeyStore, 'read' | 'create'>,
    private readonly proof: Pick<SecretProof, 'check'>,
    private readonly prompt: PassphrasePrompt,
    private readonly log: Log,
  ) {}

  /** Tries this editor's key and the keychain. Never prompts and never creates a vault. Resolves to true if the vault is unlocked. */
  async unlockSilently(): Promise<boolean> {
    const status = await this.sidecar.request(vaultStatus, {});
    return status.exists && status.problem === undefined && (await this.tryStoredMethods(status, this.unlock));
  }

  /** Unlocks the vault, or creates it. Throws UserCancelledError or FailureError. */
  async ensureUnlocked(): Promise<void> {
    const status = await this.sidecar.request(vaultStatus, {});
    if (status.problem !== undefined) throw new FailureError('internal', status.problem);
    if (!status.exists) await this.create(status);
    else if (!(await this.tryStoredMethods(status, this.unlockOrAskAboutOlder))) await this.askForPassphrase(status);
  }

  private readonly unlock: Unlock = async (params) => !(await this.sidecar.request(vaultUnlock, params)).locked;

  /** Throws UserCancelledError if the vault file is an older copy and the user rejects it. */
  private readonly unlockOrAskAboutOlder: Unlock = async (params) => {
    try {
      return await this.unlock(params);
    } catch (error) {
      if (!isOlder(error)) throw error;
      if (!(await this.prompt.acceptOlder(error.message))) throw new UserCancelledError();
      return await this.unlock({ ...params, acceptOlder: true });
    }
  };

  private async tryStoredMethods(status: VaultStatusResult, unlock: Unlock): Promise<boolean> {
    if (!status.locked) return true;
    const key = status.unlockMethods.includes('editor') ? await this.keys.read() : undefined;
    if (key && (await this.tryMethod({ method: 'editor', secret: key.secret, methodId: key.wayId }, unlock))) return true;
    return status.unlockMethods.includes('keychain') && (await this.tryMethod({ method: 'keychain' }, unlock));
  }

  private async tryMethod(params: VaultUnlockMethodParams, unlock: Unlock): Promise<boolean> {
    try {
      return await unlock(params);
    } catch (error) {
      if (error instanceof UserCancelledError) throw error;
      // It is another editor's vault, or the keychain is locked: try the next method.
      this.log.info(`The vault did not open by way of ${params.method}: ${error instanceof Error ? error.message : 'unknown error'}`);
      return false;
    }
  }

  private async askForPassphrase(status: VaultStatusResult): Promise<void> {
    if (!status.unlockMethods.includes('passphrase')) {
      throw new FailureError(
        'vaultLocked',
        l10n.t(
          'The vault is unlocked by another method ({0}), which is not available here. Your keys are still in it: unlock it once where that method works.',
          status.unlockMethods.map((way) => methodText[way] ?? way).join(', '),
        ),
      );
    }
    let problem: string | undefined;
    for (;;) {
      const passphrase = await this.prompt.existing(problem);
      if (passphrase === undefined) throw new UserCancelledError();
      try {
        if (await this.unlockOrAskAboutOlder({ method: 'passphrase', secret: passphrase })) break;
        problem = l10n.t('The vault is still locked.');
      } catch (error) {
        if (!(error instanceof FailureError) || error.kind.startsWith('sidecar')) throw error;
        problem = error.message;
      }
    }
    await this.addThisEditor();
  }

  private async create(status: VaultStatusResult): Promise<void> {
    if (status.keychainAvailable) {
      await this.sidecar.request(vaultCreate, { method: 'keychain' });
      return;
    }
    if (await this.proof.check()) {
      // Stored before the vault is created, because a vault whose key was not stored would be lost.
      const key = await this.keys.create();
      if (key) {
        await this.sidecar.request(vaultCreate, { method: 'editor', methodId: key.wayId, secret: key.secret });
        return;
      }
    }
    const passphrase = await this.prompt.fresh(
      l10n.t('This machine has no keychain, and VS Code may lose secrets when it restarts, so a passphrase protects your keys.'),
    );
    if (passphrase === undefined) throw new UserCancelledError();
    await this.sidecar.request(vaultCreate, { method: 'passphrase', secret: passphrase });
    await this.addThisEditor();
  }

  /** Lets this session, and later ones if the secret is kept, unlock the vault without the passphrase. */
  private async addThisEditor(): Promise<void> {
    try {
      const key = await this.keys.create();
      if (key) await this.sidecar.request(vaultAddUnlockMethod, { method: 'editor', methodId: key.wayId, secret: key.secret });
    } catch (error) {
      this.log.warn(`The vault will ask for its passphrase again: ${error instanceof Error ? error.message : 'unknown error'}`);
    }
  }
}
