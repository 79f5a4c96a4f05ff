// What the Approvals view and its host say to each other.
import type { ApprovalAnswerParams, ApprovalView } from '../../protocol/protocol.generated';

/** Host to page. */
export type ToApprovalsPage =
  /** Replaces what is shown. `canAnswer` is false while the sidecar is away. */
  | { type: 'approvals'; approvals: ApprovalView[]; canAnswer: boolean }
  | { type: 'failed'; message: string }
  /** An answer was refused. */
  | { type: 'refused'; error: { kind: string; message: string } }
  /** The user asked for the list. */
  | { type: 'focus' };

/** Page to host. */
export type FromApprovalsPage =
  { type: 'ready' } | { type: 'reload' } | { type: 'answer'; answer: ApprovalAnswerParams } | { type: 'open'; uri: string };
