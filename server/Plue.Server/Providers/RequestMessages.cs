using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>
/// The stored messages as every vendor accepts them: no empty message, no tool call without its result, no result without its call,
/// and the vendor's opaque reasoning only where the same provider and model get it back.
/// </summary>
internal static class RequestMessages
{
    public static IReadOnlyList<Message> Of(ProviderRequest request, ProviderSettings settings)
    {
        // A tool that the vendor's own program ran has its result in the same message: no other vendor knows that form, so both stay away.
        var answered = Ids<MessagePart.ToolResult>(request, MessageRole.User, result => result.ToolUseId);
        var asked = Ids<MessagePart.ToolUse>(request, MessageRole.Assistant, use => use.ToolUseId);
        var kept = new List<Message>(request.Messages.Count);
        foreach (var message in request.Messages)
        {
            if (message.Role == MessageRole.System) continue;
            var own = IsOwn(message, request, settings);
            var parts = message.Parts.Where(part => part switch
            {
                MessagePart.Text text => !string.IsNullOrWhiteSpace(text.Content),
                MessagePart.ToolUse use => message.Role == MessageRole.Assistant && answered.Contains(use.ToolUseId),
                MessagePart.ToolResult result => message.Role == MessageRole.User && asked.Contains(result.ToolUseId),
                MessagePart.Reasoning => own,
                _ => true,
            }).ToList();
            if (parts.Any(part => part is not MessagePart.Reasoning)) kept.Add(message with { Parts = parts });
        }

        return kept;
    }

    /// <summary>The prompt, and whatever system messages the chat holds.</summary>
    public static IReadOnlyList<string> SystemTexts(ProviderRequest request) =>
    [
        .. request.System is { } system && !string.IsNullOrWhiteSpace(system) ? [system] : Array.Empty<string>(),
        .. request.Messages.Where(message => message.Role == MessageRole.System).Select(message => message.Text).Where(text => !string.IsNullOrWhiteSpace(text)),
    ];

    /// <summary>Text and files as one text, in their order; other parts have their own place on each wire.</summary>
    public static string Text(Message message) => string.Join("\n\n", message.Parts.Select(Text).Where(text => text is not null));

    public static string? Text(MessagePart part) => part switch
    {
        MessagePart.Text text => text.Content,
        MessagePart.File { Content: { } content } file => $"<file path=\"{file.Path}\">\n{content}\n</file>",
        MessagePart.File file => $"<file path=\"{file.Path}\">(not text, not included)</file>",
        _ => null,
    };

    /// <summary>What the model is told about the result of a call.</summary>
    public static string Text(MessagePart.ToolResult result) => result.Error is { } error ? $"Error: {error}" : result.Result ?? "";

    private static bool IsOwn(Message message, ProviderRequest request, ProviderSettings settings) =>
        message.ProviderInfo is not { } info
        || (info.ProviderId == settings.Id
            // An alias in the request comes back with its date: claude-sonnet-4-6 as claude-sonnet-4-6-20260217.
            && (info.ModelId is null || info.ModelId.StartsWith(request.Model, StringComparison.Ordinal)));

    private static HashSet<string> Ids<TPart>(ProviderRequest request, MessageRole role, Func<TPart, string> id) =>
        [.. request.Messages.Where(message => message.Role == role).SelectMany(message => message.Parts).OfType<TPart>().Select(id)];
}
