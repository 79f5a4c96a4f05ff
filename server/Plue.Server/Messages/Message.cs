namespace Plue.Server.Messages;

/// <summary>An entry of a chat. Parts are in the order in which the model produced them.</summary>
public sealed record Message
{
    /// <summary>Sorts by creation time and is unique across machines: see <see cref="Ids"/>.</summary>
    public required string Id { get; init; }
    public required string CodexId { get; init; }
    public required MessageRole Role { get; init; }

    /// <summary>The id of the previous message; empty for a first message. Null in journals of format 1, which means the message stored before it.</summary>
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

    /// <summary>Why the model stopped; null in older versions. <see cref="StopReason.ToolUse"/>: the response continues in the next message.</summary>
    public StopReason? StopReason { get; init; }

    /// <summary>The turn that wrote this response; its changes are reverted together. Null for user messages and messages of older versions.</summary>
    public string? TurnId { get; init; }

    /// <summary>Chat content that could not be sent to the model of this response, one sentence each.</summary>
    public IReadOnlyList<string> Omitted { get; init; } = [];

    /// <summary>Why this model was chosen; null if there was no choice.</summary>
    public RoutingNote? Routing { get; init; }

    /// <summary>The instruction sources of this response.</summary>
    public IReadOnlyList<InstructionSource> Instructions { get; init; } = [];

    /// <summary>The hooks that ran for this message, in order. If a hook wrote a user message to continue a response, it is listed there.</summary>
    public IReadOnlyList<HookRun> Hooks { get; init; } = [];

    /// <summary>Set on a summary (a system message) that replaces all messages before it.</summary>
    public Compaction? Compaction { get; init; }

    /// <summary>True for a message that is not part of the conversation, such as a generated title. Kept because of its cost.</summary>
    public bool IsHidden { get; init; }

    /// <summary>True for a message copied from another chat, whose cost belongs to that chat.</summary>
    public bool IsCopy { get; init; }

    /// <summary>True for a message that was written while the task was a chat. Not stored with the message.</summary>
    public bool IsEarlier { get; init; }

    /// <summary>False for a message that belongs to another chat or to the chat that the task continues.</summary>
    public bool IsOwn => !IsCopy && !IsEarlier;

    /// <summary>True if Plue ran the message's tool calls, whether or not it is complete: their results are sent to the model next.</summary>
    public bool HasToolRound =>
        StopReason == Messages.StopReason.ToolUse || (StopReason == Messages.StopReason.EndTurn && Parts is [.., MessagePart.ToolResult]);

    /// <summary>True if the response continues in the next message.</summary>
    public bool IsContinued => Status == MessageStatus.Complete && StopReason == Messages.StopReason.ToolUse;

    /// <summary>True for a summary that was read from a file: the user has not reviewed it, and no model wrote it in this installation.</summary>
    public bool IsImportedSummary => Compaction is not null && IsCopy && (ProviderInfo is null || ProviderInfo.IsImported);

    /// <summary>The concatenated text parts.</summary>
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

/// <summary>The provider of a response. <paramref name="RequestId"/> is the vendor's id for support requests.</summary>
/// <param name="FallbackReason">Why the chosen provider was not used, if this is a fallback.</param>
public sealed record ProviderInfo(string ProviderId, string? ModelId, string? RequestId = null, string? FallbackReason = null)
{
    private const string ImportedMark = " (imported)";

    /// <summary>True if the response was imported from a file.</summary>
    public bool IsImported => ProviderId.EndsWith(ImportedMark, StringComparison.Ordinal);

    /// <summary>Marks the provider as imported. The result is never a valid id, because ids contain neither spaces nor brackets.</summary>
    public ProviderInfo AsImported(string name) => this with { ProviderId = name + ImportedMark };
}

/// <param name="Messages">The number of messages that the summary replaces.</param>
public sealed record Compaction(int Messages, long TokensBefore, long TokensAfter);

/// <summary>The time that a response took.</summary>
/// <param name="FirstToken">The time from the request to the first content; null if there was none.</param>
public sealed record Timing(TimeSpan? FirstToken, TimeSpan Duration);
