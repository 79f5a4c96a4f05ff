using System.Net.Http.Headers;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;

namespace Plue.Server.Notifications;

/// <summary>Posts notices to the address of the user, in the format of ntfy: the text as body, and a title. Nothing waits for it, and nothing runs without it.</summary>
/// <param name="refusalOf">Returns why an address is not allowed; null if it is.</param>
internal sealed class Webhook(
    Func<NotificationSettings> settings,
    Func<Uri, string?> refusalOf,
    Func<Uri, HttpMessageInvoker> http,
    ISecretSource secrets,
    Func<string, string> mask,
    TimeProvider time,
    ILogger logger
) : IAsyncDisposable
{
    private const int MaxQueue = 32;
    private const int MaxLength = 1000;

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LastTimeout = TimeSpan.FromSeconds(3);

    private readonly Channel<Notice> queue = Channel.CreateBounded<Notice>(
        new BoundedChannelOptions(MaxQueue) { SingleReader = true, FullMode = BoundedChannelFullMode.DropOldest }
    );
    private readonly CancellationTokenSource stop = new();
    private readonly Lock starting = new();
    private Task? sending;

    /// <summary>Queues a notice without waiting, unless the user wants none now.</summary>
    public void Add(Notice notice)
    {
        var now = settings();
        if (now.Webhook is null || now.QuietHours?.Contains(TimeOnly.FromDateTime(time.GetLocalNow().DateTime)) == true)
        {
            return;
        }

        queue.Writer.TryWrite(notice);
        lock (starting)
        {
            sending ??= Task.Run(SendAllAsync);
        }
    }

    /// <summary>Sends queued notices, within a short time limit.</summary>
    public async ValueTask DisposeAsync()
    {
        queue.Writer.TryComplete();
        stop.CancelAfter(LastTimeout);
        if (sending is { } running)
        {
            await running.ConfigureAwait(false);
        }

        stop.Dispose();
    }

    private async Task SendAllAsync()
    {
        await foreach (var notice in queue.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            try
            {
                await SendAsync(notice, settings()).ConfigureAwait(false);
            }
            catch (FailureException fault)
            {
                logger.LogWarning("A notification was not sent: {Reason}", mask(fault.Message));
            }
            catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
            {
                logger.LogWarning(
                    "A notification was not sent: the server of {Setting} could not be reached",
                    NotificationSettings.WebhookKey
                );
            }
        }
    }

    /// <exception cref="FailureException">The settings are invalid, or the server did not accept it.</exception>
    private async Task SendAsync(Notice notice, NotificationSettings now)
    {
        if (now.Address is not { } address)
        {
            return;
        }
        if (refusalOf(address) is { } refusal)
        {
            throw new FailureException(FailureKind.PermissionDenied, refusal);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        limit.CancelAfter(RequestTimeout);
        using var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(BodyOf(notice, now))),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/plain", "utf-8");
        request.Headers.TryAddWithoutValidation("title", "Plue");
        request.Headers.TryAddWithoutValidation("user-agent", $"plue/{PlatformServices.Version}");
        if (now.Key is { } reference)
        {
            var key = (await secrets.GetAsync(reference, ProviderEndpoint.OriginOf(address), limit.Token).ConfigureAwait(false)).Reveal();
            if (key.AsSpan().ContainsAny('\r', '\n') || !request.Headers.TryAddWithoutValidation("authorization", $"Bearer {key}"))
            {
                throw new FailureException(FailureKind.MissingField, $"The key of {NotificationSettings.SecretKey} cannot be sent.");
            }
        }

        // The body of the response is not read.
        using var response = await http(address).SendAsync(request, limit.Token).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw new FailureException(
                FailureKind.BadResponse,
                $"{address.Authority} did not accept it (status {(int)response.StatusCode}). Check {NotificationSettings.WebhookKey} and {NotificationSettings.SecretKey}."
            );
        }
    }

    private string BodyOf(Notice notice, NotificationSettings now)
    {
        var text = now.HasContent ? $"{notice.Title}\n{HiddenCharacters.Visible(notice.Detail)}" : notice.Title;
        return TextCut.Head(mask(text), MaxLength);
    }
}
