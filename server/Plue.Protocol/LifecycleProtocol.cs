namespace Plue.Protocol;

/// <summary>An empty object; also what an absent <c>params</c> or a null result means.</summary>
public sealed record Nothing;

/// <summary>The part of LSP's parameters that Plue reads. Unknown members are ignored.</summary>
public sealed record InitializeParams
{
    /// <summary>The process whose death ends the sidecar.</summary>
    public int? ProcessId { get; init; }
    public ClientInfo? ClientInfo { get; init; }
    public PlueOptions? InitializationOptions { get; init; }
}

public sealed record ClientInfo(string Name, string? Version);

/// <param name="WorkspaceFolder">The first open folder as a path; null without one.</param>
/// <param name="Trusted">Whether the workspace is trusted. While it is not, nothing of the folder is read.</param>
public sealed record PlueOptions(string? WorkspaceFolder, bool Trusted);

public sealed record InitializeResult(ServerCapabilities Capabilities, ServerInfo ServerInfo);

public sealed record ServerCapabilities;

public sealed record ServerInfo(string Name, string Version);

public sealed record WorkspaceTrustParams(bool Trusted);

/// <summary>The <c>data</c> of an error reply: what the window needs to offer a way forward.</summary>
/// <param name="Kind">A FailureKind in camelCase; stable.</param>
public sealed record ErrorData(string Kind, double? RetryAfterMs);
