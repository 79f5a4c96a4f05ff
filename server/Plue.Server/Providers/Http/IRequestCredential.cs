namespace Plue.Server.Providers.Http;

/// <summary>Puts the proof of who asks on a request: a key in a header, a token, a signature.</summary>
internal interface IRequestCredential
{
    /// <summary>Called last, when the method, the address, the body and every other header of the request stand.</summary>
    /// <param name="failures">Creates the messages, and masks secrets in them.</param>
    /// <exception cref="Messages.FailureException">A secret is missing, locked away, or not meant for this origin.</exception>
    ValueTask ApplyAsync(
        HttpRequestMessage request,
        ReadOnlyMemory<byte> body,
        ProviderFailures failures,
        CancellationToken cancellationToken
    );

    /// <summary>The vendor refused the proof. True when a fresh one was got, so that asking once more makes sense.</summary>
    ValueTask<bool> RenewAsync(CancellationToken cancellationToken);

    /// <inheritdoc cref="RenewAsync(CancellationToken)"/>
    /// <param name="refusal">The answer, with the request that it refuses. Its body is not to be read.</param>
    ValueTask<bool> RenewAsync(HttpResponseMessage refusal, CancellationToken cancellationToken) => RenewAsync(cancellationToken);
}
