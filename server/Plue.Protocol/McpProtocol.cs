namespace Plue.Protocol;

public enum McpState { NotApproved, Stopped, Starting, Running, Failed, SignInNeeded }

public sealed record McpListResult(IReadOnlyList<McpServerView> Servers);

/// <summary>A server of the Model Context Protocol that a file declares.</summary>
public sealed record McpServerView
{
    public required string Name { get; init; }
    /// <summary>The file that declares it.</summary>
    public required string Source { get; init; }
    public required McpState State { get; init; }
    /// <summary>The whole command with its arguments, or the address. Values of the environment are not in it.</summary>
    public required string Command { get; init; }
    /// <summary>Names of the variables that it is given.</summary>
    public required IReadOnlyList<string> Environment { get; init; }
    public required string Fingerprint { get; init; }
    /// <summary>What is another than when it was approved, in sentences; null when nothing is.</summary>
    public IReadOnlyList<string>? Changes { get; init; }
    public required IReadOnlyList<McpToolView> Tools { get; init; }
    /// <summary>What its list of tools costs in each request, in tokens; an estimate.</summary>
    public long? Tokens { get; init; }
    /// <summary>Why it does not run, in one sentence.</summary>
    public string? Error { get; init; }
}

/// <param name="Name">As a template names it: <c>SERVER/TOOL</c>.</param>
public sealed record McpToolView(string Name, string Description, long Tokens);

/// <param name="Fingerprint">What the user saw.</param>
public sealed record McpApproveParams(string Name, string Fingerprint);

public sealed record McpNameParams(string Name);
