import type { CodexSummary } from '../../../extension/src/protocol/protocol.generated';

/** Returns a codex as listed by the sidecar, with the end of its URI as its title. */
export function codexSummary(uri: string, changes: Partial<CodexSummary> = {}): CodexSummary {
  const time = new Date().toISOString();
  return {
    uri,
    templateId: 'ai-chat',
    title: uri.slice(uri.lastIndexOf('/') + 1),
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

export function chatSummary(name: string, changes: Partial<CodexSummary> = {}): CodexSummary {
  return codexSummary(`codex://chats/${name}`, changes);
}
