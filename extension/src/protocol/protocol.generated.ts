// Rendered from Plue.Protocol by TypeScriptProtocolTests. Do not edit: run `npm run update`.
import { NotificationType, RequestType } from 'vscode-jsonrpc';

export const initialize = new RequestType<InitializeParams, InitializeResult, ErrorData>('initialize');
export const initialized = new NotificationType<Empty>('initialized');
export const shutdown = new RequestType<Empty, Empty, ErrorData>('shutdown');
export const exit = new NotificationType<Empty>('exit');
export const workspaceTrust = new NotificationType<WorkspaceTrustParams>('workspace/trust');
export const workspaceFolders = new NotificationType<WorkspaceFoldersParams>('workspace/folders');
export const workspaceKeepRunning = new NotificationType<KeepRunningParams>('workspace/keepRunning');
export const workspaceContinues = new NotificationType<Empty>('workspace/continues');
export const workspaceUnsaved = new NotificationType<WorkspaceUnsavedParams>('workspace/unsaved');
export const codexList = new RequestType<CodexListParams, CodexListResult, ErrorData>('codex/list');
export const codexGet = new RequestType<CodexGetParams, CodexGetResult, ErrorData>('codex/get');
export const codexCreate = new RequestType<CodexCreateParams, CodexSummary, ErrorData>('codex/create');
export const codexUpdate = new RequestType<CodexUpdateParams, CodexSummary, ErrorData>('codex/update');
export const codexDelete = new RequestType<CodexDeleteParams, Empty, ErrorData>('codex/delete');
export const codexRestore = new RequestType<CodexUriParams, CodexSummary, ErrorData>('codex/restore');
export const codexHistory = new RequestType<CodexUriParams, CodexHistoryResult, ErrorData>('codex/history');
export const codexUndo = new RequestType<CodexUriParams, CodexSummary, ErrorData>('codex/undo');
export const codexRedo = new RequestType<CodexUriParams, CodexSummary, ErrorData>('codex/redo');
export const codexFork = new RequestType<CodexForkParams, CodexSummary, ErrorData>('codex/fork');
export const codexSwitchBranch = new RequestType<CodexSwitchBranchParams, CodexSummary, ErrorData>('codex/switchBranch');
export const codexChangeTemplate = new RequestType<CodexChangeTemplateParams, CodexSummary, ErrorData>('codex/changeTemplate');
export const codexLinks = new RequestType<CodexUriParams, CodexLinksResult, ErrorData>('codex/links');
export const codexRename = new RequestType<CodexRenameParams, CodexRenameResult, ErrorData>('codex/rename');
export const codexExport = new RequestType<CodexExportParams, CodexExportResult, ErrorData>('codex/export');
export const codexImport = new RequestType<CodexImportParams, CodexImportResult, ErrorData>('codex/import');
export const codexImportable = new RequestType<CodexImportableParams, CodexImportableResult, ErrorData>('codex/importable');
export const codexDiscardEmpty = new RequestType<CodexUriParams, Empty, ErrorData>('codex/discardEmpty');
export const codexMarkRead = new RequestType<CodexUriParams, Empty, ErrorData>('codex/markRead');
export const codexChanged = new NotificationType<CodexChangedParams>('codex/changed');
export const messageSend = new RequestType<MessageSendParams, MessageSendResult, ErrorData>('message/send');
export const messageStop = new RequestType<MessageStopParams, Empty, ErrorData>('message/stop');
export const messageStopCall = new RequestType<MessageStopCallParams, Empty, ErrorData>('message/stopCall');
export const messageRetry = new RequestType<MessageRetryParams, MessageSendResult, ErrorData>('message/retry');
export const messageSteer = new RequestType<MessageSteerParams, MessageSendResult, ErrorData>('message/steer');
export const messageUnqueue = new RequestType<MessageUnqueueParams, Empty, ErrorData>('message/unqueue');
export const messageEdit = new RequestType<MessageEditParams, MessageSendResult, ErrorData>('message/edit');
export const messageList = new RequestType<MessageListParams, MessageListResult, ErrorData>('message/list');
export const messageGet = new RequestType<MessageIdParams, MessageView, ErrorData>('message/get');
export const messageOutline = new RequestType<MessageCodexParams, MessageOutlineResult, ErrorData>('message/outline');
export const messageFind = new RequestType<MessageFindParams, MessageFindResult, ErrorData>('message/find');
export const messageCompact = new RequestType<MessageCodexParams, MessageCompactResult, ErrorData>('message/compact');
export const messageContext = new RequestType<MessageContextParams, MessageContextResult, ErrorData>('message/context');
export const messageInstructions = new RequestType<MessageCodexParams, MessageInstructionsResult, ErrorData>('message/instructions');
export const messageAllowInstructions = new RequestType<MessageAllowInstructionsParams, MessageInstructionsResult, ErrorData>('message/allowInstructions');
export const messagePrompt = new RequestType<MessagePromptParams, MessagePromptResult, ErrorData>('message/prompt');
export const messageCommands = new RequestType<MessageCommandsParams, MessageCommandsResult, ErrorData>('message/commands');
export const messageSessionOptions = new RequestType<MessageSessionOptionsParams, MessageSessionOptionsResult, ErrorData>('message/sessionOptions');
export const messageDiscard = new RequestType<MessageDiscardParams, Empty, ErrorData>('message/discard');
export const messageEvent = new NotificationType<MessageEventParams>('message/event');
export const attachmentInspect = new RequestType<AttachmentInspectParams, AttachmentView, ErrorData>('attachment/inspect');
export const attachmentStore = new RequestType<AttachmentStoreParams, AttachmentView, ErrorData>('attachment/store');
export const attachmentRead = new RequestType<AttachmentReadParams, AttachmentReadResult, ErrorData>('attachment/read');
export const attachmentFetch = new RequestType<AttachmentFetchParams, AttachmentFetchResult, ErrorData>('attachment/fetch');
export const searchChats = new RequestType<SearchChatsParams, SearchChatsResult, ErrorData>('search/chats');
export const searchHits = new NotificationType<SearchHitsParams>('search/hits');
export const providerList = new RequestType<Empty, ProviderListResult, ErrorData>('provider/list');
export const providerGet = new RequestType<ProviderIdParams, ProviderDetail, ErrorData>('provider/get');
export const providerDiscover = new RequestType<Empty, ProviderDiscoverResult, ErrorData>('provider/discover');
export const providerConfigure = new RequestType<ProviderConfigureParams, ProviderSummary, ErrorData>('provider/configure');
export const providerSetEnabled = new RequestType<ProviderSetEnabledParams, ProviderSummary, ErrorData>('provider/setEnabled');
export const providerDelete = new RequestType<ProviderDeleteParams, Empty, ErrorData>('provider/delete');
export const providerTest = new RequestType<ProviderIdParams, ProviderSummary, ErrorData>('provider/test');
export const providerModels = new RequestType<ProviderModelsParams, ProviderModelsResult, ErrorData>('provider/models');
export const providerMoveKey = new RequestType<ProviderIdParams, ProviderSummary, ErrorData>('provider/moveKey');
export const providerSignIn = new RequestType<ProviderIdParams, ProviderSignInResult, ErrorData>('provider/signIn');
export const providerAwaitSignIn = new RequestType<ProviderIdParams, ProviderSummary, ErrorData>('provider/awaitSignIn');
export const providerSignOut = new RequestType<ProviderIdParams, ProviderSummary, ErrorData>('provider/signOut');
export const providerExecutables = new RequestType<Empty, ProviderExecutablesResult, ErrorData>('provider/executables');
export const providerApprove = new RequestType<ProviderApproveParams, ExecutableView, ErrorData>('provider/approve');
export const providerCheckClaudeCode = new RequestType<Empty, ClaudeCodeCheckResult, ErrorData>('provider/checkClaudeCode');
export const providerChanged = new NotificationType<ProviderChangedParams>('provider/changed');
export const catalogList = new RequestType<Empty, CatalogListResult, ErrorData>('catalog/list');
export const catalogGet = new RequestType<CatalogIdParams, CatalogDetail, ErrorData>('catalog/get');
export const catalogSave = new RequestType<CatalogSaveParams, CatalogDetail, ErrorData>('catalog/save');
export const catalogDelete = new RequestType<CatalogDeleteParams, Empty, ErrorData>('catalog/delete');
export const catalogValidate = new RequestType<CatalogValidateParams, CatalogValidateResult, ErrorData>('catalog/validate');
export const catalogImport = new RequestType<CatalogImportParams, CatalogImportResult, ErrorData>('catalog/import');
export const catalogExport = new RequestType<CatalogExportParams, Empty, ErrorData>('catalog/export');
export const catalogRefresh = new RequestType<Empty, CatalogRefreshResult, ErrorData>('catalog/refresh');
export const catalogStats = new RequestType<Empty, CatalogStatsResult, ErrorData>('catalog/stats');
export const catalogStartingPoints = new RequestType<Empty, CatalogStartingPointsResult, ErrorData>('catalog/startingPoints');
export const catalogBackups = new RequestType<Empty, CatalogBackupsResult, ErrorData>('catalog/backups');
export const catalogRestore = new RequestType<CatalogRestoreParams, CatalogDetail, ErrorData>('catalog/restore');
export const vaultStatus = new RequestType<Empty, VaultStatusResult, ErrorData>('vault/status');
export const vaultCreate = new RequestType<VaultUnlockMethodParams, VaultStatusResult, ErrorData>('vault/create');
export const vaultUnlock = new RequestType<VaultUnlockMethodParams, VaultStatusResult, ErrorData>('vault/unlock');
export const vaultAddUnlockMethod = new RequestType<VaultUnlockMethodParams, VaultStatusResult, ErrorData>('vault/addUnlockMethod');
export const vaultSetPassphrase = new RequestType<VaultSetPassphraseParams, VaultStatusResult, ErrorData>('vault/setPassphrase');
export const vaultLock = new RequestType<Empty, VaultStatusResult, ErrorData>('vault/lock');
export const vaultStore = new RequestType<VaultStoreParams, VaultEntrySummary, ErrorData>('vault/store');
export const vaultRotate = new RequestType<VaultRotateParams, VaultEntrySummary, ErrorData>('vault/rotate');
export const vaultRename = new RequestType<VaultRenameParams, VaultRenameResult, ErrorData>('vault/rename');
export const vaultSetOrigins = new RequestType<VaultSetOriginsParams, VaultEntrySummary, ErrorData>('vault/setOrigins');
export const vaultList = new RequestType<Empty, VaultListResult, ErrorData>('vault/list');
export const vaultDelete = new RequestType<VaultDeleteParams, Empty, ErrorData>('vault/delete');
export const vaultReadEnv = new RequestType<VaultReadEnvParams, VaultReadEnvResult, ErrorData>('vault/readEnv');
export const vaultImportEnv = new RequestType<VaultImportEnvParams, VaultListResult, ErrorData>('vault/importEnv');
export const usageSummary = new RequestType<UsageParams, UsageSummaryResult, ErrorData>('usage/summary');
export const usageCsv = new RequestType<UsageParams, UsageCsvResult, ErrorData>('usage/csv');
export const settingsGet = new RequestType<Empty, SettingsResult, ErrorData>('settings/get');
export const settingsSet = new RequestType<SettingsSetParams, SettingsResult, ErrorData>('settings/set');
export const completionInline = new RequestType<CompletionInlineParams, CompletionInlineResult, ErrorData>('completion/inline');
export const completionModels = new RequestType<Empty, CompletionModelsResult, ErrorData>('completion/models');
export const modelList = new RequestType<Empty, ModelListResult, ErrorData>('model/list');
export const modelSendRequest = new RequestType<ModelSendRequestParams, ModelSendRequestResult, ErrorData>('model/sendRequest');
export const modelEvent = new NotificationType<ModelEventParams>('model/event');
export const plueToolCall = new RequestType<PlueToolCallParams, PlueToolCallResult, ErrorData>('plueTool/call');
export const templateList = new RequestType<TemplateListParams, TemplateListResult, ErrorData>('template/list');
export const templateGet = new RequestType<TemplateGetParams, TemplateView, ErrorData>('template/get');
export const templateCheck = new RequestType<TemplateCheckParams, TemplateCheckResult, ErrorData>('template/check');
export const templateTry = new RequestType<TemplateTryParams, TemplateTryResult, ErrorData>('template/try');
export const templateSchema = new RequestType<TemplateSchemaParams, TemplateSchemaResult, ErrorData>('template/schema');
export const templateStartingPoints = new RequestType<Empty, TemplateStartingPointsResult, ErrorData>('template/startingPoints');
export const taskSpawn = new RequestType<TaskSpawnParams, TaskView, ErrorData>('task/spawn');
export const taskConvert = new RequestType<TaskConvertParams, TaskView, ErrorData>('task/convert');
export const taskContinueAsChat = new RequestType<TaskUriParams, CodexSummary, ErrorData>('task/continueAsChat');
export const taskList = new RequestType<TaskListParams, TaskListResult, ErrorData>('task/list');
export const backgroundList = new RequestType<BackgroundListParams, BackgroundListResult, ErrorData>('background/list');
export const backgroundRead = new RequestType<BackgroundReadParams, BackgroundReadResult, ErrorData>('background/read');
export const backgroundSend = new RequestType<BackgroundSendParams, Empty, ErrorData>('background/send');
export const backgroundStop = new RequestType<BackgroundIdParams, Empty, ErrorData>('background/stop');
export const backgroundKeep = new RequestType<BackgroundKeepParams, Empty, ErrorData>('background/keep');
export const backgroundChanged = new NotificationType<BackgroundChangedParams>('background/changed');
export const worktreeList = new RequestType<Empty, WorktreeListResult, ErrorData>('worktree/list');
export const worktreeCheck = new RequestType<Empty, WorktreeCheckResult, ErrorData>('worktree/check');
export const worktreeGet = new RequestType<WorktreeTaskParams, WorktreeView, ErrorData>('worktree/get');
export const worktreeChanges = new RequestType<WorktreeTaskParams, WorktreeChangesResult, ErrorData>('worktree/changes');
export const worktreeContent = new RequestType<WorktreeContentParams, EditContentResult, ErrorData>('worktree/content');
export const worktreePending = new RequestType<WorktreeTaskParams, WorktreePendingResult, ErrorData>('worktree/pending');
export const worktreeCommit = new RequestType<WorktreeCommitParams, WorktreeCommitResult, ErrorData>('worktree/commit');
export const worktreePlanPullRequest = new RequestType<WorktreeTaskParams, WorktreePullRequestPlan, ErrorData>('worktree/planPullRequest');
export const worktreeCreatePullRequest = new RequestType<WorktreePullRequestParams, WorktreePullRequestResult, ErrorData>('worktree/createPullRequest');
export const worktreeMerge = new RequestType<WorktreeMergeParams, WorktreeMergeResult, ErrorData>('worktree/merge');
export const worktreeRemove = new RequestType<WorktreeTaskParams, WorktreeRemoveResult, ErrorData>('worktree/remove');
export const reviewStart = new RequestType<ReviewStartParams, ReviewView, ErrorData>('review/start');
export const reviewProgress = new NotificationType<ReviewProgressParams>('review/progress');
export const reviewList = new RequestType<Empty, ReviewListResult, ErrorData>('review/list');
export const reviewGet = new RequestType<ReviewIdParams, ReviewView, ErrorData>('review/get');
export const reviewDecide = new RequestType<ReviewDecideParams, ReviewView, ErrorData>('review/decide');
export const reviewApply = new RequestType<ReviewApplyParams, ReviewApplyResult, ErrorData>('review/apply');
export const taskGet = new RequestType<TaskUriParams, TaskDetail, ErrorData>('task/get');
export const taskStop = new RequestType<TaskStopParams, Empty, ErrorData>('task/stop');
export const taskPause = new RequestType<TaskUriParams, Empty, ErrorData>('task/pause');
export const taskResume = new RequestType<TaskUriParams, Empty, ErrorData>('task/resume');
export const taskSteer = new RequestType<TaskSteerParams, Empty, ErrorData>('task/steer');
export const taskSetBudget = new RequestType<TaskSetBudgetParams, TaskView, ErrorData>('task/setBudget');
export const taskArchive = new RequestType<TaskUriParams, Empty, ErrorData>('task/archive');
export const taskDiscard = new RequestType<TaskUriParams, Empty, ErrorData>('task/discard');
export const planGet = new RequestType<PlanUriParams, PlanView, ErrorData>('plan/get');
export const planRun = new RequestType<PlanRunParams, PlanView, ErrorData>('plan/run');
export const planStop = new RequestType<PlanUriParams, PlanView, ErrorData>('plan/stop');
export const planSendComments = new RequestType<PlanUriParams, PlanView, ErrorData>('plan/sendComments');
export const compareStart = new RequestType<CompareStartParams, CompareView, ErrorData>('compare/start');
export const compareGet = new RequestType<CompareUriParams, CompareView, ErrorData>('compare/get');
export const compareList = new RequestType<Empty, CompareListResult, ErrorData>('compare/list');
export const compareChoose = new RequestType<CompareChooseParams, CompareView, ErrorData>('compare/choose');
export const taskEvent = new NotificationType<TaskEventParams>('task/event');
export const triggerList = new RequestType<Empty, TriggerListResult, ErrorData>('trigger/list');
export const triggerSetEnabled = new RequestType<TriggerSetEnabledParams, Empty, ErrorData>('trigger/setEnabled');
export const triggerRun = new RequestType<TriggerUriParams, Empty, ErrorData>('trigger/run');
export const triggerSaved = new RequestType<TriggerSavedParams, Empty, ErrorData>('trigger/saved');
export const triggerGit = new RequestType<TriggerGitParams, Empty, ErrorData>('trigger/git');
export const triggerProblems = new RequestType<TriggerProblemsParams, Empty, ErrorData>('trigger/problems');
export const triggerChanged = new NotificationType<TriggerChangedParams>('trigger/changed');
export const approvalList = new RequestType<Empty, ApprovalListResult, ErrorData>('approval/list');
export const approvalContent = new RequestType<ApprovalContentParams, ApprovalContentResult, ErrorData>('approval/content');
export const approvalAnswer = new RequestType<ApprovalAnswerParams, Empty, ErrorData>('approval/answer');
export const approvalRules = new RequestType<Empty, ApprovalRulesResult, ErrorData>('approval/rules');
export const approvalDeleteRule = new RequestType<ApprovalDeleteRuleParams, ApprovalRulesResult, ErrorData>('approval/deleteRule');
export const approvalChanged = new NotificationType<ApprovalChangedParams>('approval/changed');
export const editList = new RequestType<EditListParams, EditListResult, ErrorData>('edit/list');
export const editAccept = new RequestType<EditDecideParams, EditListResult, ErrorData>('edit/accept');
export const editReject = new RequestType<EditDecideParams, EditListResult, ErrorData>('edit/reject');
export const editUndo = new RequestType<EditTurnParams, EditListResult, ErrorData>('edit/undo');
export const editRedo = new RequestType<EditTurnParams, EditListResult, ErrorData>('edit/redo');
export const editContent = new RequestType<EditContentParams, EditContentResult, ErrorData>('edit/content');
export const editChanged = new NotificationType<EditChangedParams>('edit/changed');
export const healthCheck = new RequestType<HealthCheckParams, HealthCheckResult, ErrorData>('health/check');
export const mcpList = new RequestType<Empty, McpListResult, ErrorData>('mcp/list');
export const mcpApprove = new RequestType<McpApproveParams, McpListResult, ErrorData>('mcp/approve');
export const mcpRevoke = new RequestType<McpNameParams, McpListResult, ErrorData>('mcp/revoke');
export const mcpStart = new RequestType<McpNameParams, McpListResult, ErrorData>('mcp/start');
export const mcpStop = new RequestType<McpNameParams, McpListResult, ErrorData>('mcp/stop');
export const mcpSignIn = new RequestType<McpNameParams, McpSignInResult, ErrorData>('mcp/signIn');
export const mcpImportable = new RequestType<McpImportableParams, McpImportableResult, ErrorData>('mcp/importable');
export const mcpImport = new RequestType<McpImportParams, McpImportResult, ErrorData>('mcp/import');
export const mcpPrompts = new RequestType<Empty, McpPromptsResult, ErrorData>('mcp/prompts');
export const mcpPrompt = new RequestType<McpPromptParams, McpPromptResult, ErrorData>('mcp/prompt');
export const mcpChanged = new NotificationType<Empty>('mcp/changed');
export const vsCodeToolList = new RequestType<Empty, VsCodeToolListResult, ErrorData>('vsCodeTool/list');
export const vsCodeToolSelect = new RequestType<VsCodeToolSelectParams, VsCodeToolListResult, ErrorData>('vsCodeTool/select');
export const skillList = new RequestType<Empty, SkillListResult, ErrorData>('skill/list');
export const skillChoose = new RequestType<SkillChooseParams, SkillListResult, ErrorData>('skill/choose');
export const skillCreate = new RequestType<SkillCreateParams, SkillFilesResult, ErrorData>('skill/create');
export const skillImport = new RequestType<SkillImportParams, SkillFilesResult, ErrorData>('skill/import');
export const programImportList = new RequestType<Empty, ProgramImportListResult, ErrorData>('programImport/list');
export const programImportFind = new RequestType<ProgramImportFindParams, ProgramImportFindResult, ErrorData>('programImport/find');
export const programImportRun = new RequestType<ProgramImportRunParams, ProgramImportRunResult, ErrorData>('programImport/run');
export const programImportUndo = new RequestType<ProgramImportUndoParams, ProgramImportUndoResult, ErrorData>('programImport/undo');
export const hostLanguageModels = new RequestType<HostLanguageModelsParams, HostLanguageModelsResult, ErrorData>('host/languageModels');
export const hostLanguageModel = new RequestType<HostLanguageModelParams, HostLanguageModelResult, ErrorData>('host/languageModel');
export const hostReadDocument = new RequestType<HostReadDocumentParams, HostReadDocumentResult, ErrorData>('host/readDocument');
export const hostWriteDocument = new RequestType<HostWriteDocumentParams, HostWriteDocumentResult, ErrorData>('host/writeDocument');
export const hostProblems = new RequestType<HostProblemsParams, HostProblemsResult, ErrorData>('host/problems');
export const hostSymbols = new RequestType<HostSymbolsParams, HostLocationsResult, ErrorData>('host/symbols');
export const hostReferences = new RequestType<HostReferencesParams, HostLocationsResult, ErrorData>('host/references');
export const hostRename = new RequestType<HostRenameParams, HostRenameResult, ErrorData>('host/rename');
export const hostTests = new RequestType<HostTestsParams, HostTestsResult, ErrorData>('host/tests');
export const hostRunCell = new RequestType<HostRunCellParams, HostRunCellResult, ErrorData>('host/runCell');
export const hostTools = new RequestType<Empty, HostToolsResult, ErrorData>('host/tools');
export const hostCallTool = new RequestType<HostCallToolParams, HostCallToolResult, ErrorData>('host/callTool');
export const hostNotify = new NotificationType<HostNotifyParams>('host/notify');
export const hostLanguageModelEvent = new NotificationType<HostLanguageModelEventParams>('host/languageModelEvent');

export interface AgentCommandView {
  name: string;
  description: string;
  hint?: string;
}

export interface AnsweredApprovalView {
  time: string;
  actionText: string;
  decision: string;
  reason?: string;
  rule?: string;
}

export interface ApprovalAnswerParams {
  id: string;
  fingerprint: string;
  decision: ApprovalDecision;
  reason?: string;
  rule?: string;
  includeEqual?: boolean;
  values?: string;
}

export interface ApprovalChangedParams {
  approvals: ApprovalView[];
}

export interface ApprovalContentParams {
  id: string;
}

export interface ApprovalContentResult {
  files: ProposedFile[];
}

export type ApprovalDecision = 'once' | 'always' | 'deny';

export interface ApprovalDeleteRuleParams {
  id: string;
}

export type ApprovalKind = 'command' | 'write' | 'edit' | 'delete' | 'read' | 'spawn' | 'serverTool' | 'startServer' | 'fetch' | 'hook' | 'question' | 'other';

export interface ApprovalListResult {
  approvals: ApprovalView[];
}

export interface ApprovalNoteView {
  decision: string;
  reason?: string;
  rule?: string;
  time: string;
}

export interface ApprovalRuleView {
  id: string;
  rule: string;
  folder?: string;
  createdAt: string;
}

export interface ApprovalRulesResult {
  rules: ApprovalRuleView[];
}

export interface ApprovalView {
  id: string;
  fingerprint: string;
  codexId: string;
  path: string[];
  toolUseId?: string;
  toolName: string;
  kind: ApprovalKind;
  actionText: string;
  diff?: string;
  hasContent?: boolean;
  location?: string;
  relativeLocation?: string;
  reason: string;
  sandbox?: string;
  rule?: string;
  ruleFolder?: string;
  question?: QuestionView;
  createdAt: string;
  isInOtherWindow?: boolean;
}

export interface Attachment {
  path?: string;
  blob?: string;
  name?: string;
  mediaType?: string;
  range?: LineRange;
  mode?: AttachmentMode;
  allowOutside?: boolean;
}

export interface AttachmentFetchParams {
  url: string;
}

export interface AttachmentFetchResult {
  text: string;
}

export interface AttachmentInspectParams {
  path: string;
  range?: LineRange;
  mode?: AttachmentMode;
}

export type AttachmentKind = 'text' | 'image' | 'binary';

export type AttachmentMode = 'whole' | 'summary';

export type AttachmentQuestion = 'outsideWorkspace' | 'tooLarge';

export interface AttachmentReadParams {
  blob: string;
}

export interface AttachmentReadResult {
  mediaType: string;
  data: string;
}

export interface AttachmentStoreParams {
  name: string;
  mediaType: string;
  data: string;
}

export interface AttachmentView {
  path: string;
  name: string;
  kind: AttachmentKind;
  language?: string;
  mediaType?: string;
  blob?: string;
  range?: LineRange;
  mode?: AttachmentMode;
  size?: number;
  lines?: number;
  tokens?: number;
  questions: AttachmentQuestion[];
  problem?: string;
  note?: string;
}

export type AuthType = 'none' | 'apiKey' | 'oauth' | 'awsCredentials' | 'serviceAccount';

export interface BackgroundChangedParams {
  codexId: string;
  commands: BackgroundCommandView[];
}

export interface BackgroundCommandView {
  id: string;
  codexId: string;
  command: string;
  folder: string;
  startedAt: string;
  isKept: boolean;
  isRunning: boolean;
  exitCode?: number;
}

export interface BackgroundIdParams {
  id: string;
}

export interface BackgroundKeepParams {
  id: string;
  keep: boolean;
}

export interface BackgroundListParams {
  codexId?: string;
}

export interface BackgroundListResult {
  commands: BackgroundCommandView[];
}

export interface BackgroundReadParams {
  id: string;
  from: number;
}

export interface BackgroundReadResult {
  text: string;
  next: number;
  omitted: number;
  status?: string;
}

export interface BackgroundSendParams {
  id: string;
  text: string;
}

export interface BoardNoteView {
  time: string;
  uri: string;
  author: string;
  text: string;
}

export interface BranchChanged {
  messageId?: string;
}

export interface CatalogBackup {
  id: string;
  catalogId: string;
  name: string;
  at: string;
  modelCount: number;
}

export interface CatalogBackupsResult {
  items: CatalogBackup[];
}

export interface CatalogDeleteParams {
  id: string;
  allowOriginChange?: boolean;
}

export interface CatalogDetail {
  summary: CatalogSummary;
  document: unknown;
  models: ModelView[];
  problems: CatalogProblem[];
  file?: string;
}

export interface CatalogExportParams {
  ids: string[];
  path: string;
}

export interface CatalogIdParams {
  id: string;
}

export interface CatalogImportParams {
  path: string;
  replace?: boolean;
  allowOriginChange?: boolean;
}

export interface CatalogImportResult {
  imported: CatalogSummary[];
  skipped: CatalogSkipped[];
}

export interface CatalogListResult {
  items: CatalogSummary[];
  folderProblem?: string;
}

export interface CatalogProblem {
  path: string;
  severity: ProblemSeverity;
  message: string;
}

export interface CatalogRefreshResult {
  updated: boolean;
  providerCount: number;
  message: string;
}

export interface CatalogRestoreParams {
  backupId: string;
  allowOriginChange?: boolean;
}

export interface CatalogSaveParams {
  document: unknown;
  previousId?: string;
  allowOriginChange?: boolean;
}

export interface CatalogSkipped {
  id: string;
  reason: string;
}

export type CatalogSource = 'shipped' | 'user';

export interface CatalogStartingPoint {
  id: string;
  name: string;
  description: string;
  document: unknown;
}

export interface CatalogStartingPointsResult {
  items: CatalogStartingPoint[];
}

export interface CatalogStatsResult {
  providerCount: number;
  userProviderCount: number;
  modelCount: number;
  reasoningModelCount: number;
  imageModelCount: number;
  pricedModelCount: number;
  lowestInputPerMillion?: number;
  highestInputPerMillion?: number;
  largestContext?: number;
  refreshedAt?: string;
}

export interface CatalogSummary {
  id: string;
  name: string;
  type: string;
  kind: string;
  source: CatalogSource;
  overridesShipped: boolean;
  isLocal: boolean;
  endpoint?: string;
  keyVariable?: string;
  modelCount: number;
  lowestInputPerMillion?: number;
  highestInputPerMillion?: number;
  lowestOutputPerMillion?: number;
  highestOutputPerMillion?: number;
  largestContext?: number;
  hasReasoning: boolean;
  hasImages: boolean;
  defaultLargeModel?: string;
  defaultSmallModel?: string;
  errorCount: number;
  warningCount: number;
}

export interface CatalogValidateParams {
  document: unknown;
}

export interface CatalogValidateResult {
  problems: CatalogProblem[];
}

export interface ChangedFileView {
  path: string;
  added: number;
  removed: number;
}

export interface ChatOptions {
  temperature?: number;
  maxTokens?: number;
  stopSequences?: string[];
  reasoningLevel?: string;
}

export interface CheckView {
  name: string;
  state: string;
  seconds?: number;
  problem?: string;
}

export interface ClaudeCodeCheckResult {
  signedIn: boolean;
  cliPath?: string;
  version?: string;
  message: string;
  checks: string[];
}

export interface ClientCapabilities {
  textDocument?: TextDocumentClientCapabilities;
}

export interface ClientInfo {
  name: string;
  version?: string;
}

export interface CodeActionOptions {
  codeActionKinds: string[];
}

export interface CodexChangeTemplateParams {
  uri: string;
  templateId: string;
  title?: string;
  values?: Record<string, unknown>;
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
  collection?: string;
  text?: string;
  values?: Record<string, unknown>;
}

export interface CodexDeleteParams {
  uri: string;
}

export interface CodexExportParams {
  uri: string;
  format: ExportFormat;
  path?: string;
}

export interface CodexExportResult {
  fileName: string;
  content?: string;
}

export interface CodexFilter {
  field: string;
  equals?: unknown;
  contains?: unknown;
  exists?: boolean;
}

export interface CodexForkParams {
  uri: string;
  messageId?: string;
  version?: number;
  title?: string;
}

export interface CodexGetParams {
  uri: string;
  limit?: number;
  version?: number;
}

export interface CodexGetResult {
  codex: CodexSummary;
  messages: MessageView[];
  offset: number;
  queue: QueuedView[];
  canUndo: boolean;
  canRedo: boolean;
  contextFiles: AttachmentView[];
  document?: DocumentView;
  turnId?: string;
  lastSeq: number;
  readOnlyReason?: string;
  notice?: string;
  values?: Record<string, unknown>;
  instructions?: InstructionSourceView[];
  hookFailures?: HookFailureView[];
}

export interface CodexHistoryResult {
  versions: CodexVersionView[];
}

export interface CodexImportParams {
  paths: string[];
  format?: ImportFormat;
  allowDuplicates?: boolean;
  runId?: string;
}

export interface CodexImportResult {
  imported: CodexSummary[];
  omitted: string[];
  failed: ImportFailureView[];
}

export interface CodexImportableParams {
  format: ImportFormat;
  paths?: string[];
}

export interface CodexImportableResult {
  sessions: ImportableView[];
  isTruncated: boolean;
}

export type CodexLayer = 'shipped' | 'user' | 'workspace';

export interface CodexLink {
  uri: string;
  title: string;
}

export interface CodexLinkView {
  kind: string;
  target: string;
  title: string;
  exists: boolean;
}

export interface CodexLinksResult {
  incoming: CodexLinkView[];
  outgoing: CodexLinkView[];
}

export interface CodexListParams {
  collection: string;
  includeArchived?: boolean;
  templateId?: string;
  filter?: CodexFilter[];
  tags?: string[];
  sortBy?: string;
  descending?: boolean;
  offset?: number;
  limit?: number;
  deleted?: boolean;
}

export interface CodexListResult {
  items: CodexSummary[];
  total: number;
}

export interface CodexRenameParams {
  uri: string;
  name: string;
  dryRun?: boolean;
}

export interface CodexRenameResult {
  uri: string;
  updated: CodexLinkView[];
  skipped: SkippedReferenceView[];
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
  fallbacks: ModelChoice[];
  options: ChatOptions;
  tags: string[];
  pinned: boolean;
  unread: boolean;
  version: number;
  taskStatus?: string;
  spawnedBy?: string;
  layer?: CodexLayer;
  description?: string;
}

export interface CodexSwitchBranchParams {
  uri: string;
  messageId: string;
}

export interface CodexUpdateParams {
  uri: string;
  title?: string;
  archived?: boolean;
  providerId?: string;
  model?: string;
  fallbacks?: ModelChoice[];
  options?: ChatOptions;
  pinned?: boolean;
  tags?: string[];
  contextFiles?: string[];
  expectedVersion?: number;
  set?: Record<string, unknown>;
  append?: Record<string, unknown>;
  text?: string;
}

export interface CodexUriParams {
  uri: string;
}

export interface CodexVersionView {
  version: number;
  time: string;
  author: string;
  summary: string;
  diff?: string;
  isCurrent: boolean;
}

export interface CompactionView {
  messages: number;
  tokensBefore: number;
  tokensAfter: number;
}

export interface CompareChooseParams {
  uri: string;
  task: string;
}

export interface CompareListItem {
  uri: string;
  goal: string;
  createdAt: string;
}

export interface CompareListResult {
  compares: CompareListItem[];
}

export interface CompareStartParams {
  goal: string;
  contestants: ContestantParams[];
  budget?: TaskBudgetView;
}

export interface CompareUriParams {
  uri: string;
}

export interface CompareView {
  uri: string;
  goal: string;
  budget: TaskBudgetView;
  spent: TaskSpendView;
  contestants: ContestantView[];
}

export interface CompletionInlineParams {
  providerId: string;
  model: string;
  prefix: string;
  suffix: string;
  path?: string;
  isMultiline?: boolean;
}

export interface CompletionInlineResult {
  text?: string;
  excluded?: string;
  spentToday: number;
}

export interface CompletionModelView {
  id: string;
  name?: string;
  isKnown: boolean;
  price?: PriceView;
}

export interface CompletionModelsResult {
  providers: CompletionProvider[];
}

export interface CompletionOptions {
  triggerCharacters: string[];
}

export interface CompletionProvider {
  id: string;
  name: string;
  models: CompletionModelView[];
  problem?: string;
}

export interface ContestantParams {
  templateId: string;
  provider?: string;
  model?: string;
}

export interface ContestantView {
  templateName: string;
  task?: TaskView;
  problem?: string;
  diff?: DiffSize;
  checks: CheckView[];
  isChosen: boolean;
}

export interface ContextShare {
  name: string;
  tokens: number;
}

export interface CostView {
  inputCost: number;
  outputCost: number;
  cachedCost: number;
  totalCost: number;
  priceSource: string;
  price?: PriceView;
}

export interface DiffSize {
  files: number;
  added: number;
  removed: number;
}

export interface DocumentLinkOptions {
  resolveProvider: boolean;
}

export interface DocumentProblemView {
  message: string;
  line: number;
  column: number;
  isError: boolean;
}

export interface DocumentView {
  text: string;
  values: Record<string, unknown>;
  problems: DocumentProblemView[];
  path?: string;
  canUndo: boolean;
  canRedo: boolean;
}

export interface EditChangedParams {
  codexId: string;
}

export interface EditContentParams {
  codexId: string;
  path: string;
  folder?: string;
}

export interface EditContentResult {
  text?: string;
}

export interface EditDecideParams {
  codexId: string;
  path?: string;
  hunkId?: string;
  folder?: string;
}

export type EditKind = 'created' | 'modified' | 'deleted';

export interface EditListParams {
  codexId?: string;
}

export interface EditListResult {
  files: FileEditView[];
  turns: EditTurnView[];
  conflicts: string[];
  omissionNotice?: string;
}

export type EditState = 'pending' | 'accepted' | 'rejected' | 'mixed';

export interface EditTurnParams {
  codexId: string;
  turnId?: string;
  all?: boolean;
}

export interface EditTurnView {
  codexId: string;
  turnId: string;
  time: string;
  title: string;
  files: number;
  isUndone: boolean;
}

export type Empty = Record<string, never>;

export interface EnvChoice {
  name: string;
  reference: string;
  origins: string[];
}

export interface EnvEntry {
  name: string;
  lastFour: string;
  reference: string;
  origins: string[];
  exists: boolean;
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

export interface ExecutableView {
  path: string;
  name: string;
  sha256: string;
  approved: boolean;
  changedSinceApproval: boolean;
  agent?: string;
  arguments?: string[];
}

export type ExportFormat = 'markdown' | 'html' | 'json';

export interface FallbackUsed {
  messageId: string;
  providerInfo: ProviderInfoView;
}

export interface FieldConditionView {
  field: string;
  values: unknown[];
}

export type FieldType = 'text' | 'textarea' | 'number' | 'boolean' | 'select' | 'url' | 'datetime' | 'array' | 'object' | 'fileReference' | 'codexReference';

export interface FieldView {
  name: string;
  type: FieldType;
  description?: string;
  required: boolean;
  default?: unknown;
  placeholder?: string;
  options: string[];
  min?: number;
  max?: number;
  step?: number;
  items?: FieldView;
  properties: FieldView[];
  templateFilter?: string;
  conditional?: FieldConditionView;
}

export interface FileEditView {
  path: string;
  folder?: string;
  codexId: string;
  kind: EditKind;
  state: EditState;
  added: number;
  removed: number;
  hunks: HunkView[];
  tools: string[];
  conflict?: string;
  isBinary: boolean;
}

export interface FileFault {
  path: string;
  line: number;
  column: number;
  message: string;
  holdsSecret: boolean;
}

export interface FilePart {
  path: string;
  content?: string;
  language?: string;
  blob?: string;
  mediaType?: string;
  size?: number;
  range?: LineRange;
  isSummary?: boolean;
  hasChanged?: boolean;
  isUnsaved?: boolean;
  skill?: string;
}

export type FindingKind = 'error' | 'warning' | 'risk';

export type HealthAction = 'connectProvider' | 'setKey' | 'testProvider' | 'showProvider' | 'unlockVault' | 'checkClaudeCode' | 'openFile' | 'manageServers' | 'trustFolder' | 'openSettings' | 'showRules';

export interface HealthCheckParams {
  online?: boolean;
}

export interface HealthCheckResult {
  healthy: boolean;
  version: string;
  rows: HealthRowView[];
}

export interface HealthFixView {
  action: HealthAction;
  target?: string;
}

export interface HealthRowView {
  name: string;
  state: HealthState;
  isRequired: boolean;
  message: string;
  advice?: string;
  fix?: HealthFixView;
}

export type HealthState = 'ok' | 'warning' | 'missing' | 'failed';

export interface HookFailureView {
  time: string;
  action: string;
  message: string;
}

export interface HookRan {
  messageId: string;
  hook: HookRunView;
}

export type HookResult = 'ran' | 'refused' | 'asked' | 'replaced' | 'addedContext' | 'continued' | 'failed' | 'skipped';

export interface HookRunView {
  name: string;
  trigger: string;
  result: HookResult;
  durationMs: number;
  text?: string;
  toolUseId?: string;
  context?: string;
  parameters?: string;
}

export interface HooksChanged {
  failures: HookFailureView[];
}

export interface HostCallToolParams {
  name: string;
  parameters: string;
}

export interface HostCallToolResult {
  content: HostToolContent[];
}

export type HostCellOutcome = 'succeeded' | 'failed' | 'timedOut' | 'notStarted' | 'changed';

export interface HostFileEdit {
  path: string;
  hash: string;
  edits: HostTextEdit[];
}

export interface HostImage {
  mediaType: string;
  data: string;
}

export interface HostLanguageModelEventParams {
  streamId: string;
  event: HostModelEvent;
}

export interface HostLanguageModelParams {
  streamId: string;
  vendor?: string;
  model: string;
  messages: HostMessage[];
  tools: HostTool[];
  options: HostModelOptions;
}

export interface HostLanguageModelResult {
  stopReason: StopReason;
}

export interface HostLanguageModelsParams {
  vendor?: string;
}

export interface HostLanguageModelsResult {
  models: HostModelView[];
}

export interface HostLocation {
  path: string;
  line: number;
  endLine: number;
  name?: string;
  kind?: string;
  container?: string;
  depth: number;
}

export interface HostLocationsResult {
  locations: HostLocation[];
  total: number;
  hasLanguageServer: boolean;
}

export interface HostMessage {
  role: HostRole;
  parts: HostPart[];
}

export type HostModelEvent =
  | ({ kind: 'text' } & HostModelText)
  | ({ kind: 'toolCall' } & HostModelToolCall);

export interface HostModelOptions {
  temperature?: number;
  maxTokens?: number;
  stopSequences?: string[];
  reasoningLevel?: string;
}

export interface HostModelText {
  text: string;
}

export interface HostModelToolCall {
  toolUseId: string;
  toolName: string;
  parameters: string;
}

export interface HostModelView {
  id: string;
  name: string;
  vendor: string;
  family: string;
  version: string;
  maxInputTokens: number;
  supportsTools?: boolean;
  supportsVision?: boolean;
}

export type HostNotifyLevel = 'info' | 'warning' | 'error';

export interface HostNotifyParams {
  message: string;
  level: HostNotifyLevel;
  uri?: string;
}

export type HostPart =
  | ({ kind: 'text' } & HostText)
  | ({ kind: 'image' } & HostImage)
  | ({ kind: 'toolUse' } & HostToolUse)
  | ({ kind: 'toolResult' } & HostToolResult);

export interface HostProblem {
  path: string;
  line: number;
  column: number;
  severity: HostSeverity;
  message: string;
  source?: string;
  code?: string;
}

export interface HostProblemsParams {
  paths?: string[];
  after?: number;
}

export interface HostProblemsResult {
  problems: HostProblem[];
  total: number;
  revision: number;
  isTracked: boolean;
}

export interface HostReadDocumentParams {
  path: string;
}

export interface HostReadDocumentResult {
  text?: string;
}

export type HostReferenceKind = 'references' | 'definition' | 'implementation' | 'incomingCalls' | 'outgoingCalls';

export interface HostReferencesParams {
  path: string;
  line: number;
  symbol: string;
  kind: HostReferenceKind;
}

export interface HostRenameParams {
  path: string;
  line: number;
  symbol: string;
  newName: string;
}

export interface HostRenameResult {
  files: HostFileEdit[];
  problem?: string;
}

export type HostRole = 'user' | 'assistant';

export interface HostRunCellParams {
  path: string;
  cell: number;
  expectedHash: string;
  seconds: number;
}

export interface HostRunCellResult {
  outcome: HostCellOutcome;
  content: HostToolContent[];
}

export type HostSeverity = 'error' | 'warning' | 'information' | 'hint';

export interface HostSymbolsParams {
  path?: string;
  query?: string;
}

export interface HostTestsParams {
  files: string[];
  names: string[];
}

export interface HostTestsResult {
  result?: string;
}

export interface HostText {
  text: string;
}

export interface HostTextEdit {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  text: string;
}

export interface HostTool {
  name: string;
  description: string;
  schema: string;
}

export type HostToolContent =
  | ({ kind: 'text' } & HostToolText)
  | ({ kind: 'image' } & HostToolImage);

export interface HostToolImage {
  mediaType: string;
  data: string;
}

export interface HostToolResult {
  toolUseId: string;
  text: string;
}

export interface HostToolText {
  text: string;
}

export interface HostToolUse {
  toolUseId: string;
  toolName: string;
  parameters: string;
}

export interface HostToolView {
  name: string;
  description: string;
  schema?: string;
  extension?: string;
  source: string;
  title?: string;
}

export interface HostToolsResult {
  tools: HostToolView[];
}

export interface HostWriteDocumentParams {
  path: string;
  expectedHash: string;
  text: string;
}

export interface HostWriteDocumentResult {
  outcome: HostWriteOutcome;
}

export type HostWriteOutcome = 'saved' | 'changed' | 'notUnsaved' | 'notSaved';

export interface HunkView {
  id: string;
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  state: EditState;
  text: string;
  isConflict: boolean;
}

export interface ImportFailureView {
  path: string;
  message: string;
  uri?: string;
}

export type ImportFormat = 'auto' | 'plue' | 'claudeCode' | 'codex' | 'geminiCli' | 'openCode' | 'vsCode' | 'cline' | 'rooCode' | 'kiloCode' | 'continue';

export interface ImportableProgramView {
  id: string;
  name: string;
}

export interface ImportableView {
  path: string;
  title: string;
  updatedAt: string;
  size: number;
  uri?: string;
}

export interface InitializeParams {
  processId?: number;
  clientInfo?: ClientInfo;
  initializationOptions?: PlueOptions;
  capabilities?: ClientCapabilities;
}

export interface InitializeResult {
  capabilities: ServerCapabilities;
  serverInfo: ServerInfo;
}

export type InstructionSourceKind = 'prompt' | 'override' | 'rules' | 'template' | 'provider' | 'user' | 'skill';

export interface InstructionSourceView {
  kind: InstructionSourceKind;
  source: string;
  title: string;
  version: string;
  hiddenCharacters?: number;
  omittedReason?: string;
  appliesTo?: string;
  path?: string;
  tokens?: number;
  canBeAllowed?: boolean;
}

export interface KeepRunningParams {
  keepsRunning: boolean;
}

export interface LineRange {
  start: number;
  end: number;
}

export interface McpApproveParams {
  name: string;
  fingerprint: string;
}

export interface McpImportChoice {
  path: string;
  key: string;
}

export interface McpImportFileView {
  program: string;
  path: string;
  servers: McpImportServerView[];
  problem?: string;
}

export interface McpImportParams {
  servers: McpImportChoice[];
  storeKeys: boolean;
  userFolder?: string;
}

export interface McpImportResult {
  imported: string[];
  notes: string[];
}

export interface McpImportServerView {
  key: string;
  name: string;
  command: string;
  keys: string[];
  isPresent: boolean;
  problem?: string;
}

export interface McpImportableParams {
  userFolder?: string;
}

export interface McpImportableResult {
  files: McpImportFileView[];
}

export interface McpListResult {
  servers: McpServerView[];
  problems: string[];
}

export interface McpNameParams {
  name: string;
}

export interface McpPromptArgumentView {
  name: string;
  description: string;
  isRequired: boolean;
}

export interface McpPromptParams {
  server: string;
  name: string;
  argumentText: string;
  values: McpPromptValue[];
}

export interface McpPromptResult {
  text?: string;
  missing: McpPromptArgumentView[];
}

export interface McpPromptValue {
  name: string;
  value: string;
}

export interface McpPromptView {
  server: string;
  name: string;
  command: string;
  description: string;
  arguments: McpPromptArgumentView[];
}

export interface McpPromptsResult {
  prompts: McpPromptView[];
}

export interface McpServerView {
  name: string;
  source: string;
  state: McpState;
  command: string;
  arguments: string[];
  program?: string;
  folder?: string;
  environment: string[];
  fingerprint: string;
  secretOrigin?: string;
  changes?: string[];
  tools: McpToolView[];
  tokens?: number;
  notes: string[];
  error?: string;
}

export interface McpSignInResult {
  url?: string;
}

export type McpState = 'notApproved' | 'stopped' | 'starting' | 'running' | 'failed' | 'signInNeeded';

export interface McpToolView {
  name: string;
  description: string;
  tokens: number;
}

export interface MessageAdded {
  message: MessageView;
}

export interface MessageAllowInstructionsParams {
  codexId: string;
  source: string;
  version: string;
}

export interface MessageCodexParams {
  codexId: string;
}

export interface MessageCommandsParams {
  codexId: string;
}

export interface MessageCommandsResult {
  items: AgentCommandView[];
}

export interface MessageCompactResult {
  tokensBefore: number;
  tokensAfter: number;
}

export interface MessageContextParams {
  codexId: string;
  draft?: string;
  attachments?: Attachment[];
}

export interface MessageContextResult {
  tokens: number;
  window?: number;
  isEstimate: boolean;
  compactsAt?: number;
  shares: ContextShare[];
}

export interface MessageDiscardParams {
  codexId: string;
  messageId: string;
}

export interface MessageEditParams {
  codexId: string;
  messageId: string;
  text: string;
  provider?: string;
  model?: string;
  attachments?: Attachment[];
  respond?: boolean;
}

export type MessageEvent =
  | ({ kind: 'messageAdded' } & MessageAdded)
  | ({ kind: 'messageRemoved' } & MessageRemoved)
  | ({ kind: 'branchChanged' } & BranchChanged)
  | ({ kind: 'queueChanged' } & QueueChanged)
  | ({ kind: 'hooksChanged' } & HooksChanged)
  | ({ kind: 'turnStarted' } & TurnStarted)
  | ({ kind: 'waiting' } & Waiting)
  | ({ kind: 'messageStarted' } & MessageStarted)
  | ({ kind: 'fallbackUsed' } & FallbackUsed)
  | ({ kind: 'textDelta' } & TextDelta)
  | ({ kind: 'reasoningDelta' } & ReasoningDelta)
  | ({ kind: 'toolCallStarted' } & ToolCallStarted)
  | ({ kind: 'toolCallDelta' } & ToolCallDelta)
  | ({ kind: 'toolCallRepaired' } & ToolCallRepaired)
  | ({ kind: 'toolCallProgress' } & ToolCallProgress)
  | ({ kind: 'toolCallFinished' } & ToolCallFinished)
  | ({ kind: 'hookRan' } & HookRan)
  | ({ kind: 'restarted' } & Restarted)
  | ({ kind: 'retrying' } & Retrying)
  | ({ kind: 'messageFinished' } & MessageFinished)
  | ({ kind: 'turnFinished' } & TurnFinished);

export interface MessageEventParams {
  codexId: string;
  seq: number;
  event: MessageEvent;
}

export interface MessageFindParams {
  codexId: string;
  text: string;
}

export interface MessageFindResult {
  matches: MessageMatch[];
  isTruncated: boolean;
}

export interface MessageFinished {
  message: MessageView;
}

export interface MessageIdParams {
  codexId: string;
  messageId: string;
}

export interface MessageInstructionsResult {
  sources: InstructionSourceView[];
  note?: string;
}

export interface MessageListParams {
  codexId: string;
  offset: number;
  limit: number;
  messageId?: string;
}

export interface MessageListResult {
  messages: MessageView[];
  offset: number;
  total: number;
}

export interface MessageMatch {
  messageId: string;
  index: number;
  count: number;
}

export interface MessageOutlineResult {
  entries: OutlineEntry[];
}

export type MessagePart =
  | ({ kind: 'text' } & TextPart)
  | ({ kind: 'file' } & FilePart)
  | ({ kind: 'toolUse' } & ToolUsePart)
  | ({ kind: 'toolResult' } & ToolResultPart)
  | ({ kind: 'reasoning' } & ReasoningPart);

export interface MessagePromptParams {
  codexId: string;
  prompt: string;
}

export interface MessagePromptResult {
  text: string;
  placeholders: PromptPlaceholderView[];
  arguments: PromptArgumentView[];
}

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
  respond?: boolean;
  attachments?: Attachment[];
  queue?: boolean;
}

export interface MessageSendResult {
  messageId: string;
  turnId?: string;
  queued?: boolean;
}

export interface MessageSessionOptionsParams {
  codexId: string;
}

export interface MessageSessionOptionsResult {
  items: SessionOptionView[];
}

export interface MessageStarted {
  messageId: string;
  providerInfo: ProviderInfoView;
}

export type MessageStatus = 'streaming' | 'complete' | 'stopped' | 'interrupted' | 'failed';

export interface MessageSteerParams {
  codexId: string;
  queuedId?: string;
  text?: string;
  attachments?: Attachment[];
}

export interface MessageStopCallParams {
  codexId: string;
  toolUseId: string;
}

export interface MessageStopParams {
  codexId: string;
}

export interface MessageUnqueueParams {
  codexId: string;
  queuedId: string;
}

export interface MessageView {
  id: string;
  role: MessageRole;
  parts: MessagePart[];
  status: MessageStatus;
  createdAt: string;
  updatedAt?: string;
  parentId?: string;
  alternatives?: string[];
  omitted?: string[];
  compaction?: CompactionView;
  error?: ErrorView;
  usage?: UsageView;
  cost?: CostView;
  providerInfo?: ProviderInfoView;
  timing?: TimingView;
  stopReason?: StopReason;
  routing?: RoutingReceipt;
  hooks?: HookRunView[];
  instructions?: UsedInstructionView[];
}

export interface ModelChoice {
  providerId: string;
  model?: string;
}

export interface ModelEventParams {
  streamId: string;
  event: HostModelEvent;
}

export interface ModelListResult {
  providers: ModelProvider[];
}

export interface ModelProvider {
  id: string;
  name: string;
  models: ModelView[];
}

export interface ModelSendRequestParams {
  streamId: string;
  providerId: string;
  model: string;
  system?: string;
  messages: HostMessage[];
  tools: HostTool[];
}

export interface ModelSendRequestResult {
  stopReason: StopReason;
}

export interface ModelView {
  id: string;
  name?: string;
  description?: string;
  contextLength?: number;
  maxOutput?: number;
  supportsTools?: boolean;
  supportsVision?: boolean;
  canReason?: boolean;
  reasoningLevels?: string[];
  defaultReasoningLevel?: string;
  inputPerMillion?: number;
  outputPerMillion?: number;
  cachedReadPerMillion?: number;
  cachedWritePerMillion?: number;
  typicalChatCost?: number;
}

export interface OutlineEntry {
  messageId: string;
  index: number;
  text: string;
  createdAt: string;
}

export interface PlanCommentView {
  step?: string;
  line?: string;
  text: string;
}

export interface PlanRunParams {
  uri: string;
  version: number;
  steps: number[];
  permissionMode?: string;
}

export type PlanStepState = 'pending' | 'running' | 'done' | 'failed' | 'skipped';

export interface PlanStepView {
  title: string;
  description: string;
  files: string[];
  checks: string[];
  templateId: string;
  templateName: string;
  model?: string;
  budgetShare?: number;
  status: PlanStepState;
  isApproved: boolean;
  isAddedLater: boolean;
  unlistedFiles: string[];
  note?: string;
  task?: TaskView;
}

export interface PlanUriParams {
  uri: string;
}

export interface PlanView {
  uri: string;
  version: number;
  title: string;
  goal: string;
  chat?: string;
  chatTitle?: string;
  isInPlanMode: boolean;
  budget: TaskBudgetView;
  steps: PlanStepView[];
  comments: PlanCommentView[];
  isRunning: boolean;
  readOnlyReason?: string;
}

export interface PlueOptions {
  workspaceFolder?: string;
  trusted: boolean;
  workspaceFolders?: WorkspaceFolderView[];
  keepsRunning?: boolean;
}

export interface PlueToolCallParams {
  name: string;
  parameters: string;
}

export interface PlueToolCallResult {
  text: string;
  isError: boolean;
}

export interface PriceView {
  inputPerMillion: number;
  outputPerMillion: number;
  cachedReadPerMillion?: number;
  cachedWritePerMillion?: number;
}

export type ProblemSeverity = 'error' | 'warning';

export interface ProgramImportFindParams {
  program: string;
  userFolder?: string;
}

export interface ProgramImportFindResult {
  groups: ProgramImportGroupView[];
}

export interface ProgramImportGroupView {
  kind: ProgramImportKind;
  items: ProgramImportItemView[];
  isTruncated: boolean;
}

export interface ProgramImportItemView {
  id: string;
  title: string;
  path: string;
  size: number;
  updatedAt: string;
  detail?: string;
  keys?: string[];
  address?: string;
}

export type ProgramImportKind = 'chats' | 'agents' | 'prompts' | 'instructions' | 'keys' | 'mcpServers' | 'skills';

export interface ProgramImportListResult {
  programs: ImportableProgramView[];
  lastRun?: ProgramImportRunView;
}

export interface ProgramImportRunParams {
  runId: string;
  program: string;
  kind: ProgramImportKind;
  ids: string[];
  storeKeys?: boolean;
  userFolder?: string;
}

export interface ProgramImportRunResult {
  imported: ProgramImportedView[];
  failed: ImportFailureView[];
}

export interface ProgramImportRunView {
  id: string;
  at: string;
  count: number;
  hasKeys: boolean;
}

export interface ProgramImportUndoParams {
  runId: string;
}

export interface ProgramImportUndoResult {
  removed: number;
  kept: string[];
}

export interface ProgramImportedView {
  id: string;
  address: string;
  notes: string[];
}

export interface PromptArgumentView {
  name: string;
  description?: string;
  isOptional: boolean;
}

export interface PromptPlaceholderView {
  name: string;
  start: number;
  length: number;
}

export interface ProposedFile {
  path: string;
  before?: string;
  after: string;
}

export interface ProviderApproveParams {
  path: string;
  sha256: string;
}

export interface ProviderChangedParams {
  id?: string;
}

export interface ProviderConfigureParams {
  id?: string;
  name: string;
  kind: string;
  endpoint?: string;
  model?: string;
  enabled?: boolean;
  makeDefault?: boolean;
  makeDefaultSmall?: boolean;
  catalogProvider?: string;
  fields?: Record<string, unknown>;
}

export interface ProviderDeleteParams {
  id: string;
  deleteKey?: boolean;
}

export interface ProviderDetail {
  summary: ProviderSummary;
  configuration: Record<string, unknown>;
  key?: VaultEntrySummary;
  uses: ProviderUses;
  errors: ProviderErrorView[];
}

export interface ProviderDiscoverResult {
  defaultId: string;
  message: string;
  checks: string[];
}

export interface ProviderErrorView {
  at: string;
  error: ErrorView;
}

export interface ProviderExecutablesResult {
  items: ExecutableView[];
}

export interface ProviderIdParams {
  id: string;
}

export interface ProviderInfoView {
  providerId: string;
  providerName: string;
  modelId?: string;
  requestId?: string;
  fallbackReason?: string;
}

export interface ProviderKindView {
  kind: string;
  name: string;
  takesKey: boolean;
  takesEndpoint: boolean;
  needsEndpoint: boolean;
  defaultEndpoint?: string;
  authTypes: AuthType[];
}

export interface ProviderListResult {
  items: ProviderSummary[];
  kinds: ProviderKindView[];
  folderProblem?: string;
}

export interface ProviderModelsParams {
  id: string;
  refresh?: boolean;
}

export interface ProviderModelsResult {
  models: ModelView[];
  fetchedAt?: string;
  error?: ErrorView;
}

export interface ProviderSetEnabledParams {
  id: string;
  enabled: boolean;
}

export interface ProviderSignInResult {
  url: string;
  userCode?: string;
  expiresAt: string;
}

export type ProviderSource = 'file' | 'environment' | 'found' | 'tour';

export type ProviderStatus = 'untested' | 'testing' | 'connected' | 'error' | 'disabled';

export interface ProviderSummary {
  id: string;
  name: string;
  description?: string;
  kind: string;
  source: ProviderSource;
  enabled: boolean;
  status: ProviderStatus;
  lastTested?: string;
  error?: ErrorView;
  cooldownUntil?: string;
  windows?: UsageWindowView[];
  fault?: FileFault;
  file?: string;
  catalogProvider?: string;
  endpoint?: string;
  model?: string;
  modelCount?: number;
  authType: AuthType;
  takesKey: boolean;
  keyReference?: string;
  hasCredential: boolean;
  origin?: string;
  isDefault: boolean;
  isDefaultSmall: boolean;
}

export interface ProviderUses {
  chatCount: number;
  chats: CodexLink[];
  templates: string[];
  settings: string[];
}

export interface ProvisioningStepView {
  kind: string;
  name: string;
  state: string;
  note?: string;
  seconds?: number;
}

export interface ProvisioningView {
  hasEnded: boolean;
  seconds: number;
  bytes?: number;
  steps: ProvisioningStepView[];
}

export interface QuestionFieldView {
  name: string;
  kind: QuestionKind;
  title: string;
  description?: string;
  isRequired: boolean;
  format?: string;
  options: QuestionOptionView[];
  defaults: string[];
  min?: number;
  max?: number;
}

export type QuestionKind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'choices';

export interface QuestionOptionView {
  value: string;
  title: string;
}

export interface QuestionView {
  fields: QuestionFieldView[];
  url?: string;
  host?: string;
}

export interface QueueChanged {
  queue: QueuedView[];
}

export interface QueuedView {
  id: string;
  text: string;
  attachments: AttachmentView[];
}

export interface ReasoningDelta {
  messageId: string;
  partIndex: number;
  text: string;
}

export interface ReasoningPart {
  content: string;
}

export interface RejectedCandidate {
  candidate: string;
  reason: string;
}

export interface RenameOptions {
  prepareProvider: boolean;
}

export interface Restarted {
  messageId: string;
  attempt: number;
  delayMs: number;
  reason: string;
}

export interface Retrying {
  attempt: number;
  until: string;
  reason: string;
}

export interface ReviewApplyParams {
  id: string;
  findingId: string;
  isConfirmed: boolean;
}

export interface ReviewApplyResult {
  review: ReviewView;
  question?: string;
}

export interface ReviewDecideParams {
  id: string;
  findingId: string;
  state: ReviewState;
}

export interface ReviewFigures {
  open: number;
  resolved: number;
  dismissed: number;
  wrong: number;
  refuted: number;
  dropped: number;
  falseAlarmRate?: number;
}

export interface ReviewFindingView {
  id: string;
  file: string;
  line: number;
  endLine: number;
  severity: ReviewSeverity;
  title: string;
  reason: string;
  lineText: string;
  excerpt: string;
  state: ReviewState;
  isChecked: boolean;
  fix?: ReviewFixView;
}

export interface ReviewFixView {
  from: number;
  to: number;
  before: string;
  after: string;
}

export interface ReviewIdParams {
  id: string;
}

export interface ReviewListResult {
  reviews: ReviewView[];
  figures: ReviewFigures;
}

export interface ReviewOmissionView {
  path: string;
  reason: string;
  isLimit: boolean;
}

export interface ReviewProgressParams {
  ticket: string;
  done: number;
  total: number;
  isChecking: boolean;
}

export type ReviewSeverity = 'note' | 'warning' | 'error';

export type ReviewSourceKind = 'workingTree' | 'staged' | 'range' | 'pullRequest';

export interface ReviewStartParams {
  source: ReviewSourceKind;
  ticket: string;
  folder?: string;
  range?: string;
  pullRequest?: number;
}

export type ReviewState = 'open' | 'resolved' | 'dismissed' | 'wrong' | 'refuted';

export interface ReviewView {
  id: string;
  createdAt: string;
  folder: string;
  source: ReviewSourceKind;
  description: string;
  model: string;
  secondModel: string;
  files: number;
  cost: number;
  hasUnknownCost: boolean;
  isComplete: boolean;
  isOverBudget: boolean;
  findings: ReviewFindingView[];
  omitted: ReviewOmissionView[];
  figures: ReviewFigures;
}

export interface RoutingReceipt {
  chosen: string;
  reason: string;
  rejected: RejectedCandidate[];
}

export interface SearchChatsParams {
  searchId: string;
  text: string;
  from?: string;
  to?: string;
  providerId?: string;
  model?: string;
  hasCode?: boolean;
  status?: MessageStatus;
  role?: MessageRole;
  tags?: string[];
  includeArchived?: boolean;
  limit?: number;
}

export interface SearchChatsResult {
  hits: number;
  chats: number;
  isTruncated: boolean;
  unreadable: number;
}

export interface SearchHit {
  codexId: string;
  title: string;
  messageId: string;
  role: MessageRole;
  createdAt: string;
  snippet: string;
  start: number;
  length: number;
}

export interface SearchHitsParams {
  searchId: string;
  hits: SearchHit[];
}

export interface ServerCapabilities {
  positionEncoding: string;
  textDocumentSync?: TextSyncOptions;
  completionProvider?: CompletionOptions;
  hoverProvider?: boolean;
  documentLinkProvider?: DocumentLinkOptions;
  definitionProvider?: boolean;
  referencesProvider?: boolean;
  renameProvider?: RenameOptions;
  documentSymbolProvider?: boolean;
  documentFormattingProvider?: boolean;
  codeActionProvider?: CodeActionOptions;
}

export interface ServerInfo {
  name: string;
  version: string;
}

export interface SessionChoiceView {
  value: string;
  name: string;
  description?: string;
}

export interface SessionOptionView {
  id: string;
  name: string;
  description?: string;
  current?: string;
  choices: SessionChoiceView[];
}

export interface SettingsGroup {
  title: string;
  fields: FieldView[];
}

export interface SettingsResult {
  path: string;
  groups: SettingsGroup[];
  values: Record<string, unknown>;
  problem?: FileFault;
  policy: string[];
}

export interface SettingsSetParams {
  name: string;
  value?: unknown;
}

export type SkillChoice = 'approve' | 'enable' | 'disable' | 'undo';

export interface SkillChooseParams {
  folder: string;
  fingerprint: string;
  choice: SkillChoice;
}

export interface SkillCreateParams {
  location: string;
  name: string;
  description: string;
}

export interface SkillFileView {
  path: string;
  size: number;
  isScript?: boolean;
  isChanged?: boolean;
  hiddenLine?: number;
  isLinkOut?: boolean;
  runs?: string[];
}

export interface SkillFilesResult {
  paths: string[];
}

export interface SkillImportParams {
  source: string;
  location: string;
}

export interface SkillListResult {
  skills: SkillView[];
  locations: SkillLocationView[];
  listTokens: number;
  listLimit: number;
  note?: string;
}

export interface SkillLocationView {
  path: string;
  title: string;
  isWorkspace: boolean;
}

export type SkillState = 'on' | 'off' | 'waiting' | 'shadowed' | 'invalid';

export interface SkillView {
  name: string;
  description: string;
  folder: string;
  path: string;
  location: SkillLocationView;
  state: SkillState;
  reason?: string;
  fingerprint: string;
  tokens: number;
  listTokens: number;
  isForModel: boolean;
  isForUser: boolean;
  argumentHint?: string;
  files: SkillFileView[];
  canUndo?: boolean;
  problems: string[];
}

export interface SkippedReferenceView {
  target: string;
  title: string;
  reason: string;
}

export type StopReason = 'endTurn' | 'maxTokens' | 'stopSequence' | 'toolUse' | 'refusal' | 'contextFull' | 'stopped' | 'failed';

export interface TaskBudgetView {
  usd?: number;
  tokens?: number;
  rounds?: number;
  seconds?: number;
}

export interface TaskConvertParams {
  uri: string;
  templateId: string;
  goal: string;
  values?: Record<string, unknown>;
  provider?: string;
  model?: string;
  budget?: TaskBudgetView;
  attachments?: Attachment[];
}

export interface TaskDetail {
  task: TaskView;
  goal: string;
  plan: TodoView[];
  children: TaskView[];
  files: ChangedFileView[];
  approvals: AnsweredApprovalView[];
  timeline: TimelineLane[];
  board: BoardNoteView[];
  outputs?: unknown;
  routing?: RoutingReceipt;
}

export interface TaskEventParams {
  taskId: string;
  task?: TaskView;
}

export interface TaskListParams {
  root?: string;
  includeArchived?: boolean;
}

export interface TaskListResult {
  tasks: TaskView[];
}

export interface TaskSetBudgetParams {
  uri: string;
  budget: TaskBudgetView;
}

export interface TaskSpawnParams {
  templateId: string;
  goal: string;
  values?: Record<string, unknown>;
  provider?: string;
  model?: string;
  budget?: TaskBudgetView;
  parentId?: string;
  attachments?: Attachment[];
  sourceChat?: string;
}

export interface TaskSpendView {
  usd?: number;
  usdIsAtLeast?: boolean;
  tokens: number;
  rounds: number;
  seconds: number;
}

export interface TaskSteerParams {
  uri: string;
  text: string;
}

export interface TaskStopParams {
  uri?: string;
  includeSubtasks?: boolean;
}

export interface TaskUriParams {
  uri: string;
}

export interface TaskView {
  uri: string;
  templateId: string;
  templateName: string;
  title: string;
  status: string;
  parentId?: string;
  toolUseId?: string;
  providerId?: string;
  providerName?: string;
  model?: string;
  spent: TaskSpendView;
  totalSpent: TaskSpendView;
  budget: TaskBudgetView;
  isLocal: boolean;
  createdAt: string;
  updatedAt: string;
  waiting: number;
  unread: boolean;
  archived: boolean;
  note?: string;
  worktree?: TaskWorktreeView;
}

export interface TaskWorktreeView {
  task: string;
  folder: string;
  branch: string;
  repository: string;
  state: string;
  provisioning?: ProvisioningView;
}

export interface TemplateCheckParams {
  id?: string;
  text?: string;
}

export interface TemplateCheckResult {
  findings: TemplateFinding[];
}

export interface TemplateFinding {
  kind: FindingKind;
  code: string;
  templateId: string;
  path: string;
  line: number;
  column: number;
  message: string;
}

export interface TemplateGetParams {
  id: string;
}

export interface TemplateListParams {
  collection?: string;
}

export interface TemplateListResult {
  templates: TemplateSummary[];
}

export interface TemplateSchemaParams {
  id?: string;
}

export interface TemplateSchemaResult {
  schema: string;
}

export interface TemplateStartingPoint {
  id: string;
  name: string;
  description: string;
  text: string;
  prompt?: string;
}

export interface TemplateStartingPointsResult {
  startingPoints: TemplateStartingPoint[];
}

export interface TemplateSummary {
  id: string;
  name: string;
  description?: string;
  version?: string;
  parentTemplate?: string;
  collection: string;
  layer: CodexLayer;
  path?: string;
  icon?: string;
  color?: string;
  tags: string[];
  isIsolated: boolean;
  isActive: boolean;
  problems: DocumentProblemView[];
}

export interface TemplateTryParams {
  id: string;
  values?: Record<string, unknown>;
}

export interface TemplateTryResult {
  id: string;
  name: string;
  system: string;
  message: string;
  sources: InstructionSourceView[];
  tools: ToolView[];
  provider?: TrialProvider;
  inputTokens: number;
  firstRequestCost?: number;
  maxCost?: number;
  findings: TemplateFinding[];
}

export interface TemplateView {
  id: string;
  name: string;
  description?: string;
  fields: FieldView[];
  parentTemplate?: string;
  collection?: string;
  icon?: string;
  color?: string;
  path?: string;
}

export interface TextDelta {
  messageId: string;
  partIndex: number;
  text: string;
}

export interface TextDocumentClientCapabilities {
  synchronization?: TextDocumentSyncClientCapabilities;
}

export interface TextDocumentSyncClientCapabilities {
  dynamicRegistration?: boolean;
}

export interface TextPart {
  content: string;
}

export interface TextSyncOptions {
  openClose: boolean;
  change: number;
  save: boolean;
}

export type TimelineKind = 'model' | 'tool' | 'waiting';

export interface TimelineLane {
  uri: string;
  title: string;
  status: string;
  spent: TaskSpendView;
  spans: TimelineSpan[];
}

export interface TimelineSpan {
  kind: TimelineKind;
  name: string;
  start: string;
  end?: string;
  costUsd?: number;
}

export interface TimingView {
  firstTokenMs?: number;
  durationMs: number;
}

export type TodoState = 'open' | 'active' | 'done';

export interface TodoView {
  text: string;
  state: TodoState;
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
  changes?: ChangedFileView[];
  approval?: ApprovalNoteView;
  durationMs?: number;
}

export interface ToolCallProgress {
  messageId: string;
  toolUseId: string;
  text: string;
}

export interface ToolCallRepaired {
  messageId: string;
  toolUseId: string;
  parameters: string;
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
  changes?: ChangedFileView[];
  approval?: ApprovalNoteView;
  durationMs?: number;
}

export interface ToolUsePart {
  toolUseId: string;
  toolName: string;
  parameters: string;
}

export interface ToolView {
  name: string;
  description: string;
  hasSideEffects: boolean;
  isKnown: boolean;
}

export interface TrialProvider {
  providerId: string;
  name: string;
  model?: string;
  status?: string;
  price?: PriceView;
  contextWindow?: number;
  isFree: boolean;
}

export interface TriggerChangedParams {
  saves: boolean;
  git: boolean;
  problems: boolean;
}

export type TriggerGitChange = 'commit' | 'branch' | 'conflict';

export interface TriggerGitParams {
  root: string;
  change: TriggerGitChange;
  branch?: string;
  commit?: string;
  conflicts: string[];
}

export type TriggerKind = 'schedule' | 'saved' | 'git' | 'problems' | 'ended' | 'unknown';

export interface TriggerListResult {
  areEnabled: boolean;
  triggers: TriggerView[];
}

export interface TriggerProblemsParams {
  folder: string;
  errors: number;
  warnings: number;
}

export interface TriggerRunView {
  id: string;
  time: string;
  reason: string;
  notRun?: string;
  times: number;
  task?: TaskView;
  cost?: number;
}

export interface TriggerSavedParams {
  paths: string[];
}

export interface TriggerSetEnabledParams {
  uri?: string;
  isEnabled: boolean;
}

export interface TriggerUriParams {
  uri: string;
}

export interface TriggerView {
  uri: string;
  title: string;
  on: TriggerKind;
  detail: string;
  templateName: string;
  isEnabled: boolean;
  isOfWorkspace: boolean;
  problem?: string;
  next?: string;
  usdToday: number;
  usdPerDay: number;
  runsToday: number;
  runsPerDay: number;
  runs: TriggerRunView[];
}

export interface TurnFinished {
  turnId: string;
  stopReason: StopReason;
  error?: ErrorView;
}

export interface TurnStarted {
  turnId: string;
}

export interface UsageCsvResult {
  csv: string;
}

export interface UsageDay {
  day: string;
  providerId: string;
  providerName: string;
  figures: UsageFigures;
}

export interface UsageFigures {
  responses: number;
  unpricedResponses: number;
  cost: number;
  inputTokens: number;
  outputTokens: number;
  cachedReadTokens: number;
  cachedWriteTokens: number;
  reasoningTokens: number;
  durationMs: number;
  firstTokenMs?: number;
}

export interface UsageParams {
  from?: string;
  to?: string;
  utcOffsetMinutes?: number;
}

export interface UsageRow {
  key: string;
  name: string;
  providerName?: string;
  figures: UsageFigures;
}

export interface UsageSummaryResult {
  total: UsageFigures;
  days: UsageDay[];
  providers: UsageRow[];
  models: UsageRow[];
  templates: UsageRow[];
  chats: UsageRow[];
}

export interface UsageView {
  inputTokens: number;
  outputTokens: number;
  totalTokens: number;
  cachedReadTokens: number;
  cachedWriteTokens: number;
  reasoningTokens: number;
  isEstimated?: boolean;
}

export interface UsageWindowView {
  name: string;
  usedPercent: number;
  resetsAt: string;
}

export interface UsedInstructionView {
  kind: InstructionSourceKind;
  source: string;
  title: string;
  version: string;
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
  usedBy: string[];
}

export interface VaultImportEnvParams {
  path: string;
  entries: EnvChoice[];
}

export interface VaultListResult {
  entries: VaultEntrySummary[];
}

export interface VaultReadEnvParams {
  path: string;
}

export interface VaultReadEnvResult {
  entries: EnvEntry[];
}

export interface VaultRenameParams {
  reference: string;
  newReference: string;
}

export interface VaultRenameResult {
  entry: VaultEntrySummary;
  changedProviders: string[];
}

export interface VaultRotateParams {
  reference: string;
  secret: string;
}

export interface VaultSetOriginsParams {
  reference: string;
  origins: string[];
}

export interface VaultSetPassphraseParams {
  current?: string;
  passphrase: string;
}

export interface VaultStatusResult {
  exists: boolean;
  locked: boolean;
  unlockMethods: string[];
  keychainAvailable: boolean;
  problem?: string;
}

export interface VaultStoreParams {
  reference: string;
  secret: string;
  origins: string[];
}

export interface VaultUnlockMethodParams {
  method: string;
  methodId?: string;
  secret?: string;
  acceptOlder?: boolean;
}

export interface VsCodeToolChoice {
  name: string;
  fingerprint: string;
}

export interface VsCodeToolListResult {
  tools: VsCodeToolView[];
  notes: string[];
}

export interface VsCodeToolSelectParams {
  tools: VsCodeToolChoice[];
}

export type VsCodeToolState = 'disabled' | 'enabled' | 'changed';

export interface VsCodeToolView {
  name: string;
  fullName: string;
  title: string;
  source: string;
  description: string;
  state: VsCodeToolState;
  fingerprint: string;
  tokens: number;
  definition: string;
  changes?: string;
}

export interface Waiting {
  reason: string;
}

export interface WorkspaceFolderView {
  name: string;
  path: string;
}

export interface WorkspaceFoldersParams {
  folders: WorkspaceFolderView[];
}

export interface WorkspaceTrustParams {
  trusted: boolean;
}

export interface WorkspaceUnsavedParams {
  paths: string[];
}

export interface WorktreeChangesResult {
  root: string;
  branch: string;
  base: string;
  files: WorktreeFileView[];
  total: number;
}

export interface WorktreeCheckResult {
  problem?: string;
}

export interface WorktreeCommitParams {
  task: string;
  message: string;
}

export interface WorktreeCommitResult {
  branch: string;
  commit: string;
}

export interface WorktreeContentParams {
  task: string;
  path: string;
}

export interface WorktreeFileView {
  path: string;
  kind: EditKind;
  added: number;
  removed: number;
}

export interface WorktreeListResult {
  worktrees: WorktreeView[];
  unknown: string[];
}

export interface WorktreeMergeParams {
  task: string;
  commitMessage?: string;
  abortOnConflict: boolean;
}

export interface WorktreeMergeResult {
  outcome: string;
  branch: string;
  into: string;
  conflicts: string[];
}

export interface WorktreePendingResult {
  root: string;
  patch: string;
  untracked: string[];
}

export interface WorktreePullRequestParams {
  task: string;
  title: string;
  body: string;
  confirmed: WorktreePullRequestPlan;
}

export interface WorktreePullRequestPlan {
  branch: string;
  remote: string;
  address: string;
  base?: string;
  commit: string;
  commits: number;
}

export interface WorktreePullRequestResult {
  address: string;
}

export interface WorktreeRemoveResult {
  task: string;
  trash: string;
  branch: string;
  branchDeleted: boolean;
}

export interface WorktreeTaskParams {
  task: string;
}

export interface WorktreeView {
  task: string;
  title: string;
  folder: string;
  branch: string;
  base: string;
  repository: string;
  state: string;
  changed: number;
  untracked: number;
  commits: number;
  unclear?: string;
  users: string[];
  orphaned?: string;
  into?: string;
  provisioning?: ProvisioningView;
}
