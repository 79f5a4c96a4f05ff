using System.Net;
using System.Text;
using System.Text.RegularExpressions;

namespace Plue.Server.Tools;

/// <summary>The text of an HTML page without tags. For models only, never rendered, so that unknown tags are harmless.</summary>
internal static partial class HtmlText
{
    private static readonly string[] HiddenElements = ["script", "style", "noscript", "template", "svg", "head"];
    private static readonly string[] BlockElements =
    [
        "p",
        "div",
        "br",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "section",
        "article",
        "header",
        "footer",
        "nav",
        "main",
        "aside",
        "pre",
        "blockquote",
        "hr",
        "dt",
        "dd",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "title",
    ];

    public static string Of(string html)
    {
        var text = new StringBuilder(html.Length / 2);
        if (Title().Match(html) is { Success: true } title)
        {
            text.Append(title.Groups["title"].Value.Trim()).Append("\n\n");
        }

        for (var at = 0; at < html.Length; )
        {
            var open = html.IndexOf('<', at);
            if (open < 0)
            {
                text.Append(html, at, html.Length - at);
                break;
            }

            text.Append(html, at, open - at);
            at = Tag(html, open, text);
        }

        var plain = WebUtility.HtmlDecode(text.ToString()).ReplaceLineEndings("\n");
        return EmptyLines()
            .Replace(
                Spaces().Replace(plain, " ").Replace("\n ", "\n", StringComparison.Ordinal).Replace(" \n", "\n", StringComparison.Ordinal),
                "\n\n"
            )
            .Trim();
    }

    /// <returns>Where the text continues.</returns>
    private static int Tag(string html, int open, StringBuilder text)
    {
        if (string.CompareOrdinal(html, open, "<!--", 0, 4) == 0)
        {
            return html.IndexOf("-->", open, StringComparison.Ordinal) is >= 0 and var over ? over + 3 : html.Length;
        }

        var isEnd = open + 1 < html.Length && html[open + 1] == '/';
        var start = open + (isEnd ? 2 : 1);
        var length = 0;
        while (start + length < html.Length && char.IsAsciiLetterOrDigit(html[start + length]))
        {
            length++;
        }

        if (length == 0 && !(start < html.Length && html[start] is '!' or '?'))
        {
            text.Append('<');
            return open + 1;
        }

        var name = html.Substring(start, length).ToLowerInvariant();
        var end = html.IndexOf('>', start + length) is >= 0 and var close ? close + 1 : html.Length;
        if (BlockElements.Contains(name))
        {
            text.Append(
                name == "li" && !isEnd ? "\n- "
                : name[0] == 'h' && name.Length == 2 && char.IsDigit(name[1]) && !isEnd ? $"\n\n{new string('#', name[1] - '0')} "
                : "\n"
            );
        }
        if (isEnd || !HiddenElements.Contains(name))
        {
            return end;
        }

        var last = html.IndexOf($"</{name}", end, StringComparison.OrdinalIgnoreCase);
        return last < 0 ? html.Length
            : html.IndexOf('>', last) is >= 0 and var lastClose ? lastClose + 1
            : html.Length;
    }

    // Bounded, so that a page of unfinished titles takes no longer than its length.
    [GeneratedRegex(@"<title[^>]{0,500}>(?<title>[^<]{0,2000})</title", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Title();

    [GeneratedRegex(@"[ \t\u00A0]+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"\n{3,}")]
    private static partial Regex EmptyLines();
}
