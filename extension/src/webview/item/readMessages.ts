// What arrives at the page is checked here, once: anything that is not one of the messages is dropped.
import * as v from 'valibot';
import {
  codexSummarySchema,
  hookFailureViewSchema,
  modelViewSchema,
  providerSummarySchema,
  templateViewSchema,
} from '../../protocol/schemas.generated';
import type { ItemTarget, ToItemPage } from './messages';

const text = v.string();
const values = v.record(text, v.unknown());
const target: v.GenericSchema<unknown, ItemTarget> = v.union([
  v.strictObject({ templateId: text, values: v.optional(values), parentId: v.optional(text) }),
  v.strictObject({ uri: text }),
]);

const toPage: v.GenericSchema<unknown, ToItemPage> = v.variant('type', [
  v.object({
    type: v.literal('form'),
    target,
    template: templateViewSchema,
    codex: v.optional(codexSummarySchema),
    values,
    readOnlyReason: v.optional(text),
    offers: v.optional(v.record(text, v.array(text))),
    hookFailures: v.optional(v.array(hookFailureViewSchema)),
  }),
  v.object({ type: v.literal('providers'), providers: v.array(providerSummarySchema) }),
  v.object({ type: v.literal('models'), providerId: text, models: v.array(modelViewSchema), error: v.optional(text) }),
  v.object({ type: v.literal('saved'), codex: codexSummarySchema, values, hookFailures: v.optional(v.array(hookFailureViewSchema)) }),
  v.object({ type: v.literal('changed'), isGone: v.boolean() }),
  v.object({ type: v.literal('refused'), error: v.object({ kind: text, message: text }) }),
]);

/** Undefined for anything the host does not say. */
export function readToItemPage(data: unknown): ToItemPage | undefined {
  const parsed = v.safeParse(toPage, data);
  return parsed.success ? parsed.output : undefined;
}

/** What was typed into one form and not saved. */
export interface Draft {
  target: ItemTarget;
  changes: Record<string, unknown>;
}

/** What the page kept over a reload: the form in front, and what was typed into it and others. */
export interface KeptForms {
  target: ItemTarget;
  drafts: Draft[];
}

const kept: v.GenericSchema<unknown, KeptForms> = v.object({ target, drafts: v.array(v.object({ target, changes: values })) });

export function readKeptForms(data: unknown): KeptForms | undefined {
  const parsed = v.safeParse(kept, data);
  return parsed.success ? parsed.output : undefined;
}
