import type { CodexSummary } from '../protocol/protocol.generated';

/** True for a task. A chat that became one keeps its address. */
export function isTask({ uri, taskStatus }: Pick<CodexSummary, 'uri' | 'taskStatus'>): boolean {
  return taskStatus !== undefined || uri.startsWith('codex://tasks/');
}
