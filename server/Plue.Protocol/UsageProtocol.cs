namespace Plue.Protocol;

/// <param name="From">The first day, as <c>2026-11-21</c>; null means from the beginning.</param>
/// <param name="To">The last day, itself included; null means today.</param>
/// <param name="UtcOffsetMinutes">The time zone of the user's days; null means UTC.</param>
public sealed record UsageParams(string? From, string? To, int? UtcOffsetMinutes);

/// <summary>Costs in USD. Responses without a known price are counted in <see cref="UsageFigures.UnpricedResponses"/>.</summary>
/// <param name="Days">Only days with responses, oldest first; one row for each provider.</param>
public sealed record UsageSummaryResult(
    UsageFigures Total,
    IReadOnlyList<UsageDay> Days,
    IReadOnlyList<UsageRow> Providers,
    IReadOnlyList<UsageRow> Models,
    IReadOnlyList<UsageRow> Templates,
    IReadOnlyList<UsageRow> Chats
);

/// <param name="Day">As <c>2026-11-21</c>.</param>
public sealed record UsageDay(string Day, string ProviderId, string ProviderName, UsageFigures Figures);

/// <param name="Key">A provider's id, a model's id, a template's id or a chat's address.</param>
/// <param name="ProviderName">The provider of a model.</param>
public sealed record UsageRow(string Key, string Name, string? ProviderName, UsageFigures Figures);

public sealed record UsageFigures
{
    public required int Responses { get; init; }
    public required int UnpricedResponses { get; init; }
    public required decimal Cost { get; init; }
    public required long InputTokens { get; init; }
    public required long OutputTokens { get; init; }
    public required long CachedReadTokens { get; init; }
    public required long CachedWriteTokens { get; init; }
    public required long ReasoningTokens { get; init; }

    /// <summary>The total duration of responses.</summary>
    public required double DurationMs { get; init; }

    /// <summary>The median; null if it was not measured.</summary>
    public double? FirstTokenMs { get; init; }
}

public sealed record UsageCsvResult(string Csv);
