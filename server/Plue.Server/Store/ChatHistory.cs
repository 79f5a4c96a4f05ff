using System.Globalization;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>Something that happened to a chat.</summary>
/// <param name="Version">The number of its record.</param>
/// <param name="Author"><c>you</c>, <c>plue</c>, <c>hook</c>, or a model's name.</param>
/// <param name="Summary">One short sentence.</param>
public sealed record ChatChange(long Version, DateTimeOffset Time, string Author, string Summary);

/// <summary>Tells what the lines of a journal say, one sentence each. The newest <see cref="MaxChanges"/> are kept.</summary>
internal sealed class ChatHistory
{
    public const int MaxChanges = 1000;
    private const string UserAuthor = "you";
    private const string PlueAuthor = "plue";
    private const string HookAuthor = "hook";
    private const int QuoteLength = 60;
    private const long CreationEnd = 2; // the header, and the fields that the chat was made with

    private readonly Queue<ChatChange> changes = new();
    private readonly Dictionary<string, MessageRole> roles = new(StringComparer.Ordinal);
    private readonly HashSet<(string Parent, MessageRole Role)> followed = [];
    private string last = "";
    private long discardedBy; // the number of the record before, when that hid a message
    private long copiedBy; // the same for one that was taken over

    /// <summary>Newest first.</summary>
    public IReadOnlyList<ChatChange> Changes => [.. changes.Reverse()];

    public void Take(JournalLine line)
    {
        try
        {
            Describe(StoredRecord.Parse(line), line.Seq, line.Time);
        }
        catch (JsonException)
        {
            // Another version's; the chat's notice says so.
        }
    }

    private void Describe(StoredRecord? record, long seq, DateTimeOffset time)
    {
        void Say(string author, string what)
        {
            if (changes.Count == MaxChanges) { changes.Dequeue(); }
            changes.Enqueue(new ChatChange(seq, time, author, what));
        }

        switch (record)
        {
            case StoredHeader header: Say(UserAuthor, ChannelKind.Task.IsIdOfKind(header.Id) ? "Made this task." : "Made this chat."); break;
            case StoredHook hook: Say(HookAuthor, hook.Error is { } error ? $"Hook {hook.Action} failed: {error}" : hook.Outcome ?? $"Hook {hook.Action}."); break;
            // What a hook changed, its own record tells.
            case StoredFields { By: ChangedBy.Hook }: break;
            case StoredComplete { Message.Copy: true } copied:
                RecordParent(copied.Message.ToMessage());
                if (copiedBy != seq - 1) { Say(UserAuthor, "Took over messages of another chat."); }
                copiedBy = seq;
                break;
            case StoredComplete complete: Describe(complete.Message.ToMessage(), Say); break;
            case StoredHead { Reason: StoredHead.Undo }: Say(UserAuthor, "Hid the last turn."); break;
            case StoredHead { Reason: StoredHead.Redo }: Say(UserAuthor, "Brought the hidden turn back."); break;
            case StoredHead when discardedBy != seq - 1: Say(UserAuthor, "Showed another branch."); break;
            case StoredDiscarded discarded:
                // A question takes what follows it along.
                if (discardedBy != seq - 1) { Say(UserAuthor, roles.GetValueOrDefault(discarded.MessageId) == MessageRole.User ? "Deleted a question." : "Deleted an answer."); }
                discardedBy = seq;
                break;
            case StoredQueued queued: Say(UserAuthor, $"Queued {Quote(queued.Message.ToMessage().Text)}"); break;
            case StoredUnqueued: Say(UserAuthor, "Took a message out of the queue."); break;
            case StoredFields fields when seq > CreationEnd: Describe(fields, Say); break;
            case StoredDropped { Reason: StoredDropped.Damaged } dropped:
                var lost = seq - dropped.FirstSeq + 1;
                Say(PlueAuthor, string.Create(CultureInfo.InvariantCulture, $"Repaired the file: {lost} {(lost == 1 ? "entry" : "entries")} could not be read."));
                break;
        }
    }

    private void Describe(Message message, Action<string, string> say)
    {
        var isAnother = RecordParent(message);
        if (message.IsHidden) { return; }

        if (message.Compaction is { } compaction)
        {
            say(PlueAuthor, string.Create(CultureInfo.InvariantCulture, $"Summarised {compaction.Messages} messages."));
        }
        else if (message.Role == MessageRole.User)
        {
            say(UserAuthor, $"{(isAnother ? "Asked anew" : "Asked")} {Quote(message.Text)}");
        }
        else
        {
            var author = message.ProviderInfo is { } info ? info.ModelId ?? info.ProviderId : PlueAuthor;
            say(author, message.Status switch
            {
                MessageStatus.Stopped => "Was stopped.",
                MessageStatus.Interrupted => "Was interrupted.",
                MessageStatus.Failed => message.Error is { } error ? $"Failed: {error.Message}" : "Failed.",
                _ => isAnother ? "Answered once more." : "Answered.",
            });
        }
    }

    private static void Describe(StoredFields fields, Action<string, string> say)
    {
        var author = fields.By ?? UserAuthor;
        if (fields.Title is { } title)
        {
            say(fields.TitleFrom is null ? author : PlueAuthor, title.Length == 0 ? "Took the title away." : $"Named it {Quote(title)}");
        }

        if (fields.Archived is { } archived) { say(author, archived ? "Archived it." : "Took it out of the archive."); }
        if (fields.Pinned is { } pinned) { say(author, pinned ? "Pinned it." : "Unpinned it."); }
        if (fields.Tags is { } tags) { say(author, tags.Count == 0 ? "Took all tags away." : $"Set the tags {string.Join(", ", tags)}."); }
        if (fields.ProviderRef is { Length: > 0 } provider)
        {
            say(author, author == PlueAuthor // Who renames it, does not choose another.
                ? $"Its provider is named {ChatFields.ProviderIdOf(provider)} now."
                : $"Chose {ChatFields.ProviderIdOf(provider)}{(fields.Model is { Length: > 0 } with ? $" with {with}" : "")}.");
        }
        else if (fields.Model is { } model)
        {
            say(author, model.Length == 0 ? "Chose the provider's own model." : $"Chose the model {model}.");
        }

        if (fields.Fallbacks is not null) { say(author, "Changed who stands in."); }
        if (fields.Options is not null) { say(author, "Changed the options."); }
        if (fields.ContextFiles is not null) { say(author, "Changed the files in context."); }
        if (fields.Template is { } template) { say(PlueAuthor, $"Its template is named {template} now."); }
        if (fields.Values is { } values) { say(author, $"Set {string.Join(", ", values.Keys)}."); }
    }

    /// <returns>Whether another message of this role follows the same one.</returns>
    private bool RecordParent(Message message)
    {
        if (message.IsHidden || !roles.TryAdd(message.Id, message.Role)) { return false; }

        var parent = message.ParentId ?? last;
        last = message.Id;
        return !followed.Add((parent, message.Role));
    }

    private static string Quote(string text)
    {
        var line = string.Join(' ', text[..Math.Min(text.Length, QuoteLength * 4)].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        if (line.Length <= QuoteLength) { return $"\"{line}\"."; }

        var cut = char.IsHighSurrogate(line[QuoteLength - 1]) ? QuoteLength - 1 : QuoteLength;
        return $"\"{line[..cut].TrimEnd()}…\".";
    }
}
