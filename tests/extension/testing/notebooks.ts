// Fake notebooks. Their file is JSON with the texts of the cells.
import { disk, documents, editing, FakeDocument } from './documents';
import { Uri } from './vscode';

export const NotebookCellKind = { Markup: 1, Code: 2 };

export class NotebookRange {
  constructor(
    readonly start: number,
    readonly end: number,
  ) {}
}

export class NotebookCellData {
  metadata: { id?: string } = {};
  outputs: FakeOutput[] = [];
  executionSummary: unknown;

  constructor(
    readonly kind: number,
    readonly value: string,
    readonly languageId: string,
  ) {}
}

export class NotebookData {
  metadata: unknown;

  constructor(readonly cells: NotebookCellData[]) {}
}

interface CellEdit {
  range: NotebookRange;
  cells: NotebookCellData[];
}

export const NotebookEdit = {
  replaceCells: (range: NotebookRange, cells: NotebookCellData[]): CellEdit => ({ range, cells }),
};

export interface FakeOutput {
  items: { mime: string; data: Uint8Array }[];
}

export interface FakeCell {
  readonly notebook: FakeNotebook;
  readonly index: number;
  readonly kind: number;
  readonly document: FakeDocument;
  metadata: { id?: string };
  outputs: FakeOutput[];
  executionSummary: unknown;
}

export interface NotebookChange {
  notebook: FakeNotebook;
  cellChanges: { cell: FakeCell; executionSummary?: unknown; outputs?: unknown }[];
}

export const notebooks: FakeNotebook[] = [];
export const shownNotebooks: string[] = [];

let made = 0;

export class FakeNotebook {
  readonly notebookType = 'jupyter-notebook';
  readonly metadata = {};
  isClosed = false;
  /** False for a file that cannot be saved. */
  isSaved = true;
  version = 1;
  private cells: FakeCell[] = [];

  constructor(
    readonly uri: Uri,
    cells: NotebookCellData[],
    public isDirty = false,
  ) {
    this.replaceCells({ range: new NotebookRange(0, 0), cells });
    this.isDirty = isDirty;
  }

  get cellCount(): number {
    return this.cells.length;
  }

  getCells(): FakeCell[] {
    return [...this.cells];
  }

  cellAt(index: number): FakeCell | undefined {
    return this.cells[index];
  }

  replaceCells({ range, cells }: CellEdit): void {
    this.cells.splice(range.start, range.end - range.start, ...cells.map((data) => this.cellOf(data)));
    this.isDirty = true;
    this.version++;
  }

  save(): Promise<boolean> {
    if (!this.isSaved) return Promise.resolve(false);
    disk.set(this.uri.path, exportNotebook(this));
    this.isDirty = false;
    return Promise.resolve(true);
  }

  private cellOf({ kind, value, languageId, metadata, outputs, executionSummary }: NotebookCellData): FakeCell {
    const uri = Uri.from({ scheme: 'vscode-notebook-cell', path: `${this.uri.path}#${made++}` });
    const document = Object.assign(new FakeDocument(uri, value), { languageId });
    documents.push(document);
    const indexOf = (): number => this.cells.findIndex((cell) => cell.document === document);
    return {
      notebook: this,
      get index(): number {
        return indexOf();
      },
      kind,
      document,
      metadata,
      outputs,
      executionSummary,
    };
  }
}

/** Returns the file content of a notebook. */
export function exportNotebook(notebook: FakeNotebook): string {
  return textOf(notebook.getCells().map(({ kind, document, metadata }) => ({ kind, value: document.getText(), metadata })));
}

/** The API of VS Code's built-in extension. */
export const ipynb = {
  exportNotebook: ({ cells }: NotebookData): Promise<string> => Promise.resolve(textOf(cells)),
};

export function setCells(notebook: { path: string }, edits: readonly CellEdit[]): void {
  for (const edit of edits) if (editing.isTaken) notebooks.find(({ uri }) => uri.path === notebook.path)?.replaceCells(edit);
}

export function closeNotebooks(): void {
  notebooks.length = 0;
  shownNotebooks.length = 0;
}

function textOf(cells: readonly { kind: number; value: string; metadata: { id?: string } }[]): string {
  const saved = cells.map(({ kind, value, metadata }) => ({
    cell_type: kind === NotebookCellKind.Code ? 'code' : 'markdown',
    id: metadata.id,
    source: value.split(/(?<=\n)/),
  }));
  return JSON.stringify({ cells: saved, nbformat: 4, nbformat_minor: 5 });
}
