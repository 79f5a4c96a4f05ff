import * as v from 'valibot';
import type { FromItemPage } from '../../webview/item/messages';

const uri = v.pipe(v.string(), v.regex(/^codex:\/\/(items|chats|tasks)\//), v.maxLength(1000));

const templateId = v.pipe(v.string(), v.maxLength(200));
const values = v.record(v.string(), v.unknown());

/** What is to be made, and what it begins with: from the page, or from a command of another page. */
export const newTarget = v.strictObject({ templateId, values: v.optional(values), parentId: v.optional(uri) });

/** What is asked for under a chat: its template is chosen first. */
export const taskOfChat = v.strictObject({ goal: v.string(), parentId: uri });

const fromPage = v.variant('type', [
  v.strictObject({
    type: v.literal('ready'),
    target: v.optional(v.union([newTarget, v.strictObject({ uri })])),
  }),
  v.strictObject({ type: v.literal('reload') }),
  v.strictObject({
    type: v.literal('save'),
    title: v.optional(v.pipe(v.string(), v.maxLength(1000))),
    values,
    expectedVersion: v.optional(v.pipe(v.number(), v.integer())),
  }),
  v.strictObject({ type: v.literal('listModels'), providerId: v.pipe(v.string(), v.minLength(1), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('connect') }),
  v.strictObject({ type: v.literal('history') }),
  v.strictObject({ type: v.literal('openFile') }),
  v.strictObject({ type: v.literal('delete') }),
]) satisfies v.GenericSchema<unknown, FromItemPage>;

/** A message of the page, or undefined when it is not one. */
export function readFromItemPage(message: unknown): FromItemPage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}
