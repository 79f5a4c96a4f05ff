using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>The one way a secret reaches a provider. Called in the line that builds the request, never stored.</summary>
public interface ISecretSource
{
    /// <param name="reference"><c>vault://owner/name</c> or <c>env://NAME</c>.</param>
    /// <param name="origin">Where the secret is about to be sent (scheme, host and port count).</param>
    /// <exception cref="FailureException">VaultLocked, NotFound, or KeyNotBoundToOrigin when the secret was not stored for that origin.</exception>
    ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken);
}

/// <summary>Where a provider puts the tokens that it was given itself. Only sign-in with OAuth does.</summary>
public interface ISecretStore : ISecretSource
{
    /// <param name="reference"><c>vault://owner/name</c>.</param>
    /// <param name="origins">Where it may be sent.</param>
    ValueTask StoreAsync(string reference, string secret, IReadOnlyList<Uri> origins, CancellationToken cancellationToken);

    /// <summary>Does nothing where there is none.</summary>
    ValueTask DeleteAsync(string reference, CancellationToken cancellationToken);
}

/// <summary>A secret that does not print itself.</summary>
public readonly struct Secret(string value)
{
    public string Reveal() => value;
    public override string ToString() => "***";
}
