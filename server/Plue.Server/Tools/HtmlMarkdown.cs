using System.Globalization;
using System.Net;
using System.Text;

namespace Plue.Server.Tools;

/// <summary>Converts the main content of an HTML page to Markdown. The result is only for models and never rendered, so unknown tags are harmless.</summary>
internal sealed class HtmlMarkdown
{
    /// <summary>The minimum length of an element to be used as the main content.</summary>
    private const int MinCharacters = 200;
    private const int MaxListDepth = 20;

    private static readonly HashSet<string> HiddenElements =
    [
        "script",
        "style",
        "noscript",
        "template",
        "title",
        "svg",
        "head",
        "iframe",
        "object",
        "canvas",
        "button",
        "select",
        "textarea",
        "dialog",
    ];

    /// <summary>Elements around the content of a page, such as navigation.</summary>
    private static readonly HashSet<string> Surroundings = ["nav", "footer", "aside"];

    /// <summary>Elements that browsers hide if they have the corresponding attribute, except those without a required closing tag.</summary>
    private static readonly HashSet<string> Hideable = ["a", "div", "span", "section", "i", "ul", "ol", "table"];
    private static readonly HashSet<string> Lines = ["div", "br", "li", "tr", "dt", "dd", "option", "figcaption", "summary"];
    private static readonly HashSet<string> Paragraphs =
    [
        "p",
        "ul",
        "ol",
        "dl",
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
        "form",
        "figure",
        "details",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ];

    private readonly Uri page;
    private readonly bool isWithSurroundings;
    private readonly StringBuilder text = new();

    /// <summary>The number of the next item of each open list; zero for bullets.</summary>
    private readonly List<int> lists = [];
    private (int Start, string Target)? link;

    /// <summary>The position after a bullet. A paragraph there does not start a new line.</summary>
    private int bulletEnd;
    private bool isPreformatted;
    private int cells;
    private bool isInCell;
    private bool isHeadWritten;

    private HtmlMarkdown(Uri page, bool isWithSurroundings) => (this.page, this.isWithSurroundings) = (page, isWithSurroundings);

    /// <summary>Gets the title and main content: the element <c>main</c>, the longest <c>article</c>, or the page without navigation.</summary>
    /// <param name="page">The address that relative links are resolved against.</param>
    public static string Of(string html, Uri page)
    {
        var (title, contents) = Contents(html);
        foreach (var (start, end) in contents)
        {
            var content = Write(html, start, end, page, isWithSurroundings: false);
            if (content.Length >= MinCharacters)
            {
                return Titled(title, content);
            }
        }

        var rest = Write(html, 0, html.Length, page, isWithSurroundings: false);
        return Titled(title, rest.Length >= MinCharacters ? rest : Write(html, 0, html.Length, page, isWithSurroundings: true));
    }

    private static string Titled(string title, string content) =>
        title.Length == 0 || content.StartsWith($"# {title}\n", StringComparison.Ordinal) ? content : $"{title}\n\n{content}";

    private static string Write(string html, int start, int end, Uri page, bool isWithSurroundings)
    {
        var writer = new HtmlMarkdown(page, isWithSurroundings);
        writer.Write(html, start, end);
        return writer.text.ToString().Trim('\n', ' ');
    }

    /// <returns>The title, and the candidates for the main content, in order of preference.</returns>
    private static (string Title, IReadOnlyList<(int Start, int End)> Contents) Contents(string html)
    {
        var title = "";
        (int Start, int End)? main = null;
        (int Start, int End) article = default;
        for (var at = 0; HtmlTag.Next(html, at) is { } tag; at = tag.End)
        {
            if (tag.IsClosing)
            {
                continue;
            }
            if (tag.Name == "title" && title.Length == 0)
            {
                var end = html.IndexOf('<', tag.End);
                title = Collapsed(html[tag.End..(end < 0 ? html.Length : end)]).Trim();
            }
            else if (tag.Name is not "head" && HiddenElements.Contains(tag.Name))
            {
                tag = tag with { End = EndOfHidden(html, tag) };
            }
            else if (main is null && (tag.Name == "main" || (tag.Name is "div" or "section" && tag.Attribute("role") == "main")))
            {
                main = (tag.End, tag.EndOfElement(html));
            }
            else if (tag.Name == "article")
            {
                var end = tag.EndOfElement(html);
                article = end - tag.End > article.End - article.Start ? (tag.End, end) : article;
                tag = tag with { End = end };
            }
        }

        List<(int Start, int End)> contents = [];
        contents.AddRange(main is { } found ? [found] : []);
        contents.AddRange(article.End > 0 ? [article] : []);
        return (title, contents);
    }

    private void Write(string html, int start, int end)
    {
        var at = start;
        while (at < end && HtmlTag.Next(html, at) is { } tag && tag.Start < end)
        {
            AppendText(html[at..tag.Start]);
            at = IsOmitted(tag) ? EndOfOmitted(html, tag) : tag.End;
            if (at == tag.End)
            {
                Append(tag);
            }
        }

        AppendText(html[Math.Min(at, end)..end]);
    }

    private bool IsOmitted(HtmlTag tag) =>
        !tag.IsClosing
        && (
            HiddenElements.Contains(tag.Name)
            || (!isWithSurroundings && (Surroundings.Contains(tag.Name) || tag.Attribute("role") is "navigation"))
            || (Hideable.Contains(tag.Name) && (tag.Attribute("aria-hidden") == "true" || tag.Attribute("hidden") is not null))
        );

    private static int EndOfOmitted(string html, HtmlTag tag) =>
        HiddenElements.Contains(tag.Name) ? EndOfHidden(html, tag) : tag.EndOfElement(html);

    /// <summary>Gets the end of a hidden element. Apparent tags in a script are not parsed.</summary>
    private static int EndOfHidden(string html, HtmlTag tag)
    {
        var close = html.IndexOf($"</{tag.Name}", tag.End, StringComparison.OrdinalIgnoreCase);
        return close < 0 ? html.Length
            : html.IndexOf('>', close) is >= 0 and var end ? end + 1
            : html.Length;
    }

    private void Append(HtmlTag tag)
    {
        if (isInCell && tag.Name is not ("td" or "th" or "tr" or "table" or "a" or "code"))
        {
            AppendText(" ");
            return;
        }

        var isOpening = !tag.IsClosing;
        if (tag.Name is "table" or "tr" or "td" or "th")
        {
            AppendTable(tag);
        }
        if (Paragraphs.Contains(tag.Name))
        {
            Break(lists.Count > 0 && tag.Name is "ul" or "ol" or "p" ? 1 : 2);
        }
        else if (Lines.Contains(tag.Name))
        {
            Break(1);
        }

        switch (tag.Name)
        {
            case ['h', >= '1' and <= '6'] when isOpening:
                text.Append('#', tag.Name[1] - '0').Append(' ');
                break;
            case "ul" or "ol" when isOpening && lists.Count < MaxListDepth:
                lists.Add(tag.Name == "ol" ? 1 : 0);
                break;
            case "ul" or "ol" when !isOpening && lists.Count > 0:
                lists.RemoveAt(lists.Count - 1);
                break;
            case "li" when isOpening:
                AppendBullet();
                break;
            case "hr":
                text.Append("---");
                Break(2);
                break;
            case "pre":
                AppendFence(tag);
                break;
            case "code" when !isPreformatted:
                text.Append('`');
                break;
            case "img" when tag.Attribute("alt") is { Length: > 0 } described:
                AppendText($"({described})");
                break;
            case "a":
                AppendLink(tag);
                break;
        }
    }

    private void AppendBullet()
    {
        text.Append(' ', 2 * Math.Max(0, lists.Count - 1));
        if (lists is [.., > 0 and var number])
        {
            text.Append(CultureInfo.InvariantCulture, $"{number}. ");
            lists[^1]++;
        }
        else
        {
            text.Append("- ");
        }
        bulletEnd = text.Length;
    }

    private void AppendFence(HtmlTag tag)
    {
        if (isPreformatted == !tag.IsClosing)
        {
            return;
        }

        Break(1);
        text.Append(tag.IsClosing ? "```\n\n" : "```\n");
        isPreformatted = !tag.IsClosing;
    }

    private void AppendLink(HtmlTag tag)
    {
        if (link is var (start, target))
        {
            link = null;
            var shown = text.ToString(start, text.Length - start);
            if (shown.Trim().Length > 0 && !shown.Contains('\n', StringComparison.Ordinal))
            {
                text.Insert(start, '[').Append("](").Append(target).Append(')');
            }
        }
        if (
            !tag.IsClosing
            && !isPreformatted
            && tag.Attribute("href") is { Length: > 0 and < 1_000 } written
            && written[0] != '#'
            && Uri.TryCreate(page, written, out var address)
            && address.Scheme is "https" or "http"
        )
        {
            link = (text.Length, address.AbsoluteUri);
        }
    }

    private void AppendTable(HtmlTag tag)
    {
        if (tag.Name is "td" or "th")
        {
            isInCell = !tag.IsClosing;
            if (isInCell)
            {
                TrimEnd();
                text.Append(cells++ == 0 ? "| " : " | ");
            }
            return;
        }

        isInCell = false;
        if (cells > 0)
        {
            TrimEnd();
            text.Append(" |");
            if (!isHeadWritten)
            {
                text.Append("\n|").Insert(text.Length, "---|", cells);
                isHeadWritten = true;
            }
            Break(tag.Name == "table" ? 2 : 1);
            cells = 0;
        }
        isHeadWritten &= tag.Name != "table";
    }

    private void AppendText(string html)
    {
        if (isPreformatted)
        {
            text.Append(WebUtility.HtmlDecode(html).ReplaceLineEndings("\n"));
            return;
        }

        var plain = Collapsed(html);
        if (text.Length == 0 || text[^1] is '\n' or ' ')
        {
            plain = plain.TrimStart(' ');
        }
        text.Append(plain);
    }

    /// <summary>Starts a new line; two insert an empty line before it.</summary>
    private void Break(int lines)
    {
        if (text.Length == bulletEnd)
        {
            return;
        }
        if (isPreformatted)
        {
            lines = 1;
        }
        else
        {
            TrimEnd();
        }
        var has =
            text[^1] != '\n' ? 0
            : text.Length > 1 && text[^2] == '\n' ? 2
            : 1;
        text.Append('\n', Math.Max(0, lines - has));
    }

    private void TrimEnd()
    {
        while (text.Length > 0 && text[^1] == ' ')
        {
            text.Length--;
        }
    }

    /// <summary>Decodes text and collapses whitespace to single spaces.</summary>
    private static string Collapsed(string html)
    {
        var plain = new StringBuilder(html.Length);
        foreach (var letter in WebUtility.HtmlDecode(html))
        {
            if (!char.IsWhiteSpace(letter))
            {
                plain.Append(letter);
            }
            else if (plain.Length == 0 || plain[^1] != ' ')
            {
                plain.Append(' ');
            }
        }

        return plain.ToString();
    }
}
