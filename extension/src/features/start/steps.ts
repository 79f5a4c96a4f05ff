// When a first step is really done.
import type { MessageEventParams, ProviderSummary, TaskView } from '../../protocol/protocol.generated';

/** Something other than the tour answers new chats, and has what it needs for that. */
export function isConnected(chosen: ProviderSummary | undefined): boolean {
  if (chosen === undefined || chosen.source === 'tour' || !chosen.enabled || chosen.status === 'error') return false;
  // A server or program of one's own may want no key. The health report has the same rule.
  const isOwn = chosen.kind === 'openai-compatible' || chosen.kind === 'external';
  const wantsKey = chosen.takesKey && chosen.authType === 'apiKey' && !isOwn;
  return chosen.status === 'connected' || chosen.hasCredential || !(wantsKey || chosen.authType === 'oauth');
}

/** A question in a chat was answered to its end. */
export function isAnswer({ codexId, event }: MessageEventParams): boolean {
  return codexId.startsWith('codex://chats/') && event.kind === 'turnFinished' && event.stopReason === 'endTurn';
}

/** An agent has done what it was asked. */
export function isReached(task: TaskView | undefined): boolean {
  return task?.status === 'done';
}
