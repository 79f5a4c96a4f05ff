using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Plue.Server.Transfer;

/// <summary>
/// Renders untrusted Markdown to HTML that loads and runs nothing: HTML becomes text, images become links, and links to anything but
/// http, https or mailto become text. Text that the library cannot parse is shown unrendered.
/// </summary>
internal sealed class SafeMarkdown
{
    /// <summary>Longer texts would take too long and are shown unrendered.</summary>
    private const int MaxRenderedLength = 2 * 1024 * 1024;

    private readonly MarkdownPipeline pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseEmphasisExtras().Build();

    public string ToHtml(string markdown)
    {
        if (markdown.Length > MaxRenderedLength)
        {
            return HtmlExport.Pre(markdown);
        }

        try
        {
            var document = Markdown.Parse(markdown, pipeline);
            foreach (var table in document.Descendants<Table>())
            {
                foreach (var column in table.ColumnDefinitions)
                {
                    column.Alignment = null;
                }
            }

            foreach (var link in document.Descendants<LinkInline>().ToList())
            {
                Sanitize(link);
            }
            foreach (var link in document.Descendants<AutolinkInline>().ToList())
            {
                Sanitize(link);
            }
            return document.ToHtml(pipeline);
        }
        catch (ArgumentException)
        {
            return HtmlExport.Pre(markdown); // nested too deeply
        }
    }

    private static void Sanitize(LinkInline link)
    {
        link.IsImage = false;
        link.GetDynamicUrl = null;
        if (Allowed(link.Url) is { } url)
        {
            link.Url = url;
            Mark(link);
            return;
        }

        link.ReplaceBy(new ContainerInline());
    }

    private static void Sanitize(AutolinkInline link)
    {
        var url = link.IsEmail ? $"mailto:{link.Url}" : link.Url;
        if (Allowed(url) is null)
        {
            link.ReplaceBy(new LiteralInline(link.Url));
        }
        else
        {
            Mark(link);
        }
    }

    private static void Mark(MarkdownObject link) => link.GetAttributes().AddProperty("rel", "noopener noreferrer nofollow");

    public static string? Allowed(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" or "mailto"
            ? address.AbsoluteUri
            : null;
}
