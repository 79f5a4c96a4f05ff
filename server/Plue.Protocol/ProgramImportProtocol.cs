using System.Text.Json.Serialization;

namespace Plue.Protocol;

// What other programs on this machine have, and its import.

[JsonConverter(typeof(CamelCaseEnumConverter<ProgramImportKind>))]
public enum ProgramImportKind
{
    Chats,
    Agents,
    Prompts,
    Instructions,
    Keys,
    McpServers,
    Skills,
}

/// <param name="LastRun">The last import that was not undone.</param>
public sealed record ProgramImportListResult(IReadOnlyList<ImportableProgramView> Programs, ProgramImportRunView? LastRun);

/// <param name="Id">Such as <c>claude-code</c>.</param>
public sealed record ImportableProgramView(string Id, string Name);

/// <param name="Count">The number of items that it created.</param>
/// <param name="HasKeys">True if it stored keys, so that the vault has to be unlocked to undo it.</param>
public sealed record ProgramImportRunView(string Id, DateTimeOffset At, int Count, bool HasKeys);

/// <param name="UserFolder">The folder of the user settings of this VS Code; null to look only where they usually are.</param>
public sealed record ProgramImportFindParams(string Program, string? UserFolder = null);

/// <param name="Groups">Only kinds with items.</param>
public sealed record ProgramImportFindResult(IReadOnlyList<ProgramImportGroupView> Groups);

/// <param name="IsTruncated">True if there are more than are listed.</param>
public sealed record ProgramImportGroupView(ProgramImportKind Kind, IReadOnlyList<ProgramImportItemView> Items, bool IsTruncated);

/// <param name="Id">Identifies it within its program and kind.</param>
/// <param name="Path">Its file.</param>
/// <param name="Size">Bytes; 0 if it has no size of its own.</param>
public sealed record ProgramImportItemView(string Id, string Title, string Path, long Size, DateTimeOffset UpdatedAt)
{
    /// <summary>For a key, the only address to which it may be sent; for an MCP server, its command or address.</summary>
    public string? Detail { get; init; }

    /// <summary>The variables and headers of an MCP server whose values would be stored in the vault.</summary>
    public IReadOnlyList<string>? Keys { get; init; }

    /// <summary>The address that it was imported as; null for a new one.</summary>
    public string? Address { get; init; }
}

/// <param name="RunId">Chosen by the client. Everything that is imported with one ID is undone together.</param>
public sealed record ProgramImportRunParams(string RunId, string Program, ProgramImportKind Kind, IReadOnlyList<string> Ids)
{
    /// <summary>True stores the keys of MCP servers in the vault; otherwise the user stores them later.</summary>
    public bool? StoreKeys { get; init; }

    /// <summary>The folder of the user settings of this VS Code, where its MCP servers are.</summary>
    public string? UserFolder { get; init; }
}

/// <param name="Failed">Items that were not imported; the path is the ID of the item.</param>
public sealed record ProgramImportRunResult(IReadOnlyList<ProgramImportedView> Imported, IReadOnlyList<ImportFailureView> Failed);

/// <param name="Address">Of a document or chat, the reference of a key, the name of a server, or the path of a file.</param>
/// <param name="Notes">What was omitted, one sentence each.</param>
public sealed record ProgramImportedView(string Id, string Address, IReadOnlyList<string> Notes);

public sealed record ProgramImportUndoParams(string RunId);

/// <param name="Removed">The number of items that were moved to the trash.</param>
/// <param name="Kept">Changes that could not be undone, one sentence each.</param>
public sealed record ProgramImportUndoResult(int Removed, IReadOnlyList<string> Kept);
