using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>The visible branch as readable Markdown: a heading per speaker, tool calls and thinking collapsed.</summary>
internal sealed class MarkdownExport(MaskedChat kept)
{
    private readonly StringBuilder text = new();

    public static string Of(StoredChat chat, Blobs blobs, ITextMask mask) => new MarkdownExport(new MaskedChat(blobs, mask)).Write(chat);

    private string Write(StoredChat chat)
    {
        Line($"# {InertMarkdown.Line(chat.Title)}");
        Line($"*{MessageDisplay.About(chat)}*");
        foreach (var message in chat.Messages)
        {
            Line($"## {InertMarkdown.Line(MessageDisplay.RoleLabel(message))} · {MessageDisplay.Time(message.CreatedAt)}");
            foreach (var part in message.Parts)
            {
                Write(part);
            }
            if (MessageDisplay.Ending(message) is { } ending)
            {
                Line($"> {InertMarkdown.Line(ending)}");
            }
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private void Write(MessagePart part)
    {
        switch (part)
        {
            case MessagePart.Text text when text.Content.Length > 0:
                Line(InertMarkdown.Blocks(text.Content));
                break;
            case MessagePart.File file:
                Line(
                    $"{InertMarkdown.InlineCode(file.Path)}{MessageDisplay.DescribeFile(file)}{(file.IsImage ? ": an image, not included" : "")}"
                );
                if ((file.Content ?? kept.KeptText(file)) is { } content)
                {
                    Line(InertMarkdown.Fenced(content, file.Language));
                }
                else if (!file.IsImage)
                {
                    Line("> The content is no longer available.");
                }
                break;
            case MessagePart.ToolUse use:
                Fold($"Tool call: {use.ToolName}", InertMarkdown.Fenced(use.Parameters, "json"));
                break;
            case MessagePart.ToolResult result:
                Fold(result.Error is null ? "Tool result" : "Tool error", InertMarkdown.Fenced(result.Error ?? result.Result ?? "", null));
                break;
            case MessagePart.Reasoning { Content.Length: > 0 } reasoning:
                Fold("Thinking", $"> {InertMarkdown.Blocks(reasoning.Content).ReplaceLineEndings("\n> ")}");
                break;
        }
    }

    private void Line(string block) => text.Append(block).Append("\n\n");

    private void Fold(string summary, string body) =>
        Line($"<details><summary>{InertMarkdown.HtmlLine(summary)}</summary>\n\n{body}\n\n</details>");
}
