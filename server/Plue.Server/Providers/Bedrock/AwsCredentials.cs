using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Bedrock;

/// <summary>
/// Loads the AWS keys and the region of a provider: from its settings, the environment, the profile files, or the token of <c>aws sso login</c>, in this order.
/// Nothing is cached and no program is started. Every secret that is read is masked.
/// </summary>
/// <param name="home">The user's home folder.</param>
/// <param name="mask">Registers each secret for masking before it is used.</param>
internal sealed partial class AwsCredentials(
    ProviderSettings settings,
    ISecretSource secrets,
    ProviderHttp http,
    TimeProvider time,
    Func<string, string?> environment,
    string home,
    Action<string> mask
)
{
    private const string CheckKeys = "Check that the keys are still valid and may use this model.";

    /// <summary>The profile to use, and whether it was named explicitly.</summary>
    private (string Name, bool IsNamed) ProfileName =>
        settings.AuthField("profile") is { } own ? (own, true)
        : environment("AWS_PROFILE") is { Length: > 0 } name ? (name, true)
        : ("default", false);

    /// <summary>Returns null if no region is configured.</summary>
    /// <exception cref="FailureException">MissingField: not a valid region name.</exception>
    public string? Region()
    {
        var region =
            settings.AuthField("region")
            ?? Variable("AWS_REGION")
            ?? Variable("AWS_DEFAULT_REGION")
            ?? AwsProfiles.Of(environment, home).Find(ProfileName.Name)?["region"];
        // The region becomes part of a host name.
        if (region is not null && !PlainName().IsMatch(region))
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"{VendorMessage.Clean(region)} is not the name of an AWS region. Give one like us-east-1 in the settings of {settings.Name}."
            );
        }

        return region;
    }

    /// <summary>Returns the Bedrock API key in the environment; null if there is none or the settings select other credentials.</summary>
    public string? BearerToken()
    {
        if (
            settings.AuthField("access_key_id") is not null
            || settings.AuthField("secret_access_key") is not null
            || settings.AuthField("profile") is not null
        )
        {
            return null;
        }
        if (Variable("AWS_BEARER_TOKEN_BEDROCK") is not { } token)
        {
            return null;
        }
        mask(token);
        return token;
    }

    /// <summary>Reads the keys again.</summary>
    /// <param name="origin">The origin of the signed request.</param>
    /// <exception cref="FailureException">There are no keys, or the user must sign in.</exception>
    public async ValueTask<AwsKeys> LoadAsync(Uri origin, CancellationToken cancellationToken)
    {
        if (settings.AuthField("access_key_id") is not null || settings.AuthField("secret_access_key") is not null)
        {
            return await StoredAsync(origin, cancellationToken).ConfigureAwait(false);
        }
        if (
            settings.AuthField("profile") is null
            && Variable("AWS_ACCESS_KEY_ID") is { } id
            && Variable("AWS_SECRET_ACCESS_KEY") is { } secret
        )
        {
            return Keys(
                id,
                secret,
                Variable("AWS_SESSION_TOKEN"),
                "the AWS keys in the environment",
                "Start Plue with keys that are still valid, or name a profile in the provider's settings."
            );
        }

        var profiles = AwsProfiles.Of(environment, home);
        var (name, isNamed) = ProfileName;
        if (profiles.Find(name) is not { } profile)
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                isNamed
                    ? $"There is no AWS profile \"{VendorMessage.Clean(name)}\" in {profiles.ConfigPath} or {profiles.CredentialsPath}. Name one that is there."
                    : $"No AWS keys were found: none in the settings of {settings.Name}, none in the environment, no profile in {profiles.ConfigPath}. "
                        + "Run \"aws configure\" or \"aws configure sso\", or store keys for this provider."
            );
        }

        return await OfProfileAsync(profiles, profile, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<AwsKeys> OfProfileAsync(AwsProfiles profiles, AwsProfile profile, CancellationToken cancellationToken)
    {
        if (profile["role_arn"] is not null)
        {
            throw Unusable(profile, "takes on a role, which Plue does not do by itself", "Use a profile with SSO or with keys of its own.");
        }

        if (profile["sso_session"] is not null || profile["sso_start_url"] is not null)
        {
            return await OfSignInAsync(profiles, profile, cancellationToken).ConfigureAwait(false);
        }
        if (profile["aws_access_key_id"] is { } id && profile["aws_secret_access_key"] is { } secret)
        {
            return Keys(id, secret, profile["aws_session_token"], $"the keys of the AWS profile \"{profile.Name}\"", CheckKeys);
        }

        throw profile["credential_process"] is not null
            ? Unusable(
                profile,
                "gets its keys from a program (credential_process), and Plue does not run programs for keys",
                "Use a profile with SSO or keys, or store keys for this provider."
            )
            : Unusable(profile, "has no keys and no SSO", $"Run \"aws configure --profile {profile.Name}\", or name another profile.");
    }

    /// <summary>Exchanges the SSO token for keys of the profile's role. The token is sent only to AWS's sign-in portal.</summary>
    private async ValueTask<AwsKeys> OfSignInAsync(AwsProfiles profiles, AwsProfile profile, CancellationToken cancellationToken)
    {
        var session = profile["sso_session"];
        var fields = session is null ? profile.Settings : profiles.Session(session);
        var start = fields?.GetValueOrDefault("sso_start_url");
        var region = fields?.GetValueOrDefault("sso_region");
        if (
            start is null
            || region is null
            || !PlainName().IsMatch(region)
            || profile["sso_account_id"] is not { } account
            || profile["sso_role_name"] is not { } role
        )
        {
            throw Unusable(
                profile,
                "does not set everything that SSO requires (start URL, region, account and role)",
                $"Run \"aws configure sso --profile {profile.Name}\"."
            );
        }

        var again = $"Run \"aws sso login --profile {profile.Name}\", then try again.";
        var (token, expiresAt) = ReadSignIn(session ?? start);
        if (token is null)
        {
            throw new FailureException(FailureKind.ProviderAuthFailed, $"The AWS profile \"{profile.Name}\" is not signed in. {again}");
        }
        mask(token);
        if (expiresAt <= time.GetUtcNow())
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"The sign-in of the AWS profile \"{profile.Name}\" has run out. {again}"
            );
        }

        var portal = Portal(region);
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri(portal, $"/federation/credentials?role_name={Uri.EscapeDataString(role)}&account_id={Uri.EscapeDataString(account)}")
        );
        if (token.AsSpan().ContainsAnyExceptInRange('!', '~') || !request.Headers.TryAddWithoutValidation("x-amz-sso_bearer_token", token))
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"The sign-in of the AWS profile \"{profile.Name}\" cannot be read. {again}"
            );
        }

        var (status, body) = await SideCall.SendAsync(http, request, "AWS's sign-in portal", time, cancellationToken).ConfigureAwait(false);
        if (status != HttpStatusCode.OK)
        {
            throw (int)status switch
            {
                429 or >= 500 => new FailureException(
                    FailureKind.Overloaded,
                    $"AWS's sign-in portal cannot give keys now ({(int)status}). Try again in a moment."
                ),
                401 => new FailureException(
                    FailureKind.ProviderAuthFailed,
                    $"AWS no longer accepts the sign-in of the profile \"{profile.Name}\". {again}"
                ),
                _ => new FailureException(
                    FailureKind.ProviderAuthFailed,
                    $"AWS gives no keys for the role {VendorMessage.Clean(role)} in the account {VendorMessage.Clean(account)} ({(int)status}). "
                        + $"Check the profile \"{profile.Name}\", or sign in again."
                ),
            };
        }

        return ReadRoleKeys(body) is { } keys
            ? Keys(keys.Id, keys.Secret, keys.Session, $"the SSO sign-in of the AWS profile \"{profile.Name}\"", again, keys.ExpiresAt)
            : throw new FailureException(FailureKind.BadResponse, $"AWS's sign-in portal sent an unexpected response. {again}");
    }

    private async ValueTask<AwsKeys> StoredAsync(Uri origin, CancellationToken cancellationToken)
    {
        var id = await ValueAsync("access_key_id").ConfigureAwait(false);
        var secret = await ValueAsync("secret_access_key").ConfigureAwait(false);
        if (id is null || secret is null)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"{settings.Name} has half of a pair of AWS keys. Give both access_key_id and secret_access_key, or neither."
            );
        }

        return Keys(
            id,
            secret,
            await ValueAsync("session_token").ConfigureAwait(false),
            $"the AWS keys stored for {settings.Name}",
            CheckKeys
        );

        async ValueTask<string?> ValueAsync(string name)
        {
            if (settings.AuthField(name) is not { } value)
            {
                return null;
            }
            if (SecretReference.IsReference(value))
            {
                return (await secrets.GetAsync(value, origin, cancellationToken).ConfigureAwait(false)).Reveal().Trim();
            }
            // The id of a key is not a secret.
            if (name == "access_key_id")
            {
                return value;
            }
            throw new FailureException(
                FailureKind.MissingField,
                $"The {name} of {settings.Name} is in its settings as plain text, so it was not used. Store it in the vault."
            );
        }
    }

    private AwsKeys Keys(string id, string secret, string? session, string source, string advice, DateTimeOffset? expiresAt = null)
    {
        mask(secret);
        if (session is not null)
        {
            mask(session);
        }
        // All three become part of headers or of values derived from them.
        if ((id + session).AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"{char.ToUpperInvariant(source[0])}{source[1..]} hold characters that cannot be sent. Set them again."
            );
        }

        return new AwsKeys(id, secret, string.IsNullOrEmpty(session) ? null : session, source, advice, expiresAt);
    }

    /// <summary>Reads the cached SSO token. The AWS CLI names the file after the session or the start URL.</summary>
    private (string? Token, DateTimeOffset? ExpiresAt) ReadSignIn(string signedInTo)
    {
#pragma warning disable CA5350 // The AWS CLI names the file by this hash; it protects nothing.
        var name = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes(signedInTo)));
#pragma warning restore CA5350
        var path = Path.Combine(home, ".aws", "sso", "cache", name + ".json");
        try
        {
            using var document = JsonDocument.Parse(RegularFile.Read(path));
            var root = document.RootElement;
            var ends = root.Text("expiresAt")?.Replace("UTC", "Z");
            var isDate = DateTimeOffset.TryParse(ends, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date);
            return (root.Text("accessToken"), isDate ? date : null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            // Not signed in; the error message explains how to sign in.
            return (null, null);
        }
    }

    private static (string Id, string Secret, string? Session, DateTimeOffset? ExpiresAt)? ReadRoleKeys(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            if (
                document.RootElement.Field("roleCredentials") is not { } role
                || role.Text("accessKeyId") is not { } id
                || role.Text("secretAccessKey") is not { } secret
            )
            {
                return null;
            }
            DateTimeOffset? expiresAt = role.Whole("expiration") is > 0 and < 253_402_300_799_000 and var milliseconds
                ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
                : null;
            return (id, secret, role.Text("sessionToken"), expiresAt);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private Uri Portal(string region)
    {
        if (settings.AuthField("sso_endpoint") is not { } own)
        {
            return new Uri($"https://portal.sso.{region}.{AwsHosts.Domain(region)}");
        }
        return Uri.TryCreate(own, UriKind.Absolute, out var url) && url.IsLoopback && url.Scheme is "http" or "https"
            ? url
            : throw new FailureException(
                FailureKind.MissingField,
                $"The sso_endpoint of {settings.Name} is not on this machine, and sign-ins go only to AWS. Remove it from the settings."
            );
    }

    private string? Variable(string name) => environment(name)?.Trim() is { Length: > 0 } value ? value : null;

    private static FailureException Unusable(AwsProfile profile, string why, string advice) =>
        new(FailureKind.ProviderAuthFailed, $"The AWS profile \"{VendorMessage.Clean(profile.Name)}\" {why}. {advice}");

    [GeneratedRegex("^[a-z0-9-]{1,40}$")]
    private static partial Regex PlainName();
}
