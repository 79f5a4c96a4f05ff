using System.Net;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>
/// The visible branch as one HTML file without scripts or network access, with images embedded. A content security policy in the file enforces
/// this in the browser. All text from models and users is escaped, or rendered by <see cref="SafeMarkdown"/>.
/// </summary>
internal sealed class HtmlExport(Blobs blobs, MaskedChat kept)
{
    private const long MaxImageBytes = 32 * 1024 * 1024;
    private const string Style = """
        :root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --dim: #57606a; --link: #0550ae; }
        @media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #1c2128; --dim: #9198a1; --link: #79c0ff; } }
        body { font: 15px/1.55 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
        h1 { font-size: 1.5rem; } header p, time, .ending { color: var(--dim); } a { color: var(--link); }
        section { border-top: 1px solid var(--line); margin-top: 1.5rem; } section > h2 { font-size: 1rem; }
        section > h2 time { font-weight: normal; margin-left: .5rem; }
        pre, code { font-family: ui-monospace, monospace; font-size: .9em; background: var(--soft); border-radius: 4px; }
        code { padding: .1em .3em; } pre { padding: .75rem; overflow-x: auto; white-space: pre-wrap; } pre code { padding: 0; }
        details { border: 1px solid var(--line); border-radius: 4px; padding: .4rem .75rem; margin: .75rem 0; } summary { cursor: pointer; }
        img { max-width: 100%; } table { border-collapse: collapse; } th, td { border: 1px solid var(--line); padding: .3rem .6rem; }
        blockquote { border-left: 3px solid var(--line); margin-left: 0; padding-left: 1rem; color: var(--dim); }
        """;

    private readonly StringBuilder html = new();
    private readonly SafeMarkdown markdown = new();
    private long imageBytes;

    public static string Of(StoredChat chat, Blobs blobs, ITextMask mask) => new HtmlExport(blobs, new MaskedChat(blobs, mask)).Write(chat);

    private string Write(StoredChat chat)
    {
        var style = Style.ReplaceLineEndings("\n");
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
            .Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'sha256-")
            .Append(hash)
            .Append("'; form-action 'none'; base-uri 'none'\">\n")
            .Append("<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>")
            .Append(Escaped(chat.Title))
            .Append("</title>\n<style>")
            .Append(style)
            .Append("</style>\n</head>\n<body>\n<header><h1>")
            .Append(Escaped(chat.Title))
            .Append("</h1><p>")
            .Append(Escaped(MessageDisplay.About(chat)))
            .Append("</p></header>\n<main>\n");
        foreach (var message in chat.Messages)
        {
            Write(message);
        }
        return html.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private void Write(Message message)
    {
        html.Append("<section><h2>")
            .Append(Escaped(MessageDisplay.RoleLabel(message)))
            .Append("<time>")
            .Append(MessageDisplay.Time(message.CreatedAt))
            .Append("</time></h2>\n");
        foreach (var part in message.Parts)
        {
            Write(part);
        }
        if (MessageDisplay.Ending(message) is { } ending)
        {
            html.Append("<p class=\"ending\">").Append(Escaped(ending)).Append("</p>\n");
        }
        html.Append("</section>\n");
    }

    private void Write(MessagePart part)
    {
        switch (part)
        {
            case MessagePart.Text text:
                html.Append(markdown.ToHtml(text.Content)).Append('\n');
                break;
            case MessagePart.File { IsImage: true } file:
                Image(file);
                break;
            case MessagePart.File file:
                Fold(
                    $"{file.Path}{MessageDisplay.DescribeFile(file)}",
                    Pre(file.Content ?? kept.KeptText(file) ?? "The content is no longer available.")
                );
                break;
            case MessagePart.ToolUse use:
                Fold($"Tool call: {use.ToolName}", Pre(use.Parameters));
                break;
            case MessagePart.ToolResult result:
                Fold(result.Error is null ? "Tool result" : "Tool error", Pre(result.Error ?? result.Result ?? ""));
                break;
            case MessagePart.Reasoning { Content.Length: > 0 } reasoning:
                Fold("Thinking", markdown.ToHtml(reasoning.Content));
                break;
        }
    }

    private void Image(MessagePart.File file)
    {
        if (Picture(file) is { } picture)
        {
            html.Append("<figure><img alt=\"")
                .Append(Escaped(file.Path))
                .Append("\" src=\"data:")
                .Append(picture.MediaType)
                .Append(";base64,")
                .Append(Convert.ToBase64String(picture.Content))
                .Append("\"><figcaption>")
                .Append(Escaped(file.Path))
                .Append("</figcaption></figure>\n");
        }
        else
        {
            html.Append("<p>").Append(Escaped(file.Path)).Append(": an image, not included</p>\n");
        }
    }

    /// <summary>Detects the image type from the bytes, because the type stored in a chat is unreliable.</summary>
    private (string MediaType, byte[] Content)? Picture(MessagePart.File file)
    {
        try
        {
            if (file.Blob is null || imageBytes >= MaxImageBytes)
            {
                return null;
            }

            var content = blobs.Read(file.Blob);
            if (ImageType.Detect(content) is not { } mediaType || imageBytes + content.Length > MaxImageBytes)
            {
                return null;
            }

            imageBytes += content.Length;
            return (mediaType, content);
        }
        catch (FailureException)
        {
            return null;
        }
    }

    private void Fold(string summary, string body) =>
        html.Append("<details><summary>").Append(Escaped(summary)).Append("</summary>").Append(body).Append("</details>\n");

    internal static string Pre(string content) => $"<pre>{Escaped(content)}</pre>";

    /// <summary>Escapes text and attributes in double quotes. Removes control characters, which are invalid in HTML.</summary>
    private static string Escaped(string content) =>
        WebUtility.HtmlEncode(
            content.AsSpan().IndexOfAnyInRange('\0', '\x08') < 0 ? content : new string([.. content.Where(letter => letter > '\x08')])
        );
}
