using System.Text.Json.Serialization;
using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>
/// A configured connection to a model vendor or program. Safe for concurrent calls.
/// A failure is the last event of the stream, never an exception; only cancellation by the caller throws.
/// </summary>
public interface IProvider : IAsyncDisposable
{
    ProviderSettings Settings { get; }

    ProviderCapabilities Capabilities => Settings.Capabilities;

    /// <summary>
    /// Streams one response. Ends with exactly one <see cref="ProviderEvent.Finished"/> or <see cref="ProviderEvent.Failed"/>.
    /// Cancellation closes the connection, which is the only way to stop billing.
    /// </summary>
    IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, CancellationToken cancellationToken);

    /// <summary>Makes the cheapest request that shows whether the connection and its credential work. Returns null if they do.</summary>
    Task<Failure?> CheckAsync(CancellationToken cancellationToken);

    /// <exception cref="FailureException">The models could not be listed.</exception>
    Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken);

    /// <summary>The known slash commands of its agent.</summary>
    IReadOnlyList<AgentCommand> Commands => [];

    /// <summary>The known options of the agent's session for this chat.</summary>
    IReadOnlyList<SessionOption> SessionOptions(string codexId) => [];

    /// <summary>Starts what is needed for the first message, such as a process. Does not wait; failures are reported with that message.</summary>
    void Warm(string codexId, string? model, string? workingDirectory) { }

    /// <summary>Ends what the provider started.</summary>
    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>A model as the vendor or the catalog describes it. Unknown values are null, never false or 0.</summary>
public sealed record ModelInfo
{
    public required string Id { get; init; }
    public string? Name { get; init; }
    public string? Description { get; init; }
    public long? ContextLength { get; init; }
    public long? MaxOutput { get; init; }
    public bool? SupportsTools { get; init; }
    public bool? SupportsVision { get; init; }
    public bool? CanReason { get; init; }

    /// <summary>Weakest first, as spelled in the vendor's API.</summary>
    public IReadOnlyList<string>? ReasoningLevels { get; init; }
    public string? DefaultReasoningLevel { get; init; }

    [JsonPropertyName("price")]
    public Price? Pricing { get; init; }
}
