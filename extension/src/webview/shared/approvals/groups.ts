// Groups identical requests, so that each group is one approval.
import * as l10n from '@vscode/l10n';
import type { ApprovalKind, ApprovalView } from '../../../protocol/protocol.generated';
import { truncate } from '../../../common/truncate';
import { visibleText } from '../../../common/visibleText';

export interface ApprovalGroup {
  /** The oldest request, which represents the group. */
  first: ApprovalView;
  all: ApprovalView[];
}

/** Returns groups in the order of their oldest requests. */
export function groupsOf(approvals: readonly ApprovalView[]): ApprovalGroup[] {
  const groups = new Map<string, ApprovalGroup>();
  for (const approval of approvals) {
    const group = groups.get(approval.fingerprint);
    if (group === undefined) groups.set(approval.fingerprint, { first: approval, all: [approval] });
    else group.all.push(approval);
  }
  return [...groups.values()];
}

const questions = {
  command: () => l10n.t('Run this command?'),
  write: () => l10n.t('Write this file?'),
  edit: () => l10n.t('Edit this file?'),
  delete: () => l10n.t('Delete this file?'),
  read: () => l10n.t('Read this file?'),
  spawn: () => l10n.t('Start this task?'),
  serverTool: (tool) =>
    tool.startsWith('vscode/') ? l10n.t('Run the VS Code tool {0}?', tool.slice('vscode/'.length)) : l10n.t('Run the MCP tool {0}?', tool),
  startServer: () => l10n.t('Start this MCP server?'),
  fetch: () => l10n.t('Fetch this page?'),
  hook: () => l10n.t('Run this hook from now on?'),
  question: (tool) => (tool === 'ask_user' ? l10n.t('Question') : l10n.t('Question from the MCP server {0}', tool)),
  other: (tool) => l10n.t('Run {0}?', tool),
} as const satisfies Record<ApprovalKind, (tool: string) => string>;

/** Plue's own tools with a more specific question than their kind. An MCP tool with the same name has a different question. */
const ownQuestions: Partial<Record<string, () => string>> = {
  rename: () => l10n.t('Rename this symbol?'),
  tests: () => l10n.t('Run these tests?'),
  edit_cell: () => l10n.t('Edit this notebook?'),
  run_cell: () => l10n.t('Run this cell?'),
  web_search: () => l10n.t('Search the web?'),
  worktree: () => l10n.t('Prepare new worktrees like this?'),
  worktree_files: () => l10n.t('Copy these files to the worktree?'),
};

/** Returns "Run this command?". */
export function questionOf({ toolName, kind }: ApprovalView): string {
  const own =
    kind === 'edit' || kind === 'command' || kind === 'fetch' || kind === 'hook' || kind === 'read' ? ownQuestions[toolName] : undefined;
  if (own !== undefined) return own();
  return questions[kind](visibleText(toolName));
}

/** Returns "Add export command › Update docs". */
export function pathOf({ path }: Pick<ApprovalView, 'path'>): string {
  return path.map((title) => visibleText(title.trim() === '' ? l10n.t('Untitled') : title)).join(' › ');
}

/** Like {@link pathOf}, with truncated parents: "Add export comma… › Update docs". */
export function shortPathOf({ path }: Pick<ApprovalView, 'path'>): string {
  return pathOf({ path: path.map((title, index) => (index === path.length - 1 ? title : truncate(title.trim(), 20))) });
}
