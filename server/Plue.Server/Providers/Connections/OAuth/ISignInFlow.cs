namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>One sign-in under way: what the user is shown, and what comes of it.</summary>
internal interface ISignInFlow : IDisposable
{
    SignInStart Start { get; }

    /// <summary>Waits for the user.</summary>
    /// <exception cref="Messages.FailureException">Denied, expired, or the server cannot be asked.</exception>
    Task<TokenResponse> RunAsync(CancellationToken cancellationToken);
}

/// <param name="Url">Where the user signs in.</param>
/// <param name="UserCode">What the user types there; null where nothing is to be typed.</param>
public sealed record SignInStart(Uri Url, string? UserCode, DateTimeOffset ExpiresAt);
