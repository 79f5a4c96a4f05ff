// Writes the regions of an inline edit as one undo step, follows the changes of others, and can restore the document.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError } from '../../infrastructure/errors';
import { workspacePath } from '../../infrastructure/workspaceFolders';
import type { Region } from './region';
import type { RegionCursor } from './regionCursor';
import type { TextChange } from './span';

/** A change of the document that the writer did not make. */
export interface ForeignChange {
  /** True if it concerns the text of a region. */
  isInside: boolean;
  /** True if Undo restored the document before the edit. */
  isUndone: boolean;
}

export class RegionWriter implements vscode.Disposable {
  /** The document before the edit. */
  readonly before: string;
  hasWritten = false;
  private readonly disposables = new Disposables();
  private readonly foreignChange = this.disposables.add(new vscode.EventEmitter<ForeignChange>());
  readonly onForeignChange = this.foreignChange.event;
  private readonly wasDirty: boolean;
  /** Own changes that VS Code has not reported yet, and the lengths of the regions after them. */
  private expected: { changes: readonly TextChange[]; lengths: readonly number[] } | undefined;
  /** Moves of the cursor before the last own change. */
  private moves = 0;
  /** True if the own changes are several undo steps. */
  private isSplit = false;
  /** True if somebody else changed the document. */
  private isForeign = false;
  private isRestoring = false;

  constructor(
    private readonly document: vscode.TextDocument,
    private readonly regions: readonly Region[],
    private readonly cursor: RegionCursor,
  ) {
    this.before = document.getText();
    this.wasDirty = document.isDirty;
    this.disposables.add(vscode.workspace.onDidChangeTextDocument((event) => event.document === document && this.follow(event)));
  }

  get hasChanged(): boolean {
    return this.regions.some(({ text, original }) => text !== original);
  }

  /**
   * Replaces the texts of the regions.
   * @param signal Nothing is written once it is aborted.
   */
  async replace(texts: readonly string[], signal?: AbortSignal, isOwnStep = false): Promise<void> {
    // The user may type in between, and then VS Code refuses the change.
    for (let attempt = 0; attempt < 5; attempt++) {
      if (signal?.aborted === true) return;
      const changes = this.regions.flatMap((region, index) => region.changeTo(texts[index] ?? region.text) ?? []);
      if (changes.length === 0) return;
      this.expected = { changes, lengths: texts.map((text) => text.length) };
      if (await this.apply(changes, isOwnStep)) return;
      this.expected = undefined;
    }
    throw new FailureError('conflict', l10n.t('{0} could not be changed. It may be read-only.', workspacePath(this.document.uri)));
  }

  /** Makes one undo step of several. */
  async joinSteps(): Promise<void> {
    if (!this.isSplit) return;
    const texts = this.regions.map(({ text }) => text);
    await this.replace(this.regions.map(({ original }) => original));
    await this.replace(texts, undefined, true);
    this.isSplit = false;
  }

  /** Restores the text before the edit. Undo also restores that the file has no unsaved changes; if it cannot be used, reverting to the same text on the disk does. */
  async restore(): Promise<void> {
    const isActive = vscode.window.activeTextEditor?.document === this.document;
    if (isActive && this.hasWritten && !this.isForeign && !this.isSplit && this.hasChanged) await this.undo();
    await this.replace(this.regions.map(({ original }) => original));
    const isSame = this.document.getText() === this.before && !this.wasDirty;
    if (isActive && isSame && this.document.isDirty) await vscode.commands.executeCommand('workbench.action.files.revert');
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async undo(): Promise<void> {
    this.isRestoring = true;
    await vscode.commands.executeCommand('undo').then(
      () => (this.isRestoring = false),
      () => (this.isRestoring = false),
    );
    if (this.document.getText() !== this.before) return;
    this.hasWritten = false;
    for (const region of this.regions) region.reset();
  }

  private async apply(changes: readonly TextChange[], isOwnStep: boolean): Promise<boolean> {
    const edits = changes.map(({ rangeOffset, rangeLength, text }) => ({
      range: new vscode.Range(this.document.positionAt(rangeOffset), this.document.positionAt(rangeOffset + rangeLength)),
      text,
    }));
    const { editor, moves } = this.cursor;
    if (this.hasWritten && (moves > this.moves || editor === undefined)) this.isSplit = true;
    this.moves = moves;
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
    const isUndo = reason !== undefined;
    let isInside = false;
    for (const change of contentChanges) {
      for (const region of this.regions) if (region.follow(change, isUndo)) isInside = true;
    }
    // An undo that restores less than everything still moves the lines.
    if (this.isRestoring) return;
    const isUndone = isUndo && this.document.getText() === this.before;
    if (isUndone) for (const region of this.regions) region.reset();
    this.foreignChange.fire({ isInside, isUndone });
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
      const length = expected.lengths[index];
      if (length !== undefined) shift += region.resize(shift, length);
    }
    return true;
  }
}
