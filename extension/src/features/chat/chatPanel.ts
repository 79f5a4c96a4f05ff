// Connects the webview of one chat, in the editor area or in a side bar, with the sidecar. The sidecar stores the chat.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { handle, type Handlers } from '../../common/handlers';
import { pageHtml, pageOptions } from '../../infrastructure/pageHtml';
import { onPageMessage } from '../../infrastructure/pageMessages';
import { showInformationMessage, showInputBox, showQuickPick, withProgress } from '../../infrastructure/window';
import {
  codexGet,
  codexMarkRead,
  codexRedo,
  codexUndo,
  codexUpdate,
  messageCompact,
  messageDiscard,
  messageRetry,
  messageSend,
  messageStop,
  providerModels,
  settingsGet,
  taskContinueAsChat,
  taskConvert,
  templateList,
} from '../../protocol/protocol.generated';
import type { CodexGetResult, CodexSummary, CodexUpdateParams } from '../../protocol/protocol.generated';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { internalTag, pickTemplate } from '../../server/pickTemplate';
import type { TaskList } from '../../server/taskList';
import { readChoice } from '../../protocol/settingValues';
import { formatInteger } from '../../common/format';
import type { ProviderCard } from '../../common/providerCards';
import { isTask } from '../../common/isTask';
import { displayTitle } from '../../common/title';
import { type FromChatPage, fromChatPage, type ToChatPage } from '../../common/messages/chat';
import type { FilePlace } from '../../common/messages/chatComposer';
import { parseMessage } from '../../common/messages/parseMessage';
import { Agents } from './agents';
import { ComposerPanel } from './composerPanel';
import { type ApplyCode, newFile } from './applyCode';
import { previewDiagram } from './diagram';
import { help } from './help';
import type { EditorContext } from './editorContext';
import type { LastEditor } from './insertCode';
import type { ChatHost } from './chatHost';
import { ChatMessages } from './chatMessages';
import type { RecentModels } from '../../server/recentModels';
import { runInTerminal } from './runInTerminal';
import { openLink } from './links';
import { ChatInstructions } from './chatInstructions';
import type { SavedChats } from './savedChats';
import type { TextSources } from './textSources';
import type { WorkspaceFiles } from './workspaceFiles';

/** Services that a panel uses. */
export interface ChatServices {
  sidecar: Sidecar;
  providers: ProviderList;
  approvals: ApprovalList;
  tasks: TaskList;
  lastEditor: LastEditor;
  editorContext: EditorContext;
  sources: TextSources;
  files: WorkspaceFiles;
  applyCode: ApplyCode;
  log: vscode.LogOutputChannel;
  recent: RecentModels;
  saved: SavedChats;
  /** extension/out/webview */
  pages: vscode.Uri;
  icon: { light: vscode.Uri; dark: vscode.Uri };
}

/** The page asks for earlier messages itself. */
const lastMessages = 100;

export class ChatPanel implements vscode.Disposable {
  readonly composer: ComposerPanel;
  readonly messages: ChatMessages;
  private readonly instructions: ChatInstructions;
  private readonly agents: Agents;
  private readonly handlers: Handlers<FromChatPage>;
  private readonly disposables = new Disposables();
  /** True if the webview can receive messages. A hidden webview is disposed and sends `ready` when it is shown again. */
  private pageIsReady = false;
  /** True while the page has the keyboard focus. */
  isFocused = false;
  private readonly focusChanged = this.disposables.add(new vscode.EventEmitter<void>());
  readonly onDidChangeFocus = this.focusChanged.event;
  private snapshotting: Promise<void> | undefined;
  /** The chat at the time the webview began to load; cleared when it changes. */
  private early: Promise<CodexGetResult> | undefined;
  /** Messages for a webview that is not ready yet. */
  private readonly pending: { focus: boolean; messageId?: string | undefined; files: FilePlace[] } = { focus: false, files: [] };
  private codex: CodexSummary | undefined;

  constructor(
    readonly codexId: string,
    readonly host: ChatHost,
    private readonly services: ChatServices,
  ) {
    const post = (message: ToChatPage): void => this.post(message);
    this.composer = this.disposables.add(new ComposerPanel(codexId, services, post));
    this.messages = this.disposables.add(new ChatMessages(codexId, services, post));
    this.instructions = this.disposables.add(new ChatInstructions(codexId, services, post));
    this.agents = this.disposables.add(new Agents(codexId, services, post, () => this.isTask));
    this.handlers = this.createHandlers();
    this.listen();
    host.webview.options = pageOptions(services.pages);
    this.load();
    this.early = this.readChat();
    // The caller reports a failure.
    this.early.catch(() => undefined);
  }

  reveal(column?: vscode.ViewColumn): void {
    this.host.reveal(column);
    this.pending.focus = true;
    if (this.pageIsReady) this.focusComposer();
  }

  /** Shows a message, switching branches if necessary. */
  goTo(messageId: string): void {
    this.pending.focus = false;
    this.pending.messageId = messageId;
    if (this.pageIsReady) this.goToWanted();
  }

  get title(): string {
    return this.codex === undefined ? l10n.t('Chat') : displayTitle(this.codex.title);
  }

  /** A chat can become a task while it is open. */
  get isTask(): boolean {
    return isTask(this.codex ?? { uri: this.codexId });
  }

  /** True if nothing was stored in the chat and its draft is empty. Unknown chats are not. */
  get isUnused(): boolean {
    return this.codex?.messageCount === 0 && !this.services.saved.hasDraft(this.codexId);
  }

  /** Puts files beside the draft. */
  attach(files: readonly FilePlace[]): void {
    this.pending.files.push(...files);
    if (this.pageIsReady) this.attachWaiting();
    const { place, visible, viewColumn } = this.host;
    const coversCode = place === 'editor' && !visible && viewColumn === vscode.window.activeTextEditor?.viewColumn;
    this.reveal(coversCode ? vscode.ViewColumn.Beside : undefined);
  }

  async stop(): Promise<void> {
    await this.services.sidecar.request(messageStop, { codexId: this.codexId });
  }

  async undo(): Promise<void> {
    await this.messages.settle();
    this.show(await this.services.sidecar.request(codexUndo, { uri: this.codexId }));
  }

  async redo(): Promise<void> {
    this.show(await this.services.sidecar.request(codexRedo, { uri: this.codexId }));
  }

  /** Opens the find bar. */
  find(): void {
    this.post({ type: 'find' });
  }

  /** Summarizes earlier messages and reports the saved tokens. */
  async compact(): Promise<void> {
    await this.messages.settle();
    const title = l10n.t('Summarizing earlier messages…');
    const { tokensBefore, tokensAfter } = await withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
      this.services.sidecar.request(messageCompact, { codexId: this.codexId }),
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
    const title = l10n.t('Run as Task with Budget');
    const none = l10n.t('No task templates found. Run Plue: New Template to create one.');
    const { id, name } = await pickTemplate(this.services.sidecar, { title, collections: ['tasks'], none });
    const written = await showInputBox({
      title,
      prompt: l10n.t('Cost limit of the task and its subtasks in US dollars. Leave empty for the limit of the template.'),
      validateInput: (value) => (budgetOf(value) === null ? l10n.t('Enter a number greater than 0.') : undefined),
    });
    const budget = written === undefined ? null : budgetOf(written);
    if (budget === null) throw new UserCancelledError();
    this.reveal();
    this.post({ type: 'agent', agent: { id, name, isAgent: true, ...(budget === undefined ? {} : { budget }) } });
  }

  /** Turns a task that was a chat back into that chat. */
  async continueAsChat(): Promise<void> {
    this.show(await this.services.sidecar.request(taskContinueAsChat, { uri: this.codexId }));
    await this.sendSnapshot();
  }

  dispose(): void {
    this.host.dispose();
  }

  private listen(): void {
    const { host, codexId } = this;
    const { sidecar, providers } = this.services;
    const onSidecarEvent = [
      sidecar.onMessageEvent((params) => {
        if (params.codexId !== codexId) return;
        this.early = undefined;
        this.post({ type: 'event', params });
      }),
      sidecar.onCodexChanged(({ uri, codex }) => {
        if (uri === codexId) this.onCodexChanged(codex);
      }),
      sidecar.onDidChangeState((state) => {
        if (state.state !== 'running') this.early = undefined;
        this.post({ type: 'sidecar', ...state });
      }),
      sidecar.onDidStart(() => void this.sendSnapshot()),
      providers.onDidChange((items) => this.post({ type: 'providers', providers: items })),
    ];
    const onWindowEvent = [
      onPageMessage(host.webview, (message) => this.receive(message)),
      host.onDidChangeVisibility(() => {
        // A hidden tab loses its page, a hidden view keeps it.
        if (!host.visible && host.place === 'editor') this.pageIsReady = false;
        this.markRead();
      }),
      vscode.window.onDidChangeWindowState(() => this.markRead()),
      host.onDidDispose(() => this.disposables.dispose()),
    ];
    for (const listener of [...onWindowEvent, ...onSidecarEvent]) this.disposables.add(listener);
  }

  private onCodexChanged(codex: CodexSummary | undefined): void {
    this.early = undefined;
    if (codex === undefined) {
      this.services.saved.delete(this.codexId);
      this.host.dispose();
      return;
    }
    const before = this.codex;
    this.show(codex);
    // The fields of another template are part of the chat.
    if (before !== undefined && before.templateId !== codex.templateId) void this.sendSnapshot();
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
      if (text !== undefined) this.post({ type: 'stored', text });
    } catch (error) {
      if (error instanceof UserCancelledError) return;
      const failure = toFailureError(error);
      this.services.log.warn(`${message.type}: ${failure.kind}: ${failure.message}`);
      const text = textOf(message);
      // Returns the draft to its origin.
      this.post({ type: 'refused', ...(text === undefined ? {} : { text }), error: { kind: failure.kind, message: failure.message } });
    }
  }

  private createHandlers(): Handlers<FromChatPage> {
    const { codexId } = this;
    const { sidecar, lastEditor, applyCode, log } = this.services;
    return {
      ...this.composer.handlers,
      ...this.messages.handlers,
      ...this.instructions.handlers,
      ...this.agents.handlers,
      ready: (page) => this.onReady(page.codexId),
      focused: ({ isFocused }) => {
        this.isFocused = isFocused;
        this.focusChanged.fire();
      },
      saved: ({ state }) => this.services.saved.set(state),
      send: async ({ text, attachments, queue }) => {
        await this.messages.settle();
        await sidecar.request(messageSend, { codexId, text, attachments, queue });
        await this.rememberChosen();
      },
      startTask: (task) => this.startTask(task),
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
        if (title.trim() !== '') await this.update({ title: title.trim() });
      },
      connect: ({ card }) => this.connect(card),
      choose: ({ providerId, model }) => this.choose(providerId, model),
      options: ({ options }) => this.update({ options }),
      fallbacks: ({ fallbacks }) => this.update({ fallbacks }),
      listModels: ({ providerId }) => this.listModels(providerId),
      copy: async ({ text }) => vscode.env.clipboard.writeText(text),
      insert: ({ text }) => lastEditor.insert(text),
      applyCode: ({ text, info }) => runWithErrorHandling(log, () => applyCode.apply(text, info)),
      newFile: ({ text, info }) => runWithErrorHandling(log, () => newFile(text, info)),
      runInTerminal: ({ text }) => runInTerminal(text),
      preview: ({ text }) => runWithErrorHandling(log, () => previewDiagram(text)),
      openLink: ({ href }) => openLink(href),
      changeTemplate: async ({ templateId }) => {
        await vscode.commands.executeCommand('plue.newChatFromTemplate', { templateId, chat: codexId });
      },
      tryTemplate: async () => {
        await vscode.commands.executeCommand('plue.tryTemplate', this.codex?.templateId);
      },
      help: ({ action, providerId }) => (action === 'chooseProvider' ? this.askForProvider() : help(action, providerId)),
    };
  }

  /** Turns this chat into a task; its page follows. */
  private async startTask(task: Extract<FromChatPage, { type: 'startTask' }>): Promise<void> {
    const { templateId, text, attachments, mode, budget, model } = task;
    await this.services.sidecar.request(taskConvert, {
      uri: this.codexId,
      templateId,
      goal: text,
      attachments,
      values: { permission_mode: mode },
      ...(budget === undefined ? {} : { budget: { usd: budget } }),
      ...(model === undefined ? {} : { provider: model.providerId, model: model.model }),
    });
  }

  private load(): void {
    const { host, codexId, services } = this;
    const saved = services.saved.get(codexId);
    host.load(
      () =>
        pageHtml(host.webview, services.pages, {
          name: 'chat',
          title: l10n.t('Plue chat'),
          data: { 'codex-id': codexId },
          place: host.place,
          saved,
        }),
      { type: 'openChat', codexId, ...(saved === undefined ? {} : { saved }) },
    );
  }

  private async onReady(shown: string): Promise<void> {
    if (shown !== this.codexId) {
      // A view that was reloaded shows the chat that its page was loaded with. Before this chat was shown, it is the previous chat's last word.
      if (this.host.hasLoaded) this.load();
      return;
    }
    this.host.hasLoaded = true;
    this.pageIsReady = true;
    this.post({ type: 'sidecar', ...this.services.sidecar.state });
    this.composer.showEditor();
    await this.sendSnapshot();
    this.attachWaiting();
    this.goToWanted();
    if (this.pending.focus) this.focusComposer();
  }

  private attachWaiting(): void {
    const files = this.pending.files.splice(0);
    if (files.length > 0) this.post({ type: 'attach', files });
  }

  private goToWanted(): void {
    const messageId = this.pending.messageId;
    this.pending.messageId = undefined;
    if (messageId !== undefined) void runWithErrorHandling(this.services.log, () => this.messages.goToMessage(messageId));
  }

  private focusComposer(): void {
    this.pending.focus = false;
    this.post({ type: 'focusComposer' });
  }

  /** Loads the whole chat after the webview or the sidecar restarted. Concurrent requests share one load. */
  private sendSnapshot(): Promise<void> {
    if (!this.pageIsReady) return Promise.resolve();
    this.snapshotting ??= this.fetchSnapshot().finally(() => (this.snapshotting = undefined));
    return this.snapshotting;
  }

  private async fetchSnapshot(): Promise<void> {
    const { providers } = this.services;
    try {
      const reading = this.early ?? this.readChat();
      this.early = undefined;
      const chat = await reading;
      // Uses the known providers; detecting them again can start programs.
      const items = providers.items.length > 0 ? providers.items : await providers.refresh();
      // Events received meanwhile are numbered: the webview skips those that the snapshot contains.
      this.show(chat.codex);
      this.post({ type: 'snapshot', chat, providers: items });
      void this.sendChoices();
      void this.sendTemplates();
      this.instructions.refresh();
      this.agents.refresh();
      providers
        .refresh()
        .catch((error: unknown) => this.services.log.warn(`The providers could not be listed: ${toFailureError(error).message}`));
    } catch (error) {
      const failure = toFailureError(error);
      this.services.log.warn(`The chat ${this.codexId} could not be shown: ${failure.message}`);
      this.post({ type: 'refused', error: { kind: failure.kind, message: failure.message } });
    }
  }

  private readChat(): Promise<CodexGetResult> {
    return this.services.sidecar.request(codexGet, { uri: this.codexId, limit: lastMessages });
  }

  /** Without a model the sidecar uses the provider's default. */
  private async choose(providerId: string, model: string | undefined): Promise<void> {
    await this.update({ providerId, model });
    await this.rememberChosen();
  }

  /** Connecting reports its own errors. */
  private async connect(card: ProviderCard): Promise<void> {
    const id = await vscode.commands.executeCommand<string | undefined>('plue.connectProvider', card);
    if (id === undefined) return;
    if (this.services.providers.default?.id !== id || this.codex?.providerId !== undefined) await this.choose(id, undefined);
    this.reveal();
  }

  private async update(change: Omit<CodexUpdateParams, 'uri'>): Promise<void> {
    this.show(await this.services.sidecar.request(codexUpdate, { uri: this.codexId, ...change }));
  }

  private async rememberChosen(): Promise<void> {
    if (this.codex?.providerId === undefined) return;
    await this.services.recent.use(this.codex.providerId, this.codex.model);
    await this.sendChoices();
  }

  /** Marks and order for the model picker; without settings there are no marks. */
  private async sendChoices(): Promise<void> {
    const recent = this.services.recent.items;
    try {
      const { values } = await this.services.sidecar.request(settingsGet, {});
      const large = readChoice(values['default_large']);
      const small = readChoice(values['default_small']);
      this.post({ type: 'choices', recent, ...(large === undefined ? {} : { large }), ...(small === undefined ? {} : { small }) });
    } catch (error) {
      this.services.log.warn(`The settings could not be read: ${toFailureError(error).message}`);
      this.post({ type: 'choices', recent });
    }
  }

  /** Names for the template switch; without them it shows the ID. */
  private async sendTemplates(): Promise<void> {
    try {
      const { templates } = await this.services.sidecar.request(templateList, {});
      this.post({
        type: 'templates',
        templates: templates
          .filter(({ inForce, collection, tags, id }) => {
            const isOffered = !tags.includes(internalTag) || id === this.codex?.templateId;
            return inForce && isOffered && (collection === 'chats' || collection === 'tasks');
          })
          .map(({ id, name, description, collection }) => ({
            id,
            name,
            ...(description === undefined ? {} : { description }),
            isAgent: collection === 'tasks',
          })),
      });
    } catch (error) {
      this.services.log.warn(`The templates could not be listed: ${toFailureError(error).message}`);
    }
  }

  private async askForProvider(): Promise<void> {
    const items = await this.services.providers.refresh();
    const providers = items
      .filter((provider) => provider.enabled)
      .map((provider) => ({ label: provider.name, description: provider.model ?? '', id: provider.id }));
    const manage = { label: l10n.t('Manage Providers…'), icon: 'plug', description: '', id: undefined };
    const chosen = await showQuickPick([...providers, manage], { title: l10n.t('Provider for this chat') });
    if (chosen?.id !== undefined) await this.choose(chosen.id, undefined);
    else if (chosen) await vscode.commands.executeCommand('plue.manageProviders');
  }

  private async listModels(providerId: string): Promise<void> {
    try {
      const { models, error } = await this.services.sidecar.request(providerModels, { id: providerId });
      this.post({ type: 'models', providerId, models, ...(error === undefined ? {} : { error: error.message }) });
    } catch (error) {
      this.post({ type: 'models', providerId, models: [], error: toFailureError(error).message });
    }
  }

  private show(codex: CodexSummary): void {
    this.codex = codex;
    this.host.setTitle(displayTitle(codex.title));
    this.post({ type: 'codex', codex });
    this.markRead();
  }

  /** A chat in a visible panel of the active window is read. */
  private markRead(): void {
    if (this.codex?.unread !== true || !this.host.visible || !vscode.window.state.focused) return;
    // Requested once; the reply is a change of the codex.
    this.codex = { ...this.codex, unread: false };
    this.services.sidecar
      .request(codexMarkRead, { uri: this.codexId })
      .catch((error: unknown) => this.services.log.warn(`${this.codexId} could not be marked as read: ${toFailureError(error).message}`));
  }

  private post(message: ToChatPage): void {
    if (this.pageIsReady) void this.host.webview.postMessage(message);
  }
}

/** Null if it is not a budget; undefined for none. */
function budgetOf(written: string): number | null | undefined {
  if (written.trim() === '') return undefined;
  const value = Number(written);
  return Number.isFinite(value) && value >= 0.01 && value <= 100_000 ? value : null;
}

/** Returns the text that the user typed in a stored message. */
function textOf(message: FromChatPage): string | undefined {
  return message.type === 'send' || message.type === 'startTask' || message.type === 'steer' || message.type === 'edit'
    ? message.text
    : undefined;
}
