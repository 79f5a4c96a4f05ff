using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>The criteria of a message search. Searches text, reasoning, names and stored contents of files, and tool calls: names, parameters, results, errors.</summary>
internal sealed record SearchQuery
{
    public const int DefaultLimit = 500;
    public const int MaxLimit = 5_000;

    /// <param name="text">See <see cref="SearchTerms"/>.</param>
    /// <exception cref="FailureException">BadRequest: the text is too long.</exception>
    public SearchQuery(string text) => Terms = SearchTerms.Parse(text);

    /// <summary>Terms that the message must contain. Without terms, only the filters apply.</summary>
    public IReadOnlyList<string> Terms { get; }

    /// <summary>The earliest start time of a message (inclusive).</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>The latest start time of a message (exclusive).</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The provider of the message, or of the chat if the message has none.</summary>
    public string? ProviderId { get; init; }

    /// <summary>The model of the message, or of the chat if the message has none.</summary>
    public string? Model { get; init; }
    public bool? HasCode { get; init; }
    public MessageStatus? Status { get; init; }
    public MessageRole? Role { get; init; }

    /// <summary>Tags that the chat must have.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];
    public bool IncludeArchived { get; init; }
    public int Limit { get; init; } = DefaultLimit;

    /// <summary>True if the query has no criteria; it finds nothing.</summary>
    public bool IsEmpty =>
        Terms.Count == 0
        && Tags.Count == 0
        && (From, To, ProviderId, Model, HasCode, Status, Role) is (null, null, null, null, null, null, null);

    /// <summary>True if messages of this chat can match.</summary>
    public bool Includes(ChatSummary chat) =>
        (IncludeArchived || !chat.Archived)
        && (From is not { } from || chat.UpdatedAt >= from)
        && Tags.All(tag => chat.Tags.Contains(tag, StringComparer.OrdinalIgnoreCase));

    /// <summary>Null if it does not match.</summary>
    public SearchMatch? Match(Message message, ChatSummary chat)
    {
        if (
            message.IsHidden
            || !IsInRange(message.CreatedAt)
            || Role is { } role && message.Role != role
            || Status is { } status && message.Status != status
            || !MatchesOrAny(ProviderId, message.ProviderInfo?.ProviderId ?? chat.ProviderId)
            || !MatchesOrAny(Model, message.ProviderInfo?.ModelId ?? chat.Model)
            || HasCode is { } hasCode && message.Parts.OfType<MessagePart.Text>().Any(part => HasCodeBlock(part.Content)) != hasCode
        )
        {
            return null;
        }

        List<Searched> texts = [.. message.Parts.SelectMany(TextsOf)];
        return FindSnippet(texts) is { } snippet ? new SearchMatch(chat, message.Id, message.Role, message.CreatedAt, snippet) : null;
    }

    /// <summary>Matches the title of the chat; null if it does not match.</summary>
    public SearchMatch? MatchTitle(ChatSummary chat) =>
        Terms.Count > 0
        && (HasCode, Status, Role) is (null, null, null)
        && IsInRange(chat.CreatedAt)
        && MatchesOrAny(ProviderId, chat.ProviderId)
        && MatchesOrAny(Model, chat.Model)
        && FindSnippet([new Searched(chat.Title, IsMarkdown: false)]) is { } snippet
            ? new SearchMatch(chat, "", MessageRole.User, chat.CreatedAt, snippet)
            : null;

    /// <summary>Gets the searched texts of a part.</summary>
    private static IEnumerable<Searched> TextsOf(MessagePart part)
    {
        if (part is MessagePart.Text { Content: var content })
        {
            return [new Searched(content, IsMarkdown: true)];
        }

        string?[] texts = part switch
        {
            MessagePart.File file => [file.Path, file.Content],
            MessagePart.ToolUse use => [use.ToolName, use.Parameters],
            MessagePart.ToolResult result => [result.Result, result.Error],
            MessagePart.Reasoning reasoning => [reasoning.Content],
            _ => [],
        };
        return texts.OfType<string>().Select(text => new Searched(text, IsMarkdown: false));
    }

    /// <summary>Creates a snippet around the first match of the first term, if all terms match.</summary>
    private SearchSnippet? FindSnippet(IReadOnlyList<Searched> texts)
    {
        if (Terms.Count == 0)
        {
            return SnippetOf(texts.FirstOrDefault(one => !string.IsNullOrWhiteSpace(one.Text)) ?? new Searched("", false), 0, 0);
        }
        if (!Terms.All(term => texts.Any(one => one.Text.Contains(term, StringComparison.OrdinalIgnoreCase))))
        {
            return null;
        }

        var found = texts.First(one => one.Text.Contains(Terms[0], StringComparison.OrdinalIgnoreCase));
        return SnippetOf(found, found.Text.IndexOf(Terms[0], StringComparison.OrdinalIgnoreCase), Terms[0].Length);
    }

    private static SearchSnippet SnippetOf(Searched searched, int start, int length) =>
        searched.IsMarkdown ? SearchSnippet.OfMarkdown(searched.Text, start, length) : SearchSnippet.Of(searched.Text, start, length);

    private sealed record Searched(string Text, bool IsMarkdown);

    private bool IsInRange(DateTimeOffset moment) => (From is not { } from || moment >= from) && (To is not { } to || moment < to);

    private static bool MatchesOrAny(string? asked, string? has) =>
        asked is null || string.Equals(asked, has, StringComparison.OrdinalIgnoreCase);

    private static bool HasCodeBlock(string text)
    {
        if (!text.Contains("```", StringComparison.Ordinal) && !text.Contains("~~~", StringComparison.Ordinal))
        {
            return false;
        }

        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var begin = line.TrimStart();
            if (begin.StartsWith("```", StringComparison.Ordinal) || begin.StartsWith("~~~", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A message that matches.</summary>
/// <param name="MessageId">Empty if the title of the chat matches.</param>
internal sealed record SearchMatch(ChatSummary Chat, string MessageId, MessageRole Role, DateTimeOffset CreatedAt, SearchSnippet Snippet);
