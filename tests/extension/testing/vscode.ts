// The parts of VS Code's API that the extension uses, as simple as tests allow. Exports for tests are below it.
import { closeDocuments, disk, documentOf, documents, type FakeEditor, type Range, type WorkspaceEdit } from './documents';
import { closeNotebooks, ipynb, notebooks, shownNotebooks, type FakeNotebook, type NotebookChange } from './notebooks';

export { disk, documents, editing, FakeDocument, FakeEditor, Position, Range, Selection, WorkspaceEdit } from './documents';
export { NotebookCellData, NotebookCellKind, NotebookData, NotebookEdit, NotebookRange } from './notebooks';

export class Disposable {
  constructor(private readonly end: () => void) {}

  dispose(): void {
    this.end();
  }
}

export class EventEmitter<T> {
  private readonly listeners = new Set<(value: T) => void>();

  readonly event = (listener: (value: T) => void): Disposable => {
    this.listeners.add(listener);
    return new Disposable(() => this.listeners.delete(listener));
  };

  fire(value: T): void {
    for (const listener of [...this.listeners]) listener(value);
  }

  dispose(): void {
    this.listeners.clear();
  }
}

export class Uri {
  private constructor(
    readonly scheme: string,
    readonly path: string,
    readonly query = '',
    readonly fragment = '',
  ) {}

  static from({ scheme, path, query, fragment }: { scheme: string; path: string; query?: string; fragment?: string }): Uri {
    return new Uri(scheme, path, query, fragment);
  }

  static file(path: string): Uri {
    return new Uri('file', path);
  }

  static parse(text: string): Uri {
    const url = new URL(text);
    const hasPath = url.protocol === 'file:' || url.protocol === 'vscode-remote:';
    return new Uri(url.protocol.slice(0, -1), hasPath ? decodeURIComponent(url.pathname) : text.slice(url.protocol.length));
  }

  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri(base.scheme, [base.path, ...parts].join('/'));
  }

  with({ scheme, query }: { scheme?: string; query?: string }): Uri {
    return new Uri(scheme ?? this.scheme, this.path, query ?? this.query);
  }

  get fsPath(): string {
    return this.path;
  }

  toString(): string {
    return `${this.scheme}:${this.path}${this.query === '' ? '' : `?${this.query}`}`;
  }
}

export class CancellationTokenSource {
  private readonly cancelled = new EventEmitter<void>();
  readonly token = { isCancellationRequested: false, onCancellationRequested: this.cancelled.event };

  cancel(): void {
    this.token.isCancellationRequested = true;
    this.cancelled.fire();
  }

  dispose(): void {
    this.cancelled.dispose();
  }
}

export class CancellationError extends Error {}

export class ThemeIcon {
  constructor(readonly id: string) {}
}

export class TreeItem {
  id?: string;
  description?: string;
  contextValue?: string;

  constructor(
    readonly label: string,
    readonly collapsibleState: number,
  ) {}
}

export class CodeLens {
  constructor(
    readonly range: Range,
    readonly command: { title: string; command: string; arguments: unknown[] },
  ) {}
}

export const TreeItemCollapsibleState = { None: 0, Collapsed: 1, Expanded: 2 };
export const TextEditorRevealType = { InCenterIfOutsideViewport: 2 };
export const ViewColumn = { Active: -1, Beside: -2, One: 1 };
export const DiagnosticSeverity = { Error: 0, Warning: 1, Information: 2 };
export const ProgressLocation = { Window: 10, Notification: 15 };
export const StatusBarAlignment = { Left: 1, Right: 2 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };
export const version = '1.106.0';

interface Row {
  label: string;
  description?: string;
  detail?: string;
  kind?: number;
  picked?: boolean;
}

/** All messages that were shown, in order; a test answers them with functions or texts in `answers`. */
export const shown: { kind: string; text: string; buttons: string[]; detail?: string }[] = [];
export const answers: (string | undefined)[] = [];
export const executed: unknown[][] = [];
/** Results of commands of VS Code and other extensions. */
export const commandAnswers = new Map<string, (...args: unknown[]) => unknown>();
export const opened: string[] = [];
/** The rows of each list that was shown, in order. */
export const lists: (string | Row)[][] = [];
/** Selections of opened documents. */
export const selections: (Range | undefined)[] = [];
/** Files that the next dialogs return. */
export const files: Uri[] = [];
export const panels: FakePanel[] = [];
export const registered = new Map<string, (...args: unknown[]) => unknown>();
export const copied: string[] = [];
/** The Cancel button of the current progress. */
export let progress = new CancellationTokenSource();
/** Whether the browser opens addresses. */
export const browser = { opens: true };

function show(kind: string, text: string, rest: unknown[]): Promise<string | undefined> {
  const [options] = rest;
  const detail = typeof options === 'object' && options !== null && 'detail' in options ? { detail: String(options.detail) } : {};
  shown.push({ kind, text, buttons: rest.filter((item) => typeof item === 'string'), ...detail });
  return Promise.resolve(answers.shift());
}

/** Gets input like the boxes of `showInputBox`: after a rejected answer, the next one is used. */
class FakeInputBox {
  title = '';
  prompt = '';
  value = '';
  password = false;
  buttons: unknown[] = [];
  validationMessage: string | undefined;
  private readonly accepted = new EventEmitter<void>();
  private readonly hidden = new EventEmitter<void>();
  private readonly changed = new EventEmitter<string>();
  private readonly triggered = new EventEmitter<unknown>();
  readonly onDidAccept = this.accepted.event;
  readonly onDidHide = this.hidden.event;
  readonly onDidChangeValue = this.changed.event;
  readonly onDidTriggerButton = this.triggered.event;
  private isShown = false;

  show(): void {
    this.isShown = true;
    void show('input', this.title, [{ detail: this.prompt }]).then((typed) => this.type(typed));
  }

  private type(typed: string | undefined): void {
    if (typed === undefined) {
      this.hide();
      return;
    }
    this.value = typed;
    this.changed.fire(typed);
    // Typed text stays hidden until the button is selected.
    this.triggered.fire(this.buttons[0]);
    this.triggered.fire(this.buttons[0]);
    this.accepted.fire();
    if (!this.isShown) return;
    shown.push({ kind: 'refused', text: this.validationMessage ?? '', buttons: [] });
    this.type(answers.shift());
  }

  hide(): void {
    this.isShown = false;
    this.hidden.fire();
  }

  dispose(): void {
    this.isShown = false;
  }
}

export function reset(): void {
  for (const list of [shown, answers, executed, opened, lists, selections, files, panels, copied]) list.length = 0;
  for (const list of [untitled, terminals, window.tabGroups.all, window.tabGroups.closed]) list.length = 0;
  for (const known of [
    registered,
    commandAnswers,
    installed,
    fileSystems,
    contents,
    serializers,
    viewProviders,
    configuration,
    workspaceConfiguration,
    treeViews,
    statusBar,
  ])
    known.clear();
  closeDocuments();
  closeNotebooks();
  window.activeTextEditor = undefined;
  window.tabGroups.activeTabGroup = {};
  workspace.textDocuments = documents;
  progress = new CancellationTokenSource();
  browser.opens = true;
  languageModels.length = 0;
  languageModelTools.length = 0;
  manifests.length = 0;
  diagnostics.clear();
  window.visibleTextEditors = [];
  window.state.focused = true;
  env.remoteName = undefined;
  workspace.isTrusted = true;
  workspace.workspaceFolders = undefined;
}

export const windowState = new EventEmitter<{ focused: boolean }>();

interface Serializer {
  deserializeWebviewPanel: (panel: FakePanel, state: unknown) => unknown;
}

const serializers = new Map<string, Serializer>();

interface ViewProvider {
  resolveWebviewView: (view: FakePanel, context: { state: unknown }) => unknown;
}

const viewProviders = new Map<string, ViewProvider>();

/** Creates a view, with the state that its page stored before. */
export function resolveView(viewId: string, state?: unknown): FakePanel {
  const view = new FakePanel();
  viewProviders.get(viewId)?.resolveWebviewView(view, { state });
  return view;
}

/** User settings, by full name. */
export const configuration = new Map<string, unknown>();
/** Workspace settings, by full name. */
export const workspaceConfiguration = new Map<string, unknown>();

/** Restores a tab of the last session. */
export function restorePanel(viewType: string, state?: unknown, panel = new FakePanel()): FakePanel {
  panels.push(panel);
  serializers.get(viewType)?.deserializeWebviewPanel(panel, state);
  return panel;
}

/** Fired by a test that moves the cursor or selects text. */
export const selectionChanged = new EventEmitter<void>();
export const editorChanged = new EventEmitter<FakeEditor | undefined>();

interface Tab {
  input: unknown;
}

interface Window {
  tabGroups: {
    all: { tabs: Tab[]; activeTab?: Tab; viewColumn: number }[];
    activeTabGroup: { activeTab?: Tab };
    closed: Tab[];
    close: (tabs: Tab | Tab[]) => Promise<boolean>;
    changed: EventEmitter<void>;
    onDidChangeTabs: (listener: () => void) => { dispose: () => void };
  };
  activeTextEditor: FakeEditor | undefined;
  visibleTextEditors: { document: { uri: Uri } }[];
}

const editors: Window = {
  tabGroups: {
    all: [],
    activeTabGroup: {},
    closed: [],
    close: (tabs) => {
      editors.tabGroups.closed.push(...[tabs].flat());
      return Promise.resolve(true);
    },
    changed: new EventEmitter<void>(),
    onDidChangeTabs: (listener) => editors.tabGroups.changed.event(listener),
  },
  activeTextEditor: undefined,
  visibleTextEditors: [],
};

interface TreeView {
  visible: boolean;
  /** The selected rows. */
  selection: unknown[];
  badge?: { value: number; tooltip: string };
  message?: string;
  dispose: () => void;
}

/** Tree views by ID. */
export const treeViews = new Map<string, TreeView>();

/** Status bar items by ID. */
export const statusBar = new Map<string, { text: string; tooltip: string; command: unknown }>();

/** Terminals with the text sent to them. */
export const terminals: { name: string; sent: string[] }[] = [];

export const window = {
  ...editors,
  createStatusBarItem: (id: string): unknown => {
    const item = { text: '', tooltip: '', command: undefined };
    const hide = (): void => void statusBar.delete(id);
    return Object.assign(item, { show: () => statusBar.set(id, item), hide, dispose: hide });
  },
  createTreeView: (id: string): TreeView => {
    const view: TreeView = { visible: true, selection: [], dispose: () => treeViews.delete(id) };
    treeViews.set(id, view);
    return view;
  },
  createTerminal: ({ name }: { name: string }): unknown => {
    const sent: string[] = [];
    terminals.push({ name, sent });
    return { show: () => undefined, sendText: (text: string) => sent.push(text) };
  },
  onDidChangeWindowState: windowState.event,
  state: { focused: true },
  onDidChangeActiveTextEditor: editorChanged.event,
  onDidChangeTextEditorSelection: selectionChanged.event,
  showErrorMessage: (text: string, ...rest: unknown[]) => show('error', text, rest),
  showWarningMessage: (text: string, ...rest: unknown[]) => show('warning', text, rest),
  showInformationMessage: (text: string, ...rest: unknown[]) => show('info', text, rest),
  /** After a rejected answer, shows its error and uses the next answer. */
  showInputBox: async (options: { title?: string; prompt?: string; validateInput?: (typed: string) => unknown }) => {
    for (let typed = await show('input', options.title ?? '', [{ detail: options.prompt ?? '' }]); ; typed = answers.shift()) {
      const problem = typed === undefined ? undefined : options.validateInput?.(typed);
      if (typeof problem !== 'string') return typed;
      shown.push({ kind: 'refused', text: problem, buttons: [] });
    }
  },
  /** Resolves to the active editor if it shows this document. */
  showTextDocument: (what: Uri | { uri: Uri }, options?: { selection?: Range }): Promise<unknown> => {
    opened.push('uri' in what ? what.uri.toString() : what.fsPath);
    selections.push(options?.selection);
    return Promise.resolve(window.activeTextEditor?.document === what ? window.activeTextEditor : undefined);
  },
  createInputBox: (): FakeInputBox => new FakeInputBox(),
  showOpenDialog: () => Promise.resolve(files.length === 0 ? undefined : files.splice(0, 1)),
  showSaveDialog: () => Promise.resolve(files.shift()),
  /** Selects the row whose label a test put into `answers`; with several choices, `OK` accepts the selected rows. */
  showQuickPick: (
    rows: readonly (string | Row)[],
    options?: { title?: string; placeHolder?: string; canPickMany?: boolean },
  ): Promise<unknown> => {
    const labelOf = (row: string | Row): string => (typeof row === 'string' ? row : row.label);
    lists.push([...rows]);
    const detail = options?.placeHolder === undefined ? {} : { detail: options.placeHolder };
    shown.push({ kind: 'pick', text: options?.title ?? '', buttons: rows.map(labelOf), ...detail });
    const wanted = answers.shift();
    if (wanted === undefined) return Promise.resolve(undefined);
    const isMeant = (row: string | Row): boolean =>
      options?.canPickMany === true && wanted === 'OK' ? typeof row !== 'string' && row.picked === true : labelOf(row).includes(wanted);
    const fitting = rows.filter((row) => isMeant(row) && (typeof row === 'string' || row.kind !== QuickPickItemKind.Separator));
    return Promise.resolve(options?.canPickMany === true ? fitting : fitting[0]);
  },
  /**
   * Selects the row whose label a test put into `answers`. An answer that starts with "button:" selects the first button of its row, and one
   * that starts with "type:" is typed. With several choices, each answer toggles a row until there are no more answers.
   */
  createQuickPick: (): FakePick => new FakePick(),
  showNotebookDocument: ({ uri }: FakeNotebook): Promise<void> => {
    shownNotebooks.push(uri.path);
    return Promise.resolve();
  },
  registerWebviewViewProvider: (viewId: string, provider: ViewProvider): Disposable => {
    viewProviders.set(viewId, provider);
    return new Disposable(() => viewProviders.delete(viewId));
  },
  registerWebviewPanelSerializer: (viewType: string, serializer: Serializer): Disposable => {
    serializers.set(viewType, serializer);
    return new Disposable(() => serializers.delete(viewType));
  },
  createWebviewPanel: (_type?: string, _title?: string, column?: number): FakePanel => {
    const panel = new FakePanel();
    panel.viewColumn = column;
    panels.push(panel);
    return panel;
  },
  /** A test cancels it with `progress.cancel`. */
  withProgress: (options: { title?: string }, task: (progress: unknown, token: unknown) => unknown): unknown => {
    if (options.title !== undefined) shown.push({ kind: 'progress', text: options.title, buttons: [] });
    return task({ report: () => undefined }, progress.token);
  },
};

export const commands = {
  registerCommand: (id: string, action: (...args: unknown[]) => unknown): Disposable => {
    registered.set(id, action);
    return new Disposable(() => registered.delete(id));
  },
  executeCommand: (...args: unknown[]): Promise<unknown> => {
    executed.push(args);
    const answer = typeof args[0] === 'string' ? commandAnswers.get(args[0]) : undefined;
    return Promise.resolve(answer?.(...args.slice(1)));
  },
};

/** Other installed extensions by ID, and the event for changes. */
export const installed = new Set<string>();
export const extensionsChanged = new EventEmitter<void>();

/** Manifests of other extensions, added by tests. */
export const manifests: { id: string; packageJSON: unknown }[] = [];

export const extensions = {
  all: manifests,
  getExtension: (id: string): { id: string; activate?: () => Promise<unknown> } | undefined =>
    installed.has(id) ? { id, activate: () => Promise.resolve(id === 'vscode.ipynb' ? ipynb : undefined) } : undefined,
  onDidChange: extensionsChanged.event,
};

/** Fired by tests that change, save or close a notebook. */
export const changedNotebook = new EventEmitter<NotebookChange>();
export const savedNotebook = new EventEmitter<FakeNotebook>();
export const closedNotebook = new EventEmitter<FakeNotebook>();

/** Fired by a test that saves a document. */
export const savedDocument = new EventEmitter<{ uri: Uri }>();
/** Fired by tests that type into, open or close a document. */
export const changedDocument = new EventEmitter<{ document: unknown }>();
export const openedDocument = new EventEmitter<unknown>();
export const closedDocument = new EventEmitter<unknown>();

const fileSystem = {
  isWritableFileSystem: (scheme: string): boolean => scheme === 'file',
  stat: ({ path }: Uri): Promise<{ type: number }> => {
    if (disk.has(path)) return Promise.resolve({ type: FileType.File });
    const isFolder = [...disk.keys()].some((one) => one.startsWith(`${path}/`));
    return isFolder ? Promise.resolve({ type: FileType.Directory }) : Promise.reject(new Error('There is no such file.'));
  },
  writeFile: ({ path }: Uri, content: Uint8Array): Promise<void> => {
    if (path.startsWith('/read-only/')) return Promise.reject(new Error('Read-only.'));
    disk.set(path, new TextDecoder().decode(content));
    return Promise.resolve();
  },
};

interface ContentProvider {
  provideTextDocumentContent: (uri: Uri) => unknown;
}

/** Content providers by scheme. */
export const contents = new Map<string, ContentProvider>();
/** Registered file system providers by scheme. */
export const fileSystems = new Map<string, unknown>();
/** Opened documents without a file. */
export const untitled: { content: string; language?: string }[] = [];

export const workspace: {
  isTrusted: boolean;
  workspaceFolders: { uri: Uri; name?: string }[] | undefined;
  fs: typeof fileSystem;
  onDidSaveTextDocument: typeof savedDocument.event;
  onDidChangeTextDocument: typeof changedDocument.event;
  onDidOpenTextDocument: typeof openedDocument.event;
  onDidCloseTextDocument: typeof closedDocument.event;
  onDidChangeNotebookDocument: typeof changedNotebook.event;
  onDidSaveNotebookDocument: typeof savedNotebook.event;
  onDidCloseNotebookDocument: typeof closedNotebook.event;
  notebookDocuments: FakeNotebook[];
  openNotebookDocument: (uri: Uri) => Promise<FakeNotebook>;
  onDidGrantWorkspaceTrust: () => Disposable;
  onDidChangeWorkspaceFolders: () => Disposable;
  onDidChangeConfiguration: () => Disposable;
  getConfiguration: (section?: string) => { get: (name: string) => unknown; inspect: (name: string) => unknown };
  createFileSystemWatcher: () => unknown;
  registerTextDocumentContentProvider: (scheme: string, provider: ContentProvider) => Disposable;
  textDocuments: { uri: Uri; isDirty: boolean }[];
  openTextDocument: (what: Uri | { content: string; language?: string }) => Promise<{ uri: Uri }>;
  applyEdit: (edit: WorkspaceEdit) => Promise<boolean>;
  findFiles: (pattern: string) => Promise<Uri[]>;
  asRelativePath: (uri: Uri) => string;
  registerFileSystemProvider: (scheme: string, provider: unknown) => Disposable;
} = {
  fs: fileSystem,
  onDidSaveTextDocument: savedDocument.event,
  onDidChangeTextDocument: changedDocument.event,
  onDidOpenTextDocument: openedDocument.event,
  onDidCloseTextDocument: closedDocument.event,
  onDidChangeNotebookDocument: changedNotebook.event,
  onDidSaveNotebookDocument: savedNotebook.event,
  onDidCloseNotebookDocument: closedNotebook.event,
  notebookDocuments: notebooks,
  openNotebookDocument: (uri) => {
    const open = notebooks.find((one) => one.uri.path === uri.path);
    return open === undefined ? Promise.reject(new Error(`No notebook ${uri.path}`)) : Promise.resolve(open);
  },
  onDidGrantWorkspaceTrust: () => new Disposable(() => undefined),
  onDidChangeWorkspaceFolders: () => new Disposable(() => undefined),
  onDidChangeConfiguration: () => new Disposable(() => undefined),
  getConfiguration: (section) => {
    const whole = (name: string): string => (section === undefined ? name : `${section}.${name}`);
    return {
      get: (name) => configuration.get(whole(name)),
      inspect: (name) => ({ globalValue: configuration.get(whole(name)), workspaceValue: workspaceConfiguration.get(whole(name)) }),
    };
  },
  createFileSystemWatcher: () => ({
    onDidCreate: folderWatch.created.event,
    onDidChange: folderWatch.changed.event,
    onDidDelete: folderWatch.deleted.event,
    dispose: () => undefined,
  }),
  registerTextDocumentContentProvider: (scheme, provider) => {
    contents.set(scheme, provider);
    return new Disposable(() => contents.delete(scheme));
  },
  textDocuments: documents,
  /** The URI of a new document contains its text. */
  openTextDocument: (what) => {
    if (!('content' in what)) return Promise.resolve(documentOf(what) ?? { uri: what });
    untitled.push(what);
    return Promise.resolve({ uri: Uri.parse(`untitled:${what.content}`) });
  },
  applyEdit: (edit) => Promise.resolve(edit.apply()),
  /** Matches by the end of the path: a pattern such as `**\/src/a.ts`. */
  findFiles: (pattern) => {
    const end = pattern.replace(/^\*\*/, '').replace(/\[(.)\]/g, '$1');
    return Promise.resolve([...disk.keys()].filter((path) => path.endsWith(end)).map((path) => Uri.file(path)));
  },
  asRelativePath: ({ path }) => {
    const folder = workspace.workspaceFolders?.find(({ uri }) => path.startsWith(`${uri.path}/`))?.uri.path;
    return folder === undefined ? path : path.slice(folder.length + 1);
  },
  registerFileSystemProvider: (scheme, provider) => {
    fileSystems.set(scheme, provider);
    return new Disposable(() => fileSystems.delete(scheme));
  },
  isTrusted: true,
  workspaceFolders: undefined,
};

/** The language pack of this extension; undefined for English. */
export const l10n: { bundle: Record<string, string> | undefined } = { bundle: undefined };

/** Undefined on the user's machine. */
const remote: { remoteName: string | undefined } = { remoteName: undefined };

export const env = {
  ...remote,
  language: 'en',
  sessionId: 'this session',
  openExternal: (uri: Uri): Promise<boolean> => {
    opened.push(uri.toString());
    return Promise.resolve(browser.opens);
  },
  asExternalUri: (uri: Uri): Promise<Uri> => Promise.resolve(uri),
  clipboard: {
    writeText: (text: string): Promise<void> => {
      copied.push(text);
      return Promise.resolve();
    },
  },
};

interface FakeModel {
  id: string;
  family: string;
  vendor: string;
}

export const LanguageModelChatToolMode = { Auto: 1, Required: 2 } as const;

export class LanguageModelToolResult {
  constructor(readonly content: unknown[]) {}
}

export class McpStdioServerDefinition {
  constructor(
    readonly label: string,
    readonly command: string,
    readonly args: string[],
    readonly env: Record<string, string>,
    readonly version: string,
  ) {}
}

interface FakeTool {
  name: string;
  description?: string;
  inputSchema?: object;
  tags?: string[];
  invoke: (input: unknown, token?: unknown) => unknown;
}

export const languageModelTools: FakeTool[] = [];

/** The models of `lm`. */
export const languageModels: FakeModel[] = [];

export const lm = {
  /** Tests add tools of VS Code itself. */
  tools: languageModelTools,
  invokeTool: (name: string, { input }: { input: unknown }, token?: unknown): Promise<unknown> =>
    Promise.resolve(languageModelTools.find((tool) => tool.name === name)?.invoke(input, token)),
  selectChatModels: (selector: Partial<FakeModel>): Promise<FakeModel[]> => {
    const fits = (wanted: string | undefined, is: string): boolean => wanted === undefined || wanted === is;
    return Promise.resolve(
      languageModels.filter(
        ({ id, family, vendor }) => fits(selector.id, id) && fits(selector.family, family) && fits(selector.vendor, vendor),
      ),
    );
  },
};

export class LanguageModelChatMessage {
  constructor(
    readonly role: string,
    readonly content: unknown,
  ) {}

  static User(content: unknown): LanguageModelChatMessage {
    return new LanguageModelChatMessage('user', content);
  }

  static Assistant(content: unknown): LanguageModelChatMessage {
    return new LanguageModelChatMessage('assistant', content);
  }
}

export class LanguageModelTextPart {
  constructor(readonly value: string) {}
}

export class LanguageModelDataPart {
  constructor(
    readonly data: Uint8Array,
    readonly mimeType: string,
  ) {}

  static image(data: Uint8Array, mime: string): LanguageModelDataPart {
    return new LanguageModelDataPart(data, mime);
  }
}

export class LanguageModelPromptTsxPart {
  constructor(readonly value: unknown) {}
}

export enum LanguageModelChatMessageRole {
  User = 1,
  Assistant = 2,
}

export class ChatResponseTurn {
  constructor(readonly result: { metadata?: unknown }) {}
}

export class LanguageModelToolCallPart {
  constructor(
    readonly callId: string,
    readonly name: string,
    readonly input: object,
  ) {}
}

export class LanguageModelToolResultPart {
  constructor(
    readonly callId: string,
    readonly content: unknown[],
  ) {}
}

/** Fired by tests for changes on disk. */
export const folderWatch = { created: new EventEmitter<Uri>(), changed: new EventEmitter<Uri>(), deleted: new EventEmitter<Uri>() };

export class RelativePattern {
  constructor(
    readonly base: string,
    readonly pattern: string,
  ) {}
}

export class TabInputText {
  constructor(readonly uri: Uri) {}
}

export class TabInputTextDiff {
  constructor(
    readonly original: Uri,
    readonly modified: Uri,
  ) {}
}

export class TabInputWebview {
  constructor(readonly viewType: string) {}
}

export const FileType = { Unknown: 0, File: 1, Directory: 2, SymbolicLink: 64 };

export const FileSystemError = { NoPermissions: ({ path }: Uri): Error => new Error(`No permissions: ${path}`) };

/** Problems by path of the file. A test changes them with `report`. */
export const diagnostics = new Map<string, unknown[]>();
const diagnosticsChanged = new EventEmitter<{ uris: Uri[] }>();

export function report(path: string, problems: unknown[]): void {
  diagnostics.set(path, problems);
  diagnosticsChanged.fire({ uris: [Uri.file(path)] });
}

export const comments = {
  createCommentController: (id: string, label: string) => ({ id, label }),
};

export const languages = {
  registerHoverProvider: (_selector: unknown, provider: HoverProvider): Disposable => {
    hoverProvider = provider;
    return new Disposable(() => (hoverProvider = undefined));
  },
  getLanguages: (): Promise<string[]> => Promise.resolve(['plaintext', 'typescript', 'python', 'shellscript']),
  onDidChangeDiagnostics: diagnosticsChanged.event,
  getDiagnostics: (uri?: Uri): unknown =>
    uri === undefined ? [...diagnostics].map(([path, problems]) => [Uri.file(path), problems]) : (diagnostics.get(uri.path) ?? []),
};

export const EndOfLine = { LF: 1, CRLF: 2 };
export enum SymbolKind {
  Module = 1,
  Namespace = 2,
  Class = 4,
  Method = 5,
  Property = 6,
  Field = 7,
  Constructor = 8,
  Enum = 9,
  Interface = 10,
  Function = 11,
  Variable = 12,
  Constant = 13,
  String = 14,
  EnumMember = 21,
  Struct = 22,
}

interface HoverProvider {
  provideHover: (document: unknown, position: unknown) => Hover | undefined;
}

let hoverProvider: HoverProvider | undefined;

/** Returns what the last hover provider shows. */
export function hovers(): MarkdownString[] {
  const hover = hoverProvider?.provideHover(undefined, undefined);
  return hover === undefined ? [] : [hover.contents];
}

export class Hover {
  constructor(readonly contents: MarkdownString) {}
}

export class MarkdownString {
  isTrusted: unknown;

  constructor(public value = '') {}

  appendText(text: string): this {
    this.value += text.replace(/[\\`*_{}[\]()#+\-!~]/g, '\\$&');
    return this;
  }

  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }

  appendCodeblock(code: string, language: string): this {
    this.value += `\n\`\`\`${language}\n${code}\n\`\`\`\n`;
    return this;
  }
}

class FakePick {
  title = '';
  placeholder = '';
  value = '';
  canSelectMany = false;
  items: { label: string; detail?: string; buttons?: unknown[] }[] = [];
  selectedItems: { label: string }[] = [];
  buttons: unknown[] = [];
  private readonly accepted = new EventEmitter<void>();
  private readonly pressed = new EventEmitter<{ item: unknown; button: unknown }>();
  private readonly hidden = new EventEmitter<void>();
  private readonly typed = new EventEmitter<string>();
  private readonly titlePressed = new EventEmitter<unknown>();
  readonly onDidTriggerButton = this.titlePressed.event;
  private readonly selectionChanged = new EventEmitter<readonly { label: string }[]>();
  readonly onDidChangeSelection = this.selectionChanged.event;
  readonly onDidAccept = this.accepted.event;
  readonly onDidTriggerItemButton = this.pressed.event;
  readonly onDidHide = this.hidden.event;
  readonly onDidChangeValue = this.typed.event;

  show(): void {
    shown.push({ kind: 'pick', text: this.title, buttons: this.items.map(({ label, detail }) => [label, detail ?? ''].join(' ').trim()) });
    lists.push([...this.items]);
    queueMicrotask(() => (this.canSelectMany ? this.answerMany() : this.answerOne(answers.shift())));
  }

  hide(): void {
    this.hidden.fire();
  }

  private answerOne(wanted: string | undefined): void {
    const label = wanted?.replace(/^button:/, '');
    const item = this.items.find((row) => label !== undefined && row.label.includes(label));
    if (item === undefined) this.hidden.fire();
    else if (label !== wanted) this.pressed.fire({ item, button: item.buttons?.[0] });
    else {
      this.selectedItems = [item];
      this.accepted.fire();
    }
  }

  private answerMany(): void {
    if (answers.length === 0) return this.hidden.fire();
    for (let wanted = answers.shift(); wanted !== undefined; wanted = answers.shift()) {
      if (wanted.startsWith('type:')) {
        this.value = wanted.slice('type:'.length);
        this.typed.fire(this.value);
        continue;
      }
      const item = this.items.find(({ label }) => label === wanted);
      const others = this.selectedItems.filter(({ label }) => label !== wanted);
      const isTicked = others.length < this.selectedItems.length;
      this.selectedItems = item === undefined || isTicked ? others : [...others, item];
      this.selectionChanged.fire(this.selectedItems);
    }
    this.accepted.fire();
  }

  dispose(): void {
    this.hidden.dispose();
  }
}

/** A panel whose page is played by the test: it receives posted messages and sends its own. */
export class FakePanel {
  readonly received: unknown[] = [];
  title = '';
  visible = true;
  active = true;
  private readonly turned = new EventEmitter<void>();
  readonly onDidChangeViewState = this.turned.event;
  readonly onDidChangeVisibility = this.turned.event;
  private readonly messages = new EventEmitter<unknown>();
  private readonly ended = new EventEmitter<void>();
  readonly onDidDispose = this.ended.event;
  readonly webview = {
    options: {},
    html: '',
    cspSource: 'vscode-resource:',
    asWebviewUri: (uri: Uri): Uri => uri,
    onDidReceiveMessage: this.messages.event,
    postMessage: (message: unknown): Promise<boolean> => {
      this.received.push(message);
      if (typeof message === 'object' && message !== null && 'codexId' in message && 'type' in message && message.type === 'openChat') {
        this.opened = { html: this.webview.html, codexId: String(message.codexId) };
      }
      return Promise.resolve(true);
    },
  };

  say(message: unknown): void {
    this.messages.fire(message);
  }

  /** Set by a message that shows another chat in the loaded page. */
  private opened: { html: string; codexId: string } | undefined;

  /** The ID of the chat that the page shows. */
  get chat(): string | undefined {
    const { html } = this.webview;
    return this.opened?.html === html ? this.opened.codexId : /data-codex-id="([^"]*)"/.exec(html)?.[1];
  }

  /** Reports that the chat's page is ready. */
  sayReady(): void {
    this.say({ type: 'ready', codexId: this.chat });
  }

  /** Moves the panel to the front, or behind another tab. */
  turn(isInFront: boolean): void {
    this.visible = this.active = isInFront;
    this.turned.fire();
  }

  /** Number of calls of `reveal`. */
  reveals = 0;

  viewColumn: number | undefined;

  reveal(column?: number): void {
    this.reveals++;
    this.viewColumn = column ?? this.viewColumn;
  }

  dispose(): void {
    this.ended.fire();
  }
}
