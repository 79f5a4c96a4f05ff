namespace Plue.Protocol;

/// <param name="SearchId">Chosen by the caller; the hits carry it. Cancelling the request ends the search.</param>
/// <param name="Text">Words that must all be in the message, ignoring case; <c>"a phrase"</c> is matched exactly. Empty applies only the filters.</param>
public sealed record SearchChatsParams(string SearchId, string Text)
{
    public DateTimeOffset? From { get; init; }

    /// <summary>The end of the period, exclusive.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The provider of a response, or of the chat for a user message.</summary>
    public string? ProviderId { get; init; }

    /// <summary>The model of a response, or of the chat for a user message.</summary>
    public string? Model { get; init; }

    /// <summary>True finds only messages with a code block.</summary>
    public bool? HasCode { get; init; }
    public MessageStatus? Status { get; init; }
    public MessageRole? Role { get; init; }

    /// <summary>The tags that the chat must have.</summary>
    public IReadOnlyList<string>? Tags { get; init; }
    public bool? IncludeArchived { get; init; }

    /// <summary>The maximum number of hits: 500 by default, at most 5,000.</summary>
    public int? Limit { get; init; }
}

/// <summary>Hits are sent as they are found, newest chats first; the reply to search/chats follows after the last.</summary>
public sealed record SearchHitsParams(string SearchId, IReadOnlyList<SearchHit> Hits);

/// <param name="MessageId">Empty if only the chat's title matches; the role has no meaning then.</param>
/// <param name="Snippet">One line around the first place of the first word.</param>
/// <param name="Start">The start of the match in <paramref name="Snippet"/>, in UTF-16 units.</param>
public sealed record SearchHit(
    string CodexId,
    string Title,
    string MessageId,
    MessageRole Role,
    DateTimeOffset CreatedAt,
    string Snippet,
    int Start,
    int Length
);

/// <param name="IsTruncated">True if the limit was reached.</param>
/// <param name="Unreadable">The number of chats that could not be read.</param>
public sealed record SearchChatsResult(int Hits, int Chats, bool IsTruncated, int Unreadable);
