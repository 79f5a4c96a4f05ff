using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Connections.OAuth;

/// <summary>The device flow (RFC 8628): the user types a code on a page, on any machine.</summary>
internal sealed class DeviceFlow : ISignInFlow
{
    private const string Grant = "urn:ietf:params:oauth:grant-type:device_code";
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan MaxLifetime = TimeSpan.FromMinutes(30);

    private readonly OAuthSettings settings;
    private readonly OAuthServer server;
    private readonly TimeProvider time;
    private readonly string deviceCode;
    private readonly TimeSpan lifetime;
    private readonly long begun;
    private TimeSpan interval;

    private DeviceFlow(OAuthSettings settings, OAuthServer server, TimeProvider time, JsonElement answer)
    {
        (this.settings, this.server, this.time) = (settings, server, time);
        deviceCode = answer.Text("device_code") ?? throw InvalidResponse(settings);
        var code = answer.Text("user_code") is { Length: > 0 and <= 100 } text
            ? VendorMessage.Clean(text)
            : throw InvalidResponse(settings);
        // The editor opens the page, so it must not be the address of a program or a file.
        var page =
            Page(answer, "verification_uri_complete")
            ?? Page(answer, "verification_uri")
            ?? Page(answer, "verification_url")
            ?? throw InvalidResponse(settings);
        lifetime =
            answer.Whole("expires_in") is { } seconds and > 0 && seconds < MaxLifetime.TotalSeconds
                ? TimeSpan.FromSeconds(seconds)
                : MaxLifetime;
        interval = answer.Whole("interval") is { } between and > 0
            ? Shorter(TimeSpan.FromSeconds(Math.Min(between, 3600)), MaxInterval)
            : DefaultInterval;
        begun = time.GetTimestamp();
        Start = new SignInStart(page, code, time.GetUtcNow() + lifetime);
    }

    public SignInStart Start { get; }

    /// <exception cref="FailureException">The server returned no code.</exception>
    public static async Task<DeviceFlow> BeginAsync(
        OAuthSettings settings,
        OAuthServer server,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        List<(string, string)> form = [("client_id", settings.ClientId)];
        if (settings.Scope is { } scope)
        {
            form.Add(("scope", scope));
        }
        if (settings.Audience is { } audience)
        {
            form.Add(("audience", audience));
        }

        try
        {
            using var answer = await server.PostAsync(settings, settings.DeviceUrl!, form, cancellationToken).ConfigureAwait(false);
            return new DeviceFlow(settings, server, time, answer.RootElement);
        }
        catch (OAuthRefusal refusal)
        {
            throw new FailureException(refusal.Failure, refusal);
        }
    }

    public async Task<TokenResponse> RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(interval, time, cancellationToken).ConfigureAwait(false);
            try
            {
                return await server
                    .TokenAsync(settings, [("grant_type", Grant), ("device_code", deviceCode)], cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (OAuthRefusal waiting) when (waiting.Code == "authorization_pending")
            {
                // The user has not entered the code yet.
            }
            catch (OAuthRefusal tooOften) when (tooOften.Code == "slow_down")
            {
                var wished = TimeSpan.FromSeconds(Math.Clamp(tooOften.Interval ?? 0, 0, 3600));
                interval = Shorter(wished > interval ? wished : interval + DefaultInterval, MaxInterval);
            }
            catch (OAuthRefusal refusal)
            {
                throw new FailureException(refusal.Failure, refusal);
            }
            catch (FailureException fault) when (fault.Failure.IsRetryable)
            {
                // The code stays valid: poll the server less often.
                interval = Shorter(interval * 2, MaxInterval);
            }

            if (time.GetElapsedTime(begun) >= lifetime)
            {
                throw new FailureException(new OAuthRefusal(settings.Name, "expired_token", "", null).Failure);
            }
        }
    }

    public void Dispose() { }

    private static Uri? Page(JsonElement answer, string name) =>
        answer.Text(name) is { } text && Uri.TryCreate(text, UriKind.Absolute, out var page) && OAuthSettings.IsSafe(page) ? page : null;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static FailureException InvalidResponse(OAuthSettings settings) =>
        new(
            FailureKind.BadResponse,
            $"The server at {settings.DeviceUrl!.Host} for {settings.Name} returns no device code. Check device_url under additional_auth."
        );
}
