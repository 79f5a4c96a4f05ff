// One chat as the sidecar stores it: its summary, and the requests that change it as a whole.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import { isTask } from '../../common/isTask';
import type { FromChatPage } from '../../common/messages/chat';
import { displayTitle } from '../../common/title';
import {
  codexGet,
  codexMarkRead,
  codexRedo,
  codexUndo,
  codexUpdate,
  messageCompact,
  taskContinueAsChat,
  taskConvert,
} from '../../protocol/protocol.generated';
import type { CodexGetResult, CodexSummary, CodexUpdateParams, MessageCompactResult } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

export interface SessionServices {
  sidecar: Sidecar;
  log: vscode.LogOutputChannel;
}

/** The page asks for earlier messages itself. */
const lastMessages = 100;

export class ChatSession implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<CodexSummary>());
  readonly onDidChange = this.changed.event;
  private readonly deleted = this.disposables.add(new vscode.EventEmitter<void>());
  readonly onDidDelete = this.deleted.event;
  private summary: CodexSummary | undefined;
  /** The chat that was read in advance; cleared when it changes. */
  private early: Promise<CodexGetResult> | undefined;

  constructor(
    readonly codexId: string,
    private readonly services: SessionServices,
  ) {
    const { sidecar } = services;
    this.disposables.add(sidecar.onMessageEvent((params) => params.codexId === codexId && this.forgetEarly()));
    this.disposables.add(sidecar.onDidChangeState(({ state }) => state !== 'running' && this.forgetEarly()));
    this.disposables.add(
      sidecar.onCodexChanged(({ uri, codex }) => {
        if (uri !== codexId) return;
        this.forgetEarly();
        if (codex === undefined) this.deleted.fire();
        else this.show(codex);
      }),
    );
  }

  /** Undefined until the chat is read. */
  get codex(): CodexSummary | undefined {
    return this.summary;
  }

  get title(): string {
    return this.summary === undefined ? l10n.t('Chat') : displayTitle(this.summary.title);
  }

  /** A chat can become a task while it is open. */
  get isTask(): boolean {
    return isTask(this.summary ?? { uri: this.codexId });
  }

  show(codex: CodexSummary): void {
    this.summary = codex;
    this.changed.fire(codex);
  }

  /** Reads the chat while its webview begins to load. Resolves to undefined if that fails, which the caller of `read` reports, or if the chat changed. */
  async readEarly(): Promise<CodexGetResult | undefined> {
    const early = (this.early = this.request());
    try {
      const chat = await early;
      return this.early === early ? chat : undefined;
    } catch {
      return undefined;
    }
  }

  read(): Promise<CodexGetResult> {
    const reading = this.early ?? this.request();
    this.forgetEarly();
    return reading;
  }

  async update(change: Omit<CodexUpdateParams, 'uri'>): Promise<void> {
    this.show(await this.services.sidecar.request(codexUpdate, { uri: this.codexId, ...change }));
  }

  async undo(): Promise<void> {
    this.show(await this.services.sidecar.request(codexUndo, { uri: this.codexId }));
  }

  async redo(): Promise<void> {
    this.show(await this.services.sidecar.request(codexRedo, { uri: this.codexId }));
  }

  compact(): Promise<MessageCompactResult> {
    return this.services.sidecar.request(messageCompact, { codexId: this.codexId });
  }

  /** Turns the chat into a task. */
  async startTask({
    templateId,
    text,
    attachments,
    mode,
    budget,
    model,
    worktree,
  }: Extract<FromChatPage, { type: 'startTask' }>): Promise<void> {
    await this.services.sidecar.request(taskConvert, {
      uri: this.codexId,
      templateId,
      goal: text,
      attachments,
      values: { permission_mode: mode, ...(worktree === undefined ? {} : { isolation: worktree ? 'worktree' : 'none' }) },
      ...(budget === undefined ? {} : { budget: { usd: budget } }),
      ...(model === undefined ? {} : { provider: model.providerId, model: model.model }),
    });
  }

  /** Turns a task that was a chat back into that chat. */
  async continueAsChat(): Promise<void> {
    this.show(await this.services.sidecar.request(taskContinueAsChat, { uri: this.codexId }));
  }

  markRead(): void {
    if (this.summary?.unread !== true) return;
    // Requested once; the reply is a change of the codex.
    this.summary = { ...this.summary, unread: false };
    const { sidecar, log } = this.services;
    sidecar
      .request(codexMarkRead, { uri: this.codexId })
      .catch((error: unknown) => log.warn(`${this.codexId} could not be marked as read: ${toFailureError(error).message}`));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private request(): Promise<CodexGetResult> {
    return this.services.sidecar.request(codexGet, { uri: this.codexId, limit: lastMessages });
  }

  private forgetEarly(): void {
    this.early = undefined;
  }
}
