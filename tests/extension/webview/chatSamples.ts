// A chat as sent by the sidecar, for tests of the page.
import type {
  CodexGetResult,
  CodexSummary,
  MessageEvent,
  MessageEventParams,
  MessageView,
  ProviderSummary,
} from '../../../extension/src/protocol/protocol.generated';

export const codexId = 'codex://chats/date-parser';

export function codex(change: Partial<CodexSummary> = {}): CodexSummary {
  return {
    uri: codexId,
    templateId: 'ai-chat',
    title: 'Fix the date parser',
    status: 'idle',
    createdAt: '2026-11-21T08:00:00Z',
    updatedAt: '2026-11-21T08:00:00Z',
    messageCount: 0,
    archived: false,
    providerId: 'anthropic',
    model: 'claude-sonnet-4-6',
    fallbacks: [],
    options: {},
    tags: [],
    pinned: false,
    unread: false,
    version: 1,
    ...change,
  };
}

export function chat(messages: MessageView[] = [], change: Partial<CodexGetResult> = {}): CodexGetResult {
  return {
    codex: codex({ messageCount: messages.length }),
    messages,
    offset: 0,
    queue: [],
    canUndo: false,
    canRedo: false,
    contextFiles: [],
    lastSeq: 0,
    ...change,
  };
}

export function question(id: string, text: string): MessageView {
  return { id, role: 'user', parts: [{ kind: 'text', content: text }], status: 'complete', createdAt: '2026-11-21T08:00:00Z' };
}

export function answer(id: string, text: string, change: Partial<MessageView> = {}): MessageView {
  return {
    id,
    role: 'assistant',
    parts: [{ kind: 'text', content: text }],
    status: 'complete',
    createdAt: '2026-11-21T08:00:01Z',
    providerInfo: { providerId: 'anthropic', providerName: 'Anthropic', modelId: 'claude-sonnet-4-6' },
    ...change,
  };
}

export function provider(change: Partial<ProviderSummary> = {}): ProviderSummary {
  return {
    id: 'anthropic',
    name: 'Anthropic',
    kind: 'anthropic',
    source: 'file',
    enabled: true,
    status: 'connected',
    takesKey: true,
    hasCredential: true,
    isDefault: true,
    isDefaultSmall: false,
    authType: 'apiKey',
    model: 'claude-sonnet-4-6',
    ...change,
  };
}

/** Numbers events from 1, as the sidecar does. */
export function numbered(events: MessageEvent[], firstSeq = 1): MessageEventParams[] {
  return events.map((event, index) => ({ codexId, seq: firstSeq + index, event }));
}

/** Returns a whole turn: reasoning, a tool call, two texts. */
export function turn(texts: string[] = ['The parser checks ', 'the day against 31.']): MessageEvent[] {
  return [
    { kind: 'messageAdded', message: question('m1', 'Why does 2024-02-30 parse?') },
    { kind: 'turnStarted', turnId: 't1' },
    { kind: 'waiting', reason: 'Waiting for api.anthropic.com' },
    { kind: 'messageStarted', messageId: 'm2', providerInfo: { providerId: 'anthropic', providerName: 'Anthropic' } },
    { kind: 'reasoningDelta', messageId: 'm2', partIndex: 0, text: 'Look at ' },
    { kind: 'reasoningDelta', messageId: 'm2', partIndex: 0, text: 'the code.' },
    { kind: 'toolCallStarted', messageId: 'm2', partIndex: 1, toolUseId: 'u1', toolName: 'read' },
    { kind: 'toolCallDelta', messageId: 'm2', partIndex: 1, text: '{"path":' },
    { kind: 'toolCallDelta', messageId: 'm2', partIndex: 1, text: '"src/date.ts"}' },
    { kind: 'toolCallFinished', messageId: 'm2', toolUseId: 'u1', result: 'export function parse() {}' },
    ...texts.map((text) => ({ kind: 'textDelta' as const, messageId: 'm2', partIndex: 3, text })),
  ];
}

export function turnEnd(message: MessageView): MessageEvent[] {
  return [
    { kind: 'messageFinished', message },
    { kind: 'turnFinished', turnId: 't1', stopReason: 'endTurn' },
  ];
}
