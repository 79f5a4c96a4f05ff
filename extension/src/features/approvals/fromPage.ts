import * as v from 'valibot';
import { approvalAnswerParamsSchema } from '../../protocol/schemas.generated';
import type { FromApprovalsPage } from '../../webview/approvals/messages';

const fromPage: v.GenericSchema<unknown, FromApprovalsPage> = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('reload') }),
  v.strictObject({ type: v.literal('answer'), answer: approvalAnswerParamsSchema }),
  v.strictObject({ type: v.literal('open'), uri: v.pipe(v.string(), v.regex(/^codex:\/\/(chats|tasks)\//), v.maxLength(1000)) }),
]);

/** A message of the page, or undefined when it is not one. */
export function readFromApprovalsPage(message: unknown): FromApprovalsPage | undefined {
  const parsed = v.safeParse(fromPage, message);
  return parsed.success ? parsed.output : undefined;
}
