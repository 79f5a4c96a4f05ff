// One inline edit: replaces lines of a document by the response of a chat. It can be accepted, rejected, retried, and continued.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import { workspacePath } from '../../infrastructure/workspaceFolders';
import type { BackgroundChat, Response, ResponseListener } from '../../server/backgroundChat';
import type { Hunk } from './lineDiff';
import { linesOf, Region, type RegionView, wholeLines } from './region';
import { RegionCursor } from './regionCursor';
import { type ForeignChange, RegionWriter } from './regionWriter';
import { editMessage, followUpMessage } from './request';
import { ResponseWriter } from './responseWriter';
import { joinSpans } from './span';

export type InlineEditState = 'running' | 'review' | 'over';

class TypedInside extends FailureError {
  constructor() {
    super('conflict', l10n.t('The inline edit stopped because you changed its lines. Accept keeps the text, Reject restores it.'));
  }
}

export class InlineEdit implements vscode.Disposable {
  state: InlineEditState = 'review';
  chat: BackgroundChat | undefined;
  /** Milliseconds from the first text of the response to its first line in the document. */
  firstLineMs: number | undefined;
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  readonly onDidChange = this.changed.event;
  private readonly regions: readonly Region[];
  private readonly cursor: RegionCursor;
  private readonly writer: RegionWriter;
  /** The last message of the user. */
  private messageId: string | undefined;
  private responding: Promise<void> | undefined;
  private rejecting: Promise<void> | undefined;
  /** Aborted when the current response is interrupted. */
  private interruption = new AbortController();
  private hasFollowUp = false;

  constructor(
    readonly document: vscode.TextDocument,
    ranges: readonly vscode.Range[],
  ) {
    this.regions = joinSpans(ranges.map((range) => wholeLines(document, range))).map((span) => new Region(document, span));
    this.cursor = this.disposables.add(new RegionCursor(document, this.regions));
    this.writer = this.disposables.add(new RegionWriter(document, this.regions, this.cursor));
    this.disposables.add(this.writer.onForeignChange((change) => this.follow(change)));
    this.cursor.place(ranges);
  }

  /** The document before the edit. */
  get before(): string {
    return this.writer.before;
  }

  /** Lines that the edit adds and removes. */
  get counts(): { added: number; removed: number } {
    const hunks = this.views().flatMap((view) => view.hunks);
    const sum = (count: (hunk: Hunk) => number): number => hunks.reduce((total, hunk) => total + count(hunk), 0);
    return { added: sum(({ added }) => added), removed: sum(({ removed }) => removed.length) };
  }

  views(): RegionView[] {
    return this.regions.map((region) => region.view(this.state === 'running'));
  }

  /** True if a selection is in one of the regions. */
  contains(selections: readonly vscode.Selection[]): boolean {
    return selections.some((selection) => this.regions.some((region) => region.contains(selection)));
  }

  /** @throws FailureError if there is no change; the text is then as it was. */
  start(chat: BackgroundChat, instruction: string): Promise<void> {
    this.chat = chat;
    const text = editMessage({
      instruction,
      path: workspacePath(this.document.uri),
      language: this.document.languageId,
      selections: this.regions.map(({ selection }) => selection),
      document: linesOf(this.before),
    });
    return this.respond((listener) => chat.send(text, { ...listener, onStored: (stored) => this.refuseMasked(stored) }));
  }

  async retry(): Promise<void> {
    const { chat, messageId } = this;
    if (chat === undefined || messageId === undefined || this.state !== 'review') return;
    await this.writer.restore();
    await this.respond((listener) => chat.retry(messageId, listener));
  }

  async followUp(instruction: string): Promise<void> {
    const { chat } = this;
    if (chat === undefined || this.state !== 'review') return;
    this.hasFollowUp = true;
    const edited = this.regions.filter(({ isEdited }) => isEdited).map(({ selection }) => selection);
    await this.respond((listener) => chat.send(followUpMessage(instruction, edited, this.document.languageId), listener));
  }

  accept(): void {
    if (this.state === 'review') this.end();
  }

  /** Ends the response and restores the text. */
  reject(): Promise<void> {
    if (this.state === 'over') return Promise.resolve();
    this.rejecting = this.rejectNow();
    return this.rejecting;
  }

  /** Completes when the text is restored, if the edit was rejected. */
  get rejected(): Promise<void> {
    return this.rejecting ?? Promise.resolve();
  }

  /** Deletes the chat. */
  async discard(): Promise<void> {
    // A chat that cannot be deleted stays in the archive.
    await this.chat?.delete().catch(() => undefined);
  }

  dispose(): void {
    this.interruption.abort(new UserCancelledError());
    this.end();
    this.disposables.dispose();
  }

  private async rejectNow(): Promise<void> {
    const { responding } = this;
    this.interruption.abort(new UserCancelledError());
    this.end();
    if (responding !== undefined) {
      await this.chat?.stop();
      // Its caller reports a failure.
      await responding.catch(() => undefined);
    }
    await this.writer.restore();
    if (!this.hasFollowUp) await this.discard();
  }

  private end(): void {
    this.state = 'over';
    this.changed.fire();
  }

  private respond(ask: (listener: ResponseListener) => Promise<Response>): Promise<void> {
    this.responding = this.runResponse(ask).finally(() => (this.responding = undefined));
    return this.responding;
  }

  private async runResponse(ask: (listener: ResponseListener) => Promise<Response>): Promise<void> {
    this.interruption = new AbortController();
    const { signal } = this.interruption;
    const response = new ResponseWriter(this.regions, this.writer, signal);
    response.onDidWrite(() => this.changed.fire());
    response.onDidFail((error) => this.interrupt(error));
    this.state = 'running';
    this.changed.fire();
    try {
      const { messageId, text } = await ask({ onText: (added) => response.add(added), onRestart: () => response.restart() });
      this.messageId = messageId;
      await response.complete(text);
      this.firstLineMs = response.firstLineMs;
      this.state = 'review';
      this.cursor.keepInside();
      this.changed.fire();
    } catch (error) {
      await response.settle();
      await this.revert(signal.reason);
      signal.throwIfAborted();
      throw error;
    }
  }

  private interrupt(cause: Error): void {
    if (this.interruption.signal.aborted) return;
    this.interruption.abort(cause);
    // The response may have ended meanwhile.
    this.chat?.stop().catch(() => undefined);
  }

  /** After a response that failed: the text before it, unless the user changed it. */
  private async revert(interruption: unknown): Promise<void> {
    if (this.state === 'over') return;
    this.state = 'review';
    if (!(interruption instanceof TypedInside)) await this.writer.replace(this.regions.map(({ base }) => base));
    for (const region of this.regions) region.compare();
    if (this.writer.hasChanged) this.changed.fire();
    else this.end();
  }

  private follow({ isInside, isUndone }: ForeignChange): void {
    if (this.state === 'over') return;
    if (isUndone) {
      if (this.state === 'running') this.interrupt(new UserCancelledError());
      return this.end();
    }
    if (isInside && this.state === 'running') this.interrupt(new TypedInside());
    if (isInside && this.state === 'review') for (const region of this.regions) region.compare();
    this.changed.fire();
  }

  /** A key that the model does not see would be replaced by its mask. */
  private refuseMasked(stored: string): void {
    if (this.regions.every(({ base }) => stored.includes(linesOf(base).join('\n')))) return;
    this.interrupt(
      new FailureError('conflict', l10n.t('The selected lines contain a key of the vault, so nothing was changed. Select other lines.')),
    );
  }
}
