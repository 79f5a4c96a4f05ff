// In a browser-served VS Code, SecretStorage can be memory that a reload empties, and nothing says so. It counts only after
// something written in an earlier session was read back.
import * as v from 'valibot';
import type { SecretStorage } from 'vscode';

/** Which start of the extension, in which session of the editor, wrote something. */
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

/** Builds of VS Code without telemetry give every session this ID. */
const unknownSession = 'someValue.sessionId';

/** The process that starts extension hosts ends with the sessions of its windows, so it stands for a session without an ID. */
export function sessionOf(sessionId: string, parentProcess: number): string {
  return sessionId === unknownSession ? `process ${parentProcess}` : sessionId;
}

export class SecretProof {
  constructor(
    private readonly secrets: SecretStorage,
    private readonly now: Activation,
  ) {}

  /** Stores a probe for a later activation, and returns whether an earlier one was found. A failing store is not proven. */
  async check(): Promise<boolean> {
    try {
      const stored = parseJson(await this.secrets.get(probeKey));
      // Keeps a proven probe; rewriting it would reset the proof.
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
