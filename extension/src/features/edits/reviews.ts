// The pending changes and the commands to keep or undo them. Agents continue during a review.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { showInformationMessage, showQuickPick, showWarningMessage } from '../../infrastructure/window';
import { editAccept, editList, editRedo, editReject, editUndo } from '../../protocol/protocol.generated';
import type { EditListResult, FileEditView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatFileCount } from '../../common/counts';
import { formatTime } from '../../common/format';
import { workspaceFile } from '../../infrastructure/workspaceFolders';
import { beforeScheme, type BeforeFiles } from './beforeFiles';
import { hunkAt, inText, linesOf, nextHunk, refused, reviewScheme, turnsFor, type Target } from './hunks';

const quietMs = 150;

export class Reviews implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly changed = this.disposables.add(new vscode.EventEmitter<void>());
  private waiting: NodeJS.Timeout | undefined;
  private result: EditListResult = { files: [], turns: [], conflicts: [] };
  /** URIs of the files under review, to filter file events: switching a branch causes thousands. */
  private places: ReadonlySet<string> = new Set();
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly sidecar: Pick<Sidecar, 'request' | 'onEditChanged' | 'onDidStart'>,
    private readonly before: BeforeFiles,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.disposables.add(sidecar.onDidStart(() => this.refreshSoon()));
    this.disposables.add(sidecar.onEditChanged(() => this.refreshSoon()));
    this.disposables.add(vscode.workspace.onDidChangeWorkspaceFolders(() => this.refreshSoon()));
    // An edit of the file can change the status of a change.
    const watcher = this.disposables.add(vscode.workspace.createFileSystemWatcher('**/*'));
    for (const event of [watcher.onDidChange, watcher.onDidCreate, watcher.onDidDelete])
      this.disposables.add(event((uri) => (this.places.has(uri.toString()) ? this.refreshSoon() : undefined)));
    // The watcher does not see files outside of the workspace, as those of worktrees.
    this.disposables.add(
      vscode.workspace.onDidSaveTextDocument(({ uri }) => (this.places.has(uri.toString()) ? this.refreshSoon() : undefined)),
    );
  }

  get files(): readonly FileEditView[] {
    return this.result.files;
  }

  /** Describes changes made by commands, which cannot be undone. */
  get omitted(): string | undefined {
    return this.result.omissionNotice;
  }

  filesAt(uri: vscode.Uri): readonly FileEditView[] {
    if (uri.scheme !== 'file') return [];
    return this.files.filter((file) => fileOf(file)?.toString() === uri.toString());
  }

  /** Shows one file as a diff, or all files of a codex in one editor. Default: all pending changes. */
  async review(target: Target | undefined): Promise<void> {
    const { files } = await this.sidecar.request(editList, { codexId: target?.codexId });
    const chosen = files.flatMap((file) => {
      const uri = fileOf(file);
      const isChosen = file.state === 'pending' && (target?.path === undefined || target.path === file.path);
      return uri !== undefined && isChosen ? [{ file, uri }] : [];
    });
    const [only] = chosen;
    if (only === undefined) {
      void showInformationMessage(l10n.t('No changes to review.'));
      return;
    }
    if (chosen.length === 1) {
      const { file, uri } = only;
      const title = l10n.t('{0} (agent changes)', file.path);
      await vscode.commands.executeCommand('vscode.diff', this.before.left(file, uri), this.before.right(file, uri), title, {
        preview: false,
      });
      return;
    }
    // Like `vscode.changes`, but with our own URI, so that the editor's buttons work.
    await vscode.commands.executeCommand('_workbench.openMultiDiffEditor', {
      title: l10n.t('Agent changes'),
      multiDiffSourceUri: vscode.Uri.from({
        scheme: reviewScheme,
        path: '/changes',
        query: target?.codexId ?? '',
        fragment: String(Date.now()),
      }),
      resources: chosen.map(({ file, uri }) => ({
        ...(file.kind === 'created' ? {} : { originalUri: this.before.left(file, uri) }),
        ...(file.kind === 'deleted' ? {} : { modifiedUri: this.before.right(file, uri) }),
      })),
    });
  }

  /** Keeps or undoes the given change, file, or codex. Default: the change at the cursor. */
  async decide(target: Target | undefined, isAccepted: boolean): Promise<void> {
    const { codexId, path, folder, hunkId } = target ?? this.atCursor();
    // Undone changes cannot be redone.
    if (path === undefined && !isAccepted) {
      const { files } = await this.sidecar.request(editList, { codexId });
      const pending = files.filter(({ state }) => state === 'pending');
      if (pending.length > 1) await confirm(l10n.t('Undo {0}?', inText(pending)), l10n.t('Undo'));
    }
    await this.send(isAccepted, { codexId, path, folder, hunkId });
    if (target === undefined) this.move(1);
  }

  /** Keeps or undoes all changes of the active file, or, after confirmation, all changes. */
  async decideAll(target: Target | undefined, isAccepted: boolean, isEverything = false): Promise<void> {
    if (target !== undefined) return this.send(isAccepted, { codexId: target.codexId, path: target.path, folder: target.folder });
    const inFront = isEverything ? [] : this.inFront();
    const files = inFront.length > 0 ? inFront : this.files;
    if (files.length === 0) throw new FailureError('conflict', l10n.t('No changes to review.'));
    if (inFront.length === 0) {
      const verb = isAccepted ? l10n.t('Keep') : l10n.t('Undo');
      const question = isAccepted ? l10n.t('Keep {0}?', inText(files)) : l10n.t('Undo {0}?', inText(files));
      await confirm(question, verb);
    }
    for (const { codexId, path, folder } of files) await this.send(isAccepted, { codexId, path, folder });
  }

  async undoOrRedo(target: Target | undefined, isUndo: boolean): Promise<void> {
    const { codexId, turnId, all } = target ?? (await this.pickTurn(isUndo));
    this.take(await this.sidecar.request(isUndo ? editUndo : editRedo, { codexId, turnId, all }));
  }

  /** Moves to the next or previous change of the active file. */
  move(step: 1 | -1): void {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) return;
    const { lineCount } = editor.document;
    const hunks = this.filesAt(editor.document.uri).flatMap((file) => file.hunks);
    const next = nextHunk(
      [...hunks].sort((a, b) => a.newStart - b.newStart),
      editor.selection.active.line,
      lineCount,
      step,
    );
    if (next === undefined) return;
    const at = new vscode.Position(linesOf(next, lineCount).first, 0);
    editor.selection = new vscode.Selection(at, at);
    editor.revealRange(new vscode.Range(at, at), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  }

  dispose(): void {
    clearTimeout(this.waiting);
    this.disposables.dispose();
  }

  private async send(isAccepted: boolean, decided: Pick<Target, 'codexId' | 'path' | 'folder' | 'hunkId'>): Promise<void> {
    const open = vscode.workspace.textDocuments.find(
      ({ uri, isDirty }) =>
        isDirty && this.filesAt(uri).some(({ path, codexId }) => codexId === decided.codexId && path === (decided.path ?? path)),
    );
    if (open !== undefined) {
      throw new FailureError(
        'conflict',
        l10n.t('{0} has unsaved changes. Save it before you keep or undo its changes.', this.filesAt(open.uri)[0]?.path ?? ''),
      );
    }
    this.take(await this.sidecar.request(isAccepted ? editAccept : editReject, decided));
  }

  private take({ conflicts }: EditListResult): void {
    const sentence = refused(conflicts);
    if (sentence !== undefined) void showWarningMessage(l10n.verbatim(sentence));
    this.refreshSoon();
  }

  private inFront(): readonly FileEditView[] {
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    if (input instanceof vscode.TabInputTextDiff && input.original.scheme === beforeScheme) {
      const { original } = input;
      return this.files.filter((file) => {
        const uri = fileOf(file);
        return uri !== undefined && this.before.left(file, uri).toString() === original.toString();
      });
    }
    const editor = vscode.window.activeTextEditor;
    return editor === undefined ? [] : this.filesAt(editor.document.uri);
  }

  private atCursor(): Target {
    const editor = vscode.window.activeTextEditor;
    const line = editor?.selection.active.line ?? 0;
    const files = this.inFront();
    const hunks = files.flatMap((file) => file.hunks).sort((a, b) => a.newStart - b.newStart);
    const chosen = hunkAt(hunks, line, editor?.document.lineCount ?? 1);
    const file = files.find((one) => chosen === undefined || one.hunks.includes(chosen));
    if (file === undefined) throw new FailureError('conflict', l10n.t('No changes to review here.'));
    // Binary files are kept or undone as a whole.
    return { codexId: file.codexId, path: file.path, folder: file.folder, hunkId: chosen?.id };
  }

  private async pickTurn(isUndo: boolean): Promise<Target> {
    const { turns, omissionNotice } = await this.sidecar.request(editList, {});
    const choices = turnsFor(turns, isUndo).map(({ codexId, turnId, title, time, files }) => ({
      label: title,
      description: [formatFileCount(files), formatTime(time)].join(', '),
      target: { codexId, turnId },
    }));
    if (choices.length === 0) {
      void showInformationMessage(isUndo ? l10n.t('No changes to undo.') : l10n.t('No changes to redo.'));
      throw new UserCancelledError();
    }
    const chosen = await showQuickPick(choices, {
      title: isUndo ? l10n.t('Undo File Changes of a Turn') : l10n.t('Redo File Changes of a Turn'),
      placeHolder: l10n.verbatim([l10n.t('Files changed since then are not modified.'), omissionNotice ?? ''].join(' ')),
    });
    if (chosen === undefined) throw new UserCancelledError();
    return chosen.target;
  }

  private refreshSoon(): void {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => void this.refresh(), quietMs);
  }

  private async refresh(): Promise<void> {
    try {
      this.result = await this.sidecar.request(editList, {});
      this.places = new Set(this.files.flatMap((file) => fileOf(file)?.toString() ?? []));
    } catch (error) {
      if (!(error instanceof UserCancelledError)) this.log.warn(`Listing changes: ${toFailureError(error).message}`);
      return;
    }
    this.before.refresh();
    this.changed.fire();
  }
}

/** Undefined if the workspace folder of the file was removed. */
export function fileOf({ path, folder }: Pick<FileEditView, 'path' | 'folder'>): vscode.Uri | undefined {
  return folder === undefined ? workspaceFile(path) : vscode.Uri.joinPath(vscode.Uri.file(folder), path);
}

/** @throws UserCancelledError */
async function confirm(question: l10n.LocalizedText, verb: l10n.LocalizedText): Promise<void> {
  if ((await showWarningMessage(question, { modal: true }, verb)) !== verb) throw new UserCancelledError();
}
