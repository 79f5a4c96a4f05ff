using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>The OAuth settings in a provider's <c>additional_auth</c>.</summary>
internal sealed record OAuthSettings
{
    /// <summary>The provider's name for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The page where the user grants access; null for a server that supports only the device flow.</summary>
    public required Uri? AuthorizationUrl { get; init; }
    public required Uri TokenUrl { get; init; }
    public required Uri? DeviceUrl { get; init; }

    /// <summary>The user's client id. Plue has none and does not use those of other products.</summary>
    public required string ClientId { get; init; }

    /// <summary><c>vault://owner/name</c>; null for a public client, which is the usual case.</summary>
    public required string? ClientSecretRef { get; init; }
    public required string? Scope { get; init; }
    public required string? Audience { get; init; }

    /// <summary>0 for any free port.</summary>
    public required int RedirectPort { get; init; }

    /// <summary>The only origin to which the token may be sent.</summary>
    public required Uri ApiOrigin { get; init; }

    /// <exception cref="FailureException">MissingField: a setting is missing or invalid.</exception>
    public static OAuthSettings Of(ProviderSettings settings)
    {
        var defaults = settings.Kind == ProviderKinds.GithubCopilot ? GithubDefaults : None;
        var authorization = Address("authorization_url");
        var device = Address("device_url");
        if (authorization is null && device is null)
        {
            throw Missing(
                settings,
                "the address of its sign-in. Write authorization_url, or device_url, under additional_auth in its file."
            );
        }

        return new OAuthSettings
        {
            Name = settings.Name,
            AuthorizationUrl = authorization,
            DeviceUrl = device,
            TokenUrl =
                Address("token_url")
                ?? throw Missing(settings, "the address that gives tokens. Write token_url under additional_auth in its file."),
            ClientId =
                Text("client_id")
                ?? throw Missing(
                    settings,
                    "a client id. Register an application of your own there, and write its client_id under additional_auth in the file."
                ),
            ClientSecretRef =
                Text("client_secret") is not { } secret ? null
                : SecretReference.IsVault(secret) ? secret
                : throw new FailureException(
                    FailureKind.MissingField,
                    $"The client_secret of {settings.Name} does not belong in a file. Store it in the vault, and write its vault:// address there."
                ),
            Scope = Text("scope"),
            Audience = Text("audience"),
            RedirectPort =
                Text("redirect_port") is not { } port ? 0
                : ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
                : throw new FailureException(
                    FailureKind.MissingField,
                    $"The redirect_port of {settings.Name} is not a port. Write a number from 1 to 65535, or leave it out."
                ),
            ApiOrigin = OriginOf(settings),
        };

        string? Text(string name) => settings.AuthField(name) ?? defaults.GetValueOrDefault(name);

        Uri? Address(string name)
        {
            if (Text(name) is not { } text)
            {
                return null;
            }
            if (Uri.TryCreate(text, UriKind.Absolute, out var url) && IsSafe(url) && url.Fragment.Length == 0)
            {
                return url;
            }
            throw new FailureException(
                FailureKind.MissingField,
                $"The {name} of {settings.Name} is not a safe address. Give one that begins with https://; http:// is only for this machine."
            );
        }
    }

    /// <summary>True for an HTTPS or loopback address without a user name and password.</summary>
    public static bool IsSafe(Uri url) =>
        url.IsAbsoluteUri
        && url.UserInfo.Length == 0
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));

    private static Uri OriginOf(ProviderSettings settings)
    {
        if (settings.Address is not { } endpoint)
        {
            throw Missing(settings, "an endpoint, which is where its token may be sent. Write endpoint in its file.");
        }
        if (!endpoint.IsAbsoluteUri || endpoint.Scheme is not ("http" or "https"))
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"The endpoint of {settings.Name} is not a web address. Give one that begins with https:// or http://."
            );
        }

        return ProviderEndpoint.OriginOf(endpoint);
    }

    private static FailureException Missing(ProviderSettings settings, string what) =>
        new(FailureKind.MissingField, $"{settings.Name} cannot sign in yet: it lacks {what}");

    private static readonly Dictionary<string, string> None = [];

    private static readonly Dictionary<string, string> GithubDefaults = new(StringComparer.Ordinal)
    {
        ["device_url"] = "https://github.com/login/device/code",
        ["token_url"] = "https://github.com/login/oauth/access_token",
        ["scope"] = "read:user",
    };
}
