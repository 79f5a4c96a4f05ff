using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Chat;

/// <summary>
/// Puts into a request what the journal only names: images, long texts, and the pinned files at their current content. Those go into the last
/// question, before its text, so that everything before it is the same bytes as in the turn before. What cannot go along is said in a sentence and never fails the turn.
/// </summary>
public sealed class RequestFiles(Attachments attachments)
{
    /// <summary>Bytes of all images of one request: vendors refuse larger requests. The newest go first.</summary>
    public const int MaxImageBytes = 20 * 1024 * 1024;

    /// <param name="known">What is known of the model; null where nothing is.</param>
    /// <returns>The request, and what of the chat it does not carry.</returns>
    public (ProviderRequest Request, IReadOnlyList<string> NotCarried) Fill(
        ProviderRequest request,
        PinnedFiles pinned,
        IProvider provider,
        ModelInfo? known
    )
    {
        var notCarried = new NotCarriedFiles(WhyNoImages(provider, request.Model, known));
        List<Message> messages = [.. request.Messages];
        Pin(messages, pinned, notCarried);
        var room = (long)MaxImageBytes;
        for (var at = messages.Count - 1; at >= 0; at--)
        {
            if (!messages[at].Parts.Any(part => part is MessagePart.File))
            {
                continue;
            }

            var takesGif = provider.Capabilities.TakesGif(request.Model);
            messages[at] = messages[at] with
            {
                Parts =
                [
                    .. messages[at]
                        .Parts.Select(part => part is MessagePart.File file ? Filled(file, takesGif, ref room, notCarried) : part),
                ],
            };
        }

        var filled = request with { Messages = messages };
        return (filled, [.. RequestMessages.Omitted(filled, provider.Settings), .. notCarried.Sentences()]);
    }

    /// <param name="paths">A chat's context files, as the user named them.</param>
    public PinnedFiles Pinned(IReadOnlyList<string> paths) => new(attachments, paths);

    /// <summary>Of the pinned files, as they are now.</summary>
    public long PinnedTokens(IReadOnlyList<string> pinned) => pinned.Sum(path => attachments.InspectPinned(path).Tokens ?? 0);

    private static void Pin(List<Message> messages, PinnedFiles pinned, NotCarriedFiles notCarried)
    {
        var last = messages.FindLastIndex(message =>
            message.Role == MessageRole.User
            && message.Parts.Any(part => part is MessagePart.Text or MessagePart.File)
            && !message.Parts.Any(part => part is MessagePart.ToolResult)
        );
        if (pinned.Paths.Count == 0 || last < 0)
        {
            return;
        }

        var (parts, missing) = pinned.Read();
        foreach (var sentence in missing)
        {
            notCarried.Say(sentence);
        }

        messages[last] = messages[last] with { Parts = [.. parts, .. messages[last].Parts] };
    }

    private MessagePart.File Filled(MessagePart.File file, bool takesGif, ref long room, NotCarriedFiles notCarried)
    {
        if (!file.IsImage)
        {
            if (file is not { Content: null, Blob: { } text })
            {
                return file;
            }

            var content = Load(text, file, notCarried);
            return file with { Content = content is null ? "(This text is not available any more.)" : Encoding.UTF8.GetString(content) };
        }

        if (notCarried.HasNoImages)
        {
            notCarried.AddImage();
            return file with { Data = null };
        }

        if (file.MediaType == "image/gif" && !takesGif)
        {
            notCarried.Say($"{file.Path} was not sent: the model does not support GIF images.");
            return file with { Data = null };
        }

        var stored = file.Data is null && file.Blob is { } blob ? Load(blob, file, notCarried) : null;
        if ((stored is null ? file.Data : new ReadOnlyMemory<byte>(stored)) is not { } image)
        {
            return file;
        }

        if (image.Length > room)
        {
            // Once one does not fit, no older one goes: which are sent then changes seldom.
            room = 0;
            notCarried.Say($"{file.Path} was not sent: together with the images after it, it exceeds 20 MiB.");
            return file with { Data = null };
        }

        room -= image.Length;
        return file with { Data = image };
    }

    private byte[]? Load(string blob, MessagePart.File file, NotCarriedFiles notCarried)
    {
        try
        {
            return attachments.ReadBlob(blob).Content;
        }
        catch (FailureException fault)
        {
            notCarried.Say($"{file.Path} was not sent: {fault.Message}");
            return null;
        }
    }

    private static string? WhyNoImages(IProvider provider, string model, ModelInfo? known) =>
        !provider.Capabilities.Images ? $"{provider.Settings.Name} does not support images"
        : known?.SupportsVision == false ? $"{model} does not support images"
        : null;

    /// <param name="whyNoImages">Null when images are taken.</param>
    private sealed class NotCarriedFiles(string? whyNoImages)
    {
        private readonly List<string> sentences = [];
        private int images;

        public bool HasNoImages => whyNoImages is not null;

        public void AddImage() => images++;

        public void Say(string sentence) => sentences.Add(sentence);

        public IReadOnlyList<string> Sentences() =>
            images == 0
                ? sentences
                : [$"{(images == 1 ? "One image was" : $"{images} images were")} not sent: {whyNoImages}.", .. sentences];
    }
}
