// Messages between the chat page and its panel about approvals, tasks and the permission mode.
import * as v from 'valibot';
import type {
  ApprovalView,
  BackgroundCommandView,
  ChangedFileView,
  SessionOptionView,
  TaskDetail,
  TaskView,
} from '../../protocol/protocol.generated';
import { approvalAnswer } from './approvals';
import { conversationUri, id, path, planUri } from './fields';

/** Values of the field `permission_mode`. */
export const modes = ['read', 'ask', 'edit', 'plan'] as const;

export type Mode = (typeof modes)[number];

const editCommands = ['plue.reviewChanges', 'plue.acceptChange', 'plue.rejectChange'] as const;

export type EditCommand = (typeof editCommands)[number];

const taskCommands = [
  'plue.tasks.stop',
  'plue.tasks.pause',
  'plue.tasks.resume',
  'plue.tasks.steer',
  'plue.tasks.increaseBudget',
  'plue.worktrees.showChanges',
  'plue.worktrees.merge',
  'plue.worktrees.commit',
  'plue.worktrees.createPullRequest',
  'plue.worktrees.open',
  'plue.worktrees.remove',
] as const;

const backgroundActions = ['show', 'stop', 'keep', 'release'] as const;

export type BackgroundAction = (typeof backgroundActions)[number];

export type TaskCommand = (typeof taskCommands)[number];

/** Page to panel. */
export const agentsFromPage = v.variant('type', [
  v.strictObject({ type: v.literal('answerApproval'), answer: approvalAnswer }),
  /** Opens the proposed change of an approval in a diff editor. */
  v.strictObject({ type: v.literal('openApprovalDiff'), id: v.string() }),
  /** Opens another chat or task, or a plan. */
  v.strictObject({ type: v.literal('openCodex'), uri: v.union([conversationUri, planUri]) }),
  v.strictObject({ type: v.literal('mode'), mode: v.picklist(modes) }),
  /** The field `session_options` as a whole. */
  v.strictObject({
    type: v.literal('sessionOptions'),
    chosen: v.record(v.pipe(v.string(), v.maxLength(1000)), v.pipe(v.string(), v.maxLength(1000))),
  }),
  /** Asks for the options of the agent's session. */
  v.strictObject({ type: v.literal('listSessionOptions') }),
  /** Opens the form for a task of this chat; without a template the user selects one first. */
  v.strictObject({ type: v.literal('newTask'), goal: v.pipe(v.string(), v.maxLength(100_000)), templateId: v.optional(id) }),
  /** Without a path, applies to all files that the chat changed. */
  v.strictObject({ type: v.literal('edits'), command: v.picklist(editCommands), path: v.optional(path) }),
  /** Without a URI, applies to the task of the page; otherwise to a subtask. */
  v.strictObject({ type: v.literal('taskCommand'), command: v.picklist(taskCommands), uri: v.optional(conversationUri) }),
  /** Shows the terminal of a background command, ends it, or decides whether it runs on after the chat. */
  v.strictObject({ type: v.literal('background'), action: v.picklist(backgroundActions), id }),
  v.strictObject({ type: v.literal('reloadTask') }),
  /** Asks whether tasks can have a git worktree. */
  v.strictObject({ type: v.literal('checkWorktree') }),
]);

export type AgentsFromPage = v.InferOutput<typeof agentsFromPage>;

/** Panel to page. */
export type AgentsToPage =
  /** Approvals of the chat or task and its subtasks. */
  | { type: 'approvals'; approvals: ApprovalView[] }
  /** Direct subtasks. */
  | { type: 'children'; tasks: TaskView[] }
  /** Background commands of the chat. */
  | { type: 'backgroundCommands'; commands: BackgroundCommandView[] }
  /** Files changed by the chat or its subtasks that the user has neither kept nor undone. */
  | { type: 'underReview'; files: ChangedFileView[] }
  /** Of the agent that responds in the chat. */
  | { type: 'sessionOptions'; options: SessionOptionView[] }
  /** Whether a task of this window can have a git worktree. */
  | { type: 'worktreeChecked'; isPossible: boolean }
  | { type: 'task'; detail: TaskDetail }
  | { type: 'taskFailed'; message: string };
