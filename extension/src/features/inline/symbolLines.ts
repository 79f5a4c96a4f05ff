// The lines of symbols, as the language extensions of VS Code report them.
import * as vscode from 'vscode';

/** Symbols with more lines are too long to rewrite. */
const maxRewritten = 80;
/** Milliseconds. The menu of actions waits for a language server at most so long. */
const menuTimeout = 500;
/** Lines around a problem that may change, without a symbol. */
const linesAround = 5;

/** The lines to rewrite at a place: those of the innermost symbol; without a language server or with a long symbol, some lines around. */
export async function linesToRewrite(document: vscode.TextDocument, range: vscode.Range): Promise<vscode.Range> {
  const isShort = ({ range: { start, end } }: vscode.DocumentSymbol): boolean => end.line - start.line < maxRewritten;
  const symbol = innermost(await symbolsOf(document), range, (one) => isShort(one) && isBlock(one));
  const first = Math.max(0, range.start.line - linesAround);
  const last = Math.min(document.lineCount - 1, range.end.line + linesAround);
  return symbol?.range ?? document.validateRange(new vscode.Range(first, 0, last, Number.MAX_SAFE_INTEGER));
}

/** The range of the innermost symbol at a place. */
export async function symbolAt(document: vscode.TextDocument, range: vscode.Range): Promise<vscode.Range | undefined> {
  return innermost(await symbolsOf(document), range, isBlock)?.range;
}

/**
 * The range of the innermost function, type, or the like at a position.
 * @param isAnywhere True if the position may be in the body, else only on the name.
 */
export async function codeAt(
  document: vscode.TextDocument,
  position: vscode.Position,
  isAnywhere: boolean,
): Promise<vscode.Range | undefined> {
  const place = new vscode.Range(position, position);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), menuTimeout)));
  const symbols = await Promise.race([symbolsOf(document), late]);
  clearTimeout(timer);
  const symbol = innermost(symbols ?? [], place, isCode);
  return symbol !== undefined && (isAnywhere || symbol.selectionRange.contains(position)) ? symbol.range : undefined;
}

async function symbolsOf({ uri }: vscode.TextDocument): Promise<vscode.DocumentSymbol[]> {
  const found = await vscode.commands.executeCommand<(vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined>(
    'vscode.executeDocumentSymbolProvider',
    uri,
  );
  return (found ?? []).flatMap((symbol) => ('children' in symbol ? [symbol] : []));
}

function innermost(
  symbols: readonly vscode.DocumentSymbol[],
  range: vscode.Range,
  fits: (symbol: vscode.DocumentSymbol) => boolean,
): vscode.DocumentSymbol | undefined {
  const symbol = symbols.find((one) => one.range.contains(range));
  if (symbol === undefined) return undefined;
  return innermost(symbol.children, range, fits) ?? (fits(symbol) ? symbol : undefined);
}

/** Symbols that have a body. A variable or property may be part of a statement. */
function isBlock(symbol: vscode.DocumentSymbol): boolean {
  const { Module, Namespace } = vscode.SymbolKind;
  return isCode(symbol) || [Module, Namespace].includes(symbol.kind) || !symbol.range.isSingleLine;
}

/** Not objects of JSON and headings of Markdown, which are modules and strings. */
function isCode({ kind, range }: vscode.DocumentSymbol): boolean {
  const { Class, Constant, Constructor, Enum, Field, Function, Interface, Method, Property, Struct, Variable } = vscode.SymbolKind;
  if ([Class, Constructor, Enum, Function, Interface, Method, Struct].includes(kind)) return true;
  return [Constant, Field, Property, Variable].includes(kind) && !range.isSingleLine;
}
