// Composite values of settings, as stored in files and sent in the protocol.
import * as v from 'valibot';
import type { ModelChoice } from './protocol.generated';

const address = 'codex://providers/';
const written = v.union([v.string(), v.object({ provider: v.string(), model: v.optional(v.nullable(v.string())) })]);

/** Parses a provider ID, its URI, or `{provider, model}`; undefined for anything else. */
export function readChoice(value: unknown): ModelChoice | undefined {
  const parsed = v.safeParse(written, value);
  if (!parsed.success) return undefined;
  const { provider, model } = typeof parsed.output === 'string' ? { provider: parsed.output, model: undefined } : parsed.output;
  const providerId = provider.startsWith(address) ? provider.slice(address.length) : provider;
  if (providerId === '') return undefined;
  return { providerId, ...(model === undefined || model === null || model.trim() === '' ? {} : { model }) };
}

/** Returns the shortest form that {@link readChoice} can read. */
export function writeChoice({ providerId, model }: ModelChoice): unknown {
  return model === undefined ? providerId : { provider: providerId, model };
}
