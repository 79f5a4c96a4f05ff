// State of the chat webview, reduced from one snapshot and later events. Pure: no DOM, no clock.
import type {
  CodexGetResult,
  CodexSummary,
  ErrorView,
  HookFailureView,
  HookRunView,
  MessageEvent,
  MessageEventParams,
  MessagePart,
  MessageView,
  ProviderInfoView,
  QueuedView,
  StopReason,
  ToolResultPart,
} from '../../../protocol/protocol.generated';

/** In characters. */
const maxOutputLength = 20_000;

export interface ChatState {
  readonly codex: CodexSummary;
  readonly messages: readonly MessageView[];
  /** Number of messages in the branch before the first of `messages`. */
  readonly offset: number;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** Values of the template's fields. */
  readonly values?: Readonly<Record<string, unknown>>;
  /** Messages that wait to be sent. */
  readonly queue: readonly QueuedView[];
  /** ID of the running turn. */
  readonly turnId?: string;
  readonly lastSeq: number;
  readonly readOnlyReason?: string;
  readonly notice?: string;
  /** Most recent first. */
  readonly hookFailures?: readonly HookFailureView[];
  /** Current activity while no text arrives. */
  readonly activity?: Activity;
  /** How the last turn ended; absent when the next one starts. */
  readonly ending?: Ending;
  /** True if an event was missed, which requires a new snapshot. */
  readonly missedEvents: boolean;
  /** The restarted response: its next part replaces the part at that index and everything after it. */
  readonly restartedMessageId?: string;
  /** Times measured by this page, by message ID. */
  readonly timings: ReadonlyMap<string, Timing>;
  /** Output of running tools by call ID. */
  readonly outputs: ReadonlyMap<string, string>;
  /** When a call started, in milliseconds of the webview's clock. Absent for calls that started before the page loaded. */
  readonly runningSince: ReadonlyMap<string, number>;
  readonly turnStartedAt?: number;
}

/** Times are in milliseconds of the page's clock. */
export type Activity =
  | { kind: 'waiting'; for: string; since: number }
  | { kind: 'retrying'; attempt: number; until: string; why: string }
  | { kind: 'restarted'; attempt: number; why: string; since: number };

export interface Ending {
  stopReason: StopReason;
  error?: ErrorView;
}

/** In milliseconds of the page's clock. */
export interface Timing {
  turnStartedAt?: number;
  firstDeltaAt?: number;
  reasoningStartedAt?: number;
  reasoningEndedAt?: number;
}

/** Keeps measured times of responses from the previous state. */
export function fromSnapshot(chat: CodexGetResult, before?: ChatState): ChatState {
  return {
    codex: chat.codex,
    messages: chat.messages,
    offset: chat.offset,
    canUndo: chat.canUndo,
    canRedo: chat.canRedo,
    queue: chat.queue,
    lastSeq: chat.lastSeq,
    missedEvents: false,
    timings: before?.timings ?? new Map(),
    outputs: before?.outputs ?? new Map(),
    runningSince: before?.runningSince ?? new Map(),
    ...(chat.values === undefined ? {} : { values: chat.values }),
    ...(chat.turnId === undefined ? {} : { turnId: chat.turnId }),
    ...(chat.readOnlyReason === undefined ? {} : { readOnlyReason: chat.readOnlyReason }),
    ...(chat.notice === undefined ? {} : { notice: chat.notice }),
    ...(chat.hookFailures === undefined ? {} : { hookFailures: chat.hookFailures }),
    ...(chat.turnId !== undefined && chat.turnId === before?.turnId && before.activity !== undefined ? { activity: before.activity } : {}),
  };
}

/**
 * @param now Milliseconds of the webview's clock, used only for activity and timings.
 */
export function reduce(state: ChatState, params: MessageEventParams, now: number): ChatState {
  if (params.seq <= state.lastSeq || state.missedEvents) return state;
  // Notifications are numbered. A gap means that text was dropped because the window was slow.
  if (params.seq > state.lastSeq + 1) return { ...state, missedEvents: true };
  return { ...fold(state, params.event, now), lastSeq: params.seq };
}

export function isRunning(state: ChatState): boolean {
  return state.turnId !== undefined;
}

function fold(state: ChatState, event: MessageEvent, now: number): ChatState {
  switch (event.kind) {
    case 'messageAdded':
      return { ...withMessage(state, event.message), canUndo: true, canRedo: false };
    case 'messageRemoved':
      return withoutMessage(state, event.messageId);
    case 'branchChanged':
      return { ...state, missedEvents: true };
    case 'queueChanged':
      return { ...state, queue: event.queue };
    case 'hooksChanged':
      return { ...state, hookFailures: event.failures };
    case 'turnStarted':
      return { ...without(state, 'activity', 'ending'), turnId: event.turnId, turnStartedAt: now };
    case 'waiting':
      return { ...state, activity: { kind: 'waiting', for: event.reason, since: now } };
    case 'messageStarted':
      return withTiming(
        withMessage(state, {
          id: event.messageId,
          role: 'assistant',
          parts: [],
          status: 'streaming',
          createdAt: '',
          providerInfo: event.providerInfo,
        }),
        event.messageId,
        () => (state.turnStartedAt === undefined ? {} : { turnStartedAt: state.turnStartedAt }),
      );
    case 'fallbackUsed':
      return without(withProvider(state, event.messageId, event.providerInfo), 'activity');
    case 'textDelta':
      return withDelta(timeResponse(state, event.messageId, now), event.messageId, event.partIndex, { kind: 'text', content: event.text });
    case 'reasoningDelta':
      return withDelta(timeReasoning(state, event.messageId, now), event.messageId, event.partIndex, {
        kind: 'reasoning',
        content: event.text,
      });
    case 'toolCallStarted':
      return withDelta(timeResponse(state, event.messageId, now), event.messageId, event.partIndex, {
        kind: 'toolUse',
        toolUseId: event.toolUseId,
        toolName: event.toolName,
        parameters: '',
      });
    case 'toolCallDelta':
      return withParts(state, event.messageId, (parts) => addToLastCall(parts, event.partIndex, event.text));
    case 'toolCallRepaired':
      return withParts(state, event.messageId, (parts) =>
        parts.map((part) =>
          part.kind === 'toolUse' && part.toolUseId === event.toolUseId ? { ...part, parameters: event.parameters } : part,
        ),
      );
    case 'toolCallProgress':
      return withOutput(state, event.toolUseId, event.text, now);
    case 'toolCallFinished':
      return withParts(state, event.messageId, (parts) => withResult(parts, event));
    case 'hookRan':
      return without(withHook(state, event.messageId, event.hook), 'activity');
    case 'restarted':
      return {
        ...withParts(state, event.messageId, confirmedParts),
        activity: { kind: 'restarted', attempt: event.attempt, why: event.reason, since: now },
        restartedMessageId: event.messageId,
      };
    case 'retrying':
      return { ...state, activity: { kind: 'retrying', attempt: event.attempt, until: event.until, why: event.reason } };
    case 'messageFinished':
      return without(withMessage(timeResponse(state, event.message.id, now), event.message), 'activity', 'restartedMessageId');
    case 'turnFinished':
      return {
        ...without(state, 'activity', 'turnId', 'turnStartedAt', 'restartedMessageId'),
        messages: state.messages.map((message) => settled(message, event.stopReason, event.error)),
        ending: { stopReason: event.stopReason, ...(event.error === undefined ? {} : { error: event.error }) },
      };
  }
}

function without<K extends 'activity' | 'ending' | 'turnId' | 'turnStartedAt' | 'restartedMessageId'>(
  state: ChatState,
  ...keys: K[]
): ChatState {
  const rest = { ...state };
  for (const key of keys) delete rest[key];
  return rest;
}

function withMessage(state: ChatState, message: MessageView): ChatState {
  const at = state.messages.findIndex((known) => known.id === message.id);
  return { ...state, messages: at < 0 ? [...state.messages, message] : state.messages.with(at, message) };
}

/** Updates the indexes of loaded messages; if that is not possible, the chat is reloaded. */
function withoutMessage(state: ChatState, messageId: string): ChatState {
  const messages = state.messages.filter((message) => message.id !== messageId);
  return messages.length === state.messages.length && state.offset > 0 ? { ...state, missedEvents: true } : { ...state, messages };
}

/** Drops the earliest messages if there are more than `most`; they can be requested again. */
export function withoutEarliest(state: ChatState, most: number): ChatState {
  const over = state.messages.length - most;
  return over <= 0 ? state : { ...state, messages: state.messages.slice(over), offset: state.offset + over };
}

function withProvider(state: ChatState, messageId: string, providerInfo: ProviderInfoView): ChatState {
  const message = state.messages.find((known) => known.id === messageId);
  return message === undefined ? state : withMessage(state, { ...message, providerInfo });
}

function withHook(state: ChatState, messageId: string, hook: HookRunView): ChatState {
  const message = state.messages.findLast((known) => known.id === messageId);
  return message === undefined ? state : withMessage(state, { ...message, hooks: [...(message.hooks ?? []), hook] });
}

function withParts(state: ChatState, messageId: string, change: (parts: readonly MessagePart[]) => MessagePart[]): ChatState {
  const at = state.messages.findLastIndex((message) => message.id === messageId);
  const message = state.messages[at];
  return message === undefined ? state : { ...state, messages: state.messages.with(at, { ...message, parts: change(message.parts) }) };
}

function withDelta(state: ChatState, messageId: string, partIndex: number, delta: MessagePart): ChatState {
  const startsOver = state.restartedMessageId === messageId;
  const next = withParts(state, messageId, (parts) => addDelta(startsOver ? parts.slice(0, partIndex) : parts, partIndex, delta));
  return without(next, 'activity', 'restartedMessageId');
}

/** Appends a delta to its part if the kind matches; otherwise starts a new part. The finished message corrects both. */
function addDelta(parts: readonly MessagePart[], partIndex: number, delta: MessagePart): MessagePart[] {
  const part = parts[partIndex];
  if (part?.kind === 'text' && delta.kind === 'text') return parts.with(partIndex, { ...part, content: part.content + delta.content });
  if (part?.kind === 'reasoning' && delta.kind === 'reasoning') {
    return parts.with(partIndex, { ...part, content: part.content + delta.content });
  }
  return [...parts, delta];
}

function addToLastCall(parts: readonly MessagePart[], partIndex: number, text: string): MessagePart[] {
  const at = parts[partIndex]?.kind === 'toolUse' ? partIndex : parts.findLastIndex((part) => part.kind === 'toolUse');
  const call = parts[at];
  return call?.kind === 'toolUse' ? parts.with(at, { ...call, parameters: call.parameters + text }) : [...parts];
}

function withResult(parts: readonly MessagePart[], finished: ToolResultPart): MessagePart[] {
  const result: MessagePart = {
    kind: 'toolResult',
    toolUseId: finished.toolUseId,
    ...(finished.result === undefined ? {} : { result: finished.result }),
    ...(finished.error === undefined ? {} : { error: finished.error }),
    ...(finished.changes === undefined ? {} : { changes: finished.changes }),
    ...(finished.durationMs === undefined ? {} : { durationMs: finished.durationMs }),
  };
  const at = parts.findIndex((part) => part.kind === 'toolResult' && part.toolUseId === finished.toolUseId);
  return at < 0 ? [...parts, result] : parts.with(at, result);
}

/** Keeps only the end of long output; the result contains all of it. */
function withOutput(state: ChatState, toolUseId: string, text: string, now: number): ChatState {
  const output = ((state.outputs.get(toolUseId) ?? '') + text).slice(-maxOutputLength);
  const { runningSince } = state;
  return {
    ...state,
    outputs: new Map(state.outputs).set(toolUseId, output),
    // An event without output means that the call starts to run.
    runningSince: text === '' ? new Map(runningSince).set(toolUseId, now) : runningSince,
  };
}

/** Keeps the parts up to the last tool result; later ones were not confirmed. */
function confirmedParts(parts: readonly MessagePart[]): MessagePart[] {
  return parts.slice(0, parts.findLastIndex((part) => part.kind === 'toolResult') + 1);
}

/** After a turn nothing is streaming, even if the final event of a message was lost. */
function settled(message: MessageView, stopReason: StopReason, error: ErrorView | undefined): MessageView {
  if (message.status !== 'streaming') return message;
  if (error !== undefined) return { ...message, status: 'failed', error };
  return { ...message, status: stopReason === 'stopped' ? 'stopped' : stopReason === 'failed' ? 'failed' : 'complete' };
}

function withTiming(state: ChatState, messageId: string, change: (timing: Timing) => Timing): ChatState {
  const timing = state.timings.get(messageId) ?? {};
  const changed = change(timing);
  return changed === timing ? state : { ...state, timings: new Map(state.timings).set(messageId, changed) };
}

function timeReasoning(state: ChatState, messageId: string, now: number): ChatState {
  return withTiming(state, messageId, (timing) =>
    timing.reasoningStartedAt === undefined ? { ...timing, firstDeltaAt: timing.firstDeltaAt ?? now, reasoningStartedAt: now } : timing,
  );
}

function timeResponse(state: ChatState, messageId: string, now: number): ChatState {
  return withTiming(state, messageId, (timing) => {
    const endsReasoning = timing.reasoningStartedAt !== undefined && timing.reasoningEndedAt === undefined;
    if (timing.firstDeltaAt !== undefined && !endsReasoning) return timing;
    return { ...timing, firstDeltaAt: timing.firstDeltaAt ?? now, ...(endsReasoning ? { reasoningEndedAt: now } : {}) };
  });
}
