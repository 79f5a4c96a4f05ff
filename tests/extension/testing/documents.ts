// Fake files and documents that behave as in VS Code: typed text is on disk only after it was saved.
import { setCells } from './notebooks';
import type { Uri } from './vscode';

/** File content on disk, by path, for VS Code's own functions. */
export const disk = new Map<string, string>();
/** Whether documents and files accept edits. */
export const editing = { isTaken: true };

export class Position {
  constructor(
    readonly line: number,
    readonly character: number,
  ) {}
}

export class Range {
  readonly start: Position;
  readonly end: Position;

  constructor(...places: [Position, Position] | [number, number, number, number]) {
    const [start, end] = places.length === 2 ? places : [new Position(places[0], places[1]), new Position(places[2], places[3])];
    this.start = start;
    this.end = end;
  }

  get isSingleLine(): boolean {
    return this.start.line === this.end.line;
  }

  contains(place: Position | Range): boolean {
    if (place instanceof Range) return this.contains(place.start) && this.contains(place.end);
    return !isBefore(place, this.start) && !isBefore(this.end, place);
  }
}

function isBefore(one: Position, other: Position): boolean {
  return one.line < other.line || (one.line === other.line && one.character < other.character);
}

/** The cursor is at its end. */
export class Selection extends Range {
  get active(): Position {
    return this.end;
  }

  get isEmpty(): boolean {
    return this.start.line === this.end.line && this.start.character === this.end.character;
  }
}

export class FakeDocument {
  isClosed = false;
  eol = 1;
  /** False for a file that cannot be saved. */
  isSaved = true;

  constructor(
    readonly uri: Uri,
    private text: string,
    /** True if there are unsaved changes. */
    public isDirty = false,
  ) {}

  getText(range?: Range): string {
    return range === undefined ? this.text : this.text.slice(this.offsetAt(range.start), this.offsetAt(range.end));
  }

  get lineCount(): number {
    return this.text.split('\n').length;
  }

  lineAt(line: number): { text: string } {
    return { text: this.text.split('\n')[line]?.replace(/\r$/, '') ?? '' };
  }

  validateRange({ start, end }: Range): Range {
    const valid = ({ line, character }: Position): Position => new Position(line, Math.min(character, this.lineAt(line).text.length));
    return new Range(valid(start), valid(end));
  }

  positionAt(offset: number): Position {
    const before = this.text.slice(0, offset).split('\n');
    return new Position(before.length - 1, before.at(-1)?.length ?? 0);
  }

  offsetAt({ line, character }: Position): number {
    return this.text.split('\n').slice(0, line).join('\n').length + (line > 0 ? 1 : 0) + character;
  }

  replace({ start, end }: Range, text: string): void {
    this.text = this.text.slice(0, this.offsetAt(start)) + text + this.text.slice(this.offsetAt(end));
    this.isDirty = true;
  }

  save(): Promise<boolean> {
    if (!this.isSaved) return Promise.resolve(false);
    disk.set(this.uri.path, this.text);
    this.isDirty = false;
    return Promise.resolve(true);
  }
}

/** The open documents; one is found by its file. */
export const documents: FakeDocument[] = [];

/** Returns the open document of a file on disk. */
export function documentOf(uri: Uri): FakeDocument | undefined {
  const open = documents.find((one) => one.uri.path === uri.path);
  const text = disk.get(uri.path);
  if (open !== undefined || text === undefined) return open;
  const document = new FakeDocument(uri, text);
  documents.push(document);
  return document;
}

export class WorkspaceEdit {
  private readonly changes: (() => void)[] = [];

  createFile(uri: Uri, { contents }: { contents: Uint8Array }): void {
    this.changes.push(() => disk.set(uri.path, new TextDecoder().decode(contents)));
  }

  set(uri: Uri, edits: Parameters<typeof setCells>[1]): void {
    this.changes.push(() => setCells(uri, edits));
  }

  replace(uri: Uri, range: Range, text: string): void {
    this.changes.push(() => documentOf(uri)?.replace(range, text));
  }

  apply(): boolean {
    if (editing.isTaken) for (const change of this.changes) change();
    return editing.isTaken;
  }
}

export class FakeEditor {
  viewColumn = 1;

  constructor(
    readonly document: FakeDocument,
    public selection: Range,
  ) {}

  revealRange(): void {
    // Not checked.
  }

  edit(change: (edit: { replace: (range: Range, text: string) => void }) => void): Promise<boolean> {
    if (editing.isTaken) change({ replace: (range, text) => this.document.replace(range, text) });
    return Promise.resolve(editing.isTaken);
  }
}

export function closeDocuments(): void {
  documents.length = 0;
  disk.clear();
  editing.isTaken = true;
}
