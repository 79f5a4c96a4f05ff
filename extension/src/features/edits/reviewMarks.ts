// Marks changes under review in editors and shows actions above each change.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { createCodeLens } from '../../infrastructure/window';
import type { FileEditView } from '../../protocol/protocol.generated';
import { commands } from './commands';
import { linesOf } from './hunks';

export class ReviewMarks implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  private readonly pending = this.disposables.add(mark('editorGutter.modifiedBackground'));
  private readonly conflicts = this.disposables.add(mark('editorWarning.foreground'));
  readonly onDidChangeCodeLenses = this.changed.event;

  /** @param filesAt Returns the files under review for a URI. */
  constructor(private readonly filesAt: (uri: vscode.Uri) => readonly FileEditView[]) {
    this.disposables.add(vscode.languages.registerCodeLensProvider({ scheme: 'file' }, this));
    this.disposables.add(vscode.window.onDidChangeVisibleTextEditors(() => this.draw()));
    this.disposables.add(vscode.workspace.onDidSaveTextDocument(() => this.refresh()));
    this.disposables.add(vscode.workspace.onDidChangeTextDocument(({ document }) => (document.isDirty ? this.refresh() : undefined)));
  }

  refresh(): void {
    this.changed.fire();
    this.draw();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    // The lines are those of the file on disk.
    if (document.isDirty) return [];
    return this.filesAt(document.uri).flatMap(({ codexId, path, folder, hunks }) =>
      hunks.flatMap((hunk) => {
        const { first } = linesOf(hunk, document.lineCount);
        const given = [{ codexId, path, folder, hunkId: hunk.id }];
        const keep = createCodeLens(first, l10n.t('Keep'), commands.acceptChange, given);
        if (hunk.isConflict) return [keep];
        return [keep, createCodeLens(first, l10n.t('Undo'), commands.rejectChange, given)];
      }),
    );
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private draw(): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const { document } = editor;
      if (document.uri.scheme !== 'file') continue;
      const hunks = document.isDirty ? [] : this.filesAt(document.uri).flatMap((file) => file.hunks);
      const ranges = (isConflict: boolean): vscode.Range[] =>
        hunks
          .filter((hunk) => hunk.isConflict === isConflict)
          .map((hunk) => linesOf(hunk, document.lineCount))
          .map(({ first, last }) => new vscode.Range(first, 0, last, 0));
      editor.setDecorations(this.pending, ranges(false));
      editor.setDecorations(this.conflicts, ranges(true));
    }
  }
}

function mark(color: string): vscode.TextEditorDecorationType {
  return vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    borderStyle: 'solid',
    borderWidth: '0 0 0 2px',
    borderColor: new vscode.ThemeColor(color),
    overviewRulerColor: new vscode.ThemeColor(color),
    overviewRulerLane: vscode.OverviewRulerLane.Left,
  });
}
