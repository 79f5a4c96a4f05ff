using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>A hook that runs a command, and the file that defines it.</summary>
internal sealed record CommandHook(string Name, HookTrigger Trigger, string Command)
{
    private const int MaxNameLength = 60;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(HookAction.RunCommand.DefaultSeconds);

    /// <summary>True if a failed command counts as a refusal.</summary>
    public bool BlocksOnFailure { get; init; }

    /// <summary>Gets patterns of the tools whose calls run the hook, with <c>*</c>; empty for all.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>Gets patterns of the files whose calls run the hook, relative to the workspace folder; empty for all calls.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Gets the percentage of the limit, for a budget threshold.</summary>
    public double At { get; init; }

    /// <summary>Gets the display path of the file that defines the hook.</summary>
    public required string Source { get; init; }

    /// <summary>True if the command needs the user's approval.</summary>
    public bool NeedsApproval { get; init; }

    /// <summary>Gets the event in Claude Code's settings, whose tool and argument names the hook uses; null for Plue's own format.</summary>
    public string? ClaudeEvent { get; init; }

    /// <summary>Gets the pattern of Claude Code's tool names; null for all.</summary>
    public Regex? ClaudeMatcher { get; init; }

    /// <summary>Gets the hash that is approved. A different command, event, matcher or file results in a different hash.</summary>
    public string Hash =>
        Convert.ToHexStringLower(
            SHA256.HashData(
                Encoding.UTF8.GetBytes(
                    string.Concat(
                        // With lengths, so that the boundaries between parts are unambiguous.
                        new[]
                        {
                            Command,
                            Event,
                            string.Join('\n', Tools),
                            string.Join('\n', Files),
                            ClaudeMatcher?.ToString() ?? "",
                            BlocksOnFailure ? "block" : "continue",
                            Source,
                        }.Select(part => $"{part.Length}:{part}")
                    )
                )
            )
        );

    /// <summary>Gets the event name as in the file.</summary>
    public string Event => ClaudeEvent ?? HookTriggers.NameOf(Trigger);

    /// <summary>Gets when the hook runs, for display: <c>PreToolUse (Bash)</c>.</summary>
    public string When =>
        (ClaudeMatcher is { } matcher ? [ClaudeHookFiles.Shown(matcher)] : (List<string>)[.. Tools, .. Files]) is { Count: > 0 } limits
            ? $"{Event} ({string.Join(", ", limits)})"
            : Event;

    /// <returns>Null if the hook has no command.</returns>
    public static CommandHook? From(AutomationHook hook, string source) =>
        hook.Action is not HookAction.RunCommand run
            ? null
            : new CommandHook(NameOf(hook.Name ?? run.Command), hook.Trigger, run.Command)
            {
                Source = source,
                Timeout = TimeSpan.FromSeconds(run.Seconds),
                BlocksOnFailure = run.BlocksOnFailure,
                Tools = hook.Tools,
                Files = hook.Files,
                At = hook.At,
                NeedsApproval = run.IsFromWorkspace,
            };

    /// <summary>Gets the beginning of a command, as the name of a hook without one.</summary>
    public static string NameOf(string command)
    {
        var line = HiddenCharacters.VisibleLine(command.Trim());
        return line.Length <= MaxNameLength ? line : line[..MaxNameLength] + "…";
    }

    internal bool Matches(HookEvent happened, WorkspaceFolders folders)
    {
        if (Trigger != happened.Trigger)
        {
            return false;
        }
        if (happened.Tool is not { } tool)
        {
            return true;
        }

        try
        {
            if (ClaudeMatcher is { } matcher && !ClaudeToolNames.Of(tool).Any(matcher.IsMatch))
            {
                return false;
            }
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }

        return (Tools.Count == 0 || Tools.Any(pattern => IsTool(pattern, tool)))
            && (Files.Count == 0 || FilesOf(happened, folders).Count > 0);
    }

    internal IReadOnlyList<string> FilesOf(HookEvent happened, WorkspaceFolders folders) =>
        Files.Count == 0 ? happened.Files : [.. happened.Files.Where(file => IsFile(file, folders))];

    private bool IsFile(string path, WorkspaceFolders folders) =>
        folders.FolderOf(path) is { } folder
        && Path.GetRelativePath(folder.Path, path).Replace('\\', '/') is var relative
        && Files.Any(pattern => PathPattern.TryParse(pattern, allowBraces: true)?.IsMatch(relative) == true);

    private static bool IsTool(string pattern, string tool) =>
        pattern == tool
        || pattern == "*"
        || (
            pattern.Contains('*', StringComparison.Ordinal)
            && PathPattern.TryParse("/" + pattern, allowBraces: false)?.IsMatch(tool) == true
        );
}
