using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>A syntax error in a rule, with its position.</summary>
internal sealed record PermissionRuleError(string Message, int Start, int Length);

/// <summary>
/// A rule of <c>permissions</c>: <c>TOOL</c> or <c>TOOL(PATTERN)</c>. Deny rules precede ask rules, and ask rules precede allow rules. Case matters.
/// <list type="bullet">
/// <item><c>TOOL</c> is a built-in tool, <c>SERVER/TOOL</c>, or <c>SERVER/*</c> for all tools of a server. Without a pattern, it matches every use.</item>
/// <item>For read, write, edit and search, the pattern is a path, relative to the workspace or starting with <c>/</c> or <c>~/</c>. <c>*</c> and <c>?</c>
/// match within a name, <c>**</c> matches any folders: <c>write(docs/**)</c>, <c>read(**/*.env)</c>. It is compared with the path after links are
/// resolved.</item>
/// <item>For bash, the pattern is one command with words separated by single spaces, and <c>*</c> matches any text: <c>bash(npm test*)</c>. It is compared with
/// each simple command that the shell would run, never with the whole line.</item>
/// <item>For spawn_task, the pattern is a template: <c>spawn_task(task-reviewer)</c>. Server tools have no pattern.</item>
/// </list>
/// </summary>
internal sealed record PermissionRule
{
    private const string AnyOfServer = "*";
    private const int MaxLength = 1000;
    private const int MaxStars = 16;

    private PermissionRule(string tool, string? pattern) => (Tool, Pattern) = (tool, pattern);

    public string Tool { get; }

    /// <summary>Gets the pattern; null matches every use of the tool.</summary>
    public string? Pattern { get; }

    /// <returns>Null if the text is not a rule; the error has the reason.</returns>
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

    /// <summary>True if this rule matches every use that the other one matches. False if that is uncertain.</summary>
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

    /// <summary>True if the rule is for this tool or for all tools of its server.</summary>
    public bool AppliesTo(string tool) =>
        Tool == tool
        || (
            Tool.EndsWith($"{ToolNames.ServerSeparator}{AnyOfServer}", StringComparison.Ordinal)
            && tool.StartsWith(Tool[..^1], StringComparison.Ordinal)
        );

    /// <summary>True if the pattern matches this command or template. Always true without a pattern.</summary>
    public bool Matches(string text) => Pattern is null || GlobPattern.Parse(Pattern, isPath: false).IsMatch(text);

    /// <summary>True if the pattern matches this file. Always true without a pattern.</summary>
    /// <param name="path">The absolute path with links resolved.</param>
    /// <param name="workspace">The workspace folder with links resolved.</param>
    /// <param name="ignoreCase">True for a restriction on a disk that ignores case.</param>
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

    /// <summary>True if the pattern is not limited to a folder or program: <c>write</c>, <c>write(**)</c>, <c>write(/**)</c>, <c>bash(*)</c>.</summary>
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

    /// <summary>Gets the root of a path. <c>**</c> covers only the workspace.</summary>
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
