using System.Net;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Http;

/// <summary>A request to a service that issues tokens or temporary keys, limited to 20 seconds and 64 KiB.</summary>
internal static class SideCall
{
    private const int MaxBytes = 64 * 1024;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Sends the request and reads the whole response, whatever its status.</summary>
    /// <param name="who">The service for messages: <c>the token service of Google</c>.</param>
    /// <exception cref="FailureException">Unreachable or Timeout.</exception>
    public static async Task<(HttpStatusCode Status, byte[] Body)> SendAsync(
        ProviderHttp http,
        HttpRequestMessage request,
        string who,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        var host = request.RequestUri!.Authority;
        using var timeout = new ExchangeTimeout(Limit, Limit, time, cancellationToken);
        try
        {
            using var response = await http.For(request.RequestUri).SendAsync(request, timeout.Token).ConfigureAwait(false);
            using var body = await response.Content.ReadAsStreamAsync(timeout.Token).ConfigureAwait(false);
            var whole = new byte[MaxBytes];
            var length = await body.ReadAtLeastAsync(whole, MaxBytes, throwOnEndOfStream: false, timeout.Token).ConfigureAwait(false);
            return (response.StatusCode, whole[..length]);
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw timeout.HasExpired
                ? new FailureException(
                    FailureKind.Timeout,
                    $"{who} ({host}) did not respond within {DurationText.Of(Limit)}. Try again.",
                    exception
                )
                : new FailureException(
                    FailureKind.Unreachable,
                    $"{who} ({host}) cannot be reached. Check the network and a proxy in between.",
                    exception
                );
        }
    }
}
