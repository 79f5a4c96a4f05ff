using System.Text;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// Collects the messages of one chat that match a query. The last complete record of a message counts; discarded messages are omitted.
/// A line is decoded only if its bytes may match.
/// </summary>
internal sealed class JournalMatcher(JournalQuery query, ChatSummary chat, CancellationToken cancellationToken)
{
    private readonly Dictionary<string, SearchMatch> matches = new(StringComparer.Ordinal);
    private readonly HashSet<string> discarded = new(StringComparer.Ordinal);

    /// <summary>Only the newest matches, up to the limit of the search, are stored.</summary>
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
            // The fold does not read this line either.
            return;
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

    /// <summary>Reads the member after <c>type</c>.</summary>
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
