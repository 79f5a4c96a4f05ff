import * as vscode from 'vscode';
import { Disposables } from '../infrastructure/disposables';
import { toFailureError } from '../infrastructure/errors';
import type { Log } from '../infrastructure/logging';
import { taskList } from '../protocol/protocol.generated';
import type { TaskView } from '../protocol/protocol.generated';
import type { Sidecar } from './client';

/** All tasks with cost and status, kept current by task/event, for the tree and the chats. */
export class TaskList implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<string | undefined>();
  private readonly disposables = new Disposables();
  private readonly tasks = new Map<string, TaskView>();
  /** Tasks updated by events while a list was requested; they are newer than that list. */
  private updatedMeanwhile: Set<string> | undefined;

  /** The URI of the changed task; undefined if any may have changed. */
  readonly onDidChange = this.changed.event;

  constructor(
    private readonly sidecar: Sidecar,
    private readonly log: Pick<Log, 'warn'>,
  ) {
    this.disposables.add(this.changed);
    this.disposables.add(sidecar.onDidStart(() => void this.refresh()));
    this.disposables.add(sidecar.onTaskEvent(({ taskId, task }) => this.onTaskEvent(taskId, task)));
  }

  get(uri: string): TaskView | undefined {
    return this.tasks.get(uri);
  }

  all(): Iterable<TaskView> {
    return this.tasks.values();
  }

  childrenOf(uri: string): TaskView[] {
    return [...this.tasks.values()].filter(({ parentId }) => parentId === uri);
  }

  /** True if a task is a descendant of a chat or task. */
  isUnder(uri: string, root: string): boolean {
    const seen = new Set<string>();
    for (let at = this.tasks.get(uri)?.parentId; at !== undefined && !seen.has(at); at = this.tasks.get(at)?.parentId) {
      if (at === root) return true;
      seen.add(at);
    }
    return false;
  }

  /** Does not throw; without the list, rows show less. */
  async refresh(): Promise<void> {
    const updated = (this.updatedMeanwhile = new Set<string>());
    try {
      const { tasks } = await this.sidecar.request(taskList, { includeArchived: true });
      const listed = new Set(tasks.map(({ uri }) => uri));
      for (const uri of [...this.tasks.keys()]) if (!listed.has(uri) && !updated.has(uri)) this.tasks.delete(uri);
      for (const task of tasks) if (!updated.has(task.uri)) this.tasks.set(task.uri, task);
      this.changed.fire(undefined);
    } catch (error) {
      this.log.warn(`The tasks could not be listed: ${toFailureError(error).message}`);
    } finally {
      if (this.updatedMeanwhile === updated) this.updatedMeanwhile = undefined;
    }
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private onTaskEvent(uri: string, task: TaskView | undefined): void {
    this.updatedMeanwhile?.add(uri);
    if (task === undefined) this.tasks.delete(uri);
    else this.tasks.set(uri, task);
    this.changed.fire(uri);
  }
}
