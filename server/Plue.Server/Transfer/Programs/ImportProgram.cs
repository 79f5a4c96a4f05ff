namespace Plue.Server.Transfer.Programs;

/// <summary>The kinds of data to import from another program, in display order.</summary>
internal enum ImportKind
{
    Chats,
    Agents,
    Prompts,
    Instructions,
    Keys,

    /// <summary>Found by the importer of MCP servers.</summary>
    McpServers,

    /// <summary>Selected by the user, never searched for.</summary>
    Skills,
}

/// <summary>A program to import data from.</summary>
/// <param name="Chats">The format of its chats; null if Plue cannot read them.</param>
internal sealed record ImportProgram(string Id, string Name, SessionFormat? Chats)
{
    /// <summary>The pseudo program for key files in workspace folders.</summary>
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

/// <summary>An item to import.</summary>
/// <param name="Id">Unique within its program and kind, such as a path.</param>
/// <param name="Size">The size in bytes.</param>
internal sealed record ImportCandidate(ImportKind Kind, string Id, string Title, string Path, long Size, DateTimeOffset UpdatedAt)
{
    /// <summary>Additional information, such as the allowed origins of a key.</summary>
    public string? Detail { get; init; }

    /// <summary>The variables and headers of a server with secret values.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The address from an earlier import; null if it was not imported.</summary>
    public string? Address { get; init; }
}
