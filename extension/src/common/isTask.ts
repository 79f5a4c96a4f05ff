import type { CodexSummary } from '../protocol/protocol.generated';

/** True for a task, including a chat that was turned into one and kept its URI. */
export function isTask({ uri, taskStatus }: Pick<CodexSummary, 'uri' | 'taskStatus'>): boolean {
  return taskStatus !== undefined || uri.startsWith('codex://tasks/');
}
