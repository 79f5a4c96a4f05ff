using System.Collections.Concurrent;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Tests.Testing;

/// <summary>Returns one secret, optionally for one origin only, and records the requested origins.</summary>
public sealed class FixedSecrets(string secret = FixedSecrets.Key, Uri? boundTo = null) : ISecretSource
{
    public const string Key = "sk-canary-4f1d9a77c2";

    public ConcurrentQueue<(string Reference, Uri Origin)> Asked { get; } = new();

    public ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken)
    {
        Asked.Enqueue((reference, origin));
        return boundTo is not null && boundTo != origin
            ? throw new FailureException(
                FailureKind.KeyNotBoundToOrigin,
                $"The key was not stored for {origin}. Store it again for this address."
            )
            : ValueTask.FromResult(new Secret(secret));
    }
}
