namespace Plue.Protocol;

/// <summary>A request: the caller waits for <typeparamref name="TResult"/>.</summary>
public sealed record RpcRequest<TParams, TResult>(string Name);

/// <summary>A notification, without a response.</summary>
public sealed record RpcNotification<TParams>(string Name);

/// <summary>
/// The codes of JSON-RPC and LSP. Each kind of typed failure (<c>ErrorData.Kind</c>) has its own code: see docs/records.md.
/// </summary>
public static class ErrorCodes
{
    public const int ParseError = -32700;
    public const int InvalidRequest = -32600;
    public const int MethodNotFound = -32601;
    public const int InvalidParams = -32602;
    public const int InternalError = -32603;
    public const int NotInitialized = -32002;
    public const int RequestCancelled = -32800;
}

/// <summary>All methods. The TypeScript side is generated from this class: see STYLE.md, "Protocol".</summary>
public static class Methods
{
    // Lifecycle, as the Language Server Protocol has it.
    public static readonly RpcRequest<InitializeParams, InitializeResult> Initialize = new("initialize");
    public static readonly RpcNotification<Empty> Initialized = new("initialized");
    public static readonly RpcRequest<Empty, Empty> Shutdown = new("shutdown");
    public static readonly RpcNotification<Empty> Exit = new("exit");

    /// <summary>Workspace trust was granted while the window is open.</summary>
    public static readonly RpcNotification<WorkspaceTrustParams> WorkspaceTrust = new("workspace/trust");

    /// <summary>Folders were added to the workspace or removed from it.</summary>
    public static readonly RpcNotification<WorkspaceFoldersParams> WorkspaceFolders = new("workspace/folders");

    /// <summary>Whether running responses and tasks continue when this connection ends.</summary>
    public static readonly RpcNotification<KeepRunningParams> WorkspaceKeepRunning = new("workspace/keepRunning");

    /// <summary>Sent before the reply to <c>shutdown</c>: this process continues with running responses and tasks.</summary>
    public static readonly RpcNotification<Empty> WorkspaceContinues = new("workspace/continues");

    /// <summary>Other documents than before have unsaved changes.</summary>
    public static readonly RpcNotification<WorkspaceUnsavedParams> WorkspaceUnsaved = new("workspace/unsaved");

    // Documents.
    public static readonly RpcRequest<CodexListParams, CodexListResult> CodexList = new("codex/list");

    /// <summary>A whole chat, with the message in progress and the last event number, from which a view continues.</summary>
    public static readonly RpcRequest<CodexGetParams, CodexGetResult> CodexGet = new("codex/get");
    public static readonly RpcRequest<CodexCreateParams, CodexSummary> CodexCreate = new("codex/create");
    public static readonly RpcRequest<CodexUpdateParams, CodexSummary> CodexUpdate = new("codex/update");

    /// <summary>Moves a document to the trash. <c>codex/restore</c> restores it.</summary>
    public static readonly RpcRequest<CodexDeleteParams, Empty> CodexDelete = new("codex/delete");
    public static readonly RpcRequest<CodexUriParams, CodexSummary> CodexRestore = new("codex/restore");
    public static readonly RpcRequest<CodexUriParams, CodexHistoryResult> CodexHistory = new("codex/history");

    /// <summary>For a chat, hides the last turn. For a document, restores the previous version.</summary>
    public static readonly RpcRequest<CodexUriParams, CodexSummary> CodexUndo = new("codex/undo");
    public static readonly RpcRequest<CodexUriParams, CodexSummary> CodexRedo = new("codex/redo");

    /// <summary>An independent copy.</summary>
    public static readonly RpcRequest<CodexForkParams, CodexSummary> CodexFork = new("codex/fork");
    public static readonly RpcRequest<CodexSwitchBranchParams, CodexSummary> CodexSwitchBranch = new("codex/switchBranch");

    /// <summary>Gives a chat without messages another template. What the user set stays if the template allows it. Conflict: the chat has messages. MissingField: the template requires a value.</summary>
    public static readonly RpcRequest<CodexChangeTemplateParams, CodexSummary> CodexChangeTemplate = new("codex/changeTemplate");
    public static readonly RpcRequest<CodexUriParams, CodexLinksResult> CodexLinks = new("codex/links");

    /// <summary>Renames a document and updates the references to it.</summary>
    public static readonly RpcRequest<CodexRenameParams, CodexRenameResult> CodexRename = new("codex/rename");
    public static readonly RpcRequest<CodexExportParams, CodexExportResult> CodexExport = new("codex/export");
    public static readonly RpcRequest<CodexImportParams, CodexImportResult> CodexImport = new("codex/import");

    /// <summary>Lists what codex/import could import on this machine.</summary>
    public static readonly RpcRequest<CodexImportableParams, CodexImportableResult> CodexImportable = new("codex/importable");

    /// <summary>Deletes a chat in which nothing was ever stored, without the trash. Conflict: it has messages, or the user changed it.</summary>
    public static readonly RpcRequest<CodexUriParams, Empty> CodexDiscardEmpty = new("codex/discardEmpty");

    /// <summary>Marks all messages of a chat as read.</summary>
    public static readonly RpcRequest<CodexUriParams, Empty> CodexMarkRead = new("codex/markRead");

    /// <summary>A document was created, changed, or deleted.</summary>
    public static readonly RpcNotification<CodexChangedParams> CodexChanged = new("codex/changed");

    // Chat.
    /// <summary>Stores the message, starts a turn and returns; the rest arrives as message/event.</summary>
    public static readonly RpcRequest<MessageSendParams, MessageSendResult> MessageSend = new("message/send");

    /// <summary>Stops the current turn. Succeeds if there is none.</summary>
    public static readonly RpcRequest<MessageStopParams, Empty> MessageStop = new("message/stop");

    /// <summary>Stops one tool call; the response goes on with what the call returned by then.</summary>
    public static readonly RpcRequest<MessageStopCallParams, Empty> MessageStopCall = new("message/stopCall");

    /// <summary>Responds to a stored message again, or continues an interrupted response.</summary>
    public static readonly RpcRequest<MessageRetryParams, MessageSendResult> MessageRetry = new("message/retry");
    public static readonly RpcRequest<MessageSteerParams, MessageSendResult> MessageSteer = new("message/steer");
    public static readonly RpcRequest<MessageUnqueueParams, Empty> MessageUnqueue = new("message/unqueue");
    public static readonly RpcRequest<MessageEditParams, MessageSendResult> MessageEdit = new("message/edit");
    public static readonly RpcRequest<MessageListParams, MessageListResult> MessageList = new("message/list");
    public static readonly RpcRequest<MessageIdParams, MessageView> MessageGet = new("message/get");
    public static readonly RpcRequest<MessageCodexParams, MessageOutlineResult> MessageOutline = new("message/outline");
    public static readonly RpcRequest<MessageFindParams, MessageFindResult> MessageFind = new("message/find");

    /// <summary>Summarizes earlier messages to free space in the context window.</summary>
    public static readonly RpcRequest<MessageCodexParams, MessageCompactResult> MessageCompact = new("message/compact");
    public static readonly RpcRequest<MessageContextParams, MessageContextResult> MessageContext = new("message/context");

    /// <summary>The instructions that a request would include now.</summary>
    public static readonly RpcRequest<MessageCodexParams, MessageInstructionsResult> MessageInstructions = new("message/instructions");

    /// <summary>Allows an instruction source that is omitted because of hidden characters, for all chats.</summary>
    public static readonly RpcRequest<MessageAllowInstructionsParams, MessageInstructionsResult> MessageAllowInstructions = new(
        "message/allowInstructions"
    );

    /// <summary>A prompt to be put into the composer.</summary>
    public static readonly RpcRequest<MessagePromptParams, MessagePromptResult> MessagePrompt = new("message/prompt");
    public static readonly RpcRequest<MessageCommandsParams, MessageCommandsResult> MessageCommands = new("message/commands");
    public static readonly RpcRequest<MessageSessionOptionsParams, MessageSessionOptionsResult> MessageSessionOptions = new(
        "message/sessionOptions"
    );

    /// <summary>Hides a message, and with a user message its responses. The journal keeps them.</summary>
    public static readonly RpcRequest<MessageDiscardParams, Empty> MessageDiscard = new("message/discard");
    public static readonly RpcNotification<MessageEventParams> MessageEvent = new("message/event");

    // Files and images that go with a message.
    public static readonly RpcRequest<AttachmentInspectParams, AttachmentView> AttachmentInspect = new("attachment/inspect");
    public static readonly RpcRequest<AttachmentStoreParams, AttachmentView> AttachmentStore = new("attachment/store");
    public static readonly RpcRequest<AttachmentReadParams, AttachmentReadResult> AttachmentRead = new("attachment/read");
    public static readonly RpcRequest<AttachmentFetchParams, AttachmentFetchResult> AttachmentFetch = new("attachment/fetch");

    // Search over all text of all chats.
    public static readonly RpcRequest<SearchChatsParams, SearchChatsResult> SearchChats = new("search/chats");
    public static readonly RpcNotification<SearchHitsParams> SearchHits = new("search/hits");

    // Providers.
    public static readonly RpcRequest<Empty, ProviderListResult> ProviderList = new("provider/list");
    public static readonly RpcRequest<ProviderIdParams, ProviderDetail> ProviderGet = new("provider/get");

    /// <summary>Searches this machine for the claude CLI, a local Ollama, and keys in the environment. The first found becomes the default.</summary>
    public static readonly RpcRequest<Empty, ProviderDiscoverResult> ProviderDiscover = new("provider/discover");
    public static readonly RpcRequest<ProviderConfigureParams, ProviderSummary> ProviderConfigure = new("provider/configure");
    public static readonly RpcRequest<ProviderSetEnabledParams, ProviderSummary> ProviderSetEnabled = new("provider/setEnabled");
    public static readonly RpcRequest<ProviderDeleteParams, Empty> ProviderDelete = new("provider/delete");
    public static readonly RpcRequest<ProviderIdParams, ProviderSummary> ProviderTest = new("provider/test");
    public static readonly RpcRequest<ProviderModelsParams, ProviderModelsResult> ProviderModels = new("provider/models");

    /// <summary>Moves a key from the environment, or from the provider's file, to the vault, bound to the provider's origin.</summary>
    public static readonly RpcRequest<ProviderIdParams, ProviderSummary> ProviderMoveKey = new("provider/moveKey");
    public static readonly RpcRequest<ProviderIdParams, ProviderSignInResult> ProviderSignIn = new("provider/signIn");

    /// <summary>Waits for the sign-in under way. Cancelling the request ends the sign-in.</summary>
    public static readonly RpcRequest<ProviderIdParams, ProviderSummary> ProviderAwaitSignIn = new("provider/awaitSignIn");

    /// <summary>Deletes the tokens.</summary>
    public static readonly RpcRequest<ProviderIdParams, ProviderSummary> ProviderSignOut = new("provider/signOut");

    /// <summary>Lists the programs that can be external providers, without starting them.</summary>
    public static readonly RpcRequest<Empty, ProviderExecutablesResult> ProviderExecutables = new("provider/executables");
    public static readonly RpcRequest<ProviderApproveParams, ExecutableView> ProviderApprove = new("provider/approve");
    public static readonly RpcRequest<Empty, ClaudeCodeCheckResult> ProviderCheckClaudeCode = new("provider/checkClaudeCode");
    public static readonly RpcNotification<ProviderChangedParams> ProviderChanged = new("provider/changed");

    // The catalog: what vendors offer.
    public static readonly RpcRequest<Empty, CatalogListResult> CatalogList = new("catalog/list");
    public static readonly RpcRequest<CatalogIdParams, CatalogDetail> CatalogGet = new("catalog/get");
    public static readonly RpcRequest<CatalogSaveParams, CatalogDetail> CatalogSave = new("catalog/save");
    public static readonly RpcRequest<CatalogDeleteParams, Empty> CatalogDelete = new("catalog/delete");
    public static readonly RpcRequest<CatalogValidateParams, CatalogValidateResult> CatalogValidate = new("catalog/validate");
    public static readonly RpcRequest<CatalogImportParams, CatalogImportResult> CatalogImport = new("catalog/import");
    public static readonly RpcRequest<CatalogExportParams, Empty> CatalogExport = new("catalog/export");

    /// <summary>Fetches the catalog from the server that the settings name. An invalid response changes nothing.</summary>
    public static readonly RpcRequest<Empty, CatalogRefreshResult> CatalogRefresh = new("catalog/refresh");
    public static readonly RpcRequest<Empty, CatalogStatsResult> CatalogStats = new("catalog/stats");
    public static readonly RpcRequest<Empty, CatalogStartingPointsResult> CatalogStartingPoints = new("catalog/startingPoints");
    public static readonly RpcRequest<Empty, CatalogBackupsResult> CatalogBackups = new("catalog/backups");
    public static readonly RpcRequest<CatalogRestoreParams, CatalogDetail> CatalogRestore = new("catalog/restore");

    // Vault. No result has a field that a secret would fit in.
    public static readonly RpcRequest<Empty, VaultStatusResult> VaultStatus = new("vault/status");

    /// <summary>Creates the vault with its first unlock method. Fails if a vault file exists.</summary>
    public static readonly RpcRequest<VaultUnlockMethodParams, VaultStatusResult> VaultCreate = new("vault/create");
    public static readonly RpcRequest<VaultUnlockMethodParams, VaultStatusResult> VaultUnlock = new("vault/unlock");

    /// <summary>Adds an unlock method to an unlocked vault.</summary>
    public static readonly RpcRequest<VaultUnlockMethodParams, VaultStatusResult> VaultAddUnlockMethod = new("vault/addUnlockMethod");
    public static readonly RpcRequest<VaultSetPassphraseParams, VaultStatusResult> VaultSetPassphrase = new("vault/setPassphrase");
    public static readonly RpcRequest<Empty, VaultStatusResult> VaultLock = new("vault/lock");
    public static readonly RpcRequest<VaultStoreParams, VaultEntrySummary> VaultStore = new("vault/store");
    public static readonly RpcRequest<VaultRotateParams, VaultEntrySummary> VaultRotate = new("vault/rotate");
    public static readonly RpcRequest<VaultRenameParams, VaultRenameResult> VaultRename = new("vault/rename");
    public static readonly RpcRequest<VaultSetOriginsParams, VaultEntrySummary> VaultSetOrigins = new("vault/setOrigins");
    public static readonly RpcRequest<Empty, VaultListResult> VaultList = new("vault/list");
    public static readonly RpcRequest<VaultDeleteParams, Empty> VaultDelete = new("vault/delete");
    public static readonly RpcRequest<VaultReadEnvParams, VaultReadEnvResult> VaultReadEnv = new("vault/readEnv");
    public static readonly RpcRequest<VaultImportEnvParams, VaultListResult> VaultImportEnv = new("vault/importEnv");

    // Usage and settings.
    public static readonly RpcRequest<UsageParams, UsageSummaryResult> UsageSummary = new("usage/summary");

    /// <summary>The responses of <c>usage/summary</c> as CSV, one row each.</summary>
    public static readonly RpcRequest<UsageParams, UsageCsvResult> UsageCsv = new("usage/csv");
    public static readonly RpcRequest<Empty, SettingsResult> SettingsGet = new("settings/get");
    public static readonly RpcRequest<SettingsSetParams, SettingsResult> SettingsSet = new("settings/set");

    // Code completions. Cancelling a request closes the connection to the model.
    public static readonly RpcRequest<CompletionInlineParams, CompletionInlineResult> CompletionInline = new("completion/inline");
    public static readonly RpcRequest<Empty, CompletionModelsResult> CompletionModels = new("completion/models");

    // VS Code's own chat. Cancelling the request stops the model.
    public static readonly RpcRequest<Empty, ModelListResult> ModelList = new("model/list");
    public static readonly RpcRequest<ModelSendRequestParams, ModelSendRequestResult> ModelSendRequest = new("model/sendRequest");
    public static readonly RpcNotification<ModelEventParams> ModelEvent = new("model/event");
    public static readonly RpcRequest<PlueToolCallParams, PlueToolCallResult> PlueToolCall = new("plueTool/call");

    // Templates.
    public static readonly RpcRequest<TemplateListParams, TemplateListResult> TemplateList = new("template/list");
    public static readonly RpcRequest<TemplateGetParams, TemplateView> TemplateGet = new("template/get");
    public static readonly RpcRequest<TemplateCheckParams, TemplateCheckResult> TemplateCheck = new("template/check");

    /// <summary>No provider is called and nothing is stored.</summary>
    public static readonly RpcRequest<TemplateTryParams, TemplateTryResult> TemplateTry = new("template/try");
    public static readonly RpcRequest<TemplateSchemaParams, TemplateSchemaResult> TemplateSchema = new("template/schema");
    public static readonly RpcRequest<Empty, TemplateStartingPointsResult> TemplateStartingPoints = new("template/startingPoints");

    // Agents.
    /// <summary>Creates and starts a task.</summary>
    public static readonly RpcRequest<TaskSpawnParams, TaskView> TaskSpawn = new("task/spawn");

    /// <summary>Turns a chat into a task and starts it. It keeps its address, messages, branches and everything else. Conflict: a response is streaming.</summary>
    public static readonly RpcRequest<TaskConvertParams, TaskView> TaskConvert = new("task/convert");

    /// <summary>Turns a task that was a chat back into that chat. Conflict: it was never a chat, or a response is streaming.</summary>
    public static readonly RpcRequest<TaskUriParams, CodexSummary> TaskContinueAsChat = new("task/continueAsChat");
    public static readonly RpcRequest<TaskListParams, TaskListResult> TaskList = new("task/list");

    // Background commands of agents.
    public static readonly RpcRequest<BackgroundListParams, BackgroundListResult> BackgroundList = new("background/list");

    /// <summary>Returns when there is output after the position, when the command has ended, or after 20 seconds. NotFound: the command was removed.</summary>
    public static readonly RpcRequest<BackgroundReadParams, BackgroundReadResult> BackgroundRead = new("background/read");

    /// <summary>Types text into a command for the user. Conflict: it has ended, or does not read.</summary>
    public static readonly RpcRequest<BackgroundSendParams, Empty> BackgroundSend = new("background/send");

    /// <summary>Ends a command and all processes that it started. Succeeds if it has ended.</summary>
    public static readonly RpcRequest<BackgroundIdParams, Empty> BackgroundStop = new("background/stop");
    public static readonly RpcRequest<BackgroundKeepParams, Empty> BackgroundKeep = new("background/keep");
    public static readonly RpcNotification<BackgroundChangedParams> BackgroundChanged = new("background/changed");

    /// <summary>The git worktrees of all tasks with what they hold. Runs git in each.</summary>
    public static readonly RpcRequest<Empty, WorktreeListResult> WorktreeList = new("worktree/list");

    /// <summary>Whether a task of the window can have a worktree.</summary>
    public static readonly RpcRequest<Empty, WorktreeCheckResult> WorktreeCheck = new("worktree/check");

    /// <summary>One worktree with what it holds.</summary>
    public static readonly RpcRequest<WorktreeTaskParams, WorktreeView> WorktreeGet = new("worktree/get");

    /// <summary>The changes of a worktree since its branch began, also those that are not committed.</summary>
    public static readonly RpcRequest<WorktreeTaskParams, WorktreeChangesResult> WorktreeChanges = new("worktree/changes");

    /// <summary>The text of a file where the branch began.</summary>
    public static readonly RpcRequest<WorktreeContentParams, EditContentResult> WorktreeContent = new("worktree/content");

    /// <summary>The changes that are not committed, to suggest a commit message.</summary>
    public static readonly RpcRequest<WorktreeTaskParams, WorktreePendingResult> WorktreePending = new("worktree/pending");

    /// <summary>Commits all changes of a worktree on its branch.</summary>
    public static readonly RpcRequest<WorktreeCommitParams, WorktreeCommitResult> WorktreeCommit = new("worktree/commit");

    /// <summary>What a pull request of the branch would push. Conflict: why there can be none, as without a signed-in gh.</summary>
    public static readonly RpcRequest<WorktreeTaskParams, WorktreePullRequestPlan> WorktreePlanPullRequest = new(
        "worktree/planPullRequest"
    );

    /// <summary>Pushes the branch and creates a pull request with gh.</summary>
    public static readonly RpcRequest<WorktreePullRequestParams, WorktreePullRequestResult> WorktreeCreatePullRequest = new(
        "worktree/createPullRequest"
    );

    /// <summary>Merges the branch of a task into the main checkout. Conflict: nothing was merged, and why.</summary>
    public static readonly RpcRequest<WorktreeMergeParams, WorktreeMergeResult> WorktreeMerge = new("worktree/merge");

    /// <summary>Moves a worktree to the trash. Conflict: it is in use, holds work, or git's answer is not clear.</summary>
    public static readonly RpcRequest<WorktreeTaskParams, WorktreeRemoveResult> WorktreeRemove = new("worktree/remove");

    /// <summary>
    /// Has a model review changes, and reports its progress as review/progress. Conflict: there is no repository, or git or gh failed. Canceling it stores nothing.
    /// </summary>
    public static readonly RpcRequest<ReviewStartParams, ReviewView> ReviewStart = new("review/start");
    public static readonly RpcNotification<ReviewProgressParams> ReviewProgress = new("review/progress");

    /// <summary>The stored reviews of the workspace folders, newest first, and the figures of all reviews.</summary>
    public static readonly RpcRequest<Empty, ReviewListResult> ReviewList = new("review/list");
    public static readonly RpcRequest<ReviewIdParams, ReviewView> ReviewGet = new("review/get");

    /// <summary>Resolves, dismisses or reopens a finding, or marks it as wrong.</summary>
    public static readonly RpcRequest<ReviewDecideParams, ReviewView> ReviewDecide = new("review/decide");

    /// <summary>Applies the fix of a finding as an edit that can be accepted, rejected and undone. Conflict: the lines changed.</summary>
    public static readonly RpcRequest<ReviewApplyParams, ReviewApplyResult> ReviewApply = new("review/apply");
    public static readonly RpcRequest<TaskUriParams, TaskDetail> TaskGet = new("task/get");

    /// <summary>Stops one task, or all tasks without an address.</summary>
    public static readonly RpcRequest<TaskStopParams, Empty> TaskStop = new("task/stop");

    /// <summary>Pauses a task before its next step.</summary>
    public static readonly RpcRequest<TaskUriParams, Empty> TaskPause = new("task/pause");

    /// <summary>Continues a task that is paused, stopped, interrupted, failed or over its budget.</summary>
    public static readonly RpcRequest<TaskUriParams, Empty> TaskResume = new("task/resume");

    /// <summary>Steers a task. The text is sent with its next round.</summary>
    public static readonly RpcRequest<TaskSteerParams, Empty> TaskSteer = new("task/steer");
    public static readonly RpcRequest<TaskSetBudgetParams, TaskView> TaskSetBudget = new("task/setBudget");
    public static readonly RpcRequest<TaskUriParams, Empty> TaskArchive = new("task/archive");

    /// <summary>Discards a task that will not be resumed, and notifies waiting parents.</summary>
    public static readonly RpcRequest<TaskUriParams, Empty> TaskDiscard = new("task/discard");
    public static readonly RpcRequest<PlanUriParams, PlanView> PlanGet = new("plan/get");

    /// <summary>Approves steps and runs them one after the other. Steps that were interrupted continue.</summary>
    public static readonly RpcRequest<PlanRunParams, PlanView> PlanRun = new("plan/run");

    /// <summary>Stops the running step and the plan.</summary>
    public static readonly RpcRequest<PlanUriParams, PlanView> PlanStop = new("plan/stop");

    /// <summary>Rejects a plan: sends its comments to the chat that wrote it as one message.</summary>
    public static readonly RpcRequest<PlanUriParams, PlanView> PlanSendComments = new("plan/sendComments");

    /// <summary>Gives a goal to several models or templates, each in its own git worktree and under one budget.</summary>
    public static readonly RpcRequest<CompareStartParams, CompareView> CompareStart = new("compare/start");
    public static readonly RpcRequest<CompareUriParams, CompareView> CompareGet = new("compare/get");
    public static readonly RpcRequest<Empty, CompareListResult> CompareList = new("compare/list");

    /// <summary>Records that the branch of a contestant was merged.</summary>
    public static readonly RpcRequest<CompareChooseParams, CompareView> CompareChoose = new("compare/choose");
    public static readonly RpcNotification<TaskEventParams> TaskEvent = new("task/event");

    // Triggers, which start tasks.
    public static readonly RpcRequest<Empty, TriggerListResult> TriggerList = new("trigger/list");

    /// <summary>Turns one trigger or all triggers on or off.</summary>
    public static readonly RpcRequest<TriggerSetEnabledParams, Empty> TriggerSetEnabled = new("trigger/setEnabled");

    /// <summary>Runs a trigger now, within its budget, also if it is off.</summary>
    public static readonly RpcRequest<TriggerUriParams, Empty> TriggerRun = new("trigger/run");

    /// <summary>The user saved files.</summary>
    public static readonly RpcRequest<TriggerSavedParams, Empty> TriggerSaved = new("trigger/saved");

    /// <summary>A git repository changed.</summary>
    public static readonly RpcRequest<TriggerGitParams, Empty> TriggerGit = new("trigger/git");

    /// <summary>The number of problems in a workspace folder changed.</summary>
    public static readonly RpcRequest<TriggerProblemsParams, Empty> TriggerProblems = new("trigger/problems");

    /// <summary>Triggers or their runs changed. The editor reports what the parameters say.</summary>
    public static readonly RpcNotification<TriggerChangedParams> TriggerChanged = new("trigger/changed");

    // Approvals.
    public static readonly RpcRequest<Empty, ApprovalListResult> ApprovalList = new("approval/list");
    public static readonly RpcRequest<ApprovalContentParams, ApprovalContentResult> ApprovalContent = new("approval/content");
    public static readonly RpcRequest<ApprovalAnswerParams, Empty> ApprovalAnswer = new("approval/answer");
    public static readonly RpcRequest<Empty, ApprovalRulesResult> ApprovalRules = new("approval/rules");
    public static readonly RpcRequest<ApprovalDeleteRuleParams, ApprovalRulesResult> ApprovalDeleteRule = new("approval/deleteRule");
    public static readonly RpcNotification<ApprovalChangedParams> ApprovalChanged = new("approval/changed");

    // File changes of agents.
    public static readonly RpcRequest<EditListParams, EditListResult> EditList = new("edit/list");
    public static readonly RpcRequest<EditDecideParams, EditListResult> EditAccept = new("edit/accept");
    public static readonly RpcRequest<EditDecideParams, EditListResult> EditReject = new("edit/reject");

    /// <summary>Undoes the changes of a turn, commands included. Later changes by others are kept and reported.</summary>
    public static readonly RpcRequest<EditTurnParams, EditListResult> EditUndo = new("edit/undo");
    public static readonly RpcRequest<EditTurnParams, EditListResult> EditRedo = new("edit/redo");
    public static readonly RpcRequest<EditContentParams, EditContentResult> EditContent = new("edit/content");
    public static readonly RpcNotification<EditChangedParams> EditChanged = new("edit/changed");

    /// <summary>Checks everything that Plue requires, and returns advice for what fails.</summary>
    public static readonly RpcRequest<HealthCheckParams, HealthCheckResult> HealthCheck = new("health/check");

    // Servers of the Model Context Protocol.
    public static readonly RpcRequest<Empty, McpListResult> McpList = new("mcp/list");
    public static readonly RpcRequest<McpApproveParams, McpListResult> McpApprove = new("mcp/approve");
    public static readonly RpcRequest<McpNameParams, McpListResult> McpRevoke = new("mcp/revoke");
    public static readonly RpcRequest<McpNameParams, McpListResult> McpStart = new("mcp/start");
    public static readonly RpcRequest<McpNameParams, McpListResult> McpStop = new("mcp/stop");
    public static readonly RpcRequest<McpNameParams, McpSignInResult> McpSignIn = new("mcp/signIn");
    public static readonly RpcRequest<McpImportableParams, McpImportableResult> McpImportable = new("mcp/importable");
    public static readonly RpcRequest<McpImportParams, McpImportResult> McpImport = new("mcp/import");
    public static readonly RpcRequest<Empty, McpPromptsResult> McpPrompts = new("mcp/prompts");
    public static readonly RpcRequest<McpPromptParams, McpPromptResult> McpPrompt = new("mcp/prompt");
    public static readonly RpcNotification<Empty> McpChanged = new("mcp/changed");

    // Tools of VS Code and its extensions that agents may use.
    public static readonly RpcRequest<Empty, VsCodeToolListResult> VsCodeToolList = new("vsCodeTool/list");
    public static readonly RpcRequest<VsCodeToolSelectParams, VsCodeToolListResult> VsCodeToolSelect = new("vsCodeTool/select");

    // Skills.
    public static readonly RpcRequest<Empty, SkillListResult> SkillList = new("skill/list");
    public static readonly RpcRequest<SkillChooseParams, SkillListResult> SkillChoose = new("skill/choose");
    public static readonly RpcRequest<SkillCreateParams, SkillFilesResult> SkillCreate = new("skill/create");
    public static readonly RpcRequest<SkillImportParams, SkillFilesResult> SkillImport = new("skill/import");

    // Import from other programs on this machine.
    public static readonly RpcRequest<Empty, ProgramImportListResult> ProgramImportList = new("programImport/list");
    public static readonly RpcRequest<ProgramImportFindParams, ProgramImportFindResult> ProgramImportFind = new("programImport/find");

    /// <summary>Imports what the user chose. Keys need an unlocked vault.</summary>
    public static readonly RpcRequest<ProgramImportRunParams, ProgramImportRunResult> ProgramImportRun = new("programImport/run");

    /// <summary>Moves what an import created to the trash.</summary>
    public static readonly RpcRequest<ProgramImportUndoParams, ProgramImportUndoResult> ProgramImportUndo = new("programImport/undo");

    // Requests from the sidecar to the editor.
    public static readonly RpcRequest<HostLanguageModelsParams, HostLanguageModelsResult> HostLanguageModels = new("host/languageModels");

    /// <summary>Returns when the response is complete. Canceling the request stops it.</summary>
    public static readonly RpcRequest<HostLanguageModelParams, HostLanguageModelResult> HostLanguageModel = new("host/languageModel");

    public static readonly RpcRequest<HostReadDocumentParams, HostReadDocumentResult> HostReadDocument = new("host/readDocument");
    public static readonly RpcRequest<HostWriteDocumentParams, HostWriteDocumentResult> HostWriteDocument = new("host/writeDocument");
    public static readonly RpcRequest<HostProblemsParams, HostProblemsResult> HostProblems = new("host/problems");
    public static readonly RpcRequest<HostSymbolsParams, HostLocationsResult> HostSymbols = new("host/symbols");
    public static readonly RpcRequest<HostReferencesParams, HostLocationsResult> HostReferences = new("host/references");

    /// <summary>Returns the edits and applies none.</summary>
    public static readonly RpcRequest<HostRenameParams, HostRenameResult> HostRename = new("host/rename");

    /// <summary>Returns when the run has ended. VS Code asks the user before it starts.</summary>
    public static readonly RpcRequest<HostTestsParams, HostTestsResult> HostTests = new("host/tests");

    /// <summary>Returns when the cell has ended. Canceling the request stops it.</summary>
    public static readonly RpcRequest<HostRunCellParams, HostRunCellResult> HostRunCell = new("host/runCell");

    /// <summary>The language model tools of VS Code and its extensions.</summary>
    public static readonly RpcRequest<Empty, HostToolsResult> HostTools = new("host/tools");

    /// <summary>Returns when the tool has ended. VS Code may ask the user first.</summary>
    public static readonly RpcRequest<HostCallToolParams, HostCallToolResult> HostCallTool = new("host/callTool");

    /// <summary>Shows a notification of a hook.</summary>
    public static readonly RpcNotification<HostNotifyParams> HostNotify = new("host/notify");

    /// <summary>Sent by the editor before the result of <c>host/languageModel</c>.</summary>
    public static readonly RpcNotification<HostLanguageModelEventParams> HostLanguageModelEvent = new("host/languageModelEvent");
}
