namespace Plue.Server.Messages;

/// <summary>The tokens of a response. <see cref="InputTokens"/> always includes cached tokens, even if the vendor counts them separately.</summary>
public sealed record Usage
{
    public long InputTokens { get; init; }
    public long OutputTokens { get; init; }
    public long TotalTokens => InputTokens + OutputTokens;
    public long CachedReadTokens { get; init; }
    public long CachedWriteTokens { get; init; }

    /// <summary>Included in <see cref="OutputTokens"/>.</summary>
    public long ReasoningTokens { get; init; }

    /// <summary>True if the usage was estimated because the provider reported none.</summary>
    public bool IsEstimated { get; init; }
}
