// Notebooks with unsaved changes. To the sidecar they are the text of their file, as VS Code would save it.
import * as v from 'valibot';
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { change } from '../../common/textChange';
import type { HostWriteDocumentResult } from '../../protocol/protocol.generated';
import { hashOf, isOfWorkspace } from './workspaceDocuments';

const jupyter = 'jupyter-notebook';

/** What the built-in extension for these files offers to others. */
const serializer = v.object({
  exportNotebook: v.custom<(data: vscode.NotebookData) => Promise<string>>((given) => typeof given === 'function'),
});

const savedCell = v.object({
  cell_type: v.string(),
  id: v.optional(v.string()),
  source: v.union([
    v.string(),
    v.pipe(
      v.array(v.string()),
      v.transform((lines) => lines.join('')),
    ),
  ]),
});
const savedCells = v.object({ cells: v.array(savedCell) });

type SavedCell = v.InferOutput<typeof savedCell>;

export function unsavedNotebooks(): vscode.NotebookDocument[] {
  return vscode.workspace.notebookDocuments.filter(isUnsavedNotebook);
}

export function isUnsavedNotebook(notebook: vscode.NotebookDocument): boolean {
  return notebook.isDirty && !notebook.isClosed && notebook.notebookType === jupyter && isOfWorkspace(notebook.uri);
}

/** The text of the file if it were saved now. */
export async function notebookText(notebook: vscode.NotebookDocument): Promise<string> {
  const api = v.safeParse(serializer, await vscode.extensions.getExtension('vscode.ipynb')?.activate());
  if (!api.success) throw new Error(l10n.t('{0} has unsaved changes that this editor does not share. Save it first.', nameOf(notebook)));
  const data = new vscode.NotebookData(notebook.getCells().map(dataOf));
  data.metadata = notebook.metadata;
  return api.output.exportNotebook(data);
}

/** Changes the cells that differ, as one undoable edit, and saves the notebook, but only if it is the one that was read. */
export async function writeNotebook(
  notebook: vscode.NotebookDocument,
  expectedHash: string,
  text: string,
): Promise<HostWriteDocumentResult> {
  const { version } = notebook;
  const before = await notebookText(notebook);
  if (hashOf(before) !== expectedHash || notebook.version !== version) return { outcome: 'changed' };
  const { start, end, cells } = difference(cellsIn(before), cellsIn(text));
  const old = notebook.getCells().slice(start, end);
  const restored = old.map(dataOf);
  if (
    !(await replaceCells(
      notebook,
      start,
      old,
      cells.map((cell, index) => newData(notebook, cell, old[index])),
    ))
  )
    return { outcome: 'changed' };
  if (await notebook.save()) return { outcome: 'saved' };
  const now = notebook.getCells().slice(start, start + cells.length);
  if (await replaceCells(notebook, start, now, restored)) return { outcome: 'notSaved' };
  throw new Error(l10n.t('{0} was changed in the editor, but could not be saved.', nameOf(notebook)));
}

/** The changed range: cells before `start` and from `end` on stay. */
export function difference(
  before: readonly SavedCell[],
  after: readonly SavedCell[],
): { start: number; end: number; cells: readonly SavedCell[] } {
  const isSame = (one: SavedCell | undefined, other: SavedCell | undefined): boolean => JSON.stringify(one) === JSON.stringify(other);
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSame(before[start], after[start])) start++;
  let kept = 0;
  while (kept < shorter - start && isSame(before.at(-1 - kept), after.at(-1 - kept))) kept++;
  return { start, end: before.length - kept, cells: after.slice(start, after.length - kept) };
}

function cellsIn(text: string): SavedCell[] {
  return v.parse(savedCells, JSON.parse(text)).cells.map(({ cell_type, id, source }) => ({ cell_type, id, source }));
}

/** A cell that only gets another text keeps its identity, outputs, and cursor. */
function replaceCells(
  notebook: vscode.NotebookDocument,
  start: number,
  old: readonly vscode.NotebookCell[],
  cells: readonly vscode.NotebookCellData[],
): Thenable<boolean> {
  const edit = new vscode.WorkspaceEdit();
  const [only] = old;
  const [data] = cells;
  if (only !== undefined && data !== undefined && old.length === 1 && cells.length === 1 && only.kind === data.kind) {
    const { document } = only;
    const changed = change(document.getText(), data.value);
    edit.replace(document.uri, new vscode.Range(document.positionAt(changed.start), document.positionAt(changed.end)), changed.text);
  } else {
    const range = new vscode.NotebookRange(start, start + old.length);
    edit.set(notebook.uri, [vscode.NotebookEdit.replaceCells(range, [...cells])]);
  }
  return vscode.workspace.applyEdit(edit);
}

function newData(notebook: vscode.NotebookDocument, cell: SavedCell, old: vscode.NotebookCell | undefined): vscode.NotebookCellData {
  const isCode = cell.cell_type === 'code';
  const codeLanguage = notebook.getCells().find(({ kind }) => kind === vscode.NotebookCellKind.Code)?.document.languageId ?? 'python';
  const data = new vscode.NotebookCellData(
    isCode ? vscode.NotebookCellKind.Code : vscode.NotebookCellKind.Markup,
    cell.source,
    isCode ? (old?.kind === vscode.NotebookCellKind.Code ? old.document.languageId : codeLanguage) : 'markdown',
  );
  data.metadata = cell.id === undefined ? { metadata: {} } : { id: cell.id, metadata: {} };
  return data;
}

function dataOf(cell: vscode.NotebookCell): vscode.NotebookCellData {
  const data = new vscode.NotebookCellData(cell.kind, cell.document.getText(), cell.document.languageId);
  data.metadata = cell.metadata;
  data.outputs = [...cell.outputs];
  if (cell.executionSummary !== undefined) data.executionSummary = cell.executionSummary;
  return data;
}

function nameOf({ uri }: vscode.NotebookDocument): string {
  return vscode.workspace.asRelativePath(uri);
}
