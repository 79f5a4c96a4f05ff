using System.Text;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// Takes the lines of one chat and keeps the messages that a query asks for: as the last complete record of each says it, discarded ones omitted.
/// A line is decoded only when its bytes may hold what is looked for.
/// </summary>
internal sealed class JournalMatcher(JournalQuery query, ChatSummary chat, CancellationToken cancellationToken)
{
    private readonly Dictionary<string, SearchMatch> matches = new(StringComparer.Ordinal);
    private readonly HashSet<string> discarded = new(StringComparer.Ordinal);

    /// <summary>More than a search gives is not stored: the newest are.</summary>
    private int MaxMatches => 2 * (query.Query.Limit + 1);

    /// <summary>Newest first.</summary>
    public IReadOnlyList<SearchMatch> Matches => [.. Newest(query.Query.Limit + 1)];

    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    public void Take(JournalLine line)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (line.Type.SequenceEqual("message"u8))
        {
            var mayMatch = query.MayMatch(line.Json);
            if (mayMatch)
            {
                AddMatch(line);
            }
            else
            {
                Remove(line, ",\"message\":{\"id\":\""u8);
            }
        }
        else if (line.Type.SequenceEqual("message_started"u8))
        {
            if (Remove(line, ",\"message\":{\"id\":\""u8) is { } id)
            {
                discarded.Remove(id);
            }
        }
        else if (line.Type.SequenceEqual("message_discarded"u8) && IdOf(line, ",\"message_id\":\""u8) is { } id)
        {
            matches.Remove(id);
            discarded.Add(id);
        }
    }

    private void AddMatch(JournalLine line)
    {
        Message message;
        try
        {
            if (JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredComplete) is not { } complete)
            {
                return;
            }

            message = complete.Message.ToMessage();
        }
        catch (JsonException)
        {
            return; // the fold does not understand it either
        }

        matches.Remove(message.Id);
        if (discarded.Contains(message.Id) || query.Query.Match(message, chat) is not { } match)
        {
            return;
        }

        matches.Add(message.Id, match);
        if (matches.Count <= MaxMatches)
        {
            return;
        }

        foreach (var old in matches.Values.Except(Newest(query.Query.Limit + 1)).ToList())
        {
            matches.Remove(old.MessageId);
        }
    }

    /// <summary>Removes earlier matches of this message.</summary>
    private string? Remove(JournalLine line, ReadOnlySpan<byte> member)
    {
        if (matches.Count + discarded.Count == 0 || IdOf(line, member) is not { } id)
        {
            return null;
        }

        matches.Remove(id);
        return id;
    }

    private IEnumerable<SearchMatch> Newest(int count) =>
        matches
            .Values.OrderByDescending(match => match.CreatedAt)
            .ThenByDescending(match => match.MessageId, StringComparer.Ordinal)
            .Take(count);

    /// <summary>The member behind <c>type</c>.</summary>
    private static string? IdOf(JournalLine line, ReadOnlySpan<byte> member)
    {
        if (!line.Json.Overlaps(line.Type, out var type))
        {
            return null;
        }

        var rest = line.Json[(type + line.Type.Length + 1)..];
        if (!rest.StartsWith(member))
        {
            return null;
        }

        rest = rest[member.Length..];
        return rest.IndexOf((byte)'"') is var end and > 0 ? Encoding.UTF8.GetString(rest[..end]) : null;
    }
}
