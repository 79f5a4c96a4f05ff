using Plue.Server.Messages;

namespace Plue.Server.Tools;

/// <summary>The model of a chat, for requests of MCP servers during the chat's calls.</summary>
internal interface ISamplingModel
{
    /// <summary>Returns the model that would respond and its maximum cost. Nothing is sent.</summary>
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
/// <param name="MaxCost">The cost in USD; null if no price is known.</param>
internal sealed record SamplingOffer(ModelChoice Choice, string Provider, string Model, decimal? MaxCost);

internal sealed record SamplingResponse(string Text, string Model);
