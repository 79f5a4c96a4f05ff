namespace Plue.Protocol;

/// <param name="SearchId">Chosen by the caller; the hits carry it. Cancelling the request ends the search.</param>
/// <param name="Text">Words that are all in the message, in either case; <c>"a phrase"</c> is found as it is. Empty finds by the filters alone.</param>
public sealed record SearchChatsParams(string SearchId, string Text)
{
    public DateTimeOffset? From { get; init; }

    /// <summary>The first moment that no longer counts.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>The provider of a response, or of the chat for a user message.</summary>
    public string? ProviderId { get; init; }

    /// <summary>Likewise.</summary>
    public string? Model { get; init; }

    /// <summary>Messages with a code block.</summary>
    public bool? HasCode { get; init; }
    public MessageStatus? Status { get; init; }
    public MessageRole? Role { get; init; }

    /// <summary>The chat has all of them.</summary>
    public IReadOnlyList<string>? Tags { get; init; }
    public bool? IncludeArchived { get; init; }

    /// <summary>The maximum number of hits: 500 by default, at most 5,000.</summary>
    public int? Limit { get; init; }
}

/// <summary>The first come at once, newest chats first; the answer to search/chats comes after the last.</summary>
public sealed record SearchHitsParams(string SearchId, IReadOnlyList<SearchHit> Hits);

/// <param name="MessageId">Empty when the chat's title was found and none of its messages; the role then says nothing.</param>
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

/// <param name="IsTruncated">There is more than the limit allowed.</param>
/// <param name="Unreadable">The number of chats that could not be read.</param>
public sealed record SearchChatsResult(int Hits, int Chats, bool IsTruncated, int Unreadable);
