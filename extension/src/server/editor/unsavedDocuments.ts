// Documents with unsaved changes: the sidecar gets their paths, reads their text, and edits them here instead of on disk.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { change } from '../../common/textChange';
import { Disposables } from '../../infrastructure/disposables';
import type {
  HostReadDocumentParams,
  HostReadDocumentResult,
  HostWriteDocumentParams,
  HostWriteDocumentResult,
} from '../../protocol/protocol.generated';
import { notebookMs, notebookText, unsavedNotebooks, writeNotebook } from './notebooks';
import { hashOf, isOfWorkspace } from './workspaceDocuments';

/** Minimum milliseconds between two lists, because a rename changes thousands of documents one by one. */
const pause = 50;

/** Sends the paths of all documents with unsaved changes when that list changes. Saved documents cost nothing. */
export class UnsavedDocuments implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private paths = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private notebookTimer: ReturnType<typeof setTimeout> | undefined;
  private isChanged = false;

  constructor(private readonly send: (paths: string[]) => void) {
    const look = (document: vscode.TextDocument): void => {
      if (isOfWorkspace(document.uri)) this.mark(document.uri, isUnsaved(document));
    };
    const checkAll = (): void => this.checkAll();
    const checkNotebook = (): void => {
      this.checkAll();
      this.notebookTimer = setTimeout(checkAll, notebookMs);
    };
    this.disposables.add(vscode.workspace.onDidChangeTextDocument(({ document }) => look(document)));
    this.disposables.add(vscode.workspace.onDidSaveTextDocument(look));
    this.disposables.add(vscode.workspace.onDidOpenTextDocument(look));
    this.disposables.add(vscode.workspace.onDidCloseTextDocument(look));
    this.disposables.add(vscode.workspace.onDidGrantWorkspaceTrust(checkAll));
    this.disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(checkAll));
    this.disposables.add(vscode.workspace.onDidChangeNotebookDocument(checkNotebook));
    this.disposables.add(vscode.workspace.onDidSaveNotebookDocument(checkNotebook));
    this.disposables.add(vscode.workspace.onDidCloseNotebookDocument(checkAll));
    this.checkAll();
    // Send an empty list, too: it informs the sidecar that there is an editor.
    if (this.paths.size === 0) this.report();
  }

  dispose(): void {
    clearTimeout(this.timer);
    clearTimeout(this.notebookTimer);
    this.disposables.dispose();
  }

  private checkAll(): void {
    clearTimeout(this.notebookTimer);
    this.notebookTimer = undefined;
    const unsaved = [...vscode.workspace.textDocuments.filter(isUnsaved), ...unsavedNotebooks()].map(({ uri }) => uri.fsPath);
    if (unsaved.length === this.paths.size && unsaved.every((path) => this.paths.has(path))) return;
    this.paths = new Set(unsaved);
    this.report();
  }

  private mark({ fsPath }: vscode.Uri, isUnsavedNow: boolean): void {
    if (this.paths.has(fsPath) === isUnsavedNow) return;
    if (isUnsavedNow) this.paths.add(fsPath);
    else this.paths.delete(fsPath);
    this.report();
  }

  /** Sends immediately unless a list was sent recently, so that the first change is known before anything is written. */
  private report(): void {
    this.isChanged = true;
    if (this.timer !== undefined) return;
    this.isChanged = false;
    this.send([...this.paths]);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.isChanged) this.report();
    }, pause);
  }
}

export async function readDocument({ path }: HostReadDocumentParams): Promise<HostReadDocumentResult> {
  const notebook = notebookAt(path);
  return { text: notebook === undefined ? unsavedAt(path)?.getText() : await notebookText(notebook) };
}

/** Replaces the text as one undoable edit and saves it, unless it changed since it was read. */
export async function writeDocument({ path, expectedHash, text }: HostWriteDocumentParams): Promise<HostWriteDocumentResult> {
  const notebook = notebookAt(path);
  if (notebook !== undefined) return writeNotebook(notebook, expectedHash, text);
  const document = unsavedAt(path);
  if (document === undefined) return { outcome: 'notUnsaved' };
  const before = document.getText();
  if (hashOf(before) !== expectedHash) return { outcome: 'changed' };
  const after = withLineEndsOf(document, text);
  // VS Code rejects an edit if the document changed meanwhile.
  if (!(await replace(document, after))) return { outcome: 'changed' };
  if (await saved(document)) return { outcome: 'saved' };
  if (document.getText() === after && (await replace(document, before))) return { outcome: 'notSaved' };
  throw new Error(l10n.t('{0} was changed in the editor, but could not be saved.', vscode.workspace.asRelativePath(document.uri)));
}

function isUnsaved(document: vscode.TextDocument): boolean {
  return document.isDirty && !document.isClosed && isOfWorkspace(document.uri);
}

function unsavedAt(path: string): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find((document) => document.uri.fsPath === path && isUnsaved(document));
}

function notebookAt(path: string): vscode.NotebookDocument | undefined {
  return unsavedNotebooks().find(({ uri }) => uri.fsPath === path);
}

function replace(document: vscode.TextDocument, after: string): Thenable<boolean> {
  const { start, end, text } = change(document.getText(), after);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(start), document.positionAt(end)), text);
  return vscode.workspace.applyEdit(edit);
}

/** A document has one kind of line ending. */
function withLineEndsOf(document: vscode.TextDocument, text: string): string {
  return text.replace(/\r\n|\r|\n/g, document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n');
}

async function saved(document: vscode.TextDocument): Promise<boolean> {
  try {
    return await document.save();
  } catch {
    // The editor shows the reason.
    return false;
  }
}
