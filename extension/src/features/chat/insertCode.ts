import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { showInformationMessage, showWarningMessage } from '../../infrastructure/window';

/** Tracks the last active text editor, because VS Code reports none while a chat has focus. */
export class LastEditor implements vscode.Disposable {
  private editor = vscode.window.activeTextEditor;
  private readonly subscription = vscode.window.onDidChangeActiveTextEditor((editor) => {
    if (editor !== undefined && isWritten(editor)) this.editor = editor;
  });

  /** Undefined after it was closed. */
  get current(): vscode.TextEditor | undefined {
    return this.editor?.document.isClosed === true ? undefined : this.editor;
  }

  /** Returns the selection as offsets if the editor shows this document. */
  selectionIn(document: vscode.TextDocument): { start: number; end: number } | undefined {
    const { current } = this;
    if (current?.document.uri.toString() !== document.uri.toString()) return undefined;
    const { start, end } = current.selection;
    return { start: document.offsetAt(start), end: document.offsetAt(end) };
  }

  /** Replaces the selection in one undo step. Without an editor, copies the text to the clipboard and shows a message. */
  async insert(text: string): Promise<void> {
    const editor = await this.shown();
    if (editor === undefined) {
      await vscode.env.clipboard.writeText(text);
      void showInformationMessage(l10n.t('No editor is open. The code was copied instead.'));
      return;
    }
    const done = await editor.edit((edit) => edit.replace(editor.selection, text));
    if (!done) {
      await vscode.env.clipboard.writeText(text);
      void showWarningMessage(l10n.t('The code could not be inserted into the editor. It was copied instead.'));
    }
  }

  dispose(): void {
    this.subscription.dispose();
  }

  /** An editor in a background tab is shown again with its selection. A closed editor is not reopened. */
  private async shown(): Promise<vscode.TextEditor | undefined> {
    const editor = this.current;
    if (editor === undefined) return undefined;
    return vscode.window.showTextDocument(editor.document, {
      viewColumn: editor.viewColumn,
      selection: editor.selection,
      preserveFocus: false,
    });
  }
}

/** Output panes and the sides of a diff, among others, are also editors, but code cannot be inserted there. */
function isWritten(editor: vscode.TextEditor): boolean {
  const { scheme } = editor.document.uri;
  return scheme === 'untitled' || vscode.workspace.fs.isWritableFileSystem(scheme) === true;
}
