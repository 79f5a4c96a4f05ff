// Manages the open chats: at most one webview for each, in the editor area or in the chat view.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { ContextKey } from '../../infrastructure/contextKey';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import { pageOptions } from '../../infrastructure/pageHtml';
import { chatsOpenInSideBar } from '../../infrastructure/settings';
import { createWebviewPanel } from '../../infrastructure/window';
import { codexCreate, codexDiscardEmpty, codexGet, codexList, messageSend } from '../../protocol/protocol.generated';
import type { CodexSummary } from '../../protocol/protocol.generated';
import type { FilePlace } from '../../common/messages/chatComposer';
import { readRestoredChat } from '../../common/messages/savedState';
import { EditorHost, type ChatHost } from './chatHost';
import { ChatPanel } from './chatPanel';
import type { ChatServices } from './chatServices';
import { ChatView } from './chatView';

export const viewType = 'plue.chat';
const lastChatKey = 'plue.lastChat';
const lastInViewKey = 'plue.lastChatInView';

export class ChatPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  /** In order of use, most recent last. */
  private readonly panels = new Map<string, ChatPanel>();
  private readonly view: ChatView;
  private readonly subscriptions = new Disposables();
  /** The chat to show in the view once VS Code has created it. */
  private wanted: CodexName | undefined;
  private filling: Promise<void> | undefined;
  private readonly isVisibleKey = new ContextKey('plue.isChatVisible');
  private readonly isFocusedKey = new ContextKey('plue.isChatFocused');
  private isDisposed = false;

  constructor(
    private readonly services: ChatServices,
    private readonly memory: vscode.Memento,
  ) {
    this.view = this.subscriptions.add(new ChatView(services.pages));
    this.subscriptions.add(this.view.onDidResolve((restored) => void this.fillView(restored)));
    this.subscriptions.add(services.sidecar.onDidStart(() => void (this.view.isEmpty && this.fillView(undefined))));
  }

  /** The most recently used chat that is visible. */
  get active(): ChatPanel | undefined {
    return [...this.panels.values()].findLast((chat) => chat.host.active);
  }

  /** True if any chat has focus. */
  get isFocused(): boolean {
    return [...this.panels.values()].some(({ page }) => page.isFocused);
  }

  /** The chat in the active tab of the editor area. */
  get inActiveTab(): ChatPanel | undefined {
    return [...this.panels.values()].find(({ host }) => host.place === 'editor' && host.active);
  }

  /** The chat in the view, even if the view is hidden. */
  get inView(): ChatPanel | undefined {
    return [...this.panels.values()].find(({ host }) => this.view.isCurrent(host));
  }

  of(codexId: string): ChatPanel | undefined {
    return this.panels.get(codexId);
  }

  isVisible(codexId: string): boolean {
    return this.panels.get(codexId)?.host.visible === true;
  }

  /** Adds files to the draft of the visible chat used last, or else of the newest chat. */
  async attach(files: readonly FilePlace[]): Promise<void> {
    if (files.length === 0) return;
    const chat = this.visibleChat ?? (await this.newestChat());
    chat.attach(files);
  }

  /** Sends a message in the visible chat used last, or else in a new chat. */
  async ask(text: string, files: readonly FilePlace[]): Promise<void> {
    const beside = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    const chat = this.visibleChat ?? (await this.create(chatsOpenInSideBar() ? undefined : beside));
    chat.reveal();
    await this.services.sidecar.request(messageSend, { codexId: chat.codexId, text, attachments: [...files], queue: true });
  }

  async create(column?: vscode.ViewColumn): Promise<ChatPanel> {
    return this.open(await this.newCodex(), column);
  }

  /** Without a column, the chat opens in the location set by the user. */
  async open({ uri, title }: CodexName, column?: vscode.ViewColumn): Promise<ChatPanel> {
    const known = this.panels.get(uri);
    if (known !== undefined) {
      known.reveal();
      return known;
    }
    if (column === undefined && chatsOpenInSideBar()) return this.openInView({ uri, title });
    const chat = this.adopt(uri, this.createTab(title, column));
    chat.reveal();
    return chat;
  }

  /** Opens the chat that was active last, or creates one. */
  async openLast(): Promise<ChatPanel> {
    const last = await this.find(this.memory.get<unknown>(lastChatKey));
    return last === undefined ? this.create() : this.open(last);
  }

  /** Focuses the composer of the visible chat used last, or else of the last chat. */
  async focus(): Promise<void> {
    const chat = this.visibleChat;
    if (chat !== undefined) chat.reveal();
    else if (chatsOpenInSideBar()) await this.revealView();
    else await this.openLast();
  }

  /** Opens the view with its last chat. */
  async revealView(): Promise<void> {
    await this.view.reveal();
    this.inView?.reveal();
  }

  /** Moves a chat from the view into a tab. The view gets a new chat. */
  moveToEditor(chat: ChatPanel): ChatPanel {
    if (chat.host.place === 'editor') {
      chat.reveal();
      return chat;
    }
    const moved = this.adopt(chat.codexId, this.createTab(chat.session.title));
    moved.reveal();
    return moved;
  }

  /** Moves a chat from its tab into the view. The previous chat of the view stays in the list. */
  async moveToView(chat: ChatPanel): Promise<ChatPanel> {
    if (chat.host.place === 'view') {
      chat.reveal();
      return chat;
    }
    return this.openInView({ uri: chat.codexId, title: chat.session.title });
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const codexId = readRestoredChat(state);
    // A panel whose webview never loaded has no chat. Each chat has one panel.
    if (codexId === undefined || this.panels.has(codexId)) panel.dispose();
    else this.adopt(codexId, new EditorHost(panel, this.services.icon));
    return Promise.resolve();
  }

  dispose(): void {
    // Tabs stay open and are restored by the next activation.
    this.isDisposed = true;
    this.panels.clear();
    this.subscriptions.dispose();
  }

  /** Updates the context keys for `when` clauses. */
  private updateContext(): void {
    this.isVisibleKey.set(this.active !== undefined);
    this.isFocusedKey.set(this.isFocused);
  }

  private get visibleChat(): ChatPanel | undefined {
    return [...this.panels.values()].findLast(({ session, host }) => host.visible && !session.isTask);
  }

  /** Opens the newest chat beside the code, or uses the chat in the view. */
  private async newestChat(): Promise<ChatPanel> {
    const { inView } = this;
    if (inView?.session.isTask === false && chatsOpenInSideBar()) return inView;
    const beside = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    const column = chatsOpenInSideBar() ? undefined : beside;
    const { items } = await this.services.sidecar.request(codexList, { collection: 'chats', limit: 1 });
    const [newest] = items;
    return newest === undefined ? this.create(column) : (this.panels.get(newest.uri) ?? this.open(newest, column));
  }

  private async newCodex(): Promise<CodexSummary> {
    await this.services.providers.ensureDefault();
    return this.services.sidecar.request(codexCreate, { templateId: 'ai-chat' });
  }

  /** Returns undefined if the chat was deleted or the value is not a chat URI. */
  private async find(uri: unknown): Promise<CodexSummary | undefined> {
    if (typeof uri !== 'string') return undefined;
    try {
      return (await this.services.sidecar.request(codexGet, { uri, limit: 1 })).codex;
    } catch (error) {
      if (toFailureError(error).kind === 'notFound') return undefined;
      throw error;
    }
  }

  private createTab(title: string, column = vscode.ViewColumn.Active): ChatHost {
    const options = { ...pageOptions(this.services.pages), retainContextWhenHidden: false };
    return new EditorHost(createWebviewPanel(viewType, title, column, options), this.services.icon);
  }

  private async openInView(codex: CodexName): Promise<ChatPanel> {
    if (!this.view.isResolved) {
      this.wanted = codex;
      await this.view.resolve();
    }
    const shown = this.panels.get(codex.uri);
    const chat = shown !== undefined && this.view.isCurrent(shown.host) ? shown : this.adopt(codex.uri, this.view.takeOver());
    chat.reveal();
    return chat;
  }

  /** Shows, in order of preference: the requested chat, the restored one, the last one, or a new one. */
  private fillView(restored: string | undefined): Promise<void> {
    const { wanted } = this;
    this.wanted = undefined;
    if (wanted !== undefined) {
      this.adopt(wanted.uri, this.view.takeOver());
      return Promise.resolve();
    }
    this.filling ??= this.fillWithLast(restored).finally(() => (this.filling = undefined));
    return this.filling;
  }

  private async fillWithLast(restored: string | undefined): Promise<void> {
    try {
      const last = await this.find(restored ?? this.memory.get<unknown>(lastInViewKey));
      const { uri } = last !== undefined && !this.panels.has(last.uri) ? last : await this.newCodex();
      // The user may have opened another chat in the view, or closed it.
      if (this.view.isEmpty) this.adopt(uri, this.view.takeOver());
    } catch (error) {
      const { message } = toFailureError(error);
      this.services.log.warn(`The chat view has no chat: ${message}`);
      this.view.showError(message);
    }
  }

  private adopt(codexId: string, host: ChatHost): ChatPanel {
    const before = this.panels.get(codexId);
    const chat = new ChatPanel(codexId, host, this.services);
    this.panels.set(codexId, chat);
    const use = (): void => {
      this.updateContext();
      if (!host.active || this.panels.get(codexId) !== chat) return;
      this.panels.delete(codexId);
      this.panels.set(codexId, chat);
      void this.memory.update(lastChatKey, codexId);
      if (host.place === 'view') void this.memory.update(lastInViewKey, codexId);
    };
    const watching = [
      host.onDidChangeVisibility(use),
      chat.page.onDidChangeFocus(() => {
        if (chat.page.isFocused) use();
        else this.updateContext();
      }),
    ];
    host.onDidDispose(() => {
      for (const watch of watching) watch.dispose();
      if (this.panels.get(codexId) === chat) this.close(chat);
      this.updateContext();
      if (host.place === 'view' && this.view.isEmpty) void this.fillView(undefined);
    });
    // A moved chat leaves its previous location.
    if (before !== undefined && before.host !== host) before.dispose();
    use();
    return chat;
  }

  /** Discards a new chat that was never used. */
  private close(chat: ChatPanel): void {
    this.panels.delete(chat.codexId);
    if (this.isDisposed || !chat.isUnused) return;
    this.services.sidecar
      .request(codexDiscardEmpty, { uri: chat.codexId })
      .catch((error: unknown) => this.services.log.debug(`${chat.codexId} was kept: ${toFailureError(error).message}`));
  }
}

/** Data for a tab before the chat is loaded. */
export interface CodexName {
  uri: string;
  title: string;
}

/** Placeholder for a chat whose title is not loaded yet. */
export function untitled(uri: string): CodexName {
  return { uri, title: l10n.t('Chat') };
}
