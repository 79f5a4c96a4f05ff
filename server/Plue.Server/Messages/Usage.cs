namespace Plue.Server.Messages;

/// <summary>Tokens of one answer. <see cref="InputTokens"/> is everything sent, cached parts included, whatever the vendor counts.</summary>
public sealed record Usage
{
    public long InputTokens { get; init; }
    public long OutputTokens { get; init; }
    public long TotalTokens => InputTokens + OutputTokens;
    public long CachedReadTokens { get; init; }
    public long CachedWriteTokens { get; init; }

    /// <summary>Part of <see cref="OutputTokens"/>.</summary>
    public long ReasoningTokens { get; init; }

    /// <summary>Plue estimated it, because the provider reported none.</summary>
    public bool IsEstimated { get; init; }
}
