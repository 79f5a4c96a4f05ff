using Plue.Server.Json5;

namespace Plue.Server.Tools.Mcp.Import;

/// <summary>A server in a file of another program, as it would be declared in Plue. Its keys are not in <see cref="Item"/>.</summary>
/// <param name="Name">Its name in Plue.</param>
/// <param name="Key">Its place in the file: the keys that lead to it.</param>
public sealed record McpFoundServer(string Name, string Key)
{
    /// <summary>The command with its arguments, or the address.</summary>
    public required string Command { get; init; }

    /// <summary>The declaration for <c>mcp.json5</c>. Each key is a reference to the vault.</summary>
    public required Json5Object Item { get; init; }

    /// <summary>The keys that <see cref="Item"/> refers to.</summary>
    public IReadOnlyList<McpFoundKey> Keys { get; init; } = [];

    /// <summary>Why it cannot be imported, in one sentence.</summary>
    public string? Problem { get; init; }

    /// <summary>Plue has a server with the same declaration.</summary>
    public bool IsPresent { get; init; }
}

/// <param name="Field">The variable or header.</param>
/// <param name="Reference"><c>vault://owner/name</c>.</param>
/// <param name="Value">Null where the file does not have it, because the program asks for it.</param>
public sealed record McpFoundKey(string Field, string Reference, string? Value)
{
    /// <summary>Does not print the key.</summary>
    public override string ToString() => $"{Field}: {Reference}";
}

/// <summary>A file of another program that declares servers.</summary>
/// <param name="Program">The name of the program.</param>
/// <param name="Problem">Why it could not be read, in one sentence.</param>
public sealed record McpFoundFile(string Program, string Path, IReadOnlyList<McpFoundServer> Servers, string? Problem);
