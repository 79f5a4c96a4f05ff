using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>A model that Plue asks beside the conversation: for a title, for a summary.</summary>
internal interface ISideModel
{
    /// <returns>The whole response, secrets taken out.</returns>
    /// <exception cref="FailureException">Whatever kept the model from responding; Timeout; BadResponse for an empty response.</exception>
    Task<SideAnswer> AskAsync(SideRequest request, TimeSpan timeout, CancellationToken cancellationToken);
}
