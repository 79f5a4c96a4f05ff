import { afterEach, beforeEach, expect, test } from 'vitest';
import { fromApprovalsPage } from '../../../../extension/src/common/messages/approvals';
import { parseMessage } from '../../../../extension/src/common/messages/parseMessage';
import { manageRules } from '../../../../extension/src/features/approvals/rules';
import {
  approvalAnswer,
  approvalDeleteRule,
  approvalList,
  approvalRules,
  type ApprovalView,
} from '../../../../extension/src/protocol/protocol.generated';
import { ApprovalList } from '../../../../extension/src/server/approvalList';
import { fakeLog } from '../../testing/fakeLog';
import { FakeSidecar } from '../../testing/fakeSidecar';
import { answers, reset, shown } from '../../testing/vscode';

const lists: ApprovalList[] = [];
beforeEach(reset);
afterEach(() => lists.splice(0).forEach((list) => list.dispose()));

const approval: ApprovalView = {
  id: '1',
  fingerprint: 'f',
  codexId: 'codex://chats/a',
  path: ['A'],
  toolName: 'bash',
  kind: 'command',
  actionText: 'ls',
  reason: 'It asks.',
  createdAt: '',
};

function listOf(sidecar: FakeSidecar): ApprovalList {
  const list = new ApprovalList(sidecar, fakeLog().log);
  lists.push(list);
  return list;
}

test('Pending approvals are known from the list and from every change of it', async () => {
  const sidecar = new FakeSidecar().answer(approvalList, () => ({ approvals: [approval] }));
  const list = listOf(sidecar);
  await list.refresh();
  expect(list.items).toEqual([approval]);
  sidecar.approvalChanged.fire({ approvals: [] });
  expect(list.items).toEqual([]);
});

test('A list that was asked for before a change does not bring back what was answered', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const sidecar = new FakeSidecar().answer(approvalList, async () => {
    await held;
    return { approvals: [approval] };
  });
  const list = listOf(sidecar);
  const asked = list.refresh();
  sidecar.approvalChanged.fire({ approvals: [] });
  release();
  await asked;
  expect(list.items).toEqual([]);
});

test('Nothing waits any more when the sidecar is gone', () => {
  const sidecar = new FakeSidecar();
  const list = listOf(sidecar);
  sidecar.approvalChanged.fire({ approvals: [approval] });
  sidecar.stateChanged.fire({ state: 'stopped', cause: 'It ended.' });
  expect(list.items).toEqual([]);
});

test('A list that cannot be read shows why', async () => {
  const list = listOf(new FakeSidecar());
  await list.refresh();
  expect(list.failure).toContain('approval/list');
});

test('An answer names what was seen', async () => {
  const sidecar = new FakeSidecar().answer(approvalAnswer, () => ({}));
  await listOf(sidecar).answer({ id: '1', fingerprint: 'f', decision: 'deny', reason: 'No.' });
  expect(sidecar.asked[0]?.params).toEqual({ id: '1', fingerprint: 'f', decision: 'deny', reason: 'No.' });
});

test('A rule is shown with its hidden characters, and removed', async () => {
  const rules = [{ id: 'r', rule: 'bash(npm \u202Etest)', folder: '/work/app', createdAt: '2026-11-21T12:00:00Z' }];
  const sidecar = new FakeSidecar().answer(approvalRules, () => ({ rules })).answer(approvalDeleteRule, () => ({ rules: [] }));
  answers.push('bash(npm ⟨U+202E⟩test)');
  await manageRules(sidecar);
  expect(sidecar.asked.at(-1)).toEqual({ method: 'approval/deleteRule', params: { id: 'r' } });
  expect(shown[0]?.buttons?.[0]).toContain('⟨U+202E⟩');
});

test('Without rules, the way to store one is shown', async () => {
  await manageRules(new FakeSidecar().answer(approvalRules, () => ({ rules: [] })));
  expect(shown[0]?.text).toContain('No permission rules.');
});

test('The view may answer and open, and nothing else', () => {
  expect(parseMessage(fromApprovalsPage, { type: 'answer', answer: { id: '1', fingerprint: 'f', decision: 'once' } })).toBeDefined();
  for (const message of [null, { type: 'answer', answer: { id: '1' } }, { type: 'open', uri: 'file:///etc/passwd' }, { type: 'run' }])
    expect(parseMessage(fromApprovalsPage, message)).toBeUndefined();
});
