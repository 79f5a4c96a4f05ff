namespace Plue.Protocol;

/// <summary>An empty object; the same as absent <c>params</c> or a null result.</summary>
public sealed record Empty;

/// <summary>The part of LSP's parameters that Plue reads. Unknown members are ignored.</summary>
public sealed record InitializeParams
{
    /// <summary>The process whose exit ends the sidecar.</summary>
    public int? ProcessId { get; init; }
    public ClientInfo? ClientInfo { get; init; }
    public PlueOptions? InitializationOptions { get; init; }
    public ClientCapabilities? Capabilities { get; init; }
}

/// <summary>The capabilities of an editor that are used here.</summary>
public sealed record ClientCapabilities(TextDocumentClientCapabilities? TextDocument);

public sealed record TextDocumentClientCapabilities(TextDocumentSyncClientCapabilities? Synchronization);

/// <param name="DynamicRegistration">The client supports dynamic registration.</param>
public sealed record TextDocumentSyncClientCapabilities(bool? DynamicRegistration);

public sealed record ClientInfo(string Name, string? Version);

/// <param name="WorkspaceFolder">The first open folder as a path; null without one.</param>
/// <param name="Trusted">Whether the workspace is trusted. While it is not, nothing of the folder is read.</param>
public sealed record PlueOptions(string? WorkspaceFolder, bool Trusted)
{
    /// <summary>All open folders, in order; omitted for fewer than two.</summary>
    public IReadOnlyList<WorkspaceFolderView>? WorkspaceFolders { get; init; }

    /// <summary>
    /// True if running responses and tasks continue when the connection ends, and if a sidecar that continues for the same folders is used. See
    /// <c>workspace/keepRunning</c>.
    /// </summary>
    public bool? KeepsRunning { get; init; }
}

/// <param name="KeepsRunning">False before a restart: running work ends with the connection.</param>
public sealed record KeepRunningParams(bool KeepsRunning);

/// <param name="Name">As the editor shows it, unique in the workspace and without slashes: paths begin with it.</param>
/// <param name="Path">Absolute.</param>
public sealed record WorkspaceFolderView(string Name, string Path);

/// <param name="Folders">All open folders, in order.</param>
public sealed record WorkspaceFoldersParams(IReadOnlyList<WorkspaceFolderView> Folders);

public sealed record InitializeResult(ServerCapabilities Capabilities, ServerInfo ServerInfo);

/// <summary>The features of the sidecar for files. An editor that supports registrations receives the rest in <c>client/registerCapability</c>, with the folders that count.</summary>
public sealed record ServerCapabilities
{
    public string PositionEncoding { get; init; } = "utf-16";
    public TextSyncOptions? TextDocumentSync { get; init; }
    public CompletionOptions? CompletionProvider { get; init; }
    public bool? HoverProvider { get; init; }
    public DocumentLinkOptions? DocumentLinkProvider { get; init; }
    public bool? DefinitionProvider { get; init; }
    public bool? ReferencesProvider { get; init; }
    public RenameOptions? RenameProvider { get; init; }
    public bool? DocumentSymbolProvider { get; init; }
    public bool? DocumentFormattingProvider { get; init; }
    public CodeActionOptions? CodeActionProvider { get; init; }
}

/// <param name="Change">2: only changes, not the whole text.</param>
public sealed record TextSyncOptions(bool OpenClose, int Change, bool Save);

public sealed record CompletionOptions(IReadOnlyList<string> TriggerCharacters);

public sealed record DocumentLinkOptions(bool ResolveProvider);

public sealed record RenameOptions(bool PrepareProvider);

public sealed record CodeActionOptions(IReadOnlyList<string> CodeActionKinds);

public sealed record ServerInfo(string Name, string Version);

public sealed record WorkspaceTrustParams(bool Trusted);

/// <summary>The <c>data</c> of an error reply, from which the window derives actions.</summary>
/// <param name="Kind">A FailureKind in camelCase; stable.</param>
public sealed record ErrorData(string Kind, double? RetryAfterMs);
