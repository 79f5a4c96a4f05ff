import { beforeEach, expect, test, vi } from 'vitest';
import * as vscode from 'vscode';
import { codeAt, linesToRewrite, symbolAt } from '../../../../extension/src/features/inline/symbolLines';
import { commandAnswers, disk, reset } from '../../testing/vscode';

interface Symbol {
  kind: vscode.SymbolKind;
  range: vscode.Range;
  selectionRange: vscode.Range;
  children: Symbol[];
}

let document: vscode.TextDocument;

/** Its name is in the first line, from 6 to 10. */
function symbol(kind: vscode.SymbolKind, first: number, last: number, ...children: Symbol[]): Symbol {
  return { kind, range: new vscode.Range(first, 0, last, 6), selectionRange: new vscode.Range(first, 6, first, 10), children };
}

const cursor = (line: number, character = 0): vscode.Range => new vscode.Range(line, character, line, character);

beforeEach(async () => {
  reset();
  disk.set('/a.ts', Array.from({ length: 200 }, (_, line) => `line ${line}`).join('\n'));
  document = await vscode.workspace.openTextDocument(vscode.Uri.file('/a.ts'));
  const method = symbol(vscode.SymbolKind.Method, 12, 20, symbol(vscode.SymbolKind.Variable, 14, 14));
  const symbols = [
    symbol(vscode.SymbolKind.Class, 10, 110, method, symbol(vscode.SymbolKind.Property, 30, 30)),
    symbol(vscode.SymbolKind.Module, 120, 130),
    symbol(vscode.SymbolKind.Constant, 140, 144),
  ];
  commandAnswers.set('vscode.executeDocumentSymbolProvider', () => symbols);
});

test.each([
  ['a variable of a method is in the method', 14, [12, 20]],
  ['a property of one line is in its class', 30, [10, 110]],
  ['an object of several lines', 125, [120, 130]],
  ['no symbol', 150, undefined],
])('The symbol at the cursor: %s', async (_, line, lines) => {
  const range = await symbolAt(document, cursor(line));
  expect(range === undefined ? undefined : [range.start.line, range.end.line]).toEqual(lines);
});

test.each([
  ['on its name', 12, 7, false, [12, 20]],
  ['in its body, if the user asked', 15, 0, true, [12, 20]],
  ['in its body', 15, 0, false, undefined],
  ['on the name of a constant with a body', 140, 6, false, [140, 144]],
  ['on an object of JSON', 120, 7, true, undefined],
])('Actions for code: %s', async (_, line, character, isAnywhere, lines) => {
  const range = await codeAt(document, new vscode.Position(line, character), isAnywhere);
  expect(range === undefined ? undefined : [range.start.line, range.end.line]).toEqual(lines);
});

test.each([
  ['the innermost symbol', 14, [12, 20]],
  ['some lines around, in a symbol that is too long', 60, [55, 65]],
  ['some lines around, without a symbol', 150, [145, 155]],
])('Lines to rewrite: %s', async (_, line, lines) => {
  const { start, end } = await linesToRewrite(document, cursor(line));
  expect([start.line, end.line]).toEqual(lines);
});

test('Without a language server there is no symbol', async () => {
  commandAnswers.set('vscode.executeDocumentSymbolProvider', () => undefined);
  expect(await symbolAt(document, cursor(14))).toBeUndefined();
  expect(await codeAt(document, new vscode.Position(12, 7), true)).toBeUndefined();
});

test('A language server that does not respond does not keep the other actions waiting', async () => {
  commandAnswers.set('vscode.executeDocumentSymbolProvider', () => new Promise(() => undefined));
  vi.useFakeTimers();
  try {
    const found = codeAt(document, new vscode.Position(12, 7), true);
    await vi.advanceTimersByTimeAsync(500);
    expect(await found).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});
