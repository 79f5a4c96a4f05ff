// What arrives at the page is checked here, once: anything that is not one of the messages is dropped.
import * as v from 'valibot';
import { fieldViewSchema, templateTryResultSchema } from '../../protocol/schemas.generated';
import type { ToTrialPage } from './messages';

const text = v.string();
const values = v.record(text, v.unknown());

const toPage: v.GenericSchema<unknown, ToTrialPage> = v.variant('type', [
  v.object({
    type: v.literal('trial'),
    trial: v.object({
      id: text,
      name: text,
      description: v.optional(text),
      collection: text,
      path: v.optional(text),
      fields: v.array(fieldViewSchema),
      values,
    }),
    result: templateTryResultSchema,
  }),
  v.object({ type: v.literal('empty') }),
  v.object({ type: v.literal('trying'), name: v.optional(text) }),
  v.object({ type: v.literal('refused'), error: v.object({ kind: text, message: text }) }),
]);

/** Undefined for anything the host does not say. */
export function readToTrialPage(data: unknown): ToTrialPage | undefined {
  const parsed = v.safeParse(toPage, data);
  return parsed.success ? parsed.output : undefined;
}

/** What the page kept over a reload: which template, and what was typed. */
export interface KeptTrial {
  id: string;
  values: Record<string, unknown>;
}

const kept: v.GenericSchema<unknown, KeptTrial> = v.object({ id: text, values });

export function readKeptTrial(data: unknown): KeptTrial | undefined {
  const parsed = v.safeParse(kept, data);
  return parsed.success ? parsed.output : undefined;
}
