using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Chat;

/// <summary>
/// Loads the content that the journal only references: images, long texts, and the current pinned files. Pinned files are inserted before the text of the last
/// question, so that everything before it is byte-identical to the previous turn. Content that cannot be sent is reported in a sentence and never fails the
/// turn.
/// </summary>
internal sealed class RequestFiles(Attachments attachments)
{
    /// <summary>The maximum size in bytes of all images in a request, because vendors reject larger requests. The newest images take precedence.</summary>
    public const int MaxImageBytes = 20 * 1024 * 1024;

    /// <param name="known">The known properties of the model; null if there are none.</param>
    /// <returns>The request, and the content that it omits.</returns>
    public (ProviderRequest Request, IReadOnlyList<string> Omitted) Fill(
        ProviderRequest request,
        PinnedFiles pinned,
        IProvider provider,
        ModelInfo? known
    )
    {
        var omitted = new OmittedFiles(WhyNoImages(provider, request.Model, known));
        List<Message> messages = [.. request.Messages];
        Pin(messages, pinned, omitted);
        var remaining = (long)MaxImageBytes;
        for (var at = messages.Count - 1; at >= 0; at--)
        {
            if (!messages[at].Parts.Any(part => part is MessagePart.File))
            {
                continue;
            }

            var supportsGif = provider.Capabilities.SupportsGif(request.Model);
            messages[at] = messages[at] with
            {
                Parts =
                [
                    .. messages[at]
                        .Parts.Select(part => part is MessagePart.File file ? Filled(file, supportsGif, ref remaining, omitted) : part),
                ],
            };
        }

        var filled = request with { Messages = messages };
        return (filled, [.. RequestMessages.Omitted(filled, provider.Settings), .. omitted.Sentences()]);
    }

    /// <param name="paths">The context files of a chat, as entered by the user.</param>
    public PinnedFiles Pinned(IReadOnlyList<string> paths) => new(attachments, paths);

    /// <summary>Gets the current number of tokens of the pinned files.</summary>
    public long PinnedTokens(IReadOnlyList<string> pinned) => pinned.Sum(path => attachments.InspectPinned(path).Tokens ?? 0);

    private static void Pin(List<Message> messages, PinnedFiles pinned, OmittedFiles omitted)
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
            omitted.Add(sentence);
        }

        messages[last] = messages[last] with { Parts = [.. parts, .. messages[last].Parts] };
    }

    private MessagePart.File Filled(MessagePart.File file, bool supportsGif, ref long remaining, OmittedFiles omitted)
    {
        if (!file.IsImage)
        {
            if (file is not { Content: null, Blob: { } text })
            {
                return file;
            }

            var content = Load(text, file, omitted);
            return file with { Content = content is null ? "(This text is not available any more.)" : Encoding.UTF8.GetString(content) };
        }

        if (omitted.HasNoImages)
        {
            omitted.AddImage();
            return file with { Data = null };
        }

        if (file.MediaType == "image/gif" && !supportsGif)
        {
            omitted.Add($"{file.Path} was not sent: the model does not support GIF images.");
            return file with { Data = null };
        }

        var stored = file.Data is null && file.Blob is { } blob ? Load(blob, file, omitted) : null;
        if ((stored is null ? file.Data : new ReadOnlyMemory<byte>(stored)) is not { } image)
        {
            return file;
        }

        if (image.Length > remaining)
        {
            // All older images are also omitted, so that the set of sent images rarely changes.
            remaining = 0;
            omitted.Add($"{file.Path} was not sent: together with the images after it, it exceeds 20 MiB.");
            return file with { Data = null };
        }

        remaining -= image.Length;
        return file with { Data = image };
    }

    private byte[]? Load(string blob, MessagePart.File file, OmittedFiles omitted)
    {
        try
        {
            return attachments.ReadBlob(blob).Content;
        }
        catch (FailureException fault)
        {
            omitted.Add($"{file.Path} was not sent: {fault.Message}");
            return null;
        }
    }

    private static string? WhyNoImages(IProvider provider, string model, ModelInfo? known) =>
        !provider.Capabilities.Images ? $"{provider.Settings.Name} does not support images"
        : known?.SupportsVision == false ? $"{model} does not support images"
        : null;

    /// <param name="whyNoImages">Null if images are supported.</param>
    private sealed class OmittedFiles(string? whyNoImages)
    {
        private readonly List<string> sentences = [];
        private int images;

        public bool HasNoImages => whyNoImages is not null;

        public void AddImage() => images++;

        public void Add(string sentence) => sentences.Add(sentence);

        public IReadOnlyList<string> Sentences() =>
            images == 0
                ? sentences
                : [$"{(images == 1 ? "One image was" : $"{images} images were")} not sent: {whyNoImages}.", .. sentences];
    }
}
