import { expect, test } from 'vitest';
import { isAnswer, isConnected, isReached } from '../../../../extension/src/features/start/steps';
import type { ProviderSummary, StopReason, TaskView } from '../../../../extension/src/protocol/protocol.generated';

const vendor: ProviderSummary = {
  id: 'vendor',
  name: 'Vendor',
  kind: 'anthropic',
  source: 'file',
  enabled: true,
  status: 'untested',
  authType: 'apiKey',
  takesKey: true,
  hasCredential: true,
  isDefault: true,
  isDefaultSmall: true,
};

test.each<[string, Partial<ProviderSummary>, boolean]>([
  ['with a key', {}, true],
  ['without its key', { hasCredential: false }, false],
  ['that is the tour', { source: 'tour', status: 'connected' }, false],
  ['that is switched off', { enabled: false }, false],
  ['that failed', { status: 'error' }, false],
  ['of one’s own without a key', { kind: 'openai-compatible', hasCredential: false }, true],
  ['that is a program of one’s own without a key', { kind: 'external', hasCredential: false }, true],
  ['that nobody signed in to', { kind: 'github-copilot', authType: 'oauth', takesKey: false, hasCredential: false }, false],
  [
    'that was found on this machine',
    { kind: 'claude-code', source: 'found', authType: 'none', takesKey: false, hasCredential: false },
    true,
  ],
])('A provider %s counts as connected only if it can answer', (_, more, expected) => {
  expect(isConnected({ ...vendor, ...more })).toBe(expected);
});

test('Nothing chosen is not connected', () => {
  expect(isConnected(undefined)).toBe(false);
});

test('A chat is answered when a turn of a chat ends well', () => {
  const ended = (codexId: string, stopReason: StopReason): boolean =>
    isAnswer({ codexId, seq: 1, event: { kind: 'turnFinished', turnId: 't', stopReason } });
  expect(ended('codex://chats/chat_1', 'endTurn')).toBe(true);
  expect(ended('codex://chats/chat_1', 'failed')).toBe(false);
  expect(ended('codex://chats/chat_1', 'stopped')).toBe(false);
  expect(ended('codex://tasks/task_1', 'endTurn')).toBe(false);
  expect(isAnswer({ codexId: 'codex://chats/chat_1', seq: 1, event: { kind: 'turnStarted', turnId: 't' } })).toBe(false);
});

test('A task is done when it reports it', () => {
  const amount = { tokens: 0, rounds: 0, seconds: 0 };
  const task: TaskView = {
    uri: 'codex://tasks/task-1',
    templateId: 'task',
    templateName: 'Task',
    title: 'Look',
    status: 'done',
    spent: amount,
    totalSpent: amount,
    budget: amount,
    isLocal: true,
    createdAt: '2026-11-21T00:00:00Z',
    updatedAt: '2026-11-21T00:00:00Z',
    waiting: 0,
    unread: false,
    archived: false,
  };
  expect(isReached(task)).toBe(true);
  expect(isReached({ ...task, status: 'running' })).toBe(false);
  expect(isReached(undefined)).toBe(false);
});
