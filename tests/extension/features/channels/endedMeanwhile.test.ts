import { beforeEach, describe, expect, it } from 'vitest';
import type { Memento } from 'vscode';
import { EndedMeanwhile } from '../../../../extension/src/features/channels/endedMeanwhile';
import { taskList } from '../../../../extension/src/protocol/protocol.generated';
import type { TaskView } from '../../../../extension/src/protocol/protocol.generated';
import { TaskList } from '../../../../extension/src/server/taskList';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { memory } from '../../testing/memory';
import { answers, executed, reset, statusBar } from '../../testing/vscode';
import { child, task, taskId } from '../../webview/taskSamples';

/** The state of the workspace, which outlives a window. */
let state: Memento;

async function openWindow(...tasks: TaskView[]): Promise<{ sidecar: FakeSidecar; ended: EndedMeanwhile }> {
  statusBar.clear();
  const sidecar = new FakeSidecar().answer(taskList, () => ({ tasks }));
  const list = new TaskList(sidecar, fakeLog().log);
  const ended = new EndedMeanwhile(list, state);
  await list.refresh();
  return { sidecar, ended };
}

describe('tasks that ended while the window was closed', () => {
  beforeEach(() => {
    reset();
    state = memory();
  });

  it('are counted in the status bar of the next window, and open from there', async () => {
    await openWindow(task({ status: 'running' }));
    const { ended } = await openWindow(task({ status: 'done' }));
    expect(statusBar.get('plue.tasks.ended')).toMatchObject({ text: '$(tasklist) 1', tooltip: '1 task ended while the window was closed' });
    answers.push('Add export command');
    await ended.show();
    expect(executed).toContainEqual(['plue.openChat', taskId]);
    expect(statusBar.has('plue.tasks.ended')).toBe(false);
    await openWindow(task({ status: 'done' }));
    expect(statusBar.has('plue.tasks.ended')).toBe(false);
  });

  it('are not those that ended in view, still work, or were deleted', async () => {
    const { sidecar } = await openWindow(task({ status: 'running' }));
    sidecar.taskEvent.fire({ taskId, task: task({ status: 'done' }) });
    await openWindow(task({ status: 'done' }));
    expect(statusBar.has('plue.tasks.ended')).toBe(false);
    await openWindow(task({ status: 'running' }));
    await openWindow(task({ status: 'waiting_for_approval' }));
    expect(statusBar.has('plue.tasks.ended')).toBe(false);
    await openWindow();
    expect(statusBar.has('plue.tasks.ended')).toBe(false);
  });

  it('count once for a tree', async () => {
    const [parent, subtask] = [task({ status: 'running' }), child('tests', { status: 'running' })];
    await openWindow(parent, subtask);
    await openWindow({ ...parent, status: 'failed' }, { ...subtask, status: 'stopped' });
    expect(statusBar.get('plue.tasks.ended')).toMatchObject({ text: '$(tasklist) 1' });
  });
});
