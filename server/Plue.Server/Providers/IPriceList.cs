using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>The prices of models.</summary>
internal interface IPriceList
{
    /// <returns>Null if the price is unknown.</returns>
    Price? PriceOf(ProviderSettings settings, string model);
}
