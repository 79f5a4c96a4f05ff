namespace Plue.Server.Messages;

/// <summary>Estimates the tokens of a text: about four Latin characters per token, and about one and a half of other scripts.</summary>
internal static class TokenEstimate
{
    /// <summary>The approximate tokens of an image of the size that Plue sends.</summary>
    public const long Image = 1500;
    private const long MessageOverhead = 4;

    public static long Of(ReadOnlySpan<char> text)
    {
        var latin = 0L;
        foreach (var character in text)
        {
            if (character < 0x250)
            {
                latin++;
            }
        }

        return (latin + 3) / 4 + (2 * (text.Length - latin) + 2) / 3;
    }

    public static long Of(Message message) => MessageOverhead + message.Parts.Sum(Of);

    public static long Of(MessagePart part) =>
        part switch
        {
            MessagePart.Text text => Of(text.Content),
            MessagePart.File { IsImage: true } => Image,
            // A text that is stored outside the journal: the file's size approximates the sent part.
            MessagePart.File { Content: null, Blob: not null, Size: { } size } => (size + 3) / 4,
            MessagePart.File file => Of(file.Content) + Of(file.Path),
            MessagePart.ToolUse use => Of(use.ToolName) + Of(use.Parameters),
            MessagePart.ToolResult result => Of(result.Result) + Of(result.Error),
            MessagePart.Reasoning reasoning => Of(reasoning.Content),
            _ => 0,
        };
}
