using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>A model for requests outside of the conversation, such as titles and summaries.</summary>
internal interface ISideModel
{
    /// <returns>The whole response, with secrets masked.</returns>
    /// <exception cref="FailureException">The failure of the model; Timeout; BadResponse for an empty response.</exception>
    Task<SideAnswer> AskAsync(SideRequest request, TimeSpan timeout, CancellationToken cancellationToken);
}
