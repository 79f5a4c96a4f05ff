import * as v from 'valibot';
import { messageRoleSchema, messageStatusSchema } from '../../protocol/schemas.generated';
import type { FromSearchPage } from '../../webview/search/messages';

const short = v.pipe(v.string(), v.maxLength(1000));
const moment = v.optional(v.pipe(v.string(), v.isoTimestamp()));
const searchId = v.pipe(v.string(), v.maxLength(100));

const fromPage = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({
    type: v.literal('search'),
    searchId,
    query: v.strictObject({
      text: v.pipe(v.string(), v.maxLength(10_000)),
      from: moment,
      to: moment,
      providerId: v.optional(short),
      model: v.optional(short),
      hasCode: v.optional(v.boolean()),
      status: v.optional(messageStatusSchema),
      role: v.optional(messageRoleSchema),
      tags: v.optional(v.pipe(v.array(short), v.maxLength(200))),
      includeArchived: v.optional(v.boolean()),
      limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(5000))),
    }),
  }),
  v.strictObject({ type: v.literal('cancel') }),
  v.strictObject({
    type: v.literal('open'),
    uri: v.pipe(v.string(), v.startsWith('codex://chats/'), v.maxLength(1000)),
    messageId: short,
  }),
]) satisfies v.GenericSchema<unknown, FromSearchPage>;

/** A message of the page, or undefined when it is not one. */
export function readFromSearchPage(message: unknown): FromSearchPage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}
