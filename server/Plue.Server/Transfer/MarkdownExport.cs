using System.Globalization;
using System.Net;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>The branch that is shown as Markdown for people: a heading per speaker, tool calls and thinking folded.</summary>
internal sealed class MarkdownExport(MaskedChat kept)
{
    private readonly StringBuilder text = new();

    public static string Of(StoredChat chat, Blobs blobs, ITextMask mask) => new MarkdownExport(new MaskedChat(blobs, mask)).Write(chat);

    private string Write(StoredChat chat)
    {
        Line($"# {OneLine(chat.Title)}");
        Line($"*{ShownMessage.About(chat)}*");
        foreach (var message in chat.Messages)
        {
            Line($"## {OneLine(ShownMessage.Speaker(message))} · {ShownMessage.Time(message.CreatedAt)}");
            foreach (var part in message.Parts) { Write(part); }
            if (ShownMessage.Ending(message) is { } ending) { Line($"> {OneLine(ending)}"); }
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private void Write(MessagePart part)
    {
        switch (part)
        {
            case MessagePart.Text said when said.Content.Length > 0:
                Line(said.Content.TrimEnd());
                break;
            case MessagePart.File file:
                Line($"{InlineCode(file.Path)}{ShownMessage.FileWords(file)}{(file.IsImage ? ": an image, not included" : "")}");
                if ((file.Content ?? kept.KeptText(file)) is { } content) { Line(Fenced(content, file.Language)); }
                else if (!file.IsImage) { Line("> The content is not there any more."); }
                break;
            case MessagePart.ToolUse use:
                Fold($"Tool call: {use.ToolName}", Fenced(use.Parameters, "json"));
                break;
            case MessagePart.ToolResult result:
                Fold(result.Error is null ? "Tool result" : "Tool error", Fenced(result.Error ?? result.Result ?? "", null));
                break;
            case MessagePart.Reasoning { Content.Length: > 0 } reasoning:
                Fold("Thinking", Quoted(reasoning.Content));
                break;
        }
    }

    private void Line(string block) => text.Append(block).Append("\n\n");

    private void Fold(string summary, string body) => Line($"<details><summary>{WebUtility.HtmlEncode(OneLine(summary))}</summary>\n\n{body}\n\n</details>");

    /// <summary>Whatever the content, nothing in it ends the block.</summary>
    private static string Fenced(string content, string? language)
    {
        var fence = new string('`', Math.Max(3, LongestRun(content, '`') + 1));
        var info = language is { Length: > 0 and <= 40 } && language.All(letter => char.IsAsciiLetterOrDigit(letter) || "+-#._".Contains(letter, StringComparison.Ordinal)) ? language : "";
        return string.Create(CultureInfo.InvariantCulture, $"{fence}{info}\n{content.TrimEnd('\n')}\n{fence}");
    }

    private static string InlineCode(string content)
    {
        var ticks = new string('`', LongestRun(content, '`') + 1);
        var pad = content.StartsWith('`') || content.EndsWith('`') ? " " : "";
        return $"{ticks}{pad}{OneLine(content)}{pad}{ticks}";
    }

    /// <summary>A quote cannot end the fold it stands in.</summary>
    private static string Quoted(string content) =>
        "> " + content.Trim().Replace("</details", "&lt;/details", StringComparison.OrdinalIgnoreCase).ReplaceLineEndings("\n> ");

    private static string OneLine(string words) => words.ReplaceLineEndings(" ").Trim();

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
}
