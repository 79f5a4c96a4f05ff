// Messages between the Approvals view and the host.
import * as v from 'valibot';
import type { ApprovalAnswerParams, ApprovalView } from '../../protocol/protocol.generated';
import { conversationUri } from './fields';
import type { ViewError } from './viewError';

export const approvalAnswer = v.object({
  id: v.string(),
  fingerprint: v.string(),
  decision: v.picklist(['once', 'always', 'deny']),
  reason: v.optional(v.string()),
  rule: v.optional(v.string()),
  equalToo: v.optional(v.boolean()),
  values: v.optional(v.string()),
}) satisfies v.GenericSchema<unknown, ApprovalAnswerParams>;

/** Page to host. */
export const fromApprovalsPage = v.variant('type', [
  v.strictObject({ type: v.literal('ready') }),
  v.strictObject({ type: v.literal('reload') }),
  v.strictObject({ type: v.literal('answer'), answer: approvalAnswer }),
  v.strictObject({ type: v.literal('open'), uri: conversationUri }),
  /** Opens the proposed change in a diff editor. */
  v.strictObject({ type: v.literal('openDiff'), id: v.string() }),
]);

export type FromApprovalsPage = v.InferOutput<typeof fromApprovalsPage>;

/** Host to page. */
export type ToApprovalsPage =
  /** Replaces the list. `canAnswer` is false while the sidecar is not running. */
  | { type: 'approvals'; approvals: ApprovalView[]; canAnswer: boolean }
  | { type: 'failed'; message: string }
  /** An answer was refused. */
  | { type: 'refused'; error: ViewError }
  | { type: 'focus' };
