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

    private const string Program = "Claude Code";
    private static readonly string[] Unavailable = ["run_in_background", "dangerouslyDisableSandbox"];
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

    /// <summary>Translates a call of one of the CLI's own tools.</summary>
    /// <param name="input">JSON.</param>
    public static ProgramCall CallOf(string name, string input)
    {
        try
        {
            using var document = JsonDocument.Parse(input);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return CallOf(name, input, document.RootElement);
            }
        }
        catch (JsonException)
        {
            // Reported below.
        }

        return new ProgramCall.Invalid(name, input, "The input is not a JSON object.") { Program = Program };
    }

    private static ProgramCall CallOf(string name, string input, JsonElement parameters)
    {
        var (path, content, command) = (TextOf(parameters, "file_path"), TextOf(parameters, "content"), TextOf(parameters, "command"));
        var (before, after) = (TextOf(parameters, "old_string"), TextOf(parameters, "new_string"));
        return name switch
        {
            "Read" => new ProgramCall.Read(name, input, ReadTarget(name, parameters)) { Program = Program },
            "Grep" or "Glob" => new ProgramCall.Search(name, input, ReadTarget(name, parameters), name == "Grep") { Program = Program },
            "Write" when path is not null && content is not null => new ProgramCall.Write(name, input, path, content) { Program = Program },
            "Write" => Missing(path is null ? "file_path" : "content"),
            "Edit" when path is not null && before is not null && after is not null => new ProgramCall.Edit(
                name,
                input,
                path,
                before,
                after,
                All: parameters.TryGetProperty("replace_all", out var all) && all.ValueKind == JsonValueKind.True
            )
            {
                Program = Program,
            },
            "Edit" => Missing(
                path is null ? "file_path"
                : before is null ? "old_string"
                : "new_string"
            ),
            "Bash" when Unavailable.FirstOrDefault(IsSet) is { } option => Invalid($"Omit {option}: it is not available here."),
            "Bash" when command is not null => new ProgramCall.Command(name, input, command) { Program = Program },
            "Bash" => Missing("command"),
            _ when OfSettings.Contains(name) => new ProgramCall.OfSettings(name, input) { Program = Program },
            _ when name.StartsWith(ServerPrefix, StringComparison.Ordinal)
                    && name[ServerPrefix.Length..].Split("__", 2) is [{ Length: > 0 } server, { Length: > 0 } tool] =>
                new ProgramCall.ServerTool(name, input, server, tool) { Program = Program },
            _ => Invalid($"There is no tool {name} here. Use only the tools you were given."),
        };

        bool IsSet(string option) => parameters.TryGetProperty(option, out var value) && value.ValueKind != JsonValueKind.False;
        ProgramCall Missing(string parameter) => Invalid($"The parameter {parameter} is missing.");
        ProgramCall Invalid(string reason) => new ProgramCall.Invalid(name, input, reason) { Program = Program };
    }

    /// <summary>Gets the file or folder that a reading tool of the CLI would read.</summary>
    /// <param name="input">JSON.</param>
    /// <returns>Null if the path alone does not determine it: a name pattern can match outside of the folder, too.</returns>
    public static string? ReadPath(string tool, string input, string folder) =>
        CallOf(tool, input) is ProgramCall.Read { Path: { } path } ? Path.GetFullPath(path, folder) : null;

    /// <summary>Gets the path of a reading tool as in the input.</summary>
    private static string? ReadTarget(string tool, JsonElement input)
    {
        var path = Field(tool == "Read" ? "file_path" : "path", tool == "Read" ? "" : ".");
        var pattern = tool == "Glob" ? Field("pattern", ".") : ".";
        var leadsOut =
            path is null or ""
            || pattern is null
            || path.Contains('\0')
            || path.StartsWith('~')
            || pattern.StartsWith('~')
            || Path.IsPathRooted(pattern)
            || pattern.Contains("..", StringComparison.Ordinal);
        return leadsOut ? null : path;

        // Null if it is not text.
        string? Field(string name, string other) => input.TryGetProperty(name, out _) ? TextOf(input, name) : other;
    }

    private static string? TextOf(JsonElement input, string name) =>
        input.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

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
