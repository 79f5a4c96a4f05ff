// The cursor of the editor whose lines an inline edit rewrites.
import * as vscode from 'vscode';
import type { Region } from './region';

export class RegionCursor implements vscode.Disposable {
  /** How often the user moved the cursor. A move ends VS Code's undo step. */
  moves = 0;
  private readonly listening: vscode.Disposable;

  constructor(
    private readonly document: vscode.TextDocument,
    private readonly regions: readonly Region[],
  ) {
    this.listening = vscode.window.onDidChangeTextEditorSelection(({ textEditor, kind }) => {
      const { Keyboard, Mouse } = vscode.TextEditorSelectionChangeKind;
      if (textEditor.document === document && (kind === Keyboard || kind === Mouse)) this.moves++;
    });
  }

  /** Undefined if no editor shows the document. */
  get editor(): vscode.TextEditor | undefined {
    return vscode.window.visibleTextEditors.find(({ document }) => document === this.document);
  }

  /** Selected text would hide the colors of the change, and the keys work in the lines of the change. */
  place(ranges: readonly vscode.Range[]): void {
    const { editor } = this;
    const [first] = ranges;
    if (editor === undefined || first === undefined) return;
    const isInside = editor.selections.some((selection) => ranges.some((range) => range.intersection(selection) !== undefined));
    const places = isInside ? editor.selections.map(({ start }) => start) : [first.start];
    editor.selections = places.map((place) => new vscode.Selection(place, place));
    editor.revealRange(first, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  /** Text that is inserted at the cursor pushes it behind the lines, where the keys would do something else. A cursor that the user moved stays. */
  keepInside(): void {
    const { editor } = this;
    const [first] = this.regions;
    if (editor === undefined || first === undefined || this.moves > 0) return;
    if (editor.selections.some((selection) => this.regions.some((region) => region.contains(selection)))) return;
    editor.selection = new vscode.Selection(first.start, first.start);
  }

  dispose(): void {
    this.listening.dispose();
  }
}
