namespace Plue.Server.Providers.Http;

/// <summary>Authenticates a request with a key, a token, or a signature.</summary>
internal interface IRequestCredential
{
    /// <summary>Called last, when the method, the address, the body and all other headers of the request are set.</summary>
    /// <param name="failures">Creates the messages, and masks secrets in them.</param>
    /// <exception cref="Messages.FailureException">A secret is missing, locked, or not bound to this origin.</exception>
    ValueTask ApplyAsync(
        HttpRequestMessage request,
        ReadOnlyMemory<byte> body,
        ProviderFailures failures,
        CancellationToken cancellationToken
    );

    /// <summary>Called after the vendor rejected the credential. Returns true if there is a new one, so that the request can be retried.</summary>
    ValueTask<bool> RenewAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="RenewAsync(CancellationToken)"/>
    /// <param name="refusal">The response with its request. Its body must not be read.</param>
    ValueTask<bool> RenewAsync(HttpResponseMessage refusal, CancellationToken cancellationToken) => RenewAsync(cancellationToken);
}
