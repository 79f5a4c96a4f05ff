import type { CodexSummary } from '../../../../extension/src/protocol/protocol.generated';

/** A chat as the sidecar lists it. */
export function chatSummary(name: string, changes: Partial<CodexSummary> = {}): CodexSummary {
  const time = new Date().toISOString();
  return {
    uri: `codex://chats/${name}`,
    templateId: 'ai-chat',
    title: name,
    status: 'idle',
    createdAt: time,
    updatedAt: time,
    messageCount: 0,
    archived: false,
    fallbacks: [],
    options: {},
    tags: [],
    pinned: false,
    unread: false,
    version: 1,
    ...changes,
  };
}
