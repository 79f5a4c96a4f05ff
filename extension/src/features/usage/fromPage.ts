import * as v from 'valibot';
import type { FromUsagePage } from '../../webview/usage/messages';

const day = v.optional(v.pipe(v.string(), v.regex(/^\d{4}-\d{2}-\d{2}$/)));
const asked = v.strictObject({
  from: day,
  to: day,
  utcOffsetMinutes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(-1440), v.maxValue(1440))),
});

const fromPage = v.variant('type', [
  v.strictObject({ type: v.literal('show'), asked }),
  v.strictObject({ type: v.literal('csv'), asked }),
  v.strictObject({ type: v.literal('openChat'), uri: v.pipe(v.string(), v.startsWith('codex://chats/'), v.maxLength(1000)) }),
]) satisfies v.GenericSchema<unknown, FromUsagePage>;

/** A message of the page, or undefined when it is not one. */
export function readFromUsagePage(message: unknown): FromUsagePage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}
