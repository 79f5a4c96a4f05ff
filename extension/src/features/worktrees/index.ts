import * as v from 'valibot';
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { runWithErrorHandling } from '../../infrastructure/errors';
import type { Sidecar } from '../../server/client';
import type { TaskList } from '../../server/taskList';
import { BaseFiles } from './baseFiles';
import { commands } from './commands';
import { pickWorktree } from './pickWorktree';
import { WorktreeActions } from './worktreeActions';

/** A row of the tree, or the task of a page. */
const row = v.object({ uri: v.string() });

export function activateWorktrees(sidecar: Sidecar, tasks: Pick<TaskList, 'get'>, log: vscode.LogOutputChannel): vscode.Disposable {
  const disposables = new Disposables();
  const actions = new WorktreeActions(sidecar, disposables.add(new BaseFiles(sidecar)), log);
  const register = (id: string, action: (task: string) => Promise<unknown>): void => {
    disposables.add(
      vscode.commands.registerCommand(id, (given: unknown) =>
        runWithErrorHandling(log, async () => {
          const uri = v.is(row, given) ? given.uri : undefined;
          // A subtask can work in the worktree of a task above it.
          await action(uri === undefined ? await pickWorktree(sidecar) : (tasks.get(uri)?.worktree?.task ?? uri));
        }),
      ),
    );
  };
  register(commands.open, (task) => actions.open(task));
  register(commands.showChanges, (task) => actions.showChanges(task));
  register(commands.merge, (task) => actions.merge(task));
  register(commands.commit, (task) => actions.commit(task));
  register(commands.pullRequest, (task) => actions.createPullRequest(task));
  register(commands.remove, (task) => actions.remove(task));
  return disposables;
}
