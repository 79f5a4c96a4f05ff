namespace Plue.Server.Transfer;

/// <summary>The data folders of other programs on this machine. Only these folders are searched.</summary>
/// <param name="environment">Gets an environment variable.</param>
internal sealed class ProgramFolders(Func<string, string?> environment, string userHome)
{
    private static readonly string[] EditorNames = ["Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf"];
    private static readonly string[] ServerNames = [".vscode-server", ".vscode-server-insiders", ".vscodium-server", ".cursor-server"];

    public string Home => userHome;
    public string ClaudeCode => Of("CLAUDE_CONFIG_DIR", ".claude");
    public string Codex => Of("CODEX_HOME", ".codex");
    public string GeminiCli => In(".gemini");
    public string OpenCodeData => Path.Combine(Of("XDG_DATA_HOME", ".local", "share"), "opencode");
    public string OpenCodeConfig => Path.Combine(Of("XDG_CONFIG_HOME", ".config"), "opencode");
    public string Continue => Of("CONTINUE_GLOBAL_DIR", ".continue");

    /// <summary>The existing user folders of VS Code and its forks.</summary>
    public IReadOnlyList<string> Editors =>
        [
            .. EditorNames
                .Select(name => Path.Combine(EditorRoot, name, "User"))
                .Concat(ServerNames.Select(name => In(name, "data", "User")))
                .Where(Directory.Exists),
        ];

    /// <summary>Gets the existing folders with sessions of a program.</summary>
    public IReadOnlyList<string> Sessions(SessionFormat format) =>
        [
            .. (
                format switch
                {
                    SessionFormat.ClaudeCode => [Path.Combine(ClaudeCode, "projects")],
                    SessionFormat.Codex => [Path.Combine(Codex, "sessions"), Path.Combine(Codex, "archived_sessions")],
                    SessionFormat.GeminiCli => [Path.Combine(GeminiCli, "tmp")],
                    SessionFormat.OpenCode => [OpenCodeData],
                    SessionFormat.Continue => [Path.Combine(Continue, "sessions")],
                    SessionFormat.VsCode => VsCodeChats(),
                    SessionFormat.Cline => Tasks("saoudrizwan.claude-dev"),
                    SessionFormat.RooCode => Tasks("rooveterinaryinc.roo-cline"),
                    SessionFormat.KiloCode => Tasks("kilocode.kilo-code"),
                    _ => Array.Empty<string>(),
                }
            ).Where(Directory.Exists),
        ];

    public string In(params ReadOnlySpan<string> names) => Path.Combine([userHome, .. names]);

    private string EditorRoot =>
        OperatingSystem.IsWindows() ? Of("APPDATA", "AppData", "Roaming")
        : OperatingSystem.IsMacOS() ? In("Library", "Application Support")
        : Of("XDG_CONFIG_HOME", ".config");

    private string Of(string variable, params ReadOnlySpan<string> names) =>
        environment(variable) is { Length: > 0 } given && Path.IsPathFullyQualified(given) ? given : In(names);

    private IEnumerable<string> Tasks(string extension) => Editors.Select(user => Path.Combine(user, "globalStorage", extension, "tasks"));

    private IEnumerable<string> VsCodeChats()
    {
        foreach (var user in Editors)
        {
            yield return Path.Combine(user, "globalStorage", "emptyWindowChatSessions");
            var workspaces = new DirectoryInfo(Path.Combine(user, "workspaceStorage"));
            if (workspaces.Exists)
            {
                foreach (var workspace in workspaces.EnumerateDirectories("*", SessionFiles.Listing).Take(SessionFiles.MaxFiles))
                {
                    yield return Path.Combine(workspace.FullName, "chatSessions");
                }
            }
        }
    }
}
