namespace Plue.Server.Platform;

/// <summary>The rules of one <c>.gitignore</c> file, as git interprets them.</summary>
internal sealed class IgnoreRules
{
    private const int MaxRules = 5_000;

    private readonly string start;
    private readonly List<(PathPattern Pattern, bool IsKept, bool FoldersOnly)> rules = [];

    /// <param name="folder">The folder of the file, relative to the workspace with <c>/</c>; empty for the workspace itself.</param>
    public IgnoreRules(string folder, string text)
    {
        start = folder.Length == 0 ? "" : folder + "/";
        foreach (var line in text.Split('\n').Take(MaxRules))
        {
            Add(line.TrimEnd('\r'));
        }
    }

    /// <param name="rules">The rules of the parent folders, from the workspace down: the nearest to the file takes precedence.</param>
    /// <param name="path">Relative to the workspace, with <c>/</c>.</param>
    public static bool IsIgnored(IReadOnlyList<IgnoreRules> rules, string path, bool isFolder)
    {
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            if (rules[i].IsIgnored(path, isFolder) is { } decided)
            {
                return decided;
            }
        }

        return false;
    }

    /// <returns>Null if no rule matches; the last matching rule decides.</returns>
    private bool? IsIgnored(string path, bool isFolder)
    {
        if (!path.StartsWith(start, StringComparison.Ordinal))
        {
            return null;
        }

        var inside = path[start.Length..];
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            if ((isFolder || !rules[i].FoldersOnly) && rules[i].Pattern.IsMatch(inside))
            {
                return !rules[i].IsKept;
            }
        }

        return null;
    }

    private void Add(string line)
    {
        // A trailing space counts only after a backslash.
        var pattern = line.TrimEnd(' ');
        if (pattern.EndsWith('\\') && pattern.Length < line.Length)
        {
            pattern += " ";
        }
        if (pattern.Length == 0 || pattern[0] == '#')
        {
            return;
        }

        var isKept = pattern[0] == '!';
        if (isKept)
        {
            pattern = pattern[1..];
        }
        if (PathPattern.TryParse(pattern, allowBraces: false) is { } known)
        {
            rules.Add((known, isKept, pattern.EndsWith('/')));
        }
    }
}
