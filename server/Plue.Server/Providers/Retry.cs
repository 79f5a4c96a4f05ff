using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers;

/// <summary>
/// Retries a request that failed before its first content. Does not retry after content, after a spending limit, or if the wait would exceed a minute. Each
/// wait is announced.
/// </summary>
internal static class Retry
{
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);

    /// <summary>Streams from <paramref name="provider"/> and retries as its settings specify: <c>none</c>, <c>standard</c> (3 attempts), <c>patient</c>
    /// (8).</summary>
    public static async IAsyncEnumerable<ProviderEvent> StreamAsync(
        IProvider provider,
        ProviderRequest request,
        TimeProvider time,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var tries = TriesOf(provider);
        for (var attempt = 1; ; attempt++)
        {
            var hasAnswered = false;
            Failure? again = null;
            await foreach (var next in provider.StreamAsync(request, cancellationToken).ConfigureAwait(false))
            {
                hasAnswered |= IsAnswer(next);
                if (
                    next is not ProviderEvent.Failed { Failure: var failure }
                    || hasAnswered
                    || !failure.IsRetryable
                    || IsRetryPointless(provider.Settings, failure)
                )
                {
                    yield return next;
                    continue;
                }

                if (failure.RetryAfter > MaxWait)
                {
                    var asked = $"It asks for a wait of {DurationText.Of(failure.RetryAfter.Value)}, so Plue does not try again by itself.";
                    yield return new ProviderEvent.Failed(
                        failure with
                        {
                            Message = $"{failure.Message} {asked}",
                            Cause = $"{failure.Cause} {asked}",
                        }
                    );
                }
                else if (attempt >= tries)
                {
                    yield return next;
                }
                else
                {
                    again = failure;
                }
            }

            if (again is null)
            {
                yield break;
            }
            var wait = WaitBefore(attempt, again.RetryAfter);
            yield return new ProviderEvent.Retrying(attempt + 1, time.GetUtcNow() + wait, again.Cause);
            await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Returns the vendor's retry-after, or an exponential delay (from one second) if that is longer, with jitter.</summary>
    private static TimeSpan WaitBefore(int attempt, TimeSpan? asked)
    {
        var backoff = FirstWait * Math.Pow(2, attempt - 1) * (0.75 + (Random.Shared.NextDouble() / 2));
        var wait = asked is { } least && least > backoff ? least : backoff;
        // Timers use whole milliseconds, and the announced time must be exact.
        return TimeSpan.FromMilliseconds(Math.Ceiling(Math.Min(wait.TotalMilliseconds, MaxWait.TotalMilliseconds)));
    }

    private static bool IsAnswer(ProviderEvent next) =>
        next
            is not (
                ProviderEvent.Waiting
                or ProviderEvent.Accepted
                or ProviderEvent.UsageReported
                or ProviderEvent.WindowsReported
                or ProviderEvent.Omitted
                or ProviderEvent.Failed
            );

    /// <summary>True if a retry is pointless: a local server that is not running will not start within a second.</summary>
    private static bool IsRetryPointless(ProviderSettings settings, Failure failure) =>
        failure.Kind == FailureKind.Unreachable && settings.Address is { IsAbsoluteUri: true, IsLoopback: true };

    private static int TriesOf(IProvider provider) =>
        provider.Capabilities.OwnRetries
            ? 1
            : provider.Settings.RetryPolicy switch
            {
                "none" => 1,
                "patient" => 8,
                _ => 3,
            };
}
