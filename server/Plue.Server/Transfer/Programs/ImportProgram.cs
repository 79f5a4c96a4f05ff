namespace Plue.Server.Transfer.Programs;

/// <summary>What can be taken over from another program, in the order of the list.</summary>
public enum ImportKind
{
    Chats,
    Agents,
    Prompts,
    Instructions,
    Keys,

    /// <summary>Found by the importer of MCP servers.</summary>
    McpServers,

    /// <summary>Of the user's choice, never searched for.</summary>
    Skills,
}

/// <summary>A program whose data can be taken over.</summary>
/// <param name="Chats">The format of its chats; null if it has none that can be read.</param>
internal sealed record ImportProgram(string Id, string Name, SessionFormat? Chats)
{
    /// <summary>Key files of the workspace folders belong to no program.</summary>
    public const string Workspace = "workspace";

    public static readonly IReadOnlyList<ImportProgram> All =
    [
        new("claude-code", "Claude Code", SessionFormat.ClaudeCode),
        new("codex", "Codex CLI", SessionFormat.Codex),
        new("gemini-cli", "Gemini CLI", SessionFormat.GeminiCli),
        new("opencode", "opencode", SessionFormat.OpenCode),
        new("vscode", "VS Code chat", SessionFormat.VsCode),
        new("cline", "Cline", SessionFormat.Cline),
        new("roo-code", "Roo Code", SessionFormat.RooCode),
        new("kilo-code", "Kilo Code", SessionFormat.KiloCode),
        new("continue", "Continue", SessionFormat.Continue),
        new("cursor", "Cursor", null),
        new("zed", "Zed", null),
        new(Workspace, "Workspace", null),
    ];
}

/// <summary>Something that can be taken over.</summary>
/// <param name="Id">Identifies it within its program and kind, such as its path.</param>
/// <param name="Size">Bytes.</param>
internal sealed record ImportCandidate(ImportKind Kind, string Id, string Title, string Path, long Size, DateTimeOffset UpdatedAt)
{
    /// <summary>Such as where a key may be sent.</summary>
    public string? Detail { get; init; }

    /// <summary>The variables and headers of a server whose values are keys.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The address that it was imported as; null for a new one.</summary>
    public string? Address { get; init; }
}
