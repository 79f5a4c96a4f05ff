import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { handle } from '../../../../extension/src/common/handlers';
import { Agents } from '../../../../extension/src/features/chat/agents';
import { FailureError } from '../../../../extension/src/infrastructure/errors';
import {
  codexUpdate,
  editList,
  messageSessionOptions,
  taskGet,
  type EditListResult,
  type EditState,
} from '../../../../extension/src/protocol/protocol.generated';
import { ApprovalList } from '../../../../extension/src/server/approvalList';
import { TaskList } from '../../../../extension/src/server/taskList';
import type { AgentsToPage } from '../../../../extension/src/common/messages/chatAgents';
import { codexSummary } from '../../testing/codexSummary';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { executed, reset } from '../../testing/vscode';
import { answer } from '../../webview/chatSamples';
import { child, detail, taskId } from '../../webview/taskSamples';

let sidecar: FakeSidecar;
let posted: AgentsToPage[];
let lines: string[];
let agents: Agents;

const pending = { path: 'pending.ts', added: 1, removed: 1 };

beforeEach(() => {
  reset();
  vi.useFakeTimers();
  posted = [];
  sidecar = new FakeSidecar().answer(taskGet, () => detail()).answer(editList, () => edits('pending', 'accepted'));
  const { log, lines: written } = fakeLog();
  lines = written;
  const services = { sidecar, approvals: new ApprovalList(sidecar, log), tasks: new TaskList(sidecar, log), log };
  agents = new Agents(taskId, services, (message) => posted.push(message), { isTask: true });
});

afterEach(() => {
  agents.dispose();
  vi.useRealTimers();
});

function edits(...states: EditState[]): EditListResult {
  const file = { codexId: taskId, kind: 'modified', added: 1, removed: 1, hunks: [], tools: [], isBinary: false } as const;
  return {
    files: states.map((state) => ({ ...file, hunks: [], tools: [], path: `${state}.ts`, state })),
    turns: [],
    conflicts: [],
  };
}

const asked = (method: string): number => sidecar.methods().filter((one) => one === method).length;
const soon = (): Promise<unknown> => vi.advanceTimersByTimeAsync(500);

describe('beside a task', () => {
  it('it is sent completely when its page opens, even if it is empty', async () => {
    agents.refresh();
    await soon();
    expect(posted.map(({ type }) => type).sort()).toEqual(['approvals', 'children', 'task', 'underReview']);
    expect(posted).toContainEqual({ type: 'underReview', files: [pending] });
    expect(posted).toContainEqual({ type: 'children', tasks: [] });
  });

  it('changes are sent, loaded once for several changes, without other tasks', async () => {
    sidecar.taskEvent.fire({ taskId: 'codex://tasks/other', task: child('other', { parentId: 'codex://tasks/elsewhere' }) });
    await soon();
    expect(sidecar.asked).toEqual([]);
    sidecar.taskEvent.fire({ taskId: 'codex://tasks/docs', task: child('docs') });
    for (let time = 0; time < 5; time++)
      sidecar.messageEvent.fire({
        codexId: 'codex://tasks/docs',
        seq: time,
        event: { kind: 'messageFinished', message: answer('a', 'Done.') },
      });
    await soon();
    expect(asked('task/get')).toBe(1);
    expect(posted).toContainEqual({ type: 'children', tasks: [child('docs')] });
  });

  it('is asked for once more when it changed while it was asked for, and no oftener', async () => {
    let end: () => void = () => undefined;
    sidecar.answer(taskGet, () => new Promise((resolve) => (end = () => resolve(detail()))));
    const first = handle(agents.handlers, { type: 'reloadTask' });
    void handle(agents.handlers, { type: 'reloadTask' });
    void handle(agents.handlers, { type: 'reloadTask' });
    sidecar.answer(taskGet, () => detail());
    end();
    await first;
    await soon();
    expect(asked('task/get')).toBe(2);
  });

  it('that cannot be read shows why', async () => {
    sidecar.answer(taskGet, () => {
      throw new FailureError('internal', 'The disk is gone.');
    });
    await handle(agents.handlers, { type: 'reloadTask' });
    expect(posted).toEqual([{ type: 'taskFailed', message: 'The disk is gone.' }]);
    expect(lines).toEqual([`What stands beside the task ${taskId} could not be read: The disk is gone.`]);
  });

  it('lists the options of the session once they are shown, and again after each response', async () => {
    const option = { id: 'mode', name: 'Mode', current: 'plan', choices: [] };
    const finished = (): void =>
      sidecar.messageEvent.fire({ codexId: taskId, seq: 1, event: { kind: 'messageFinished', message: answer('a', 'Done.') } });
    sidecar.answer(messageSessionOptions, () => ({ items: [option] }));
    finished();
    await soon();
    expect(asked('message/sessionOptions')).toBe(0);
    await handle(agents.handlers, { type: 'listSessionOptions' });
    finished();
    await soon();
    expect(asked('message/sessionOptions')).toBe(2);
    expect(posted).toContainEqual({ type: 'sessionOptions', options: [option] });
  });

  it('lists pending files once for many edits, and keeps them if listing fails', async () => {
    for (let time = 0; time < 5; time++) sidecar.editChanged.fire({ codexId: taskId });
    sidecar.editChanged.fire({ codexId: 'codex://chats/other' });
    await soon();
    expect(asked('edit/list')).toBe(1);
    sidecar.answer(editList, () => {
      throw new FailureError('internal', 'The disk is gone.');
    });
    sidecar.editChanged.fire({ codexId: taskId });
    await soon();
    expect(posted).toEqual([{ type: 'underReview', files: [pending] }]);
    expect(lines).toEqual([`The changes of ${taskId} could not be listed: The disk is gone.`]);
  });
});

it.each([
  [{ type: 'openCodex', uri: 'codex://tasks/docs' } as const, ['plue.openChat', 'codex://tasks/docs']],
  [{ type: 'newTask', goal: 'Export' } as const, ['plue.newTask', { goal: 'Export', parentId: taskId }]],
  [{ type: 'edits', command: 'plue.reviewChanges', path: 'a.ts' } as const, ['plue.reviewChanges', { codexId: taskId, path: 'a.ts' }]],
  [{ type: 'taskCommand', command: 'plue.tasks.pause' } as const, ['plue.tasks.pause', { type: 'codex', uri: taskId }]],
])('Requests of the page run a command: %j', async (message, command) => {
  await handle(agents.handlers, message);
  expect(executed).toEqual([command]);
});

it('How much is asked is a setting of the chat', async () => {
  sidecar.answer(codexUpdate, () => codexSummary(taskId));
  await handle(agents.handlers, { type: 'mode', mode: 'ask' });
  expect(sidecar.asked).toEqual([{ method: 'codex/update', params: { uri: taskId, set: { permission_mode: 'ask' } } }]);
});
