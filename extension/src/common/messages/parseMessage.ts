import * as v from 'valibot';

/** Returns undefined if the message does not match the schema. Pages show text from models and vendors, so the host trusts nothing they send. */
export function parseMessage<T>(schema: v.GenericSchema<unknown, T>, message: unknown): T | undefined {
  const parsed = v.safeParse(schema, message);
  return parsed.success ? parsed.output : undefined;
}
