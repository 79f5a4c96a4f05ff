using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>The only source of secrets for providers. Called when a request is built; secrets are never stored.</summary>
public interface ISecretSource
{
    /// <param name="reference"><c>vault://owner/name</c> or <c>env://NAME</c>.</param>
    /// <param name="origin">The origin to which the secret will be sent.</param>
    /// <exception cref="FailureException">VaultLocked. NotFound. KeyNotBoundToOrigin: the secret may not be sent to that origin.</exception>
    ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken);
}

/// <summary>Stores the tokens of OAuth sign-in.</summary>
internal interface ISecretStore : ISecretSource
{
    /// <param name="reference"><c>vault://owner/name</c>.</param>
    /// <param name="origins">Allowed origins.</param>
    ValueTask StoreAsync(string reference, string secret, IReadOnlyList<Uri> origins, CancellationToken cancellationToken);

    /// <summary>Does nothing if there is no such secret.</summary>
    ValueTask DeleteAsync(string reference, CancellationToken cancellationToken);
}

/// <summary>A secret whose text form is masked.</summary>
public readonly struct Secret(string value)
{
    public string Reveal() => value;

    public override string ToString() => "***";
}
