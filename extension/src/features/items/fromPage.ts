import * as v from 'valibot';
import type { FromItemPage } from '../../webview/item/messages';

const uri = v.pipe(v.string(), v.startsWith('codex://items/'), v.maxLength(1000));

const fromPage = v.variant('type', [
  v.strictObject({
    type: v.literal('ready'),
    target: v.optional(v.union([v.strictObject({ templateId: v.pipe(v.string(), v.maxLength(200)) }), v.strictObject({ uri })])),
  }),
  v.strictObject({ type: v.literal('reload') }),
  v.strictObject({
    type: v.literal('save'),
    title: v.optional(v.pipe(v.string(), v.maxLength(1000))),
    values: v.record(v.string(), v.unknown()),
    expectedVersion: v.optional(v.pipe(v.number(), v.integer())),
  }),
  v.strictObject({ type: v.literal('history') }),
  v.strictObject({ type: v.literal('openFile') }),
  v.strictObject({ type: v.literal('delete') }),
]) satisfies v.GenericSchema<unknown, FromItemPage>;

/** A message of the page, or undefined when it is not one. */
export function readFromItemPage(message: unknown): FromItemPage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}
