// Shows in the status bar which tasks ended while this window was closed.
import * as v from 'valibot';
import * as vscode from 'vscode';
import * as l10n from '../../infrastructure/localizedText';
import { Disposables } from '../../infrastructure/disposables';
import { showQuickPick, StatusBarItem } from '../../infrastructure/window';
import { isWorking, taskStatusView } from '../../common/taskStatus';
import { displayTitle } from '../../common/title';
import type { TaskView } from '../../protocol/protocol.generated';
import type { TaskList } from '../../server/taskList';
import { commands } from './commands';

const workingKey = 'plue.tasks.working';

export class EndedMeanwhile implements vscode.Disposable {
  private readonly disposables = new Disposables();
  private readonly item = this.disposables.add(
    new StatusBarItem({
      id: 'plue.tasks.ended',
      name: l10n.t('Plue Tasks'),
      command: commands.showEnded,
      alignment: vscode.StatusBarAlignment.Left,
      priority: 0,
    }),
  );
  /** Undefined until the tasks are listed. */
  private ended: string[] | undefined;

  /** @param state The state of the workspace, where the working tasks are stored for the next window. */
  constructor(
    private readonly tasks: Pick<TaskList, 'all' | 'get' | 'onDidChange'>,
    private readonly state: Pick<vscode.Memento, 'get' | 'update'>,
  ) {
    this.disposables.add(tasks.onDidChange((uri) => this.onTasksChanged(uri)));
  }

  /** Lets the user open one of the tasks, and removes the indicator. */
  async show(): Promise<void> {
    const ended = (this.ended ?? []).flatMap((uri) => this.tasks.get(uri) ?? []);
    this.ended = [];
    this.item.hide();
    const chosen = await showQuickPick(
      ended.map(({ uri, title, status }) => ({ label: displayTitle(title, 'task'), description: taskStatusView(status).words, uri })),
      { title: l10n.t('Tasks that ended while the window was closed') },
    );
    if (chosen !== undefined) await vscode.commands.executeCommand('plue.openChat', chosen.uri);
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private onTasksChanged(uri: string | undefined): void {
    const before = v.safeParse(v.array(v.string()), this.state.get<unknown>(workingKey));
    const stored = before.success ? before.output : [];
    if (this.ended === undefined) {
      // Events can arrive before the list.
      if (uri !== undefined) return;
      this.ended = stored.filter((one) => this.hasEnded(one));
      this.draw(this.ended.length);
    }
    const working = [...this.tasks.all()].filter((task) => this.isRoot(task) && isWorking(task.status)).map((task) => task.uri);
    if (working.join() !== stored.join()) void this.state.update(workingKey, working);
  }

  private hasEnded(uri: string): boolean {
    const task = this.tasks.get(uri);
    return task !== undefined && !isWorking(task.status);
  }

  private isRoot({ parentId }: TaskView): boolean {
    return parentId === undefined || this.tasks.get(parentId) === undefined;
  }

  private draw(count: number): void {
    if (count === 0) return;
    const text =
      count === 1 ? l10n.t('1 task ended while the window was closed') : l10n.t('{0} tasks ended while the window was closed', count);
    this.item.show({ icon: 'tasklist', text: String(count), tooltip: text, accessibleLabel: text });
  }
}
