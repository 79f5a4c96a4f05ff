import * as v from 'valibot';
import type { FromTrialPage } from '../../webview/trial/messages';

const id = v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/), v.maxLength(200));
const values = v.record(v.string(), v.unknown());
const index = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(10_000));

const fromPage = v.variant('type', [
  v.strictObject({ type: v.literal('ready'), id: v.optional(id), values: v.optional(values) }),
  v.strictObject({ type: v.literal('choose') }),
  v.strictObject({ type: v.literal('try'), values }),
  v.strictObject({ type: v.literal('start'), values }),
  v.strictObject({ type: v.literal('openFinding'), index }),
  v.strictObject({ type: v.literal('openSource'), index }),
  v.strictObject({ type: v.literal('openTemplate') }),
  v.strictObject({ type: v.literal('newTemplate') }),
]) satisfies v.GenericSchema<unknown, FromTrialPage>;

/** A message of the page, or undefined when it is not one. */
export function readFromTrialPage(message: unknown): FromTrialPage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}
