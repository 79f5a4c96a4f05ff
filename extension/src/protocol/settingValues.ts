// The values of settings that are more than a word, as files and the wire spell them.
import * as v from 'valibot';
import type { ModelChoice } from './protocol.generated';

const address = 'codex://providers/';
const written = v.union([v.string(), v.object({ provider: v.string(), model: v.optional(v.nullable(v.string())) })]);

/** A provider's name, its address, or `{provider, model}`; undefined for anything else. */
export function readChoice(value: unknown): ModelChoice | undefined {
  const parsed = v.safeParse(written, value);
  if (!parsed.success) return undefined;
  const { provider, model } = typeof parsed.output === 'string' ? { provider: parsed.output, model: undefined } : parsed.output;
  const providerId = provider.startsWith(address) ? provider.slice(address.length) : provider;
  if (providerId === '') return undefined;
  return { providerId, ...(model === undefined || model === null || model.trim() === '' ? {} : { model }) };
}

/** As {@link readChoice} reads it: the shortest form. */
export function writeChoice({ providerId, model }: ModelChoice): unknown {
  return model === undefined ? providerId : { provider: providerId, model };
}
