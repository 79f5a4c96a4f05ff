using System.Net;
using System.Text.RegularExpressions;

namespace Plue.Server.Tools;

/// <summary>A tag or comment of an HTML page.</summary>
/// <param name="Name">In lower case; empty for comments and declarations.</param>
/// <param name="Attributes">As written.</param>
/// <param name="Start">The position of the <c>&lt;</c>.</param>
/// <param name="End">The position after the <c>&gt;</c>.</param>
internal readonly partial record struct HtmlTag(string Name, bool IsClosing, string Attributes, int Start, int End)
{
    private const int MaxAttributes = 8_192;

    /// <summary>Gets the next tag; null if there is none. A <c>&lt;</c> that does not start a tag is text.</summary>
    public static HtmlTag? Next(string html, int from)
    {
        for (var open = html.IndexOf('<', from); open >= 0; open = html.IndexOf('<', open + 1))
        {
            if (string.CompareOrdinal(html, open, "<!--", 0, 4) == 0)
            {
                return new HtmlTag("", false, "", open, After(html, "-->", open + 4));
            }

            var isClosing = open + 1 < html.Length && html[open + 1] == '/';
            var start = open + (isClosing ? 2 : 1);
            var end = start;
            while (end < html.Length && (char.IsAsciiLetterOrDigit(html[end]) || (html[end] == '-' && end > start)))
            {
                end++;
            }

            if (end > start || (start < html.Length && html[start] is '!' or '?'))
            {
                var over = EndOf(html, end);
                return new HtmlTag(
                    html[start..end].ToLowerInvariant(),
                    isClosing,
                    isClosing ? "" : html[end..Math.Min(over, end + MaxAttributes)],
                    open,
                    over
                );
            }
        }

        return null;
    }

    /// <summary>Gets the value of an attribute, up to 2,000 characters; empty if it has no value, null if it is missing.</summary>
    public string? Attribute(string name)
    {
        foreach (var match in AttributePattern().EnumerateMatches(Attributes))
        {
            var written = Attributes.AsSpan(match.Index, match.Length);
            var equals = written.IndexOf('=');
            if ((equals < 0 ? written : written[..equals]).Trim().Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return equals < 0 ? "" : WebUtility.HtmlDecode(written[(equals + 1)..].Trim().Trim("\"'").ToString());
            }
        }

        return null;
    }

    /// <summary>Gets the position after the element of this tag; the end of the page if it is not closed.</summary>
    public int EndOfElement(string html)
    {
        var depth = 1;
        for (var at = End; Next(html, at) is { } tag; at = tag.End)
        {
            depth +=
                tag.Name != Name ? 0
                : tag.IsClosing ? -1
                : 1;
            if (depth == 0)
            {
                return tag.End;
            }
        }

        return html.Length;
    }

    /// <summary>Gets the end of a tag. Quoted values can contain a &gt;, but an unclosed quote does not extend the tag over the rest of the page.</summary>
    private static int EndOf(string html, int from)
    {
        for (var at = from; at < html.Length && at < from + MaxAttributes; at++)
        {
            if (html[at] == '>')
            {
                return at + 1;
            }
            if (html[at] is '"' or '\'' && html[at - 1] is '=' or ' ')
            {
                var close = html.IndexOf(html[at], at + 1, Math.Min(html.Length - at - 1, MaxAttributes));
                if (close < 0)
                {
                    break;
                }
                at = close;
            }
        }

        return After(html, ">", from);
    }

    private static int After(string html, string mark, int from) =>
        html.IndexOf(mark, from, StringComparison.Ordinal) is >= 0 and var at ? at + mark.Length : html.Length;

    [GeneratedRegex("""[\w-]{1,100}(\s{0,20}=\s{0,20}("[^"]{0,2000}"|'[^']{0,2000}'|[^\s"'>]{1,2000}))?""", RegexOptions.ExplicitCapture)]
    private static partial Regex AttributePattern();
}
