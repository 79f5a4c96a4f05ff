using Plue.Server.Platform;

namespace Plue.Server.Transfer.Programs;

/// <summary>A folder or file with settings of a program.</summary>
/// <param name="Pattern">File names; null if <paramref name="Path"/> is the file.</param>
/// <param name="Folder">Its workspace folder; null for user settings.</param>
internal sealed record SettingPlace(ImportKind Kind, string Path, string? Pattern, WorkspaceFolder? Folder)
{
    public bool IsRecursive { get; init; }
}

/// <summary>The locations of agents, prompts and instructions of each program. In a workspace, only trusted folders are searched.</summary>
internal sealed class SettingPlaces(ProgramFolders folders, Func<WorkspaceFolders?> workspace)
{
    private const ImportKind Agents = ImportKind.Agents;
    private const ImportKind Prompts = ImportKind.Prompts;
    private const ImportKind Instructions = ImportKind.Instructions;

    public IEnumerable<SettingPlace> Of(string program) =>
        program switch
        {
            "claude-code" =>
            [
                .. User(Agents, folders.ClaudeCode, "*.md", "agents"),
                .. Trusted(Agents, "*.md", ".claude", "agents"),
                .. User(Prompts, folders.ClaudeCode, "*.md", "commands"),
                .. Trusted(Prompts, "*.md", ".claude", "commands"),
                .. User(Instructions, folders.ClaudeCode, null, "CLAUDE.md"),
            ],
            "codex" =>
            [
                .. User(Agents, folders.Codex, "*.toml", "agents"),
                .. Trusted(Agents, "*.toml", ".codex", "agents"),
                .. User(Prompts, folders.Codex, "*.md", "prompts"),
                .. User(Instructions, folders.Codex, null, "AGENTS.md"),
            ],
            "gemini-cli" =>
            [
                .. User(Prompts, folders.GeminiCli, "*.toml", "commands"),
                .. Trusted(Prompts, "*.toml", ".gemini", "commands"),
                .. User(Instructions, folders.GeminiCli, null, "GEMINI.md"),
            ],
            "opencode" =>
            [
                .. Named(["agent", "agents"], name => User(Agents, folders.OpenCodeConfig, "*.md", name)),
                .. Named(["agent", "agents"], name => Trusted(Agents, "*.md", ".opencode", name)),
                .. Named(["command", "commands"], name => User(Prompts, folders.OpenCodeConfig, "*.md", name)),
                .. Named(["command", "commands"], name => Trusted(Prompts, "*.md", ".opencode", name)),
                .. User(Instructions, folders.OpenCodeConfig, null, "AGENTS.md"),
            ],
            "vscode" =>
            [
                .. Named(["*.agent.md", "*.chatmode.md"], pattern => InEditors(Agents, pattern, "prompts")),
                .. Trusted(Agents, "*.agent.md", ".github", "agents"),
                .. Trusted(Agents, "*.chatmode.md", ".github", "chatmodes"),
                .. InEditors(Prompts, "*.prompt.md", "prompts"),
                .. Trusted(Prompts, "*.prompt.md", ".github", "prompts"),
                .. InEditors(Instructions, "*.instructions.md", "prompts"),
            ],
            "cline" =>
            [
                .. User(Prompts, folders.In("Documents", "Cline", "Workflows"), "*.md"),
                .. Trusted(Prompts, "*.md", ".clinerules", "workflows"),
                .. User(Instructions, folders.In("Documents", "Cline", "Rules"), "*.md"),
                .. Trusted(Instructions, "*.md", ".clinerules"),
                .. Trusted(Instructions, null, ".clinerules"),
            ],
            "roo-code" =>
            [
                .. InEditors(Agents, null, "globalStorage", "rooveterinaryinc.roo-cline", "settings", "custom_modes.yaml"),
                .. Trusted(Agents, null, ".roomodes"),
                .. User(Prompts, folders.In(".roo"), "*.md", "commands"),
                .. Trusted(Prompts, "*.md", ".roo", "commands"),
                .. User(Instructions, folders.In(".roo"), "*.md", "rules"),
                .. Trusted(Instructions, "*.md", ".roo", "rules"),
            ],
            "kilo-code" =>
            [
                .. InEditors(Agents, null, "globalStorage", "kilocode.kilo-code", "settings", "custom_modes.yaml"),
                .. Trusted(Agents, null, ".kilocodemodes"),
                .. User(Prompts, folders.In(".kilocode"), "*.md", "workflows"),
                .. Trusted(Prompts, "*.md", ".kilocode", "workflows"),
                .. User(Instructions, folders.In(".kilocode"), "*.md", "rules"),
                .. Trusted(Instructions, "*.md", ".kilocode", "rules"),
            ],
            "continue" =>
            [
                .. User(Prompts, folders.Continue, "*.md", "prompts"),
                .. Trusted(Prompts, "*.md", ".continue", "prompts"),
                .. User(Instructions, folders.Continue, "*.md", "rules"),
                .. Trusted(Instructions, "*.md", ".continue", "rules"),
            ],
            "cursor" =>
            [
                .. User(Prompts, folders.In(".cursor"), "*.md", "commands"),
                .. Trusted(Prompts, "*.md", ".cursor", "commands"),
                .. Trusted(Instructions, "*.mdc", ".cursor", "rules"),
                .. Trusted(Instructions, null, ".cursorrules"),
            ],
            _ => [],
        };

    private static IEnumerable<SettingPlace> Named(IEnumerable<string> names, Func<string, IEnumerable<SettingPlace>> places) =>
        names.SelectMany(places);

    private static IEnumerable<SettingPlace> User(ImportKind kind, string folder, string? pattern, params string[] names) =>
        [Place(kind, Path.Combine([folder, .. names]), pattern, null)];

    private IEnumerable<SettingPlace> InEditors(ImportKind kind, string? pattern, params string[] names) =>
        folders.Editors.Select(user => Place(kind, Path.Combine([user, .. names]), pattern, null));

    private IEnumerable<SettingPlace> Trusted(ImportKind kind, string? pattern, params string[] names) =>
        (workspace()?.All ?? []).Select(folder => Place(kind, Path.Combine([folder.Path, .. names]), pattern, folder));

    /// <summary>Creates a place. Prompts and agents may have subfolders; an instruction file in a subfolder may apply to one mode only.</summary>
    private static SettingPlace Place(ImportKind kind, string path, string? pattern, WorkspaceFolder? folder) =>
        new(kind, path, pattern, folder) { IsRecursive = kind is Prompts or Agents };
}
