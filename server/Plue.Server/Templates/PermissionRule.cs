using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>A syntax error in a rule, with its position.</summary>
public sealed record PermissionRuleError(string Message, int Start, int Length);

/// <summary>
/// A rule of <c>permissions</c>: <c>TOOL</c> or <c>TOOL(PATTERN)</c>.
/// <list type="bullet">
/// <item><c>TOOL</c> is a tool of Plue's, <c>SERVER/TOOL</c>, or <c>SERVER/*</c> for every tool of that server. Without a pattern it means every use.</item>
/// <item>For read, write, edit and search the pattern is a path: from the workspace, or from <c>/</c> or <c>~/</c>. <c>*</c> and <c>?</c> stay within
/// a name, <c>**</c> goes through folders: <c>write(docs/**)</c>, <c>read(**/*.env)</c>. It is held against the real path, links followed.</item>
/// <item>For bash it is one command, its words with a single space between them, and <c>*</c> is any text: <c>bash(npm test*)</c>. It is held against each
/// simple command that the shell would run, never against the line as a whole.</item>
/// <item>For spawn_task it is a template: <c>spawn_task(task-reviewer)</c>. Tools of servers take none.</item>
/// </list>
/// Letters count as they are written. Deny counts before ask, and ask before allow.
/// </summary>
public sealed record PermissionRule
{
    private const string AnyOfServer = "*";
    private const int MaxLength = 1000;
    private const int MaxStars = 16;

    private PermissionRule(string tool, string? pattern) => (Tool, Pattern) = (tool, pattern);

    public string Tool { get; }

    /// <summary>Null means every use of the tool.</summary>
    public string? Pattern { get; }

    /// <returns>Null when it is no rule; the error then says why.</returns>
    public static PermissionRule? TryParse(string text, out PermissionRuleError? error)
    {
        error = null;
        if (text.Length > MaxLength)
        {
            return Fail($"The rule is longer than {MaxLength} characters.", 0, text.Length, out error);
        }

        var open = text.IndexOf('(', StringComparison.Ordinal);
        var tool = open < 0 ? text : text[..open];
        if (tool.Length == 0 || tool.Any(char.IsWhiteSpace))
        {
            return Fail("A rule begins with a tool, as in `write(docs/**)`.", 0, Math.Max(1, tool.Length), out error);
        }

        if (open < 0 && tool.IndexOf(')', StringComparison.Ordinal) is >= 0 and var stray)
        {
            return Fail("This `)` has no `(` before it.", stray, 1, out error);
        }

        if (!IsTool(tool))
        {
            return Fail(ToolNames.Unknown(tool), 0, tool.Length, out error);
        }

        if (open < 0)
        {
            return new PermissionRule(tool, null);
        }

        var close = text.LastIndexOf(')');
        if (close < open)
        {
            return Fail("The `)` is missing at the end of the rule.", open, text.Length - open, out error);
        }

        if (close < text.Length - 1)
        {
            return Fail("The rule must end with `)`. Remove the text after it.", close + 1, text.Length - close - 1, out error);
        }

        var pattern = text[(open + 1)..close];
        return Wrong(tool, pattern) is var (message, at, length)
            ? Fail(message, open + 1 + at, length, out error)
            : new PermissionRule(tool, pattern);
    }

    /// <summary>Whether every use that the other one means is meant by this one too. False when that is not certain.</summary>
    public bool Covers(PermissionRule other)
    {
        var sameTool =
            Tool == other.Tool
            || (
                Tool.EndsWith($"{ToolNames.ServerSeparator}{AnyOfServer}", StringComparison.Ordinal)
                && other.Tool.StartsWith(Tool[..^1], StringComparison.Ordinal)
            );
        return sameTool
            && (
                Pattern is null
                || (
                    other.Pattern is not null
                    && (!IsPath || RootOf(Pattern) == RootOf(other.Pattern))
                    && GlobPattern.Parse(Pattern, IsPath).Covers(GlobPattern.Parse(other.Pattern, IsPath))
                )
            );
    }

    /// <summary>Whether it means this tool: by its name, or as one of its server's.</summary>
    public bool AppliesTo(string tool) =>
        Tool == tool
        || (
            Tool.EndsWith($"{ToolNames.ServerSeparator}{AnyOfServer}", StringComparison.Ordinal)
            && tool.StartsWith(Tool[..^1], StringComparison.Ordinal)
        );

    /// <summary>Whether its pattern means this command or template. True without a pattern.</summary>
    public bool Matches(string text) => Pattern is null || GlobPattern.Parse(Pattern, isPath: false).IsMatch(text);

    /// <summary>Whether its pattern means this file. True without a pattern.</summary>
    /// <param name="path">Absolute, links followed.</param>
    /// <param name="workspace">The same way.</param>
    /// <param name="ignoreCase">For a rule that holds back, where the disk does not tell the cases apart.</param>
    public bool MatchesPath(string path, string? workspace, string userHome, bool ignoreCase = false)
    {
        if (Pattern is null)
        {
            return true;
        }

        var (folder, pattern) = RootOf(Pattern) switch
        {
            "/" => ("/", Pattern),
            "~/" => (userHome, Pattern[2..]),
            _ => (workspace, Pattern),
        };
        if (folder is null || (folder != "/" && !RealPath.IsUnder(folder, path)))
        {
            return false;
        }

        var named = (folder == "/" ? path : Path.GetRelativePath(folder, path)).Replace('\\', '/');
        return ignoreCase
            ? GlobPattern.Parse(pattern.ToLowerInvariant(), isPath: true).IsMatch(named.ToLowerInvariant())
            : GlobPattern.Parse(pattern, isPath: true).IsMatch(named);
    }

    /// <summary>Whether its pattern leaves nothing out, or holds no folder or program fast: <c>write</c>, <c>write(**)</c>, <c>write(/**)</c>, <c>bash(*)</c>.</summary>
    public bool IsWide =>
        Pattern is null
        || (
            IsPath
                ? Pattern.StartsWith('*')
                    || Pattern.StartsWith('?')
                    || Pattern.StartsWith("/*", StringComparison.Ordinal)
                    || Pattern.StartsWith("~/*", StringComparison.Ordinal)
                : Pattern.StartsWith('*')
        );

    public override string ToString() => Pattern is null ? Tool : $"{Tool}({Pattern})";

    private bool IsPath => TakesPath(Tool);

    /// <summary>Where a path begins: <c>**</c> is everything in the workspace and nothing beside it.</summary>
    private static string RootOf(string path) =>
        path.StartsWith('/') ? "/"
        : path.StartsWith("~/", StringComparison.Ordinal) ? "~/"
        : "";

    private static bool TakesPath(string tool) =>
        tool is "read" or "write" or "edit" or "search" or "problems" or "symbols" or "references" or "rename";

    private static bool IsTool(string tool) =>
        ToolNames.IsValidName(tool)
        && (
            !tool.Contains('*', StringComparison.Ordinal)
            || (tool.EndsWith($"{ToolNames.ServerSeparator}{AnyOfServer}", StringComparison.Ordinal) && tool.Count(c => c == '*') == 1)
        );

    private static (string Message, int At, int Length)? Wrong(string tool, string pattern)
    {
        if (string.IsNullOrWhiteSpace(pattern))
        {
            return ("The pattern between `(` and `)` is missing. Remove both to match every use.", -1, pattern.Length + 2);
        }

        if (tool.Contains(ToolNames.ServerSeparator, StringComparison.Ordinal))
        {
            return ("Rules for MCP tools cannot have a pattern.", 0, pattern.Length);
        }

        if (pattern.Count(c => c == '*') > MaxStars)
        {
            return ($"The pattern has more than {MaxStars} stars.", 0, pattern.Length);
        }

        if (pattern.AsSpan().IndexOfAnyInRange('\0', '\u001F') is >= 0 and var control)
        {
            return ("A pattern must be one line without control characters.", control, 1);
        }

        if (char.IsWhiteSpace(pattern[0]) || char.IsWhiteSpace(pattern[^1]))
        {
            return ("The pattern must not begin or end with a space.", 0, pattern.Length);
        }

        if (tool == "spawn_task" && pattern.AsSpan().IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789-*") is >= 0 and var letter)
        {
            return ("The pattern of spawn_task must be the id of a template, such as `task-reviewer`.", letter, 1);
        }

        if (!TakesPath(tool))
        {
            return null;
        }

        if (pattern.IndexOf('\\', StringComparison.Ordinal) is >= 0 and var backslash)
        {
            return ("A path in a rule uses `/` as the separator on every platform.", backslash, 1);
        }

        var start = 0;
        foreach (var name in pattern.Split('/'))
        {
            if (name is "." or "..")
            {
                return ($"A path in a rule must not contain `{name}`.", start, name.Length);
            }

            if (name.Contains("**", StringComparison.Ordinal) && name != "**")
            {
                return ("`**` must be a whole path segment, as in `docs/**`.", start, name.Length);
            }

            start += name.Length + 1;
        }

        return null;
    }

    private static PermissionRule? Fail(string message, int start, int length, out PermissionRuleError error)
    {
        error = new PermissionRuleError(message, start, length);
        return null;
    }
}
