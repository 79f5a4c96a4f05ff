// Requests for exactly the same are one question.
import * as l10n from '@vscode/l10n';
import type { ApprovalKind, ApprovalView } from '../../../protocol/protocol.generated';
import { truncate } from '../../../common/truncate';
import { visibleText } from '../../../common/visibleText';

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

const wishes = {
  command: (tool) => l10n.t('{0} wants to run', tool),
  write: (tool) => l10n.t('{0} wants to write a file', tool),
  edit: (tool) => l10n.t('{0} wants to change a file', tool),
  delete: (tool) => l10n.t('{0} wants to delete', tool),
  read: (tool) => l10n.t('{0} wants to read', tool),
  spawn: (tool) => l10n.t('{0} wants to start an agent', tool),
  serverTool: (tool) => l10n.t('{0} wants to use a server’s tool', tool),
  startServer: (tool) => l10n.t('{0} wants to start a server', tool),
  fetch: (tool) => l10n.t('{0} wants to fetch', tool),
  other: (tool) => l10n.t('{0} wants to do', tool),
} as const satisfies Record<ApprovalKind, (tool: string) => string>;

/** "bash wants to run" */
export function wishOf({ toolName, kind }: ApprovalView): string {
  return wishes[kind](visibleText(toolName));
}

/** "Add export command › Update docs" */
export function pathOf({ path }: Pick<ApprovalView, 'path'>): string {
  return path.map((title) => visibleText(title.trim() === '' ? l10n.t('Untitled') : title)).join(' › ');
}

/** The same with what stands above cut short: "Add export comma… › Update docs". */
export function shortPathOf({ path }: Pick<ApprovalView, 'path'>): string {
  return pathOf({ path: path.map((title, index) => (index === path.length - 1 ? title : truncate(title.trim(), 20))) });
}
