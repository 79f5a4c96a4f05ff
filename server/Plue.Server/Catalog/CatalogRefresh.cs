using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;

namespace Plue.Server.Catalog;

/// <param name="IsUpdated">False if the server reports no change.</param>
/// <param name="ProviderCount">The number of fetched providers that were accepted.</param>
internal sealed record CatalogRefreshOutcome(bool IsUpdated, int ProviderCount, string Sentence);

/// <summary>
/// Fetches the catalog from the Catwalk server in the settings. If a response is invalid, the current catalog is kept.
/// </summary>
/// <param name="http">Must not follow redirects.</param>
internal sealed class CatalogRefresh(
    ProviderCatalog catalog,
    Func<CatalogSettings> settings,
    Func<Uri, HttpMessageInvoker> http,
    TimeProvider time
)
{
    public static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The delay of the first check after the start, so that it does not slow down the start.</summary>
    public static readonly TimeSpan FirstCheckDelay = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private const string ListPath = "/v2/providers";
    private const int MaxTagLength = 256;

    private readonly SemaphoreSlim one = new(1, 1);

    /// <exception cref="FailureException">Nothing was changed. MissingField: no address is set. Unreachable, Timeout, BadResponse, StoreReadOnly.</exception>
    public async Task<CatalogRefreshOutcome> RunAsync(CancellationToken cancellationToken)
    {
        var fetched = catalog.Fetched ?? throw new InvalidOperationException("This catalog has no folder to store fetched data.");
        var chosen = settings();
        if (chosen.RefreshUrl is not { Length: > 0 } url)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"No catalog server is configured, so the shipped catalog is used. To fetch a newer one, set its address as `{CatalogSettings.UrlKey}` in config.json5, such as \"https://catwalk.charm.land\"."
            );
        }

        var address =
            Address(url)
            ?? throw new FailureException(
                FailureKind.MissingField,
                $"The address of the catalog server in `{CatalogSettings.UrlKey}` is not valid. It must begin with https:// and have no user name."
            );
        if (chosen.HasInvalidPin)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"`{CatalogSettings.HashKey}` is not a SHA-256, which has 64 hexadecimal digits, so no catalog is fetched. Correct it or remove it."
            );
        }

        await one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await FetchAsync(fetched, address, chosen, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            one.Release();
        }
    }

    /// <summary>Fetches once a day if the settings enable it, until <paramref name="cancellationToken"/> is canceled. Does not throw.</summary>
    public async Task RunDailyAsync(ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            for (var wait = FirstCheckDelay; ; wait = CheckInterval)
            {
                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
                await RunIfDueAsync(logger, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        { /* The expected end. */
        }
    }

    /// <returns>The absolute URL of the list; null if it is not allowed.</returns>
    internal static Uri? Address(string url)
    {
        if (!Uri.TryCreate(url.Trim(), UriKind.Absolute, out var given) || given.UserInfo.Length > 0 || given.Host.Length == 0)
        {
            return null;
        }
        if (given.Scheme != "https" && !(given.Scheme == "http" && given.IsLoopback))
        {
            return null;
        }

        var path = given.AbsolutePath.TrimEnd('/');
        return new UriBuilder(given)
        {
            Path = path.EndsWith(ListPath, StringComparison.Ordinal) ? path : path + ListPath,
            Query = "",
            Fragment = "",
        }.Uri;
    }

    internal async Task RunIfDueAsync(ILogger logger, CancellationToken cancellationToken)
    {
        try
        {
            if (
                settings() is not { RefreshDaily: true, RefreshUrl: { Length: > 0 } url }
                || catalog.Fetched is not { } fetched
                || Address(url) is not { } address
            )
            {
                return;
            }

            var state = fetched.State is { } known && known.Url == address.ToString() ? known : null;
            if (state is not null && time.GetUtcNow() - state.TriedAt < Day)
            {
                return;
            }

            // Stored before the request, so that all windows together request an unavailable server only once a day, too.
            fetched.Store(
                (state ?? new StoredCatalogState(address.ToString(), null, null, default, null)) with
                {
                    TriedAt = time.GetUtcNow(),
                }
            );
            logger.LogInformation("{Outcome}", (await RunAsync(cancellationToken).ConfigureAwait(false)).Sentence);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            logger.LogInformation("The daily catalog was not fetched: {Reason}", fault.Message);
        }
    }

    private async Task<CatalogRefreshOutcome> FetchAsync(
        FetchedCatalog fetched,
        Uri address,
        CatalogSettings chosen,
        CancellationToken cancellationToken
    )
    {
        var server = address.GetLeftPart(UriPartial.Authority);
        var state = fetched.State is { } known && known.Url == address.ToString() ? known : null;
        using var timeout = new CancellationTokenSource(RequestTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, address);
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
            request.Headers.TryAddWithoutValidation("User-Agent", "plue");
            if (state?.ETag is { } tag)
            {
                request.Headers.TryAddWithoutValidation("If-None-Match", tag);
            }

            using var response = await http(address).SendAsync(request, either.Token).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotModified && state?.ETag is not null)
            {
                fetched.Store(state with { FetchedAt = time.GetUtcNow(), TriedAt = time.GetUtcNow(), RejectedSha256 = null });
                return new CatalogRefreshOutcome(false, Accepted(fetched.Current).Count, $"The catalog of {server} is already up to date.");
            }

            RequireList(response, server);
            var body = await ReadAsync(response, server, either.Token).ConfigureAwait(false);
            RequirePinned(fetched, state ?? new StoredCatalogState(address.ToString(), null, null, default, null), body, chosen, server);
            var (providers, refused) = Check(body, server);
            fetched.Store(body, new StoredCatalogState(address.ToString(), TagOf(response), time.GetUtcNow(), time.GetUtcNow(), null));
            return new CatalogRefreshOutcome(
                true,
                providers,
                $"{providers} {(providers == 1 ? "provider was" : "providers were")} fetched from {server}.{SkippedNotice(refused)}"
            );
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(
                FailureKind.Timeout,
                $"{server} did not send the catalog within {RequestTimeout.TotalSeconds:0} seconds. {CurrentCatalogKept}"
            );
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException)
        {
            throw new FailureException(
                FailureKind.Unreachable,
                $"The catalog could not be fetched from {server}: {fault.Message} {CurrentCatalogKept}",
                fault
            );
        }
    }

    private const string CurrentCatalogKept = "The current catalog was kept.";

    /// <summary>Checks the hash before parsing the response, and records a rejected response.</summary>
    private void RequirePinned(FetchedCatalog fetched, StoredCatalogState state, byte[] body, CatalogSettings chosen, string server)
    {
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(body));
        if (chosen.Accepts(sha256))
        {
            return;
        }

        fetched.Store(state with { TriedAt = time.GetUtcNow(), RejectedSha256 = sha256 });
        throw Broken(
            $"{server} sent a catalog with the SHA-256 {sha256}, which is not the one in `{CatalogSettings.HashKey}`, so it was not used. If you trust it, set that value."
        );
    }

    private static void RequireList(HttpResponseMessage response, string server)
    {
        if ((int)response.StatusCode is >= 300 and < 400)
        {
            var target = response.Headers.Location is { IsAbsoluteUri: true } location
                ? location.GetLeftPart(UriPartial.Authority)
                : "another address";
            throw Broken(
                $"{server} redirects to {target}, which Plue does not follow. If you trust that address, set it as `{CatalogSettings.UrlKey}`."
            );
        }

        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw Broken($"{server} did not return its catalog: status {(int)response.StatusCode}.");
        }
        if (response.Content.Headers.ContentEncoding.Count > 0)
        {
            throw Broken($"{server} sent a compressed catalog, which is not supported.");
        }
        if (response.Content.Headers.ContentLength > CatalogFile.MaxBytes)
        {
            throw TooLarge(server);
        }
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, string server, CancellationToken cancellationToken)
    {
        using var body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var whole = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            if (whole.Length + read > CatalogFile.MaxBytes)
            {
                throw TooLarge(server);
            }
            whole.Write(buffer, 0, read);
        }

        return whole.ToArray();
    }

    /// <returns>The number of accepted providers, and the skipped ones with reasons.</returns>
    private (int Count, List<string> Refused) Check(byte[] body, string server)
    {
        var (value, _) = CatalogFile.Parse(body);
        if (value is not { ValueKind: JsonValueKind.Array } list || FetchedProviders.Read(body) is not { } providers)
        {
            throw Broken($"{server} did not return a list of providers.");
        }
        if (list.GetArrayLength() > CatalogLimits.Providers || CatalogLimits.CountModels(list) > CatalogLimits.Models)
        {
            throw TooLarge(server);
        }

        var accepted = Accepted(providers);
        List<string> refused = [.. providers.Ids.Where(id => !accepted.Contains(id))];
        var nameless = list.GetArrayLength() - providers.Ids.Count;
        if (nameless > 0)
        {
            refused.Add(nameless == 1 ? "one without an id" : $"{nameless} without an id");
        }
        if (accepted.Count == 0)
        {
            throw Broken($"{server} returned a list without a usable provider.");
        }

        return (accepted.Count, refused);
    }

    private HashSet<string> Accepted(FetchedProviders providers) =>
        [
            .. providers.Ids.Where(id =>
                providers.Find(id) is { } document && FetchedCatalog.Refusal(catalog.Read(document), catalog.Shipped(id)?.Provider) is null
            ),
        ];

    private static string SkippedNotice(List<string> refused)
    {
        const int Named = 5;
        return refused.Count == 0
            ? ""
            : $" Skipped because they have errors or a different address than the shipped catalog: {string.Join(", ", refused.Take(Named))}{(refused.Count > Named ? $" and {refused.Count - Named} more" : "")}.";
    }

    private static string? TagOf(HttpResponseMessage response) =>
        response.Headers.ETag is { IsWeak: false, Tag: { Length: <= MaxTagLength } tag } ? tag : null;

    private static FailureException TooLarge(string server) => Broken($"{server} sent a catalog that is too large.");

    private static FailureException Broken(string sentence) => new(FailureKind.BadResponse, $"{sentence} {CurrentCatalogKept}");
}
