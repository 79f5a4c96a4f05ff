import { beforeEach, expect, it } from 'vitest';
import { notifyWhenPending } from '../../../../extension/src/features/approvals/pendingNotification';
import type { ApprovalView } from '../../../../extension/src/protocol/protocol.generated';
import { EventEmitter, reset, window, windowState } from '../../testing/vscode';

const approval = (other: Partial<ApprovalView>): ApprovalView => ({
  id: 'a',
  fingerprint: 'f',
  codexId: 'codex://tasks/task_1',
  path: ['Build'],
  toolName: 'bash',
  kind: 'command',
  actionText: 'make',
  reason: 'It runs a command.',
  createdAt: '2026-11-24T12:00:00Z',
  ...other,
});

let changed: EventEmitter<readonly ApprovalView[]>;
let notified: string[];

beforeEach(() => {
  reset();
  window.state.focused = false;
  changed = new EventEmitter();
  notified = [];
  notifyWhenPending({ onDidChange: changed.event }, { show: (text) => Promise.resolve(void notified.push(text)) });
});

it('Notifies once until the window has the focus again', () => {
  const [first, second] = [approval({ id: 'a', path: ['Plan', 'Build'] }), approval({ id: 'b', path: ['Plan', 'Test'] })];
  changed.fire([first]);
  changed.fire([first, second]);
  expect(notified).toEqual(['“Build” waits for your approval.']);
  windowState.fire({ focused: true });
  windowState.fire({ focused: false });
  changed.fire([second]);
  expect(notified.at(-1)).toBe('“Test” waits for your approval.');
});

it('Does not notify in a window with the focus, nor for approvals of other windows', () => {
  changed.fire([approval({ isInOtherWindow: true })]);
  window.state.focused = true;
  changed.fire([approval({})]);
  expect(notified).toEqual([]);
});
