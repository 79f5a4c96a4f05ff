namespace Plue.Server.Providers;

/// <summary>The MCP servers that an agent may use by itself.</summary>
/// <param name="Omitted">One sentence for each server that it does not get.</param>
public sealed record AgentServers(IReadOnlyList<AgentServer> Servers, IReadOnlyList<string> Omitted)
{
    public static readonly AgentServers None = new([], []);
}

/// <summary>A program that the agent starts, or an address that it connects to.</summary>
/// <param name="Values">Environment variables of a program, headers of an address. A value may name a secret of the vault.</param>
public sealed record AgentServer(string Name, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>Absolute; null for an address.</summary>
    public string? Command { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Null for a program.</summary>
    public Uri? Address { get; init; }

    public bool IsSame(AgentServer other) =>
        (Name, Command, Address) == (other.Name, other.Command, other.Address)
        && Arguments.SequenceEqual(other.Arguments)
        && Values
            .OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .SequenceEqual(other.Values.OrderBy(pair => pair.Key, StringComparer.Ordinal));
}
