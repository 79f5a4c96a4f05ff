using System.Globalization;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>A change of a chat in its history.</summary>
/// <param name="Version">The number of its record.</param>
/// <param name="Author"><c>you</c>, <c>plue</c>, <c>hook</c>, or a model's name.</param>
/// <param name="Summary">One short sentence.</param>
public sealed record ChatChange(long Version, DateTimeOffset Time, string Author, string Summary);

/// <summary>Describes the lines of a journal, one sentence each. Keeps the newest <see cref="MaxChanges"/>.</summary>
internal sealed class ChatHistory
{
    public const int MaxChanges = 1000;
    private const string UserAuthor = "you";
    private const string PlueAuthor = "plue";
    private const string HookAuthor = "hook";
    private const int QuoteLength = 60;

    // The header and the initial fields.
    private const long CreationEnd = 2;

    private readonly Queue<ChatChange> changes = new();
    private readonly Dictionary<string, MessageRole> roles = new(StringComparer.Ordinal);
    private readonly HashSet<(string Parent, MessageRole Role)> followed = [];
    private string last = "";

    // The number of the previous record if it hid a message.
    private long discardedBy;

    // The number of the previous record if it copied a message.
    private long copiedBy;

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
            // A record of another version, which the notice of the chat reports.
        }
    }

    private void Describe(StoredRecord? record, long seq, DateTimeOffset time)
    {
        void AddChange(string author, string what)
        {
            if (changes.Count == MaxChanges)
            {
                changes.Dequeue();
            }
            changes.Enqueue(new ChatChange(seq, time, author, what));
        }

        switch (record)
        {
            case StoredHeader header:
                AddChange(UserAuthor, ChannelKind.Task.IsIdOfKind(header.Id) ? "Created the task." : "Created the chat.");
                break;
            case StoredHook hook:
                AddChange(
                    HookAuthor,
                    hook.Error is { } error ? $"Hook {hook.Action} failed: {error}" : hook.Outcome ?? $"Hook {hook.Action}."
                );
                break;
            // The hook's own record describes its changes.
            case StoredFields { By: ChangedBy.Hook }:
                break;
            case StoredComplete { Message.Copy: true } copied:
                RecordParent(copied.Message.ToMessage());
                if (copiedBy != seq - 1)
                {
                    AddChange(UserAuthor, "Copied messages from another chat.");
                }
                copiedBy = seq;
                break;
            case StoredComplete complete:
                Describe(complete.Message.ToMessage(), AddChange);
                break;
            case StoredHead { Reason: StoredHead.Undo }:
                AddChange(UserAuthor, "Undid the last turn.");
                break;
            case StoredHead { Reason: StoredHead.Redo }:
                AddChange(UserAuthor, "Redid the turn.");
                break;
            case StoredHead when discardedBy != seq - 1:
                AddChange(UserAuthor, "Switched to another branch.");
                break;
            case StoredDiscarded discarded:
                // Deleting a message deletes its descendants, too.
                if (discardedBy != seq - 1)
                {
                    AddChange(
                        UserAuthor,
                        roles.GetValueOrDefault(discarded.MessageId) == MessageRole.User ? "Deleted a message." : "Deleted a response."
                    );
                }
                discardedBy = seq;
                break;
            case StoredQueued queued:
                AddChange(UserAuthor, $"Queued {Quote(queued.Message.ToMessage().Text)}");
                break;
            case StoredUnqueued:
                AddChange(UserAuthor, "Removed a message from the queue.");
                break;
            case StoredFields fields when seq > CreationEnd:
                Describe(fields, AddChange);
                break;
            case StoredDropped { Reason: StoredDropped.Damaged } dropped:
                var lost = seq - dropped.FirstSeq + 1;
                AddChange(
                    PlueAuthor,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"Repaired the file: {lost} {(lost == 1 ? "entry" : "entries")} could not be read."
                    )
                );
                break;
        }
    }

    private void Describe(Message message, Action<string, string> say)
    {
        var isAnother = RecordParent(message);
        if (message.IsHidden)
        {
            return;
        }

        if (message.Compaction is { } compaction)
        {
            say(PlueAuthor, string.Create(CultureInfo.InvariantCulture, $"Summarized {compaction.Messages} messages."));
        }
        else if (message.Role == MessageRole.User)
        {
            say(UserAuthor, $"{(isAnother ? "Edited and resent" : "Sent")} {Quote(message.Text)}");
        }
        else
        {
            var author = message.ProviderInfo is { } info ? info.ModelId ?? info.ProviderId : PlueAuthor;
            say(
                author,
                message.Status switch
                {
                    MessageStatus.Stopped => "Stopped.",
                    MessageStatus.Interrupted => "Interrupted.",
                    MessageStatus.Failed => message.Error is { } error ? $"Failed: {error.Message}" : "Failed.",
                    _ => isAnother ? "Responded again." : "Responded.",
                }
            );
        }
    }

    private static void Describe(StoredFields fields, Action<string, string> say)
    {
        var author = fields.By ?? UserAuthor;
        if (fields.Kind is { } kind)
        {
            say(author, kind == ChannelKind.Task.Name ? "Turned the chat into a task." : "Turned the task back into a chat.");
            return;
        }
        if (fields.Title is { } title)
        {
            say(
                fields.TitleFrom is null ? author : PlueAuthor,
                title.Length == 0 ? "Removed the title." : $"Changed the title to {Quote(title)}"
            );
        }

        if (fields.Archived is { } archived)
        {
            say(author, archived ? "Archived the chat." : "Restored the chat from the archive.");
        }
        if (fields.Pinned is { } pinned)
        {
            say(author, pinned ? "Pinned the chat." : "Unpinned the chat.");
        }
        if (fields.Tags is { } tags)
        {
            say(author, tags.Count == 0 ? "Removed all tags." : $"Set the tags to {string.Join(", ", tags)}.");
        }
        if (fields.ProviderRef is { Length: > 0 } provider)
        {
            say(
                author,
                author == PlueAuthor
                    ? $"The provider was renamed to {ChatFields.ProviderIdOf(provider)}."
                    : $"Switched to {ChatFields.ProviderIdOf(provider)}{(fields.Model is { Length: > 0 } with ? $" with {with}" : "")}."
            );
        }
        else if (fields.Model is { } model)
        {
            say(author, model.Length == 0 ? "Switched to the provider's default model." : $"Switched to the model {model}.");
        }

        if (fields.Fallbacks is not null)
        {
            say(author, "Changed the fallback providers.");
        }
        if (fields.Options is not null)
        {
            say(author, "Changed the model options.");
        }
        if (fields.ContextFiles is not null)
        {
            say(author, "Changed the pinned files.");
        }
        if (fields.Template is { } template)
        {
            // A new template comes with its model; a new name comes alone.
            if (fields.Model is null)
            {
                say(PlueAuthor, $"The template was renamed to {template}.");
            }
            else
            {
                say(author, $"Changed the template to {template}.");
            }
        }
        if (fields.Values is { } values)
        {
            say(author, $"Set {string.Join(", ", values.Keys)}.");
        }
    }

    /// <returns>Whether another message of this role follows the same one.</returns>
    private bool RecordParent(Message message)
    {
        if (message.IsHidden || !roles.TryAdd(message.Id, message.Role))
        {
            return false;
        }

        var parent = message.ParentId ?? last;
        last = message.Id;
        return !followed.Add((parent, message.Role));
    }

    private static string Quote(string text)
    {
        var line = OneLine.Of(text[..Math.Min(text.Length, QuoteLength * 4)]);
        if (line.Length <= QuoteLength)
        {
            return $"\"{line}\".";
        }

        return $"\"{TextCut.Head(line, QuoteLength).TrimEnd()}…\".";
    }
}
