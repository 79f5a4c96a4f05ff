// Host side of the page that shows a comparison.
import * as l10n from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling } from '../../infrastructure/errors';
import { SinglePage } from '../../infrastructure/singlePage';
import { showInformationMessage } from '../../infrastructure/window';
import { compareChoose, compareGet, compareList, taskResume, taskStop, worktreeGet } from '../../protocol/protocol.generated';
import type { CompareView } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { type ContestantAction, type FromComparePage, fromComparePage, type ToComparePage } from '../../common/messages/compare';
import { commands } from './commands';

export const viewType = 'plue.compare';

/** In milliseconds: running tasks change many times per second, and each refresh compares worktrees with git. */
const refreshDelay = 1000;

export class ComparePage implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly page: SinglePage<FromComparePage, ToComparePage>;
  private uri: string | undefined;
  private comparison: CompareView | undefined;
  private later: ReturnType<typeof setTimeout> | undefined;

  constructor(
    extensionUri: vscode.Uri,
    private readonly sidecar: Sidecar,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.page = this.disposables.add(
      new SinglePage<FromComparePage, ToComparePage>({
        name: 'compare',
        title: l10n.t('Plue Comparison'),
        viewType,
        extensionUri,
        log,
        schema: fromComparePage,
        act: (message) => this.act(message),
        refuse: (error) => ({ type: 'refused', error }),
      }),
    );
    this.disposables.add(
      sidecar.onTaskEvent(({ taskId, task }) => {
        if (task?.parentId === this.uri || this.taskUris().includes(taskId)) this.refreshLater();
      }),
    );
    this.disposables.add({ dispose: () => clearTimeout(this.later) });
  }

  /** @param uri Undefined shows the newest one. */
  async open(uri: string | undefined): Promise<void> {
    this.uri = uri;
    const wasOpen = this.page.isOpen;
    this.page.reveal();
    // A new page requests its data itself.
    if (wasOpen) await this.show();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async act(message: FromComparePage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.uri ??= message.uri;
        return this.show();
      case 'reload':
        return this.show();
      case 'new':
        await vscode.commands.executeCommand(commands.start);
        return;
      case 'stopAll':
        await this.sidecar.request(taskStop, { uri: this.opened(), includeSubtasks: true });
        return this.show();
      case 'act':
        return this.actOn(message.task, message.action);
    }
  }

  private async actOn(task: string, action: ContestantAction): Promise<void> {
    switch (action) {
      case 'open':
        await vscode.commands.executeCommand('plue.openCodex', task);
        return;
      case 'review':
        await vscode.commands.executeCommand('plue.worktrees.showChanges', { uri: task });
        return;
      case 'stop':
        await this.sidecar.request(taskStop, { uri: task, includeSubtasks: true });
        return this.show();
      case 'resume':
        await this.sidecar.request(taskResume, { uri: task });
        return this.show();
      case 'choose':
        return this.choose(task);
    }
  }

  /** Merges the branch as its task page does. The others stay until they are removed. */
  private async choose(task: string): Promise<void> {
    await vscode.commands.executeCommand('plue.worktrees.merge', { uri: task });
    const { changed, untracked, commits, branch } = await this.sidecar.request(worktreeGet, { task });
    // Cancelled, or the merge has conflicts.
    if (changed + untracked + commits > 0) return this.show();
    await this.sidecar.request(compareChoose, { uri: this.opened(), task });
    void showInformationMessage(l10n.t('{0} was chosen. The worktrees of the others are kept until you remove them.', branch));
    return this.show();
  }

  private refreshLater(): void {
    if (!this.page.isOpen) return;
    this.later ??= setTimeout(() => {
      this.later = undefined;
      void runWithErrorHandling(this.log, () => this.show());
    }, refreshDelay);
  }

  private async show(): Promise<void> {
    this.uri ??= (await this.sidecar.request(compareList, {})).compares[0]?.uri;
    const { uri } = this;
    if (uri === undefined) return this.page.post({ type: 'empty' });
    const comparison = await this.sidecar.request(compareGet, { uri });
    if (this.uri !== uri) return;
    this.comparison = comparison;
    this.page.post({ type: 'comparison', comparison });
  }

  private taskUris(): string[] {
    return (this.comparison?.contestants ?? []).flatMap(({ task }) => (task === undefined ? [] : [task.uri]));
  }

  private opened(): string {
    if (this.uri === undefined) throw new FailureError('notFound', l10n.t('No comparison is selected.'));
    return this.uri;
  }
}
