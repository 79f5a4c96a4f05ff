// Messages between the Settings page and the host.
import * as v from 'valibot';
import type { ModelView, ProviderSummary, SettingsResult } from '../../protocol/protocol.generated';
import type { ViewError } from './viewError';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(8000));
const choice = v.union([text, v.strictObject({ provider: text, model: v.optional(text) })]);
/** The schema does not know the type of a setting; the value comes from a form. */
const value = v.pipe(
  v.unknown(),
  v.union([choice, v.pipe(v.number(), v.finite()), v.boolean(), v.pipe(v.array(choice), v.maxLength(1000))]),
);
const position = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));

/** Page to host. */
export const fromSettingsPage = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  /** Without a value the setting is removed from the file, and its default applies. */
  v.strictObject({
    type: v.literal('set'),
    name,
    value: v.optional(value),
  }),
  v.strictObject({ type: v.literal('listModels'), providerId: name }),
  /** Opens a chat that changes the settings. */
  v.strictObject({ type: v.literal('editWithPlue') }),
  v.strictObject({ type: v.literal('openFile'), line: position, column: position }),
  v.strictObject({ type: v.literal('manageProviders') }),
]);

export type FromSettingsPage = v.InferInput<typeof fromSettingsPage>;

/** Host to page. */
export type ToSettingsPage =
  /** Sent after `ready`, and whenever the file or the sidecar may have changed. */
  | { type: 'settings'; settings: SettingsResult; providers: ProviderSummary[] }
  | { type: 'providers'; providers: ProviderSummary[] }
  | { type: 'models'; providerId: string; models: ModelView[]; error?: string }
  | { type: 'saved'; name: string; settings: SettingsResult }
  /** The file was not changed. */
  | { type: 'notSaved'; name: string; error: ViewError }
  | { type: 'refused'; error: ViewError };
