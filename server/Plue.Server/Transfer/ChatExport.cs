using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>Exports a chat: Markdown and HTML to read, JSON to import again. Known secrets are masked in all formats.</summary>
public sealed class ChatExport(Blobs blobs, ITextMask mask)
{
    public ExportedChat Make(StoredChat chat, ChatFileFormat format)
    {
        var shown = new MaskedChat(blobs, mask).Of(chat);
        return new ExportedChat(
            NameOf(chat.Title, format),
            format switch
            {
                ChatFileFormat.Markdown => MarkdownExport.Of(shown, blobs, mask),
                ChatFileFormat.Html => HtmlExport.Of(shown, blobs, mask),
                _ => PlueChatFile.Write(shown, blobs, mask),
            }
        );
    }

    public string NameOf(string title, ChatFileFormat format) =>
        ExportName.Of(
            mask.Mask(title),
            format switch
            {
                ChatFileFormat.Markdown => ".md",
                ChatFileFormat.Html => ".html",
                _ => ".json",
            }
        );
}

public enum ChatFileFormat
{
    Markdown,
    Html,
    Json,
}

/// <param name="FileName">A name without a folder, valid on all platforms.</param>
public sealed record ExportedChat(string FileName, string Content);
