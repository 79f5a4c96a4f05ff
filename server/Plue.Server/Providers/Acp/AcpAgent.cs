using Plue.Server.Platform;

namespace Plue.Server.Providers.Acp;

/// <summary>An agent that is known to speak ACP.</summary>
/// <param name="Id">As a provider with its name gets it, which then takes its place.</param>
/// <param name="Programs">The names of its program, the preferred first.</param>
/// <param name="SignIn">The command line that signs in.</param>
/// <param name="Folders">Below the user's folder, where it keeps its settings, sign-in and sessions.</param>
internal sealed record AcpAgent(
    string Id,
    string Name,
    IReadOnlyList<string> Programs,
    IReadOnlyList<string> Arguments,
    string SignIn,
    IReadOnlyList<string> Folders
)
{
    /// <summary>Environment variables of this process that it receives.</summary>
    public IReadOnlyList<string> Variables { get; init; } = [];

    /// <summary>Whether it may read and write files through Plue. Gemini CLI cannot create files if it may.</summary>
    public bool UsesFiles { get; init; } = true;

    public static readonly IReadOnlyList<AcpAgent> All =
    [
        new("codex-cli", "Codex CLI", ["codex-acp"], [], "codex login", [".codex"])
        {
            Variables = ["CODEX_HOME", "OPENAI_API_KEY", "CODEX_API_KEY"],
        },
        new("gemini-cli", "Gemini CLI", ["gemini"], ["--acp"], "gemini", [".gemini"])
        {
            Variables = ["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GEMINI_BASE_URL", "GOOGLE_CLOUD_PROJECT"],
            UsesFiles = false,
        },
        new(
            "github-copilot-cli",
            "GitHub Copilot CLI",
            ["copilot"],
            ["--acp", "--no-auto-update"],
            "copilot login",
            [".copilot", ".config/github-copilot"]
        )
        {
            Variables = ["COPILOT_HOME", "GH_TOKEN", "GITHUB_TOKEN"],
        },
        new(
            "opencode",
            "opencode",
            ["opencode"],
            ["acp"],
            "opencode auth login",
            [".config/opencode", ".local/share/opencode", ".local/state/opencode", ".cache/opencode"]
        )
        {
            Variables = ["OPENCODE_CONFIG"],
        },
        new("goose", "Goose", ["goose"], ["acp"], "goose configure", [".config/goose", ".local/share/goose", ".local/state/goose"]),
        new("claude-code-acp", "Claude Code (ACP)", ["claude-agent-acp", "claude-code-acp"], [], "claude auth login", [".claude"])
        {
            Variables = ["CLAUDE_CONFIG_DIR", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN"],
        },
        new("qwen-code", "Qwen Code", ["qwen"], ["--acp"], "qwen", [".qwen"])
        {
            Variables = ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL"],
        },
    ];

    /// <returns>Null for a program that is not known.</returns>
    public static AcpAgent? Of(string? command) =>
        Path.GetFileNameWithoutExtension(command) is { Length: > 0 } name
            ? All.FirstOrDefault(agent => agent.Programs.Contains(name, StringComparer.OrdinalIgnoreCase))
            : null;

    /// <summary>The known agents whose program is in one of these folders. None is started.</summary>
    /// <param name="isExcluded">Folders that may not bring a program.</param>
    public static IReadOnlyList<ProviderSettings> Find(IEnumerable<string> folders, Func<string, bool> isExcluded)
    {
        var places = folders
            .Where(Path.IsPathFullyQualified)
            .Where(folder => !isExcluded(folder))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        string[] endings = OperatingSystem.IsWindows() ? [".exe", ".cmd"] : [""];
        List<ProviderSettings> found = [];
        foreach (var agent in All)
        {
            var path = agent
                .Programs.SelectMany(name => places.SelectMany(place => endings.Select(ending => Path.Combine(place, name + ending))))
                .FirstOrDefault(File.Exists);
            if (path is not null)
            {
                found.Add(
                    new ProviderSettings
                    {
                        Id = agent.Id,
                        Name = agent.Name,
                        Kind = ProviderKinds.Acp,
                        Source = ProviderSource.Found,
                        Command = path,
                        Arguments = agent.Arguments,
                    }
                );
            }
        }

        return found;
    }

    /// <summary>Where programs are installed: the folders of PATH and the usual ones of the user.</summary>
    public static IEnumerable<string> ProgramFolders(string? searchPath) =>
        (searchPath ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Concat(
                new[] { ".local/bin", ".npm-global/bin", ".opencode/bin", ".bun/bin" }.Select(name =>
                    Path.Combine(PluePaths.UserFolder, name)
                )
            );
}
