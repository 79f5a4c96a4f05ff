// Requests for exactly the same are one question.
import type { ApprovalKind, ApprovalView } from '../../../protocol/protocol.generated';
import { beginningOf } from '../beginning';
import { visibleText } from '../visibleText';

export interface ApprovalGroup {
  /** The oldest of them; what is shown. */
  first: ApprovalView;
  all: ApprovalView[];
}

/** In the order of the oldest of each. */
export function groupsOf(approvals: readonly ApprovalView[]): ApprovalGroup[] {
  const groups = new Map<string, ApprovalGroup>();
  for (const approval of approvals) {
    const group = groups.get(approval.fingerprint);
    if (group === undefined) groups.set(approval.fingerprint, { first: approval, all: [approval] });
    else group.all.push(approval);
  }
  return [...groups.values()];
}

const verbs = {
  command: 'wants to run',
  write: 'wants to write a file',
  edit: 'wants to change a file',
  delete: 'wants to delete',
  read: 'wants to read',
  spawn: 'wants to start an agent',
  serverTool: 'wants to use a server’s tool',
  startServer: 'wants to start a server',
  fetch: 'wants to fetch',
  other: 'wants to do',
} as const satisfies Record<ApprovalKind, string>;

/** "bash wants to run" */
export function wishOf({ toolName, kind }: ApprovalView): string {
  return `${visibleText(toolName)} ${verbs[kind]}`;
}

/** "Add export command › Update docs" */
export function pathOf({ path }: Pick<ApprovalView, 'path'>): string {
  return path.map((title) => visibleText(title.trim() === '' ? 'Untitled' : title)).join(' › ');
}

/** The same with what stands above cut short: "Add export comma… › Update docs". */
export function shortPathOf({ path }: Pick<ApprovalView, 'path'>): string {
  return pathOf({ path: path.map((title, index) => (index === path.length - 1 ? title : beginningOf(title.trim(), 20))) });
}
