using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>
/// Reads hooks from the settings of Claude Code: those of the workspace folders and, if enabled, those of the user. Hook types other than <c>command</c> and
/// unknown events are ignored.
/// </summary>
internal static class ClaudeHookFiles
{
    private const int MaxBytes = 1024 * 1024;
    private const int MaxHooks = 200;
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly string[] Names = [".claude/settings.json", ".claude/settings.local.json", ".claude/hooks.json"];

    private static readonly JsonDocumentOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    private static readonly Dictionary<string, HookTrigger> Events = new(StringComparer.Ordinal)
    {
        ["SessionStart"] = HookTrigger.SessionStart,
        ["UserPromptSubmit"] = HookTrigger.UserMessage,
        ["PreToolUse"] = HookTrigger.BeforeTool,
        ["PostToolUse"] = HookTrigger.AfterTool,
        ["PermissionRequest"] = HookTrigger.ApprovalRequested,
        ["Stop"] = HookTrigger.TurnEnd,
        ["SubagentStop"] = HookTrigger.TaskEnd,
        ["PreCompact"] = HookTrigger.Compaction,
    };

    /// <param name="userFolder">The user's home folder; null to skip the user's hooks.</param>
    /// <param name="report">Called with a sentence for each file or matcher that cannot be used.</param>
    public static IReadOnlyList<CommandHook> Read(WorkspaceFolders folders, string? userFolder, Action<string> report)
    {
        List<CommandHook> hooks = [];
        if (userFolder is not null)
        {
            Add(hooks, Path.Combine(userFolder, Names[0]), "~/" + Names[0], report);
        }
        foreach (var folder in folders.All)
        {
            foreach (var name in Names)
            {
                var path = Path.Combine(folder.Path, name);
                // A link could lead to a file written by others.
                if (RegularFile.MayExist(path) && RealPath.ResolvesInto(path, folder.Path))
                {
                    Add(hooks, path, folders.Shown(folder, name), report);
                }
            }
        }

        return hooks.Count <= MaxHooks ? hooks : hooks.GetRange(0, MaxHooks);
    }

    private static void Add(List<CommandHook> hooks, string path, string source, Action<string> report)
    {
        try
        {
            if (RegularFile.Read(path, MaxBytes) is not { } content)
            {
                report($"The hooks in {source} do not run because the file is larger than {MaxBytes / (1024 * 1024)} MB.");
                return;
            }

            using var document = JsonDocument.Parse(content, Lenient);
            hooks.AddRange(Of(document.RootElement, source, report));
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        { /* Most folders have none. */
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            report($"The hooks in {source} do not run because the file cannot be read ({fault.Message.TrimEnd('.')}).");
        }
    }

    /// <returns>Empty if the file disables hooks.</returns>
    private static IEnumerable<CommandHook> Of(JsonElement root, string source, Action<string> report)
    {
        if (
            root.ValueKind != JsonValueKind.Object
            || (root.TryGetProperty("disableAllHooks", out var off) && off.ValueKind == JsonValueKind.True)
            || !root.TryGetProperty("hooks", out var events)
            || events.ValueKind != JsonValueKind.Object
        )
        {
            yield break;
        }

        foreach (var (name, trigger) in Events)
        {
            foreach (var group in Items(events, name))
            {
                Regex? matcher = null;
                if (Text(group, "matcher") is { Length: > 0 } pattern && pattern != "*" && HookTriggers.HasTool(trigger))
                {
                    matcher = Matcher(pattern);
                    if (matcher is null)
                    {
                        report(
                            $"A hook in {source} does not run because its matcher {pattern} is not a regular expression that can be used."
                        );
                        continue;
                    }
                }

                foreach (var hook in Items(group, "hooks"))
                {
                    if (Text(hook, "type") is null or "command" && Text(hook, "command") is { Length: > 0 } command)
                    {
                        yield return new CommandHook(CommandHook.NameOf(command), trigger, command)
                        {
                            Source = source,
                            ClaudeEvent = name,
                            ClaudeMatcher = matcher,
                            Timeout = TimeSpan.FromSeconds(Seconds(hook)),
                            BlocksOnFailure = Text(hook, "onFailure") == "block",
                            NeedsApproval = true,
                        };
                    }
                }
            }
        }
    }

    /// <summary>Parses a name, names separated by <c>|</c>, or a regular expression.</summary>
    private static Regex? Matcher(string pattern)
    {
        try
        {
            return new Regex(
                pattern.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '|') ? $"^(?:{pattern})$" : pattern,
                RegexOptions.CultureInvariant,
                MatchTimeout
            );
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static double Seconds(JsonElement hook) =>
        hook.TryGetProperty("timeout", out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
            ? Math.Clamp(seconds, 1, HookAction.RunCommand.MaxSeconds)
            : HookAction.RunCommand.DefaultSeconds;

    private static IEnumerable<JsonElement> Items(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.Object)
            : [];

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>Gets the pattern without the anchors that were added.</summary>
    internal static string Shown(Regex matcher) =>
        matcher.ToString() is ['^', '(', '?', ':', .. var inner, ')', '$'] ? inner : matcher.ToString();
}
