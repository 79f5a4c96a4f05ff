namespace Plue.Server.Tools;

/// <summary>What the <c>.gitignore</c> of one folder says about what is in it.</summary>
internal sealed class IgnoreRules
{
    private const int MostRules = 5_000;
    private readonly List<(PathPattern Pattern, bool IsKept, bool FoldersOnly)> rules = [];

    public static IgnoreRules Of(string text)
    {
        var ignore = new IgnoreRules();
        foreach (var line in text.Split('\n').Take(MostRules)) { ignore.Add(line.TrimEnd('\r')); }

        return ignore;
    }

    /// <param name="path">From the folder of the file.</param>
    /// <returns>Null when it says nothing about it; the last rule that fits decides.</returns>
    public bool? Ignores(string path, bool isFolder)
    {
        for (var i = rules.Count - 1; i >= 0; i--)
        {
            if ((isFolder || !rules[i].FoldersOnly) && rules[i].Pattern.Fits(path)) { return !rules[i].IsKept; }
        }

        return null;
    }

    private void Add(string line)
    {
        // Spaces at the end count only behind a backslash.
        var pattern = line.TrimEnd(' ');
        if (pattern.EndsWith('\\') && pattern.Length < line.Length) { pattern += " "; }
        if (pattern.Length == 0 || pattern[0] == '#') { return; }

        var isKept = pattern[0] == '!';
        if (isKept) { pattern = pattern[1..]; }
        if (PathPattern.TryOf(pattern, withChoices: false) is { } known) { rules.Add((known, isKept, pattern.EndsWith('/'))); }
    }
}
