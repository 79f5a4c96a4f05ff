import * as l10n from '../../infrastructure/localizedText';
import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { FailureError, runWithErrorHandling, toFailureError, UserCancelledError } from '../../infrastructure/errors';
import { type Repository, untracked } from '../../infrastructure/gitApi';
import { type AllowedDiffs, allowedDiffs } from '../../infrastructure/gitDiffs';
import { showWarningMessage, withProgress } from '../../infrastructure/window';
import { workspacePath } from '../../infrastructure/workspaceFolders';
import { attachmentInspect } from '../../protocol/protocol.generated';
import { BackgroundChat } from '../../server/backgroundChat';
import type { Sidecar } from '../../server/client';
import type { ProviderList } from '../../server/providerList';
import { commands } from './commands';
import { type Changes, commitRequest, messageIn, pullRequestRequest } from './diffText';
import { findRepository } from './git';

/** Argument of `plue.suggestCommitMessage`: changes that are not committed, below a folder. */
const givenChanges = v.object({ root: v.string(), patch: v.string(), newFiles: v.array(v.string()) });

const maxCommits = 20;
/** Maximum number of files in a pull request whose content is sent. */
const maxFiles = 100;

export function activateSourceControl(sidecar: Sidecar, providers: ProviderList, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const register = (id: string, action: (repository: Repository) => Promise<unknown>): void => {
    disposables.add(
      vscode.commands.registerCommand(id, (given: unknown) =>
        runWithErrorHandling(log, async () => {
          const repository = await findRepository(given);
          if (repository !== undefined) await action(repository);
        }),
      ),
    );
  };

  const write = async (chatTitle: string, read: () => Promise<string>, token: vscode.CancellationToken): Promise<string> => {
    const request = await read();
    if (token.isCancellationRequested) throw new UserCancelledError();
    const chat = await BackgroundChat.create(sidecar, providers, 'commit-message', chatTitle);
    token.onCancellationRequested(() => void runWithErrorHandling(log, () => chat.stop()));
    try {
      if (token.isCancellationRequested) throw new UserCancelledError();
      const { text } = await chat.send(request);
      const message = messageIn(text);
      if (message === '') throw new FailureError('conflict', l10n.t('The response was empty. Try again.'));
      return message;
    } finally {
      await chat.delete().catch((error: unknown) => log.debug(`${chat.uri} was kept: ${toFailureError(error).message}`));
    }
  };

  /** Set while a commit message is written. */
  let stopper: vscode.CancellationTokenSource | undefined;
  /** Shows progress in the Source Control view, where Stop replaces Generate. */
  const writeInView = async (read: () => Promise<string>): Promise<string> => {
    const { token } = (stopper = new vscode.CancellationTokenSource());
    await vscode.commands.executeCommand('setContext', 'plue.isWritingCommitMessage', true);
    try {
      const progress = { location: vscode.ProgressLocation.SourceControl, title: l10n.t('Writing commit message…') };
      return await withProgress(progress, () => write(l10n.t('Commit message'), read, token));
    } finally {
      stopper.dispose();
      stopper = undefined;
      await vscode.commands.executeCommand('setContext', 'plue.isWritingCommitMessage', false);
    }
  };

  const writeCommitMessage = async (repository: Repository): Promise<void> => {
    const { inputBox } = repository;
    if (stopper !== undefined || !(await mayReplace(inputBox.value))) return;
    const before = inputBox.value;
    const message = await writeInView(async () => commitRequest(await pendingChanges(repository, sidecar)));
    // The user may have typed while the message was written.
    if (inputBox.value !== before && !(await mayReplace(inputBox.value))) return;
    inputBox.value = message;
  };

  const summarize = async (repository: Repository): Promise<void> => {
    const branch = repository.state.HEAD?.name;
    if (branch === undefined) throw new FailureError('conflict', l10n.t('No branch is checked out. Check out a branch and try again.'));
    const progress = { location: vscode.ProgressLocation.Notification, title: l10n.t('Writing pull request summary…'), cancellable: true };
    const read = async (): Promise<string> => pullRequestRequest(branch, await branchChanges(repository, branch, sidecar));
    const summary = await withProgress(progress, (_, token) => write(l10n.t('Pull request summary: {0}', branch), read, token));
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: summary, language: 'markdown' }));
  };

  // For other features, as for a worktree that VS Code's Git support does not know. Failures belong to the caller.
  disposables.add(
    vscode.commands.registerCommand('plue.suggestCommitMessage', async (given: unknown) => {
      const { root, patch, newFiles } = v.parse(givenChanges, given);
      const files = await allowedFiles(vscode.Uri.file(root), patch, sidecar);
      const { token } = new vscode.CancellationTokenSource();
      return write(l10n.t('Commit message'), () => Promise.resolve(commitRequest({ ...files, newFiles, commits: [] })), token);
    }),
  );
  register(commands.commitMessage, writeCommitMessage);
  disposables.add(vscode.commands.registerCommand(commands.stopCommitMessage, () => stopper?.cancel()));
  register(commands.pullRequest, summarize);
  register(commands.conflicts, async ({ state }) => {
    const files = state.mergeChanges.map(({ uri }) => ({ path: workspacePath(uri) }));
    if (files.length === 0) throw new FailureError('conflict', l10n.t('There are no merge conflicts.'));
    const text = l10n.t(
      'Resolve the merge conflicts in these files. Keep the intention of both sides, and explain each decision. Do not commit.',
    );
    await vscode.commands.executeCommand('plue.askInChat', { text, files });
  });
  return disposables;
}

async function mayReplace(text: string): Promise<boolean> {
  if (text.trim() === '') return true;
  const replace = l10n.t('Replace');
  const options = { modal: true, detail: text };
  return (await showWarningMessage(l10n.t('Replace the commit message that is in the input box?'), options, replace)) === replace;
}

/** Returns staged changes, or all changes if nothing is staged, as a commit does. */
async function pendingChanges(repository: Repository, sidecar: Sidecar): Promise<Changes> {
  const { state } = repository;
  const isStaged = state.indexChanges.length > 0;
  const newFiles = isStaged
    ? []
    : [...state.workingTreeChanges.filter(({ status }) => status === untracked), ...(state.untrackedChanges ?? [])];
  const diff = await repository.diff(isStaged);
  if (diff === '' && newFiles.length === 0) {
    throw new FailureError('conflict', l10n.t('There are no changes to describe.'));
  }
  return {
    ...(await readDiffs(repository, diff, sidecar)),
    newFiles: newFiles.map(({ uri }) => vscode.workspace.asRelativePath(uri, false)),
    commits: await latestCommits(repository, {}),
  };
}

/** Returns the changes since the branch diverged from its base. */
async function branchChanges(repository: Repository, branch: string, sidecar: Sidecar): Promise<Changes> {
  const base = await repository.getBranchBase?.(branch);
  const name = base?.name === undefined ? 'origin/HEAD' : base.remote === undefined ? base.name : `${base.remote}/${base.name}`;
  const from = await repository.getMergeBase(name, 'HEAD').catch(() => undefined);
  if (from === undefined) {
    throw new FailureError('conflict', l10n.t('The base of the branch {0} is unknown. Set an upstream branch and try again.', branch));
  }
  const changes = await repository.diffBetween(from, 'HEAD');
  if (changes.length === 0) throw new FailureError('conflict', l10n.t('The branch {0} has no new commits.', branch));
  const diffs = await Promise.all(changes.slice(0, maxFiles).map(({ uri }) => repository.diffBetween(from, 'HEAD', uri.fsPath)));
  return {
    ...(await readDiffs(repository, diffs.join('\n'), sidecar)),
    newFiles: [],
    commits: await latestCommits(repository, { range: `${from}..HEAD` }),
  };
}

function readDiffs({ rootUri }: Repository, diff: string, sidecar: Sidecar): Promise<AllowedDiffs> {
  return allowedFiles(rootUri, diff, sidecar);
}

/** Protected files are omitted, as in a chat. */
function allowedFiles(root: vscode.Uri, diff: string, sidecar: Sidecar): Promise<AllowedDiffs> {
  return allowedDiffs(diff, async (path) => {
    const { problem } = await sidecar.request(attachmentInspect, { path: vscode.Uri.joinPath(root, path).fsPath });
    return problem === undefined;
  });
}

async function latestCommits(repository: Repository, options: { range?: string }): Promise<string[]> {
  // A new repository has no commits.
  const commits = await repository.log({ maxEntries: maxCommits, ...options }).catch(() => []);
  return commits.map(({ message }) => message);
}
