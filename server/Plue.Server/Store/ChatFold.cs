using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>Folds the lines of a journal into a chat, in file order: clocks may jump, sequence does not.</summary>
/// <param name="isTask">True if the journal was created as a task. Its responses change the status, too: a task runs while one is written.</param>
internal sealed class ChatFold(bool isTask)
{
    private bool isTask = isTask;

    // Set while a chat is a task.
    private Former? former;

    private const int MaxFailures = 20;

    private readonly List<Entry> entries = [];

    // Messages that were started and not completed.
    private readonly List<Entry> open = [];
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
    private IReadOnlyDictionary<string, JsonElement> values = StoredChat.NoValues;

    // Oldest first.
    private readonly List<HookFailure> hookFailures = [];
    private string? readUntil;
    private string? template;
    private bool startsByItself;
    private DateTimeOffset? firstTime;
    private DateTimeOffset lastMessageTime;
    private long lastSeq;
    private int unknownLines;
    private bool hasDropped;
    private decimal? totalCost;

    // The last result; null if more than the stale messages changed.
    private MessageTree? tree;
    private readonly HashSet<Entry> stale = [];

    // The last message that was read; the next one shares its texts.
    private StoredMessage? lastRead;

    // True if the newest message does not follow the one that was shown last.
    private bool leftBranch;

    /// <summary>Lines that are superseded by a later complete record of their message.</summary>
    public HashSet<long> Superseded { get; } = [];
    public long SupersededBytes { get; private set; }

    /// <summary>Called after each line that changed the chat.</summary>
    public Action<ChatUpdate>? OnUpdate { get; init; }

    /// <summary>True if a message was not completed, or a task waits for its hooks.</summary>
    public bool IsUnfinished => open.Count > 0 || IsWaiting || IsBetweenRounds;

    /// <summary>True if the last response of a task requested tools and has their results, so that its next round was pending.</summary>
    public bool IsBetweenRounds => isTask && open.Count == 0 && HasStatus(TaskStates.Running);

    /// <summary>True for a task that waits to be started by its hooks.</summary>
    public bool IsWaiting => isTask && startsByItself && HasStatus(TaskStates.Queued);

    private bool HasStatus(string status) =>
        values.TryGetValue(TaskStates.Field, out var value) && value.ValueKind == JsonValueKind.String && value.ValueEquals(status);

    public void Take(JournalLine line)
    {
        firstTime ??= line.Time;
        lastSeq = Math.Max(lastSeq, line.Seq);
        StoredRecord? record;
        try
        {
            var read = MessageLine.TryRead(line, lastRead);
            lastRead = read ?? lastRead;
            record =
                read is null ? StoredRecord.Parse(line)
                : line.Type.SequenceEqual("message"u8) ? new StoredComplete(read)
                : new StoredStarted(read);
        }
        catch (JsonException)
        {
            unknownLines++;
            return;
        }

        var change = record switch
        {
            StoredComplete complete => Complete(complete.Message.ToMessage(), line),
            StoredStarted started => Begin(started.Message.ToMessage(), line),
            StoredPartial partial => Append(partial, line),
            StoredSpend spend when byId.TryGetValue(spend.MessageId, out var entry) => Spend(entry, spend, line),
            StoredPartialReset reset when byId.TryGetValue(reset.MessageId, out var entry) => Reset(entry, line),
            StoredHead moved => MoveHead(moved),
            StoredDiscarded discarded when byId.TryGetValue(discarded.MessageId, out var entry) => Discard(entry),
            StoredQueued queued => Queue(queued.Message.ToMessage()),
            StoredUnqueued unqueued => Unqueue(unqueued.MessageId),
            StoredFields fields => Apply(fields, line.Time),
            StoredHook hook => RecordHook(hook, line.Time),
            StoredDropped { Reason: StoredDropped.Damaged } dropped => RecordDropped(dropped, line),
            _ => null,
        };
        if (change is not null)
        {
            OnUpdate?.Invoke(change);
        }
    }

    /// <summary>Gets every completed message, including hidden ones, because they were paid for.</summary>
    public IEnumerable<Message> CompletedMessages => entries.Where(entry => !entry.IsOpen).Select(entry => entry.Message);

    /// <summary>Gets the messages that were never completed, as interrupted messages.</summary>
    public IReadOnlyList<Message> Unfinished() => [.. open.Select(entry => AsInterrupted(entry.ToMessage(MessageStatus.Interrupted)))];

    /// <summary>Marks tool calls without a result as interrupted. They are not run again, and the model is informed.</summary>
    private static Message AsInterrupted(Message message)
    {
        if (!message.HasToolRound)
        {
            return message;
        }

        var answered = message.Parts.OfType<MessagePart.ToolResult>().Select(result => result.ToolUseId).ToHashSet(StringComparer.Ordinal);
        var orphans = message.Parts.OfType<MessagePart.ToolUse>().Where(use => !answered.Contains(use.ToolUseId)).ToList();
        return orphans.Count == 0
            ? message
            : message with
            {
                Parts =
                [
                    .. message.Parts,
                    .. orphans.Select(use => new MessagePart.ToolResult(use.ToolUseId, null, InterruptedCall.Error)),
                ],
            };
    }

    /// <param name="isOwned">True if an owner is alive: unfinished messages are still being written, and an incomplete last line is in progress.</param>
    /// <param name="repair">The notice of the repair by this process; replaces the result of the scan.</param>
    public StoredChat ToChat(JournalScan scan, StoredHeader fallbackHeader, bool isOwned, RepairNotice? repair = null)
    {
        var header = scan.Header ?? fallbackHeader;
        var shown = Tree(isOwned ? MessageStatus.Streaming : MessageStatus.Interrupted);
        var (notice, isDamaged) = repair ?? NoticeOf(scan, isOwned);
        var named =
            title
            ?? (
                values.TryGetValue(StoredChat.GoalField, out var goal) && isTask && former is null && goal.ValueKind == JsonValueKind.String
                    ? StoredChat.TitleOf(goal.GetString()!)
                    : null
            );
        return new StoredChat
        {
            Id = fallbackHeader.Id,
            TemplateId = template ?? header.Template,
            Title = named ?? StoredChat.TitleOf(shown.Path.Count == 0 ? [] : shown.All),
            HasTitle = named is not null,
            Archived = archived,
            Pinned = pinned,
            Tags = tags,
            ContextFiles = contextFiles,
            ProviderId = providerId,
            Model = model,
            Fallbacks = fallbacks,
            Options = options,
            Values = isTask && IsUnfinished && !isOwned ? WithStatus(TaskStates.Interrupted) : values,
            HookFailures = hookFailures.Count == 0 ? [] : [.. hookFailures.AsEnumerable().Reverse()],
            Tree = shown,
            Queue = [.. queue],
            Unread = IsUnread(shown.Path),
            ReadUntil = readUntil,
            Version = lastSeq,
            CreatedAt = firstTime ?? default,
            UpdatedAt = lastMessageTime > firstTime ? lastMessageTime : firstTime ?? default,
            // The next owner stores interrupted responses; until then they count, too.
            TotalCost = isOwned ? totalCost : open.Aggregate(totalCost, (sum, entry) => Plus(sum, entry.Message)),
            IsTask = isTask,
            TaskSince = former?.Until,
            CostBeforeTask = former?.Cost ?? 0,
            Status = isDamaged ? ChatStatus.Damaged : StatusOf(shown.Path, isOwned),
            Notice = notice,
        };
    }

    /// <summary>Builds the tree without hidden messages. Their children follow their parents.</summary>
    private MessageTree Tree(MessageStatus unfinished)
    {
        stale.UnionWith(open);
        foreach (var entry in stale)
        {
            // Only a change at the end of the branch is incremental; any other change rebuilds the tree.
            tree = entry.IsDiscarded || entry.Message.IsHidden ? null : tree?.With(Shown(entry, unfinished));
        }

        stale.Clear();
        tree ??= WholeTree(unfinished);
        stale.UnionWith(open);
        return tree;
    }

    private Message Shown(Entry entry, MessageStatus unfinished)
    {
        var message = entry.ToMessage(unfinished);
        var parent = ParentOf(entry);
        var isEarlier = former?.Messages.Contains(message.Id) == true;
        return message.ParentId == parent && !isEarlier ? message : message with { ParentId = parent, IsEarlier = isEarlier };
    }

    private MessageTree WholeTree(MessageStatus unfinished)
    {
        List<Message> visible = new(entries.Count);
        foreach (var entry in entries)
        {
            if (entry.IsDiscarded || entry.Message.IsHidden)
            {
                continue;
            }

            visible.Add(Shown(entry, unfinished));
        }

        return new MessageTree(visible, NearestVisible(head), [.. undone]);
    }

    private string ParentOf(Entry entry) => NearestVisible(entry.ParentId);

    /// <summary>Gets this message or its nearest visible ancestor.</summary>
    private string NearestVisible(string id)
    {
        // Parents precede their children, so this terminates; a message with a lost parent counts as first.
        while (byId.TryGetValue(id, out var entry))
        {
            if (!entry.IsDiscarded)
            {
                return id;
            }

            id = entry.ParentId;
        }

        return "";
    }

    private bool IsUnread(IReadOnlyList<Message> path) =>
        readUntil is not null
        && path.LastOrDefault(message => message.Role == MessageRole.Assistant && message.Status != MessageStatus.Streaming) is { } answer
        && string.CompareOrdinal(answer.Id, readUntil) > 0;

    private ChatUpdate MoveHead(StoredHead moved)
    {
        switch (moved.Reason)
        {
            case StoredHead.Undo:
                undone.Add(head);
                break;
            case StoredHead.Redo when undone.Count > 0:
                undone.RemoveAt(undone.Count - 1);
                break;
            default:
                undone.Clear();
                break;
        }

        (head, tree) = (moved.MessageId, null);
        return new ChatUpdate.Other();
    }

    private ChatUpdate Discard(Entry entry)
    {
        (entry.IsDiscarded, tree) = (true, null);
        return new ChatUpdate.Other();
    }

    private ChatUpdate Queue(Message message)
    {
        Unqueue(message.Id);
        queue.Add(message);
        return new ChatUpdate.Other();
    }

    private ChatUpdate Unqueue(string id)
    {
        queue.RemoveAll(message => message.Id == id);
        return new ChatUpdate.Other();
    }

    private ChatUpdate Complete(Message message, JournalLine line)
    {
        var wasQueued = queue.Count > 0 && queue.Exists(waiting => waiting.Id == message.Id);
        if (wasQueued)
        {
            Unqueue(message.Id);
        }

        lastMessageTime = line.Time;
        var isNew = !byId.TryGetValue(message.Id, out var entry);
        entry ??= Add(message);
        foreach (var (seq, bytes) in entry.Lines)
        {
            Superseded.Add(seq);
            SupersededBytes += bytes;
        }

        var isResponse = entry.IsOpen;
        // The cost of an unfinished response is not part of the total.
        if (!isNew && !isResponse && entry.Message is { IsCopy: false, Cost: { } replaced })
        {
            totalCost -= replaced.TotalCost;
        }
        totalCost = Plus(totalCost, message);
        // The goal of a task follows its creation, which is unread.
        if (message is { Role: MessageRole.User, IsHidden: false } && !(isTask && message.ParentId?.Length == 0))
        {
            hookFailures.Clear();
        }
        UpdateStatus(message);

        entry.End(message);
        open.Remove(entry);
        if (tree is not null)
        {
            stale.Add(entry);
        }
        return message.IsHidden || wasQueued || (!isNew && !isResponse) || (isNew && leftBranch) || head != message.Id
                ? new ChatUpdate.Other()
            : isResponse ? new ChatUpdate.MessageCompleted(message)
            : new ChatUpdate.MessageAdded(message);
    }

    private static decimal? Plus(decimal? total, Message message) =>
        message is { IsCopy: false, Cost: { } cost } ? (total ?? 0) + cost.TotalCost : total;

    private ChatUpdate Begin(Message message, JournalLine line)
    {
        lastMessageTime = line.Time;
        var isNew = !byId.TryGetValue(message.Id, out var entry);
        entry ??= Add(message);
        Open(entry, message);
        UpdateStatus(message);
        entry.AddLine(line);
        return head == message.Id && !(isNew && leftBranch) ? new ChatUpdate.MessageStarted(message) : new ChatUpdate.Other();
    }

    /// <summary>Adds partial text, even if its beginning was lost.</summary>
    private ChatUpdate? Append(StoredPartial partial, JournalLine line)
    {
        if (!byId.TryGetValue(partial.MessageId, out var entry))
        {
            var message = new Message
            {
                Id = partial.MessageId,
                CodexId = "",
                Role = MessageRole.Assistant,
                CreatedAt = line.Time,
                UpdatedAt = line.Time,
            };
            entry = Add(message);
            Open(entry, message);
        }

        return entry.Append(partial, line) is { } part
            ? new ChatUpdate.TextAppended(partial.MessageId, part, partial.Kind == "reasoning", partial.Text)
            : null;
    }

    private static ChatUpdate Reset(Entry entry, JournalLine line)
    {
        entry.Reset(line);
        return new ChatUpdate.Other();
    }

    private static ChatUpdate? Spend(Entry entry, StoredSpend spend, JournalLine line)
    {
        entry.Spend(spend, line);
        return null;
    }

    private void Open(Entry entry, Message message)
    {
        if (entry.IsDiscarded)
        {
            tree = null;
        }

        entry.Begin(message);
        if (!open.Contains(entry))
        {
            open.Add(entry);
        }
    }

    private Entry Add(Message message)
    {
        var entry = new Entry(message, message.ParentId ?? LastOf(entries));
        entries.Add(entry);
        byId.Add(message.Id, entry);
        if (message.IsHidden)
        {
            return entry;
        }

        leftBranch = head != entry.ParentId && NearestVisible(head) != NearestVisible(entry.ParentId);
        if (leftBranch)
        {
            tree = null;
        }

        head = message.Id;
        undone.Clear();
        return entry;

        static string LastOf(List<Entry> entries) => entries.FindLast(entry => !entry.Message.IsHidden)?.Message.Id ?? "";
    }

    private ChatUpdate Apply(StoredFields fields, DateTimeOffset time)
    {
        var isOtherKind = fields.Kind == ChannelKind.Task.Name ? !isTask : fields.Kind == ChannelKind.Chat.Name && former is not null;
        if (isOtherKind)
        {
            ChangeKind(time);
        }
        title = Changed(title, fields.Title);
        archived = fields.Archived ?? archived;
        providerId = Changed(providerId, ChatFields.ProviderIdOf(fields.ProviderRef));
        model = Changed(model, fields.Model);
        if (fields.Fallbacks is { } choices)
        {
            fallbacks = [.. choices.Where(choice => choice?.ProviderRef is not null).Select(ChatFields.ChoiceOf)];
        }
        options = fields.Options?.ToOptions() ?? options;
        pinned = fields.Pinned ?? pinned;
        tags = fields.Tags ?? tags;
        contextFiles = fields.ContextFiles ?? contextFiles;
        if (fields.Values is { } changed)
        {
            values = Merged(changed);
        }
        // Reading is not a change, nor is a generated title.
        if (fields.By is null && fields.ReadUntil is null && fields.TitleFrom is null)
        {
            hookFailures.Clear();
        }
        readUntil = fields.ReadUntil ?? readUntil;
        template = fields.Template ?? template;
        startsByItself |= fields.StartsByItself == true;
        return isOtherKind ? new ChatUpdate.Other() : new ChatUpdate.FieldsChanged();

        static string? Changed(string? old, string? value) =>
            value is null ? old
            : value.Length == 0 ? null
            : value;
    }

    /// <summary>Turns a chat into a task or back. Messages of the chat do not count for the task. A chat gets its former template, model and values again.</summary>
    private void ChangeKind(DateTimeOffset time)
    {
        if (former is { } was)
        {
            (template, providerId, model, values) = (was.Template, was.ProviderId, was.Model, was.Values);
            (isTask, former, startsByItself) = (false, null, false);
        }
        else
        {
            // The last message of the user is the goal.
            var earlier = entries.Select(entry => entry.Message).Where(message => message.Id != head || message.Role != MessageRole.User);
            former = new Former(
                template,
                providerId,
                model,
                values,
                totalCost ?? 0,
                time,
                earlier.Select(message => message.Id).ToHashSet(StringComparer.Ordinal)
            );
            isTask = true;
        }

        tree = null;
    }

    /// <summary>The state of a chat before it became a task.</summary>
    private sealed record Former(
        string? Template,
        string? ProviderId,
        string? Model,
        IReadOnlyDictionary<string, JsonElement> Values,
        decimal Cost,
        DateTimeOffset Until,
        IReadOnlySet<string> Messages
    );

    private Dictionary<string, JsonElement> Merged(IEnumerable<KeyValuePair<string, JsonElement>> changed)
    {
        var merged = new Dictionary<string, JsonElement>(values, StringComparer.Ordinal);
        foreach (var (name, value) in changed)
        {
            if (value.ValueKind == JsonValueKind.Null)
            {
                merged.Remove(name);
            }
            else
            {
                merged[name] = value;
            }
        }

        return merged;
    }

    private Dictionary<string, JsonElement> WithStatus(string status) => Merged(StoredChat.StatusValue(status));

    private void UpdateStatus(Message message)
    {
        if (isTask && message is { Role: MessageRole.Assistant, IsHidden: false, IsCopy: false, Compaction: null })
        {
            values = WithStatus(TaskStates.After(message));
        }
    }

    private ChatUpdate RecordHook(StoredHook hook, DateTimeOffset time)
    {
        if (hook.Error is { } error)
        {
            if (hookFailures.Count == MaxFailures)
            {
                hookFailures.RemoveAt(0);
            }
            hookFailures.Add(new HookFailure(time, hook.Action, error));
        }

        return new ChatUpdate.FieldsChanged();
    }

    private ChatUpdate RecordDropped(StoredDropped dropped, JournalLine line)
    {
        hasDropped = true;
        droppedNotices.Add(
            string.Create(CultureInfo.InvariantCulture, $"{Entries(dropped.FirstSeq, line.Seq)} of this chat could not be read")
                + (dropped.Kept is { } damagedCopy ? $"; the damaged bytes were copied to {damagedCopy}." : ".")
        );
        return new ChatUpdate.Other();
    }

    /// <param name="damagedCopy">The file with the damaged bytes, if this process is about to repair.</param>
    public RepairNotice NoticeOf(JournalScan scan, bool isOwned, string? damagedCopy = null)
    {
        var notices = Notices(scan, isOwned, damagedCopy, out var isDamaged);
        return new RepairNotice(notices.Count > 0 ? string.Join(' ', notices) : null, isDamaged);
    }

    private List<string> Notices(JournalScan scan, bool isOwned, string? damagedCopy, out bool isDamaged)
    {
        List<string> notices = [.. droppedNotices];
        isDamaged = hasDropped;
        var where = damagedCopy is null ? "they stay in the file until the chat is opened again" : $"they were copied to {damagedCopy}";
        if (scan.Header is null)
        {
            isDamaged = true;
            notices.Add("The first line of this chat's file could not be read.");
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
            notices.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Plue stopped while it was writing the last entry, which was not acknowledged. Its {scan.Damaged[^1].Length} bytes were removed: {where}."
                )
            );
        }

        if (unknownLines > 0)
        {
            notices.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{unknownLines} entries were written by another version of Plue and are hidden."
                )
            );
        }

        return notices;
    }

    private static string Entries(long first, long last) =>
        first == last
            ? string.Create(CultureInfo.InvariantCulture, $"Entry {first}")
            : string.Create(CultureInfo.InvariantCulture, $"Entries {first} to {last}");

    private static ChatStatus StatusOf(IReadOnlyList<Message> messages, bool isOwned) =>
        messages is not [.., var last]
            ? ChatStatus.Idle
            : last.Status switch
            {
                MessageStatus.Streaming => ChatStatus.Running,
                MessageStatus.Interrupted => ChatStatus.Interrupted,
                MessageStatus.Failed => ChatStatus.Failed,
                _ when last.IsContinued => isOwned ? ChatStatus.Running : ChatStatus.Interrupted,
                _ => ChatStatus.Idle,
            };

    /// <summary>A message while the file is read.</summary>
    /// <param name="parentId">The message it was written after; empty for a first one.</param>
    private sealed class Entry(Message message, string parentId)
    {
        // Set while the message is open.
        private SortedDictionary<int, (bool IsReasoning, StringBuilder Text)>? partials;
        private List<(long Seq, int Bytes)>? lines;

        public Message Message { get; private set; } = message;
        public bool IsOpen { get; private set; }
        public bool IsDiscarded { get; set; }
        public string ParentId { get; } = parentId;

        /// <summary>The lines since the last start, which a complete record supersedes.</summary>
        public IReadOnlyList<(long Seq, int Bytes)> Lines => lines ?? [];

        public void Begin(Message started)
        {
            var earlier = IsOpen ? Message : started;
            Message = started with
            {
                Usage = started.Usage ?? earlier.Usage,
                Cost = started.Cost ?? earlier.Cost,
                Timing = started.Timing ?? earlier.Timing,
            };
            (IsOpen, IsDiscarded) = (true, false);
            partials = null;
        }

        /// <returns>The index of the shown part that received the text; null if the message was already complete.</returns>
        public int? Append(StoredPartial partial, JournalLine line)
        {
            AddLine(line);
            if (!IsOpen)
            {
                return null;
            }

            partials ??= [];
            if (!partials.TryGetValue(partial.Part, out var part))
            {
                part = (partial.Kind == "reasoning", new StringBuilder());
                partials.Add(partial.Part, part);
            }

            part.Text.Append(partial.Text);
            Message = Message with { UpdatedAt = line.Time };
            return IsContinuation(partial.Part, part.IsReasoning)
                ? partial.Part
                : Message.Parts.Count
                    + partials.Count(other => other.Key < partial.Part && !IsContinuation(other.Key, other.Value.IsReasoning));
        }

        /// <summary>True if the message was started with such a part.</summary>
        private bool IsContinuation(int index, bool isReasoning) =>
            index < Message.Parts.Count
            && (isReasoning ? Message.Parts[index] is MessagePart.Reasoning : Message.Parts[index] is MessagePart.Text);

        public void Spend(StoredSpend spend, JournalLine line)
        {
            AddLine(line);
            if (IsOpen)
            {
                Message = Message with { Usage = spend.Usage?.ToUsage(), Cost = spend.Cost?.ToCost(), Timing = spend.Timing?.ToTiming() };
            }
        }

        public void Reset(JournalLine line)
        {
            AddLine(line);
            partials = null;
        }

        public void End(Message complete)
        {
            (Message, IsOpen) = (complete, false);
            partials = null;
            lines = null;
        }

        public Message ToMessage(MessageStatus open)
        {
            if (!IsOpen)
            {
                return Message.Status == MessageStatus.Streaming ? Message with { Status = MessageStatus.Interrupted } : Message;
            }

            var parts = new List<MessagePart>(Message.Parts);
            foreach (var (index, partial) in partials ?? [])
            {
                var text = partial.Text.ToString();
                if (index < parts.Count && parts[index] is MessagePart.Text started && !partial.IsReasoning)
                {
                    parts[index] = new MessagePart.Text(started.Content + text);
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

            return Message with
            {
                Parts = parts,
                Status = open,
            };
        }

        public void AddLine(JournalLine line) => (lines ??= []).Add((line.Seq, line.Json.Length + 1));
    }
}

/// <summary>A notice about repairs and unreadable content, as one or more sentences.</summary>
internal sealed record RepairNotice(string? Text, bool IsDamaged);
