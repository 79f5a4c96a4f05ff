using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>A message on disk. Enums are snake_case strings, because a later version may know more of them.</summary>
internal sealed record StoredMessage
{
    private const long MaxWait = 365L * 24 * 60 * 60 * 1000;

    public required string Id { get; init; }
    public required string CodexId { get; init; }
    public required string Role { get; init; }

    /// <summary>The message it follows, empty for a first one. Absent in format 1: then the one before it.</summary>
    public string? ParentId { get; init; }
    public IReadOnlyList<StoredPart?>? Parts { get; init; }

    /// <summary>Replaces <see cref="Parts"/> if <see cref="MessageLine"/> read the message.</summary>
    [JsonIgnore]
    public StoredParts? LazyParts { get; init; }

    /// <summary>UTC, like every time here.</summary>
    public required DateTime CreatedAt { get; init; }
    public DateTime UpdatedAt { get; init; }
    public required string Status { get; init; }
    public StoredFailure? Error { get; init; }
    public StoredUsage? Usage { get; init; }
    public StoredCost? Cost { get; init; }
    public StoredProviderInfo? ProviderInfo { get; init; }
    public StoredTiming? Timing { get; init; }
    public string? StopReason { get; init; }
    public string? TurnId { get; init; }

    [JsonPropertyName("not_carried")]
    public IReadOnlyList<string>? Omitted { get; init; }

    [JsonPropertyName("steered_by")]
    public IReadOnlyList<StoredInstructionSource>? Instructions { get; init; }
    public StoredCompaction? Compaction { get; init; }
    public StoredRouting? Routing { get; init; }
    public IReadOnlyList<StoredHookRun>? Hooks { get; init; }
    public bool? Hidden { get; init; }
    public bool? Copy { get; init; }

    public static StoredMessage From(Message message) =>
        new()
        {
            Id = message.Id,
            CodexId = message.CodexId,
            Role = EnumNames<MessageRole>.Of(message.Role),
            ParentId = message.ParentId,
            Parts = [.. message.Parts.Select(StoredPart.From)],
            CreatedAt = message.CreatedAt.UtcDateTime,
            UpdatedAt = message.UpdatedAt.UtcDateTime,
            Status = EnumNames<MessageStatus>.Of(message.Status),
            Error = message.Error is { } error
                ? new(EnumNames<FailureKind>.Of(error.Kind), error.Message, (long?)error.RetryAfter?.TotalMilliseconds)
                : null,
            Usage = message.Usage is { } usage
                ? new(
                    usage.InputTokens,
                    usage.OutputTokens,
                    usage.TotalTokens,
                    usage.CachedReadTokens,
                    usage.CachedWriteTokens,
                    usage.ReasoningTokens,
                    usage.IsEstimated ? true : null
                )
                : null,
            Cost = message.Cost is { } cost
                ? new(cost.InputCost, cost.OutputCost, cost.CachedCost, cost.TotalCost, cost.PriceSource, StoredPrice.From(cost.Price))
                : null,
            ProviderInfo = message.ProviderInfo is { } info
                ? new(info.ProviderId, info.ModelId, info.RequestId, info.FallbackReason)
                : null,
            Timing = message.Timing is { } timing ? new(timing.FirstToken?.TotalMilliseconds, timing.Duration.TotalMilliseconds) : null,
            StopReason = message.StopReason is { } reason ? EnumNames<StopReason>.Of(reason) : null,
            TurnId = message.TurnId,
            Omitted = message.Omitted.Count == 0 ? null : message.Omitted,
            Instructions = message.Instructions.Count == 0 ? null : [.. message.Instructions.Select(StoredInstructionSource.From)],
            Compaction = message.Compaction is { } compaction
                ? new(compaction.Messages, compaction.TokensBefore, compaction.TokensAfter)
                : null,
            Routing = message.Routing is { } routing
                ? new(routing.Chosen, routing.Reason, [.. routing.Rejected.Select(one => new StoredRejection(one.Candidate, one.Reason))])
                : null,
            Hooks = message.Hooks.Count == 0 ? null : [.. message.Hooks.Select(StoredHookRun.From)],
            Hidden = message.IsHidden ? true : null,
            Copy = message.IsCopy ? true : null,
        };

    /// <summary>Parts of a type that this version does not know are omitted.</summary>
    public Message ToMessage() =>
        new()
        {
            Id = Id,
            CodexId = CodexId,
            Role = EnumNames<MessageRole>.Parse(Role, MessageRole.System),
            ParentId = ParentId,
            Parts = LazyParts ?? (IReadOnlyList<MessagePart>)[.. (Parts ?? []).Select(part => part?.ToPart()).OfType<MessagePart>()],
            CreatedAt = Utc(CreatedAt),
            UpdatedAt = Utc(UpdatedAt),
            Status = EnumNames<MessageStatus>.Parse(Status, MessageStatus.Complete),
            Error = Error is { } error
                ? new(
                    EnumNames<FailureKind>.Parse(error.Kind, FailureKind.Internal),
                    error.Message,
                    error.RetryAfterMs is >= 0 and < MaxWait and var wait ? TimeSpan.FromMilliseconds(wait) : null
                )
                : null,
            Usage = Usage?.ToUsage(),
            Cost = Cost?.ToCost(),
            ProviderInfo = ProviderInfo is { } info ? new(info.ProviderId, info.ModelId, info.RequestId, info.InsteadOf) : null,
            Timing = Timing?.ToTiming(),
            StopReason = StopReason is { } reason ? EnumNames<StopReason>.Parse(reason, Messages.StopReason.EndTurn) : null,
            TurnId = TurnId,
            Omitted = Omitted ?? [],
            Instructions = Instructions is not { } steered ? [] : [.. steered.Select(source => source.ToSource())],
            Compaction = Compaction is { } compaction ? new(compaction.Messages, compaction.TokensBefore, compaction.TokensAfter) : null,
            Routing = Routing is { } routing
                ? new(routing.Chosen, routing.Why, [.. (routing.Rejected ?? []).Select(one => new Rejection(one.Candidate, one.Why))])
                : null,
            Hooks = Hooks is not { Count: > 0 } ? [] : [.. Hooks.Select(run => run.ToRun())],
            IsHidden = Hidden ?? false,
            IsCopy = Copy ?? false,
        };

    internal static DateTimeOffset Utc(DateTime time) =>
        new(time.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(time, DateTimeKind.Utc) : time.ToUniversalTime());
}

/// <summary>All kinds of parts in one shape; <c>type</c> decides which members are used.</summary>
/// <param name="Parameters">The model's JSON as text, byte for byte, because a cut stream may leave half an object.</param>
internal sealed record StoredPart(
    string Type,
    string? Content = null,
    string? Path = null,
    string? Blob = null,
    string? Language = null,
    string? ToolUseId = null,
    string? ToolName = null,
    string? Parameters = null,
    string? Result = null,
    string? Error = null,
    string? Signature = null,
    string? Opaque = null,
    string? MediaType = null,
    long? Size = null,
    StoredLines? Range = null,
    bool? Summary = null,
    bool? Unsaved = null,
    string? Hash = null,
    DateTime? ModifiedAt = null,
    IReadOnlyList<StoredChange>? Changes = null,
    StoredApproval? Approval = null,
    double? DurationMs = null,
    IReadOnlyList<StoredInstructionSource>? Instructions = null
)
{
    public static StoredPart From(MessagePart part) =>
        part switch
        {
            MessagePart.Text text => new("text", Content: text.Content),
            MessagePart.File file => new(
                "file",
                Path: file.Path,
                Content: file.Content,
                Blob: file.Blob,
                Language: file.Language,
                MediaType: file.MediaType,
                Size: file.Size,
                Range: file.Range is { } range ? new(range.Start, range.End) : null,
                Summary: file.IsSummary ? true : null,
                Unsaved: file.IsUnsaved ? true : null,
                Hash: file.Hash,
                ModifiedAt: file.ModifiedAt?.UtcDateTime,
                Instructions: file.Skill is { } skill ? [StoredInstructionSource.From(skill)] : null
            ),
            MessagePart.ToolUse use => new("tool_use", ToolUseId: use.ToolUseId, ToolName: use.ToolName, Parameters: use.Parameters),
            MessagePart.ToolResult result => new(
                "tool_result",
                ToolUseId: result.ToolUseId,
                Result: result.Result,
                Error: result.Error,
                Changes: result.Changes.Count == 0
                    ? null
                    : [.. result.Changes.Select(change => new StoredChange(change.Path, change.Added, change.Removed))],
                Approval: result.Approval is { } approval
                    ? new(approval.Decision, approval.Reason, approval.Rule, approval.Time.UtcDateTime)
                    : null,
                DurationMs: result.RunTime?.TotalMilliseconds,
                Instructions: result.Instructions.Count == 0 ? null : [.. result.Instructions.Select(StoredInstructionSource.From)]
            ),
            MessagePart.Reasoning reasoning => new(
                "reasoning",
                Content: reasoning.Content,
                Signature: reasoning.Signature,
                Opaque: reasoning.Opaque
            ),
            _ => throw new InvalidOperationException($"{part.GetType().Name} has no stored form."),
        };

    public MessagePart? ToPart() =>
        Type switch
        {
            "text" => new MessagePart.Text(Content ?? ""),
            "file" => new MessagePart.File(Path ?? "", Content, Blob, Language)
            {
                MediaType = MediaType,
                Size = Size,
                Range = Range is { } range ? new(range.Start, range.End) : null,
                IsSummary = Summary ?? false,
                IsUnsaved = Unsaved ?? false,
                Hash = Hash,
                ModifiedAt = ModifiedAt is { } modified ? StoredMessage.Utc(modified) : null,
                Skill = Instructions is [var skill, ..] ? skill.ToSource() : null,
            },
            "tool_use" => new MessagePart.ToolUse(ToolUseId ?? "", ToolName ?? "", Parameters ?? "{}"),
            "tool_result" => new MessagePart.ToolResult(ToolUseId ?? "", Result, Error)
            {
                Changes = Changes is not { Count: > 0 }
                    ? []
                    : [.. Changes.Select(change => new FileChange(change.Path, change.Added, change.Removed))],
                Approval = Approval is { } approval
                    ? new(approval.Decision ?? "", approval.Reason, approval.Rule, StoredMessage.Utc(approval.Time))
                    : null,
                RunTime = DurationMs is { } duration ? StoredTiming.Span(duration) : null,
                Instructions = Instructions is not { Count: > 0 } ? [] : [.. Instructions.Select(source => source.ToSource())],
            },
            "reasoning" => new MessagePart.Reasoning(Content ?? "", Signature, Opaque),
            _ => null,
        };
}

internal sealed record StoredLines(int Start, int End);

internal sealed record StoredChange(string Path, int Added, int Removed);

internal sealed record StoredApproval(string? Decision, string? Reason, string? Rule, DateTime Time);

internal sealed record StoredInstructionSource(
    string Kind,
    string Source,
    string Title,
    string Version,
    string? AppliesTo = null,
    [property: JsonPropertyName("left_out")] string? OmittedReason = null
)
{
    public static StoredInstructionSource From(InstructionSource source) =>
        new(
            EnumNames<InstructionKind>.Of(source.Kind),
            source.Source,
            source.Title,
            source.Version.ToString(),
            source.AppliesTo,
            source.OmittedReason
        );

    public InstructionSource ToSource() =>
        new(EnumNames<InstructionKind>.Parse(Kind, InstructionKind.Rules), Source, Title, Version)
        {
            AppliesTo = AppliesTo,
            OmittedReason = OmittedReason,
        };
}

internal sealed record StoredHookRun(
    string Name,
    string Trigger,
    string Result,
    double DurationMs,
    string? Text = null,
    string? ToolUseId = null,
    string? Context = null,
    string? Parameters = null
)
{
    public static StoredHookRun From(HookRun run) =>
        new(
            run.Name,
            run.Trigger,
            EnumNames<HookResult>.Of(run.Result),
            run.Duration.TotalMilliseconds,
            run.Text,
            run.ToolUseId,
            run.Context,
            run.Parameters
        );

    public HookRun ToRun() =>
        new(Name, Trigger, EnumNames<HookResult>.Parse(Result, HookResult.Ran), StoredTiming.Span(DurationMs), Text)
        {
            ToolUseId = ToolUseId,
            Context = Context,
            Parameters = Parameters,
        };
}

internal sealed record StoredRouting(string Chosen, string Why, IReadOnlyList<StoredRejection>? Rejected);

internal sealed record StoredRejection(string Candidate, string Why);

internal sealed record StoredCompaction(int Messages, long TokensBefore, long TokensAfter);

internal sealed record StoredFailure(string Kind, string Message, long? RetryAfterMs);

/// <param name="TotalTokens">Stored for other readers; Plue computes it from the other members.</param>
internal sealed record StoredUsage(
    long InputTokens,
    long OutputTokens,
    long TotalTokens,
    long CachedReadTokens,
    long CachedWriteTokens,
    long ReasoningTokens,
    bool? Estimated = null
)
{
    public Usage ToUsage() =>
        new()
        {
            InputTokens = InputTokens,
            OutputTokens = OutputTokens,
            CachedReadTokens = CachedReadTokens,
            CachedWriteTokens = CachedWriteTokens,
            ReasoningTokens = ReasoningTokens,
            IsEstimated = Estimated == true,
        };
}

/// <summary>USD.</summary>
internal sealed record StoredCost(
    decimal InputCost,
    decimal OutputCost,
    decimal CachedCost,
    decimal TotalCost,
    string PriceSource,
    StoredPrice? Price = null
)
{
    public Cost ToCost() => new(InputCost, OutputCost, CachedCost, TotalCost, PriceSource) { Price = Price?.ToPrice() };
}

/// <summary>USD per million tokens.</summary>
internal sealed record StoredPrice(
    decimal InputPerMillion,
    decimal OutputPerMillion,
    decimal? CachedReadPerMillion,
    decimal? CachedWritePerMillion
)
{
    public static StoredPrice? From(Price? price) =>
        price is null ? null : new(price.InputPerMillion, price.OutputPerMillion, price.CachedReadPerMillion, price.CachedWritePerMillion);

    public Price ToPrice() => new(InputPerMillion, OutputPerMillion, CachedReadPerMillion, CachedWritePerMillion);
}

internal sealed record StoredProviderInfo(string ProviderId, string? ModelId, string? RequestId, string? InsteadOf = null);

internal sealed record StoredTiming(double? FirstTokenMs, double DurationMs)
{
    public Timing ToTiming() => new(FirstTokenMs is { } first ? Span(first) : null, Span(DurationMs));

    internal static TimeSpan Span(double milliseconds) => TimeSpan.FromTicks((long)Math.Round(milliseconds * TimeSpan.TicksPerMillisecond));
}

/// <summary>Converts between the values of an enum and their snake_case names.</summary>
internal static class EnumNames<T>
    where T : struct, Enum
{
    private static readonly Dictionary<T, string> ByValue = Enum.GetValues<T>()
        .ToDictionary(value => value, value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
    private static readonly Dictionary<string, T> ByName = ByValue.ToDictionary(
        pair => pair.Value,
        pair => pair.Key,
        StringComparer.Ordinal
    );

    public static string Of(T value) => ByValue[value];

    public static T Parse(string? name, T unknown) => name is not null && ByName.TryGetValue(name, out var value) ? value : unknown;
}
