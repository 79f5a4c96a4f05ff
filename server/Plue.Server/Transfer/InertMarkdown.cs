using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Markdig;
using Markdig.Parsers.Inlines;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Plue.Server.Platform;

namespace Plue.Server.Transfer;

/// <summary>
/// Converts untrusted Markdown to Markdown whose preview loads and runs nothing: images become links, HTML becomes text, links to anything but http,
/// https or mailto become text, and diagrams are not rendered. Code does not change. All Markdown that leaves Plue must pass through here.
/// </summary>
/// <remarks>
/// Previews disagree on what is code (tables cut a code span, formulas hide a backtick). So code is left alone only if all of them agree;
/// this matters only for code that would load something if it were not code.
/// </remarks>
internal static partial class InertMarkdown
{
    /// <summary>Longer texts would take too long and are shown as fenced plain text.</summary>
    private const int MaxParsed = 2 * 1024 * 1024;

    private static readonly HashSet<string> Drawn = new(StringComparer.OrdinalIgnoreCase)
    {
        "mermaid",
        "math",
        "latex",
        "katex",
        "plantuml",
        "puml",
        "dot",
        "graphviz",
        "vega",
        "vega-lite",
        "vegalite",
        "wavedrom",
        "svgbob",
        "d2",
        "geojson",
        "topojson",
        "stl",
        "abc",
        "echarts",
        "html",
        "svg",
    };

    // Without HTML and autolinks: the output has both as text.
    private static readonly MarkdownPipeline Reading = WithoutAngleBrackets(
            new MarkdownPipelineBuilder().DisableHtml().UsePreciseSourceLocation()
        )
        .Build();
    private static readonly MarkdownPipeline[] Checking =
    [
        new MarkdownPipelineBuilder().Build(),
        new MarkdownPipelineBuilder().UsePipeTables().Build(),
        new MarkdownPipelineBuilder()
            .UsePipeTables()
            .UseMathematics()
            .UseEmphasisExtras()
            .UseAutoLinks()
            .UseFootnotes()
            .UseTaskLists()
            .Build(),
    ];

    /// <summary>Neutralizes Markdown blocks. They start at the margin, so that a preceding list does not include them, and close all fences.</summary>
    public static string Blocks(string markdown)
    {
        var source = markdown.ReplaceLineEndings("\n").Replace('\0', '\uFFFD').Trim();
        if (source.Length > MaxParsed)
        {
            return Fenced(source, null);
        }

        try
        {
            var written = Rewrite(source);
            return IsInert(written) ? written : Fenced(source, null);
        }
        catch (ArgumentException)
        {
            return Fenced(source, null); // nested too deeply
        }
    }

    /// <summary>Converts one line of plain text: a title, a name, a sentence.</summary>
    /// <remarks>Brackets become entities, because a bare URL before one would include a backslash.</remarks>
    public static string Line(string text) =>
        Structural()
            .Replace(
                VisibleLine(text),
                mark =>
                    mark.Value switch
                    {
                        "<" => "&lt;",
                        ">" => "&gt;",
                        "[" => "&#91;",
                        "]" => "&#93;",
                        "&" => "&amp;",
                        _ => $@"\{mark.Value}",
                    }
            );

    /// <summary>Like <see cref="Line"/>, for a line of HTML.</summary>
    public static string HtmlLine(string text) => WebUtility.HtmlEncode(VisibleLine(text));

    /// <summary>Fences a block so that nothing in its content can end it.</summary>
    public static string Fenced(string content, string? language)
    {
        var fence = new string('`', Math.Max(3, LongestRun(content, '`') + 1));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{fence}{Info(language ?? "")}\n{content.ReplaceLineEndings("\n").TrimEnd('\n')}\n{fence}"
        );
    }

    public static string InlineCode(string content)
    {
        var line = VisibleLine(content);
        var ticks = new string('`', LongestRun(line, '`') + 1);
        var pad = line.StartsWith('`') || line.EndsWith('`') ? " " : "";
        return $"{ticks}{pad}{line}{pad}{ticks}";
    }

    private static string Rewrite(string source)
    {
        var document = Markdown.Parse(source, Reading);
        var code = CodeIn(document, source);
        var isRisky = code.Any(span => Loading().IsMatch(source[span.Start..(span.End + 1)]));
        var replaced = new SortedDictionary<int, (int Length, string Text)>();
        foreach (Match mark in Loading().Matches(source))
        {
            replaced[mark.Index] = (1, mark.Value[0] == '<' ? "&lt;" : "&#33;");
        }
        var links = document
            .Descendants<LinkInline>()
            .Select(link => (link.Url, link.Span))
            .Concat(document.Descendants<LinkReferenceDefinition>().Select(definition => (definition.Url, definition.Span)));
        foreach (var (url, span) in links)
        {
            if (SafeMarkdown.Allowed(url) is null && source.IndexOf('[', span.Start) is var bracket and >= 0 && bracket <= span.End)
            {
                replaced[bracket] = (1, "&#91;");
            }
        }

        if (isRisky)
        {
            for (var at = source.IndexOf('$', StringComparison.Ordinal); at >= 0; at = source.IndexOf('$', at + 1))
            {
                replaced[at] = (1, "&#36;");
            }
        }

        foreach (var at in replaced.Keys.Where(at => code.Any(span => span.Start <= at && at <= span.End)).ToList())
        {
            replaced.Remove(at);
        }
        foreach (var block in document.Descendants<FencedCodeBlock>())
        {
            var start = block.Span.Start + block.OpeningFencedCharCount;
            var end = source.IndexOf('\n', start) is var line and >= 0 ? line : source.Length;
            replaced[start] = (end - start, Info(source[start..end].Trim()));
        }

        var written = new StringBuilder(source.Length + 64);
        var from = 0;
        foreach (var (at, (length, text)) in replaced)
        {
            written.Append(source, from, at - from).Append(text);
            from = at + length;
        }

        written.Append(source, from, source.Length - from);
        if (document.LastChild is FencedCodeBlock { ClosingFencedCharCount: 0 } open)
        {
            written.Append('\n').Append(open.FencedChar, open.OpeningFencedCharCount);
        }
        return written.ToString();
    }

    /// <summary>Gets fenced blocks, and the code spans of blocks in which no span is cut by the lines or cells of a table.</summary>
    private static List<SourceSpan> CodeIn(MarkdownDocument document, string source)
    {
        var fenced = document.Descendants<FencedCodeBlock>().Select(block => block.Span);
        var spans = document
            .Descendants<LeafBlock>()
            .SelectMany(block =>
            {
                var inBlock = block.Inline?.Descendants<CodeInline>().Select(inline => inline.Span).ToList() ?? [];
                return inBlock.Exists(span => source.AsSpan(span.Start, span.Length).IndexOfAny('|', '\n') >= 0) ? [] : inBlock;
            });
        return [.. fenced.Concat(spans).Where(span => !span.IsEmpty && span.End < source.Length)];
    }

    /// <summary>Repeats, because neutralizing a link can produce another one.</summary>
    private static bool IsInert(string markdown) =>
        Checking.All(pipeline =>
        {
            var document = Markdown.Parse(markdown, pipeline);
            return !document.Descendants<HtmlBlock>().Any()
                && !document.Descendants<HtmlInline>().Any()
                && document.Descendants<LinkInline>().All(link => !link.IsImage && SafeMarkdown.Allowed(link.Url) is not null)
                && document.Descendants<AutolinkInline>().All(link => link.IsEmail || SafeMarkdown.Allowed(link.Url) is not null);
        });

    private static string Info(string info) =>
        Language().IsMatch(info) && !Drawn.Contains(info) ? info
        : info.Length == 0 ? ""
        : "text";

    private static MarkdownPipelineBuilder WithoutAngleBrackets(MarkdownPipelineBuilder builder)
    {
        builder.InlineParsers.TryRemove<AutolinkInlineParser>();
        return builder;
    }

    private static string VisibleLine(string text) => HiddenCharacters.Visible(text.ReplaceLineEndings(" ")).Trim();

    private static int LongestRun(string content, char of)
    {
        var (longest, run) = (0, 0);
        foreach (var letter in content)
        {
            run = letter == of ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    /// <summary>Matches the start of an image, and of anything in angle brackets.</summary>
    [GeneratedRegex(@"!(?=\[)|<(?=[A-Za-z/!?])", RegexOptions.CultureInvariant)]
    private static partial Regex Loading();

    [GeneratedRegex(@"[\\`*_\[\]<>&$|~]", RegexOptions.CultureInvariant)]
    private static partial Regex Structural();

    [GeneratedRegex(@"^[A-Za-z0-9+#._-]{1,40}$", RegexOptions.CultureInvariant)]
    private static partial Regex Language();
}
