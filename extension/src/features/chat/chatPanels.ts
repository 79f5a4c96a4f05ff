// Manages the open chats, with at most one panel for each.
import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { conversationPattern } from '../../common/messages/fields';
import { toFailureError } from '../../infrastructure/errors';
import { pageOptions } from '../../infrastructure/pageHtml';
import { createWebviewPanel } from '../../infrastructure/window';
import { codexCreate, codexGet, codexList } from '../../protocol/protocol.generated';
import type { CodexSummary } from '../../protocol/protocol.generated';
import type { FilePlace } from '../../common/messages/chatComposer';
import { ChatPanel, type ChatServices } from './chatPanel';

export const viewType = 'plue.chat';
const lastChatKey = 'plue.lastChat';

export class ChatPanels implements vscode.WebviewPanelSerializer, vscode.Disposable {
  private readonly panels = new Map<string, ChatPanel>();

  constructor(
    private readonly services: ChatServices,
    private readonly memory: vscode.Memento,
  ) {}

  get active(): ChatPanel | undefined {
    return [...this.panels.values()].find((chat) => chat.panel.active);
  }

  of(codexId: string): ChatPanel | undefined {
    return this.panels.get(codexId);
  }

  isVisible(codexId: string): boolean {
    return this.panels.get(codexId)?.panel.visible === true;
  }

  /** Adds to the draft of the active chat, otherwise of a visible chat, otherwise of the newest one. */
  async attach(files: readonly FilePlace[]): Promise<void> {
    if (files.length === 0) return;
    const chat = this.active ?? this.visibleChat ?? (await this.newestChat());
    chat.attach(files);
  }

  async create(column?: vscode.ViewColumn): Promise<ChatPanel> {
    await this.services.providers.ensureDefault();
    const codex = await this.services.sidecar.request(codexCreate, { templateId: 'ai-chat' });
    return this.open(codex.uri, codex.title, column);
  }

  open(codexId: string, title: string = l10n.t('Chat'), column = vscode.ViewColumn.Active): ChatPanel {
    const known = this.panels.get(codexId);
    if (known) {
      known.reveal();
      return known;
    }
    const panel = createWebviewPanel(viewType, title, column, {
      ...pageOptions(this.services.pages),
      retainContextWhenHidden: false,
    });
    const chat = this.adopt(codexId, panel);
    chat.reveal();
    return chat;
  }

  /** Returns the chat that was active last, or creates one. */
  async openLast(): Promise<ChatPanel> {
    const last = this.memory.get<unknown>(lastChatKey);
    if (typeof last === 'string') {
      const codex = await this.find(last);
      if (codex !== undefined) return this.open(codex.uri, codex.title);
    }
    return this.create();
  }

  private get visibleChat(): ChatPanel | undefined {
    return [...this.panels.values()].findLast(({ codexId, panel }) => panel.visible && codexId.startsWith('codex://chats/'));
  }

  /** Opened beside the code. */
  private async newestChat(): Promise<ChatPanel> {
    const beside = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
    const { items } = await this.services.sidecar.request(codexList, { collection: 'chats', limit: 1 });
    const [newest] = items;
    return newest === undefined ? this.create(beside) : (this.panels.get(newest.uri) ?? this.open(newest.uri, newest.title, beside));
  }

  /** Undefined for a deleted chat. */
  private async find(uri: string): Promise<CodexSummary | undefined> {
    try {
      return (await this.services.sidecar.request(codexGet, { uri, limit: 1 })).codex;
    } catch (error) {
      if (toFailureError(error).kind === 'notFound') return undefined;
      throw error;
    }
  }

  deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const codexId = readRestoredChat(state);
    // A panel whose webview never loaded has no chat. Each chat has one panel.
    if (codexId === undefined || this.panels.has(codexId)) panel.dispose();
    else this.adopt(codexId, panel);
    return Promise.resolve();
  }

  dispose(): void {
    // Panels stay open and are restored by the next activation.
    this.panels.clear();
  }

  private adopt(codexId: string, panel: vscode.WebviewPanel): ChatPanel {
    const chat = new ChatPanel(codexId, panel, this.services);
    this.panels.set(codexId, chat);
    const remember = (): void => {
      if (!panel.active) return;
      // The most recently active panel is last in the map.
      this.panels.delete(codexId);
      this.panels.set(codexId, chat);
      void this.memory.update(lastChatKey, codexId);
    };
    const watching = panel.onDidChangeViewState(remember);
    panel.onDidDispose(() => {
      this.panels.delete(codexId);
      watching.dispose();
    });
    remember();
    return chat;
  }
}

const restoredState = v.object({ codexId: v.pipe(v.string(), v.regex(conversationPattern)) });

/** The chat of a restored panel, or undefined if its state names none. */
export function readRestoredChat(state: unknown): string | undefined {
  const parsed = v.safeParse(restoredState, state);
  return parsed.success ? parsed.output.codexId : undefined;
}
