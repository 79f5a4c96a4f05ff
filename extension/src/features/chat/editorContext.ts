// The active file, or the selection in it, which a chat offers as context.
import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { isProtected } from '../../infrastructure/protectedFiles';
import { attachmentInspect } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import type { EditorPlace } from '../../common/messages/chatComposer';
import { type EditorChoice, editorChoice } from '../../common/messages/savedState';
import type { LastEditor } from './insertCode';
import type { WorkspaceFiles } from './workspaceFiles';

const key = 'plue.editorContext';
/** Milliseconds without a change before the place is inspected, because dragging changes the selection many times. */
const pause = 100;

/** As in VS Code's own chat: a selection shows what matters, an open file does not. */
const defaults: EditorChoice = { file: false, selection: true };

export class EditorContext implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  private timer: ReturnType<typeof setTimeout> | undefined;
  private shown: EditorPlace | undefined;
  /** Increases with each inspection, because only the last one counts. */
  private inspection = 0;

  /** Fires when the place or its inspection result changes. */
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly sidecar: Sidecar,
    private readonly files: WorkspaceFiles,
    private readonly lastEditor: LastEditor,
    private readonly memory: vscode.Memento,
  ) {
    const soon = (): void => this.refreshSoon();
    for (const event of [
      vscode.window.onDidChangeActiveTextEditor,
      vscode.window.onDidChangeTextEditorSelection,
      vscode.window.tabGroups.onDidChangeTabs,
      vscode.workspace.onDidCloseTextDocument,
      vscode.workspace.onDidSaveTextDocument,
      vscode.workspace.onDidGrantWorkspaceTrust,
      vscode.workspace.onDidChangeWorkspaceFolders,
      sidecar.onDidStart,
    ])
      this.disposables.add(event(soon));
    soon();
  }

  /** Undefined if no workspace file is open, or if it may not be sent. */
  get place(): EditorPlace | undefined {
    return this.shown;
  }

  /** The context that new chats send. */
  get choice(): EditorChoice {
    const kept = v.safeParse(editorChoice, this.memory.get<unknown>(key));
    return kept.success ? kept.output : defaults;
  }

  async keep(choice: EditorChoice): Promise<void> {
    await this.memory.update(key, choice);
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.inspection++;
    this.disposables.dispose();
  }

  private refreshSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), pause);
  }

  private async refresh(): Promise<void> {
    const inspection = ++this.inspection;
    const place = await this.inspected(this.open());
    if (inspection !== this.inspection || JSON.stringify(place) === JSON.stringify(this.shown)) return;
    this.shown = place;
    this.changed.fire();
  }

  private open(): EditorPlace | undefined {
    const uri = this.lastEditor.current?.document.uri;
    if (!vscode.workspace.isTrusted || uri?.scheme !== 'file' || !isOpen(uri)) return undefined;
    const path = this.files.pathOf(uri);
    const range = this.files.selection()?.range;
    return isProtected(path) ? undefined : { path, ...(range === undefined ? {} : { range }) };
  }

  /** The sidecar checks whether a place is protected, outside the workspace, or too large to send without confirmation. */
  private async inspected(place: EditorPlace | undefined): Promise<EditorPlace | undefined> {
    if (place === undefined) return undefined;
    const view = await this.sidecar.request(attachmentInspect, place).catch(() => undefined);
    if (view === undefined || view.problem !== undefined || view.questions.length > 0) return undefined;
    return { ...place, ...(view.tokens === undefined ? {} : { tokens: view.tokens }) };
  }
}

/** The last editor is still set for a while after its tab was closed. */
function isOpen(uri: vscode.Uri): boolean {
  return vscode.window.tabGroups.all.some(({ tabs }) =>
    tabs.some(({ input }) =>
      input instanceof vscode.TabInputText
        ? input.uri.toString() === uri.toString()
        : input instanceof vscode.TabInputTextDiff && input.modified.toString() === uri.toString(),
    ),
  );
}
