// Actions on the git worktree of a task.
import * as l10n from '../../infrastructure/localizedText';
import type { LocalizedText } from '../../infrastructure/localizedText';
import * as vscode from 'vscode';
import { FailureError, runWithErrorHandling, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { openAddress } from '../../infrastructure/addresses';
import { gitApi } from '../../infrastructure/gitApi';
import { showInformationMessage, showInputBox, showSuggestionBox, showWarningMessage, withProgress } from '../../infrastructure/window';
import type { WorktreeMergeResult, WorktreeView } from '../../protocol/protocol.generated';
import {
  worktreeChanges,
  worktreeCommit,
  worktreeCreatePullRequest,
  worktreeGet,
  worktreeMerge,
  worktreePending,
  worktreePlanPullRequest,
  worktreeRemove,
} from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';
import { formatFileCount } from '../../common/counts';
import type { BaseFiles } from './baseFiles';

export class WorktreeActions {
  constructor(
    private readonly sidecar: Pick<Sidecar, 'request'>,
    private readonly base: BaseFiles,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  async open(task: string): Promise<void> {
    const { folder } = await this.sidecar.request(worktreeGet, { task });
    await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(folder), { forceNewWindow: true });
  }

  /** Shows all changes since the branch began, also those that are not committed. */
  async showChanges(task: string): Promise<void> {
    const { root, branch, files, total } = await this.sidecar.request(worktreeChanges, { task });
    if (files.length === 0) {
      void showInformationMessage(l10n.t('The worktree has no changes.'));
      return;
    }
    const rows = files.map(({ path, kind }) => {
      const file = vscode.Uri.joinPath(vscode.Uri.file(root), path);
      return [file, kind === 'created' ? undefined : this.base.uri(task, path, file), kind === 'deleted' ? undefined : file] as const;
    });
    const title = l10n.t('{0} compared with its base', branch);
    await vscode.commands.executeCommand('vscode.changes', title, rows);
    if (total > files.length) void showInformationMessage(l10n.t('The first {0} of {1} files are shown.', files.length, total));
  }

  /** Merges the branch into the main checkout, after a commit of what is not committed. */
  async merge(task: string): Promise<void> {
    const view = await this.sidecar.request(worktreeGet, { task });
    const { branch, into, changed, untracked } = view;
    if (into === undefined) {
      throw new FailureError('conflict', l10n.t('No branch is checked out. Check out the branch that should get the changes.'));
    }
    const title = l10n.t('Merge {0} into {1}', branch, into);
    const commitMessage = changed + untracked === 0 ? undefined : await this.askMessage(view, title);
    if (commitMessage === undefined) await confirm(l10n.t('Merge {0} into {1}?', branch, into), l10n.t('Merge'));
    const result = await withProgress({ location: vscode.ProgressLocation.Notification, title }, () =>
      this.sidecar.request(worktreeMerge, { task, commitMessage, abortOnConflict: false }),
    );
    // The notification can stay open for long; the merge is done.
    void runWithErrorHandling(this.log, () => this.showMerge(task, view, result));
  }

  /** Commits what is not committed, and after a confirmation pushes the branch and creates a pull request with gh. */
  async createPullRequest(task: string): Promise<void> {
    const view = await this.sidecar.request(worktreeGet, { task });
    if (view.changed + view.untracked > 0) {
      const message = await this.askMessage(view, l10n.t('Commit on {0}', view.branch));
      await this.sidecar.request(worktreeCommit, { task, message });
    }
    const plan = await this.sidecar.request(worktreePlanPullRequest, { task });
    const { branch, remote, address, commits } = plan;
    const title = await showInputBox({
      title: l10n.t('Title of the pull request from {0}', branch),
      value: view.title,
      ignoreFocusOut: true,
      validateInput: (value) => (value.trim() === '' ? l10n.t('Enter a title.') : undefined),
    });
    if (title === undefined || title.trim() === '') throw new UserCancelledError();
    const count = commits === 1 ? l10n.t('1 commit') : l10n.t('{0} commits', commits);
    const into = plan.base ?? l10n.t('the default branch');
    const detail = l10n.t(
      'Pushes the branch {0} ({1}) to {2} ({3}), and creates a pull request into {4} with gh.',
      branch,
      count,
      remote,
      address,
      into,
    );
    await confirm(l10n.t('Create a pull request for {0}?', branch), l10n.t('Push and Create Pull Request'), detail);
    const made = await withProgress({ location: vscode.ProgressLocation.Notification, title: l10n.t('Creating pull request…') }, () =>
      this.sidecar.request(worktreeCreatePullRequest, { task, title: title.trim(), body: '', confirmed: plan }),
    );
    const open = l10n.t('Open Pull Request');
    if ((await showInformationMessage(l10n.t('Created the pull request {0}.', made.address), open)) === open)
      await openAddress(made.address);
  }

  async commit(task: string): Promise<void> {
    const view = await this.sidecar.request(worktreeGet, { task });
    if (view.changed + view.untracked === 0) {
      void showInformationMessage(l10n.t('All changes of the worktree are committed.'));
      return;
    }
    const message = await this.askMessage(view, l10n.t('Commit on {0}', view.branch));
    const { branch, commit } = await this.sidecar.request(worktreeCommit, { task, message });
    void showInformationMessage(l10n.t('Committed {0} on {1}.', commit.slice(0, 7), branch));
  }

  async remove(task: string): Promise<void> {
    const { branch } = await this.sidecar.request(worktreeGet, { task });
    const detail = l10n.t('It is moved to the trash. It is kept if it is in use, or holds changes that are not merged or pushed.');
    await confirm(l10n.t('Remove the worktree of {0}?', branch), l10n.t('Remove'), detail);
    const { branchDeleted } = await this.sidecar.request(worktreeRemove, { task });
    void showInformationMessage(
      branchDeleted
        ? l10n.t('Moved the worktree to the trash and deleted the merged branch {0}.', branch)
        : l10n.t('Moved the worktree to the trash. The branch {0} was kept.', branch),
    );
  }

  private async showMerge(task: string, view: WorktreeView, { outcome, branch, into, conflicts }: WorktreeMergeResult): Promise<void> {
    if (outcome === 'conflict') return this.resolve(view.repository, into, conflicts);
    const remove = l10n.t('Remove Worktree…');
    const done =
      outcome === 'merged' ? l10n.t('Merged {0} into {1}.', branch, into) : l10n.t('{0} already has everything of {1}.', into, branch);
    if ((await showInformationMessage(done, remove)) === remove) await this.remove(task);
  }

  /** Opens the first file with conflicts in the merge editor. The others are in the Source Control view, as after any merge. */
  private async resolve(repository: string, into: string, conflicts: readonly string[]): Promise<void> {
    const [first] = conflicts;
    if (first !== undefined) await this.openMergeEditor(vscode.Uri.joinPath(vscode.Uri.file(repository), first));
    const show = l10n.t('Show in Source Control');
    const abort = l10n.t('Abort Merge');
    const chosen = await showWarningMessage(
      l10n.t('The merge into {0} has conflicts in {1}. Resolve them and commit.', into, formatFileCount(conflicts.length)),
      show,
      abort,
    );
    if (chosen === show) await vscode.commands.executeCommand('workbench.view.scm');
    if (chosen === abort) await vscode.commands.executeCommand('git.mergeAbort');
  }

  private async openMergeEditor(file: vscode.Uri): Promise<void> {
    try {
      const repository = (await gitApi())?.getRepository(file) ?? undefined;
      await repository?.status();
      if (repository !== undefined) {
        await vscode.commands.executeCommand('git.openMergeEditor', file);
        return;
      }
    } catch (error) {
      this.log.warn(`The merge editor could not be opened: ${toFailureError(error).message}`);
    }
    // Shows the conflict markers, with actions above each.
    await vscode.commands.executeCommand('vscode.open', file);
  }

  /** @throws UserCancelledError */
  private async askMessage({ task, title, changed, untracked }: WorktreeView, boxTitle: LocalizedText): Promise<string> {
    const message = await showSuggestionBox({
      title: boxTitle,
      prompt: l10n.t('Commit message for {0} with uncommitted changes', formatFileCount(changed + untracked)),
      value: title,
      validateInput: (value) => (value.trim() === '' ? l10n.t('Enter a commit message.') : undefined),
      suggestTooltip: l10n.t('Generate Commit Message'),
      suggest: async () => firstLine(await this.suggest(task)),
    });
    if (message === undefined) throw new UserCancelledError();
    return message.trim();
  }

  private async suggest(task: string): Promise<string> {
    const { root, patch, untracked } = await this.sidecar.request(worktreePending, { task });
    const suggested: unknown = await vscode.commands.executeCommand('plue.suggestCommitMessage', { root, patch, newFiles: untracked });
    return typeof suggested === 'string' ? suggested : '';
  }
}

/** An input box has one line. */
function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

/** @throws UserCancelledError */
async function confirm(question: LocalizedText, verb: LocalizedText, detail?: LocalizedText): Promise<void> {
  const options = { modal: true, ...(detail === undefined ? {} : { detail }) };
  if ((await showWarningMessage(question, options, verb)) !== verb) throw new UserCancelledError();
}
