using System.Globalization;
using System.Text;

namespace Plue.Server.Transfer.Programs;

/// <summary>Reads the strings before the first table of a TOML file, which agents and commands in TOML consist of. The rest of TOML is ignored.</summary>
internal static class TomlStrings
{
    private const int MaxKeys = 100;

    public static IReadOnlyDictionary<string, string> Read(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var at = 0; at < text.Length && values.Count < MaxKeys; )
        {
            var end = text.IndexOf('\n', at) is var next and >= 0 ? next : text.Length;
            var line = text[at..end].Trim();
            if (line.StartsWith('['))
            {
                break;
            }

            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || line[0] == '#')
            {
                at = end + 1;
                continue;
            }

            var start = text.IndexOf('=', at) + 1;
            while (start < end && text[start] is ' ' or '\t')
            {
                start++;
            }

            var (value, after) = Value(text, start, end);
            if (value is not null)
            {
                values[line[..equals].Trim().Trim('"')] = value;
            }
            at = (text.IndexOf('\n', Math.Min(after, text.Length)) is var following and >= 0 ? following : text.Length) + 1;
        }

        return values;
    }

    /// <returns>Null if the value is not a string, and the end of the value.</returns>
    private static (string? Value, int After) Value(string text, int start, int lineEnd)
    {
        foreach (var (mark, isLiteral) in (ReadOnlySpan<(string, bool)>)[("\"\"\"", false), ("'''", true), ("\"", false), ("'", true)])
        {
            if (string.CompareOrdinal(text, start, mark, 0, mark.Length) != 0)
            {
                continue;
            }

            var first = start + mark.Length;
            var limit = mark.Length == 3 ? text.Length : lineEnd;
            for (var at = first; at + mark.Length <= limit; at++)
            {
                if (!isLiteral && text[at] == '\\')
                {
                    at++;
                }
                else if (string.CompareOrdinal(text, at, mark, 0, mark.Length) == 0)
                {
                    var inner = text[first..at];
                    inner = mark.Length == 3 && inner.StartsWith('\n') ? inner[1..] : inner;
                    return (isLiteral ? inner : Unescaped(inner), at + mark.Length);
                }
            }

            return (null, limit);
        }

        return (null, lineEnd);
    }

    private static string Unescaped(string text)
    {
        var output = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\\' || at + 1 == text.Length)
            {
                output.Append(text[at]);
                continue;
            }

            var digits = text[++at] switch
            {
                'u' => 4,
                'U' => 8,
                _ => 0,
            };
            if (
                digits > 0
                && at + digits < text.Length
                && int.TryParse(text.AsSpan(at + 1, digits), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code)
                && Rune.IsValid(code)
            )
            {
                output.Append(new Rune(code).ToString());
                at += digits;
                continue;
            }

            if (text[at] == '\n')
            {
                while (at + 1 < text.Length && char.IsWhiteSpace(text[at + 1]))
                {
                    at++;
                }
                continue;
            }

            output.Append(
                text[at] switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    var other => other,
                }
            );
        }

        return output.ToString();
    }
}
