// One inline edit: replaces lines of a document while the response streams, and can restore them.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, UserCancelledError } from '../../infrastructure/errors';
import type { BackgroundChat, Response, ResponseListener } from '../../server/backgroundChat';
import { type BlockLine, CodeBlocks } from './codeBlocks';
import { type Hunk, lineDiff } from './lineDiff';
import { LineMerge } from './lineMerge';
import { editMessage, followUpMessage, type Selection } from './request';
import { joinSpans, lineChange, moveSpan, type Span, type TextChange, touches } from './span';

/** Whole lines that are rewritten, with their line breaks. */
interface Region {
  span: Span;
  readonly original: string;
  /** Text when the current response began. */
  base: string;
  merge: LineMerge;
  /** Start of the line that arrives. */
  partial: string;
  /** Differences to the original text, of a complete response. */
  hunks: readonly Hunk[];
  /** True once the response has a block for the region. */
  hasBlock: boolean;
  /** True if the user changed the text since the last response. */
  isEdited: boolean;
}

export interface RegionView {
  /** First line, and the line after the last. */
  first: number;
  end: number;
  hunks: readonly Hunk[];
  /** First line that the response has not reached. */
  pending: number;
}

export type InlineEditState = 'running' | 'review' | 'over';

/** The response has no code block. */
export class NoCodeError extends FailureError {
  constructor(response: string) {
    const sentence = response.trim().replace(/\s+/g, ' ');
    super(
      'conflict',
      sentence === ''
        ? l10n.t('The response was empty, so nothing was changed. Try again.')
        : l10n.t('Nothing was changed. The model responded: {0}', sentence.length > 300 ? `${sentence.slice(0, 300)}…` : sentence),
    );
  }
}

class TypedInside extends FailureError {
  constructor() {
    super('conflict', l10n.t('The inline edit stopped because you changed its lines. Accept keeps the text, Reject restores it.'));
  }
}

/** Milliseconds between two changes of the document. */
const writePause = 40;

export class InlineEdit implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  private readonly regions: Region[];
  /** The document and the places of the regions before the edit. */
  readonly before: string;
  private readonly wasDirty: boolean;
  private readonly places: readonly Span[];
  private readonly eol: string;
  chat: BackgroundChat | undefined;
  /** The last message of the user. */
  private messageId: string | undefined;
  private responding: Promise<void> | undefined;
  private rejecting: Promise<void> | undefined;
  private writing: Promise<void> | undefined;
  private isStale = false;
  /** Own changes that VS Code has not reported yet, and the lengths of the regions after them. */
  private expected: { changes: readonly TextChange[]; lengths: readonly number[] } | undefined;
  private hasWritten = false;
  /** The cursor moved since the last own change, which ends VS Code's undo step. */
  private hasMoved = false;
  /** The user moved the cursor since the edit began, so it stays where it is. */
  private isCursorOfUser = false;
  private isSplit = false;
  /** True if somebody else changed the document. */
  private isForeign = false;
  private isRestoring = false;
  private interruption: Error | undefined;
  private followUps = 0;
  /** Time of the first text of the response. */
  private begun: number | undefined;

  readonly onDidChange = this.changed.event;
  state: InlineEditState = 'review';
  /** Milliseconds from the first text of the response to its first line in the document. */
  firstLineMs: number | undefined;

  constructor(
    readonly document: vscode.TextDocument,
    ranges: readonly vscode.Range[],
    private readonly path: string,
  ) {
    this.before = document.getText();
    this.wasDirty = document.isDirty;
    this.eol = document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n';
    this.places = joinSpans(ranges.map((range) => wholeLines(document, range)));
    this.regions = this.places.map((span) => {
      const original = this.before.slice(span.start, span.end);
      return { span, original, base: original, merge: new LineMerge([]), partial: '', hunks: [], hasBlock: false, isEdited: false };
    });
    this.placeCursor(ranges);
    this.disposables.add(vscode.workspace.onDidChangeTextDocument((event) => event.document === document && this.follow(event)));
    this.disposables.add(
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
        const { Keyboard, Mouse } = vscode.TextEditorSelectionChangeKind;
        if (textEditor.document === document && (kind === Keyboard || kind === Mouse)) this.hasMoved = this.isCursorOfUser = true;
      }),
    );
  }

  /** True if the document contains a change of the response. */
  get hasChanged(): boolean {
    return this.regions.some(({ span, original }) => this.textAt(span) !== original);
  }

  /** Lines that the edit adds and removes. */
  get counts(): { added: number; removed: number } {
    const hunks = this.views().flatMap((view) => view.hunks);
    const sum = (count: (hunk: Hunk) => number): number => hunks.reduce((total, hunk) => total + count(hunk), 0);
    return { added: sum(({ added }) => added), removed: sum(({ removed }) => removed.length) };
  }

  views(): RegionView[] {
    return this.regions.map(({ span, merge, partial, hunks }) => {
      const first = this.document.positionAt(span.start).line;
      const last = this.document.positionAt(span.end);
      const isRunning = this.state === 'running';
      return {
        first,
        end: span.end === span.start || last.character > 0 ? last.line + 1 : last.line,
        hunks: isRunning ? merge.added.map((line) => ({ first: line, added: 1, removed: [] })) : hunks,
        pending: first + merge.count + (merge.lines(partial).length - merge.lines().length),
      };
    });
  }

  /** True if a selection is in one of the regions. */
  contains(selections: readonly vscode.Selection[]): boolean {
    return this.views().some(({ first, end }) =>
      selections.some((one) => one.end.line >= first && one.start.line < Math.max(end, first + 1)),
    );
  }

  /** @throws FailureError if there is no change; the text is then as it was. */
  start(chat: BackgroundChat, instruction: string): Promise<void> {
    this.chat = chat;
    const text = editMessage({
      instruction,
      path: this.path,
      language: this.document.languageId,
      selections: this.regions.map((region) => this.selectionOf(region)),
      document: linesOf(this.before),
    });
    return this.respond((listener) => chat.send(text, { ...listener, onStored: (stored) => this.refuseMasked(stored) }));
  }

  async retry(): Promise<void> {
    const { chat, messageId } = this;
    if (chat === undefined || messageId === undefined || this.state !== 'review') return;
    await this.restore();
    await this.respond((listener) => chat.retry(messageId, listener));
  }

  async followUp(instruction: string): Promise<void> {
    const { chat } = this;
    if (chat === undefined || this.state !== 'review') return;
    this.followUps++;
    const edited = this.regions.filter(({ isEdited }) => isEdited).map((region) => this.selectionOf(region));
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

  private async rejectNow(): Promise<void> {
    const { responding } = this;
    this.interruption ??= new UserCancelledError();
    this.end();
    if (responding !== undefined) {
      await this.chat?.stop();
      // Its caller reports a failure.
      await responding.catch(() => undefined);
    }
    await this.restore();
    if (this.followUps === 0) await this.discard();
  }

  /** Deletes the chat. */
  async discard(): Promise<void> {
    // A chat that cannot be deleted stays in the archive.
    await this.chat?.delete().catch(() => undefined);
  }

  dispose(): void {
    this.end();
    this.disposables.dispose();
  }

  /** Selected text would hide the colors of the change, and the keys work in the lines of the change. */
  private placeCursor(ranges: readonly vscode.Range[]): void {
    const { editor } = this;
    const [first] = ranges;
    if (editor === undefined || first === undefined) return;
    const isInside = editor.selections.some((selection) => ranges.some((range) => range.intersection(selection) !== undefined));
    const places = isInside ? editor.selections.map(({ start }) => start) : [first.start];
    editor.selections = places.map((place) => new vscode.Selection(place, place));
    editor.revealRange(first, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  /** Text that is inserted at the cursor pushes it behind the lines, where the keys would do something else. */
  private keepCursor(): void {
    const { editor } = this;
    const [first] = this.regions;
    if (editor === undefined || first === undefined || this.isCursorOfUser || this.contains(editor.selections)) return;
    const place = this.document.positionAt(first.span.start);
    editor.selection = new vscode.Selection(place, place);
  }

  private get editor(): vscode.TextEditor | undefined {
    return vscode.window.visibleTextEditors.find(({ document }) => document === this.document);
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
    for (const region of this.regions) Object.assign(region, { base: this.textAt(region.span), isEdited: false });
    const restart = (): CodeBlocks => {
      for (const region of this.regions)
        Object.assign(region, { merge: new LineMerge(linesOf(region.base)), partial: '', hasBlock: false });
      return new CodeBlocks();
    };
    let blocks = restart();
    [this.state, this.interruption, this.begun] = ['running', undefined, undefined];
    this.changed.fire();
    try {
      const response = await ask({
        onText: (text) => {
          this.begun ??= performance.now();
          this.add(blocks.push(text), blocks);
        },
        onRestart: () => {
          blocks = restart();
          this.write();
        },
      });
      this.messageId = response.messageId;
      await this.complete(response.text);
    } catch (error) {
      await this.revert();
      throw this.interruption ?? error;
    }
  }

  private add(lines: readonly BlockLine[], { count, partial }: CodeBlocks): void {
    for (const { block, text } of lines) this.regions[block]?.merge.push(text);
    for (const [index, region] of this.regions.entries()) {
      region.hasBlock = index < count;
      region.partial = partial?.block === index ? partial.text : '';
    }
    if (lines.length > 0 || partial !== undefined) this.write();
  }

  /** Events may be missing, so the whole response counts. */
  private async complete(text: string): Promise<void> {
    const blocks = new CodeBlocks();
    const lines = [...blocks.push(text), ...blocks.finish()];
    if (blocks.count === 0) throw new NoCodeError(text);
    if (blocks.isOpen) {
      throw new FailureError('conflict', l10n.t('The response ended in the middle of the code, so nothing was changed. Try again.'));
    }
    this.isStale = false;
    await this.writing;
    this.throwIfInterrupted();
    const targets = this.regions.map((region, index) => {
      if (index >= blocks.count) return this.textAt(region.span);
      const own = lines.filter(({ block }) => block === index).map((line) => line.text);
      // What is shown is the difference to the text before the edit, also after a follow-up.
      region.hunks = lineDiff(linesOf(region.original), own);
      return this.joined(own, region.base);
    });
    await this.replace(targets, 'stream');
    this.throwIfInterrupted();
    if (!this.hasChanged) throw new FailureError('conflict', l10n.t('The response contains the same code, so nothing was changed.'));
    if (this.isSplit) await this.joinSteps(targets);
    this.state = 'review';
    this.keepCursor();
    this.changed.fire();
  }

  /** Writes what arrived. While a change is under way, the next one takes everything that arrives meanwhile. */
  private write(): void {
    if (!this.isWritable) return;
    this.isStale = true;
    this.writing ??= this.writeAll().finally(() => (this.writing = undefined));
  }

  private get isWritable(): boolean {
    return this.state === 'running' && this.interruption === undefined;
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.isStale && this.isWritable) {
        this.isStale = false;
        await this.replace(
          this.regions.map(({ merge, partial, base, span, hasBlock }) =>
            hasBlock ? this.joined(merge.lines(partial), base) : this.textAt(span),
          ),
          'stream',
        );
        if (this.begun !== undefined && this.hasWritten) this.firstLineMs ??= performance.now() - this.begun;
        this.changed.fire();
        await new Promise((resolve) => setTimeout(resolve, writePause));
      }
    } catch (error) {
      this.interrupt(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private throwIfInterrupted(): void {
    if (this.interruption !== undefined) throw this.interruption;
  }

  private interrupt(cause: Error): void {
    if (this.interruption !== undefined) return;
    this.interruption = cause;
    // The response may have ended meanwhile.
    this.chat?.stop().catch(() => undefined);
  }

  /** After a response that failed: the text before it, unless the user changed it. */
  private async revert(): Promise<void> {
    this.isStale = false;
    await this.writing;
    if (this.state === 'over') return;
    this.state = 'review';
    if (!(this.interruption instanceof TypedInside)) await this.replace(this.regions.map(({ base }) => base));
    for (const region of this.regions) this.compare(region);
    if (this.hasChanged) this.changed.fire();
    else this.end();
  }

  private compare(region: Region): void {
    region.hunks = lineDiff(linesOf(region.original), linesOf(this.textAt(region.span)));
  }

  /** The text before the edit. Undo also restores that the file has no unsaved changes; if it cannot be used, reverting to the same text on the disk does. */
  private async restore(): Promise<void> {
    const isActive = vscode.window.activeTextEditor?.document === this.document;
    if (isActive && this.hasWritten && !this.isForeign && !this.isSplit && this.hasChanged) {
      this.isRestoring = true;
      await vscode.commands.executeCommand('undo').then(
        () => (this.isRestoring = false),
        () => (this.isRestoring = false),
      );
      if (this.document.getText() === this.before) {
        this.hasWritten = false;
        this.resetPlaces();
      }
    }
    await this.replace(this.regions.map(({ original }) => original));
    const isSame = this.document.getText() === this.before && !this.wasDirty;
    if (isActive && isSame && this.document.isDirty) await vscode.commands.executeCommand('workbench.action.files.revert');
  }

  private resetPlaces(): void {
    for (const [index, span] of this.places.entries()) Object.assign(this.regions[index] ?? {}, { span });
  }

  /** Makes one undo step of several. */
  private async joinSteps(targets: readonly string[]): Promise<void> {
    await this.replace(this.regions.map(({ original }) => original));
    await this.replace(targets, 'step');
    this.isSplit = false;
  }

  /** @param kind `stream`: does nothing once the response was interrupted. `step`: a separate undo step. */
  private async replace(targets: readonly string[], kind?: 'stream' | 'step'): Promise<void> {
    // The user may type in between, and then VS Code refuses the change.
    for (let attempt = 0; attempt < 5; attempt++) {
      if (kind === 'stream' && !this.isWritable) return;
      const changes = this.regions.flatMap(({ span }, index): TextChange[] => {
        const now = this.textAt(span);
        const target = targets[index] ?? now;
        if (now === target) return [];
        const { start, end, text } = lineChange(now, target);
        return [{ rangeOffset: span.start + start, rangeLength: end - start, text }];
      });
      if (changes.length === 0) return;
      this.expected = { changes, lengths: targets.map((target) => target.length) };
      if (await this.apply(changes, kind === 'step')) return;
      this.expected = undefined;
    }
    throw new FailureError('conflict', l10n.t('{0} could not be changed. It may be read-only.', this.path));
  }

  private async apply(changes: readonly TextChange[], isOwnStep: boolean): Promise<boolean> {
    const edits = changes.map(({ rangeOffset, rangeLength, text }) => ({
      range: new vscode.Range(this.document.positionAt(rangeOffset), this.document.positionAt(rangeOffset + rangeLength)),
      text,
    }));
    const { editor } = this;
    if (this.hasWritten && (this.hasMoved || editor === undefined)) this.isSplit = true;
    this.hasMoved = false;
    let isDone: boolean;
    if (editor === undefined) {
      const edit = new vscode.WorkspaceEdit();
      for (const { range, text } of edits) edit.replace(this.document.uri, range, text);
      isDone = await vscode.workspace.applyEdit(edit);
    } else {
      isDone = await editor.edit(
        (builder) => {
          for (const { range, text } of edits) builder.replace(range, text);
        },
        { undoStopBefore: isOwnStep || !this.hasWritten, undoStopAfter: isOwnStep },
      );
    }
    this.hasWritten ||= isDone;
    return isDone;
  }

  private follow({ contentChanges, reason }: vscode.TextDocumentChangeEvent): void {
    if (contentChanges.length === 0 || this.isOwn(contentChanges)) return;
    this.isForeign ||= !this.isRestoring;
    let isInside = false;
    const isUndo = reason !== undefined;
    for (const change of contentChanges) {
      for (const region of this.regions) {
        if (touches(region.span, change, isUndo)) isInside = region.isEdited = true;
        region.span = moveSpan(region.span, change, isUndo);
      }
    }
    // An undo that restores less than everything still moves the lines.
    if (this.isRestoring) return;
    if (isUndo && this.document.getText() === this.before) {
      this.resetPlaces();
      if (this.state === 'running') this.interrupt(new UserCancelledError());
      if (this.state !== 'over') this.end();
    }
    if (this.state === 'over') return;
    if (isInside && this.state === 'running') this.interrupt(new TypedInside());
    if (isInside && this.state === 'review') for (const region of this.regions) this.compare(region);
    this.changed.fire();
  }

  private isOwn(changes: readonly TextChange[]): boolean {
    const { expected } = this;
    const isExpected = (change: TextChange): boolean =>
      expected?.changes.some(
        ({ rangeOffset, rangeLength, text }) =>
          change.rangeOffset === rangeOffset && change.rangeLength === rangeLength && change.text === text,
      ) === true;
    if (expected === undefined || changes.length !== expected.changes.length || !changes.every(isExpected)) return false;
    this.expected = undefined;
    let shift = 0;
    for (const [index, region] of this.regions.entries()) {
      const { start, end } = region.span;
      const length = expected.lengths[index] ?? end - start;
      region.span = { start: start + shift, end: start + shift + length };
      shift += length - (end - start);
    }
    return true;
  }

  /** A key that the model does not see would be replaced by its mask. */
  private refuseMasked(stored: string): void {
    if (this.regions.every(({ base }) => stored.includes(linesOf(base).join('\n')))) return;
    this.interrupt(
      new FailureError('conflict', l10n.t('The selected lines contain a key of the vault, so nothing was changed. Select other lines.')),
    );
  }

  private selectionOf({ span }: Region): Selection {
    return { lines: linesOf(this.textAt(span)), first: this.document.positionAt(span.start).line + 1 };
  }

  private textAt({ start, end }: Span): string {
    return this.document.getText(new vscode.Range(this.document.positionAt(start), this.document.positionAt(end)));
  }

  /** @param like A text of the region: without a line break at its end it is the end of the document. */
  private joined(lines: readonly string[], like: string): string {
    return lines.join(this.eol) + (lines.length > 0 && like.endsWith('\n') ? this.eol : '');
  }
}

/** Lines without line breaks. */
function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A selection that ends at the start of a line does not include that line. */
function wholeLines(document: vscode.TextDocument, { start, end }: vscode.Range): Span {
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  const next = new vscode.Position(last + 1, 0);
  return {
    start: document.offsetAt(new vscode.Position(start.line, 0)),
    end: last + 1 < document.lineCount ? document.offsetAt(next) : document.offsetAt(document.lineAt(last).range.end),
  };
}
