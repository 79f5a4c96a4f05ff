// Rendered from Plue.Protocol by TypeScriptProtocolTests. Do not edit: run `npm run update`.
import * as v from 'valibot';
import type * as wire from './protocol.generated';

export const approvalDecisionSchema: v.GenericSchema<unknown, wire.ApprovalDecision> = v.picklist(['once', 'always', 'deny']);

export const approvalAnswerParamsSchema: v.GenericSchema<unknown, wire.ApprovalAnswerParams> = v.object({
  id: v.string(),
  fingerprint: v.string(),
  decision: approvalDecisionSchema,
  reason: v.optional(v.string()),
  rule: v.optional(v.string()),
  equalToo: v.optional(v.boolean()),
});

export const approvalKindSchema: v.GenericSchema<unknown, wire.ApprovalKind> = v.picklist(['command', 'write', 'edit', 'delete', 'read', 'spawn', 'serverTool', 'startServer', 'fetch', 'other']);

export const approvalViewSchema: v.GenericSchema<unknown, wire.ApprovalView> = v.object({
  id: v.string(),
  fingerprint: v.string(),
  codexId: v.string(),
  path: v.array(v.string()),
  toolUseId: v.optional(v.string()),
  toolName: v.string(),
  kind: approvalKindSchema,
  what: v.string(),
  diff: v.optional(v.string()),
  where: v.optional(v.string()),
  why: v.string(),
  sandbox: v.optional(v.string()),
  rule: v.optional(v.string()),
  ruleFolder: v.optional(v.string()),
  createdAt: v.string(),
});

export const approvalChangedParamsSchema: v.GenericSchema<unknown, wire.ApprovalChangedParams> = v.object({
  approvals: v.array(approvalViewSchema),
});

export const approvalForgetParamsSchema: v.GenericSchema<unknown, wire.ApprovalForgetParams> = v.object({
  id: v.string(),
});

export const approvalListResultSchema: v.GenericSchema<unknown, wire.ApprovalListResult> = v.object({
  approvals: v.array(approvalViewSchema),
});

export const approvalRuleViewSchema: v.GenericSchema<unknown, wire.ApprovalRuleView> = v.object({
  id: v.string(),
  rule: v.string(),
  folder: v.optional(v.string()),
  createdAt: v.string(),
});

export const approvalRulesResultSchema: v.GenericSchema<unknown, wire.ApprovalRulesResult> = v.object({
  rules: v.array(approvalRuleViewSchema),
});

export const lineRangeSchema: v.GenericSchema<unknown, wire.LineRange> = v.object({
  start: v.number(),
  end: v.number(),
});

export const attachmentModeSchema: v.GenericSchema<unknown, wire.AttachmentMode> = v.picklist(['whole', 'summary']);

export const attachmentInspectParamsSchema: v.GenericSchema<unknown, wire.AttachmentInspectParams> = v.object({
  path: v.string(),
  range: v.optional(lineRangeSchema),
  mode: v.optional(attachmentModeSchema),
});

export const attachmentReadParamsSchema: v.GenericSchema<unknown, wire.AttachmentReadParams> = v.object({
  blob: v.string(),
});

export const attachmentReadResultSchema: v.GenericSchema<unknown, wire.AttachmentReadResult> = v.object({
  mediaType: v.string(),
  data: v.string(),
});

export const attachmentStoreParamsSchema: v.GenericSchema<unknown, wire.AttachmentStoreParams> = v.object({
  name: v.string(),
  mediaType: v.string(),
  data: v.string(),
});

export const attachmentKindSchema: v.GenericSchema<unknown, wire.AttachmentKind> = v.picklist(['text', 'image', 'binary']);

export const attachmentQuestionSchema: v.GenericSchema<unknown, wire.AttachmentQuestion> = v.picklist(['outsideWorkspace', 'tooLarge']);

export const attachmentViewSchema: v.GenericSchema<unknown, wire.AttachmentView> = v.object({
  path: v.string(),
  name: v.string(),
  kind: attachmentKindSchema,
  language: v.optional(v.string()),
  mediaType: v.optional(v.string()),
  blob: v.optional(v.string()),
  range: v.optional(lineRangeSchema),
  mode: v.optional(attachmentModeSchema),
  size: v.optional(v.number()),
  lines: v.optional(v.number()),
  tokens: v.optional(v.number()),
  questions: v.array(attachmentQuestionSchema),
  problem: v.optional(v.string()),
  note: v.optional(v.string()),
});

export const catalogBackupSchema: v.GenericSchema<unknown, wire.CatalogBackup> = v.object({
  id: v.string(),
  catalogId: v.string(),
  name: v.string(),
  at: v.string(),
  modelCount: v.number(),
});

export const catalogBackupsResultSchema: v.GenericSchema<unknown, wire.CatalogBackupsResult> = v.object({
  items: v.array(catalogBackupSchema),
});

export const catalogDeleteParamsSchema: v.GenericSchema<unknown, wire.CatalogDeleteParams> = v.object({
  id: v.string(),
  allowOriginChange: v.optional(v.boolean()),
});

export const catalogSourceSchema: v.GenericSchema<unknown, wire.CatalogSource> = v.picklist(['shipped', 'user']);

export const catalogSummarySchema: v.GenericSchema<unknown, wire.CatalogSummary> = v.object({
  id: v.string(),
  name: v.string(),
  type: v.string(),
  kind: v.string(),
  source: catalogSourceSchema,
  overridesShipped: v.boolean(),
  isLocal: v.boolean(),
  endpoint: v.optional(v.string()),
  keyVariable: v.optional(v.string()),
  modelCount: v.number(),
  lowestInputPerMillion: v.optional(v.number()),
  highestInputPerMillion: v.optional(v.number()),
  lowestOutputPerMillion: v.optional(v.number()),
  highestOutputPerMillion: v.optional(v.number()),
  largestContext: v.optional(v.number()),
  hasReasoning: v.boolean(),
  hasImages: v.boolean(),
  defaultLargeModel: v.optional(v.string()),
  defaultSmallModel: v.optional(v.string()),
  errorCount: v.number(),
  warningCount: v.number(),
});

export const modelViewSchema: v.GenericSchema<unknown, wire.ModelView> = v.object({
  id: v.string(),
  name: v.optional(v.string()),
  description: v.optional(v.string()),
  contextLength: v.optional(v.number()),
  maxOutput: v.optional(v.number()),
  supportsTools: v.optional(v.boolean()),
  supportsVision: v.optional(v.boolean()),
  canReason: v.optional(v.boolean()),
  reasoningLevels: v.optional(v.array(v.string())),
  defaultReasoningLevel: v.optional(v.string()),
  inputPerMillion: v.optional(v.number()),
  outputPerMillion: v.optional(v.number()),
  cachedReadPerMillion: v.optional(v.number()),
  cachedWritePerMillion: v.optional(v.number()),
  typicalChatCost: v.optional(v.number()),
});

export const problemSeveritySchema: v.GenericSchema<unknown, wire.ProblemSeverity> = v.picklist(['error', 'warning']);

export const catalogProblemSchema: v.GenericSchema<unknown, wire.CatalogProblem> = v.object({
  path: v.string(),
  severity: problemSeveritySchema,
  message: v.string(),
});

export const catalogDetailSchema: v.GenericSchema<unknown, wire.CatalogDetail> = v.object({
  summary: catalogSummarySchema,
  document: v.unknown(),
  models: v.array(modelViewSchema),
  problems: v.array(catalogProblemSchema),
  file: v.optional(v.string()),
});

export const catalogExportParamsSchema: v.GenericSchema<unknown, wire.CatalogExportParams> = v.object({
  ids: v.array(v.string()),
  path: v.string(),
});

export const catalogIdParamsSchema: v.GenericSchema<unknown, wire.CatalogIdParams> = v.object({
  id: v.string(),
});

export const catalogImportParamsSchema: v.GenericSchema<unknown, wire.CatalogImportParams> = v.object({
  path: v.string(),
  replace: v.optional(v.boolean()),
  allowOriginChange: v.optional(v.boolean()),
});

export const catalogSkippedSchema: v.GenericSchema<unknown, wire.CatalogSkipped> = v.object({
  id: v.string(),
  why: v.string(),
});

export const catalogImportResultSchema: v.GenericSchema<unknown, wire.CatalogImportResult> = v.object({
  imported: v.array(catalogSummarySchema),
  skipped: v.array(catalogSkippedSchema),
});

export const catalogListResultSchema: v.GenericSchema<unknown, wire.CatalogListResult> = v.object({
  items: v.array(catalogSummarySchema),
  folderProblem: v.optional(v.string()),
});

export const catalogRefreshResultSchema: v.GenericSchema<unknown, wire.CatalogRefreshResult> = v.object({
  updated: v.boolean(),
  providerCount: v.number(),
  sentence: v.string(),
});

export const catalogRestoreParamsSchema: v.GenericSchema<unknown, wire.CatalogRestoreParams> = v.object({
  backupId: v.string(),
  allowOriginChange: v.optional(v.boolean()),
});

export const catalogSaveParamsSchema: v.GenericSchema<unknown, wire.CatalogSaveParams> = v.object({
  document: v.unknown(),
  previousId: v.optional(v.string()),
  allowOriginChange: v.optional(v.boolean()),
});

export const catalogStartingPointSchema: v.GenericSchema<unknown, wire.CatalogStartingPoint> = v.object({
  id: v.string(),
  name: v.string(),
  description: v.string(),
  document: v.unknown(),
});

export const catalogStartingPointsResultSchema: v.GenericSchema<unknown, wire.CatalogStartingPointsResult> = v.object({
  items: v.array(catalogStartingPointSchema),
});

export const catalogStatsResultSchema: v.GenericSchema<unknown, wire.CatalogStatsResult> = v.object({
  providerCount: v.number(),
  userProviderCount: v.number(),
  modelCount: v.number(),
  reasoningModelCount: v.number(),
  imageModelCount: v.number(),
  pricedModelCount: v.number(),
  lowestInputPerMillion: v.optional(v.number()),
  highestInputPerMillion: v.optional(v.number()),
  largestContext: v.optional(v.number()),
  refreshedAt: v.optional(v.string()),
});

export const catalogValidateParamsSchema: v.GenericSchema<unknown, wire.CatalogValidateParams> = v.object({
  document: v.unknown(),
});

export const catalogValidateResultSchema: v.GenericSchema<unknown, wire.CatalogValidateResult> = v.object({
  problems: v.array(catalogProblemSchema),
});

export const claudeCodeCheckResultSchema: v.GenericSchema<unknown, wire.ClaudeCodeCheckResult> = v.object({
  signedIn: v.boolean(),
  cliPath: v.optional(v.string()),
  version: v.optional(v.string()),
  sentence: v.string(),
  tried: v.array(v.string()),
});

export const codexStatusSchema: v.GenericSchema<unknown, wire.CodexStatus> = v.picklist(['idle', 'running', 'interrupted', 'failed', 'damaged']);

export const modelChoiceSchema: v.GenericSchema<unknown, wire.ModelChoice> = v.object({
  providerId: v.string(),
  model: v.optional(v.string()),
});

export const chatOptionsSchema: v.GenericSchema<unknown, wire.ChatOptions> = v.object({
  temperature: v.optional(v.number()),
  maxTokens: v.optional(v.number()),
  stopSequences: v.optional(v.array(v.string())),
  reasoningLevel: v.optional(v.string()),
});

export const codexLayerSchema: v.GenericSchema<unknown, wire.CodexLayer> = v.picklist(['shipped', 'user', 'workspace']);

export const codexSummarySchema: v.GenericSchema<unknown, wire.CodexSummary> = v.object({
  uri: v.string(),
  templateId: v.string(),
  title: v.string(),
  status: codexStatusSchema,
  createdAt: v.string(),
  updatedAt: v.string(),
  messageCount: v.number(),
  cost: v.optional(v.number()),
  archived: v.boolean(),
  providerId: v.optional(v.string()),
  model: v.optional(v.string()),
  fallbacks: v.array(modelChoiceSchema),
  options: chatOptionsSchema,
  tags: v.array(v.string()),
  pinned: v.boolean(),
  unread: v.boolean(),
  version: v.number(),
  taskStatus: v.optional(v.string()),
  spawnedBy: v.optional(v.string()),
  layer: v.optional(codexLayerSchema),
  description: v.optional(v.string()),
});

export const codexChangedParamsSchema: v.GenericSchema<unknown, wire.CodexChangedParams> = v.object({
  uri: v.string(),
  codex: v.optional(codexSummarySchema),
});

export const codexCreateParamsSchema: v.GenericSchema<unknown, wire.CodexCreateParams> = v.object({
  templateId: v.string(),
  title: v.optional(v.string()),
  providerId: v.optional(v.string()),
  model: v.optional(v.string()),
  collection: v.optional(v.string()),
  text: v.optional(v.string()),
  values: v.optional(v.record(v.string(), v.unknown())),
});

export const codexDeleteParamsSchema: v.GenericSchema<unknown, wire.CodexDeleteParams> = v.object({
  uri: v.string(),
});

export const exportFormatSchema: v.GenericSchema<unknown, wire.ExportFormat> = v.picklist(['markdown', 'html', 'json']);

export const codexExportParamsSchema: v.GenericSchema<unknown, wire.CodexExportParams> = v.object({
  uri: v.string(),
  format: exportFormatSchema,
  path: v.optional(v.string()),
});

export const codexExportResultSchema: v.GenericSchema<unknown, wire.CodexExportResult> = v.object({
  fileName: v.string(),
  content: v.optional(v.string()),
});

export const codexForkParamsSchema: v.GenericSchema<unknown, wire.CodexForkParams> = v.object({
  uri: v.string(),
  messageId: v.optional(v.string()),
  version: v.optional(v.number()),
  title: v.optional(v.string()),
});

export const codexGetParamsSchema: v.GenericSchema<unknown, wire.CodexGetParams> = v.object({
  uri: v.string(),
  limit: v.optional(v.number()),
  version: v.optional(v.number()),
});

export const messageRoleSchema: v.GenericSchema<unknown, wire.MessageRole> = v.picklist(['system', 'user', 'assistant']);

export const changedFileViewSchema: v.GenericSchema<unknown, wire.ChangedFileView> = v.object({
  path: v.string(),
  added: v.number(),
  removed: v.number(),
});

export const approvalNoteViewSchema: v.GenericSchema<unknown, wire.ApprovalNoteView> = v.object({
  decision: v.string(),
  reason: v.optional(v.string()),
  rule: v.optional(v.string()),
  time: v.string(),
});

export const messagePartSchema: v.GenericSchema<unknown, wire.MessagePart> = v.variant('kind', [
  v.object({ kind: v.literal('text'),  content: v.string(), }),
  v.object({ kind: v.literal('file'),  path: v.string(),  content: v.optional(v.string()),  language: v.optional(v.string()),  blob: v.optional(v.string()),  mediaType: v.optional(v.string()),  size: v.optional(v.number()),  range: v.optional(lineRangeSchema),  isSummary: v.optional(v.boolean()),  hasChanged: v.optional(v.boolean()), }),
  v.object({ kind: v.literal('toolUse'),  toolUseId: v.string(),  toolName: v.string(),  parameters: v.string(), }),
  v.object({ kind: v.literal('toolResult'),  toolUseId: v.string(),  result: v.optional(v.string()),  error: v.optional(v.string()),  changes: v.optional(v.array(changedFileViewSchema)),  approval: v.optional(approvalNoteViewSchema),  durationMs: v.optional(v.number()), }),
  v.object({ kind: v.literal('reasoning'),  content: v.string(), }),
]);

export const messageStatusSchema: v.GenericSchema<unknown, wire.MessageStatus> = v.picklist(['streaming', 'complete', 'stopped', 'interrupted', 'failed']);

export const compactionViewSchema: v.GenericSchema<unknown, wire.CompactionView> = v.object({
  messages: v.number(),
  tokensBefore: v.number(),
  tokensAfter: v.number(),
});

export const errorViewSchema: v.GenericSchema<unknown, wire.ErrorView> = v.object({
  kind: v.string(),
  message: v.string(),
  retryAfterMs: v.optional(v.number()),
});

export const usageViewSchema: v.GenericSchema<unknown, wire.UsageView> = v.object({
  inputTokens: v.number(),
  outputTokens: v.number(),
  totalTokens: v.number(),
  cachedReadTokens: v.number(),
  cachedWriteTokens: v.number(),
  reasoningTokens: v.number(),
});

export const priceViewSchema: v.GenericSchema<unknown, wire.PriceView> = v.object({
  inputPerMillion: v.number(),
  outputPerMillion: v.number(),
  cachedReadPerMillion: v.optional(v.number()),
  cachedWritePerMillion: v.optional(v.number()),
});

export const costViewSchema: v.GenericSchema<unknown, wire.CostView> = v.object({
  inputCost: v.number(),
  outputCost: v.number(),
  cachedCost: v.number(),
  totalCost: v.number(),
  priceSource: v.string(),
  price: v.optional(priceViewSchema),
});

export const providerInfoViewSchema: v.GenericSchema<unknown, wire.ProviderInfoView> = v.object({
  providerId: v.string(),
  providerName: v.string(),
  modelId: v.optional(v.string()),
  requestId: v.optional(v.string()),
  insteadOf: v.optional(v.string()),
});

export const timingViewSchema: v.GenericSchema<unknown, wire.TimingView> = v.object({
  firstTokenMs: v.optional(v.number()),
  durationMs: v.number(),
});

export const stopReasonSchema: v.GenericSchema<unknown, wire.StopReason> = v.picklist(['endTurn', 'maxTokens', 'stopSequence', 'toolUse', 'refusal', 'contextFull', 'stopped', 'failed']);

export const rejectedCandidateSchema: v.GenericSchema<unknown, wire.RejectedCandidate> = v.object({
  candidate: v.string(),
  why: v.string(),
});

export const routingReceiptSchema: v.GenericSchema<unknown, wire.RoutingReceipt> = v.object({
  chosen: v.string(),
  why: v.string(),
  rejected: v.array(rejectedCandidateSchema),
});

export const steeringKindSchema: v.GenericSchema<unknown, wire.SteeringKind> = v.picklist(['prompt', 'override', 'rules', 'template', 'provider']);

export const steeredBySchema: v.GenericSchema<unknown, wire.SteeredBy> = v.object({
  kind: steeringKindSchema,
  source: v.string(),
  title: v.string(),
  version: v.string(),
});

export const messageViewSchema: v.GenericSchema<unknown, wire.MessageView> = v.object({
  id: v.string(),
  role: messageRoleSchema,
  parts: v.array(messagePartSchema),
  status: messageStatusSchema,
  createdAt: v.string(),
  updatedAt: v.optional(v.string()),
  parentId: v.optional(v.string()),
  alternatives: v.optional(v.array(v.string())),
  notCarried: v.optional(v.array(v.string())),
  compaction: v.optional(compactionViewSchema),
  error: v.optional(errorViewSchema),
  usage: v.optional(usageViewSchema),
  cost: v.optional(costViewSchema),
  providerInfo: v.optional(providerInfoViewSchema),
  timing: v.optional(timingViewSchema),
  stopReason: v.optional(stopReasonSchema),
  routing: v.optional(routingReceiptSchema),
  steeredBy: v.optional(v.array(steeredBySchema)),
});

export const queuedViewSchema: v.GenericSchema<unknown, wire.QueuedView> = v.object({
  id: v.string(),
  text: v.string(),
  attachments: v.array(attachmentViewSchema),
});

export const documentProblemViewSchema: v.GenericSchema<unknown, wire.DocumentProblemView> = v.object({
  message: v.string(),
  line: v.number(),
  column: v.number(),
  isError: v.boolean(),
});

export const documentViewSchema: v.GenericSchema<unknown, wire.DocumentView> = v.object({
  text: v.string(),
  values: v.record(v.string(), v.unknown()),
  problems: v.array(documentProblemViewSchema),
  path: v.optional(v.string()),
  canUndo: v.boolean(),
  canRedo: v.boolean(),
});

export const steeringSourceSchema: v.GenericSchema<unknown, wire.SteeringSource> = v.object({
  kind: steeringKindSchema,
  source: v.string(),
  title: v.string(),
  version: v.string(),
  hiddenCharacters: v.optional(v.number()),
  leftOut: v.optional(v.string()),
  path: v.optional(v.string()),
  mayBeAllowed: v.optional(v.boolean()),
});

export const hookFailureViewSchema: v.GenericSchema<unknown, wire.HookFailureView> = v.object({
  time: v.string(),
  what: v.string(),
  message: v.string(),
});

export const codexGetResultSchema: v.GenericSchema<unknown, wire.CodexGetResult> = v.object({
  codex: codexSummarySchema,
  messages: v.array(messageViewSchema),
  offset: v.number(),
  queue: v.array(queuedViewSchema),
  canUndo: v.boolean(),
  canRedo: v.boolean(),
  contextFiles: v.array(attachmentViewSchema),
  document: v.optional(documentViewSchema),
  turnId: v.optional(v.string()),
  lastSeq: v.number(),
  readOnlyReason: v.optional(v.string()),
  notice: v.optional(v.string()),
  values: v.optional(v.record(v.string(), v.unknown())),
  steering: v.optional(v.array(steeringSourceSchema)),
  hookFailures: v.optional(v.array(hookFailureViewSchema)),
});

export const codexVersionViewSchema: v.GenericSchema<unknown, wire.CodexVersionView> = v.object({
  version: v.number(),
  time: v.string(),
  author: v.string(),
  what: v.string(),
  diff: v.optional(v.string()),
  isCurrent: v.boolean(),
});

export const codexHistoryResultSchema: v.GenericSchema<unknown, wire.CodexHistoryResult> = v.object({
  versions: v.array(codexVersionViewSchema),
});

export const importFormatSchema: v.GenericSchema<unknown, wire.ImportFormat> = v.picklist(['auto', 'plue', 'claudeCode', 'codex']);

export const codexImportParamsSchema: v.GenericSchema<unknown, wire.CodexImportParams> = v.object({
  paths: v.array(v.string()),
  format: v.optional(importFormatSchema),
  again: v.optional(v.boolean()),
});

export const importFailureViewSchema: v.GenericSchema<unknown, wire.ImportFailureView> = v.object({
  path: v.string(),
  message: v.string(),
  uri: v.optional(v.string()),
});

export const codexImportResultSchema: v.GenericSchema<unknown, wire.CodexImportResult> = v.object({
  imported: v.array(codexSummarySchema),
  notCarried: v.array(v.string()),
  failed: v.array(importFailureViewSchema),
});

export const codexImportableParamsSchema: v.GenericSchema<unknown, wire.CodexImportableParams> = v.object({
  format: importFormatSchema,
  paths: v.optional(v.array(v.string())),
});

export const importableViewSchema: v.GenericSchema<unknown, wire.ImportableView> = v.object({
  path: v.string(),
  title: v.string(),
  updatedAt: v.string(),
  size: v.number(),
  uri: v.optional(v.string()),
});

export const codexImportableResultSchema: v.GenericSchema<unknown, wire.CodexImportableResult> = v.object({
  sessions: v.array(importableViewSchema),
  isTruncated: v.boolean(),
});

export const codexLinkViewSchema: v.GenericSchema<unknown, wire.CodexLinkView> = v.object({
  kind: v.string(),
  target: v.string(),
  title: v.string(),
  exists: v.boolean(),
});

export const codexLinksResultSchema: v.GenericSchema<unknown, wire.CodexLinksResult> = v.object({
  incoming: v.array(codexLinkViewSchema),
  outgoing: v.array(codexLinkViewSchema),
});

export const codexFilterSchema: v.GenericSchema<unknown, wire.CodexFilter> = v.object({
  field: v.string(),
  equals: v.optional(v.unknown()),
  contains: v.optional(v.unknown()),
  exists: v.optional(v.boolean()),
});

export const codexListParamsSchema: v.GenericSchema<unknown, wire.CodexListParams> = v.object({
  collection: v.string(),
  includeArchived: v.optional(v.boolean()),
  templateId: v.optional(v.string()),
  filter: v.optional(v.array(codexFilterSchema)),
  tags: v.optional(v.array(v.string())),
  sortBy: v.optional(v.string()),
  descending: v.optional(v.boolean()),
  offset: v.optional(v.number()),
  limit: v.optional(v.number()),
  deleted: v.optional(v.boolean()),
});

export const codexListResultSchema: v.GenericSchema<unknown, wire.CodexListResult> = v.object({
  items: v.array(codexSummarySchema),
  total: v.number(),
});

export const codexRenameParamsSchema: v.GenericSchema<unknown, wire.CodexRenameParams> = v.object({
  uri: v.string(),
  name: v.string(),
  dryRun: v.optional(v.boolean()),
});

export const codexLeftReferenceSchema: v.GenericSchema<unknown, wire.CodexLeftReference> = v.object({
  target: v.string(),
  title: v.string(),
  why: v.string(),
});

export const codexRenameResultSchema: v.GenericSchema<unknown, wire.CodexRenameResult> = v.object({
  uri: v.string(),
  updated: v.array(codexLinkViewSchema),
  left: v.array(codexLeftReferenceSchema),
});

export const codexSwitchBranchParamsSchema: v.GenericSchema<unknown, wire.CodexSwitchBranchParams> = v.object({
  uri: v.string(),
  messageId: v.string(),
});

export const codexUpdateParamsSchema: v.GenericSchema<unknown, wire.CodexUpdateParams> = v.object({
  uri: v.string(),
  title: v.optional(v.string()),
  archived: v.optional(v.boolean()),
  providerId: v.optional(v.string()),
  model: v.optional(v.string()),
  fallbacks: v.optional(v.array(modelChoiceSchema)),
  options: v.optional(chatOptionsSchema),
  pinned: v.optional(v.boolean()),
  tags: v.optional(v.array(v.string())),
  contextFiles: v.optional(v.array(v.string())),
  expectedVersion: v.optional(v.number()),
  set: v.optional(v.record(v.string(), v.unknown())),
  append: v.optional(v.record(v.string(), v.unknown())),
  text: v.optional(v.string()),
});

export const codexUriParamsSchema: v.GenericSchema<unknown, wire.CodexUriParams> = v.object({
  uri: v.string(),
});

export const editChangedParamsSchema: v.GenericSchema<unknown, wire.EditChangedParams> = v.object({
  codexId: v.string(),
});

export const editContentParamsSchema: v.GenericSchema<unknown, wire.EditContentParams> = v.object({
  codexId: v.string(),
  path: v.string(),
});

export const editContentResultSchema: v.GenericSchema<unknown, wire.EditContentResult> = v.object({
  text: v.optional(v.string()),
});

export const editDecideParamsSchema: v.GenericSchema<unknown, wire.EditDecideParams> = v.object({
  codexId: v.string(),
  path: v.optional(v.string()),
  hunkId: v.optional(v.string()),
});

export const editListParamsSchema: v.GenericSchema<unknown, wire.EditListParams> = v.object({
  codexId: v.optional(v.string()),
});

export const editKindSchema: v.GenericSchema<unknown, wire.EditKind> = v.picklist(['created', 'modified', 'deleted']);

export const editStateSchema: v.GenericSchema<unknown, wire.EditState> = v.picklist(['pending', 'accepted', 'rejected', 'mixed']);

export const hunkViewSchema: v.GenericSchema<unknown, wire.HunkView> = v.object({
  id: v.string(),
  oldStart: v.number(),
  oldLines: v.number(),
  newStart: v.number(),
  newLines: v.number(),
  state: editStateSchema,
  text: v.string(),
  isConflict: v.boolean(),
});

export const fileEditViewSchema: v.GenericSchema<unknown, wire.FileEditView> = v.object({
  path: v.string(),
  codexId: v.string(),
  kind: editKindSchema,
  state: editStateSchema,
  added: v.number(),
  removed: v.number(),
  hunks: v.array(hunkViewSchema),
  tools: v.array(v.string()),
  conflict: v.optional(v.string()),
  isBinary: v.boolean(),
});

export const editTurnViewSchema: v.GenericSchema<unknown, wire.EditTurnView> = v.object({
  codexId: v.string(),
  turnId: v.string(),
  time: v.string(),
  title: v.string(),
  files: v.number(),
  isUndone: v.boolean(),
});

export const editListResultSchema: v.GenericSchema<unknown, wire.EditListResult> = v.object({
  files: v.array(fileEditViewSchema),
  turns: v.array(editTurnViewSchema),
  conflicts: v.array(v.string()),
  leftOut: v.optional(v.string()),
});

export const editTurnParamsSchema: v.GenericSchema<unknown, wire.EditTurnParams> = v.object({
  codexId: v.string(),
  turnId: v.optional(v.string()),
  all: v.optional(v.boolean()),
});

export const errorDataSchema: v.GenericSchema<unknown, wire.ErrorData> = v.object({
  kind: v.string(),
  retryAfterMs: v.optional(v.number()),
});

export const executableViewSchema: v.GenericSchema<unknown, wire.ExecutableView> = v.object({
  path: v.string(),
  name: v.string(),
  sha256: v.string(),
  approved: v.boolean(),
  changedSinceApproval: v.boolean(),
});

export const healthCheckParamsSchema: v.GenericSchema<unknown, wire.HealthCheckParams> = v.object({
  online: v.optional(v.boolean()),
});

export const healthStateSchema: v.GenericSchema<unknown, wire.HealthState> = v.picklist(['ok', 'warning', 'missing', 'failed']);

export const healthActionSchema: v.GenericSchema<unknown, wire.HealthAction> = v.picklist(['connectProvider', 'setKey', 'testProvider', 'showProvider', 'unlockVault', 'checkClaudeCode', 'openFile', 'manageServers', 'trustFolder', 'openSettings', 'showRules']);

export const healthFixViewSchema: v.GenericSchema<unknown, wire.HealthFixView> = v.object({
  action: healthActionSchema,
  target: v.optional(v.string()),
});

export const healthRowViewSchema: v.GenericSchema<unknown, wire.HealthRowView> = v.object({
  name: v.string(),
  state: healthStateSchema,
  needed: v.boolean(),
  sentence: v.string(),
  advice: v.optional(v.string()),
  fix: v.optional(healthFixViewSchema),
});

export const healthCheckResultSchema: v.GenericSchema<unknown, wire.HealthCheckResult> = v.object({
  healthy: v.boolean(),
  version: v.string(),
  rows: v.array(healthRowViewSchema),
});

export const hostModelEventSchema: v.GenericSchema<unknown, wire.HostModelEvent> = v.variant('kind', [
  v.object({ kind: v.literal('text'),  text: v.string(), }),
  v.object({ kind: v.literal('toolCall'),  toolUseId: v.string(),  toolName: v.string(),  parameters: v.string(), }),
]);

export const hostLanguageModelEventParamsSchema: v.GenericSchema<unknown, wire.HostLanguageModelEventParams> = v.object({
  streamId: v.string(),
  event: hostModelEventSchema,
});

export const hostRoleSchema: v.GenericSchema<unknown, wire.HostRole> = v.picklist(['user', 'assistant']);

export const hostPartSchema: v.GenericSchema<unknown, wire.HostPart> = v.variant('kind', [
  v.object({ kind: v.literal('text'),  text: v.string(), }),
  v.object({ kind: v.literal('toolUse'),  toolUseId: v.string(),  toolName: v.string(),  parameters: v.string(), }),
  v.object({ kind: v.literal('toolResult'),  toolUseId: v.string(),  text: v.string(), }),
]);

export const hostMessageSchema: v.GenericSchema<unknown, wire.HostMessage> = v.object({
  role: hostRoleSchema,
  parts: v.array(hostPartSchema),
});

export const hostToolSchema: v.GenericSchema<unknown, wire.HostTool> = v.object({
  name: v.string(),
  description: v.string(),
  schema: v.string(),
});

export const hostModelOptionsSchema: v.GenericSchema<unknown, wire.HostModelOptions> = v.object({
  temperature: v.optional(v.number()),
  maxTokens: v.optional(v.number()),
  stopSequences: v.optional(v.array(v.string())),
  reasoningLevel: v.optional(v.string()),
});

export const hostLanguageModelParamsSchema: v.GenericSchema<unknown, wire.HostLanguageModelParams> = v.object({
  streamId: v.string(),
  vendor: v.optional(v.string()),
  model: v.string(),
  messages: v.array(hostMessageSchema),
  tools: v.array(hostToolSchema),
  options: hostModelOptionsSchema,
});

export const hostLanguageModelResultSchema: v.GenericSchema<unknown, wire.HostLanguageModelResult> = v.object({
  stopReason: stopReasonSchema,
});

export const hostLanguageModelsParamsSchema: v.GenericSchema<unknown, wire.HostLanguageModelsParams> = v.object({
  vendor: v.optional(v.string()),
});

export const hostModelViewSchema: v.GenericSchema<unknown, wire.HostModelView> = v.object({
  id: v.string(),
  name: v.string(),
  vendor: v.string(),
  family: v.string(),
  version: v.string(),
  maxInputTokens: v.number(),
  supportsTools: v.optional(v.boolean()),
  supportsVision: v.optional(v.boolean()),
});

export const hostLanguageModelsResultSchema: v.GenericSchema<unknown, wire.HostLanguageModelsResult> = v.object({
  models: v.array(hostModelViewSchema),
});

export const hostNotifyLevelSchema: v.GenericSchema<unknown, wire.HostNotifyLevel> = v.picklist(['info', 'warning', 'error']);

export const hostNotifyParamsSchema: v.GenericSchema<unknown, wire.HostNotifyParams> = v.object({
  message: v.string(),
  level: hostNotifyLevelSchema,
  uri: v.optional(v.string()),
});

export const clientInfoSchema: v.GenericSchema<unknown, wire.ClientInfo> = v.object({
  name: v.string(),
  version: v.optional(v.string()),
});

export const plueOptionsSchema: v.GenericSchema<unknown, wire.PlueOptions> = v.object({
  workspaceFolder: v.optional(v.string()),
  trusted: v.boolean(),
});

export const editorSynchronizationSchema: v.GenericSchema<unknown, wire.EditorSynchronization> = v.object({
  dynamicRegistration: v.optional(v.boolean()),
});

export const editorTextDocumentsSchema: v.GenericSchema<unknown, wire.EditorTextDocuments> = v.object({
  synchronization: v.optional(editorSynchronizationSchema),
});

export const editorCapabilitiesSchema: v.GenericSchema<unknown, wire.EditorCapabilities> = v.object({
  textDocument: v.optional(editorTextDocumentsSchema),
});

export const initializeParamsSchema: v.GenericSchema<unknown, wire.InitializeParams> = v.object({
  processId: v.optional(v.number()),
  clientInfo: v.optional(clientInfoSchema),
  initializationOptions: v.optional(plueOptionsSchema),
  capabilities: v.optional(editorCapabilitiesSchema),
});

export const textSyncOptionsSchema: v.GenericSchema<unknown, wire.TextSyncOptions> = v.object({
  openClose: v.boolean(),
  change: v.number(),
  save: v.boolean(),
});

export const completionOptionsSchema: v.GenericSchema<unknown, wire.CompletionOptions> = v.object({
  triggerCharacters: v.array(v.string()),
});

export const documentLinkOptionsSchema: v.GenericSchema<unknown, wire.DocumentLinkOptions> = v.object({
  resolveProvider: v.boolean(),
});

export const renameOptionsSchema: v.GenericSchema<unknown, wire.RenameOptions> = v.object({
  prepareProvider: v.boolean(),
});

export const codeActionOptionsSchema: v.GenericSchema<unknown, wire.CodeActionOptions> = v.object({
  codeActionKinds: v.array(v.string()),
});

export const serverCapabilitiesSchema: v.GenericSchema<unknown, wire.ServerCapabilities> = v.object({
  positionEncoding: v.string(),
  textDocumentSync: v.optional(textSyncOptionsSchema),
  completionProvider: v.optional(completionOptionsSchema),
  hoverProvider: v.optional(v.boolean()),
  documentLinkProvider: v.optional(documentLinkOptionsSchema),
  definitionProvider: v.optional(v.boolean()),
  referencesProvider: v.optional(v.boolean()),
  renameProvider: v.optional(renameOptionsSchema),
  documentSymbolProvider: v.optional(v.boolean()),
  documentFormattingProvider: v.optional(v.boolean()),
  codeActionProvider: v.optional(codeActionOptionsSchema),
});

export const serverInfoSchema: v.GenericSchema<unknown, wire.ServerInfo> = v.object({
  name: v.string(),
  version: v.string(),
});

export const initializeResultSchema: v.GenericSchema<unknown, wire.InitializeResult> = v.object({
  capabilities: serverCapabilitiesSchema,
  serverInfo: serverInfoSchema,
});

export const mcpApproveParamsSchema: v.GenericSchema<unknown, wire.McpApproveParams> = v.object({
  name: v.string(),
  fingerprint: v.string(),
});

export const mcpStateSchema: v.GenericSchema<unknown, wire.McpState> = v.picklist(['notApproved', 'stopped', 'starting', 'running', 'failed', 'signInNeeded']);

export const mcpToolViewSchema: v.GenericSchema<unknown, wire.McpToolView> = v.object({
  name: v.string(),
  description: v.string(),
  tokens: v.number(),
});

export const mcpServerViewSchema: v.GenericSchema<unknown, wire.McpServerView> = v.object({
  name: v.string(),
  source: v.string(),
  state: mcpStateSchema,
  command: v.string(),
  arguments: v.array(v.string()),
  program: v.optional(v.string()),
  folder: v.optional(v.string()),
  environment: v.array(v.string()),
  fingerprint: v.string(),
  secretOrigin: v.optional(v.string()),
  changes: v.optional(v.array(v.string())),
  tools: v.array(mcpToolViewSchema),
  tokens: v.optional(v.number()),
  notes: v.array(v.string()),
  error: v.optional(v.string()),
});

export const mcpListResultSchema: v.GenericSchema<unknown, wire.McpListResult> = v.object({
  servers: v.array(mcpServerViewSchema),
  problems: v.array(v.string()),
});

export const mcpNameParamsSchema: v.GenericSchema<unknown, wire.McpNameParams> = v.object({
  name: v.string(),
});

export const mcpSignInResultSchema: v.GenericSchema<unknown, wire.McpSignInResult> = v.object({
  url: v.optional(v.string()),
});

export const messageAllowSteeringParamsSchema: v.GenericSchema<unknown, wire.MessageAllowSteeringParams> = v.object({
  codexId: v.string(),
  source: v.string(),
  version: v.string(),
});

export const messageCodexParamsSchema: v.GenericSchema<unknown, wire.MessageCodexParams> = v.object({
  codexId: v.string(),
});

export const messageCompactResultSchema: v.GenericSchema<unknown, wire.MessageCompactResult> = v.object({
  tokensBefore: v.number(),
  tokensAfter: v.number(),
});

export const attachmentSchema: v.GenericSchema<unknown, wire.Attachment> = v.object({
  path: v.optional(v.string()),
  blob: v.optional(v.string()),
  name: v.optional(v.string()),
  mediaType: v.optional(v.string()),
  range: v.optional(lineRangeSchema),
  mode: v.optional(attachmentModeSchema),
  allowOutside: v.optional(v.boolean()),
});

export const messageContextParamsSchema: v.GenericSchema<unknown, wire.MessageContextParams> = v.object({
  codexId: v.string(),
  draft: v.optional(v.string()),
  attachments: v.optional(v.array(attachmentSchema)),
});

export const contextShareSchema: v.GenericSchema<unknown, wire.ContextShare> = v.object({
  name: v.string(),
  tokens: v.number(),
});

export const messageContextResultSchema: v.GenericSchema<unknown, wire.MessageContextResult> = v.object({
  tokens: v.number(),
  window: v.optional(v.number()),
  isEstimate: v.boolean(),
  compactsAt: v.optional(v.number()),
  shares: v.array(contextShareSchema),
});

export const messageDiscardParamsSchema: v.GenericSchema<unknown, wire.MessageDiscardParams> = v.object({
  codexId: v.string(),
  messageId: v.string(),
});

export const messageEditParamsSchema: v.GenericSchema<unknown, wire.MessageEditParams> = v.object({
  codexId: v.string(),
  messageId: v.string(),
  text: v.string(),
  provider: v.optional(v.string()),
  model: v.optional(v.string()),
  attachments: v.optional(v.array(attachmentSchema)),
  answer: v.optional(v.boolean()),
});

export const messageEventSchema: v.GenericSchema<unknown, wire.MessageEvent> = v.variant('kind', [
  v.object({ kind: v.literal('messageAdded'),  message: messageViewSchema, }),
  v.object({ kind: v.literal('messageRemoved'),  messageId: v.string(), }),
  v.object({ kind: v.literal('branchChanged'),  messageId: v.optional(v.string()), }),
  v.object({ kind: v.literal('queueChanged'),  queue: v.array(queuedViewSchema), }),
  v.object({ kind: v.literal('turnStarted'),  turnId: v.string(), }),
  v.object({ kind: v.literal('waiting'),  for: v.string(), }),
  v.object({ kind: v.literal('messageStarted'),  messageId: v.string(),  providerInfo: providerInfoViewSchema, }),
  v.object({ kind: v.literal('answeredBy'),  messageId: v.string(),  providerInfo: providerInfoViewSchema, }),
  v.object({ kind: v.literal('textDelta'),  messageId: v.string(),  partIndex: v.number(),  text: v.string(), }),
  v.object({ kind: v.literal('reasoningDelta'),  messageId: v.string(),  partIndex: v.number(),  text: v.string(), }),
  v.object({ kind: v.literal('toolCallStarted'),  messageId: v.string(),  partIndex: v.number(),  toolUseId: v.string(),  toolName: v.string(), }),
  v.object({ kind: v.literal('toolCallDelta'),  messageId: v.string(),  partIndex: v.number(),  text: v.string(), }),
  v.object({ kind: v.literal('toolCallProgress'),  messageId: v.string(),  toolUseId: v.string(),  text: v.string(), }),
  v.object({ kind: v.literal('toolCallFinished'),  messageId: v.string(),  toolUseId: v.string(),  result: v.optional(v.string()),  error: v.optional(v.string()),  changes: v.optional(v.array(changedFileViewSchema)),  approval: v.optional(approvalNoteViewSchema),  durationMs: v.optional(v.number()), }),
  v.object({ kind: v.literal('restarted'),  messageId: v.string(),  attempt: v.number(),  delayMs: v.number(),  why: v.string(), }),
  v.object({ kind: v.literal('retrying'),  attempt: v.number(),  until: v.string(),  why: v.string(), }),
  v.object({ kind: v.literal('messageFinished'),  message: messageViewSchema, }),
  v.object({ kind: v.literal('turnFinished'),  turnId: v.string(),  stopReason: stopReasonSchema,  error: v.optional(errorViewSchema), }),
]);

export const messageEventParamsSchema: v.GenericSchema<unknown, wire.MessageEventParams> = v.object({
  codexId: v.string(),
  seq: v.number(),
  event: messageEventSchema,
});

export const messageFindParamsSchema: v.GenericSchema<unknown, wire.MessageFindParams> = v.object({
  codexId: v.string(),
  text: v.string(),
});

export const foundViewSchema: v.GenericSchema<unknown, wire.FoundView> = v.object({
  messageId: v.string(),
  index: v.number(),
  count: v.number(),
});

export const messageFindResultSchema: v.GenericSchema<unknown, wire.MessageFindResult> = v.object({
  found: v.array(foundViewSchema),
  isTruncated: v.boolean(),
});

export const messageIdParamsSchema: v.GenericSchema<unknown, wire.MessageIdParams> = v.object({
  codexId: v.string(),
  messageId: v.string(),
});

export const messageListParamsSchema: v.GenericSchema<unknown, wire.MessageListParams> = v.object({
  codexId: v.string(),
  offset: v.number(),
  limit: v.number(),
  messageId: v.optional(v.string()),
});

export const messageListResultSchema: v.GenericSchema<unknown, wire.MessageListResult> = v.object({
  messages: v.array(messageViewSchema),
  offset: v.number(),
  total: v.number(),
});

export const outlineEntrySchema: v.GenericSchema<unknown, wire.OutlineEntry> = v.object({
  messageId: v.string(),
  index: v.number(),
  text: v.string(),
  createdAt: v.string(),
});

export const messageOutlineResultSchema: v.GenericSchema<unknown, wire.MessageOutlineResult> = v.object({
  entries: v.array(outlineEntrySchema),
});

export const messagePromptParamsSchema: v.GenericSchema<unknown, wire.MessagePromptParams> = v.object({
  codexId: v.string(),
  prompt: v.string(),
});

export const promptHoleViewSchema: v.GenericSchema<unknown, wire.PromptHoleView> = v.object({
  name: v.string(),
  start: v.number(),
  length: v.number(),
});

export const promptArgumentViewSchema: v.GenericSchema<unknown, wire.PromptArgumentView> = v.object({
  name: v.string(),
  description: v.optional(v.string()),
  isOptional: v.boolean(),
});

export const messagePromptResultSchema: v.GenericSchema<unknown, wire.MessagePromptResult> = v.object({
  text: v.string(),
  holes: v.array(promptHoleViewSchema),
  arguments: v.array(promptArgumentViewSchema),
});

export const messageRetryParamsSchema: v.GenericSchema<unknown, wire.MessageRetryParams> = v.object({
  codexId: v.string(),
  messageId: v.string(),
  provider: v.optional(v.string()),
  model: v.optional(v.string()),
  continue: v.optional(v.boolean()),
});

export const messageSendParamsSchema: v.GenericSchema<unknown, wire.MessageSendParams> = v.object({
  codexId: v.string(),
  text: v.string(),
  provider: v.optional(v.string()),
  model: v.optional(v.string()),
  answer: v.optional(v.boolean()),
  attachments: v.optional(v.array(attachmentSchema)),
  queue: v.optional(v.boolean()),
});

export const messageSendResultSchema: v.GenericSchema<unknown, wire.MessageSendResult> = v.object({
  messageId: v.string(),
  turnId: v.optional(v.string()),
  queued: v.optional(v.boolean()),
});

export const messageSteerParamsSchema: v.GenericSchema<unknown, wire.MessageSteerParams> = v.object({
  codexId: v.string(),
  queuedId: v.optional(v.string()),
  text: v.optional(v.string()),
  attachments: v.optional(v.array(attachmentSchema)),
});

export const messageSteeringResultSchema: v.GenericSchema<unknown, wire.MessageSteeringResult> = v.object({
  sources: v.array(steeringSourceSchema),
  note: v.optional(v.string()),
});

export const messageStopParamsSchema: v.GenericSchema<unknown, wire.MessageStopParams> = v.object({
  codexId: v.string(),
});

export const messageUnqueueParamsSchema: v.GenericSchema<unknown, wire.MessageUnqueueParams> = v.object({
  codexId: v.string(),
  queuedId: v.string(),
});

export const nothingSchema: v.GenericSchema<unknown, wire.Nothing> = v.object({
});

export const providerApproveParamsSchema: v.GenericSchema<unknown, wire.ProviderApproveParams> = v.object({
  path: v.string(),
  sha256: v.string(),
});

export const providerChangedParamsSchema: v.GenericSchema<unknown, wire.ProviderChangedParams> = v.object({
  id: v.optional(v.string()),
});

export const providerConfigureParamsSchema: v.GenericSchema<unknown, wire.ProviderConfigureParams> = v.object({
  id: v.optional(v.string()),
  name: v.string(),
  kind: v.string(),
  endpoint: v.optional(v.string()),
  model: v.optional(v.string()),
  enabled: v.optional(v.boolean()),
  makeDefault: v.optional(v.boolean()),
  makeDefaultSmall: v.optional(v.boolean()),
  catalogProvider: v.optional(v.string()),
  fields: v.optional(v.record(v.string(), v.unknown())),
});

export const providerDeleteParamsSchema: v.GenericSchema<unknown, wire.ProviderDeleteParams> = v.object({
  id: v.string(),
  deleteKey: v.optional(v.boolean()),
});

export const providerSourceSchema: v.GenericSchema<unknown, wire.ProviderSource> = v.picklist(['file', 'environment', 'found', 'tour']);

export const providerStatusSchema: v.GenericSchema<unknown, wire.ProviderStatus> = v.picklist(['untested', 'testing', 'connected', 'error', 'disabled']);

export const fileFaultSchema: v.GenericSchema<unknown, wire.FileFault> = v.object({
  path: v.string(),
  line: v.number(),
  column: v.number(),
  message: v.string(),
  holdsSecret: v.boolean(),
});

export const authTypeSchema: v.GenericSchema<unknown, wire.AuthType> = v.picklist(['none', 'apiKey', 'oauth', 'awsCredentials', 'serviceAccount']);

export const providerSummarySchema: v.GenericSchema<unknown, wire.ProviderSummary> = v.object({
  id: v.string(),
  name: v.string(),
  description: v.optional(v.string()),
  kind: v.string(),
  source: providerSourceSchema,
  enabled: v.boolean(),
  status: providerStatusSchema,
  lastTested: v.optional(v.string()),
  error: v.optional(errorViewSchema),
  restingUntil: v.optional(v.string()),
  fault: v.optional(fileFaultSchema),
  file: v.optional(v.string()),
  catalogProvider: v.optional(v.string()),
  endpoint: v.optional(v.string()),
  model: v.optional(v.string()),
  modelCount: v.optional(v.number()),
  authType: authTypeSchema,
  takesKey: v.boolean(),
  keyReference: v.optional(v.string()),
  hasCredential: v.boolean(),
  origin: v.optional(v.string()),
  isDefault: v.boolean(),
  isDefaultSmall: v.boolean(),
});

export const vaultEntrySummarySchema: v.GenericSchema<unknown, wire.VaultEntrySummary> = v.object({
  reference: v.string(),
  origins: v.array(v.string()),
  lastFour: v.string(),
  storedAt: v.string(),
  lastUsed: v.optional(v.string()),
  usedBy: v.array(v.string()),
});

export const codexLinkSchema: v.GenericSchema<unknown, wire.CodexLink> = v.object({
  uri: v.string(),
  title: v.string(),
});

export const providerUsesSchema: v.GenericSchema<unknown, wire.ProviderUses> = v.object({
  chatCount: v.number(),
  chats: v.array(codexLinkSchema),
  templates: v.array(v.string()),
  settings: v.array(v.string()),
});

export const providerErrorViewSchema: v.GenericSchema<unknown, wire.ProviderErrorView> = v.object({
  at: v.string(),
  error: errorViewSchema,
});

export const providerDetailSchema: v.GenericSchema<unknown, wire.ProviderDetail> = v.object({
  summary: providerSummarySchema,
  configuration: v.record(v.string(), v.unknown()),
  key: v.optional(vaultEntrySummarySchema),
  uses: providerUsesSchema,
  errors: v.array(providerErrorViewSchema),
});

export const providerDiscoverResultSchema: v.GenericSchema<unknown, wire.ProviderDiscoverResult> = v.object({
  defaultId: v.string(),
  sentence: v.string(),
  tried: v.array(v.string()),
});

export const providerExecutablesResultSchema: v.GenericSchema<unknown, wire.ProviderExecutablesResult> = v.object({
  items: v.array(executableViewSchema),
});

export const providerIdParamsSchema: v.GenericSchema<unknown, wire.ProviderIdParams> = v.object({
  id: v.string(),
});

export const providerKindViewSchema: v.GenericSchema<unknown, wire.ProviderKindView> = v.object({
  kind: v.string(),
  name: v.string(),
  takesKey: v.boolean(),
  takesEndpoint: v.boolean(),
  needsEndpoint: v.boolean(),
  defaultEndpoint: v.optional(v.string()),
  authTypes: v.array(authTypeSchema),
});

export const providerListResultSchema: v.GenericSchema<unknown, wire.ProviderListResult> = v.object({
  items: v.array(providerSummarySchema),
  kinds: v.array(providerKindViewSchema),
  folderProblem: v.optional(v.string()),
});

export const providerModelsParamsSchema: v.GenericSchema<unknown, wire.ProviderModelsParams> = v.object({
  id: v.string(),
  refresh: v.optional(v.boolean()),
});

export const providerModelsResultSchema: v.GenericSchema<unknown, wire.ProviderModelsResult> = v.object({
  models: v.array(modelViewSchema),
  fetchedAt: v.optional(v.string()),
  error: v.optional(errorViewSchema),
});

export const providerSetEnabledParamsSchema: v.GenericSchema<unknown, wire.ProviderSetEnabledParams> = v.object({
  id: v.string(),
  enabled: v.boolean(),
});

export const providerSignInResultSchema: v.GenericSchema<unknown, wire.ProviderSignInResult> = v.object({
  url: v.string(),
  userCode: v.optional(v.string()),
  expiresAt: v.string(),
});

export const searchChatsParamsSchema: v.GenericSchema<unknown, wire.SearchChatsParams> = v.object({
  searchId: v.string(),
  text: v.string(),
  from: v.optional(v.string()),
  to: v.optional(v.string()),
  providerId: v.optional(v.string()),
  model: v.optional(v.string()),
  hasCode: v.optional(v.boolean()),
  status: v.optional(messageStatusSchema),
  role: v.optional(messageRoleSchema),
  tags: v.optional(v.array(v.string())),
  includeArchived: v.optional(v.boolean()),
  limit: v.optional(v.number()),
});

export const searchChatsResultSchema: v.GenericSchema<unknown, wire.SearchChatsResult> = v.object({
  hits: v.number(),
  chats: v.number(),
  isTruncated: v.boolean(),
  unreadable: v.number(),
});

export const searchHitSchema: v.GenericSchema<unknown, wire.SearchHit> = v.object({
  codexId: v.string(),
  title: v.string(),
  messageId: v.string(),
  role: messageRoleSchema,
  createdAt: v.string(),
  snippet: v.string(),
  start: v.number(),
  length: v.number(),
});

export const searchHitsParamsSchema: v.GenericSchema<unknown, wire.SearchHitsParams> = v.object({
  searchId: v.string(),
  hits: v.array(searchHitSchema),
});

export const fieldTypeSchema: v.GenericSchema<unknown, wire.FieldType> = v.picklist(['text', 'textarea', 'number', 'boolean', 'select', 'url', 'datetime', 'array', 'object', 'fileReference', 'codexReference']);

export const fieldConditionViewSchema: v.GenericSchema<unknown, wire.FieldConditionView> = v.object({
  field: v.string(),
  values: v.array(v.unknown()),
});

export const fieldViewSchema: v.GenericSchema<unknown, wire.FieldView> = v.object({
  name: v.string(),
  type: fieldTypeSchema,
  description: v.optional(v.string()),
  required: v.boolean(),
  default: v.optional(v.unknown()),
  placeholder: v.optional(v.string()),
  options: v.array(v.string()),
  min: v.optional(v.number()),
  max: v.optional(v.number()),
  step: v.optional(v.number()),
  items: v.optional(v.lazy(() => fieldViewSchema)),
  properties: v.array(v.lazy(() => fieldViewSchema)),
  templateFilter: v.optional(v.string()),
  conditional: v.optional(fieldConditionViewSchema),
});

export const settingsGroupSchema: v.GenericSchema<unknown, wire.SettingsGroup> = v.object({
  title: v.string(),
  fields: v.array(fieldViewSchema),
});

export const settingsResultSchema: v.GenericSchema<unknown, wire.SettingsResult> = v.object({
  path: v.string(),
  groups: v.array(settingsGroupSchema),
  values: v.record(v.string(), v.unknown()),
  problem: v.optional(fileFaultSchema),
});

export const settingsSetParamsSchema: v.GenericSchema<unknown, wire.SettingsSetParams> = v.object({
  name: v.string(),
  value: v.optional(v.unknown()),
});

export const taskSpendViewSchema: v.GenericSchema<unknown, wire.TaskSpendView> = v.object({
  usd: v.optional(v.number()),
  usdIsAtLeast: v.optional(v.boolean()),
  tokens: v.number(),
  rounds: v.number(),
  seconds: v.number(),
});

export const taskBudgetViewSchema: v.GenericSchema<unknown, wire.TaskBudgetView> = v.object({
  usd: v.optional(v.number()),
  tokens: v.optional(v.number()),
  rounds: v.optional(v.number()),
  seconds: v.optional(v.number()),
});

export const taskViewSchema: v.GenericSchema<unknown, wire.TaskView> = v.object({
  uri: v.string(),
  templateId: v.string(),
  templateName: v.string(),
  title: v.string(),
  status: v.string(),
  parentId: v.optional(v.string()),
  toolUseId: v.optional(v.string()),
  providerId: v.optional(v.string()),
  providerName: v.optional(v.string()),
  model: v.optional(v.string()),
  spent: taskSpendViewSchema,
  spentInAll: taskSpendViewSchema,
  budget: taskBudgetViewSchema,
  isLocal: v.boolean(),
  createdAt: v.string(),
  updatedAt: v.string(),
  waiting: v.number(),
  unread: v.boolean(),
  archived: v.boolean(),
  note: v.optional(v.string()),
});

export const todoStateSchema: v.GenericSchema<unknown, wire.TodoState> = v.picklist(['open', 'active', 'done']);

export const todoViewSchema: v.GenericSchema<unknown, wire.TodoView> = v.object({
  text: v.string(),
  state: todoStateSchema,
});

export const answeredApprovalViewSchema: v.GenericSchema<unknown, wire.AnsweredApprovalView> = v.object({
  time: v.string(),
  what: v.string(),
  decision: v.string(),
  reason: v.optional(v.string()),
  rule: v.optional(v.string()),
});

export const timelineKindSchema: v.GenericSchema<unknown, wire.TimelineKind> = v.picklist(['model', 'tool', 'waiting']);

export const timelineSpanSchema: v.GenericSchema<unknown, wire.TimelineSpan> = v.object({
  kind: timelineKindSchema,
  name: v.string(),
  start: v.string(),
  end: v.optional(v.string()),
  costUsd: v.optional(v.number()),
});

export const timelineLaneSchema: v.GenericSchema<unknown, wire.TimelineLane> = v.object({
  uri: v.string(),
  title: v.string(),
  status: v.string(),
  spent: taskSpendViewSchema,
  spans: v.array(timelineSpanSchema),
});

export const taskDetailSchema: v.GenericSchema<unknown, wire.TaskDetail> = v.object({
  task: taskViewSchema,
  goal: v.string(),
  plan: v.array(todoViewSchema),
  children: v.array(taskViewSchema),
  files: v.array(changedFileViewSchema),
  approvals: v.array(answeredApprovalViewSchema),
  timeline: v.array(timelineLaneSchema),
  outputs: v.optional(v.unknown()),
  routing: v.optional(routingReceiptSchema),
});

export const taskEventParamsSchema: v.GenericSchema<unknown, wire.TaskEventParams> = v.object({
  taskId: v.string(),
  task: v.optional(taskViewSchema),
});

export const taskListParamsSchema: v.GenericSchema<unknown, wire.TaskListParams> = v.object({
  root: v.optional(v.string()),
  includeArchived: v.optional(v.boolean()),
});

export const taskListResultSchema: v.GenericSchema<unknown, wire.TaskListResult> = v.object({
  tasks: v.array(taskViewSchema),
});

export const taskSetBudgetParamsSchema: v.GenericSchema<unknown, wire.TaskSetBudgetParams> = v.object({
  uri: v.string(),
  budget: taskBudgetViewSchema,
});

export const taskSpawnParamsSchema: v.GenericSchema<unknown, wire.TaskSpawnParams> = v.object({
  templateId: v.string(),
  goal: v.string(),
  values: v.optional(v.record(v.string(), v.unknown())),
  provider: v.optional(v.string()),
  model: v.optional(v.string()),
  budget: v.optional(taskBudgetViewSchema),
  parentId: v.optional(v.string()),
});

export const taskSteerParamsSchema: v.GenericSchema<unknown, wire.TaskSteerParams> = v.object({
  uri: v.string(),
  text: v.string(),
});

export const taskStopParamsSchema: v.GenericSchema<unknown, wire.TaskStopParams> = v.object({
  uri: v.optional(v.string()),
  under: v.optional(v.boolean()),
});

export const taskUriParamsSchema: v.GenericSchema<unknown, wire.TaskUriParams> = v.object({
  uri: v.string(),
});

export const templateCheckParamsSchema: v.GenericSchema<unknown, wire.TemplateCheckParams> = v.object({
  id: v.optional(v.string()),
  text: v.optional(v.string()),
});

export const findingKindSchema: v.GenericSchema<unknown, wire.FindingKind> = v.picklist(['error', 'warning', 'risk']);

export const templateFindingSchema: v.GenericSchema<unknown, wire.TemplateFinding> = v.object({
  kind: findingKindSchema,
  code: v.string(),
  templateId: v.string(),
  path: v.string(),
  line: v.number(),
  column: v.number(),
  message: v.string(),
});

export const templateCheckResultSchema: v.GenericSchema<unknown, wire.TemplateCheckResult> = v.object({
  findings: v.array(templateFindingSchema),
});

export const templateGetParamsSchema: v.GenericSchema<unknown, wire.TemplateGetParams> = v.object({
  id: v.string(),
});

export const templateListParamsSchema: v.GenericSchema<unknown, wire.TemplateListParams> = v.object({
  collection: v.optional(v.string()),
});

export const templateSummarySchema: v.GenericSchema<unknown, wire.TemplateSummary> = v.object({
  id: v.string(),
  name: v.string(),
  description: v.optional(v.string()),
  version: v.optional(v.string()),
  parentTemplate: v.optional(v.string()),
  collection: v.string(),
  layer: codexLayerSchema,
  path: v.optional(v.string()),
  icon: v.optional(v.string()),
  color: v.optional(v.string()),
  tags: v.array(v.string()),
  inForce: v.boolean(),
  problems: v.array(documentProblemViewSchema),
});

export const templateListResultSchema: v.GenericSchema<unknown, wire.TemplateListResult> = v.object({
  templates: v.array(templateSummarySchema),
});

export const templateSchemaParamsSchema: v.GenericSchema<unknown, wire.TemplateSchemaParams> = v.object({
  id: v.optional(v.string()),
});

export const templateSchemaResultSchema: v.GenericSchema<unknown, wire.TemplateSchemaResult> = v.object({
  schema: v.string(),
});

export const templateStartingPointSchema: v.GenericSchema<unknown, wire.TemplateStartingPoint> = v.object({
  id: v.string(),
  name: v.string(),
  description: v.string(),
  text: v.string(),
  prompt: v.optional(v.string()),
});

export const templateStartingPointsResultSchema: v.GenericSchema<unknown, wire.TemplateStartingPointsResult> = v.object({
  startingPoints: v.array(templateStartingPointSchema),
});

export const templateTryParamsSchema: v.GenericSchema<unknown, wire.TemplateTryParams> = v.object({
  id: v.string(),
  values: v.optional(v.record(v.string(), v.unknown())),
});

export const toolViewSchema: v.GenericSchema<unknown, wire.ToolView> = v.object({
  name: v.string(),
  description: v.string(),
  mayChange: v.boolean(),
  known: v.boolean(),
});

export const trialProviderSchema: v.GenericSchema<unknown, wire.TrialProvider> = v.object({
  providerId: v.string(),
  name: v.string(),
  model: v.optional(v.string()),
  status: v.optional(v.string()),
  price: v.optional(priceViewSchema),
  contextWindow: v.optional(v.number()),
  isFree: v.boolean(),
});

export const templateTryResultSchema: v.GenericSchema<unknown, wire.TemplateTryResult> = v.object({
  id: v.string(),
  name: v.string(),
  system: v.string(),
  message: v.string(),
  sources: v.array(steeringSourceSchema),
  tools: v.array(toolViewSchema),
  provider: v.optional(trialProviderSchema),
  inputTokens: v.number(),
  firstCost: v.optional(v.number()),
  mostCost: v.optional(v.number()),
  findings: v.array(templateFindingSchema),
});

export const templateViewSchema: v.GenericSchema<unknown, wire.TemplateView> = v.object({
  id: v.string(),
  name: v.string(),
  description: v.optional(v.string()),
  fields: v.array(fieldViewSchema),
  parentTemplate: v.optional(v.string()),
  collection: v.optional(v.string()),
  icon: v.optional(v.string()),
  color: v.optional(v.string()),
  path: v.optional(v.string()),
});

export const usageCsvResultSchema: v.GenericSchema<unknown, wire.UsageCsvResult> = v.object({
  csv: v.string(),
});

export const usageParamsSchema: v.GenericSchema<unknown, wire.UsageParams> = v.object({
  from: v.optional(v.string()),
  to: v.optional(v.string()),
  utcOffsetMinutes: v.optional(v.number()),
});

export const usageFiguresSchema: v.GenericSchema<unknown, wire.UsageFigures> = v.object({
  answers: v.number(),
  unpricedAnswers: v.number(),
  cost: v.number(),
  inputTokens: v.number(),
  outputTokens: v.number(),
  cachedReadTokens: v.number(),
  cachedWriteTokens: v.number(),
  reasoningTokens: v.number(),
  durationMs: v.number(),
  firstTokenMs: v.optional(v.number()),
});

export const usageDaySchema: v.GenericSchema<unknown, wire.UsageDay> = v.object({
  day: v.string(),
  providerId: v.string(),
  providerName: v.string(),
  figures: usageFiguresSchema,
});

export const usageRowSchema: v.GenericSchema<unknown, wire.UsageRow> = v.object({
  key: v.string(),
  name: v.string(),
  providerName: v.optional(v.string()),
  figures: usageFiguresSchema,
});

export const usageSummaryResultSchema: v.GenericSchema<unknown, wire.UsageSummaryResult> = v.object({
  total: usageFiguresSchema,
  days: v.array(usageDaySchema),
  providers: v.array(usageRowSchema),
  models: v.array(usageRowSchema),
  templates: v.array(usageRowSchema),
  chats: v.array(usageRowSchema),
});

export const vaultDeleteParamsSchema: v.GenericSchema<unknown, wire.VaultDeleteParams> = v.object({
  reference: v.string(),
});

export const envChoiceSchema: v.GenericSchema<unknown, wire.EnvChoice> = v.object({
  name: v.string(),
  reference: v.string(),
  origins: v.array(v.string()),
});

export const vaultImportEnvParamsSchema: v.GenericSchema<unknown, wire.VaultImportEnvParams> = v.object({
  path: v.string(),
  entries: v.array(envChoiceSchema),
});

export const vaultListResultSchema: v.GenericSchema<unknown, wire.VaultListResult> = v.object({
  entries: v.array(vaultEntrySummarySchema),
});

export const vaultReadEnvParamsSchema: v.GenericSchema<unknown, wire.VaultReadEnvParams> = v.object({
  path: v.string(),
});

export const envEntrySchema: v.GenericSchema<unknown, wire.EnvEntry> = v.object({
  name: v.string(),
  lastFour: v.string(),
  reference: v.string(),
  origins: v.array(v.string()),
  exists: v.boolean(),
});

export const vaultReadEnvResultSchema: v.GenericSchema<unknown, wire.VaultReadEnvResult> = v.object({
  entries: v.array(envEntrySchema),
});

export const vaultRenameParamsSchema: v.GenericSchema<unknown, wire.VaultRenameParams> = v.object({
  reference: v.string(),
  newReference: v.string(),
});

export const vaultRenameResultSchema: v.GenericSchema<unknown, wire.VaultRenameResult> = v.object({
  entry: vaultEntrySummarySchema,
  changedProviders: v.array(v.string()),
});

export const vaultRotateParamsSchema: v.GenericSchema<unknown, wire.VaultRotateParams> = v.object({
  reference: v.string(),
  secret: v.string(),
});

export const vaultSetOriginsParamsSchema: v.GenericSchema<unknown, wire.VaultSetOriginsParams> = v.object({
  reference: v.string(),
  origins: v.array(v.string()),
});

export const vaultSetPassphraseParamsSchema: v.GenericSchema<unknown, wire.VaultSetPassphraseParams> = v.object({
  current: v.optional(v.string()),
  passphrase: v.string(),
});

export const vaultStatusResultSchema: v.GenericSchema<unknown, wire.VaultStatusResult> = v.object({
  exists: v.boolean(),
  locked: v.boolean(),
  ways: v.array(v.string()),
  keychainAvailable: v.boolean(),
  problem: v.optional(v.string()),
});

export const vaultStoreParamsSchema: v.GenericSchema<unknown, wire.VaultStoreParams> = v.object({
  reference: v.string(),
  secret: v.string(),
  origins: v.array(v.string()),
});

export const vaultWayParamsSchema: v.GenericSchema<unknown, wire.VaultWayParams> = v.object({
  way: v.string(),
  wayId: v.optional(v.string()),
  secret: v.optional(v.string()),
  acceptOlder: v.optional(v.boolean()),
});

export const workspaceTrustParamsSchema: v.GenericSchema<unknown, wire.WorkspaceTrustParams> = v.object({
  trusted: v.boolean(),
});
