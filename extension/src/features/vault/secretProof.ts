// If VS Code runs in a browser, SecretStorage can be in memory and lost on reload, without a way to detect it. It is trusted only after
// a value from an earlier session was read back.
import * as v from 'valibot';
import type { SecretStorage } from 'vscode';

/** The start of the extension and the editor session in which a value was written. */
export interface Activation {
  activationId: string;
  sessionId: string;
}

const probeKey = 'plue.secretProbe.v2';
const activation = v.object({ activationId: v.string(), sessionId: v.string() });

/** Restarting the extension host in the same window proves nothing, because the window keeps its memory. */
export function isProven(stored: unknown, now: Activation): boolean {
  const parsed = v.safeParse(activation, stored);
  return parsed.success && parsed.output.activationId !== now.activationId && parsed.output.sessionId !== now.sessionId;
}

/** Builds of VS Code without telemetry use this ID for every session. */
const unknownSession = 'someValue.sessionId';

/** The process that starts extension hosts ends with the sessions of its windows, so it identifies a session without an ID. */
export function sessionOf(sessionId: string, parentProcess: number): string {
  return sessionId === unknownSession ? `process ${parentProcess}` : sessionId;
}

export class SecretProof {
  constructor(
    private readonly secrets: SecretStorage,
    private readonly now: Activation,
  ) {}

  /** Stores a probe for a later activation, and returns whether an earlier one was found. False if the store fails. */
  async check(): Promise<boolean> {
    try {
      const stored = parseJson(await this.secrets.get(probeKey));
      // Keep a proven probe; rewriting it would reset the proof.
      if (isProven(stored, this.now)) return true;
      if (stored === undefined) await this.secrets.store(probeKey, JSON.stringify(this.now));
      return false;
    } catch {
      return false;
    }
  }
}

export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  } catch {
    return undefined;
  }
}
