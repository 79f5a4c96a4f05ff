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
    private readonly List<string> droppedNotices = [];
    private readonly List<string> undone = [];
    private readonly List<Message> queue = [];
    private string head = "";
    private string? title;
    private bool archived;
    private bool pinned;
    private string? providerId;
    private string? model;
    private IReadOnlyList<ModelChoice> fallbacks = [];
    private ChatOptions options = ChatOptions.None;
    private IReadOnlyList<string> tags = [];
    private IReadOnlyList<string> contextFiles = [];
    private string? readUntil;
    private DateTimeOffset? firstTime;
    private DateTimeOffset lastMessageTime;
    private long lastSeq;
    private int notUnderstood;
    private bool hasDropped;

    /// <summary>Lines that no longer say anything, because a complete record of their message came later.</summary>
    public HashSet<long> Superseded { get; } = [];
    public long SupersededBytes { get; private set; }

    public void Take(JournalLine line)
    {
        firstTime ??= line.Time;
        lastSeq = Math.Max(lastSeq, line.Seq);
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
            case StoredComplete complete: Complete(complete.Message.ToMessage(), line); break;
            case StoredStarted started: Begin(started.Message.ToMessage(), line); break;
            case StoredPartial partial: Append(partial, line); break;
            case StoredHead moved: MoveHead(moved); break;
            case StoredQueued queued: Queue(queued.Message.ToMessage()); break;
            case StoredUnqueued unqueued: Unqueue(unqueued.MessageId); break;
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
    /// <param name="isRunning">What is unfinished is still being written, by this process.</param>
    public StoredChat ToChat(JournalScan scan, StoredHeader lost, bool isOwned, string? keptAside = null, bool isRunning = false)
    {
        var header = scan.Header ?? lost;
        var tree = Tree(isOwned || isRunning ? MessageStatus.Streaming : MessageStatus.Interrupted);
        var notices = Notices(scan, isOwned, keptAside, out var isDamaged);
        return new StoredChat
        {
            Id = lost.Id,
            TemplateId = header.Template,
            Title = title ?? StoredChat.TitleOf(tree.Path),
            HasTitle = title is not null,
            Archived = archived,
            Pinned = pinned,
            Tags = tags,
            ContextFiles = contextFiles,
            ProviderId = providerId,
            Model = model,
            Fallbacks = fallbacks,
            Options = options,
            Tree = tree,
            Queue = [.. queue],
            Unread = IsUnread(tree.Path),
            ReadUntil = readUntil,
            Version = lastSeq,
            CreatedAt = firstTime ?? default,
            UpdatedAt = lastMessageTime > firstTime ? lastMessageTime : firstTime ?? default,
            TotalCost = CostOf(entries.FindAll(entry => entry.Message is { IsCopy: false, Cost: not null })),
            Status = isDamaged ? ChatStatus.Damaged : StatusOf(tree.Path),
            Notice = notices.Count > 0 ? string.Join(' ', notices) : null,
        };
    }

    private static decimal? CostOf(List<Entry> paid) => paid.Count > 0 ? paid.Sum(entry => entry.Message.Cost?.TotalCost ?? 0) : null;

    /// <summary>Hidden messages are no part of the tree: what followed one follows what it followed.</summary>
    private MessageTree Tree(MessageStatus open)
    {
        List<Message> visible = new(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.IsDiscarded || entry.Message.IsHidden) { continue; }

            var message = entry.ToMessage(open);
            var parent = ParentOf(entry);
            visible.Add(message.ParentId == parent ? message : message with { ParentId = parent });
        }

        return new MessageTree(visible, Visible(head), undone);
    }

    private string ParentOf(Entry entry) => Visible(entry.ParentId);

    /// <summary>This message, or the nearest one that it follows and that is shown.</summary>
    private string Visible(string id)
    {
        // Parents come before their children, so this ends; a parent that was lost to damage counts as first.
        while (byId.TryGetValue(id, out var entry))
        {
            if (!entry.IsDiscarded) { return id; }

            id = entry.ParentId;
        }

        return "";
    }

    private bool IsUnread(IReadOnlyList<Message> path) => readUntil is not null
        && path.LastOrDefault(message => message.Role == MessageRole.Assistant && message.Status != MessageStatus.Streaming) is { } answer
        && string.CompareOrdinal(answer.Id, readUntil) > 0;

    private void MoveHead(StoredHead moved)
    {
        switch (moved.Reason)
        {
            case StoredHead.Undo: undone.Add(head); break;
            case StoredHead.Redo when undone.Count > 0: undone.RemoveAt(undone.Count - 1); break;
            default: undone.Clear(); break;
        }

        head = moved.MessageId;
    }

    private void Queue(Message message)
    {
        Unqueue(message.Id);
        queue.Add(message);
    }

    private void Unqueue(string id) => queue.RemoveAll(message => message.Id == id);

    private void Complete(Message message, JournalLine line)
    {
        Unqueue(message.Id);
        lastMessageTime = line.Time;
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
        lastMessageTime = line.Time;
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
        var entry = new Entry(message, message.ParentId ?? LastOf(entries));
        entries.Add(entry);
        byId.Add(message.Id, entry);
        if (message.IsHidden) { return entry; }

        head = message.Id;
        undone.Clear();
        return entry;

        static string LastOf(List<Entry> entries) => entries.FindLast(entry => !entry.Message.IsHidden)?.Message.Id ?? "";
    }

    private void Apply(StoredFields fields)
    {
        title = Changed(title, fields.Title);
        archived = fields.Archived ?? archived;
        providerId = Changed(providerId, ChatFields.ProviderIdOf(fields.ProviderRef));
        model = Changed(model, fields.Model);
        if (fields.Fallbacks is { } choices) { fallbacks = [.. choices.Where(choice => choice?.ProviderRef is not null).Select(ChatFields.ChoiceOf)]; }
        options = fields.Options?.ToOptions() ?? options;
        pinned = fields.Pinned ?? pinned;
        tags = fields.Tags ?? tags;
        contextFiles = fields.ContextFiles ?? contextFiles;
        readUntil = fields.ReadUntil ?? readUntil;

        static string? Changed(string? old, string? value) => value is null ? old : value.Length == 0 ? null : value;
    }

    private void NoteDropped(StoredDropped dropped, JournalLine line)
    {
        hasDropped = true;
        droppedNotices.Add(string.Create(CultureInfo.InvariantCulture, $"{Entries(dropped.FirstSeq, line.Seq)} of this chat could not be read")
            + (dropped.Kept is { } kept ? $"; the damaged bytes are kept in {kept}." : "."));
    }

    private List<string> Notices(JournalScan scan, bool isOwned, string? keptAside, out bool isDamaged)
    {
        List<string> notices = [.. droppedNotices];
        isDamaged = hasDropped;
        var where = keptAside is null ? "they stay in the file until the chat is next opened" : $"they are kept in {keptAside}";
        if (scan.Header is null)
        {
            isDamaged = true;
            notices.Add("The beginning of this chat's file could not be read.");
        }

        foreach (var missing in scan.Missing)
        {
            isDamaged = true;
            notices.Add($"{Entries(missing.First, missing.Last)} of this chat {(missing.First == missing.Last ? "is" : "are")} missing.");
        }

        var damaged = scan.Damaged.Where(range => !range.IsTorn || range.Offset < scan.GoodLength).Sum(range => range.Length);
        if (damaged > 0)
        {
            isDamaged = true;
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

        return notices;
    }

    private static string Entries(long first, long last) => first == last
        ? string.Create(CultureInfo.InvariantCulture, $"Entry {first}")
        : string.Create(CultureInfo.InvariantCulture, $"Entries {first} to {last}");

    private static ChatStatus StatusOf(IReadOnlyList<Message> messages) => messages is not [.., var last] ? ChatStatus.Idle
        : last.Status switch
        {
            MessageStatus.Streaming => ChatStatus.Running,
            MessageStatus.Interrupted => ChatStatus.Interrupted,
            MessageStatus.Failed => ChatStatus.Failed,
            _ => ChatStatus.Idle,
        };

    /// <summary>One message on its way through the file.</summary>
    /// <param name="parentId">The message it was written after; empty for a first one.</param>
    private sealed class Entry(Message message, string parentId)
    {
        private readonly SortedDictionary<int, (bool IsReasoning, StringBuilder Text)> partials = [];

        public Message Message { get; private set; } = message;
        public bool IsOpen { get; private set; }
        public bool IsDiscarded { get; set; }
        public string ParentId { get; } = parentId;

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
