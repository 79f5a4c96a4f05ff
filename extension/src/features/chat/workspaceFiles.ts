// The files of the workspace folders for @ mentions. Scans the folders once, and again after changes.
import { sep } from 'node:path';
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { relativePathInside } from '../../infrastructure/insideFolder';
import { firstFolder, hasSeveralFolders, outerFolders, workspacePath } from '../../infrastructure/workspaceFolders';
import { formatInteger } from '../../common/format';
import type { FileHit } from '../../common/messages/chatComposer';
import { exclusions } from './exclusions';
import { bestFiles, type NamedFile } from './fileOrder';
import { walkFolder } from './folderWalk';
import type { LastEditor } from './insertCode';

export interface FoundFiles {
  files: FileHit[];
  /** Explains why files are missing. */
  note?: string;
}

/** One scan of the folders, growing while it runs. */
interface Reading {
  /** Identifies the scanned folders. */
  key: string;
  files: NamedFile[];
  /** Folders that contain files, by path. */
  folders: Map<string, NamedFile>;
  /** Files and folders deleted since the last query. */
  gone: Set<string>;
  isDone: boolean;
  isCancelled: boolean;
  done: Promise<void>;
}

/** Maximum number of files. */
const maxFiles = 100_000;
const maxHits = 40;
/** Maximum milliseconds to wait for a running scan. */
const readTimeout = 200;

export class WorkspaceFiles implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly read = this.disposables.add(new vscode.EventEmitter<void>());
  private reading: Reading | undefined;

  private watchers: vscode.FileSystemWatcher[] = [];

  /** Fires when a scan found more files. */
  readonly onDidRead = this.read.event;

  constructor(private readonly lastEditor: LastEditor) {
    const forget = (): void => this.forget();
    this.disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(forget));
    this.disposables.add(
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('files.exclude') || change.affectsConfiguration('search.exclude')) forget();
      }),
    );
  }

  /** The first workspace folder; undefined if none is on disk. */
  get folder(): string | undefined {
    return firstFolder();
  }

  /** @param symbols Symbols to rank together with the files. */
  async find(text: string, symbols: readonly FileHit[] = []): Promise<FoundFiles> {
    if (this.folder === undefined) return { files: [], note: l10n.t('No folder is open. Open a folder to attach its files.') };
    if (!vscode.workspace.isTrusted) return { files: [], note: l10n.t('This folder isn’t trusted, so Plue won’t open its files.') };
    const reading = this.currentReading();
    await Promise.race([reading.done, new Promise((resolve) => setTimeout(resolve, readTimeout))]);
    const open = this.openPaths();
    const isOpen = new Set(open);
    removeDeleted(reading);
    const bySymbol = new Map(
      symbols.map((hit): [NamedFile, FileHit] => [{ path: hit.name ?? '', name: hit.name ?? '', isOpen: false }, hit]),
    );
    const all = [
      ...open.map((path) => named(path, true)),
      ...sources,
      ...bySymbol.keys(),
      ...reading.folders.values(),
      ...reading.files.filter(({ path }) => !isOpen.has(path)),
    ];
    const hits = bestFiles(text, all, maxHits).map((file): FileHit => bySymbol.get(file) ?? this.hit(file));
    const selection = this.selection();
    const files = selection !== undefined && 'selection'.startsWith(text) ? [selection, ...hits] : hits;
    const note = noteFor(reading, files.length);
    return { files, ...(note === undefined ? {} : { note }) };
  }

  /** Returns the paths of the files in a folder, without ignored files. */
  async in(path: string): Promise<string[]> {
    if (this.folder === undefined) return [];
    const reading = this.currentReading();
    await reading.done;
    removeDeleted(reading);
    return reading.files.flatMap((file) => (file.path.startsWith(`${path}/`) ? [file.path] : []));
  }

  /** The selected lines of the last active editor; undefined if there is no selection. */
  selection(): FileHit | undefined {
    const editor = this.lastEditor.current;
    if (editor === undefined || editor.selection.isEmpty || editor.document.uri.scheme !== 'file') return undefined;
    const { start, end } = editor.selection;
    // A selection that ends at the start of a line does not include that line.
    const last = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
    return {
      path: this.pathOf(editor.document.uri),
      range: { start: start.line + 1, end: last },
      kind: 'selection',
      ...(editor.document.isDirty ? { isUnsaved: true } : {}),
    };
  }

  /** Returns the path in the workspace, with /, or the full path of other files. */
  pathOf(uri: vscode.Uri): string {
    return workspacePath(uri);
  }

  dispose(): void {
    this.forget();
    this.disposables.dispose();
  }

  private hit({ path, isOpen, isSource, isFolder }: NamedFile): FileHit {
    if (isSource === true) return { path, kind: 'source' };
    if (isFolder === true) return { path, kind: 'folder' };
    const isUnsaved = vscode.workspace.textDocuments.some(({ isDirty, uri }) => isDirty && this.pathOf(uri) === path);
    return { path, kind: isOpen ? 'open' : 'file', ...(isUnsaved ? { isUnsaved } : {}) };
  }

  /** Returns the files of open tabs in this folder, active tabs first. */
  private openPaths(): string[] {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const paths = tabs
      .sort((one, other) => Number(other.isActive) - Number(one.isActive))
      .flatMap(({ input }) => (input instanceof vscode.TabInputText && input.uri.scheme === 'file' ? [this.pathOf(input.uri)] : []));
    return [...new Set(paths)].filter((path) => !/^(?:[/\\]|[a-z]:)/iu.test(path));
  }

  private currentReading(): Reading {
    const folders = outerFolders();
    const key = JSON.stringify(folders);
    if (this.reading?.key === key && !this.reading.isCancelled) return this.reading;
    const reading: Reading = {
      key,
      files: [],
      folders: new Map(),
      gone: new Set(),
      isDone: false,
      isCancelled: false,
      done: Promise.resolve(),
    };
    this.stopWatching();
    const walks = folders.map(
      ({ path, name }) =>
        () =>
          this.walk(reading, path, hasSeveralFolders() ? `${name}/` : ''),
    );
    reading.done = walks
      .reduce((before, walk) => before.then(walk), Promise.resolve())
      .then(() => {
        reading.isDone = true;
        if (!reading.isCancelled) this.read.fire();
      });
    return (this.reading = reading);
  }

  /** @param start The prefix of each path. */
  private walk(reading: Reading, folder: string, start: string): Promise<void> {
    if (reading.isCancelled) return Promise.resolve();
    const configuration = vscode.workspace.getConfiguration(undefined, vscode.Uri.file(folder));
    const isExcluded = exclusions(configuration.get('files.exclude'), configuration.get('search.exclude'));
    this.watch(reading, folder, isExcluded);
    return walkFolder(folder, {
      isExcluded,
      found: (relativePath) => {
        const path = start + relativePath;
        reading.files.push(named(path));
        addFolders(reading.folders, path);
        if (reading.files.length % 5_000 === 0) this.read.fire();
      },
      isCancelled: () => reading.isCancelled || reading.files.length >= maxFiles,
    });
  }

  /** Deleted files are removed. New files may be ignored, so they cause another scan. */
  private watch(reading: Reading, folder: string, isExcluded: (path: string) => boolean): void {
    const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, '**/*'));
    this.watchers.push(watcher);
    watcher.onDidCreate((uri) => {
      const path = (relativePathInside(uri.fsPath, folder) ?? uri.fsPath).replaceAll(sep, '/');
      if (!isExcluded(path) && !path.split('/').includes('.git')) this.forget();
    });
    watcher.onDidChange((uri) => {
      if (/[/\\]\.(?:git)?ignore$/u.test(uri.fsPath)) this.forget();
    });
    watcher.onDidDelete((uri) => {
      reading.gone.add(this.pathOf(uri));
    });
  }

  private forget(): void {
    if (this.reading !== undefined) this.reading.isCancelled = true;
    this.reading = undefined;
    this.stopWatching();
  }

  private stopWatching(): void {
    for (const watcher of this.watchers.splice(0)) watcher.dispose();
  }
}

/** Keywords for texts that are not files. */
const sources = (['problems', 'changes', 'terminal', 'chat'] as const).map((path): NamedFile => ({
  path,
  name: path,
  isOpen: false,
  isSource: true,
}));

function named(path: string, isOpen = false): NamedFile {
  return { path, name: path.slice(path.lastIndexOf('/') + 1), isOpen };
}

function addFolders(folders: Map<string, NamedFile>, path: string): void {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const folder = path.slice(0, at);
    if (folders.has(folder)) return;
    folders.set(folder, { ...named(folder), isFolder: true });
  }
}

/** Switching branches can delete thousands of files, so they are removed together on the next query. */
function removeDeleted(reading: Reading): void {
  const { gone } = reading;
  if (gone.size === 0) return;
  const isThere = (path: string): boolean => {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) if (gone.has(path.slice(0, end))) return false;
    return true;
  };
  reading.files = reading.files.filter(({ path }) => isThere(path));
  for (const path of reading.folders.keys()) if (!isThere(path)) reading.folders.delete(path);
  gone.clear();
}

function noteFor(reading: Reading, found: number): string | undefined {
  const count = formatInteger(reading.files.length);
  if (!reading.isDone) return l10n.t('Reading folder, {0} files so far…', count);
  if (reading.files.length >= maxFiles) return l10n.t('Large folder: only the first {0} files are listed.', count);
  return found === 0 ? l10n.t('No file path contains these letters.') : undefined;
}
