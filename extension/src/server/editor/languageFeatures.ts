// Symbols, references, and renames from the language servers of the window.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import type {
  HostFileEdit,
  HostLocation,
  HostLocationsResult,
  HostReferencesParams,
  HostRenameParams,
  HostRenameResult,
  HostSymbolsParams,
} from '../../protocol/protocol.generated';
import { hashOf, isOfWorkspace, workspaceUri } from './workspaceDocuments';

const maxPlaces = 500;
const maxFiles = 500;
/** A starting language server returns nothing, without an error. Delays in milliseconds. */
const retryDelays = [500, 1500];

export async function findSymbols({ path, query }: HostSymbolsParams, token?: vscode.CancellationToken): Promise<HostLocationsResult> {
  if (path === undefined) return findInWorkspace(query ?? '', token);
  const document = await open(path);
  const found = await asked(() => symbolsOf(document.uri), token);
  const places = found.flatMap((symbol) => outline(document.uri, symbol, 0));
  return places.length > 0 ? cut(places, true) : cut([], await hasLanguageServer(document));
}

export async function findReferences(params: HostReferencesParams, token?: vscode.CancellationToken): Promise<HostLocationsResult> {
  const { document, position } = await locate(params);
  const find = finders[params.kind];
  const places = await asked(() => find(document.uri, position), token);
  return places.length > 0 ? cut(places, true) : cut([], await hasLanguageServer(document));
}

/** Returns the edits of a rename without applying them. */
export async function findRename(params: HostRenameParams): Promise<HostRenameResult> {
  const { document, position } = await locate(params);
  const none = (problem: string): HostRenameResult => ({ files: [], problem });
  let edit: vscode.WorkspaceEdit | undefined;
  try {
    edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit | undefined>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      position,
      params.newName,
    );
  } catch (error) {
    return none(`The language server did not rename ${params.symbol}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const entries = edit?.entries().filter(([, edits]) => edits.length > 0) ?? [];
  if (entries.length === 0)
    return none(
      (await hasLanguageServer(document))
        ? `The language server cannot rename ${params.symbol} there.`
        : `No language server answered for ${vscode.workspace.asRelativePath(document.uri)}. Edit the places that search finds instead.`,
    );
  if ((edit?.size ?? 0) > entries.length) return none('The rename would also create, rename or delete files, which is not supported.');
  if (entries.length > maxFiles) return none(`The rename would change ${entries.length} files, which is too many.`);
  const foreign = entries.find(([uri]) => !isOfWorkspace(uri));
  if (foreign !== undefined) return none(`The rename would change ${foreign[0].fsPath}, which is outside the workspace.`);
  return { files: await Promise.all(entries.map(([uri, edits]) => toFileEdit(uri, edits))) };
}

async function findInWorkspace(query: string, token?: vscode.CancellationToken): Promise<HostLocationsResult> {
  const found = await asked(
    () => vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>('vscode.executeWorkspaceSymbolProvider', query),
    token,
  );
  const inside = found.filter(({ location }) => isOfWorkspace(location.uri));
  const places = inside.map(({ name, kind, containerName, location }) => ({
    ...toPlace(location.uri, location.range),
    name,
    kind: kindOf(kind),
    container: containerName,
  }));
  if (places.length > 0) return cut(places, true);
  const [visible] = vscode.window.visibleTextEditors.filter(({ document }) => isOfWorkspace(document.uri));
  return cut([], found.length > 0 || (visible !== undefined && (await hasLanguageServer(visible.document))));
}

type Find = (uri: vscode.Uri, position: vscode.Position) => Promise<HostLocation[]>;

const finders: Record<HostReferencesParams['kind'], Find> = {
  references: (uri, position) => locations('vscode.executeReferenceProvider', uri, position),
  definition: (uri, position) => locations('vscode.executeDefinitionProvider', uri, position),
  implementation: (uri, position) => locations('vscode.executeImplementationProvider', uri, position),
  incomingCalls: (uri, position) =>
    calls(uri, position, async (item) =>
      (
        (await vscode.commands.executeCommand<vscode.CallHierarchyIncomingCall[] | undefined>('vscode.provideIncomingCalls', item)) ?? []
      ).flatMap(({ from, fromRanges }) => fromRanges.map((range) => toCall(from, range))),
    ),
  outgoingCalls: (uri, position) =>
    calls(uri, position, async (item) =>
      (
        (await vscode.commands.executeCommand<vscode.CallHierarchyOutgoingCall[] | undefined>('vscode.provideOutgoingCalls', item)) ?? []
      ).map(({ to }) => toCall(to, to.selectionRange)),
    ),
};

async function locations(command: string, uri: vscode.Uri, position: vscode.Position): Promise<HostLocation[]> {
  const found = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[] | undefined>(command, uri, position);
  return (found ?? []).map((place) =>
    'targetUri' in place ? toPlace(place.targetUri, place.targetSelectionRange ?? place.targetRange) : toPlace(place.uri, place.range),
  );
}

async function calls(
  uri: vscode.Uri,
  position: vscode.Position,
  follow: (item: vscode.CallHierarchyItem) => Promise<HostLocation[]>,
): Promise<HostLocation[]> {
  const items = await vscode.commands.executeCommand<vscode.CallHierarchyItem[] | undefined>('vscode.prepareCallHierarchy', uri, position);
  return (await Promise.all((items ?? []).map(follow))).flat();
}

function toCall({ uri, name, kind }: vscode.CallHierarchyItem, range: vscode.Range): HostLocation {
  return { ...toPlace(uri, range), name, kind: kindOf(kind) };
}

function toPlace(uri: vscode.Uri, { start, end }: vscode.Range): HostLocation {
  return { path: uri.fsPath, line: start.line + 1, endLine: end.line + 1, depth: 0 };
}

function cut(places: HostLocation[], hasLanguageServer: boolean): HostLocationsResult {
  return { locations: places.slice(0, maxPlaces), total: places.length, hasLanguageServer };
}

async function symbolsOf(uri: vscode.Uri): Promise<(vscode.DocumentSymbol | vscode.SymbolInformation)[]> {
  return (
    (await vscode.commands.executeCommand<(vscode.DocumentSymbol | vscode.SymbolInformation)[] | undefined>(
      'vscode.executeDocumentSymbolProvider',
      uri,
    )) ?? []
  );
}

function outline(uri: vscode.Uri, symbol: vscode.DocumentSymbol | vscode.SymbolInformation, depth: number): HostLocation[] {
  const range = 'range' in symbol ? symbol.range : symbol.location.range;
  const own = { ...toPlace(uri, range), name: symbol.name, kind: kindOf(symbol.kind), depth };
  return [own, ...('children' in symbol ? symbol.children.flatMap((child) => outline(uri, child, depth + 1)) : [])];
}

function kindOf(kind: vscode.SymbolKind): string {
  return vscode.SymbolKind[kind].replace(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase();
}

/** An empty result does not show whether a language server exists, so other features are checked. */
async function hasLanguageServer({ uri }: vscode.TextDocument): Promise<boolean> {
  if ((await symbolsOf(uri)).length > 0) return true;
  return (await vscode.commands.executeCommand<unknown>('vscode.provideDocumentSemanticTokensLegend', uri)) !== undefined;
}

/** Retries while a language server may be starting. */
async function asked<T>(ask: () => Thenable<T[] | undefined>, token?: vscode.CancellationToken): Promise<T[]> {
  for (const delay of retryDelays) {
    const found = await ask();
    if ((found !== undefined && found.length > 0) || token?.isCancellationRequested === true) return found ?? [];
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
  return (await ask()) ?? [];
}

async function open(path: string): Promise<vscode.TextDocument> {
  const uri = workspaceUri(path);
  if (uri === undefined) throw new Error(l10n.t('{0} is outside the workspace folder, or the folder isn’t trusted.', path));
  return vscode.workspace.openTextDocument(uri);
}

/** Finds a symbol by its text in a line; for `a.b`, the last part. */
async function locate(params: { path: string; line: number; symbol: string }): Promise<{
  document: vscode.TextDocument;
  position: vscode.Position;
}> {
  const document = await open(params.path);
  const name = vscode.workspace.asRelativePath(document.uri);
  if (params.line > document.lineCount) throw new Error(`${name} has only ${document.lineCount} lines.`);
  const text = document.lineAt(params.line - 1).text;
  const escaped = params.symbol.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const whole = new RegExp(`(?<![\\p{L}\\p{N}_$])${escaped}(?![\\p{L}\\p{N}_$])`, 'u').exec(text);
  const at = whole?.index ?? text.indexOf(params.symbol);
  if (at < 0) throw new Error(`${params.symbol} is not in line ${params.line} of ${name}. Read the file again for the line number.`);
  return { document, position: new vscode.Position(params.line - 1, at + params.symbol.lastIndexOf('.') + 1) };
}

async function toFileEdit(uri: vscode.Uri, edits: vscode.TextEdit[]): Promise<HostFileEdit> {
  const document = await vscode.workspace.openTextDocument(uri);
  return {
    path: uri.fsPath,
    hash: hashOf(document.getText().replace(/\r\n|\r/g, '\n')),
    edits: edits.map(({ range, newText }) => ({
      line: range.start.line + 1,
      column: range.start.character + 1,
      endLine: range.end.line + 1,
      endColumn: range.end.character + 1,
      text: newText,
    })),
  };
}
