namespace Plue.Protocol;

public enum McpState
{
    NotApproved,
    Stopped,
    Starting,
    Running,
    Failed,
    SignInNeeded,
}

/// <param name="Problems">What of the files that declare servers cannot be followed, one sentence each.</param>
public sealed record McpListResult(IReadOnlyList<McpServerView> Servers, IReadOnlyList<string> Problems);

/// <summary>A server of the Model Context Protocol that a file declares.</summary>
public sealed record McpServerView
{
    public required string Name { get; init; }

    /// <summary>The file that declares it.</summary>
    public required string Source { get; init; }
    public required McpState State { get; init; }

    /// <summary>The whole command with its arguments, or the address. Values of the environment are not in it.</summary>
    public required string Command { get; init; }

    /// <summary>The arguments one by one, as they are passed.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>Which program the command is, absolute; null for an address, and where there is none.</summary>
    public string? Program { get; init; }

    /// <summary>Where it runs; null for an address.</summary>
    public string? Folder { get; init; }

    /// <summary>Names of the variables, or headers, that it is given.</summary>
    public required IReadOnlyList<string> Environment { get; init; }
    public required string Fingerprint { get; init; }

    /// <summary>Where a key of the vault has to be allowed to go, to reach this server.</summary>
    public string? SecretOrigin { get; init; }

    /// <summary>What is another than when it was approved, in sentences; null when nothing is.</summary>
    public IReadOnlyList<string>? Changes { get; init; }
    public required IReadOnlyList<McpToolView> Tools { get; init; }

    /// <summary>What its list of tools costs in each request, in tokens; an estimate.</summary>
    public long? Tokens { get; init; }

    /// <summary>What of its tools cannot be used, one sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Why it does not run, in one sentence.</summary>
    public string? Error { get; init; }
}

/// <param name="Name">As a template names it: <c>SERVER/TOOL</c>.</param>
public sealed record McpToolView(string Name, string Description, long Tokens);

/// <param name="Fingerprint">What the user saw.</param>
public sealed record McpApproveParams(string Name, string Fingerprint);

public sealed record McpNameParams(string Name);

/// <param name="Url">The URL for the browser; null if the server needs no sign-in. The result is reported by <c>mcp/changed</c>.</param>
public sealed record McpSignInResult(string? Url);
