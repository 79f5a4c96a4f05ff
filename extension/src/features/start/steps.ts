// Conditions that complete the first steps.
import type { MessageEventParams, ProviderSummary, TaskView } from '../../protocol/protocol.generated';

/** True if a provider other than the tour is ready for new chats. */
export function isConnected(chosen: ProviderSummary | undefined): boolean {
  if (chosen === undefined || chosen.source === 'tour' || !chosen.enabled || chosen.status === 'error') return false;
  // A custom server or program may need no key. The health report has the same rule.
  const isOwn = chosen.kind === 'openai-compatible' || chosen.kind === 'external';
  const wantsKey = chosen.takesKey && chosen.authType === 'apiKey' && !isOwn;
  return chosen.status === 'connected' || chosen.hasCredential || !(wantsKey || chosen.authType === 'oauth');
}

/** True if a chat received a complete response. */
export function isAnswer({ codexId, event }: MessageEventParams): boolean {
  return codexId.startsWith('codex://chats/') && event.kind === 'turnFinished' && event.stopReason === 'endTurn';
}

/** True if a task is done. */
export function isReached(task: TaskView | undefined): boolean {
  return task?.status === 'done';
}
