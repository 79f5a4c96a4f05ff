namespace Plue.Protocol;

/// <summary>A request: the caller waits for <typeparamref name="TResult"/>.</summary>
public sealed record RpcRequest<TParams, TResult>(string Name);

/// <summary>A notification: nobody answers.</summary>
public sealed record RpcNotification<TParams>(string Name);

/// <summary>
/// The codes of error replies. A typed failure (the kinds of <c>ErrorData.Kind</c>) has its own stable code, counted down from
/// <see cref="FirstFailure"/> in the order of the server's FailureKind; new kinds go to the end.
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
    public const int FirstFailure = -33000;
}

/// <summary>The whole surface on one screen. The TypeScript side is rendered from this class: see STYLE.md, "The protocol, written once".</summary>
public static class Methods
{
    // Lifecycle, as the Language Server Protocol has it.
    public static readonly RpcRequest<InitializeParams, InitializeResult> Initialize = new("initialize");
    public static readonly RpcNotification<Nothing> Initialized = new("initialized");
    public static readonly RpcRequest<Nothing, Nothing> Shutdown = new("shutdown");
    public static readonly RpcNotification<Nothing> Exit = new("exit");
    /// <summary>Workspace trust was granted while the window is open.</summary>
    public static readonly RpcNotification<WorkspaceTrustParams> WorkspaceTrust = new("workspace/trust");

    // Documents.
    public static readonly RpcRequest<CodexListParams, CodexListResult> CodexList = new("codex/list");
    /// <summary>A whole chat as it stands, with the message still being written and the last event number: a view folds on from there.</summary>
    public static readonly RpcRequest<CodexGetParams, CodexGetResult> CodexGet = new("codex/get");
    public static readonly RpcRequest<CodexCreateParams, CodexSummary> CodexCreate = new("codex/create");
    public static readonly RpcRequest<CodexUpdateParams, CodexSummary> CodexUpdate = new("codex/update");
    public static readonly RpcRequest<CodexDeleteParams, Nothing> CodexDelete = new("codex/delete");
    /// <summary>A row of the tree changed or went away.</summary>
    public static readonly RpcNotification<CodexChangedParams> CodexChanged = new("codex/changed");

    // Chat.
    /// <summary>Stores the message, starts a turn and returns; the rest arrives as message/event.</summary>
    public static readonly RpcRequest<MessageSendParams, MessageSendResult> MessageSend = new("message/send");
    /// <summary>Stops the turn under way. Succeeds when there is none.</summary>
    public static readonly RpcRequest<MessageStopParams, Nothing> MessageStop = new("message/stop");
    /// <summary>Answers a stored message again, or goes on with one that was interrupted.</summary>
    public static readonly RpcRequest<MessageRetryParams, MessageSendResult> MessageRetry = new("message/retry");
    /// <summary>Hides an interrupted or failed answer. The trail keeps it.</summary>
    public static readonly RpcRequest<MessageDiscardParams, Nothing> MessageDiscard = new("message/discard");
    public static readonly RpcNotification<MessageEventParams> MessageEvent = new("message/event");

    // Providers.
    public static readonly RpcRequest<Nothing, ProviderListResult> ProviderList = new("provider/list");
    /// <summary>Looks at this machine: the claude CLI, a local Ollama, keys in the environment. The first found becomes the default.</summary>
    public static readonly RpcRequest<Nothing, ProviderDiscoverResult> ProviderDiscover = new("provider/discover");
    public static readonly RpcRequest<ProviderConfigureParams, ProviderSummary> ProviderConfigure = new("provider/configure");
    public static readonly RpcRequest<ProviderIdParams, Nothing> ProviderDelete = new("provider/delete");
    public static readonly RpcRequest<ProviderIdParams, ProviderSummary> ProviderTest = new("provider/test");
    public static readonly RpcRequest<ProviderIdParams, ProviderModelsResult> ProviderModels = new("provider/models");
    public static readonly RpcRequest<Nothing, ClaudeCodeCheckResult> ProviderCheckClaudeCode = new("provider/checkClaudeCode");

    // Vault. No result has a field that a secret would fit in.
    public static readonly RpcRequest<Nothing, VaultStatusResult> VaultStatus = new("vault/status");
    /// <summary>Makes the vault with its first way of unlocking. Refused where a vault file exists.</summary>
    public static readonly RpcRequest<VaultWayParams, VaultStatusResult> VaultCreate = new("vault/create");
    public static readonly RpcRequest<VaultWayParams, VaultStatusResult> VaultUnlock = new("vault/unlock");
    /// <summary>Adds a way of unlocking to an unlocked vault.</summary>
    public static readonly RpcRequest<VaultWayParams, VaultStatusResult> VaultAddWay = new("vault/addWay");
    public static readonly RpcRequest<Nothing, VaultStatusResult> VaultLock = new("vault/lock");
    public static readonly RpcRequest<VaultStoreParams, VaultEntrySummary> VaultStore = new("vault/store");
    public static readonly RpcRequest<Nothing, VaultListResult> VaultList = new("vault/list");
    public static readonly RpcRequest<VaultDeleteParams, Nothing> VaultDelete = new("vault/delete");
}
