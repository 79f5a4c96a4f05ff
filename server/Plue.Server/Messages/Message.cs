namespace Plue.Server.Messages;

/// <summary>One entry of a chat. Parts keep the order in which the model produced them.</summary>
public sealed record Message
{
    /// <summary>Sorts by creation time and is unique across machines: see <see cref="Ids"/>.</summary>
    public required string Id { get; init; }
    public required string CodexId { get; init; }
    public required MessageRole Role { get; init; }

    /// <summary>The message it follows; empty for a first one. Null where a journal of format 1 does not say: then the one before it.</summary>
    public string? ParentId { get; init; }
    public IReadOnlyList<MessagePart> Parts { get; init; } = [];
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }
    public MessageStatus Status { get; init; } = MessageStatus.Complete;
    public Failure? Error { get; init; }
    public Usage? Usage { get; init; }
    public Cost? Cost { get; init; }
    public ProviderInfo? ProviderInfo { get; init; }
    public Timing? Timing { get; init; }

    /// <summary>Why the model stopped; null where an older version did not keep it. <see cref="StopReason.ToolUse"/>: Plue ran the calls, and the answer goes on in the next message.</summary>
    public StopReason? StopReason { get; init; }

    /// <summary>The turn that wrote this answer: what it changed is taken back together. Null for questions, and where an older version did not keep it.</summary>
    public string? TurnId { get; init; }

    /// <summary>What of the chat this answer's model could not be sent, one sentence each.</summary>
    public IReadOnlyList<string> NotCarried { get; init; } = [];

    /// <summary>Why this model was chosen for it; null where nothing was to be chosen.</summary>
    public RoutingNote? Routing { get; init; }

    /// <summary>What steered this answer.</summary>
    public IReadOnlyList<InstructionSource> SteeredBy { get; init; } = [];

    /// <summary>The hooks that ran for it, in their order. A hook of a user message wrote it to continue a response.</summary>
    public IReadOnlyList<HookRun> Hooks { get; init; } = [];

    /// <summary>Set on a summary (a system message) that replaces all messages before it.</summary>
    public Compaction? Compaction { get; init; }

    /// <summary>Not part of the conversation: a title that a model made. Kept because it was paid for.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Taken over from another chat, where it was paid for.</summary>
    public bool IsCopy { get; init; }

    /// <summary>Written while the task was a chat. Not stored with the message.</summary>
    public bool IsEarlier { get; init; }

    /// <summary>True unless it was taken over from a chat that the task continues.</summary>
    public bool IsOwn => !IsCopy && !IsEarlier;

    /// <summary>Plue ran its calls, however the message ended: their results follow them and are sent to the model next.</summary>
    public bool HasToolRound =>
        StopReason == Messages.StopReason.ToolUse || (StopReason == Messages.StopReason.EndTurn && Parts is [.., MessagePart.ToolResult]);

    /// <summary>The answer goes on in the next message.</summary>
    public bool GoesOn => Status == MessageStatus.Complete && StopReason == Messages.StopReason.ToolUse;

    /// <summary>True for a summary that was read from a file: no model wrote it here, and the user has not seen it.</summary>
    public bool IsImportedSummary => Compaction is not null && IsCopy && (ProviderInfo is null || ProviderInfo.IsImported);

    /// <summary>The text parts joined; what a person would call "the message".</summary>
    public string Text => string.Concat(Parts.OfType<MessagePart.Text>().Select(part => part.Content));
}

public enum MessageRole
{
    System,
    User,
    Assistant,
}

public enum MessageStatus
{
    Streaming,
    Complete,
    Stopped,
    Interrupted,
    Failed,
}

/// <summary>Who answered. <paramref name="RequestId"/> is the vendor's own id, for support requests.</summary>
/// <param name="InsteadOf">Why the chosen provider did not answer, when this one stood in for it.</param>
public sealed record ProviderInfo(string ProviderId, string? ModelId, string? RequestId = null, string? InsteadOf = null)
{
    private const string ImportedMark = " (imported)";

    /// <summary>True if a file said so.</summary>
    public bool IsImported => ProviderId.EndsWith(ImportedMark, StringComparison.Ordinal);

    /// <summary>A provider's id has no blank and no bracket, so these words can never be one.</summary>
    public ProviderInfo AsImported(string name) => this with { ProviderId = name + ImportedMark };
}

/// <param name="Messages">The number of messages that the summary replaces.</param>
public sealed record Compaction(int Messages, long TokensBefore, long TokensAfter);

/// <summary>How long an answer took.</summary>
/// <param name="FirstToken">From the request to the first piece of the answer; null when none came.</param>
public sealed record Timing(TimeSpan? FirstToken, TimeSpan Duration);
