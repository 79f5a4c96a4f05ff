using System.Text;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// Takes the lines of one chat and keeps the messages that a query asks for: as the last complete record of each says it, discarded ones left out.
/// A line is decoded only when its bytes may hold what is looked for.
/// </summary>
internal sealed class JournalMatcher(JournalQuery query, ChatSummary chat, CancellationToken cancellationToken)
{
    private readonly Dictionary<string, SearchFind> finds = new(StringComparer.Ordinal);
    private readonly HashSet<string> discarded = new(StringComparer.Ordinal);

    /// <summary>More than a search gives is not kept: the newest are.</summary>
    private int MostKept => 2 * (query.Query.Limit + 1);

    /// <summary>Newest first.</summary>
    public IReadOnlyList<SearchFind> Finds => [.. Newest(query.Query.Limit + 1)];

    /// <exception cref="OperationCanceledException">Nobody waits any more.</exception>
    public void Take(JournalLine line)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (line.Type.SequenceEqual("message"u8))
        {
            var mayMatch = query.MayBeIn(line.Json);
            if (mayMatch) { Match(line); }
            else { Forget(line, ",\"message\":{\"id\":\""u8); }
        }
        else if (line.Type.SequenceEqual("message_started"u8))
        {
            if (Forget(line, ",\"message\":{\"id\":\""u8) is { } id) { discarded.Remove(id); }
        }
        else if (line.Type.SequenceEqual("message_discarded"u8) && IdOf(line, ",\"message_id\":\""u8) is { } id)
        {
            finds.Remove(id);
            discarded.Add(id);
        }
    }

    private void Match(JournalLine line)
    {
        Message message;
        try
        {
            if (JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredComplete) is not { } complete) { return; }

            message = complete.Message.ToMessage();
        }
        catch (JsonException)
        {
            return; // the fold does not understand it either
        }

        finds.Remove(message.Id);
        if (discarded.Contains(message.Id) || query.Query.Find(message, chat) is not { } find) { return; }

        finds.Add(message.Id, find);
        if (finds.Count <= MostKept) { return; }

        foreach (var old in finds.Values.Except(Newest(query.Query.Limit + 1)).ToList()) { finds.Remove(old.MessageId); }
    }

    /// <summary>What was found of this message no longer counts.</summary>
    private string? Forget(JournalLine line, ReadOnlySpan<byte> member)
    {
        if (finds.Count + discarded.Count == 0 || IdOf(line, member) is not { } id) { return null; }

        finds.Remove(id);
        return id;
    }

    private IEnumerable<SearchFind> Newest(int count) =>
        finds.Values.OrderByDescending(find => find.CreatedAt).ThenByDescending(find => find.MessageId, StringComparer.Ordinal).Take(count);

    /// <summary>The member behind <c>type</c>.</summary>
    private static string? IdOf(JournalLine line, ReadOnlySpan<byte> member)
    {
        if (!line.Json.Overlaps(line.Type, out var type)) { return null; }

        var rest = line.Json[(type + line.Type.Length + 1)..];
        if (!rest.StartsWith(member)) { return null; }

        rest = rest[member.Length..];
        return rest.IndexOf((byte)'"') is var end and > 0 ? Encoding.UTF8.GetString(rest[..end]) : null;
    }
}
