namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>A sign-in in progress.</summary>
internal interface ISignInFlow : IDisposable
{
    SignInStart Start { get; }

    /// <summary>Waits for the user.</summary>
    /// <exception cref="Messages.FailureException">The sign-in was denied or expired, or the server is not available.</exception>
    Task<TokenResponse> RunAsync(CancellationToken cancellationToken);
}

/// <param name="Url">The sign-in page.</param>
/// <param name="UserCode">The code that the user types there; null if there is none.</param>
internal sealed record SignInStart(Uri Url, string? UserCode, DateTimeOffset ExpiresAt);
