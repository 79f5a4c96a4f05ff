using ModelContextProtocol.Authentication;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections.OAuth;

namespace Plue.Server.Tools.Mcp;

/// <summary>
/// A sign-in that the user started. The library finds the authorization server, Plue listens for one redirect, and the browser does the rest.
/// </summary>
internal sealed class McpSignIn : IDisposable
{
    public static readonly TimeSpan SignInTimeout = TimeSpan.FromMinutes(5);

    private readonly string server;
    private readonly LoopbackRedirect redirect;
    private readonly TaskCompletionSource<Uri> authorizationPage = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <exception cref="FailureException">Conflict: the port is in use.</exception>
    public McpSignIn(McpDeclaration server)
    {
        this.server = server.Name;
        redirect = new LoopbackRedirect(server.Name, server.RedirectPort);
    }

    public Uri Redirect => redirect.Url;

    public Task<Uri> AuthorizationPage => authorizationPage.Task;

    public async Task<AuthorizationResult> GrantAsync(AuthorizationCallbackContext context, CancellationToken cancellationToken)
    {
        var address = context.AuthorizationUri;
        if (!OAuthSettings.IsSafe(address))
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"The server {server} requested sign-in at an insecure address, so the page was not opened."
            );
        }

        var state =
            Field(address, "state")
            ?? throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"The sign-in of the server {server} has no state, so it was not begun."
            );
        redirect.Expect(state);
        authorizationPage.TrySetResult(address);
        var code = await redirect.Code.WaitAsync(SignInTimeout, cancellationToken).ConfigureAwait(false);
        return new AuthorizationResult
        {
            Code = code,
            State = state,
            Iss = redirect.Issuer,
        };
    }

    public void Dispose() => redirect.Dispose();

    /// <summary>Gets the permissions that an authorization page asks for.</summary>
    public static IReadOnlyList<string> ScopesOf(Uri address) =>
        Field(address, "scope")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static string? Field(Uri address, string name) =>
        address
            .Query.TrimStart('?')
            .Split('&')
            .Select(pair => pair.Split('=', 2))
            .Where(pair => pair.Length == 2 && pair[0] == name)
            .Select(pair => Uri.UnescapeDataString(pair[1].Replace('+', ' ')))
            .FirstOrDefault();
}
