import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import type { CodexSummary } from '../../protocol/protocol.generated';
import { codexList } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { byUpdated, rowOf } from './row';

export type ChannelNode =
  { type: 'group'; name: 'User Chats' | 'Archived' } | { type: 'chat'; codex: CodexSummary } | { type: 'failure'; message: string };

const minute = 60_000;

/** The chats, grouped, newest first, kept current by codex/changed. */
export class ChannelTree implements vscode.TreeDataProvider<ChannelNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly disposables = new Disposables();
  private readonly chats = new Map<string, CodexSummary>();
  private loading: Promise<void> | undefined;
  private failure: string | undefined;
  private drawing: NodeJS.Timeout | undefined;

  readonly onDidChangeTreeData = this.changed.event;

  constructor(private readonly sidecar: Sidecar) {
    this.disposables.add(this.changed);
    this.disposables.add(sidecar.onDidStart(() => this.refresh()));
    this.disposables.add(
      sidecar.onDidChangeState((state) => {
        if (state.state === 'stopped') this.refresh();
      }),
    );
    this.disposables.add(
      sidecar.onCodexChanged(({ uri, codex }) => {
        if (codex) this.chats.set(uri, codex);
        else this.chats.delete(uri);
        this.drawSoon();
      }),
    );
    // "2 m" grows old by itself.
    const ageing = setInterval(() => this.drawSoon(), minute);
    this.disposables.add(new vscode.Disposable(() => clearInterval(ageing)));
  }

  /** Reads the list again. */
  refresh(): void {
    this.loading = undefined;
    this.changed.fire();
  }

  /** The chat as last heard. */
  chat(uri: string): CodexSummary | undefined {
    return this.chats.get(uri);
  }

  async getChildren(node?: ChannelNode): Promise<ChannelNode[]> {
    if (node === undefined) {
      await (this.loading ??= this.load());
      return this.groups();
    }
    if (node.type !== 'group') return [];
    return this.sorted(node.name === 'Archived').map((codex) => ({ type: 'chat', codex }));
  }

  getTreeItem(node: ChannelNode): vscode.TreeItem {
    switch (node.type) {
      case 'group':
        return groupItem(node.name);
      case 'chat':
        return chatItem(node.codex);
      case 'failure':
        return failureItem(node.message);
    }
  }

  dispose(): void {
    clearTimeout(this.drawing);
    this.disposables.dispose();
  }

  private async load(): Promise<void> {
    try {
      const { items } = await this.sidecar.request(codexList, { collection: 'chats', includeArchived: true });
      this.chats.clear();
      for (const codex of items) this.chats.set(codex.uri, codex);
      this.failure = undefined;
    } catch (error) {
      this.failure = toFailureError(error).message;
    }
  }

  private groups(): ChannelNode[] {
    const failure: ChannelNode[] = this.failure === undefined ? [] : [{ type: 'failure', message: this.failure }];
    // Nothing at all: the view's own welcome is shown.
    if (this.chats.size === 0) return failure;
    const archived: ChannelNode[] = this.sorted(true).length > 0 ? [{ type: 'group', name: 'Archived' }] : [];
    return [...failure, { type: 'group', name: 'User Chats' }, ...archived];
  }

  private sorted(archived: boolean): CodexSummary[] {
    return [...this.chats.values()].filter((codex) => codex.archived === archived).sort(byUpdated);
  }

  /** A running chat changes often; the tree is drawn at most ten times a second. */
  private drawSoon(): void {
    this.drawing ??= setTimeout(() => {
      this.drawing = undefined;
      this.changed.fire();
    }, 100);
  }
}

function groupItem(name: 'User Chats' | 'Archived'): vscode.TreeItem {
  const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(name, name === 'Archived' ? Collapsed : Expanded);
  item.id = `group:${name}`;
  item.contextValue = 'group';
  return item;
}

function chatItem(codex: CodexSummary): vscode.TreeItem {
  const row = rowOf(codex, Date.now());
  const item = new vscode.TreeItem(row.label, vscode.TreeItemCollapsibleState.None);
  item.id = codex.uri;
  item.description = row.description;
  item.iconPath = new vscode.ThemeIcon(row.icon);
  item.tooltip = row.tooltip;
  item.accessibilityInformation = { label: row.accessibilityLabel };
  item.contextValue = codex.archived ? 'archivedChat' : 'chat';
  item.command = { command: 'plue.openChat', title: 'Open', arguments: [codex.uri] };
  return item;
}

function failureItem(message: string): vscode.TreeItem {
  const item = new vscode.TreeItem('The chats could not be read', vscode.TreeItemCollapsibleState.None);
  item.id = 'failure';
  item.description = message;
  item.tooltip = message;
  item.iconPath = new vscode.ThemeIcon('error');
  item.contextValue = 'failure';
  item.command = { command: 'plue.showLog', title: 'Show Log' };
  return item;
}
