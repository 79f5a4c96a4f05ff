using System.Net;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.VertexAi;

/// <summary>
/// Provides Google access tokens that are valid for at least five minutes. One token is requested at a time and shared by all callers. Only the token is
/// cached; the credentials are read again for each.
/// </summary>
/// <param name="home">The user's home folder.</param>
/// <param name="mask">Registers each secret for masking before it is used.</param>
internal sealed class GoogleAccount(
    ProviderSettings settings,
    ISecretSource secrets,
    ProviderHttp http,
    TimeProvider time,
    Func<string, string?> environment,
    string home,
    Action<string> mask
) : IDisposable
{
    private const int MaxBytes = 64 * 1024;

    private static readonly TimeSpan RefreshAhead = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan DefaultLifetime = TimeSpan.FromHours(1);

    private readonly SemaphoreSlim fetching = new(1, 1);
    private volatile GoogleToken? current;

    /// <summary>Returns a token that is valid for at least five minutes, if Google issues longer ones.</summary>
    /// <param name="origin">The origin to which it will be sent.</param>
    /// <exception cref="FailureException">There are no credentials, or Google issues no token for them.</exception>
    public async ValueTask<GoogleToken> TokenAsync(Uri origin, CancellationToken cancellationToken)
    {
        if (current is { } kept && IsValid(kept))
        {
            return kept;
        }
        return await FetchAsync(origin, IsValid, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Returns a token that differs from the rejected one.</summary>
    /// <inheritdoc cref="TokenAsync"/>
    public async ValueTask<GoogleToken> TokenAfterAsync(string refused, Uri origin, CancellationToken cancellationToken) =>
        await FetchAsync(origin, token => token.Value != refused, cancellationToken).ConfigureAwait(false);

    /// <summary>Returns the billed project: from the settings, the credentials, or <c>GOOGLE_CLOUD_PROJECT</c>.</summary>
    /// <param name="origin">Null if other credentials are used, so that these are not read.</param>
    /// <exception cref="FailureException">MissingField: no project is configured.</exception>
    public async ValueTask<string> ProjectAsync(Uri? origin, CancellationToken cancellationToken)
    {
        var project = settings.AuthField("project") ?? current?.Project;
        if (project is null && origin is not null)
        {
            project = (await ReadAsync(origin, cancellationToken).ConfigureAwait(false)).Account.Project;
        }
        project ??= Variable("GOOGLE_CLOUD_PROJECT");
        return project
            ?? throw new FailureException(
                FailureKind.MissingField,
                $"{settings.Name} needs a Google Cloud project. Set one in its settings, or in GOOGLE_CLOUD_PROJECT."
            );
    }

    public void Dispose() => fetching.Dispose();

    private bool IsValid(GoogleToken token) => token.ExpiresAt > time.GetUtcNow() + RefreshAhead;

    private async ValueTask<GoogleToken> FetchAsync(Uri origin, Func<GoogleToken, bool> isGood, CancellationToken cancellationToken)
    {
        await fetching.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (current is { } refreshed && isGood(refreshed))
            {
                return refreshed;
            }
            var (account, source) = await ReadAsync(origin, cancellationToken).ConfigureAwait(false);
            return current = await ExchangeAsync(account, source, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            fetching.Release();
        }
    }

    private async ValueTask<GoogleToken> ExchangeAsync(GoogleAccountFile account, string source, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        using var request = new HttpRequestMessage(HttpMethod.Post, account.TokenUri);
        request.Content = new FormUrlEncodedContent(
            account.IsServiceAccount
                ?
                [
                    new("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
                    new("assertion", ServiceAccountToken.Sign(account, now)),
                ]
                :
                [
                    new("grant_type", "refresh_token"),
                    new("refresh_token", account.Secret),
                    new("client_id", account.Id),
                    new("client_secret", account.ClientSecret),
                ]
        );
        var (status, body) = await SideCall
            .SendAsync(http, request, "The token service of Google", time, cancellationToken)
            .ConfigureAwait(false);
        var service = $"The token service of Google ({account.TokenUri.Authority})";
        if ((int)status is 429 or >= 500)
        {
            throw new FailureException(FailureKind.Overloaded, $"{service} is not available now ({(int)status}). Try again in a moment.");
        }
        if (Read(body) is not { } answer)
        {
            throw new FailureException(
                FailureKind.BadResponse,
                $"{service} sent an unexpected response. Check the credentials and any proxy."
            );
        }

        if (status != HttpStatusCode.OK || answer.Token is null)
        {
            var quoted = answer.Error is { Length: > 0 } error
                ? $": \"{VendorMessage.Clean(error.Replace(account.Secret, "***")).TrimEnd('.')}\""
                : "";
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"Google gives no access for {source}{quoted}. {AdviceFor(account)}"
            );
        }

        mask(answer.Token);
        return new GoogleToken(answer.Token, now + answer.Lifetime, account.Project, account.QuotaProject, source, AdviceFor(account));
    }

    private static string AdviceFor(GoogleAccountFile account) =>
        account.IsServiceAccount
            ? "Check that the key is still there, that the Vertex AI API is enabled, that the account may use it, and the clock of this machine."
            : "Run \"gcloud auth application-default login\", then try again.";

    /// <summary>Returns the credentials and their name for messages.</summary>
    private async ValueTask<(GoogleAccountFile Account, string Source)> ReadAsync(Uri origin, CancellationToken cancellationToken)
    {
        var (account, source) = await ReadOneAsync(origin, cancellationToken).ConfigureAwait(false);
        mask(account.Secret);
        if (account.ClientSecret.Length > 0)
        {
            mask(account.ClientSecret);
        }
        return (account, account.IsServiceAccount ? $"the service account {VendorMessage.Clean(account.Id)}" : source);
    }

    private async ValueTask<(GoogleAccountFile Account, string Source)> ReadOneAsync(Uri origin, CancellationToken cancellationToken)
    {
        if (settings.AuthField("credentials") is { } own)
        {
            if (!SecretReference.IsReference(own))
            {
                return (ReadFile(HomePath.Of(own, home)), $"the sign-in in {own}");
            }
            var stored = (await secrets.GetAsync(own, origin, cancellationToken).ConfigureAwait(false)).Reveal();
            return (GoogleAccountFile.Read(Encoding.UTF8.GetBytes(stored), $"What is stored as {own}"), "the sign-in stored in the vault");
        }

        // These credentials are meant for Google only.
        if (Variable("GOOGLE_APPLICATION_CREDENTIALS") is { } path)
        {
            NeedGoogle(origin, "The credentials in GOOGLE_APPLICATION_CREDENTIALS");
            return (ReadFile(HomePath.Of(path, home)), "the sign-in in GOOGLE_APPLICATION_CREDENTIALS");
        }

        var usual = DefaultPath();
        if (!File.Exists(usual))
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"No Google credentials were found: none in the settings of {settings.Name}, none in GOOGLE_APPLICATION_CREDENTIALS, no sign-in at {usual}. "
                    + "Name the file of a service account's key in the settings, or run \"gcloud auth application-default login\"."
            );
        }

        NeedGoogle(origin, "The credentials of gcloud");
        return (ReadFile(usual), "the sign-in of gcloud");
    }

    /// <summary>Returns the file in which <c>gcloud auth application-default login</c> stores its credentials.</summary>
    private string DefaultPath()
    {
        var folder =
            Variable("CLOUDSDK_CONFIG")
            ?? (
                OperatingSystem.IsWindows() && Variable("APPDATA") is { } data
                    ? Path.Combine(data, "gcloud")
                    : Path.Combine(home, ".config", "gcloud")
            );
        return Path.Combine(folder, "application_default_credentials.json");
    }

    private static GoogleAccountFile ReadFile(string path)
    {
        try
        {
            using var file = RegularFile.OpenRead(path);
            var bytes = new byte[MaxBytes];
            var length = file.ReadAtLeast(bytes, MaxBytes, throwOnEndOfStream: false);
            return GoogleAccountFile.Read(bytes.AsMemory(0, length), $"The file {path}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"The Google credentials at {path} cannot be read. Check that the file is there and who may read it.",
                exception
            );
        }
    }

    private static void NeedGoogle(Uri origin, string what)
    {
        if (origin.Scheme == "https" && origin.Host.EndsWith(".googleapis.com", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }
        throw new FailureException(
            FailureKind.KeyNotBoundToOrigin,
            $"{what} are meant for Google only, not for {origin.Authority}. Name credentials for that address in the provider's settings."
        );
    }

    private static (string? Token, TimeSpan Lifetime, string? Error)? Read(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return null;
            }
            var lifetime = root.Whole("expires_in") is > 0 and < 1_000_000 and var seconds
                ? TimeSpan.FromSeconds(seconds)
                : DefaultLifetime;
            return (root.Text("access_token"), lifetime, root.Text("error_description") ?? root.Text("error"));
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private string? Variable(string name) => environment(name)?.Trim() is { Length: > 0 } value ? value : null;
}

/// <param name="Project">The account's project; null if the credentials name none.</param>
/// <param name="QuotaProject">The project that a user's calls are charged to.</param>
/// <param name="Source">The origin of the token, for messages.</param>
/// <param name="Advice">What the user can do if the token is rejected, as a sentence.</param>
internal sealed record GoogleToken(
    string Value,
    DateTimeOffset ExpiresAt,
    string? Project,
    string? QuotaProject,
    string Source,
    string Advice
)
{
    public override string ToString() => "***";
}
