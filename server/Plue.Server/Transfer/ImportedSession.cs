using System.Security.Cryptography;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>A chat as parsed by a reader. IDs are those of the other program; the content of a file is in <see cref="MessagePart.File.Data"/>.</summary>
/// <param name="Source">Identifies program and session.</param>
/// <param name="Messages">Parents before their children.</param>
/// <param name="Head">The last message of the visible branch; empty for none.</param>
internal sealed record ImportedSession(string Source, string? Title, IReadOnlyList<Message> Messages, string Head, DateTimeOffset CreatedAt)
{
    public bool Archived { get; init; }
    public bool Pinned { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Returns the session with Plue's IDs, which sort by time, so that each message sorts before its children.</summary>
    public ImportedSession WithOwnIds()
    {
        var times = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var latest = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal); // by parent: the time of its latest child, to keep the order
        foreach (var message in Messages)
        {
            var parent = message.ParentId ?? "";
            var time = Max(message.CreatedAt, Max(times.GetValueOrDefault(parent), latest.GetValueOrDefault(parent)));
            times[message.Id] = latest[parent] = time;
        }

        var clock = new IdClock();
        var ids = new Dictionary<string, string>(StringComparer.Ordinal);
        List<Message> ordered = new(Messages.Count);
        foreach (var message in Messages.OrderBy(message => times[message.Id]))
        {
            var id = ids[message.Id] = clock.Next(times[message.Id]);
            ordered.Add(message with { Id = id, ParentId = ids.GetValueOrDefault(message.ParentId ?? "", "") });
        }

        return this with
        {
            Messages = ordered,
            Head = ids.GetValueOrDefault(Head, ""),
        };
    }

    private static DateTimeOffset Max(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;

    /// <summary>Creates version 7 UUIDs for past times, each greater than the last.</summary>
    private sealed class IdClock
    {
        private const int MaxIdsPerMillisecond = 0xFFF;
        private long last = -1;
        private int count;

        public string Next(DateTimeOffset time)
        {
            var now = Math.Max(0, time.ToUnixTimeMilliseconds());
            if (now > last)
            {
                (last, count) = (now, 0);
            }
            else if (++count > MaxIdsPerMillisecond)
            {
                (last, count) = (last + 1, 0);
            }

            var chance = RandomNumberGenerator.GetHexString(16, lowercase: true);
            return $"msg_{last:x12}7{count:x3}{"89ab"[chance[0] % 4]}{chance[1..]}";
        }
    }
}

/// <summary>A message that is assembled from several lines.</summary>
internal sealed class MessageDraft(string id, MessageDraft? parent, MessageRole role, DateTimeOffset at)
{
    private readonly Dictionary<string, Usage> usage = new(StringComparer.Ordinal);
    private readonly DateTimeOffset createdAt = at;

    public string Id => id;
    public MessageDraft? Parent => parent;
    public MessageRole Role => role;
    public List<MessagePart> Parts { get; } = [];
    public DateTimeOffset UpdatedAt { get; set; } = at;
    public MessageStatus Status { get; set; } = MessageStatus.Complete;
    public Failure? Error { get; set; }
    public string? Model { get; set; }
    public Compaction? Compaction { get; set; }

    /// <summary>The cost reported by the other program, in US dollars.</summary>
    public decimal Cost { get; set; }

    /// <summary>The number of messages up to and including this one.</summary>
    public int Depth { get; } = (parent?.Depth ?? 0) + 1;

    /// <param name="request">The request ID: counting a request again with its final usage replaces the earlier count.</param>
    public void Count(string request, Usage counted) => usage[request] = counted;

    /// <param name="program">The imported program, in a form that cannot be a provider ID.</param>
    public Message ToMessage(string program) =>
        new()
        {
            Id = id,
            CodexId = "",
            ParentId = parent?.Id ?? "",
            Role = role,
            Parts = Parts,
            CreatedAt = createdAt,
            UpdatedAt = UpdatedAt > createdAt ? UpdatedAt : createdAt,
            Status = Status,
            Error = Error,
            Compaction = Compaction,
            ProviderInfo = role == MessageRole.Assistant ? new ProviderInfo(program, Model) : null,
            Cost = Cost > 0 ? new Cost(0, 0, 0, Cost, "vendor") : null,
            Usage =
                usage.Count == 0
                    ? null
                    : new Usage
                    {
                        InputTokens = usage.Values.Sum(one => one.InputTokens),
                        OutputTokens = usage.Values.Sum(one => one.OutputTokens),
                        CachedReadTokens = usage.Values.Sum(one => one.CachedReadTokens),
                        CachedWriteTokens = usage.Values.Sum(one => one.CachedWriteTokens),
                        ReasoningTokens = usage.Values.Sum(one => one.ReasoningTokens),
                    },
        };
}
