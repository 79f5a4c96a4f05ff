using Plue.Server.Messages;

namespace Plue.Server.Tools;

/// <summary>A model of a chat for requests of an MCP server during one of the chat's calls.</summary>
internal interface ISamplingModel
{
    /// <summary>Gets the model that would respond, and the maximum cost. Sends nothing.</summary>
    /// <exception cref="FailureException">No model is available, or a limit is reached.</exception>
    Task<SamplingOffer> OfferAsync(SamplingRequest request, CancellationToken cancellationToken);

    /// <summary>Sends the request to the offered model. The cost counts for the chat.</summary>
    /// <exception cref="FailureException">The model did not respond, or a limit is reached.</exception>
    Task<SamplingResponse> AskAsync(SamplingRequest request, SamplingOffer offer, CancellationToken cancellationToken);
}

/// <param name="System">Empty for none.</param>
internal sealed record SamplingRequest(string System, IReadOnlyList<SamplingText> Messages, int MaxTokens);

internal sealed record SamplingText(bool IsUser, string Text);

/// <param name="Choice">The provider and its model.</param>
/// <param name="Provider">The name of the provider.</param>
/// <param name="MaxCost">In USD; null if no price is known.</param>
internal sealed record SamplingOffer(ModelChoice Choice, string Provider, string Model, decimal? MaxCost);

internal sealed record SamplingResponse(string Text, string Model);
