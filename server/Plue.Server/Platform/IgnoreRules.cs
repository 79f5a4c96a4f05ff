using System.Text;
using System.Text.RegularExpressions;

namespace Plue.Server.Platform;

/// <summary>The rules of one <c>.gitignore</c> file, as git reads them. The last rule that fits decides.</summary>
public sealed class IgnoreRules
{
    private const int MostRules = 2000;

    private readonly List<Rule> rules = [];

    /// <param name="folder">Where the file lies, from the workspace with <c>/</c>; empty for the workspace itself.</param>
    public IgnoreRules(string folder, string text)
    {
        Start = folder.Length == 0 ? "" : folder + "/";
        foreach (var line in text.Split('\n').Take(MostRules))
        {
            if (Rule.Of(line.TrimEnd('\r')) is { } rule) { rules.Add(rule); }
        }

        rules.Reverse();
    }

    private string Start { get; }

    /// <param name="path">From the workspace with <c>/</c>.</param>
    /// <returns>Null when no rule fits.</returns>
    public bool? IsIgnored(string path, bool isFolder)
    {
        if (!path.StartsWith(Start, StringComparison.Ordinal)) { return null; }

        var inside = path[Start.Length..];
        var name = inside[(inside.LastIndexOf('/') + 1)..];
        return rules.Find(rule => (isFolder || !rule.IsFolderOnly) && rule.Fits(inside, name)) is { } found ? !found.IsNegated : null;
    }

    private sealed record Rule(string? Literal, Regex? Pattern, bool IsNegated, bool IsFolderOnly, bool IsWholePath)
    {
        public bool Fits(string path, string name)
        {
            var subject = IsWholePath ? path : name;
            return Literal is not null ? subject == Literal : Pattern!.IsMatch(subject);
        }

        public static Rule? Of(string line)
        {
            // Spaces at the end count only when they are escaped.
            while (line.EndsWith(' ') && !line.EndsWith("\\ ", StringComparison.Ordinal)) { line = line[..^1]; }

            if (line.Length == 0 || line[0] == '#') { return null; }

            var isNegated = line[0] == '!';
            if (isNegated) { line = line[1..]; }

            var isFolderOnly = line.EndsWith('/');
            if (isFolderOnly) { line = line[..^1]; }

            if (line.Length == 0) { return null; }

            var isWholePath = line.Contains('/');
            line = line.TrimStart('/');
            if (line.AsSpan().IndexOfAny("*?[\\") < 0) { return new Rule(line, null, isNegated, isFolderOnly, isWholePath); }

            try { return new Rule(null, new Regex(Expression(line), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline), isNegated, isFolderOnly, isWholePath); }
            // A class such as [z-a] fits nothing in git either.
            catch (ArgumentException) { return null; }
        }

        private static string Expression(string pattern)
        {
            var text = new StringBuilder("^");
            for (var i = 0; i < pattern.Length; i++)
            {
                var rest = pattern.AsSpan(i);
                if ((i == 0 || pattern[i - 1] == '/') && rest.StartsWith("**/")) { text.Append("(?:.*/)?"); i += 2; }
                else if (i > 0 && pattern[i - 1] == '/' && rest is "**") { text.Append(".+"); i++; }
                else if (pattern[i] == '*')
                {
                    text.Append("[^/]*");
                    while (i + 1 < pattern.Length && pattern[i + 1] == '*') { i++; }
                }
                else if (pattern[i] == '?') { text.Append("[^/]"); }
                else if (pattern[i] == '[' && pattern.IndexOf(']', Math.Min(pattern.Length, i + (rest is ['[', '!' or '^', ..] ? 3 : 2))) is > 0 and var end)
                {
                    var inner = pattern[(i + 1)..end];
                    var not = inner[0] is '!' or '^';
                    text.Append(not ? "[^/" : "[").Append((not ? inner[1..] : inner).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("[", "\\[", StringComparison.Ordinal)).Append(']');
                    i = end;
                }
                else
                {
                    if (pattern[i] == '\\' && i + 1 < pattern.Length) { i++; }
                    text.Append(Regex.Escape(pattern[i].ToString()));
                }
            }

            return text.Append('$').ToString();
        }
    }
}
