using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp.Import;

/// <summary>The format of a program's server list.</summary>
internal enum McpFileFormat
{
    VsCode,
    Claude,
    Cursor,
    Zed,
    CodexCli,
}

/// <summary>A file in which a program stores its servers.</summary>
/// <param name="Folder">The workspace folder of the file; null for a user file.</param>
internal sealed record McpProgramFile(string Program, string Path, McpFileFormat Format, string? Folder)
{
    /// <summary>Lists the known files, whether they exist or not.</summary>
    /// <param name="editorFolder">The folder of VS Code's user settings; null to check only the usual locations.</param>
    public static IReadOnlyList<McpProgramFile> All(
        string home,
        WorkspaceFolders? trustedFolders,
        IReadOnlyDictionary<string, string> environment,
        string? editorFolder
    )
    {
        string? Absolute(string name) =>
            environment.TryGetValue(name, out var folder) && System.IO.Path.IsPathFullyQualified(folder) ? folder : null;
        var settings =
            OperatingSystem.IsWindows() ? Absolute("APPDATA") ?? In(home, "AppData", "Roaming")
            : OperatingSystem.IsMacOS() ? In(home, "Library", "Application Support")
            : Absolute("XDG_CONFIG_HOME") ?? In(home, ".config");
        var zed =
            OperatingSystem.IsWindows() ? In(settings, "Zed")
            : OperatingSystem.IsMacOS() ? In(home, ".config", "zed")
            : In(settings, "zed");
        IEnumerable<string> editors = new[] { "Code", "Code - Insiders", "VSCodium" }.Select(name => In(settings, name, "User"));
        return
        [
            .. editors
                .Prepend(editorFolder)
                .OfType<string>()
                .Distinct(StringComparer.Ordinal)
                .Select(folder => new McpProgramFile("VS Code", In(folder, "mcp.json"), McpFileFormat.VsCode, null)),
            new("Claude Code", In(Absolute("CLAUDE_CONFIG_DIR") ?? home, ".claude.json"), McpFileFormat.Claude, null),
            new("Claude Desktop", In(settings, "Claude", "claude_desktop_config.json"), McpFileFormat.Claude, null),
            new("Cursor", In(home, ".cursor", "mcp.json"), McpFileFormat.Cursor, null),
            new("Zed", In(zed, "settings.json"), McpFileFormat.Zed, null),
            new("Codex CLI", In(Absolute("CODEX_HOME") ?? In(home, ".codex"), "config.toml"), McpFileFormat.CodexCli, null),
            // Plue reads .mcp.json of a trusted folder itself.
            .. (trustedFolders?.Paths ?? []).SelectMany(folder =>
                new McpProgramFile[]
                {
                    new("VS Code", In(folder, ".vscode", "mcp.json"), McpFileFormat.VsCode, folder),
                    new("Cursor", In(folder, ".cursor", "mcp.json"), McpFileFormat.Cursor, folder),
                    new("Zed", In(folder, ".zed", "settings.json"), McpFileFormat.Zed, folder),
                    new("Codex CLI", In(folder, ".codex", "config.toml"), McpFileFormat.CodexCli, folder),
                }
            ),
        ];
    }

    private static string In(params string[] parts) => System.IO.Path.Combine(parts);
}
