using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>Masks known secrets in all texts of a chat.</summary>
internal sealed class MaskedChat(Blobs blobs, ITextMask mask)
{
    public StoredChat Of(StoredChat chat) =>
        mask.IsEmpty
            ? chat
            : chat with
            {
                Title = mask.Mask(chat.Title),
                Tags = [.. chat.Tags.Select(mask.Mask)],
                ContextFiles = [.. chat.ContextFiles.Select(mask.Mask)],
                Queue = [.. chat.Queue.Select(Of)],
                Tree = new MessageTree(chat.Tree.DescendantsOf("").Skip(1).Select(id => Of(chat.Tree.Find(id)!)), chat.Tree.Head, []),
            };

    public Message Of(Message message) =>
        mask.IsEmpty
            ? message
            : message with
            {
                Parts = [.. message.Parts.Select(Of)],
                Error = message.Error is { } error
                    ? error with
                    {
                        Message = mask.Mask(error.Message),
                        Cause = mask.Mask(error.Cause),
                    }
                    : null,
                Omitted = [.. message.Omitted.Select(mask.Mask)],
                ProviderInfo = message.ProviderInfo is { } info
                    ? new(mask.Mask(info.ProviderId), OrNull(info.ModelId), OrNull(info.RequestId), OrNull(info.FallbackReason))
                    : null,
            };

    private MessagePart Of(MessagePart part) =>
        part switch
        {
            MessagePart.Text text => new MessagePart.Text(mask.Mask(text.Content)),
            MessagePart.File file => file with
            {
                Path = mask.Mask(file.Path),
                Content = OrNull(file.Content),
                Language = OrNull(file.Language),
                MediaType = OrNull(file.MediaType),
            },
            MessagePart.ToolUse use => new MessagePart.ToolUse(
                mask.Mask(use.ToolUseId),
                mask.Mask(use.ToolName),
                mask.Mask(use.Parameters)
            ),
            MessagePart.ToolResult result => new MessagePart.ToolResult(
                mask.Mask(result.ToolUseId),
                OrNull(result.Result),
                OrNull(result.Error)
            )
            {
                Changes =
                    result.Changes.Count == 0 ? [] : [.. result.Changes.Select(change => change with { Path = mask.Mask(change.Path) })],
                RunTime = result.RunTime,
            },
            MessagePart.Reasoning reasoning => new MessagePart.Reasoning(
                mask.Mask(reasoning.Content),
                OrNull(reasoning.Signature),
                OrNull(reasoning.Opaque)
            ),
            _ => throw new InvalidOperationException($"{part.GetType().Name} cannot be masked."),
        };

    /// <summary>Gets the masked text of a file that was too long for the journal; null if it is an image or missing.</summary>
    public string? KeptText(MessagePart.File file)
    {
        if (file.Content is not null || file.Blob is not { } blob || file.IsImage)
        {
            return null;
        }

        try
        {
            return mask.Mask(Encoding.UTF8.GetString(blobs.Read(blob)));
        }
        catch (FailureException)
        {
            return null;
        }
    }

    private string? OrNull(string? text) => text is null ? null : mask.Mask(text);
}
