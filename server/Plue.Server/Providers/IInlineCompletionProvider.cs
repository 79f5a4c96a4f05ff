namespace Plue.Server.Providers;

/// <summary>A provider with models that fill in the middle: they write the code between two texts.</summary>
public interface IInlineCompletionProvider : IProvider
{
    /// <summary>
    /// Streams the text between prefix and suffix. Ends with exactly one <see cref="ProviderEvent.Finished"/> or <see cref="ProviderEvent.Failed"/>.
    /// Cancellation closes the connection, which is the only way to stop billing.
    /// </summary>
    IAsyncEnumerable<ProviderEvent> CompleteAsync(InlineCompletionRequest request, CancellationToken cancellationToken);

    /// <summary>Lists the models that fill in the middle, and those of which the server does not say whether they do.</summary>
    /// <exception cref="Messages.FailureException">The models could not be listed.</exception>
    Task<IReadOnlyList<CompletionModel>> ListCompletionModelsAsync(CancellationToken cancellationToken);
}

/// <param name="Prefix">The text before the cursor.</param>
/// <param name="Suffix">The text after the cursor.</param>
public sealed record InlineCompletionRequest(string Model, string Prefix, string Suffix, int MaxTokens, IReadOnlyList<string> StopSequences)
{
    /// <summary>For parsers that read chats, too.</summary>
    internal ProviderRequest ToProviderRequest() =>
        new()
        {
            CodexId = "",
            Model = Model,
            Messages = [],
        };
}

/// <param name="IsKnown">True if the server says that the model fills in the middle; false if it does not say.</param>
public sealed record CompletionModel(string Id, string? Name, bool IsKnown);
