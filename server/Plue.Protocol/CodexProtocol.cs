namespace Plue.Protocol;

/// <param name="Collection">Only <c>chats</c> in this version.</param>
public sealed record CodexListParams(string Collection, bool? IncludeArchived);

public sealed record CodexListResult(IReadOnlyList<CodexSummary> Items);

/// <summary>A row of the channel tree.</summary>
public sealed record CodexSummary
{
    /// <summary><c>codex://chats/NAME</c>.</summary>
    public required string Uri { get; init; }
    public required string TemplateId { get; init; }
    public required string Title { get; init; }
    public required CodexStatus Status { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public required int MessageCount { get; init; }
    /// <summary>USD; null while nothing was paid or the price is not known.</summary>
    public decimal? Cost { get; init; }
    public required bool Archived { get; init; }
    /// <summary>The provider chosen for this chat, a name in <c>codex://providers/</c>.</summary>
    public string? ProviderId { get; init; }
    public string? Model { get; init; }
    /// <summary>Tried in this order when the chosen one is down or over its limit; empty means that the settings say it.</summary>
    public required IReadOnlyList<ModelChoice> Fallbacks { get; init; }
    public required ChatOptions Options { get; init; }
}

/// <param name="Model">Null means the provider's own.</param>
public sealed record ModelChoice(string ProviderId, string? Model);

/// <summary>What a chat asks of the model beside the text. Null means what the template or the provider says.</summary>
public sealed record ChatOptions(double? Temperature, int? MaxTokens, IReadOnlyList<string>? StopSequences, string? ReasoningLevel);

/// <summary><c>damaged</c>: part of the file could not be read; the rest is shown and the damaged bytes are kept beside it.</summary>
public enum CodexStatus { Idle, Running, Interrupted, Failed, Damaged }

public sealed record CodexGetParams(string Uri);

public sealed record CodexGetResult
{
    public required CodexSummary Codex { get; init; }
    /// <summary>Oldest first; includes the one still being written.</summary>
    public required IReadOnlyList<MessageView> Messages { get; init; }
    /// <summary>The turn under way, or null.</summary>
    public string? TurnId { get; init; }
    /// <summary>Events up to this number are already folded into <see cref="Messages"/>.</summary>
    public required long LastSeq { get; init; }
    /// <summary>Why this chat cannot be written to now (another window owns it, a read-only disk); null when it can.</summary>
    public string? ReadOnlyReason { get; init; }
    /// <summary>What loading repaired or could not read, as one sentence.</summary>
    public string? Notice { get; init; }
}

/// <param name="Title">Null names it after the first message.</param>
public sealed record CodexCreateParams(string TemplateId, string? Title, string? ProviderId, string? Model);

/// <summary>Fields left null stay as they are.</summary>
/// <param name="Fallbacks">Replaces the whole list.</param>
/// <param name="Options">Replaces all of them.</param>
public sealed record CodexUpdateParams(
    string Uri, string? Title, bool? Archived, string? ProviderId, string? Model, IReadOnlyList<ModelChoice>? Fallbacks, ChatOptions? Options);

public sealed record CodexDeleteParams(string Uri);

/// <param name="Codex">Null when it was deleted.</param>
public sealed record CodexChangedParams(string Uri, CodexSummary? Codex);
