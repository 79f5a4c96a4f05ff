using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>A provider that finds its credentials by itself, in one of several places.</summary>
public interface ISaysWhoAsks
{
    /// <summary>A sentence for the result of a test: <c>Asks with the keys of the AWS profile "work", in us-east-1.</c></summary>
    /// <exception cref="FailureException">There are no credentials, or they cannot be had without the user.</exception>
    ValueTask<string> WhoAsksAsync(CancellationToken cancellationToken);
}
