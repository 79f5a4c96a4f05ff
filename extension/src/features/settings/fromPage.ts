import * as v from 'valibot';
import type { FromSettingsPage } from '../../webview/settings/messages';

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const text = v.pipe(v.string(), v.maxLength(8000));
const choice = v.union([text, v.strictObject({ provider: text, model: v.optional(text) })]);
const place = v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)));

const fromPage = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({
    type: v.literal('set'),
    name,
    value: v.optional(v.union([choice, v.pipe(v.number(), v.finite()), v.boolean(), v.pipe(v.array(choice), v.maxLength(1000))])),
  }),
  v.strictObject({ type: v.literal('listModels'), providerId: name }),
  v.strictObject({ type: v.literal('openFile'), line: place, column: place }),
  v.strictObject({ type: v.literal('manageProviders') }),
]) satisfies v.GenericSchema<unknown, FromSettingsPage>;

/** A message of the page, or undefined when it is not one. */
export function readFromSettingsPage(message: unknown): FromSettingsPage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}
