using System.Text.RegularExpressions;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Requests;

/// <summary>
/// Converts the stored messages to a form that all vendors accept: a user message first, no empty messages, each tool call followed by its result and no result
/// without its call. Opaque reasoning is kept only for the provider and model that created it.
/// </summary>
internal static partial class RequestMessages
{
    /// <summary>Inserted if a chat starts with a response, because vendors require a user message first.</summary>
    public const string Beginning = "(This conversation begins with a response.)";

    public static IReadOnlyList<Message> Of(ProviderRequest request, ProviderSettings settings)
    {
        var kept = new List<Message>(request.Messages.Count);
        var messages = request.Messages.Where(message => message.Role != MessageRole.System).ToList();
        HashSet<string> open = [];
        for (var at = 0; at < messages.Count; )
        {
            var run = RunAt(messages, at);
            var next = messages.Count > at + run.Count ? RunAt(messages, at + run.Count) : [];
            at += run.Count;
            var isAnswer = run[0].Role == MessageRole.Assistant;
            // The result of a tool that the vendor's program ran is in the same message. Other vendors do not support this, so both are omitted.
            var paired = isAnswer ? PairedIds(run, next) : open;
            open = isAnswer ? paired : [];
            var remaining = new HashSet<string>(paired, StringComparer.Ordinal);
            var cleaned = run.ConvertAll(message => Clean(message, IsOwn(message, request, settings), remaining));
            kept.AddRange(paired.Count > 0 ? [Joined(cleaned)] : cleaned);
        }

        kept.RemoveAll(message => message.Parts.All(part => part is MessagePart.Reasoning));
        if (kept is [{ Role: MessageRole.Assistant } first, ..])
        {
            kept.Insert(0, first with { Id = first.Id + "_before", Role = MessageRole.User, Parts = [new MessagePart.Text(Beginning)] });
        }
        return kept;
    }

    /// <summary>Returns the chat content that this request omits, one sentence each.</summary>
    public static IReadOnlyList<string> Omitted(ProviderRequest request, ProviderSettings settings)
    {
        var sentences = new List<string>();
        var foreign = request
            .Messages.Where(message =>
                message.Role == MessageRole.Assistant
                && message.ProviderInfo is { } info
                && !IsOwn(message, request, settings)
                // A program with its own history has its reasoning there, whatever the name of the model.
                && !(settings.Capabilities.OwnHistory && info.ProviderId == settings.Id)
            )
            .ToList();
        var thinking = foreign
            .Where(message =>
                message.Parts.Any(part =>
                    part is MessagePart.Reasoning { Signature: not null } or MessagePart.Reasoning { Opaque: not null }
                )
            )
            .ToList();
        if (thinking.Count > 0)
        {
            var owners = List([.. thinking.Select(message => message.ProviderInfo!.ModelId ?? message.ProviderInfo.ProviderId).Distinct()]);
            sentences.Add($"The thinking of {Answers(thinking.Count)} was not sent: it belongs to {owners}.");
        }

        var ran = foreign.Count(message => message.Parts.Any(part => part is MessagePart.ToolResult));
        if (ran > 0)
        {
            sentences.Add($"The tool calls of {Answers(ran)} were not sent: the program that responded ran them itself.");
        }
        return sentences;
    }

    /// <summary>Returns the prompt and the system messages of the chat.</summary>
    public static IReadOnlyList<string> SystemTexts(ProviderRequest request) =>
        [
            .. request.System is { } system && !string.IsNullOrWhiteSpace(system) ? [system] : Array.Empty<string>(),
            .. request
                .Messages.Where(message => message.Role == MessageRole.System)
                .Select(message => message.Text)
                .Where(text => !string.IsNullOrWhiteSpace(text)),
        ];

    /// <summary>Joins texts and files in order; other parts are sent separately.</summary>
    public static string Text(Message message) => string.Join("\n\n", message.Parts.Select(Text).Where(text => text is not null));

    public static string? Text(MessagePart part) =>
        part switch
        {
            MessagePart.Text text => text.Content,
            MessagePart.File { IsImage: true, Data: not null } => null,
            MessagePart.File { Skill: not null, Content: { } skill } => skill,
            MessagePart.File file => FileTag.Of(file),
            _ => null,
        };

    /// <summary>Returns the text of a tool result for the model.</summary>
    public static string Text(MessagePart.ToolResult result) => result.Error is { } error ? $"Error: {error}" : result.Result ?? "";

    public static bool HasImages(Message message) => message.Parts.Any(part => part is MessagePart.File { IsImage: true, Data: not null });

    /// <summary>Returns texts and images in order; consecutive texts are joined.</summary>
    public static IEnumerable<(string? Text, MessagePart.File? Image)> Pieces(Message message)
    {
        List<string> texts = [];
        foreach (var part in message.Parts)
        {
            if (Text(part) is { } text)
            {
                texts.Add(text);
            }
            if (part is not MessagePart.File { IsImage: true, Data: not null } image)
            {
                continue;
            }
            if (texts.Count > 0)
            {
                yield return (string.Join("\n\n", texts), null);
            }
            texts.Clear();
            yield return (null, image);
        }

        if (texts.Count > 0)
        {
            yield return (string.Join("\n\n", texts), null);
        }
    }

    /// <summary>Replaces images by a note, for a model without image support.</summary>
    public static ProviderRequest WithoutImages(ProviderRequest request) =>
        request with
        {
            Messages =
            [
                .. request.Messages.Select(message =>
                    HasImages(message)
                        ? message with
                        {
                            Parts =
                            [
                                .. message.Parts.Select(part =>
                                    part is MessagePart.File { IsImage: true } image ? image with { Data = null } : part
                                ),
                            ],
                        }
                        : message
                ),
            ],
        };

    public static string DataUrl(MessagePart.File image) =>
        $"data:{image.MediaType};base64,{Convert.ToBase64String(image.Data!.Value.Span)}";

    private static List<Message> RunAt(List<Message> messages, int at) =>
        [.. messages.Skip(at).TakeWhile(message => message.Role == messages[at].Role)];

    private static HashSet<string> PairedIds(List<Message> answers, List<Message> questions)
    {
        var asked = answers
            .SelectMany(message => message.Parts)
            .OfType<MessagePart.ToolUse>()
            .Select(use => use.ToolUseId)
            .ToHashSet(StringComparer.Ordinal);
        asked.IntersectWith(
            questions.SelectMany(message => message.Parts).OfType<MessagePart.ToolResult>().Select(result => result.ToolUseId)
        );
        return asked;
    }

    /// <param name="paired">The ids of calls with a result; each is used once.</param>
    private static Message Clean(Message message, bool own, HashSet<string> paired) =>
        message with
        {
            Parts =
            [
                .. message.Parts.Where(part =>
                    part switch
                    {
                        MessagePart.Text text => !string.IsNullOrWhiteSpace(text.Content),
                        MessagePart.ToolUse use => message.Role == MessageRole.Assistant && paired.Remove(use.ToolUseId),
                        MessagePart.ToolResult result => message.Role == MessageRole.User && paired.Remove(result.ToolUseId),
                        MessagePart.Reasoning => own,
                        _ => true,
                    }
                ),
            ],
        };

    /// <summary>Combines messages, because a call and its result must be in adjacent ones.</summary>
    private static Message Joined(List<Message> run) =>
        run is [var only]
            ? only
            : run[0] with
            {
                Parts =
                [
                    .. run.SelectMany(message => message.Parts)
                        .OrderBy(part =>
                            part is MessagePart.ToolResult ? 0
                            : part is MessagePart.ToolUse ? 2
                            : 1
                        ),
                ],
            };

    private static bool IsOwn(Message message, ProviderRequest request, ProviderSettings settings) =>
        message.ProviderInfo is not { } info
        || (info.ProviderId == settings.Id && (info.ModelId is null || IsSameModel(request.Model, info.ModelId)));

    /// <summary>True if the returned name is the requested one, possibly with a date: claude-sonnet-4-6-20260217 for claude-sonnet-4-6.</summary>
    private static bool IsSameModel(string asked, string answered) =>
        answered.StartsWith(asked, StringComparison.Ordinal) && Release().IsMatch(answered.AsSpan(asked.Length));

    private static string Answers(int count) => count == 1 ? "an earlier response" : $"{count} earlier responses";

    private static string List(IReadOnlyList<string> names) =>
        names is [var only] ? only : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";

    /// <summary>Matches a date, a release number, or nothing; a name with another suffix is a different model.</summary>
    [GeneratedRegex(
        @"^([-@](\d{8}|\d{4}-\d{2}-\d{2}|\d{3,4}|preview(-\d{2,4})*|\d{2}-\d{4}))?(-v\d+(:\d+)?)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Release();
}
