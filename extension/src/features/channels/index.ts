import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling, UserCancelledError } from '../../infrastructure/errors';
import { type QuickPickItem, showQuickPick, showTreeViewStatus } from '../../infrastructure/window';
import type { CodexSummary } from '../../protocol/protocol.generated';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';
import type { TaskList } from '../../server/taskList';
import { isTask } from '../../common/isTask';
import { ChannelTree, type ChannelNode } from './channelTree';
import { ChatActions } from './chatActions';
import { groupNames, type ChatFilter } from './chatGroups';
import { commands } from './commands';
import { EndedMeanwhile } from './endedMeanwhile';
import { formatAge, labelOf, timeOf } from './row';
import { TaskActions } from './taskActions';

export function activateChannels(
  context: Pick<vscode.ExtensionContext, 'workspaceState'>,
  sidecar: Sidecar,
  tasks: TaskList,
  approvals: ApprovalList,
  log: vscode.LogOutputChannel,
): vscode.Disposable {
  const disposables = new Disposables();
  const tree = disposables.add(new ChannelTree(sidecar, tasks));
  const ended = disposables.add(new EndedMeanwhile(tasks, context.workspaceState));
  const taskActions = new TaskActions(sidecar, tasks);
  const actions = new ChatActions(sidecar);
  const view = disposables.add(
    vscode.window.createTreeView<ChannelNode>('plue.chatChannels', { treeDataProvider: tree, showCollapseAll: false, canSelectMany: true }),
  );
  let isRunning = false;
  const count = (): void => {
    showCounts(view, tree, approvals.items.length + tree.overBudget);
    if (isRunning === tree.working > 0) return;
    isRunning = !isRunning;
    void vscode.commands.executeCommand('setContext', 'plue.tasks.isRunning', isRunning);
  };
  disposables.add(tree.onDidCount(count));
  disposables.add(approvals.onDidChange(count));
  // Before the first list is loaded, it is unknown whether there are chats.
  const first = disposables.add(
    tree.onDidCount(() => {
      first.dispose();
      void vscode.commands.executeCommand('setContext', 'plue.channels.isListed', true);
    }),
  );

  const register = (id: string, action: (...given: unknown[]) => Promise<unknown>): void => {
    disposables.add(vscode.commands.registerCommand(id, (...given: unknown[]) => runWithErrorHandling(log, () => action(...given))));
  };
  /** A menu passes the row and all selected rows, a key binding the selection, and the Command Palette nothing. */
  const onChats = (id: string, title: LocalizedText, action: (chats: CodexSummary[]) => Promise<unknown>): void =>
    register(id, async (...args) => {
      requireRows(args);
      const [node, nodes] = args;
      const given = readRows(nodes) ?? readRows([node]);
      const selected = view.visible ? view.selection : [];
      // A webview can refer to a chat before the tree is shown.
      if (given !== undefined) await tree.getChildren();
      const chats = chatsOf(tree, given ?? selected);
      await action(chats.length > 0 || given !== undefined ? chats : [await pickChat(tree, title)]);
    });
  const onChat = (id: string, title: LocalizedText, action: (codex: CodexSummary) => Promise<unknown>): void =>
    onChats(id, title, async ([codex]) => (codex === undefined ? undefined : action(codex)));
  onChat(commands.open, l10n.t('Open'), ({ uri }) => Promise.resolve(vscode.commands.executeCommand('plue.openChat', uri)));
  onChats(commands.stop, l10n.t('Stop'), (chats) => actions.stop(chats));
  onChats(commands.pin, l10n.t('Pin Chat'), (chats) => actions.pin(chats, true));
  onChats(commands.unpin, l10n.t('Unpin Chat'), (chats) => actions.pin(chats, false));
  onChat(commands.fork, l10n.t('Fork Chat'), (codex) => actions.fork(codex));
  const restore = (...args: unknown[]): Promise<void> => {
    requireRows(args);
    const [node, nodes] = args;
    const given = readRows(nodes) ?? readRows([node]) ?? [...view.selection];
    const chats = given.flatMap((row) => (row.type === 'deleted' ? [tree.deletedChat(row.uri)] : []));
    return actions.restore(chats.filter((codex) => codex !== undefined));
  };
  // Menus have separate titles for chats and tasks, with the same action.
  const both = [
    [[commands.archive, commands.archiveTask], l10n.t('Archive'), (chats) => actions.archive(chats, true)],
    [[commands.unarchive, commands.unarchiveTask], l10n.t('Unarchive'), (chats) => actions.archive(chats, false)],
    [[commands.editTags, commands.editTaskTags], l10n.t('Edit Tags'), (chats) => actions.editTags(chats, tree.tags())],
    [[commands.markRead, commands.markTaskRead], l10n.t('Mark as Read'), (chats) => actions.markRead(chats)],
    [[commands.delete, commands.deleteTask], l10n.t('Delete'), (chats) => actions.delete(chats)],
  ] as const satisfies [string[], string, (chats: CodexSummary[]) => Promise<void>][];
  for (const [ids, title, action] of both) for (const id of ids) onChats(id, title, action);
  for (const id of [commands.rename, commands.renameTask]) onChat(id, l10n.t('Rename'), (codex) => actions.rename(codex));
  for (const id of [commands.restore, commands.restoreTask]) register(id, restore);
  register(commands.archiveOlder, () => actions.archiveOlder(tree.all()));

  const onTasks = (id: string, title: LocalizedText, action: (tasks: CodexSummary[]) => Promise<unknown>): void =>
    onChats(id, title, (chats) => action(chats.filter(isTask)));
  onTasks(commands.answerTask, l10n.t('Show Approvals'), () => Promise.resolve(vscode.commands.executeCommand('plue.approvals')));
  onTasks(commands.steerTask, l10n.t('Send Message'), (chosen) => taskActions.steer(chosen));
  onTasks(commands.pauseTask, l10n.t('Pause'), (chosen) => taskActions.pause(chosen));
  onTasks(commands.resumeTask, l10n.t('Resume'), (chosen) => taskActions.resume(chosen));
  onTasks(commands.stopTask, l10n.t('Stop'), (chosen) => taskActions.stop(chosen, false));
  onTasks(commands.stopWithSubtasks, l10n.t('Stop with Subtasks'), (chosen) => taskActions.stop(chosen, true));
  onTasks(commands.increaseTaskBudget, l10n.t('Increase Budget'), (chosen) => taskActions.increaseBudget(chosen));
  onTasks(commands.dropTask, l10n.t('Remove'), (chosen) => taskActions.drop(chosen));
  onTasks(commands.reviewTask, l10n.t('Review Changes'), (chosen) => taskActions.review(chosen));
  onTasks(commands.undoTask, l10n.t('Undo Changes'), (chosen) => taskActions.undo(chosen));
  register(commands.showEnded, () => ended.show());
  register(commands.stopAll, () => taskActions.stopAll());

  const narrow = async (filter: ChatFilter): Promise<void> => {
    tree.narrow(filter);
    count();
    await vscode.commands.executeCommand('setContext', 'plue.channels.isFiltered', Object.keys(filter).length > 0);
  };
  register(commands.filter, async () => narrow(await pickFilter(tree)));
  register(commands.clearFilter, () => narrow({}));
  register(commands.showMore, (group) => {
    const parsed = v.safeParse(v.picklist([...groupNames, 'Deleted']), group);
    if (parsed.success) tree.showMore(parsed.output);
    return Promise.resolve();
  });
  disposables.add(vscode.commands.registerCommand(commands.refresh, () => tree.refresh()));
  return disposables;
}

const rows = v.array(v.object({ type: v.picklist(['codex', 'deleted']), uri: v.string() }));

/** A row menu passes undefined if VS Code is redrawing the row. The selection may then be another row. */
function requireRows(args: unknown[]): void {
  if (args.length > 0 && (args[0] === undefined || (Array.isArray(args[1]) && args[1].includes(undefined))))
    throw new FailureError('conflict', l10n.t('The list changed, so nothing was done. Select the action again.'));
}

function readRows(nodes: unknown): ChannelNode[] | undefined {
  // A selection of several rows can include a group.
  const chats: unknown = Array.isArray(nodes) ? nodes.filter((node) => v.is(rows.item, node)) : undefined;
  const parsed = v.safeParse(rows, chats);
  return parsed.success && parsed.output.length > 0 ? parsed.output : undefined;
}

function chatsOf(tree: ChannelTree, nodes: readonly ChannelNode[]): CodexSummary[] {
  return nodes.flatMap((node) => (node.type === 'codex' ? [tree.chat(node.uri)] : [])).filter((codex) => codex !== undefined);
}

async function pickChat(tree: ChannelTree, title: LocalizedText): Promise<CodexSummary> {
  await tree.getChildren();
  const now = Date.now();
  const choices = [...tree.all()]
    .sort((a, b) => timeOf(b) - timeOf(a))
    .map((codex) => ({
      label: labelOf(codex),
      description: [formatAge(now - timeOf(codex)), isTask(codex) ? l10n.t('task') : '', codex.archived ? l10n.t('archived') : '']
        .filter((part) => part !== '')
        .join(', '),
      codex,
    }));
  const chosen = await showQuickPick(choices, {
    title,
    placeHolder: choices.length === 0 ? l10n.t('None yet') : l10n.t('Type part of the title'),
  });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.codex;
}

async function pickFilter(tree: ChannelTree): Promise<ChatFilter> {
  await tree.getChildren();
  const running = [...tree.all()].filter(({ status }) => status === 'running').length;
  const unread = [...tree.all()].filter((codex) => codex.unread && !codex.archived).length;
  const kinds: (QuickPickItem & { filter: ChatFilter })[] = [
    { label: l10n.t('All chats'), icon: 'list-flat', description: '', filter: {} },
    { label: l10n.t('Unread'), icon: 'circle-filled', description: String(unread), filter: { only: 'unread' } },
    { label: l10n.t('Responding'), icon: 'loading', description: String(running), filter: { only: 'running' } },
    ...tree.tags().map(([tag, count]) => ({
      label: tag,
      icon: 'tag',
      description: String(count),
      filter: { tag },
    })),
  ];
  const chosen = await showQuickPick(kinds, { title: l10n.t('Filter Chats'), placeHolder: l10n.t('Select the chats to show') });
  if (chosen === undefined) throw new UserCancelledError();
  return chosen.filter;
}

const onlyText = { unread: l10n.t('unread'), running: l10n.t('responding') } as const;

/** Items that wait for the user take precedence over unread ones. */
function showCounts(view: vscode.TreeView<ChannelNode>, tree: ChannelTree, waiting: number): void {
  const { unread, filter, counts } = tree;
  const words = [waiting === 0 ? '' : l10n.t('{0} waiting for you', waiting), unread === 0 ? '' : l10n.t('{0} unread', unread)]
    .filter((part) => part !== '')
    .join(', ');
  const value = waiting > 0 ? waiting : unread;
  const what = filter.tag === undefined ? filter.only && onlyText[filter.only] : l10n.t('tagged {0}', filter.tag);
  showTreeViewStatus(view, {
    ...(value === 0 ? {} : { badge: { value, tooltip: words } }),
    ...(what === undefined ? {} : { message: l10n.t('{0} of {1} chats: {2}', counts.shown, counts.all, what) }),
  });
}
