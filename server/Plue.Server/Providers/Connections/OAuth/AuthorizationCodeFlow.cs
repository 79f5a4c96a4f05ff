using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>The authorization code flow with a loopback redirect, PKCE (RFC 7636) and a state.</summary>
internal sealed class AuthorizationCodeFlow : ISignInFlow
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private readonly OAuthSettings settings;
    private readonly OAuthServer server;
    private readonly TimeProvider time;
    private readonly LoopbackRedirect redirect;
    private readonly string verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <exception cref="FailureException">Conflict: the port is in use.</exception>
    public AuthorizationCodeFlow(OAuthSettings settings, OAuthServer server, TimeProvider time)
    {
        (this.settings, this.server, this.time) = (settings, server, time);
        redirect = new LoopbackRedirect(settings);
        Start = new SignInStart(Url(settings.AuthorizationUrl!), null, time.GetUtcNow() + Timeout);
    }

    public SignInStart Start { get; }

    public async Task<TokenResponse> RunAsync(CancellationToken cancellationToken)
    {
        string code;
        try
        {
            code = await redirect.Code.WaitAsync(Timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new FailureException(
                FailureKind.Timeout,
                $"The sign-in of {settings.Name} was not finished within {DurationText.Of(Timeout)}. Sign in again."
            );
        }
        finally
        {
            redirect.Dispose();
        }

        try
        {
            return await server
                .TokenAsync(
                    settings,
                    [
                        ("grant_type", "authorization_code"),
                        ("code", code),
                        ("redirect_uri", redirect.Url.ToString()),
                        ("code_verifier", verifier),
                    ],
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
        catch (OAuthRefusal refusal)
        {
            throw new FailureException(refusal.Failure, refusal);
        }
    }

    public void Dispose() => redirect.Dispose();

    private Uri Url(Uri authorization)
    {
        var challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));
        List<(string Name, string Value)> query =
        [
            ("response_type", "code"),
            ("client_id", settings.ClientId),
            ("redirect_uri", redirect.Url.ToString()),
            ("state", redirect.State),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ];
        if (settings.Scope is { } scope)
        {
            query.Add(("scope", scope));
        }
        if (settings.Audience is { } audience)
        {
            query.Add(("audience", audience));
        }

        var text = string.Join('&', query.Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}"));
        var builder = new UriBuilder(authorization);
        builder.Query = builder.Query.Length > 1 ? $"{builder.Query}&{text}" : text;
        return builder.Uri;
    }
}
