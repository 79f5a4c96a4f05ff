// One chat in the editor area: between its page and the sidecar. It holds no chat; the sidecar does.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { pageHtml, pageOptions } from '../../infrastructure/pageHtml';
import { onPageMessage } from '../../infrastructure/pageMessages';
import { showInformationMessage, showQuickPick, withProgress, setPanelTitle } from '../../infrastructure/window';
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
  templateList,
} from '../../protocol/protocol.generated';
import type { CodexGetResult, CodexSummary } from '../../protocol/protocol.generated';
import type { ApprovalList } from '../../server/approvalList';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import type { TaskList } from '../../server/taskList';
import { readChoice } from '../../protocol/settingValues';
import { grouped } from '../../webview/shared/figures';
import { titleWords } from '../../webview/shared/titleWords';
import type { FilePlace, FromPage, ToPage } from '../../webview/shared/viewMessages';
import { Agents } from './agents';
import { ComposerPanel } from './composerPanel';
import { type ApplyCode, newFile } from './applyCode';
import { previewDiagram } from './diagram';
import { isAboutAgents } from './fromAgents';
import { isReading, isSteering, readFromPage } from './fromPage';
import { help } from './help';
import type { LastEditor } from './insertCode';
import { Reading } from './reading';
import type { RecentModels } from './recentModels';
import { openLink } from './links';
import { Steering } from './steering';
import type { WorkspaceFiles } from './workspaceFiles';

/** What a panel works with. */
export interface ChatHouse {
  sidecar: Sidecar;
  providers: ProviderList;
  approvals: ApprovalList;
  tasks: TaskList;
  lastEditor: LastEditor;
  files: WorkspaceFiles;
  applyCode: ApplyCode;
  log: vscode.LogOutputChannel;
  recent: RecentModels;
  /** extension/out/webview */
  pages: vscode.Uri;
  icon: { light: vscode.Uri; dark: vscode.Uri };
}

/** The page asks for earlier messages itself. */
const lastMessages = 100;
/** Milliseconds without a change before hooks that failed are asked for. */
const restBeforeHooks = 300;

export class ChatPanel implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly disposed = new vscode.EventEmitter<void>();
  /** The page listens. A hidden page is gone, and says `ready` when it is back. */
  private pageIsReady = false;
  private snapshotting: Promise<void> | undefined;
  /** The chat as it was when the page began to load, until something changes in it. */
  private early: Promise<CodexGetResult> | undefined;
  private focusWanted = false;
  /** To be gone to when the page is up. */
  private messageWanted: string | undefined;
  private codex: CodexSummary | undefined;
  private hookTimer: ReturnType<typeof setTimeout> | undefined;
  private hasFailedHooks = false;
  readonly composer: ComposerPanel;
  /** For a page that is not up yet. */
  private waiting: FilePlace[] = [];
  readonly reading: Reading;
  private readonly steering: Steering;
  private readonly agents: Agents;

  readonly onDidDispose = this.disposed.event;

  constructor(
    readonly codexId: string,
    readonly panel: vscode.WebviewPanel,
    private readonly house: ChatHouse,
  ) {
    const { sidecar, providers } = house;
    this.composer = this.disposables.add(new ComposerPanel(codexId, house, (message) => this.post(message)));
    this.reading = this.disposables.add(new Reading(codexId, house, (message) => this.post(message)));
    this.steering = this.disposables.add(new Steering(codexId, house, (message) => this.post(message)));
    this.agents = this.disposables.add(new Agents(codexId, house, (message) => this.post(message)));
    panel.webview.options = pageOptions(house.pages);
    panel.iconPath = house.icon;
    this.disposables.add(onPageMessage(panel.webview, (message) => this.receive(message)));
    this.disposables.add(
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.pageIsReady = false;
        this.markRead();
      }),
    );
    this.disposables.add(vscode.window.onDidChangeWindowState(() => this.markRead()));
    this.disposables.add(panel.onDidDispose(() => this.end()));
    this.disposables.add(
      sidecar.onMessageEvent((params) => {
        if (params.codexId !== codexId) return;
        this.early = undefined;
        this.post({ type: 'event', params });
      }),
    );
    this.disposables.add(
      sidecar.onCodexChanged(({ uri, codex }) => {
        if (uri !== codexId) return;
        this.early = undefined;
        if (codex === undefined) panel.dispose();
        else {
          this.show(codex);
          this.lookAtHooks(codex);
        }
      }),
    );
    this.disposables.add(
      sidecar.onDidChangeState((state) => {
        if (state.state !== 'running') this.early = undefined;
        this.post({ type: 'sidecar', ...state });
      }),
    );
    this.disposables.add(
      sidecar.onDidStart(() => {
        void this.sendSnapshot();
      }),
    );
    this.disposables.add(
      providers.onDidChange((items) => {
        this.post({ type: 'providers', providers: items });
      }),
    );
    panel.webview.html = pageHtml(panel.webview, house.pages, { name: 'chat', title: l10n.t('Plue chat'), data: { 'codex-id': codexId } });
    this.early = this.readChat();
    // Whoever waits for it reports a failure.
    this.early.catch(() => undefined);
  }

  reveal(column?: vscode.ViewColumn): void {
    this.panel.reveal(column);
    this.focusWanted = true;
    if (this.pageIsReady) this.focusComposer();
  }

  /** Shows a message, in whatever branch it is. */
  goTo(messageId: string): void {
    this.focusWanted = false;
    this.messageWanted = messageId;
    if (this.pageIsReady) this.goToWanted();
  }

  /** Puts files beside the draft. */
  attach(files: readonly FilePlace[]): void {
    this.waiting.push(...files);
    if (this.pageIsReady) this.attachWaiting();
    const { visible, viewColumn } = this.panel;
    const coversCode = !visible && viewColumn === vscode.window.activeTextEditor?.viewColumn;
    this.reveal(coversCode ? vscode.ViewColumn.Beside : undefined);
  }

  async stop(): Promise<void> {
    await this.house.sidecar.request(messageStop, { codexId: this.codexId });
  }

  async undo(): Promise<void> {
    await this.reading.settle();
    this.show(await this.house.sidecar.request(codexUndo, { uri: this.codexId }));
  }

  async redo(): Promise<void> {
    this.show(await this.house.sidecar.request(codexRedo, { uri: this.codexId }));
  }

  /** Opens the find bar. */
  find(): void {
    this.post({ type: 'find' });
  }

  /** Summarises what was said so far, and tells what that saved. */
  async compact(): Promise<void> {
    await this.reading.settle();
    const title = l10n.t('Summarising earlier messages…');
    const { tokensBefore, tokensAfter } = await withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
      this.house.sidecar.request(messageCompact, { codexId: this.codexId }),
    );
    void showInformationMessage(
      l10n.t('{0} tokens of earlier messages are now {1}. The original stays in the chat.', grouped(tokensBefore), grouped(tokensAfter)),
    );
  }

  dispose(): void {
    this.panel.dispose();
  }

  private end(): void {
    clearTimeout(this.hookTimer);
    this.disposables.dispose();
    this.disposed.fire();
    this.disposed.dispose();
  }

  private async receive(raw: unknown): Promise<void> {
    const message = readFromPage(raw);
    if (message === undefined) {
      this.house.log.warn('A chat page sent a message that is not one of ours; it was ignored.');
      return;
    }
    try {
      await this.act(message);
      const text = textOf(message);
      if (text !== undefined) this.post({ type: 'stored', text });
    } catch (error) {
      if (error instanceof UserCancelledError) return;
      const failure = toFailureError(error);
      this.house.log.warn(`${message.type}: ${failure.kind}: ${failure.message}`);
      const text = textOf(message);
      // The draft goes back to where it was typed.
      this.post({ type: 'refused', ...(text === undefined ? {} : { text }), error: { kind: failure.kind, message: failure.message } });
    }
  }

  private async act(message: FromPage): Promise<void> {
    const { sidecar, lastEditor, applyCode, log } = this.house;
    const { codexId } = this;
    if (message.type === 'send' || message.type === 'steer' || message.type === 'retry') await this.reading.settle();
    switch (message.type) {
      case 'ready':
        return this.onReady();
      case 'send':
        await sidecar.request(messageSend, { codexId, text: message.text, attachments: message.attachments, queue: message.queue });
        return this.rememberChosen();
      case 'stop':
        return this.stop();
      case 'retry':
        await sidecar.request(messageRetry, { codexId, messageId: message.messageId, continue: message.continue });
        return;
      case 'discard':
        // The last round first: each takes itself along, and nothing before it.
        for (const messageId of [...(message.before ?? []), message.messageId].reverse())
          await sidecar.request(messageDiscard, { codexId, messageId });
        return;
      case 'rename':
        if (message.title.trim() !== '') this.show(await sidecar.request(codexUpdate, { uri: codexId, title: message.title.trim() }));
        return;
      case 'choose':
        return this.choose(message.providerId, message.model);
      case 'options':
        this.show(await sidecar.request(codexUpdate, { uri: codexId, options: message.options }));
        return;
      case 'fallbacks':
        this.show(await sidecar.request(codexUpdate, { uri: codexId, fallbacks: message.fallbacks }));
        return;
      case 'listModels':
        return this.listModels(message.providerId);
      case 'copy':
        return vscode.env.clipboard.writeText(message.text);
      case 'insert':
        return lastEditor.insert(message.text);
      case 'applyCode':
        return runWithErrorHandling(log, () => applyCode.apply(message.text, message.info));
      case 'newFile':
        return runWithErrorHandling(log, () => newFile(message.text, message.info));
      case 'preview':
        return runWithErrorHandling(log, () => previewDiagram(message.text));
      case 'openLink':
        return openLink(message.href);
      case 'newOfTemplate':
        await vscode.commands.executeCommand('plue.newChatFromTemplate', {
          templateId: message.templateId,
          values: { permission_mode: message.mode },
        });
        return;
      case 'tryTemplate':
        await vscode.commands.executeCommand('plue.tryTemplate', this.codex?.templateId);
        return;
      case 'help':
        if (message.action === 'chooseProvider') await this.askForProvider();
        else await help(message.action, message.providerId);
        return;
      default:
        if (isAboutAgents(message)) return this.agents.act(message);
        if (isReading(message)) return this.reading.act(message);
        return isSteering(message) ? this.steering.act(message) : this.composer.act(message);
    }
  }

  private async onReady(): Promise<void> {
    this.pageIsReady = true;
    this.post({ type: 'sidecar', ...this.house.sidecar.state });
    await this.sendSnapshot();
    this.attachWaiting();
    this.goToWanted();
    if (this.focusWanted) this.focusComposer();
  }

  private attachWaiting(): void {
    const files = this.waiting.splice(0);
    if (files.length > 0) this.post({ type: 'attach', files });
  }

  private goToWanted(): void {
    const messageId = this.messageWanted;
    this.messageWanted = undefined;
    if (messageId !== undefined) void runWithErrorHandling(this.house.log, () => this.reading.goToMessage(messageId));
  }

  private focusComposer(): void {
    this.focusWanted = false;
    this.post({ type: 'focusComposer' });
  }

  /** The whole chat as it stands. Asked for by a page that came up and by a sidecar that came back; both at once get one. */
  private sendSnapshot(): Promise<void> {
    if (!this.pageIsReady) return Promise.resolve();
    this.snapshotting ??= this.fetchSnapshot().finally(() => (this.snapshotting = undefined));
    return this.snapshotting;
  }

  private async fetchSnapshot(): Promise<void> {
    const { providers } = this.house;
    try {
      const reading = this.early ?? this.readChat();
      this.early = undefined;
      const chat = await reading;
      // What is known of the providers is enough to draw; looking for them again may ask programs.
      const items = providers.items.length > 0 ? providers.items : await providers.refresh();
      // Events that arrived meanwhile were numbered: the page drops what the snapshot holds and folds the rest.
      this.show(chat.codex);
      this.post({ type: 'snapshot', chat, providers: items });
      this.hasFailedHooks = (chat.hookFailures?.length ?? 0) > 0;
      void this.sendChoices();
      void this.sendTemplates();
      this.steering.refresh();
      this.agents.refresh();
      providers
        .refresh()
        .catch((error: unknown) => this.house.log.warn(`The providers could not be listed: ${toFailureError(error).message}`));
    } catch (error) {
      const failure = toFailureError(error);
      this.house.log.warn(`The chat ${this.codexId} could not be shown: ${failure.message}`);
      this.post({ type: 'refused', error: { kind: failure.kind, message: failure.message } });
    }
  }

  private readChat(): Promise<CodexGetResult> {
    return this.house.sidecar.request(codexGet, { uri: this.codexId, limit: lastMessages });
  }

  /** Without a model the sidecar takes the provider's own, and lets go of the one before. */
  private async choose(providerId: string, model: string | undefined): Promise<void> {
    this.show(await this.house.sidecar.request(codexUpdate, { uri: this.codexId, providerId, model }));
    await this.rememberChosen();
  }

  private async rememberChosen(): Promise<void> {
    if (this.codex?.providerId === undefined) return;
    await this.house.recent.use(this.codex.providerId, this.codex.model);
    await this.sendChoices();
  }

  /** What the picker marks and puts first; without the settings it does without the marks. */
  private async sendChoices(): Promise<void> {
    const recent = this.house.recent.items;
    try {
      const { values } = await this.house.sidecar.request(settingsGet, {});
      const large = readChoice(values['default_large']);
      const small = readChoice(values['default_small']);
      this.post({ type: 'choices', recent, ...(large === undefined ? {} : { large }), ...(small === undefined ? {} : { small }) });
    } catch (error) {
      this.house.log.warn(`The settings could not be read: ${toFailureError(error).message}`);
      this.post({ type: 'choices', recent });
    }
  }

  /** The names for the switch under the composer; without them it shows the id. */
  private async sendTemplates(): Promise<void> {
    try {
      const collection = this.codexId.startsWith('codex://tasks/') ? 'tasks' : 'chats';
      const { templates } = await this.house.sidecar.request(templateList, { collection });
      this.post({ type: 'templates', templates: templates.filter(({ inForce }) => inForce).map(({ id, name }) => ({ id, name })) });
    } catch (error) {
      this.house.log.warn(`The templates could not be listed: ${toFailureError(error).message}`);
    }
  }

  /** A hook runs after a change, and nothing else says that it failed. */
  private lookAtHooks({ status }: CodexSummary): void {
    if (status === 'running' || !this.pageIsReady) return;
    clearTimeout(this.hookTimer);
    this.hookTimer = setTimeout(() => {
      this.house.sidecar.request(codexGet, { uri: this.codexId, limit: 1 }).then(
        ({ hookFailures = [] }) => {
          if (hookFailures.length === 0 && !this.hasFailedHooks) return;
          this.hasFailedHooks = hookFailures.length > 0;
          this.post({ type: 'hookFailures', failures: hookFailures });
        },
        (error: unknown) => this.house.log.warn(`The hooks of ${this.codexId} could not be looked at: ${toFailureError(error).message}`),
      );
    }, restBeforeHooks);
  }

  private async askForProvider(): Promise<void> {
    const items = await this.house.providers.refresh();
    const providers = items
      .filter((provider) => provider.enabled)
      .map((provider) => ({ label: provider.name, description: provider.model ?? '', id: provider.id }));
    const manage = { label: l10n.t('Manage providers…'), icon: 'plug', description: '', id: undefined };
    const chosen = await showQuickPick([...providers, manage], { title: l10n.t('Provider for this chat') });
    if (chosen?.id !== undefined) await this.choose(chosen.id, undefined);
    else if (chosen) await vscode.commands.executeCommand('plue.manageProviders');
  }

  private async listModels(providerId: string): Promise<void> {
    try {
      const { models, error } = await this.house.sidecar.request(providerModels, { id: providerId });
      this.post({ type: 'models', providerId, models, ...(error === undefined ? {} : { error: error.message }) });
    } catch (error) {
      this.post({ type: 'models', providerId, models: [], error: toFailureError(error).message });
    }
  }

  private show(codex: CodexSummary): void {
    this.codex = codex;
    setPanelTitle(this.panel, titleWords(codex.title));
    this.post({ type: 'codex', codex });
    this.markRead();
  }

  /** What stands in a visible panel of the window in front has been seen. */
  private markRead(): void {
    if (this.codex?.unread !== true || !this.panel.visible || !vscode.window.state.focused) return;
    // Asked once; the answer comes as a change of the codex.
    this.codex = { ...this.codex, unread: false };
    this.house.sidecar
      .request(codexMarkRead, { uri: this.codexId })
      .catch((error: unknown) => this.house.log.warn(`${this.codexId} could not be marked as read: ${toFailureError(error).message}`));
  }

  private post(message: ToPage): void {
    if (this.pageIsReady) void this.panel.webview.postMessage(message);
  }
}

/** What was typed, of a message that stores it. */
function textOf(message: FromPage): string | undefined {
  return message.type === 'send' || message.type === 'steer' || message.type === 'edit' ? message.text : undefined;
}
