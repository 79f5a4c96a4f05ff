using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>A chat as read from its journal.</summary>
public sealed record StoredChat
{
    public const string DefaultTitle = "New chat";

    /// <summary>The goal of a task; its first line is the title of a task without one.</summary>
    public const string GoalField = "goal";

    /// <summary>Where a task works: <see cref="Worktree"/>, or any other value for the folder of its parent or window.</summary>
    public const string IsolationField = "isolation";

    /// <summary>The value of <see cref="IsolationField"/> for the folder of the parent or window.</summary>
    public const string NoIsolation = "none";

    /// <summary>The value of <see cref="IsolationField"/> for a separate git worktree.</summary>
    public const string Worktree = "worktree";

    /// <summary>The id of the task in whose worktree a subtask works; set only by Plue.</summary>
    public const string WorktreeOfField = "worktree_of";

    /// <summary>The address of the parent chat or task.</summary>
    public const string SpawnedByField = "spawned_by";
    private const int TitleLength = 60;
    private readonly bool? isTask;
    internal static readonly IReadOnlyDictionary<string, JsonElement> NoValues = new Dictionary<string, JsonElement>();

    public required string Id { get; init; }
    public required string TemplateId { get; init; }

    /// <summary>The title of the user, else the beginning of the first message, else <c>New chat</c>.</summary>
    public required string Title { get; init; }
    public required bool Archived { get; init; }

    /// <summary>A name in <c>codex://providers/</c>.</summary>
    public required string? ProviderId { get; init; }
    public required string? Model { get; init; }

    /// <summary>The fallback chain; empty to use the one in the settings.</summary>
    public IReadOnlyList<ModelChoice> Fallbacks { get; init; } = [];
    public ChatOptions Options { get; init; } = ChatOptions.None;
    public bool Pinned { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The pinned files of the chat, as the user named them.</summary>
    public IReadOnlyList<string> ContextFiles { get; init; } = [];

    /// <summary>The other fields of the template by name; absent fields have their defaults. Includes the status of a task.</summary>
    public IReadOnlyDictionary<string, JsonElement> Values { get; init; } = NoValues;

    /// <summary>Hook failures since the user's last change, newest first.</summary>
    public IReadOnlyList<HookFailure> HookFailures { get; init; } = [];

    /// <summary>True if a model or the user set the title; otherwise it is the beginning of the first message.</summary>
    public bool HasTitle { get; init; }

    /// <summary>The messages of all branches. A message that was not completed is <see cref="MessageStatus.Interrupted"/> with its partial text.</summary>
    public MessageTree Tree { get; init; } = MessageTree.Empty;

    /// <summary>The branch that is shown, oldest first.</summary>
    public IReadOnlyList<Message> Messages => Tree.Path;

    /// <summary>Waiting to be sent, in order.</summary>
    public IReadOnlyList<Message> Queue { get; init; } = [];

    /// <summary>True if there is an unread response.</summary>
    public bool Unread { get; init; }

    /// <summary>The id of the last message that was read; null if none was recorded.</summary>
    public string? ReadUntil { get; init; }

    /// <summary>The number of the last record: grows with every change.</summary>
    public long Version { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The cost in USD, including hidden messages; null if nothing was paid.</summary>
    public required decimal? TotalCost { get; init; }
    public required ChatStatus Status { get; init; }

    /// <summary>A notice about repairs and unreadable content, as one or more sentences.</summary>
    public string? Notice { get; init; }

    /// <summary>Gets the default title of a chat.</summary>
    /// <param name="messages">The messages of all branches: an edited message does not change the title.</param>
    public static string TitleOf(IReadOnlyList<Message> messages) =>
        TitleOf(messages.FirstOrDefault(message => message.Role == MessageRole.User)?.Text ?? "");

    /// <summary>The beginning of the first line.</summary>
    internal static string TitleOf(string messageText)
    {
        var text = messageText.AsSpan().Trim();
        var end = text.IndexOfAny('\r', '\n');
        var line = (end < 0 ? text : text[..end]).TrimEnd();
        return line.IsEmpty ? DefaultTitle
            : line.Length <= TitleLength ? line.ToString()
            : $"{TextCut.Head(line[..(TitleLength + 1)].ToString(), TitleLength).TrimEnd()}…";
    }

    public ChatSummary Summarize() =>
        new(Id, TemplateId, Title, Archived, ProviderId, Model, CreatedAt, UpdatedAt, Messages.Count, TotalCost, Status, Notice)
        {
            Fallbacks = Fallbacks,
            Options = Options,
            Pinned = Pinned,
            Tags = Tags,
            Unread = Unread,
            Version = Version,
            TaskStatus = IsTask ? Text(TaskStates.Field) ?? TaskStates.Interrupted : null,
            SpawnedBy = IsTask ? Text(SpawnedByField) : null,
        };

    /// <summary>True if nothing was sent in the chat and the user changed nothing.</summary>
    public bool IsUnused =>
        !IsTask && Tree.Count == 0 && Queue.Count == 0 && !HasTitle && !Pinned && !Archived && Tags.Count == 0 && ContextFiles.Count == 0;

    /// <summary>The failure if a chat that should be discarded as unused was used.</summary>
    public static FailureException NotUnused() => new(FailureKind.Conflict, "This chat is not empty, so it was kept.");

    /// <summary>True for a task and for a chat that became one.</summary>
    public bool IsTask
    {
        get => isTask ?? ChannelKind.Task.IsIdOfKind(Id);
        init => isTask = value;
    }

    /// <summary>The time when the chat became a task; null for a chat and for a task from the start.</summary>
    public DateTimeOffset? TaskSince { get; init; }

    /// <summary>The part of <see cref="TotalCost"/> that was paid before the chat became a task.</summary>
    public decimal CostBeforeTask { get; init; }

    public StoredChat WithStatus(string status) =>
        this with
        {
            Values = Values
                .Concat(StatusValue(status))
                .GroupBy(pair => pair.Key)
                .ToDictionary(same => same.Key, same => same.Last().Value, StringComparer.Ordinal),
        };

    /// <summary>The status of a task.</summary>
    public static IReadOnlyDictionary<string, JsonElement> StatusValue(string status) =>
        new Dictionary<string, JsonElement>(StringComparer.Ordinal)
        {
            [TaskStates.Field] = JsonSerializer.SerializeToElement(status, StoredJson.Default.String),
        };

    /// <summary>Gets a field of <see cref="Values"/>; null if it does not exist or is not a text.</summary>
    public string? Text(string field) =>
        Values.TryGetValue(field, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <param name="Action">As the template writes it: <c>set_field</c>.</param>
/// <param name="Message">One sentence.</param>
public sealed record HookFailure(DateTimeOffset Time, string Action, string Message);

/// <summary>Authors of field changes other than the user.</summary>
internal static class ChangedBy
{
    public const string Hook = "hook";
    public const string Plue = "plue";
}

/// <summary>A row of the channel tree.</summary>
public sealed record ChatSummary(
    string Id,
    string TemplateId,
    string Title,
    bool Archived,
    string? ProviderId,
    string? Model,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    int MessageCount,
    decimal? TotalCost,
    ChatStatus Status,
    string? Notice
)
{
    public IReadOnlyList<ModelChoice> Fallbacks { get; init; } = [];
    public ChatOptions Options { get; init; } = ChatOptions.None;
    public bool Pinned { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];
    public bool Unread { get; init; }
    public long Version { get; init; }

    /// <summary>True for a task, readable or not.</summary>
    public bool IsTask => TaskStatus is not null || (Status == ChatStatus.Damaged && ChannelKind.Task.IsIdOfKind(Id));

    /// <summary>The status of a task, null for a chat: a constant of <see cref="TaskStates"/>, or a value set by the user or a hook.</summary>
    public string? TaskStatus { get; init; }

    /// <summary>The address of the parent of a task.</summary>
    public string? SpawnedBy { get; init; }
}

/// <summary><c>Running</c>: a response is being written, by this window or another. <c>Damaged</c>: part of the journal could not be read.</summary>
public enum ChatStatus
{
    Idle,
    Running,
    Interrupted,
    Failed,
    Damaged,
}

/// <summary>Null leaves a field as it is; an empty text removes it.</summary>
/// <param name="Fallbacks">The complete list; empty uses the settings.</param>
/// <param name="Options">All of them.</param>
public sealed record ChatFields(
    string? Title = null,
    bool? Archived = null,
    string? ProviderId = null,
    string? Model = null,
    IReadOnlyList<ModelChoice>? Fallbacks = null,
    ChatOptions? Options = null
)
{
    public static readonly ChatFields None = new();

    private const string ProviderPrefix = "codex://providers/";

    public bool? Pinned { get; init; }

    /// <summary>All of them.</summary>
    public IReadOnlyList<string>? Tags { get; init; }

    /// <summary>The complete list.</summary>
    public IReadOnlyList<string>? ContextFiles { get; init; }

    /// <summary>Merged key by key; null removes one.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Values { get; init; }

    /// <summary>A constant of <see cref="ChangedBy"/>; null for the user.</summary>
    public string? By { get; init; }

    /// <summary>True if a model created the title.</summary>
    public bool TitleFromModel { get; init; }

    /// <summary>The id of the last message that was read.</summary>
    public string? ReadUntil { get; init; }

    /// <summary>True for a new task whose hooks have not run. The journal is owned until <see cref="ChatJournal.MarkStarted"/>.</summary>
    public bool StartsByItself { get; init; }

    /// <summary>The new name of the template, or another template.</summary>
    public string? TemplateId { get; init; }

    /// <summary>Turns a chat into a task, or back.</summary>
    public ChannelKind? Kind { get; init; }

    internal StoredFields ToStored() =>
        new(
            Title,
            Archived,
            string.IsNullOrEmpty(ProviderId) ? ProviderId : ProviderPrefix + ProviderId,
            Model,
            Fallbacks is null ? null : [.. Fallbacks.Select(choice => new StoredChoice(ProviderPrefix + choice.ProviderId, choice.Model))],
            Options is null ? null : StoredOptions.From(Options),
            Pinned,
            Tags,
            ContextFiles,
            TitleFromModel ? "model" : null,
            ReadUntil,
            Values,
            By,
            TemplateId,
            StartsByItself ? true : null,
            Kind?.Name
        );

    internal static ModelChoice ChoiceOf(StoredChoice choice) => new(ProviderIdOf(choice.ProviderRef) ?? "", choice.Model);

    internal static string? ProviderIdOf(string? reference) =>
        reference?.StartsWith(ProviderPrefix, StringComparison.Ordinal) == true ? reference[ProviderPrefix.Length..] : reference;
}
