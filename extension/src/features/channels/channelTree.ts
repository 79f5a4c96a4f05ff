import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import { createTreeItem } from '../../infrastructure/window';
import type { CodexListResult, CodexSummary, TaskView } from '../../protocol/protocol.generated';
import { codexList } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { TaskList } from '../../server/taskList';
import { formatChatCount, formatTaskCount } from '../../common/counts';
import { waitsForUser } from '../../common/taskStatus';
import { isTask } from '../../common/isTask';
import { ChatGroups, groupNames, type ChatFilter, type GroupName } from './chatGroups';
import { hasWorktree, isWorking, menuTextOf, rowOf, statusOf, timeOf, type Row } from './row';

/** The trash is loaded in pages. */
type AnyGroup = GroupName | 'Deleted';

export type ChannelNode =
  | { type: 'group'; name: AnyGroup }
  /** A chat or a task. */
  | { type: 'codex'; uri: string }
  | { type: 'deleted'; uri: string }
  | { type: 'noTask' }
  | { type: 'more'; group: AnyGroup }
  | { type: 'failure'; message: string };

/** The collections in the tree. */
const collections = ['chats', 'tasks'] as const;

const minute = 60_000;

/** Number of rows of a group to show initially, and to add when the user asks for more. */
export const rowsAtOnce = 200;

/** Chats grouped by day and tasks by parent, kept current by codex/changed. A change redraws only the affected rows. */
export class ChannelTree implements vscode.TreeDataProvider<ChannelNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<ChannelNode | ChannelNode[] | undefined>();
  private readonly counted = new vscode.EventEmitter<void>();
  private readonly disposables = new Disposables();
  private readonly chats = new ChatGroups(Date.now());
  private readonly groups = new Map<AnyGroup, ChannelNode>();
  /** The rows that VS Code has, with their text. VS Code identifies rows by object identity. */
  private readonly rows = new Map<string, { node: ChannelNode; words: string }>();
  private readonly limits = new Map<AnyGroup, number>();
  private trash: CodexListResult = { items: [], total: 0 };
  private loading: Promise<void> | undefined;
  private failure: string | undefined;
  private drawing: NodeJS.Timeout | undefined;
  private readonly dirty = { uris: new Set<string>(), groups: new Set<AnyGroup>(), trash: false };
  /** The groups as last drawn, and the number of waiting tasks in the heading. */
  private readonly drawn = { groups: '', waiting: 0 };

  constructor(
    private readonly sidecar: Sidecar,
    private readonly tasks: Pick<TaskList, 'get' | 'onDidChange'>,
  ) {
    this.disposables.add(this.changed);
    this.disposables.add(this.counted);
    this.disposables.add(sidecar.onDidStart(() => this.refresh()));
    this.disposables.add(
      sidecar.onDidChangeState((state) => {
        if (state.state === 'stopped') this.refresh();
      }),
    );
    this.disposables.add(sidecar.onCodexChanged(({ uri, codex }) => this.onCodexChanged(uri, codex)));
    this.disposables.add(tasks.onDidChange((uri) => this.onTaskChanged(uri)));
    // Updates ages such as "2 m", and the groups at midnight.
    const ageing = setInterval(() => this.age(), minute);
    this.disposables.add(new vscode.Disposable(() => clearInterval(ageing)));
  }

  get onDidChangeTreeData(): vscode.Event<ChannelNode | ChannelNode[] | undefined> {
    return this.changed.event;
  }

  /** Fires when the number of chats, unread chats or shown chats changes. */
  get onDidCount(): vscode.Event<void> {
    return this.counted.event;
  }

  get unread(): number {
    return this.chats.unread;
  }

  /** Number of chats, and of chats that pass the filter. */
  get counts(): { all: number; shown: number } {
    return { all: this.chats.size, shown: this.chats.shown };
  }

  get filter(): ChatFilter {
    return this.chats.filter;
  }

  /** Reloads the list. */
  refresh(): void {
    this.loading = undefined;
    this.drawAll();
  }

  narrow(filter: ChatFilter): void {
    this.chats.narrow(filter);
    this.limits.clear();
    this.drawAll();
  }

  showMore(group: AnyGroup): void {
    this.limits.set(group, this.limitOf(group) + rowsAtOnce);
    if (group === 'Deleted') this.dirty.trash = true;
    this.dirty.groups.add(group);
    void this.draw();
  }

  /** Returns the last known state of the chat. */
  chat(uri: string): CodexSummary | undefined {
    return this.chats.chat(uri);
  }

  deletedChat(uri: string): CodexSummary | undefined {
    return this.trash.items.find((codex) => codex.uri === uri);
  }

  /** Returns all chats except deleted ones, in no order. */
  all(): Iterable<CodexSummary> {
    return this.chats.all();
  }

  tags(): [tag: string, count: number][] {
    return this.chats.tags();
  }

  /** VS Code calls this only to reveal a row; hidden rows cannot be revealed. */
  getParent(node: ChannelNode): ChannelNode | undefined {
    if (node.type === 'more') return this.group(node.group);
    if (node.type === 'deleted') return this.group('Deleted');
    if (node.type === 'noTask') return this.group('Agent Tasks');
    const codex = node.type === 'codex' ? this.chat(node.uri) : undefined;
    if (codex === undefined) return undefined;
    const parent = this.chats.parentOf(codex);
    return parent === undefined || codex.archived ? this.group(this.chats.groupOf(codex)) : this.row(parent);
  }

  async getChildren(node?: ChannelNode): Promise<ChannelNode[]> {
    if (node === undefined) {
      await (this.loading ??= this.load());
      return this.roots();
    }
    if (node.type === 'group') return this.rowsOf(node.name);
    return node.type === 'codex' ? this.childrenOf(node.uri).map((task) => this.row(task)) : [];
  }

  getTreeItem(node: ChannelNode): vscode.TreeItem {
    switch (node.type) {
      case 'group':
        if (node.name === 'Agent Tasks') this.drawn.waiting = this.waiting(node.name);
        return groupItem(node.name, node.name === 'Deleted' ? this.trash.total : this.chats.of(node.name).length, this.waiting(node.name));
      case 'codex': {
        const codex = this.chat(node.uri);
        if (codex === undefined) return createTreeItem({ label: '' });
        const row = rowOf(codex, Date.now(), this.tasks.get(node.uri));
        this.rows.set(node.uri, { node, words: row.description });
        return codexItem(codex, row, this.tasks.get(node.uri), this.childrenOf(node.uri).length > 0);
      }
      case 'noTask':
        return noTaskItem();
      case 'deleted': {
        const codex = this.deletedChat(node.uri);
        return codex === undefined ? createTreeItem({ label: '' }) : deletedItem(codex);
      }
      case 'more':
        return moreItem(node.group, this.sizeOf(node.group) - this.limitOf(node.group));
      case 'failure':
        return failureItem(node.message);
    }
  }

  dispose(): void {
    clearTimeout(this.drawing);
    this.disposables.dispose();
  }

  private async load(): Promise<void> {
    const [trash, ...lists] = await Promise.allSettled([
      this.listTrash(),
      ...collections.map((collection) => this.sidecar.request(codexList, { collection, includeArchived: true })),
    ]);
    // Shows the readable chats even if others cannot be read.
    this.chats.replace(lists.flatMap((list) => (list.status === 'fulfilled' ? list.value.items : [])));
    if (trash.status === 'fulfilled') this.trash = trash.value;
    const failed = [...lists, trash].find(({ status }) => status === 'rejected');
    this.failure = failed?.status === 'rejected' ? toFailureError(failed.reason).message : undefined;
    this.counted.fire();
  }

  /** Returns deleted chats, most recently deleted first. */
  private async listTrash(): Promise<CodexListResult> {
    const limit = this.limitOf('Deleted');
    const lists = await Promise.all(collections.map((collection) => this.sidecar.request(codexList, { collection, deleted: true, limit })));
    return {
      items: lists
        .flatMap(({ items }) => items)
        .sort((a, b) => timeOf(b) - timeOf(a))
        .slice(0, limit),
      total: lists.reduce((sum, { total }) => sum + total, 0),
    };
  }

  private childrenOf(uri: string): readonly CodexSummary[] {
    const codex = this.chat(uri);
    return codex !== undefined && isTask(codex) && !codex.archived ? this.chats.childrenOf(uri) : [];
  }

  /** Returns how many items of a group wait for the user. */
  private waiting(name: AnyGroup): number {
    return name === 'Agent Tasks' ? this.chats.of(name).filter((task) => waitsForUser(this.statusOf(task))).length : 0;
  }

  /** Number of agents that can be stopped. */
  get working(): number {
    return this.chats.of('Agent Tasks').filter((task) => isWorking({ status: task.status, ...withStatus(this.statusOf(task)) })).length;
  }

  /** Number of agents that need a larger budget. */
  get overBudget(): number {
    return this.chats.of('Agent Tasks').filter((task) => this.statusOf(task) === 'over_budget').length;
  }

  private statusOf(codex: CodexSummary): string | undefined {
    return statusOf(codex, this.tasks.get(codex.uri));
  }

  /** Cost and status of a task can change without a change of its record. */
  private onTaskChanged(uri: string | undefined): void {
    if (uri === undefined) return this.drawAll();
    if (this.chat(uri) === undefined) return;
    this.dirty.uris.add(uri);
    this.drawSoon();
  }

  private onCodexChanged(uri: string, codex: CodexSummary | undefined): void {
    if (!collections.some((collection) => uri.startsWith(`codex://${collection}/`))) return;
    const isKnown = this.chats.chat(uri) !== undefined;
    if (codex === undefined) {
      const left = this.chats.remove(uri);
      if (left !== undefined) this.dirty.groups.add(left);
      this.rows.delete(uri);
    } else {
      for (const group of this.chats.put(codex)) this.dirty.groups.add(group);
      this.dirty.uris.add(uri);
    }
    // The chat was moved to the trash or restored from it.
    if (codex === undefined ? isKnown : !isKnown && this.trash.total > 0) this.dirty.trash = true;
    this.drawSoon();
  }

  /** A running chat changes often; the tree is drawn at most ten times per second. */
  private drawSoon(): void {
    this.drawing ??= setTimeout(() => {
      this.drawing = undefined;
      void this.draw();
    }, 100);
  }

  private async draw(): Promise<void> {
    const { uris, groups } = this.dirty;
    if (this.dirty.trash) {
      this.dirty.trash = false;
      const { total } = this.trash;
      // If the trash cannot be read, it stays as it was.
      this.trash = await this.listTrash().catch(() => this.trash);
      if (total !== this.trash.total) groups.add('Deleted');
    }
    this.counted.fire();
    if (this.rootsAsText() !== this.drawn.groups) {
      this.drawAll();
      return;
    }
    // VS Code drops redrawn rows until it requests them again. An action selected in between gets no row.
    if (this.waiting('Agent Tasks') !== this.drawn.waiting) groups.add('Agent Tasks');
    const rows = [...uris].flatMap((uri) => {
      const row = this.rows.get(uri);
      const codex = this.chat(uri);
      // Redrawing a group redraws its rows.
      return row === undefined || codex === undefined || groups.has(this.chats.groupOf(codex)) ? [] : [row.node];
    });
    const changed = [...[...groups].map((name) => this.group(name)), ...rows];
    this.settle();
    if (changed.length > 0) this.changed.fire(changed);
  }

  private drawAll(): void {
    this.settle();
    this.changed.fire(undefined);
  }

  private settle(): void {
    this.dirty.uris.clear();
    this.dirty.groups.clear();
  }

  private age(): void {
    const now = Date.now();
    if (this.chats.passTime(now)) {
      this.drawAll();
      return;
    }
    const rows = [...this.rows].flatMap(([uri, { node, words }]) => {
      const codex = this.chat(uri);
      return codex === undefined || words === '' || words === rowOf(codex, now, this.tasks.get(uri)).description ? [] : [node];
    });
    const aged = this.trash.items.length === 0 ? rows : [...rows, this.group('Deleted')];
    if (aged.length > 0) this.changed.fire(aged);
  }

  private roots(): ChannelNode[] {
    this.drawn.groups = this.rootsAsText();
    // The view's welcome content offers help.
    if (this.sidecar.state.state === 'stopped') return [];
    const failure: ChannelNode[] = this.failure === undefined ? [] : [{ type: 'failure', message: this.failure }];
    // If there is nothing to show, the view's welcome content is shown.
    return [...failure, ...this.shownGroups().map((name) => this.group(name))];
  }

  private shownGroups(): AnyGroup[] {
    const isFiltered = Object.keys(this.filter).length > 0;
    // The task group is shown even without tasks if there are chats.
    const hasPlace = (name: AnyGroup): boolean => name === 'Agent Tasks' && !isFiltered && this.chats.size > 0;
    const groups: AnyGroup[] = groupNames.filter((name) => this.chats.of(name).length > 0 || hasPlace(name));
    return this.trash.total > 0 && !isFiltered ? [...groups, 'Deleted'] : groups;
  }

  private rootsAsText(): string {
    return this.shownGroups().join();
  }

  private rowsOf(name: AnyGroup): ChannelNode[] {
    const limit = this.limitOf(name);
    const rows =
      name === 'Deleted'
        ? this.trash.items.map(({ uri }): ChannelNode => ({ type: 'deleted', uri }))
        : this.chats
            .tops(name)
            .slice(0, limit)
            .map((codex) => this.row(codex));
    if (rows.length === 0 && name === 'Agent Tasks') return [{ type: 'noTask' }];
    return this.sizeOf(name) > limit ? [...rows, { type: 'more', group: name }] : rows;
  }

  private row(codex: CodexSummary): ChannelNode {
    const node = this.rows.get(codex.uri)?.node ?? { type: 'codex', uri: codex.uri };
    if (!this.rows.has(codex.uri)) this.rows.set(codex.uri, { node, words: '' });
    return node;
  }

  private group(name: AnyGroup): ChannelNode {
    const node = this.groups.get(name) ?? { type: 'group', name };
    this.groups.set(name, node);
    return node;
  }

  private sizeOf(name: AnyGroup): number {
    return name === 'Deleted' ? this.trash.total : this.chats.tops(name).length;
  }

  private limitOf(name: AnyGroup): number {
    return this.limits.get(name) ?? rowsAtOnce;
  }
}

function withStatus(taskStatus: string | undefined): { taskStatus?: string } {
  return taskStatus === undefined ? {} : { taskStatus };
}

const groupTitles = {
  Pinned: l10n.t('Pinned'),
  Today: l10n.t('Today'),
  Yesterday: l10n.t('Yesterday'),
  'Last 7 Days': l10n.t('Last 7 Days'),
  Older: l10n.t('Older'),
  'Agent Tasks': l10n.t('Agent Tasks'),
  Archived: l10n.t('Archived'),
  Deleted: l10n.t('Deleted'),
} as const satisfies Record<AnyGroup, string>;

const collapsed: ReadonlySet<AnyGroup> = new Set(['Yesterday', 'Last 7 Days', 'Older', 'Archived', 'Deleted']);

function groupItem(name: AnyGroup, count: number, waiting: number): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const words = name === 'Agent Tasks' ? formatTaskCount(count) : formatChatCount(count);
  return createTreeItem({
    id: `group:${name}`,
    label: groupTitles[name],
    description: [count === 0 ? '' : String(count), waiting === 0 ? '' : `?${waiting}`].filter((part) => part !== '').join('  '),
    collapsibleState: collapsed.has(name) ? Collapsed : Expanded,
    accessibilityInformation: {
      label: [groupTitles[name], words, waiting === 0 ? '' : l10n.t('{0} waiting for you', waiting)]
        .filter((part) => part !== '')
        .join(', '),
    },
    contextValue: name === 'Deleted' ? 'trash' : name === 'Agent Tasks' ? 'tasks' : 'group',
  });
}

function codexItem(codex: CodexSummary, row: Row, task: TaskView | undefined, hasChildren: boolean): vscode.TreeItem {
  const { Expanded, None } = vscode.TreeItemCollapsibleState;
  const taskStatus = statusOf(codex, task);
  // Context values that menus match: "chat pinned unread", "task working asks", "archivedTask".
  const noun = isTask(codex) ? (codex.archived ? 'archivedTask' : 'task') : codex.archived ? 'archivedChat' : 'chat';
  const state = [
    isWorking({ status: codex.status, ...withStatus(taskStatus) }) ? 'working' : '',
    taskStatus === undefined ? '' : menuTextOf(taskStatus),
    hasChildren ? 'parent' : '',
    hasWorktree(task) ? 'worktree' : '',
  ];
  return createTreeItem({
    // VS Code keeps a row collapsed if it was created without children. A new row is created for the first child.
    id: hasChildren ? `${codex.uri}#parent` : codex.uri,
    label: row.label,
    description: row.description,
    tooltip: row.tooltip,
    icon: row.icon,
    collapsibleState: hasChildren ? Expanded : None,
    accessibilityInformation: { label: row.accessibilityLabel },
    contextValue: [noun, codex.pinned ? 'pinned' : '', codex.unread ? 'unread' : '', ...state].filter((word) => word !== '').join(' '),
    command: { command: 'plue.openChat', title: l10n.t('Open'), arguments: [codex.uri] },
  });
}

function deletedItem(codex: CodexSummary): vscode.TreeItem {
  const row = rowOf(codex, Date.now());
  return createTreeItem({
    id: `deleted:${codex.uri}`,
    label: row.label,
    description: row.description,
    tooltip: row.tooltip,
    icon: 'trash',
    accessibilityInformation: { label: l10n.t('{0}, deleted', row.accessibilityLabel) },
    contextValue: isTask(codex) ? 'deletedTask' : 'deletedChat',
  });
}

function noTaskItem(): vscode.TreeItem {
  return createTreeItem({
    id: 'noTask',
    label: l10n.t('No tasks yet'),
    description: l10n.t('New Task…'),
    tooltip: l10n.t('Start an agent task.'),
    icon: 'add',
    accessibilityInformation: { label: l10n.t('No tasks yet. New Task') },
    command: { command: 'plue.newTask', title: l10n.t('New Task') },
  });
}

function moreItem(group: AnyGroup, hidden: number): vscode.TreeItem {
  return createTreeItem({
    id: `more:${group}`,
    label: l10n.t('Show More'),
    description: l10n.t('{0} older', hidden),
    icon: 'ellipsis',
    contextValue: 'more',
    command: { command: 'plue.channels.showMore', title: l10n.t('Show More'), arguments: [group] },
  });
}

function failureItem(message: string): vscode.TreeItem {
  return createTreeItem({
    id: 'failure',
    label: l10n.t('Some chats could not be read'),
    description: message,
    tooltip: message,
    icon: 'error',
    contextValue: 'failure',
    command: { command: 'plue.showLog', title: l10n.t('Show Log') },
  });
}
