using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>Sign-in over the whole protocol.</summary>
public sealed class SignInHandlersTests
{
    [Fact]
    public async Task A_user_signs_in_the_provider_is_tested_and_a_chat_streams()
    {
        await using var server = new AuthorizationServer();
        await using var api = Api(server);
        await using var sidecar = await StartAsync(server, api);
        var client = sidecar.Client;
        await client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        Assert.False((bool?)(await SummaryAsync(client))?["hasCredential"]);

        var start = await client.ResultAsync("provider/signIn", new { id = "scripted" });
        client.Start("provider/awaitSignIn", new { id = "scripted" }, out var waiting);
        using var page = await server.AllowAsync((string?)start?["url"] ?? "");
        var summary = (await waiting)["result"];
        Assert.Equal(
            ("oauth", "connected", true),
            ((string?)summary?["authType"], (string?)summary?["status"], (bool?)summary?["hasCredential"])
        );

        var uri = await client.CreateChatAsync();
        Assert.Equal("endTurn", (string?)(await client.AskAsync(uri, "Hi"))[^1]["event"]?["stopReason"]);
        Assert.Equal($"Bearer {server.AccessToken}", api.Requests[^1].Headers["authorization"]);
        foreach (var method in new[] { "vault/list", "vault/status", "provider/list" })
        {
            Assert.DoesNotContain("canary", (await client.ResultAsync(method))?.ToJsonString(), StringComparison.Ordinal);
        }

        Assert.DoesNotContain(
            Directory
                .EnumerateFiles(sidecar.Home, "*", SearchOption.AllDirectories)
                .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))
                .Select(File.ReadAllText),
            text => text.Contains("canary", StringComparison.Ordinal)
        );

        var gone = await client.ResultAsync("provider/signOut", new { id = "scripted" });
        Assert.False((bool?)gone?["hasCredential"]);
        Assert.Equal("providerAuthFailed", (string?)(await client.AskAsync(uri, "Hi"))[^1]["event"]?["error"]?["kind"]);
    }

    [Fact]
    public async Task Without_an_open_vault_the_browser_is_not_opened()
    {
        await using var server = new AuthorizationServer();
        await using var api = Api(server);
        await using var sidecar = await StartAsync(server, api);
        var refused = await sidecar.Client.RequestAsync("provider/signIn", new { id = "scripted" });
        Assert.Equal("vaultLocked", ChatScript.ErrorKind(refused));
        await sidecar.Client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        await sidecar.Client.ResultAsync("vault/lock");
        Assert.Equal("vaultLocked", ChatScript.ErrorKind(await sidecar.Client.RequestAsync("provider/signIn", new { id = "scripted" })));
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_provider_whose_sign_in_cannot_be_forgotten_now_is_not_deleted()
    {
        await using var server = new AuthorizationServer();
        await using var api = Api(server);
        await using var sidecar = await StartAsync(server, api);
        var client = sidecar.Client;
        await client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        await client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://scripted/access_token",
                secret = "canary-token",
                origins = new[] { "http://127.0.0.1:9" },
            }
        );
        await client.ResultAsync("vault/lock");
        Assert.Equal("vaultLocked", ChatScript.ErrorKind(await client.RequestAsync("provider/delete", new { id = "scripted" })));
        Assert.NotNull(await SummaryAsync(client));

        await client.ResultAsync("vault/unlock", new { method = "passphrase", secret = "correct horse battery" });
        await client.ResultAsync("provider/delete", new { id = "scripted" });
        Assert.DoesNotContain("access_token", (await client.ResultAsync("vault/list"))?.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_the_wait_ends_the_sign_in()
    {
        await using var server = new AuthorizationServer();
        await using var api = Api(server);
        await using var sidecar = await StartAsync(server, api);
        var client = sidecar.Client;
        await client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        var start = await client.ResultAsync("provider/signIn", new { id = "scripted" });
        var id = client.Start("provider/awaitSignIn", new { id = "scripted" }, out var waiting);
        await client.NotifyAsync("$/cancelRequest", new { id });
        Assert.Equal(-32800, (int?)(await waiting)["error"]?["code"]);
        await Assert.ThrowsAsync<HttpRequestException>(() => server.AllowAsync((string?)start?["url"] ?? ""));
        Assert.Equal("notFound", ChatScript.ErrorKind(await client.RequestAsync("provider/awaitSignIn", new { id = "scripted" })));
    }

    private static async Task<System.Text.Json.Nodes.JsonNode?> SummaryAsync(RpcClient client) =>
        (await client.ResultAsync("provider/list"))?["items"]?.AsArray().Single(item => (string?)item?["id"] == "scripted");

    private static ScriptedEndpoint Api(AuthorizationServer server) =>
        new()
        {
            Route = request =>
                request.Headers.GetValueOrDefault("authorization") != $"Bearer {server.AccessToken}" ? ScriptedAnswer.Json("{}", 401)
                : request.Method == "GET" ? ScriptedAnswer.Json("""{"data":[{"id":"model"}]}""")
                : ChatScript.Answer("Hello"),
        };

    private static async Task<InMemorySidecar> StartAsync(AuthorizationServer server, ScriptedEndpoint api)
    {
        var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider(
            "scripted",
            InMemorySidecar.ProviderAt(
                api.Url,
                $"auth_type: 'oauth', additional_auth: {{ authorization_url: '{server.Url}authorize', token_url: '{server.Url}token', client_id: 'my-own', redirect_port: 0 }}"
            )
        );
        return sidecar;
    }
}
