// Shows inline edits in editors: added lines, the place of removed ones, and actions above each region.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { truncate } from '../../common/truncate';
import { Disposables } from '../../infrastructure/disposables';
import { createCodeLens, createDecoration } from '../../infrastructure/window';
import { commands } from './commands';
import type { InlineEdit } from './inlineEdit';
import type { Hunk } from './lineDiff';

/** Characters of a removed line beside the new one. */
const maxRemoved = 80;

export class InlineMarks implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  private readonly added = this.disposables.add(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      backgroundColor: new vscode.ThemeColor('diffEditor.insertedLineBackground'),
      // Only high contrast themes have this color, and no background.
      outlineColor: new vscode.ThemeColor('diffEditor.insertedTextBorder'),
      outlineStyle: 'dashed',
      outlineWidth: '1px',
      borderStyle: 'solid',
      borderWidth: '0 0 0 2px',
      borderColor: new vscode.ThemeColor('editorGutter.addedBackground'),
      overviewRulerColor: new vscode.ThemeColor('editorGutter.addedBackground'),
      overviewRulerLane: vscode.OverviewRulerLane.Left,
    }),
  );
  private readonly removed = this.disposables.add(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      overviewRulerColor: new vscode.ThemeColor('editorGutter.deletedBackground'),
      overviewRulerLane: vscode.OverviewRulerLane.Left,
      // As in a diff: text in red has too little contrast on the background of the new line.
      after: {
        color: new vscode.ThemeColor('editor.foreground'),
        backgroundColor: new vscode.ThemeColor('diffEditor.removedTextBackground'),
        border: '1px dashed',
        borderColor: new vscode.ThemeColor('diffEditor.removedTextBorder'),
        margin: '0 0 0 2em',
        fontStyle: 'italic',
      },
    }),
  );
  /** Lines that the response has not reached. */
  private readonly pending = this.disposables.add(
    vscode.window.createTextEditorDecorationType({
      isWholeLine: true,
      opacity: '0.6',
      backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
    }),
  );
  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(private readonly editOf: (document: vscode.TextDocument) => InlineEdit | undefined) {
    this.disposables.add(vscode.languages.registerCodeLensProvider('*', this));
    this.disposables.add(vscode.window.onDidChangeVisibleTextEditors(() => this.draw()));
  }

  refresh(): void {
    this.changed.fire();
    this.draw();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const edit = this.editOf(document);
    if (edit === undefined) return [];
    const [first, ...others] = edit.views();
    if (first === undefined) return [];
    const lens = (title: l10n.LocalizedText, command: string): vscode.CodeLens =>
      createCodeLens(Math.min(first.first, document.lineCount - 1), title, command);
    if (edit.state === 'running') return [lens(l10n.t('Editing… Stop (Esc)'), commands.reject)];
    const accept = others.length > 0 ? l10n.t('Accept All (Tab)') : l10n.t('Accept (Tab)');
    return [
      lens(accept, commands.accept),
      lens(l10n.t('Reject (Esc)'), commands.reject),
      lens(l10n.t('Retry'), commands.retry),
      lens(l10n.t('Follow Up…'), commands.followUp),
      lens(l10n.t('Show Diff'), commands.showDiff),
      lens(l10n.t('Continue in Chat'), commands.continueInChat),
    ];
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const edit = this.editOf(editor.document);
      const views = edit?.views() ?? [];
      const hunks = views.flatMap(({ first, hunks: own }) => own.map((hunk) => ({ ...hunk, first: first + hunk.first })));
      const lines = (from: number, to: number): vscode.Range[] => (to > from ? [new vscode.Range(from, 0, to - 1, 0)] : []);
      editor.setDecorations(
        this.added,
        hunks.flatMap(({ first, added }) => lines(first, first + added)),
      );
      editor.setDecorations(
        this.removed,
        hunks.flatMap((hunk) => removedMarks(editor.document, hunk)),
      );
      editor.setDecorations(this.pending, edit?.state === 'running' ? views.flatMap(({ pending, end }) => lines(pending, end)) : []);
    }
  }
}

/** Removed lines are not in the document: beside each new line stands the line that it replaces; of more lines, how many. Hovers show all. */
function removedMarks(document: vscode.TextDocument, { first, added, removed }: Hunk): vscode.DecorationOptions[] {
  const language = document.languageId;
  const mark = (line: number, text: string): vscode.DecorationOptions =>
    createDecoration(document.lineAt(Math.min(line, document.lineCount - 1)).range, text, { code: removed.join('\n'), language });
  if (removed.length > Math.max(1, added)) return [mark(first, l10n.t('− {0} lines', removed.length))];
  return removed.flatMap((line, index) => (line.trim() === '' ? [] : [mark(first + index, `− ${truncate(line.trim(), maxRemoved)}`)]));
}
