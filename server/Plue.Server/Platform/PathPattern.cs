using System.Text;
using System.Text.RegularExpressions;

namespace Plue.Server.Platform;

/// <summary>
/// A path pattern as in <c>.gitignore</c>: <c>*</c>, <c>?</c>, <c>[a-z]</c>, <c>**</c>, and optionally <c>{a,b}</c>. Without a <c>/</c> it matches at any
/// depth.
/// </summary>
internal sealed class PathPattern
{
    private const int MaxLength = 1_000;
    private readonly bool isBound;
    private readonly string literal;
    private readonly Regex? regex;

    private PathPattern(string literal, bool isBound, Regex? regex) => (this.literal, this.isBound, this.regex) = (literal, isBound, regex);

    /// <param name="pattern">A pattern with <c>/</c> as separator; a leading one anchors it at the base.</param>
    /// <param name="allowBraces">True if <c>{a,b}</c> matches either.</param>
    /// <returns>Null if the pattern is invalid or too long.</returns>
    public static PathPattern? TryParse(string pattern, bool allowBraces)
    {
        if (pattern.Length is 0 or > MaxLength)
        {
            return null;
        }

        var (isBound, inner) = (pattern.TrimEnd('/').Contains('/', StringComparison.Ordinal), pattern.Trim('/'));
        // Most patterns are plain names, which are quick to compare.
        if (inner.AsSpan().IndexOfAny("*?[\\{") < 0)
        {
            return new PathPattern(inner, isBound, null);
        }

        var text = new StringBuilder("^");
        if (!Append(text, inner, allowBraces))
        {
            return null;
        }

        try
        {
            return new PathPattern(
                inner,
                isBound,
                new Regex(
                    text.Append('$').ToString(),
                    RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline
                )
            );
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    /// <param name="path">Relative to the base of the pattern, with <c>/</c>.</param>
    public bool IsMatch(string path)
    {
        var subject = isBound ? path : path.AsSpan(path.LastIndexOf('/') + 1);
        return regex?.IsMatch(subject) ?? subject.SequenceEqual(literal);
    }

    private static bool Append(StringBuilder text, string pattern, bool allowBraces)
    {
        var depth = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            var isFirst = i == 0 || pattern[i - 1] == '/';
            if (isFirst && rest.StartsWith("**/"))
            {
                text.Append("(?:.*/)?");
                i += 2;
            }
            else if (isFirst && rest.SequenceEqual("**"))
            {
                text.Append(".*");
                i++;
            }
            else if (rest[0] == '*')
            {
                text.Append("[^/]*");
                while (i + 1 < pattern.Length && pattern[i + 1] == '*')
                {
                    i++;
                }
            }
            else if (rest[0] == '?')
            {
                text.Append("[^/]");
            }
            else if (rest[0] == '[')
            {
                if (Class(rest) is not { } found)
                {
                    return false;
                }

                text.Append(found.Text);
                i += found.Length - 1;
            }
            else if (rest[0] == '\\')
            {
                if (++i == pattern.Length)
                {
                    return false;
                }
                text.Append(Regex.Escape(pattern[i].ToString()));
            }
            else if (allowBraces && rest[0] == '{')
            {
                text.Append("(?:");
                depth++;
            }
            else if (depth > 0 && rest[0] == ',')
            {
                text.Append('|');
            }
            else if (depth > 0 && rest[0] == '}')
            {
                text.Append(')');
                depth--;
            }
            else
            {
                text.Append(Regex.Escape(rest[0].ToString()));
            }
        }

        return depth == 0;
    }

    private static (string Text, int Length)? Class(ReadOnlySpan<char> pattern)
    {
        var at = 1;
        var text = new StringBuilder("(?!/)[");
        if (at < pattern.Length && pattern[at] is '!' or '^')
        {
            text.Append('^');
            at++;
        }

        for (var first = at; at < pattern.Length; at++)
        {
            if (pattern[at] == ']' && at > first)
            {
                return (
                    text.Append(']')
                        .ToString()
                        .Replace("(?!/)[^", "[^/", StringComparison.Ordinal)
                        .Replace("(?!/)", "", StringComparison.Ordinal),
                    at + 1
                );
            }
            if (pattern[at] == '[' && at + 1 < pattern.Length && pattern[at + 1] == ':')
            {
                return null;
            }

            var one = pattern[at] == '\\' && at + 1 < pattern.Length ? pattern[++at] : pattern[at];
            text.Append(
                one == '-' && pattern[at - 1] != '\\' ? "-"
                : one is '\\' or ']' or '[' or '^' or '-' ? $"\\{one}"
                : one.ToString()
            );
        }

        return null;
    }
}
