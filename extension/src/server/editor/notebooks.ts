// Notebooks with unsaved changes. The sidecar sees the file text that VS Code would save.
import * as v from 'valibot';
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { change } from '../../common/textChange';
import type { HostWriteDocumentResult } from '../../protocol/protocol.generated';
import { hashOf, isOfWorkspace } from './workspaceDocuments';

/** VS Code reports a changed notebook before it marks it as unsaved or saved, without a second event. In milliseconds. */
export const notebookMs = 200;

const jupyter = 'jupyter-notebook';

/** The API that the built-in extension for notebooks exports. */
const serializer = v.object({
  exportNotebook: v.custom<(data: vscode.NotebookData) => Promise<string>>((given) => typeof given === 'function'),
});

const savedCell = v.looseObject({
  cell_type: v.string(),
  id: v.optional(v.string()),
  metadata: v.optional(v.looseObject({}), {}),
  outputs: v.optional(v.array(v.unknown()), []),
  source: v.union([
    v.string(),
    v.pipe(
      v.array(v.string()),
      v.transform((lines) => lines.join('')),
    ),
  ]),
});
const savedNotebook = v.pipe(v.string(), v.parseJson(), v.looseObject({ cells: v.array(savedCell) }));

type SavedCell = v.InferOutput<typeof savedCell>;

export function unsavedNotebooks(): vscode.NotebookDocument[] {
  return vscode.workspace.notebookDocuments.filter(isUnsavedNotebook);
}

export function isUnsavedNotebook(notebook: vscode.NotebookDocument): boolean {
  return notebook.isDirty && !notebook.isClosed && notebook.notebookType === jupyter && isOfWorkspace(notebook.uri);
}

/** Returns the text that saving the file would write. */
export async function notebookText(notebook: vscode.NotebookDocument): Promise<string> {
  const api = v.safeParse(serializer, await vscode.extensions.getExtension('vscode.ipynb')?.activate());
  if (!api.success) throw new Error(l10n.t('{0} has unsaved changes that this editor does not share. Save it first.', nameOf(notebook)));
  const data = new vscode.NotebookData(notebook.getCells().map(dataOf));
  data.metadata = notebook.metadata;
  return api.output.exportNotebook(data);
}

/** Replaces the cells that differ, as one undoable edit, and saves the notebook, unless it changed since it was read. */
export async function writeNotebook(
  notebook: vscode.NotebookDocument,
  expectedHash: string,
  text: string,
): Promise<HostWriteDocumentResult> {
  const { version } = notebook;
  const before = await notebookText(notebook);
  if (hashOf(before) !== expectedHash || notebook.version !== version) return { outcome: 'changed' };
  const { start, end, cells } = difference(cellsIn(notebook, before, before), cellsIn(notebook, text, before));
  const old = notebook.getCells().slice(start, end);
  const restored = old.map(dataOf);
  if (
    !(await replaceCells(
      notebook,
      start,
      old,
      cells.map((cell) => newData(notebook, cell)),
    ))
  )
    return { outcome: 'changed' };
  if (await notebook.save()) return { outcome: 'saved' };
  const now = notebook.getCells().slice(start, start + cells.length);
  if (await replaceCells(notebook, start, now, restored)) return { outcome: 'notSaved' };
  throw new Error(l10n.t('{0} was changed in the editor, but could not be saved.', nameOf(notebook)));
}

/** Returns the changed range: cells before `start` and from `end` on are unchanged. */
export function difference<T>(before: readonly T[], after: readonly T[]): { start: number; end: number; cells: readonly T[] } {
  const isSame = (one: T | undefined, other: T | undefined): boolean => JSON.stringify(one) === JSON.stringify(other);
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && isSame(before[start], after[start])) start++;
  let kept = 0;
  while (kept < shorter - start && isSame(before.at(-1 - kept), after.at(-1 - kept))) kept++;
  return { start, end: before.length - kept, cells: after.slice(start, after.length - kept) };
}

/** The editor cannot represent edits of anything but cells, so they are rejected instead of lost. */
function cellsIn(notebook: vscode.NotebookDocument, text: string, before: string): SavedCell[] {
  const [old, read] = [v.parse(savedNotebook, before), v.safeParse(savedNotebook, text)];
  const known = new Set(old.cells.map(withoutSource));
  const isKept = (cell: SavedCell): boolean =>
    known.has(withoutSource(cell)) || (cell.outputs.length === 0 && Object.keys(cell.metadata).length === 0);
  if (!read.success || withoutCells(read.output) !== withoutCells(old) || !read.output.cells.every(isKept))
    throw new Error(l10n.t('{0} has unsaved changes, so only the text of its cells can be changed. Save it first.', nameOf(notebook)));
  return read.output.cells;
}

function withoutSource(cell: SavedCell): string {
  return JSON.stringify({ ...cell, source: undefined });
}

function withoutCells(notebook: object): string {
  return JSON.stringify({ ...notebook, cells: undefined });
}

/** A cell whose text alone changes keeps its identity, outputs, and cursor. */
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

/** A cell with the ID of an existing cell keeps its outputs. */
function newData(notebook: vscode.NotebookDocument, cell: SavedCell): vscode.NotebookCellData {
  const isCode = cell.cell_type === 'code';
  const open = notebook.getCells();
  const same = cell.id === undefined ? undefined : open.find(({ metadata }) => metadata['id'] === cell.id);
  const sibling = same?.kind === vscode.NotebookCellKind.Code ? same : open.find(({ kind }) => kind === vscode.NotebookCellKind.Code);
  const data = new vscode.NotebookCellData(
    isCode ? vscode.NotebookCellKind.Code : vscode.NotebookCellKind.Markup,
    cell.source,
    isCode ? (sibling?.document.languageId ?? 'python') : 'markdown',
  );
  data.metadata = same?.metadata ?? (cell.id === undefined ? { metadata: {} } : { id: cell.id, metadata: {} });
  if (isCode && same !== undefined) data.outputs = [...same.outputs];
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
