import { randomBytes, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import type { SecretStorage } from 'vscode';
import type { Log } from '../../infrastructure/logging';
import { parseJson } from './secretProof';

/** This editor's key for the vault. `secret` is 32 bytes in Base64. */
export interface EditorKey {
  wayId: string;
  secret: string;
}

const storedKey = v.object({ wayId: v.string(), secret: v.string() });

/** Stores the key in VS Code's SecretStorage. Errors are logged and treated as a missing key. */
export class EditorKeyStore {
  private static readonly name = 'plue.vaultKey.v1';

  constructor(
    private readonly secrets: SecretStorage,
    private readonly log: Log,
  ) {}

  async read(): Promise<EditorKey | undefined> {
    try {
      const parsed = v.safeParse(storedKey, parseJson(await this.secrets.get(EditorKeyStore.name)));
      return parsed.success ? parsed.output : undefined;
    } catch (error) {
      this.log.warn(`VS Code's secret storage could not be read: ${reason(error)}`);
      return undefined;
    }
  }

  /** Stores a new key and reads it back; undefined if that failed. */
  async create(): Promise<EditorKey | undefined> {
    const key = { wayId: randomUUID(), secret: randomBytes(32).toString('base64') };
    try {
      await this.secrets.store(EditorKeyStore.name, JSON.stringify(key));
    } catch (error) {
      this.log.warn(`VS Code's secret storage could not be written: ${reason(error)}`);
      return undefined;
    }
    const stored = await this.read();
    return stored?.secret === key.secret ? key : undefined;
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
