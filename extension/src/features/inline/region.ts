// Whole lines of a document that an inline edit rewrites, with their line breaks.
import * as vscode from 'vscode';
import { type Hunk, lineDiff } from './lineDiff';
import { LineMerge } from './lineMerge';
import type { Selection } from './request';
import { lineChange, moveSpan, type Span, type TextChange, touches } from './span';

export interface RegionView {
  /** First line, and the line after the last. */
  first: number;
  end: number;
  hunks: readonly Hunk[];
  /** First line that the response has not reached. */
  pending: number;
}

export class Region {
  readonly original: string;
  /** Text when the current response began. */
  base: string;
  /** True if the user changed the text since the last response. */
  isEdited = false;
  private span: Span;
  /** Differences to the original text, of a complete response. */
  private hunks: readonly Hunk[] = [];
  private merge = new LineMerge([]);
  /** Start of the line that arrives. */
  private partial = '';
  /** True once the response has a block for the region. */
  private hasBlock = false;

  constructor(
    private readonly document: vscode.TextDocument,
    /** The span before the edit. */
    private readonly place: Span,
  ) {
    this.span = place;
    this.original = this.base = this.text;
  }

  get text(): string {
    return this.document.getText(this.rangeOf(this.span));
  }

  get start(): vscode.Position {
    return this.document.positionAt(this.span.start);
  }

  get selection(): Selection {
    return { lines: linesOf(this.text), first: this.start.line + 1 };
  }

  view(isRunning: boolean): RegionView {
    const { merge, partial, hunks } = this;
    const first = this.start.line;
    return {
      first,
      end: this.endLine,
      hunks: isRunning ? merge.added.map((line) => ({ first: line, added: 1, removed: [] })) : hunks,
      pending: first + merge.count + (merge.lines(partial).length - merge.lines().length),
    };
  }

  contains({ start, end }: vscode.Selection): boolean {
    const first = this.start.line;
    return end.line >= first && start.line < Math.max(this.endLine, first + 1);
  }

  /** Begins a response, which rewrites the current text. */
  begin(): void {
    this.base = this.text;
    this.isEdited = false;
    this.restart();
  }

  /** The response begins again. */
  restart(): void {
    this.merge = new LineMerge(linesOf(this.base));
    this.partial = '';
    this.hasBlock = false;
  }

  /** Adds a complete line of the response. */
  add(line: string): void {
    this.merge.push(line);
  }

  /** @param partial Start of the next line. */
  reach(hasBlock: boolean, partial: string): void {
    this.hasBlock = hasBlock;
    this.partial = partial;
  }

  /** The text with the lines that have arrived. */
  get streamed(): string {
    return this.hasBlock ? this.joined(this.merge.lines(this.partial)) : this.text;
  }

  /** The text with the lines of a complete response. What is shown is the difference to the text before the edit, also after a follow-up. */
  completed(lines: readonly string[]): string {
    this.hunks = lineDiff(linesOf(this.original), lines);
    return this.joined(lines);
  }

  /** Compares the text with the original. */
  compare(): void {
    this.hunks = lineDiff(linesOf(this.original), linesOf(this.text));
  }

  /** Undefined if the region has the text. */
  changeTo(text: string): TextChange | undefined {
    const now = this.text;
    if (now === text) return undefined;
    const change = lineChange(now, text);
    return { rangeOffset: this.span.start + change.start, rangeLength: change.end - change.start, text: change.text };
  }

  /** Moves by an own change. @returns The change of the length. */
  resize(shift: number, length: number): number {
    const { start, end } = this.span;
    this.span = { start: start + shift, end: start + shift + length };
    return length - (end - start);
  }

  /** Moves by a change of others. @returns True if it concerns the text. */
  follow(change: TextChange, isUndo: boolean): boolean {
    const isInside = touches(this.span, change, isUndo);
    this.isEdited ||= isInside;
    this.span = moveSpan(this.span, change, isUndo);
    return isInside;
  }

  /** The document has the text before the edit. */
  reset(): void {
    this.span = this.place;
  }

  private get endLine(): number {
    const { start, end } = this.span;
    const last = this.document.positionAt(end);
    return end === start || last.character > 0 ? last.line + 1 : last.line;
  }

  private rangeOf({ start, end }: Span): vscode.Range {
    return new vscode.Range(this.document.positionAt(start), this.document.positionAt(end));
  }

  /** Text without a line break at its end is the end of the document. */
  private joined(lines: readonly string[]): string {
    const eol = this.document.eol === vscode.EndOfLine.CRLF ? '\r\n' : '\n';
    return lines.join(eol) + (lines.length > 0 && this.base.endsWith('\n') ? eol : '');
  }
}

/** Lines without line breaks. */
export function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** A selection that ends at the start of a line does not include that line. */
export function wholeLines(document: vscode.TextDocument, { start, end }: vscode.Range): Span {
  const last = end.character === 0 && end.line > start.line ? end.line - 1 : end.line;
  const next = new vscode.Position(last + 1, 0);
  return {
    start: document.offsetAt(new vscode.Position(start.line, 0)),
    end: last + 1 < document.lineCount ? document.offsetAt(next) : document.offsetAt(document.lineAt(last).range.end),
  };
}
