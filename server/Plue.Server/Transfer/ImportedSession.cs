using System.Security.Cryptography;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>A chat as a reader understood it. Ids are the other program's; a file's content is in <see cref="MessagePart.File.Data"/>.</summary>
/// <param name="Source">Which session of which program.</param>
/// <param name="Messages">Each behind the one it follows.</param>
/// <param name="Head">The last message of the branch that is shown; empty shows none.</param>
internal sealed record ImportedSession(string Source, string? Title, IReadOnlyList<Message> Messages, string Head, DateTimeOffset CreatedAt)
{
    public bool Archived { get; init; }
    public bool Pinned { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>With ids of ours, which sort by time, and behind every message the ones that follow it.</summary>
    public ImportedSession WithOwnIds()
    {
        var times = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var latest = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal); // of what follows a message, so that its branches keep their order
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

    /// <summary>UUIDs of version 7 for times that are past, each behind the last.</summary>
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

/// <summary>A message while it is put together from several lines.</summary>
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

    /// <summary>What the other program counted, in US dollars.</summary>
    public decimal Cost { get; set; }

    /// <summary>How many messages lead to this one, itself included.</summary>
    public int Depth { get; } = (parent?.Depth ?? 0) + 1;

    /// <param name="request">A request can be counted again with its final usage.</param>
    public void Count(string request, Usage counted) => usage[request] = counted;

    /// <param name="program">The importing program, in a form that cannot be a provider id.</param>
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
