using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>Folds the lines of a journal into a chat, in file order: clocks may jump, sequence does not.</summary>
internal sealed class ChatFold
{

    private readonly List<Entry> entries = [];
    private readonly Dictionary<string, Entry> byId = new(StringComparer.Ordinal);
    private readonly List<string> notices = [];
    private string? title;
    private bool archived;
    private string? providerId;
    private string? model;
    private IReadOnlyList<ModelChoice> fallbacks = [];
    private ChatOptions options = ChatOptions.None;
    private int notUnderstood;
    private bool wasDamaged;

    /// <summary>Lines that no longer say anything, because a complete record of their message came later.</summary>
    public HashSet<long> Superseded { get; } = [];
    public long SupersededBytes { get; private set; }

    public void Take(JournalLine line)
    {
        StoredRecord? record;
        try
        {
            record = StoredRecord.Parse(line);
        }
        catch (JsonException)
        {
            notUnderstood++;
            return;
        }

        switch (record)
        {
            case StoredComplete complete: Complete(complete.Message.ToMessage()); break;
            case StoredStarted started: Begin(started.Message.ToMessage(), line); break;
            case StoredPartial partial: Append(partial, line); break;
            case StoredPartialReset reset when byId.TryGetValue(reset.MessageId, out var entry): entry.Reset(line); break;
            case StoredDiscarded discarded when byId.TryGetValue(discarded.MessageId, out var entry): entry.IsDiscarded = true; break;
            case StoredFields fields: Apply(fields); break;
            case StoredDropped { Reason: StoredDropped.Damaged } dropped: NoteDropped(dropped, line); break;
        }
    }

    /// <summary>Every message that was ended, hidden ones too: what was paid for.</summary>
    public IEnumerable<Message> Ended => entries.Where(entry => !entry.IsOpen).Select(entry => entry.Message);

    /// <summary>Begun and never ended, as interrupted messages.</summary>
    public IReadOnlyList<Message> Unfinished() => [.. entries.Where(entry => entry.IsOpen).Select(entry => entry.ToMessage(MessageStatus.Interrupted))];

    /// <param name="isOwned">An owner lives: what is unfinished is still being written, and a torn end is a line on its way.</param>
    /// <param name="keptAside">The file that now holds the damaged bytes, when this program just repaired.</param>
    public StoredChat ToChat(JournalScan scan, StoredHeader lost, bool isOwned, string? keptAside = null)
    {
        var header = scan.Header ?? lost;
        var open = isOwned ? MessageStatus.Streaming : MessageStatus.Interrupted;
        Message[] messages = [.. entries.Where(entry => !entry.IsDiscarded).Select(entry => entry.ToMessage(open))];
        NoteScan(scan, isOwned, keptAside);
        return new StoredChat
        {
            Id = lost.Id,
            TemplateId = header.Template,
            Title = title ?? StoredChat.TitleOf(messages),
            Archived = archived,
            ProviderId = providerId,
            Model = model,
            Fallbacks = fallbacks,
            Options = options,
            Messages = messages,
            CreatedAt = scan.FirstTime ?? default,
            UpdatedAt = scan.LastTime ?? default,
            TotalCost = entries.Sum(entry => entry.Message.Cost?.TotalCost) is var sum && entries.Exists(entry => entry.Message.Cost is not null) ? sum : null,
            Status = wasDamaged ? ChatStatus.Damaged : StatusOf(messages),
            Notice = notices.Count > 0 ? string.Join(' ', notices) : null,
        };
    }

    private void Complete(Message message)
    {
        if (!byId.TryGetValue(message.Id, out var entry)) { entry = Add(message); }

        foreach (var (seq, bytes) in entry.Lines)
        {
            Superseded.Add(seq);
            SupersededBytes += bytes;
        }

        entry.End(message);
    }

    private void Begin(Message message, JournalLine line)
    {
        if (!byId.TryGetValue(message.Id, out var entry)) { entry = Add(message); }

        entry.Begin(message);
        entry.Note(line);
    }

    /// <summary>Text whose beginning was lost is still text.</summary>
    private void Append(StoredPartial partial, JournalLine line)
    {
        if (!byId.TryGetValue(partial.MessageId, out var entry))
        {
            var message = new Message { Id = partial.MessageId, CodexId = "", Role = MessageRole.Assistant, CreatedAt = line.Time, UpdatedAt = line.Time };
            entry = Add(message);
            entry.Begin(message);
        }

        entry.Append(partial, line);
    }

    private Entry Add(Message message)
    {
        var entry = new Entry(message);
        entries.Add(entry);
        byId.Add(message.Id, entry);
        return entry;
    }

    private void Apply(StoredFields fields)
    {
        title = Changed(title, fields.Title);
        archived = fields.Archived ?? archived;
        providerId = Changed(providerId, ChatFields.ProviderIdOf(fields.ProviderRef));
        model = Changed(model, fields.Model);
        if (fields.Fallbacks is { } choices) { fallbacks = [.. choices.Where(choice => choice?.ProviderRef is not null).Select(ChatFields.ChoiceOf)]; }
        options = fields.Options?.ToOptions() ?? options;

        static string? Changed(string? old, string? value) => value is null ? old : value.Length == 0 ? null : value;
    }

    private void NoteDropped(StoredDropped dropped, JournalLine line)
    {
        wasDamaged = true;
        notices.Add(string.Create(CultureInfo.InvariantCulture, $"{Entries(dropped.FirstSeq, line.Seq)} of this chat could not be read")
            + (dropped.Kept is { } kept ? $"; the damaged bytes are kept in {kept}." : "."));
    }

    private void NoteScan(JournalScan scan, bool isOwned, string? keptAside)
    {
        var where = keptAside is null ? "they stay in the file until the chat is next opened" : $"they are kept in {keptAside}";
        if (scan.Header is null)
        {
            wasDamaged = true;
            notices.Add("The beginning of this chat's file could not be read.");
        }

        foreach (var missing in scan.Missing)
        {
            wasDamaged = true;
            notices.Add($"{Entries(missing.First, missing.Last)} of this chat {(missing.First == missing.Last ? "is" : "are")} missing.");
        }

        var damaged = scan.Damaged.Where(range => !range.IsTorn || range.Offset < scan.GoodLength).Sum(range => range.Length);
        if (damaged > 0)
        {
            wasDamaged = true;
            notices.Add(string.Create(CultureInfo.InvariantCulture, $"{damaged} bytes of this chat's file are damaged; {where}."));
        }

        if (scan.HasTornTail && !isOwned)
        {
            notices.Add(string.Create(CultureInfo.InvariantCulture,
                $"Plue stopped while it was writing the last entry, which had not been confirmed; its {scan.Damaged[^1].Length} bytes are cut off: {where}."));
        }

        if (notUnderstood > 0)
        {
            notices.Add(string.Create(CultureInfo.InvariantCulture, $"{notUnderstood} entries were written by another version of Plue and are not shown."));
        }
    }

    private static string Entries(long first, long last) => first == last
        ? string.Create(CultureInfo.InvariantCulture, $"Entry {first}")
        : string.Create(CultureInfo.InvariantCulture, $"Entries {first} to {last}");

    private static ChatStatus StatusOf(Message[] messages) => messages is not [.., var last] ? ChatStatus.Idle
        : last.Status switch
        {
            MessageStatus.Streaming => ChatStatus.Running,
            MessageStatus.Interrupted => ChatStatus.Interrupted,
            MessageStatus.Failed => ChatStatus.Failed,
            _ => ChatStatus.Idle,
        };

    /// <summary>One message on its way through the file.</summary>
    private sealed class Entry(Message message)
    {
        private readonly SortedDictionary<int, (bool IsReasoning, StringBuilder Text)> partials = [];

        public Message Message { get; private set; } = message;
        public bool IsOpen { get; private set; }
        public bool IsDiscarded { get; set; }

        /// <summary>Since it was last begun: what a complete record makes superfluous.</summary>
        public List<(long Seq, int Bytes)> Lines { get; } = [];

        public void Begin(Message begun)
        {
            (Message, IsOpen, IsDiscarded) = (begun, true, false);
            partials.Clear();
        }

        public void Append(StoredPartial partial, JournalLine line)
        {
            Note(line);
            if (!IsOpen) { return; } // late text of a message that was ended

            if (!partials.TryGetValue(partial.Part, out var part))
            {
                part = (partial.Kind == "reasoning", new StringBuilder());
                partials.Add(partial.Part, part);
            }

            part.Text.Append(partial.Text);
            Message = Message with { UpdatedAt = line.Time };
        }

        public void Reset(JournalLine line)
        {
            Note(line);
            partials.Clear();
        }

        public void End(Message complete)
        {
            (Message, IsOpen) = (complete, false);
            partials.Clear();
            Lines.Clear();
        }

        public Message ToMessage(MessageStatus open)
        {
            if (!IsOpen) { return Message.Status == MessageStatus.Streaming ? Message with { Status = MessageStatus.Interrupted } : Message; }

            var parts = new List<MessagePart>(Message.Parts);
            foreach (var (index, partial) in partials)
            {
                var text = partial.Text.ToString();
                if (index < parts.Count && parts[index] is MessagePart.Text begun && !partial.IsReasoning)
                {
                    parts[index] = new MessagePart.Text(begun.Content + text);
                }
                else if (index < parts.Count && parts[index] is MessagePart.Reasoning thought && partial.IsReasoning)
                {
                    parts[index] = thought with { Content = thought.Content + text };
                }
                else
                {
                    parts.Add(partial.IsReasoning ? new MessagePart.Reasoning(text) : new MessagePart.Text(text));
                }
            }

            return Message with { Parts = parts, Status = open };
        }

        public void Note(JournalLine line) => Lines.Add((line.Seq, line.Json.Length + 1));
    }
}
