using Plue.Server.Json5;

namespace Plue.Server.Tools.Mcp.Import;

/// <summary>A server declared in a file of another program, converted to a declaration of Plue. <see cref="Item"/> does not contain its keys.</summary>
/// <param name="Name">The name in Plue.</param>
/// <param name="Key">The path of keys in the file.</param>
internal sealed record McpFoundServer(string Name, string Key)
{
    /// <summary>Gets the command with its arguments, or the address.</summary>
    public required string Command { get; init; }

    /// <summary>Gets the declaration for <c>mcp.json5</c>. Keys are references to the vault.</summary>
    public required Json5Object Item { get; init; }

    /// <summary>Gets the keys that <see cref="Item"/> refers to.</summary>
    public IReadOnlyList<McpFoundKey> Keys { get; init; } = [];

    /// <summary>Gets why the server cannot be imported, in one sentence; null if it can.</summary>
    public string? Problem { get; init; }

    /// <summary>True if Plue already has a server with the same declaration.</summary>
    public bool IsPresent { get; init; }
}

/// <param name="Field">The variable or header.</param>
/// <param name="Reference"><c>vault://owner/name</c>.</param>
/// <param name="Value">Null if the file does not contain it because the program asks for it.</param>
internal sealed record McpFoundKey(string Field, string Reference, string? Value)
{
    /// <summary>Omits the key, so that it cannot be logged.</summary>
    public override string ToString() => $"{Field}: {Reference}";
}

/// <summary>A file of another program that declares servers.</summary>
/// <param name="Program">The name of the program.</param>
/// <param name="Problem">Why the file could not be read, in one sentence; null if it could.</param>
internal sealed record McpFoundFile(string Program, string Path, IReadOnlyList<McpFoundServer> Servers, string? Problem);
