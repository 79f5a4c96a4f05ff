// What a page and its panel say to each other about agents: approvals, tasks, and the mode of a chat.
import type { ApprovalAnswerParams, ApprovalView, TaskDetail, TaskView } from '../../protocol/protocol.generated';

/** How much a chat or task is asked about, as its field `permission_mode` has it. */
export const modes = ['ask', 'edit', 'plan'] as const;

export type Mode = (typeof modes)[number];

/** What may be asked for the changes of a chat or task. */
export const editCommands = ['plue.reviewChanges', 'plue.acceptChange', 'plue.rejectChange'] as const;

export type EditCommand = (typeof editCommands)[number];

/** What the panel of a task has buttons for. */
export const taskCommands = ['plue.tasks.stop', 'plue.tasks.pause', 'plue.tasks.resume', 'plue.tasks.steer', 'plue.tasks.topUp'] as const;

export type TaskCommand = (typeof taskCommands)[number];

/** Panel to page. */
export type AgentToPage =
  /** Of the chat or task and everything under it. */
  | { type: 'approvals'; approvals: ApprovalView[] }
  /** What stands right under it. */
  | { type: 'children'; tasks: TaskView[] }
  /** Files that it, or something under it, changed, and that nobody has decided about yet. */
  | { type: 'underReview'; paths: string[] }
  /** The panel of a task beside its messages. */
  | { type: 'task'; detail: TaskDetail }
  | { type: 'taskFailed'; message: string };

/** Page to panel. */
export type AgentFromPage =
  | { type: 'answerApproval'; answer: ApprovalAnswerParams }
  /** Another chat or task. */
  | { type: 'openCodex'; uri: string }
  | { type: 'mode'; mode: Mode }
  /** A task under this chat. */
  | { type: 'newTask'; goal: string }
  /** Without a path all that it changed. */
  | { type: 'edits'; command: EditCommand; path?: string }
  | { type: 'taskCommand'; command: TaskCommand }
  | { type: 'reloadTask' };
