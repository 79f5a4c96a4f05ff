import { beforeEach, describe, expect, it, vi } from 'vitest';
import { notifyNearBudget } from '../../../../extension/src/features/chat/budgetNotification';
import { settingsGet, taskList } from '../../../../extension/src/protocol/protocol.generated';
import type { TaskView } from '../../../../extension/src/protocol/protocol.generated';
import { TaskList } from '../../../../extension/src/server/taskList';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown } from '../../testing/vscode';
import { child, spend, task, taskId } from '../../webview/taskSamples';

const text = '“Add export command” has used 80% of its budget.';
let sidecar: FakeSidecar;
let opened: string[];
let notified: string[];

function follow(setting?: string): void {
  sidecar = new FakeSidecar().answer(settingsGet, () => ({
    path: '',
    groups: [],
    policy: [],
    values: setting === undefined ? {} : { notify_when_finished: setting },
  }));
  [opened, notified] = [[], []];
  const { log } = fakeLog();
  notifyNearBudget({
    sidecar,
    tasks: new TaskList(sidecar, log),
    log,
    systemNotifications: { show: (text) => Promise.resolve(void notified.push(text)) },
    open: (uri) => opened.push(uri),
  });
  run(taskId);
}

/** A response of the task begins in this window. */
function run(codexId: string): void {
  sidecar.messageEvent.fire({ codexId, seq: 1, event: { kind: 'turnStarted', turnId: 't1' } });
}

async function change(...tasks: TaskView[]): Promise<void> {
  for (const one of tasks) sidecar.taskEvent.fire({ taskId: one.uri, task: one });
  await new Promise((resolve) => setImmediate(resolve));
}

const spent = (usd: number, changed: Partial<TaskView> = {}): TaskView =>
  task({ budget: { usd: 1 }, totalSpent: spend({ usd }), ...changed });

describe('a task near its budget', () => {
  beforeEach(reset);

  it('is reported once with its title, and Open shows it', async () => {
    follow();
    answers.push('Open');
    await change(spent(0.79));
    expect(shown).toEqual([]);
    await change(spent(0.8), spent(0.9));
    expect(shown).toEqual([{ kind: 'warning', text, buttons: ['Open'] }]);
    expect(notified).toEqual([text]);
    await vi.waitFor(() => expect(opened).toEqual([taskId]));

    await change(spent(0.9, { budget: { usd: 2 } }), spent(1.7, { budget: { usd: 2 } }));
    expect(shown).toHaveLength(1);
  });

  it.each([
    ['cost', { usd: 1 }, spend({ usd: 0.8 }), 1],
    ['tokens', { usd: 1, tokens: 1000 }, spend({ usd: 0.1, tokens: 800 }), 1],
    ['rounds', { rounds: 50 }, spend({ rounds: 40 }), 1],
    ['time', { seconds: 100 }, spend({ seconds: 80 }), 1],
    ['an unknown cost', { usd: 1 }, spend({ tokens: 1_000_000 }), 0],
    ['no limit', {}, spend({ usd: 100 }), 0],
  ])('counts %s', async (_, budget, totalSpent, times) => {
    follow();
    await change(task({ budget, totalSpent: spend() }), task({ budget, totalSpent }));
    expect(shown).toHaveLength(times);
  });

  it('is reported for the whole tree, and not for each subtask', async () => {
    follow();
    run('codex://tasks/writer');
    const writer = (usd: number): TaskView => child('writer', { budget: { usd: 0.5 }, totalSpent: spend({ usd }) });
    await change(spent(0.1), writer(0), writer(0.45), spent(0.45));
    expect(shown).toEqual([]);
    await change(spent(0.85));
    expect(shown.map(({ text }) => text)).toEqual([text]);
  });

  it('that a chat started is the root of its tree', async () => {
    follow();
    await change(spent(0.1, { parentId: 'codex://chats/c1' }), spent(0.9, { parentId: 'codex://chats/c1' }));
    expect(shown).toHaveLength(1);
  });

  it('is not reported when it was found so, has ended, or reached the limit', async () => {
    follow();
    sidecar.answer(taskList, () => ({ tasks: [spent(0.9)] }));
    sidecar.started.fire();
    await change(spent(0.95));
    for (const status of ['done', 'over_budget', 'stopped']) {
      const uri = `codex://tasks/${status}`;
      run(uri);
      await change(spent(0.1, { uri }), spent(1, { uri, status }));
    }
    expect(shown).toEqual([]);
  });

  it('is not reported for a task of another window, or with notifications turned off', async () => {
    follow();
    const uri = 'codex://tasks/elsewhere';
    await change(spent(0.1, { uri }), spent(0.9, { uri }));
    expect(shown).toEqual([]);
    follow('never');
    await change(spent(0.1), spent(0.9));
    expect([...shown, ...notified]).toEqual([]);
  });
});
