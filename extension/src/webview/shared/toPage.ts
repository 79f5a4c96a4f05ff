// What arrives at the page is checked here, once: anything that is not one of the messages is dropped.
import * as v from 'valibot';
import type {
  CodexGetResult,
  CodexSummary,
  ErrorView,
  MessageEvent,
  MessagePart,
  MessageView,
  ModelView,
  ProviderInfoView,
  ProviderSummary,
} from '../../protocol/protocol.generated';
import type { PageState, ToPage } from './viewMessages';

/** Undefined for anything a panel does not say. */
export function readToPage(data: unknown): ToPage | undefined {
  const result = v.safeParse(toPage, data);
  return result.success ? result.output : undefined;
}

/** What the page kept for this chat before a reload; nothing when it is another chat's or damaged. */
export function readPageState(data: unknown, codexId: string): PageState | undefined {
  const result = v.safeParse(pageState, data);
  return result.success && result.output.codexId === codexId ? result.output : undefined;
}

const text = v.string();
const maybeText = v.optional(text);
const number = v.number();
const maybeNumber = v.optional(number);
const flag = v.boolean();

const errorView: v.GenericSchema<unknown, ErrorView> = v.object({ kind: text, message: text, retryAfterMs: maybeNumber });

const messagePart: v.GenericSchema<unknown, MessagePart> = v.variant('kind', [
  v.object({ kind: v.literal('text'), content: text }),
  v.object({ kind: v.literal('reasoning'), content: text }),
  v.object({ kind: v.literal('file'), path: text, content: maybeText, language: maybeText }),
  v.object({ kind: v.literal('toolUse'), toolUseId: text, toolName: text, parameters: text }),
  v.object({ kind: v.literal('toolResult'), toolUseId: text, result: maybeText, error: maybeText }),
]);

const providerInfo: v.GenericSchema<unknown, ProviderInfoView> = v.object({
  providerId: text,
  providerName: text,
  modelId: maybeText,
  requestId: maybeText,
});

const messageView: v.GenericSchema<unknown, MessageView> = v.object({
  id: text,
  role: v.picklist(['system', 'user', 'assistant']),
  parts: v.array(messagePart),
  status: v.picklist(['streaming', 'complete', 'stopped', 'interrupted', 'failed']),
  createdAt: text,
  error: v.optional(errorView),
  usage: v.optional(
    v.object({
      inputTokens: number,
      outputTokens: number,
      totalTokens: number,
      cachedReadTokens: number,
      cachedWriteTokens: number,
      reasoningTokens: number,
    }),
  ),
  cost: v.optional(v.object({ inputCost: number, outputCost: number, cachedCost: number, totalCost: number, priceSource: text })),
  providerInfo: v.optional(providerInfo),
});

const codexSummary: v.GenericSchema<unknown, CodexSummary> = v.object({
  uri: text,
  templateId: text,
  title: text,
  status: v.picklist(['idle', 'running', 'interrupted', 'failed', 'damaged']),
  createdAt: text,
  updatedAt: text,
  messageCount: number,
  cost: maybeNumber,
  archived: flag,
  providerId: maybeText,
  model: maybeText,
});

const codexGetResult: v.GenericSchema<unknown, CodexGetResult> = v.object({
  codex: codexSummary,
  messages: v.array(messageView),
  turnId: maybeText,
  lastSeq: number,
  readOnlyReason: maybeText,
  notice: maybeText,
});

const messageEvent: v.GenericSchema<unknown, MessageEvent> = v.variant('kind', [
  v.object({ kind: v.literal('messageAdded'), message: messageView }),
  v.object({ kind: v.literal('messageRemoved'), messageId: text }),
  v.object({ kind: v.literal('turnStarted'), turnId: text }),
  v.object({ kind: v.literal('waiting'), for: text }),
  v.object({ kind: v.literal('messageStarted'), messageId: text, providerInfo }),
  v.object({ kind: v.literal('textDelta'), messageId: text, partIndex: number, text }),
  v.object({ kind: v.literal('reasoningDelta'), messageId: text, partIndex: number, text }),
  v.object({ kind: v.literal('toolCallStarted'), messageId: text, partIndex: number, toolUseId: text, toolName: text }),
  v.object({ kind: v.literal('toolCallDelta'), messageId: text, partIndex: number, text }),
  v.object({ kind: v.literal('toolCallFinished'), messageId: text, toolUseId: text, result: maybeText, error: maybeText }),
  v.object({ kind: v.literal('restarted'), messageId: text, attempt: number, delayMs: number, why: text }),
  v.object({ kind: v.literal('retrying'), attempt: number, until: text, why: text }),
  v.object({ kind: v.literal('messageFinished'), message: messageView }),
  v.object({
    kind: v.literal('turnFinished'),
    turnId: text,
    stopReason: v.picklist(['endTurn', 'maxTokens', 'stopSequence', 'toolUse', 'refusal', 'contextFull', 'stopped', 'failed']),
    error: v.optional(errorView),
  }),
]);

const providerSummary: v.GenericSchema<unknown, ProviderSummary> = v.object({
  id: text,
  name: text,
  kind: text,
  source: v.picklist(['file', 'environment', 'found', 'tour']),
  enabled: flag,
  status: v.picklist(['untested', 'testing', 'connected', 'error', 'disabled']),
  lastTested: maybeText,
  error: v.optional(errorView),
  endpoint: maybeText,
  model: maybeText,
  takesKey: flag,
  hasCredential: flag,
  origin: maybeText,
  isDefault: flag,
});

const modelView: v.GenericSchema<unknown, ModelView> = v.object({
  id: text,
  name: maybeText,
  description: maybeText,
  contextLength: maybeNumber,
  inputPerMillion: maybeNumber,
  outputPerMillion: maybeNumber,
});

const toPage: v.GenericSchema<unknown, ToPage> = v.variant('type', [
  v.object({ type: v.literal('snapshot'), chat: codexGetResult, providers: v.array(providerSummary) }),
  v.object({ type: v.literal('event'), params: v.object({ codexId: text, seq: number, event: messageEvent }) }),
  v.object({ type: v.literal('providers'), providers: v.array(providerSummary) }),
  v.object({ type: v.literal('models'), providerId: text, models: v.array(modelView), error: maybeText }),
  v.object({ type: v.literal('codex'), codex: codexSummary }),
  v.object({ type: v.literal('refused'), text: maybeText, error: v.object({ kind: text, message: text }) }),
  v.object({ type: v.literal('sidecar'), state: v.picklist(['starting', 'running', 'stopped']), cause: maybeText }),
  v.object({ type: v.literal('focusComposer') }),
]);

const pageState: v.GenericSchema<unknown, PageState> = v.object({
  codexId: text,
  draft: text,
  scrollTop: v.nullable(number),
});
