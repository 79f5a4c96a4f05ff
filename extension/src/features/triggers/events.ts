// Reports events to the sidecar, but only those for which a trigger waits.
import * as vscode from 'vscode';
import { Disposables } from '../../infrastructure/disposables';
import { toFailureError } from '../../infrastructure/errors';
import { gitApi, type Repository } from '../../infrastructure/gitApi';
import { outerFolders } from '../../infrastructure/workspaceFolders';
import { isInside, relativePathInside } from '../../infrastructure/insideFolder';
import { triggerGit, triggerProblems, triggerSaved } from '../../protocol/protocol.generated';
import type { TriggerChangedParams, TriggerGitChange } from '../../protocol/protocol.generated';
import type { Sidecar } from '../../server/client';

/** Saving all files at once is one event. */
const saveDelay = 300;
/** Language servers publish problems file by file. */
const problemDelay = 1000;

/** The state of a repository as last reported. */
interface Head {
  branch: string | undefined;
  commit: string | undefined;
  hasConflicts: boolean;
}

export class TriggerEvents implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly watchers = new Map<keyof TriggerChangedParams, vscode.Disposable>();

  constructor(
    private readonly sidecar: Sidecar,
    private readonly log: Pick<vscode.LogOutputChannel, 'warn'>,
  ) {
    this.disposables.add(sidecar.onTriggerChanged((needs) => this.watch(needs)));
  }

  dispose(): void {
    for (const watcher of this.watchers.values()) watcher.dispose();
    this.watchers.clear();
    this.disposables.dispose();
  }

  private watch(needs: TriggerChangedParams): void {
    this.set('saves', needs.saves, () => this.watchSaves());
    this.set('git', needs.git, () => this.watchGit());
    this.set('problems', needs.problems, () => this.watchProblems());
  }

  private set(kind: keyof TriggerChangedParams, isNeeded: boolean, begin: () => vscode.Disposable): void {
    const watcher = this.watchers.get(kind);
    if (isNeeded && watcher === undefined) this.watchers.set(kind, begin());
    if (!isNeeded && watcher !== undefined) {
      watcher.dispose();
      this.watchers.delete(kind);
    }
  }

  private watchSaves(): vscode.Disposable {
    const saved = new Set<string>();
    const delayed = new Delayed(saveDelay, () => {
      const paths = [...saved];
      saved.clear();
      this.report(this.sidecar.request(triggerSaved, { paths }));
    });
    const watching = new Disposables();
    watching.add(delayed);
    watching.add(
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        if (uri.scheme !== 'file') return;
        saved.add(uri.fsPath);
        delayed.begin();
      }),
    );
    return watching;
  }

  private watchProblems(): vscode.Disposable {
    const delayed = new Delayed(problemDelay, () => {
      for (const { path: folder } of outerFolders()) {
        this.report(this.sidecar.request(triggerProblems, { folder, ...problemsIn(folder) }));
      }
    });
    delayed.begin();
    const watching = new Disposables();
    watching.add(delayed);
    watching.add(vscode.languages.onDidChangeDiagnostics(() => delayed.begin()));
    return watching;
  }

  private watchGit(): vscode.Disposable {
    const repositories = new Map<Repository, vscode.Disposable>();
    const watching = new Disposables();
    const open = (repository: Repository): void => {
      if (repositories.has(repository)) return;
      let head = headOf(repository);
      const changes = repository.state.onDidChange(() => {
        const before = head;
        head = headOf(repository);
        void this.reportGit(repository, before, head);
      });
      repositories.set(repository, changes);
      watching.add(changes);
    };
    void gitApi().then((api) => {
      if (api === undefined) return;
      for (const repository of api.repositories) open(repository);
      watching.add(api.onDidOpenRepository(open));
      watching.add(
        api.onDidCloseRepository((repository) => {
          repositories.get(repository)?.dispose();
          repositories.delete(repository);
        }),
      );
    });
    return watching;
  }

  private async reportGit(repository: Repository, before: Head, now: Head): Promise<void> {
    const report = (change: TriggerGitChange): void => {
      const { branch, commit } = now;
      const root = repository.rootUri.fsPath;
      const conflicts = repository.state.mergeChanges.map(({ uri }) => relativePathInside(uri.fsPath, root) ?? uri.fsPath);
      this.report(
        this.sidecar.request(triggerGit, {
          root,
          change,
          ...(branch === undefined ? {} : { branch }),
          ...(commit === undefined ? {} : { commit }),
          conflicts: change === 'conflict' ? conflicts : [],
        }),
      );
    };
    if (now.hasConflicts && !before.hasConflicts) report('conflict');
    // The repository was opened before its state was read.
    if (before.commit === undefined || now.commit === undefined) return;
    if (now.branch !== before.branch) report('branch');
    else if (now.commit !== before.commit && (await hasNewCommits(repository, before.commit, now.commit))) report('commit');
  }

  private report(request: Promise<unknown>): void {
    request.catch((error: unknown) => this.log.warn(`An event was not reported to triggers: ${toFailureError(error).message}`));
  }
}

/** Runs an action once after the last of several events. */
class Delayed implements vscode.Disposable {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly delay: number,
    private readonly act: () => void,
  ) {}

  begin(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(this.act, this.delay);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

function headOf({ state }: Repository): Head {
  return { branch: state.HEAD?.name, commit: state.HEAD?.commit, hasConflicts: state.mergeChanges.length > 0 };
}

/** False if the branch was reset to an older commit. */
async function hasNewCommits(repository: Repository, from: string, to: string): Promise<boolean> {
  const commits = await repository.log({ maxEntries: 1, range: `${from}..${to}` }).catch(() => []);
  return commits.length > 0;
}

function problemsIn(folder: string): { errors: number; warnings: number } {
  const problems = vscode.languages
    .getDiagnostics()
    .filter(([uri]) => uri.scheme === 'file' && isInside(uri.fsPath, folder))
    .flatMap(([, found]) => found);
  const count = (severity: vscode.DiagnosticSeverity): number => problems.filter((problem) => problem.severity === severity).length;
  return { errors: count(vscode.DiagnosticSeverity.Error), warnings: count(vscode.DiagnosticSeverity.Warning) };
}
