// A task as sent by the sidecar.
import type { TaskDetail, TaskSpendView, TaskView } from '../../../extension/src/protocol/protocol.generated';

export const taskId = 'codex://tasks/export';

export function spend(change: Partial<TaskSpendView> = {}): TaskSpendView {
  return { tokens: 0, rounds: 0, seconds: 0, ...change };
}

export function task(change: Partial<TaskView> = {}): TaskView {
  return {
    uri: taskId,
    templateId: 'task-orchestrator',
    templateName: 'orchestrator',
    title: 'Add export command',
    status: 'running',
    providerId: 'anthropic',
    providerName: 'Anthropic',
    model: 'claude-sonnet-4-6',
    spent: { usd: 0.05, tokens: 12_000, rounds: 4, seconds: 180 },
    totalSpent: { usd: 0.21, tokens: 40_000, rounds: 9, seconds: 180 },
    budget: { usd: 1, rounds: 50 },
    isLocal: false,
    createdAt: '2026-11-21T12:00:00Z',
    updatedAt: '2026-11-21T12:03:00Z',
    waiting: 0,
    unread: false,
    archived: false,
    ...change,
  };
}

export function child(name: string, change: Partial<TaskView> = {}): TaskView {
  return task({
    uri: `codex://tasks/${name}`,
    title: name,
    templateName: 'code-writer',
    parentId: taskId,
    isLocal: true,
    totalSpent: spend(),
    budget: {},
    ...change,
  });
}

export function detail(change: Partial<TaskDetail> = {}): TaskDetail {
  const at = (seconds: number): string => new Date(Date.parse('2026-11-21T12:00:00Z') + seconds * 1000).toISOString();
  return {
    task: task(),
    goal: 'Add a command that exports a chat as Markdown, with tests and documentation.',
    plan: [
      { text: 'Write the exporter', state: 'done' },
      { text: 'Update the docs', state: 'active' },
      { text: 'Review', state: 'open' },
    ],
    children: [
      child('Write exporter', { status: 'done' }),
      child('Update docs', { status: 'waiting_for_approval', templateName: 'docs-writer', waiting: 1 }),
      child('Review', {
        status: 'over_budget',
        templateName: 'reviewer',
        isLocal: false,
        totalSpent: spend({ usd: 0.1 }),
        budget: { usd: 0.1 },
      }),
    ],
    files: [
      { path: 'src/export.ts', added: 120, removed: 0 },
      { path: 'README.md', added: 12, removed: 3 },
    ],
    board: [{ time: at(60), uri: 'codex://tasks/Update docs', author: 'Update docs', text: 'The command is named “Export Chat”.' }],
    approvals: [{ time: at(90), actionText: 'npm test', decision: 'allowed once' }],
    timeline: [
      {
        uri: taskId,
        title: 'Add export command',
        status: 'running',
        spent: spend({ usd: 0.05 }),
        spans: [
          { kind: 'model', name: 'claude-sonnet-4-6', start: at(0), end: at(20), costUsd: 0.02 },
          { kind: 'waiting', name: 'agents', start: at(20) },
        ],
      },
      {
        uri: 'codex://tasks/write',
        title: 'Write exporter',
        status: 'done',
        spent: spend(),
        spans: [
          { kind: 'model', name: 'qwen', start: at(22), end: at(60) },
          { kind: 'tool', name: 'write', start: at(60), end: at(61) },
          { kind: 'tool', name: 'bash', start: at(61), end: at(90) },
        ],
      },
      {
        uri: 'codex://tasks/docs',
        title: 'Update docs',
        status: 'waiting_for_approval',
        spent: spend({ usd: 0.01, usdIsAtLeast: true }),
        spans: [{ kind: 'model', name: 'qwen', start: at(25), end: at(70) }],
      },
    ],
    routing: {
      chosen: 'Anthropic / claude-sonnet-4-6',
      reason: 'the cheapest that has tools',
      rejected: [{ candidate: 'Ollama / llama3', reason: 'its window is too small' }],
    },
    ...change,
  };
}
