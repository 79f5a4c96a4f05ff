using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Plue.Server.Tests.Testing;

/// <summary>An authorization server on loopback: issues codes, checks PKCE, rotates refresh tokens and revokes tokens that are used twice.</summary>
internal sealed class AuthorizationServer : IAsyncDisposable
{
    private readonly ScriptedEndpoint endpoint = new();
    private readonly Lock gate = new();
    private string? challenge;
    private string? code;
    private int given;

    public AuthorizationServer() => endpoint.Route = Answer;

    public Uri Url => endpoint.Url;
    public IReadOnlyList<ScriptedRequest> Requests => endpoint.Requests;

    /// <summary>In seconds; null omits it.</summary>
    public int? ExpiresIn { get; set; } = 3600;

    public bool GivesRefreshTokens { get; set; } = true;

    /// <summary>Overrides responses of the token and device endpoints; null falls back to the default response.</summary>
    public Func<ScriptedRequest, ScriptedAnswer?>? Instead { get; set; }

    /// <summary>The errors that the device flow returns before it grants.</summary>
    public Queue<string> DeviceErrors { get; } = new();

    public string DeviceAnswer { get; set; } = "";

    /// <summary>Awaited before a refresh is answered.</summary>
    public Task RefreshGate { get; set; } = Task.CompletedTask;

    public string AccessToken { get; private set; } = "";
    public string RefreshToken { get; private set; } = "";
    public int Refreshes { get; private set; }

    /// <summary>Revokes the refresh token.</summary>
    public void Revoke() => RefreshToken = "";

    /// <summary>Acts as the user's browser: opens the page, allows, and follows the redirect.</summary>
    /// <param name="change">Changes the fields of the redirect.</param>
    public async Task<HttpResponseMessage> AllowAsync(string url, Action<Dictionary<string, string>>? change = null)
    {
        var query = Fields(new Uri(url).Query.TrimStart('?'));
        challenge = query["code_challenge"];
        code = "code-canary-" + Guid.NewGuid().ToString("N");
        var fields = new Dictionary<string, string> { ["code"] = code, ["state"] = query["state"] };
        change?.Invoke(fields);
        using var browser = new HttpClient();
        return await browser.GetAsync(
            $"{query["redirect_uri"]}?{string.Join('&', fields.Select(field => $"{field.Key}={Uri.EscapeDataString(field.Value)}"))}"
        );
    }

    public static Dictionary<string, string> Fields(string form) =>
        form.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => Uri.UnescapeDataString(pair[1].Replace('+', ' ')));

    public ValueTask DisposeAsync() => endpoint.DisposeAsync();

    private ScriptedAnswer Answer(ScriptedRequest request)
    {
        if (Instead?.Invoke(request) is { } other)
        {
            return other;
        }

        var form = Fields(request.Body);
        lock (gate)
        {
            switch (request.Target)
            {
                case "/device":
                    return ScriptedAnswer.Json(
                        DeviceAnswer.Length > 0
                            ? DeviceAnswer
                            : $$"""{"device_code":"device-canary-1","user_code":"WDJB-MJHT","verification_uri":"{{Url}}activate","expires_in":900,"interval":5}"""
                    );
                case "/token" when form["grant_type"] == "authorization_code":
                    var verified =
                        Convert
                            .ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"])))
                            .TrimEnd('=')
                            .Replace('+', '-')
                            .Replace('/', '_') == challenge;
                    if (!verified || form["code"] != code)
                    {
                        return Refuse("invalid_grant", "no such code");
                    }
                    code = null;
                    return Grant();
                case "/token" when form["grant_type"] == "refresh_token":
                    Refreshes++;
                    if (RefreshToken.Length == 0 || form["refresh_token"] != RefreshToken)
                    {
                        return Refuse("invalid_grant", $"{form["refresh_token"]} was revoked");
                    }
                    return Grant(RefreshGate);
                case "/token":
                    return DeviceErrors.TryDequeue(out var error) ? Refuse(error, "") : Grant();
                default:
                    return ScriptedAnswer.Html("<p>nothing", 404);
            }
        }
    }

    private ScriptedAnswer Grant(Task? gate = null)
    {
        AccessToken = $"access-canary-{++given}-{Guid.NewGuid():N}";
        if (GivesRefreshTokens)
        {
            RefreshToken = $"refresh-canary-{given}-{Guid.NewGuid():N}";
        }
        var fields = new Dictionary<string, object> { ["access_token"] = AccessToken, ["token_type"] = "Bearer" };
        if (ExpiresIn is { } seconds)
        {
            fields["expires_in"] = seconds;
        }
        if (GivesRefreshTokens)
        {
            fields["refresh_token"] = RefreshToken;
        }
        var body =
            "{"
            + string.Join(',', fields.Select(field => $"\"{field.Key}\":{(field.Value is int number ? number : $"\"{field.Value}\"")}"))
            + "}";
        return gate is null ? ScriptedAnswer.Json(body) : ScriptedAnswer.Json("").Gate(gate).Send(body);
    }

    private static ScriptedAnswer Refuse(string error, string description) =>
        ScriptedAnswer.Json($"{{\"error\":\"{error}\",\"error_description\":\"{JsonEncodedText.Encode(description)}\"}}", 400);
}
