using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>A hook that runs a command, and the file that it comes from.</summary>
public sealed record CommandHook(string Name, HookTrigger Trigger, string Command)
{
    private const int MaxNameLength = 60;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(HookAction.RunCommand.DefaultSeconds);

    /// <summary>A failed command counts as a refusal.</summary>
    public bool BlocksOnFailure { get; init; }

    /// <summary>Tools whose calls run it, with <c>*</c>; empty for all.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>Patterns of the files whose calls run it, from the workspace folder; empty for all calls.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>For a budget threshold: percent of the limit.</summary>
    public double At { get; init; }

    /// <summary>The file that it comes from, for the user.</summary>
    public required string Source { get; init; }

    /// <summary>Its command runs only after the user approved it.</summary>
    public bool NeedsApproval { get; init; }

    /// <summary>The event in Claude Code's settings, whose names of tools and arguments it gets; null for Plue's own form.</summary>
    public string? ClaudeEvent { get; init; }

    /// <summary>Of Claude Code's settings: matches the names of its tools; null for all.</summary>
    public Regex? ClaudeMatcher { get; init; }

    /// <summary>What is approved: another command, event or matcher, or another file, is another hook.</summary>
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

    /// <summary>As its file writes it.</summary>
    public string Event => ClaudeEvent ?? HookTriggers.NameOf(Trigger);

    /// <summary>What it runs for, for the user: <c>PreToolUse (Bash)</c>.</summary>
    public string When =>
        (ClaudeMatcher is { } matcher ? [ClaudeHookFiles.Shown(matcher)] : (List<string>)[.. Tools, .. Files]) is { Count: > 0 } limits
            ? $"{Event} ({string.Join(", ", limits)})"
            : Event;

    /// <returns>Null for a hook without a command.</returns>
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

    /// <summary>The beginning of a command, for a hook without a name.</summary>
    public static string NameOf(string command)
    {
        var line = HiddenCharacters.VisibleLine(command.Trim());
        return line.Length <= MaxNameLength ? line : line[..MaxNameLength] + "…";
    }

    /// <summary>True if it runs for the event.</summary>
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

    /// <summary>The files of the event that the patterns match.</summary>
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
