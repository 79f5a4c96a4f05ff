// Connects the webview of one chat, in the editor area or in a side bar, with the sidecar.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { onPageMessage } from '../../infrastructure/pageMessages';
import { showInformationMessage, withProgress } from '../../infrastructure/window';
import { formatInteger } from '../../common/format';
import { handle, type Handlers } from '../../common/handlers';
import { type FromChatPage, fromChatPage, type ToChatPage } from '../../common/messages/chat';
import type { FilePlace } from '../../common/messages/chatComposer';
import { parseMessage } from '../../common/messages/parseMessage';
import { displayTitle } from '../../common/title';
import { messageDiscard, messageRetry, messageSend, messageStop } from '../../protocol/protocol.generated';
import type { CodexGetResult, CodexSummary } from '../../protocol/protocol.generated';
import { Agents } from './agents';
import type { ChatHost } from './chatHost';
import { ChatInstructions } from './chatInstructions';
import { ChatMessages } from './chatMessages';
import { ChatModels } from './chatModels';
import type { ChatServices } from './chatServices';
import { ChatSession } from './chatSession';
import { ComposerPanel } from './composerPanel';
import { help } from './help';
import { openFolders } from './openFolder';
import { PanelPage } from './panelPage';
import { pickAgent } from './pickAgent';
import { templateNames } from './templateNames';
import { textHandlers } from './textHandlers';

export class ChatPanel implements vscode.Disposable {
  readonly session: ChatSession;
  readonly page: PanelPage;
  readonly composer: ComposerPanel;
  readonly messages: ChatMessages;
  private readonly models: ChatModels;
  private readonly instructions: ChatInstructions;
  private readonly agents: Agents;
  private readonly handlers: Handlers<FromChatPage>;
  private readonly disposables = new Disposables();
  private snapshotting: Promise<void> | undefined;
  /** A message to show when the page is ready. */
  private target: string | undefined;
  /** The snapshot that was sent with the page. */
  private sent: CodexGetResult | undefined;
  /** The template of the chat in the page. */
  private templateId: string | undefined;

  constructor(
    readonly codexId: string,
    readonly host: ChatHost,
    private readonly services: ChatServices,
  ) {
    const post = (message: ToChatPage): void => this.page.post(message);
    this.session = this.disposables.add(new ChatSession(codexId, services));
    this.page = this.disposables.add(new PanelPage(codexId, host, services));
    this.composer = this.disposables.add(new ComposerPanel(codexId, services, post));
    this.messages = this.disposables.add(new ChatMessages(codexId, services, post));
    this.models = new ChatModels(this.session, services, post);
    this.instructions = this.disposables.add(new ChatInstructions(codexId, services, post));
    this.agents = this.disposables.add(new Agents(codexId, services, post, this.session));
    this.handlers = this.createHandlers();
    this.listen();
    const isNewPage = this.page.load();
    void this.sendWithPage(isNewPage);
  }

  /** True if nothing was stored in the chat and its draft is empty. Unknown chats are not. */
  get isUnused(): boolean {
    return this.session.codex?.messageCount === 0 && !this.services.saved.hasDraft(this.codexId);
  }

  reveal(column?: vscode.ViewColumn): void {
    this.host.reveal(column);
    this.page.focusComposer();
  }

  /** Shows a message, switching branches if necessary. */
  goTo(messageId: string): void {
    this.page.keepFocus();
    this.target = messageId;
    this.goToTarget();
  }

  /** Puts files beside the draft. */
  attach(files: readonly FilePlace[]): void {
    this.page.attach(files);
    const { place, visible, viewColumn } = this.host;
    const coversCode = place === 'editor' && !visible && viewColumn === vscode.window.activeTextEditor?.viewColumn;
    this.reveal(coversCode ? vscode.ViewColumn.Beside : undefined);
  }

  async stop(): Promise<void> {
    await this.services.sidecar.request(messageStop, { codexId: this.codexId });
  }

  async undo(): Promise<void> {
    await this.messages.settle();
    await this.session.undo();
  }

  /** Opens the find bar. */
  find(): void {
    this.page.post({ type: 'find' });
  }

  /** Summarizes earlier messages and reports the saved tokens. */
  async compact(): Promise<void> {
    await this.messages.settle();
    const title = l10n.t('Summarizing earlier messages…');
    const { tokensBefore, tokensAfter } = await withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
      this.session.compact(),
    );
    void showInformationMessage(
      l10n.t(
        'Summarized {0} tokens of earlier messages to {1}. The originals stay in the chat.',
        formatInteger(tokensBefore),
        formatInteger(tokensAfter),
      ),
    );
  }

  /** Asks for an agent and a budget; with the next message this chat becomes its task. */
  async runAsTask(): Promise<void> {
    const agent = await pickAgent(this.services.sidecar);
    this.reveal();
    this.page.post({ type: 'agent', agent });
  }

  async continueAsChat(): Promise<void> {
    await this.session.continueAsChat();
    await this.sendSnapshot();
  }

  dispose(): void {
    this.host.dispose();
  }

  private listen(): void {
    const { host, codexId, page, session, disposables } = this;
    const { sidecar, providers } = this.services;
    disposables.add(onPageMessage(host.webview, (message) => this.receive(message)));
    disposables.add(
      host.onDidChangeVisibility(() => {
        // A hidden tab loses its page, a hidden view keeps it.
        if (!host.visible && host.place === 'editor') page.isReady = false;
        this.markRead();
      }),
    );
    disposables.add(vscode.window.onDidChangeWindowState(() => this.markRead()));
    disposables.add(host.onDidDispose(() => disposables.dispose()));
    disposables.add(session.onDidChange((codex) => this.onCodexChanged(codex)));
    disposables.add(
      session.onDidDelete(() => {
        this.services.saved.delete(codexId);
        host.dispose();
      }),
    );
    disposables.add(sidecar.onMessageEvent((params) => params.codexId === codexId && page.post({ type: 'event', params })));
    disposables.add(sidecar.onDidChangeState((state) => page.post({ type: 'sidecar', ...state })));
    disposables.add(sidecar.onDidStart(() => void this.sendSnapshot()));
    disposables.add(providers.onDidChange((items) => page.post({ type: 'providers', providers: items })));
  }

  private async receive(raw: unknown): Promise<void> {
    const message = parseMessage(fromChatPage, raw);
    if (message === undefined) {
      this.services.log.warn('A chat page sent a message that is not one of ours; it was ignored.');
      return;
    }
    // In the view, the page of the previous chat may still send messages. Of these, its draft counts.
    if (!this.host.hasLoaded && message.type !== 'ready' && message.type !== 'saved') return;
    try {
      await handle(this.handlers, message);
      const text = textOf(message);
      if (text !== undefined) this.page.post({ type: 'stored', text });
    } catch (error) {
      if (error instanceof UserCancelledError) return;
      const failure = toFailureError(error);
      this.services.log.warn(`${message.type}: ${failure.kind}: ${failure.message}`);
      const text = textOf(message);
      // Returns the draft to its origin.
      this.page.post({ type: 'refused', ...(text === undefined ? {} : { text }), error: { kind: failure.kind, message: failure.message } });
    }
  }

  private createHandlers(): Handlers<FromChatPage> {
    const { codexId, session, models } = this;
    const { sidecar } = this.services;
    return {
      ...this.composer.handlers,
      ...this.messages.handlers,
      ...this.instructions.handlers,
      ...this.agents.handlers,
      ...models.handlers,
      ...textHandlers(this.services),
      ready: (page) => this.onReady(page.codexId, page.hasChat === true),
      focused: ({ isFocused }) => this.page.setFocused(isFocused),
      saved: ({ state }) => this.services.saved.set(state),
      send: async ({ text, attachments, queue }) => {
        await this.messages.settle();
        await sidecar.request(messageSend, { codexId, text, attachments, queue });
        await models.rememberChosen();
      },
      startTask: (task) => session.startTask(task),
      steer: async (message) => {
        await this.messages.settle();
        await this.composer.handlers.steer(message);
      },
      stop: () => this.stop(),
      retry: async ({ messageId, continue: isContinued }) => {
        await this.messages.settle();
        await sidecar.request(messageRetry, { codexId, messageId, continue: isContinued });
      },
      discard: async ({ messageId, before = [] }) => {
        // From the last round to the first, because discarding a round discards everything after it.
        for (const id of [...before, messageId].reverse()) await sidecar.request(messageDiscard, { codexId, messageId: id });
      },
      rename: async ({ title }) => {
        if (title.trim() !== '') await session.update({ title: title.trim() });
      },
      connect: async ({ card }) => {
        if (await models.connect(card)) this.reveal();
      },
      options: ({ options }) => session.update({ options }),
      fallbacks: ({ fallbacks }) => session.update({ fallbacks }),
      changeTemplate: async ({ templateId }) => {
        await vscode.commands.executeCommand('plue.newChatFromTemplate', { templateId, chat: codexId });
      },
      tryTemplate: async () => {
        await vscode.commands.executeCommand('plue.tryTemplate', session.codex?.templateId);
      },
      help: ({ action, providerId }) => (action === 'chooseProvider' ? models.askForProvider() : help(action, providerId)),
    };
  }

  /** A new page gets the chat without asking for it. */
  private async sendWithPage(isNewPage: boolean): Promise<void> {
    const { codexId, session, page, services } = this;
    const chat = await session.readEarly();
    const providers = services.providers.items;
    // Without providers, the page would offer to connect one.
    if (chat === undefined || providers.length === 0 || !isNewPage || page.isReady) return;
    this.sent = chat;
    page.postWithPage({ type: 'snapshot', chat, providers, hasFolder: openFolders().length > 0, pageOf: codexId });
  }

  private async onReady(shown: string, hasChat: boolean): Promise<void> {
    if (!hasChat) this.sent = undefined;
    if (shown !== this.codexId) {
      // A view that was reloaded shows the chat that its page was loaded with. Before this chat was shown, it is the previous chat's last word.
      if (this.host.hasLoaded) this.page.load();
      return;
    }
    this.host.hasLoaded = true;
    this.page.isReady = true;
    this.page.post({ type: 'sidecar', ...this.services.sidecar.state });
    this.composer.showEditor();
    await this.sendSnapshot();
    this.page.postFiles();
    this.goToTarget();
    this.page.postFocus();
  }

  private goToTarget(): void {
    const { target } = this;
    if (target === undefined || !this.page.isReady) return;
    this.target = undefined;
    void runWithErrorHandling(this.services.log, () => this.messages.goToMessage(target));
  }

  /** Shows fields of the chat that were changed elsewhere, such as the mode. */
  reload(): Promise<void> {
    return this.sendSnapshot();
  }

  /** Loads the whole chat after the webview or the sidecar restarted. Concurrent requests share one load. */
  private sendSnapshot(): Promise<void> {
    if (!this.page.isReady) return Promise.resolve();
    this.snapshotting ??= this.fetchSnapshot().finally(() => (this.snapshotting = undefined));
    return this.snapshotting;
  }

  private async fetchSnapshot(): Promise<void> {
    const { providers, log } = this.services;
    try {
      const chat = await this.session.read();
      // Uses the known providers; detecting them again can start programs.
      const items = providers.items.length > 0 ? providers.items : await providers.refresh();
      // Events received meanwhile are numbered: the webview skips those that the snapshot contains.
      this.session.show(chat.codex);
      // Otherwise the chat changed after it was sent with the page, or the page has none.
      if (chat === this.sent) this.page.post({ type: 'providers', providers: items });
      else this.page.post({ type: 'snapshot', chat, providers: items, hasFolder: openFolders().length > 0 });
      this.sent = undefined;
      void this.models.sendChoices();
      void this.sendTemplates();
      this.instructions.refresh();
      this.agents.refresh();
      providers.refresh().catch((error: unknown) => log.warn(`The providers could not be listed: ${toFailureError(error).message}`));
    } catch (error) {
      const failure = toFailureError(error);
      log.warn(`The chat ${this.codexId} could not be shown: ${failure.message}`);
      this.page.post({ type: 'refused', error: { kind: failure.kind, message: failure.message } });
    }
  }

  /** Names for the template switch; without them it shows the ID. */
  private async sendTemplates(): Promise<void> {
    const { sidecar, log } = this.services;
    try {
      this.page.post({ type: 'templates', templates: await templateNames(sidecar, this.session.codex?.templateId) });
    } catch (error) {
      log.warn(`The templates could not be listed: ${toFailureError(error).message}`);
    }
  }

  private onCodexChanged(codex: CodexSummary): void {
    const before = this.templateId;
    this.templateId = codex.templateId;
    this.host.setTitle(displayTitle(codex.title));
    this.page.post({ type: 'codex', codex });
    this.markRead();
    // The fields of another template are part of the chat.
    if (before !== undefined && before !== codex.templateId) void this.sendSnapshot();
  }

  /** A chat in a visible panel of the active window is read. */
  private markRead(): void {
    if (this.host.visible && vscode.window.state.focused) this.session.markRead();
  }
}

/** Returns the text that the user typed in a stored message. */
function textOf(message: FromChatPage): string | undefined {
  return message.type === 'send' || message.type === 'startTask' || message.type === 'steer' || message.type === 'edit'
    ? message.text
    : undefined;
}
