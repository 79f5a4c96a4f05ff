namespace Plue.Server.Providers;

/// <summary>A provider with fill-in-the-middle models, which write the code between two texts.</summary>
internal interface IInlineCompletionProvider : IProvider
{
    /// <summary>
    /// Streams the text between prefix and suffix. Ends with exactly one <see cref="ProviderEvent.Finished"/> or <see cref="ProviderEvent.Failed"/>.
    /// Cancellation closes the connection, which is the only way to stop billing.
    /// </summary>
    IAsyncEnumerable<ProviderEvent> CompleteAsync(InlineCompletionRequest request, CancellationToken cancellationToken);

    /// <summary>Lists the fill-in-the-middle models, and those for which the server does not specify it.</summary>
    /// <exception cref="Messages.FailureException">The models could not be listed.</exception>
    Task<IReadOnlyList<CompletionModel>> ListCompletionModelsAsync(CancellationToken cancellationToken);
}

/// <param name="Prefix">The text before the cursor.</param>
/// <param name="Suffix">The text after the cursor.</param>
internal sealed record InlineCompletionRequest(
    string Model,
    string Prefix,
    string Suffix,
    int MaxTokens,
    IReadOnlyList<string> StopSequences
)
{
    /// <summary>Converts the request for parsers that are shared with chats.</summary>
    internal ProviderRequest ToProviderRequest() =>
        new()
        {
            CodexId = "",
            Model = Model,
            Messages = [],
        };
}

/// <param name="IsKnown">True if the server specifies that the model fills in the middle; false if it does not say.</param>
internal sealed record CompletionModel(string Id, string? Name, bool IsKnown);
