import * as v from 'valibot';
import { approvalAnswerParamsSchema } from '../../protocol/schemas.generated';
import { editCommands, modes, taskCommands, type AgentFromPage } from '../../webview/shared/viewMessages';

/** What has messages. */
export const talk = /^codex:\/\/(chats|tasks)\//;

const path = v.pipe(v.string(), v.minLength(1), v.maxLength(8000));

export const fromAgents = [
  v.strictObject({ type: v.literal('answerApproval'), answer: approvalAnswerParamsSchema }),
  v.strictObject({ type: v.literal('openCodex'), uri: v.pipe(v.string(), v.regex(talk), v.maxLength(1000)) }),
  v.strictObject({ type: v.literal('mode'), mode: v.picklist(modes) }),
  v.strictObject({ type: v.literal('newTask'), goal: v.pipe(v.string(), v.maxLength(100_000)) }),
  v.strictObject({ type: v.literal('edits'), command: v.picklist(editCommands), path: v.optional(path) }),
  v.strictObject({ type: v.literal('taskCommand'), command: v.picklist(taskCommands) }),
  v.strictObject({ type: v.literal('reloadTask') }),
] as const;

const types: ReadonlySet<string> = new Set(fromAgents.map((schema) => schema.entries.type.literal));

/** Whether it is about agents. */
export function isAboutAgents<T extends { type: string }>(message: T | AgentFromPage): message is AgentFromPage {
  return types.has(message.type);
}
