// What arrives at the page is checked here, once: anything that is not one of the messages is dropped.
import * as v from 'valibot';
import { modelViewSchema, providerSummarySchema, settingsResultSchema } from '../../protocol/schemas.generated';
import type { ToSettingsPage } from './messages';

const error = v.object({ kind: v.string(), message: v.string() });

const toPage: v.GenericSchema<unknown, ToSettingsPage> = v.variant('type', [
  v.object({ type: v.literal('settings'), settings: settingsResultSchema, providers: v.array(providerSummarySchema) }),
  v.object({ type: v.literal('providers'), providers: v.array(providerSummarySchema) }),
  v.object({ type: v.literal('models'), providerId: v.string(), models: v.array(modelViewSchema), error: v.optional(v.string()) }),
  v.object({ type: v.literal('saved'), name: v.string(), settings: settingsResultSchema }),
  v.object({ type: v.literal('notSaved'), name: v.string(), error }),
  v.object({ type: v.literal('refused'), error }),
]);

/** Undefined for anything the host does not say. */
export function readToSettingsPage(data: unknown): ToSettingsPage | undefined {
  const parsed = v.safeParse(toPage, data);
  return parsed.success ? parsed.output : undefined;
}
