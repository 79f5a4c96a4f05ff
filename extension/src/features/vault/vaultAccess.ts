// Opening the vault: first without a word, then by asking.
import * as l10n from '../../infrastructure/localizedText';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import type { Log } from '../../infrastructure/logging';
import type { VaultStatusResult } from '../../protocol/protocol.generated';
import { vaultAddWay, vaultCreate, vaultStatus, vaultUnlock } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { EditorKeyStore } from './editorKey';
import type { SecretProof } from './secretProof';

/** The two questions; undefined when the user walks away. */
export interface PassphrasePrompt {
  /** `problem` is what was wrong with the last try. */
  existing(problem?: string): Promise<string | undefined>;
  /** Asked twice and compared. `why` is one sentence. */
  fresh(why: string): Promise<string | undefined>;
}

/** How a vault can be opened, in words. */
const wayWords: Readonly<Record<string, string>> = {
  editor: l10n.t('by VS Code'),
  keychain: l10n.t('by the system’s keychain'),
};

export class VaultAccess {
  constructor(
    private readonly sidecar: Pick<Sidecar, 'request'>,
    private readonly keys: Pick<EditorKeyStore, 'read' | 'create'>,
    private readonly proof: Pick<SecretProof, 'check'>,
    private readonly prompt: PassphrasePrompt,
    private readonly log: Log,
  ) {}

  /** Tries this editor's key and the keychain. Never asks, never makes a vault. Resolves to whether the vault is open. */
  async unlockSilently(): Promise<boolean> {
    const status = await this.sidecar.request(vaultStatus, {});
    return status.exists && status.problem === undefined && (await this.tryWithoutAsking(status));
  }

  /** Afterwards the vault is open; makes one where there is none. Throws UserCancelledError or a FailureError. */
  async ensureUnlocked(): Promise<void> {
    const status = await this.sidecar.request(vaultStatus, {});
    if (status.problem !== undefined) throw new FailureError('internal', status.problem);
    if (!status.exists) await this.create(status);
    else if (!(await this.tryWithoutAsking(status))) await this.askForPassphrase(status);
  }

  private async tryWithoutAsking(status: VaultStatusResult): Promise<boolean> {
    if (!status.locked) return true;
    const key = status.ways.includes('editor') ? await this.keys.read() : undefined;
    if (key && (await this.tryWay('editor', key.secret, key.wayId))) return true;
    return status.ways.includes('keychain') && (await this.tryWay('keychain'));
  }

  private async tryWay(way: string, secret?: string, wayId?: string): Promise<boolean> {
    try {
      return !(await this.sidecar.request(vaultUnlock, { way, wayId, secret })).locked;
    } catch (error) {
      // Another editor's vault, or a keychain that is locked itself: the next way may fit.
      this.log.info(`The vault did not open by way of ${way}: ${error instanceof Error ? error.message : 'unknown error'}`);
      return false;
    }
  }

  private async askForPassphrase(status: VaultStatusResult): Promise<void> {
    if (!status.ways.includes('passphrase')) {
      throw new FailureError(
        'vaultLocked',
        l10n.t(
          'The vault was made where it opens in another way ({0}), and that is not available here. Your keys are still in it: open it there once.',
          status.ways.map((way) => wayWords[way] ?? way).join(', '),
        ),
      );
    }
    let problem: string | undefined;
    for (;;) {
      const passphrase = await this.prompt.existing(problem);
      if (passphrase === undefined) throw new UserCancelledError();
      try {
        const opened = await this.sidecar.request(vaultUnlock, { way: 'passphrase', secret: passphrase });
        if (!opened.locked) break;
        problem = l10n.t('The vault stayed locked.');
      } catch (error) {
        if (!(error instanceof FailureError) || error.kind.startsWith('sidecar')) throw error;
        problem = error.message;
      }
    }
    await this.addThisEditor();
  }

  private async create(status: VaultStatusResult): Promise<void> {
    if (status.keychainAvailable) {
      await this.sidecar.request(vaultCreate, { way: 'keychain' });
      return;
    }
    if (await this.proof.check()) {
      // Kept here before the vault is made: a vault whose key was never stored would be lost.
      const key = await this.keys.create();
      if (key) {
        await this.sidecar.request(vaultCreate, { way: 'editor', wayId: key.wayId, secret: key.secret });
        return;
      }
    }
    const passphrase = await this.prompt.fresh(
      l10n.t('This machine has no keychain, and VS Code may forget secrets here when it restarts, so a passphrase protects your keys.'),
    );
    if (passphrase === undefined) throw new UserCancelledError();
    await this.sidecar.request(vaultCreate, { way: 'passphrase', secret: passphrase });
    await this.addThisEditor();
  }

  /** A comfort beside the passphrase: this session, and each restart that keeps the key, need not ask again. */
  private async addThisEditor(): Promise<void> {
    try {
      const key = await this.keys.create();
      if (key) await this.sidecar.request(vaultAddWay, { way: 'editor', wayId: key.wayId, secret: key.secret });
    } catch (error) {
      this.log.warn(`The vault will ask for its passphrase again: ${error instanceof Error ? error.message : 'unknown error'}`);
    }
  }
}
