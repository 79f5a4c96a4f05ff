using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Copilot;

/// <summary>From a device code to a response of GitHub Copilot, over the whole protocol.</summary>
public sealed class CopilotSignInTests
{
    [Fact]
    public async Task A_custom_client_ID_signs_in_with_a_device_code_and_can_chat()
    {
        await using var github = new AuthorizationServer { ExpiresIn = null, GivesRefreshTokens = false };
        github.DeviceAnswer =
            $$"""{"device_code":"device-canary","user_code":"WDJB-MJHT","verification_uri":"{{github.Url}}login/device","expires_in":900,"interval":1}""";
        await using var api = new ScriptedEndpoint
        {
            Route = request =>
                request.Headers.GetValueOrDefault("authorization") != $"Bearer {github.AccessToken}" ? ScriptedAnswer.Json("{}", 401)
                : request.Target == "/models" ? ScriptedAnswer.Json("""{"data":[{"id":"some-model"}]}""")
                : ChatScript.Answer("Hello"),
        };
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider(
            "scripted",
            $$"""
            { name: 'Copilot', provider_type: 'github-copilot', auth_type: 'oauth', endpoint: '{{api.Url}}', model: 'some-model', retry_policy: 'none',
              additional_auth: { client_id: 'my-own', device_url: '{{github.Url}}device', token_url: '{{github.Url}}token' } }
            """
        );
        var client = sidecar.Client;
        await client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        var start = await client.ResultAsync("provider/signIn", new { id = "scripted" });
        Assert.Equal(("WDJB-MJHT", $"{github.Url}login/device"), ((string?)start?["userCode"], (string?)start?["url"]));
        var summary = await client.ResultAsync("provider/awaitSignIn", new { id = "scripted" });
        Assert.Equal("connected", (string?)summary?["status"]);
        Assert.Equal("read:user", AuthorizationServer.Fields(github.Requests[0].Body)["scope"]);

        var uri = await client.CreateChatAsync();
        Assert.Equal("endTurn", (string?)(await client.AskAsync(uri, "Hi"))[^1]["event"]?["stopReason"]);

        // GitHub revokes the token, which cannot be refreshed.
        api.Route = _ => ScriptedAnswer.Json("""{"error":{"message":"bad credentials"}}""", 401);
        var error = (await client.AskAsync(uri, "Hi"))[^1]["event"]?["error"];
        Assert.Equal("providerAuthFailed", (string?)error?["kind"]);
        Assert.EndsWith("Sign in again.", (string?)error?["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sign_in_requires_the_users_own_client_id()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", "{ name: 'Copilot', provider_type: 'github-copilot', auth_type: 'oauth' }");
        await sidecar.Client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        var refused = await sidecar.Client.RequestAsync("provider/signIn", new { id = "scripted" });
        Assert.Equal("missingField", ChatScript.ErrorKind(refused));
        Assert.Contains("of your own", (string?)refused["error"]?["message"], StringComparison.Ordinal);
    }
}
