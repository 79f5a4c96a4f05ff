// Rendered from Plue.Protocol by TypeScriptProtocolTests. Do not edit: run `npm run update`.
import { NotificationType, RequestType } from 'vscode-jsonrpc';

export const initialize = new RequestType<InitializeParams, InitializeResult, ErrorData>('initialize');
export const initialized = new NotificationType<Nothing>('initialized');
export const shutdown = new RequestType<Nothing, Nothing, ErrorData>('shutdown');
export const exit = new NotificationType<Nothing>('exit');
export const workspaceTrust = new NotificationType<WorkspaceTrustParams>('workspace/trust');
export const codexList = new RequestType<CodexListParams, CodexListResult, ErrorData>('codex/list');
export const codexGet = new RequestType<CodexGetParams, CodexGetResult, ErrorData>('codex/get');
export const codexCreate = new RequestType<CodexCreateParams, CodexSummary, ErrorData>('codex/create');
export const codexUpdate = new RequestType<CodexUpdateParams, CodexSummary, ErrorData>('codex/update');
export const codexDelete = new RequestType<CodexDeleteParams, Nothing, ErrorData>('codex/delete');
export const codexChanged = new NotificationType<CodexChangedParams>('codex/changed');
export const messageSend = new RequestType<MessageSendParams, MessageSendResult, ErrorData>('message/send');
export const messageStop = new RequestType<MessageStopParams, Nothing, ErrorData>('message/stop');
export const messageRetry = new RequestType<MessageRetryParams, MessageSendResult, ErrorData>('message/retry');
export const messageDiscard = new RequestType<MessageDiscardParams, Nothing, ErrorData>('message/discard');
export const messageEvent = new NotificationType<MessageEventParams>('message/event');
export const providerList = new RequestType<Nothing, ProviderListResult, ErrorData>('provider/list');
export const providerDiscover = new RequestType<Nothing, ProviderDiscoverResult, ErrorData>('provider/discover');
export const providerConfigure = new RequestType<ProviderConfigureParams, ProviderSummary, ErrorData>('provider/configure');
export const providerDelete = new RequestType<ProviderIdParams, Nothing, ErrorData>('provider/delete');
export const providerTest = new RequestType<ProviderIdParams, ProviderSummary, ErrorData>('provider/test');
export const providerModels = new RequestType<ProviderIdParams, ProviderModelsResult, ErrorData>('provider/models');
export const providerCheckClaudeCode = new RequestType<Nothing, ClaudeCodeCheckResult, ErrorData>('provider/checkClaudeCode');
export const vaultStatus = new RequestType<Nothing, VaultStatusResult, ErrorData>('vault/status');
export const vaultCreate = new RequestType<VaultWayParams, VaultStatusResult, ErrorData>('vault/create');
export const vaultUnlock = new RequestType<VaultWayParams, VaultStatusResult, ErrorData>('vault/unlock');
export const vaultAddWay = new RequestType<VaultWayParams, VaultStatusResult, ErrorData>('vault/addWay');
export const vaultLock = new RequestType<Nothing, VaultStatusResult, ErrorData>('vault/lock');
export const vaultStore = new RequestType<VaultStoreParams, VaultEntrySummary, ErrorData>('vault/store');
export const vaultList = new RequestType<Nothing, VaultListResult, ErrorData>('vault/list');
export const vaultDelete = new RequestType<VaultDeleteParams, Nothing, ErrorData>('vault/delete');

export interface ClaudeCodeCheckResult {
  signedIn: boolean;
  cliPath?: string;
  version?: string;
  sentence: string;
  tried: string[];
}

export interface ClientInfo {
  name: string;
  version?: string;
}

export interface CodexChangedParams {
  uri: string;
  codex?: CodexSummary;
}

export interface CodexCreateParams {
  templateId: string;
  title?: string;
  providerId?: string;
  model?: string;
}

export interface CodexDeleteParams {
  uri: string;
}

export interface CodexGetParams {
  uri: string;
}

export interface CodexGetResult {
  codex: CodexSummary;
  messages: MessageView[];
  turnId?: string;
  lastSeq: number;
  readOnlyReason?: string;
  notice?: string;
}

export interface CodexListParams {
  collection: string;
  includeArchived?: boolean;
}

export interface CodexListResult {
  items: CodexSummary[];
}

export type CodexStatus = 'idle' | 'running' | 'interrupted' | 'failed' | 'damaged';

export interface CodexSummary {
  uri: string;
  templateId: string;
  title: string;
  status: CodexStatus;
  createdAt: string;
  updatedAt: string;
  messageCount: number;
  cost?: number;
  archived: boolean;
  providerId?: string;
  model?: string;
}

export interface CodexUpdateParams {
  uri: string;
  title?: string;
  archived?: boolean;
  providerId?: string;
  model?: string;
}

export interface CostView {
  inputCost: number;
  outputCost: number;
  cachedCost: number;
  totalCost: number;
  priceSource: string;
}

export interface ErrorData {
  kind: string;
  retryAfterMs?: number;
}

export interface ErrorView {
  kind: string;
  message: string;
  retryAfterMs?: number;
}

export interface FilePart {
  path: string;
  content?: string;
  language?: string;
}

export interface InitializeParams {
  processId?: number;
  clientInfo?: ClientInfo;
  initializationOptions?: PlueOptions;
}

export interface InitializeResult {
  capabilities: ServerCapabilities;
  serverInfo: ServerInfo;
}

export interface MessageAdded {
  message: MessageView;
}

export interface MessageDiscardParams {
  codexId: string;
  messageId: string;
}

export type MessageEvent =
  | ({ kind: 'messageAdded' } & MessageAdded)
  | ({ kind: 'messageRemoved' } & MessageRemoved)
  | ({ kind: 'turnStarted' } & TurnStarted)
  | ({ kind: 'waiting' } & Waiting)
  | ({ kind: 'messageStarted' } & MessageStarted)
  | ({ kind: 'textDelta' } & TextDelta)
  | ({ kind: 'reasoningDelta' } & ReasoningDelta)
  | ({ kind: 'toolCallStarted' } & ToolCallStarted)
  | ({ kind: 'toolCallDelta' } & ToolCallDelta)
  | ({ kind: 'toolCallFinished' } & ToolCallFinished)
  | ({ kind: 'restarted' } & Restarted)
  | ({ kind: 'retrying' } & Retrying)
  | ({ kind: 'messageFinished' } & MessageFinished)
  | ({ kind: 'turnFinished' } & TurnFinished);

export interface MessageEventParams {
  codexId: string;
  seq: number;
  event: MessageEvent;
}

export interface MessageFinished {
  message: MessageView;
}

export type MessagePart =
  | ({ kind: 'text' } & TextPart)
  | ({ kind: 'file' } & FilePart)
  | ({ kind: 'toolUse' } & ToolUsePart)
  | ({ kind: 'toolResult' } & ToolResultPart)
  | ({ kind: 'reasoning' } & ReasoningPart);

export interface MessageRemoved {
  messageId: string;
}

export interface MessageRetryParams {
  codexId: string;
  messageId: string;
  provider?: string;
  model?: string;
  continue?: boolean;
}

export type MessageRole = 'system' | 'user' | 'assistant';

export interface MessageSendParams {
  codexId: string;
  text: string;
  provider?: string;
  model?: string;
  answer?: boolean;
}

export interface MessageSendResult {
  messageId: string;
  turnId?: string;
}

export interface MessageStarted {
  messageId: string;
  providerInfo: ProviderInfoView;
}

export type MessageStatus = 'streaming' | 'complete' | 'stopped' | 'interrupted' | 'failed';

export interface MessageStopParams {
  codexId: string;
}

export interface MessageView {
  id: string;
  role: MessageRole;
  parts: MessagePart[];
  status: MessageStatus;
  createdAt: string;
  error?: ErrorView;
  usage?: UsageView;
  cost?: CostView;
  providerInfo?: ProviderInfoView;
}

export interface ModelView {
  id: string;
  name?: string;
  description?: string;
  contextLength?: number;
  inputPerMillion?: number;
  outputPerMillion?: number;
}

export type Nothing = Record<string, never>;

export interface PlueOptions {
  workspaceFolder?: string;
  trusted: boolean;
}

export interface ProviderConfigureParams {
  id?: string;
  name: string;
  kind: string;
  endpoint?: string;
  model?: string;
  enabled?: boolean;
  makeDefault?: boolean;
}

export interface ProviderDiscoverResult {
  defaultId: string;
  sentence: string;
  tried: string[];
}

export interface ProviderIdParams {
  id: string;
}

export interface ProviderInfoView {
  providerId: string;
  providerName: string;
  modelId?: string;
  requestId?: string;
}

export interface ProviderKindView {
  kind: string;
  name: string;
  takesKey: boolean;
  takesEndpoint: boolean;
  defaultEndpoint?: string;
}

export interface ProviderListResult {
  items: ProviderSummary[];
  kinds: ProviderKindView[];
}

export interface ProviderModelsResult {
  models: ModelView[];
}

export type ProviderSource = 'file' | 'environment' | 'found' | 'tour';

export type ProviderStatus = 'untested' | 'testing' | 'connected' | 'error' | 'disabled';

export interface ProviderSummary {
  id: string;
  name: string;
  kind: string;
  source: ProviderSource;
  enabled: boolean;
  status: ProviderStatus;
  lastTested?: string;
  error?: ErrorView;
  endpoint?: string;
  model?: string;
  takesKey: boolean;
  hasCredential: boolean;
  origin?: string;
  isDefault: boolean;
}

export interface ReasoningDelta {
  messageId: string;
  partIndex: number;
  text: string;
}

export interface ReasoningPart {
  content: string;
}

export interface Restarted {
  messageId: string;
  attempt: number;
  delayMs: number;
  why: string;
}

export interface Retrying {
  attempt: number;
  until: string;
  why: string;
}

export type ServerCapabilities = Record<string, never>;

export interface ServerInfo {
  name: string;
  version: string;
}

export type StopReason = 'endTurn' | 'maxTokens' | 'stopSequence' | 'toolUse' | 'refusal' | 'contextFull' | 'stopped' | 'failed';

export interface TextDelta {
  messageId: string;
  partIndex: number;
  text: string;
}

export interface TextPart {
  content: string;
}

export interface ToolCallDelta {
  messageId: string;
  partIndex: number;
  text: string;
}

export interface ToolCallFinished {
  messageId: string;
  toolUseId: string;
  result?: string;
  error?: string;
}

export interface ToolCallStarted {
  messageId: string;
  partIndex: number;
  toolUseId: string;
  toolName: string;
}

export interface ToolResultPart {
  toolUseId: string;
  result?: string;
  error?: string;
}

export interface ToolUsePart {
  toolUseId: string;
  toolName: string;
  parameters: string;
}

export interface TurnFinished {
  turnId: string;
  stopReason: StopReason;
  error?: ErrorView;
}

export interface TurnStarted {
  turnId: string;
}

export interface UsageView {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  cachedReadTokens: number;
  cachedWriteTokens: number;
  reasoningTokens: number;
}

export interface VaultDeleteParams {
  reference: string;
}

export interface VaultEntrySummary {
  reference: string;
  origins: string[];
  lastFour: string;
  storedAt: string;
  lastUsed?: string;
}

export interface VaultListResult {
  entries: VaultEntrySummary[];
}

export interface VaultStatusResult {
  exists: boolean;
  locked: boolean;
  ways: string[];
  keychainAvailable: boolean;
  problem?: string;
}

export interface VaultStoreParams {
  reference: string;
  secret: string;
  origins: string[];
}

export interface VaultWayParams {
  way: string;
  wayId?: string;
  secret?: string;
}

export interface Waiting {
  for: string;
}

export interface WorkspaceTrustParams {
  trusted: boolean;
}
