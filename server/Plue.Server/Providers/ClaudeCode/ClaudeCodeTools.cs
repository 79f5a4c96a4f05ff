using System.Text.Json;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>The tools of a process. They are fixed when it starts.</summary>
/// <param name="Own">The CLI's own tools by their names. No others exist in the process.</param>
/// <param name="Ours">Plue's tools, which the CLI calls through <see cref="ClaudeCodeServer"/>.</param>
/// <param name="IsHosted">True if each call needs permission. Otherwise the tools only read, and only in the folder.</param>
internal sealed record ClaudeCodeTools(IReadOnlyList<string> Own, IReadOnlyList<ToolDeclaration> Ours, bool IsHosted)
{
    /// <summary>Tools of the CLI for the skills and agents of its own settings.</summary>
    public static readonly IReadOnlyList<string> OfSettings = ["Skill", "Task", "Agent"];

    /// <summary>The prefix of the name of a server and its tool.</summary>
    public const string ServerPrefix = "mcp__";
    public static readonly ClaudeCodeTools None = new([], [], false);
    private static readonly ClaudeCodeTools Reading = new(["Read", "Grep", "Glob"], [], false);

    /// <param name="folder">The trusted folder; null gives the process no tools of its own.</param>
    /// <param name="isKeyInside">True if a key of the vault is in its environment. It then runs no commands, because they inherit the environment (SEC-50).</param>
    public static ClaudeCodeTools Of(ProviderRequest request, string? folder, bool isKeyInside)
    {
        if (request.ToolHost is null)
        {
            return WithoutHost(folder);
        }

        var own = folder is null
            ? []
            : request.OwnTools.SelectMany(Names).Where(name => !(isKeyInside && name == "Bash")).Distinct(StringComparer.Ordinal);
        var ofSettings = request.UsesOwnSettings && folder is not null ? OfSettings : [];
        return new ClaudeCodeTools([.. own, .. ofSettings], request.Tools, true);
    }

    public static ClaudeCodeTools WithoutHost(string? folder) => folder is null ? None : Reading;

    public bool IsSame(ClaudeCodeTools other) =>
        IsHosted == other.IsHosted && Own.SequenceEqual(other.Own) && Ours.SequenceEqual(other.Ours);

    /// <summary>Gets the file or folder that a reading tool of the CLI would read.</summary>
    /// <param name="input">JSON.</param>
    /// <returns>Null if the path alone does not determine it: a name pattern can match outside of the folder, too.</returns>
    public static string? ReadPath(string tool, string input, string folder)
    {
        try
        {
            using var document = JsonDocument.Parse(input);
            var path = TextOf(document.RootElement, tool == "Read" ? "file_path" : "path") ?? (tool == "Read" ? null : folder);
            var pattern = tool == "Glob" ? TextOf(document.RootElement, "pattern") ?? "" : "";
            var leadsOut =
                path is null
                || path.StartsWith('~')
                || pattern.StartsWith('~')
                || Path.IsPathRooted(pattern)
                || pattern.Contains("..", StringComparison.Ordinal);
            return leadsOut ? null : Path.GetFullPath(path!, folder);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            return null;
        }
    }

    private static string? TextOf(JsonElement input, string name) => input.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string[] Names(string tool) =>
        tool switch
        {
            "read" => ["Read"],
            "search" => ["Grep", "Glob"],
            "write" => ["Write"],
            "edit" => ["Edit"],
            "bash" => ["Bash"],
            _ => [],
        };
}
