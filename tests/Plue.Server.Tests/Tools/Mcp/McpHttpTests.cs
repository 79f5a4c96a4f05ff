using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tests.Tools.Mcp;

public class McpHttpTests
{
    private const string Token = "token-canary-5521";

    [Fact]
    public async Task Headers_are_resolved_for_the_servers_origin_and_sent_there()
    {
        await using var endpoint = new ScriptedEndpoint { Route = request => Answer(request) };
        await using var home = new McpHome();
        home.WriteUser(
            ("web", $$"""{ "url": "{{endpoint.Url}}mcp", "headers": { "Authorization": "Bearer vault://web/key", "X-Plain": "1" } }""")
        );
        await home.ApproveAsync("web");
        await home.Secrets.StoreAsync("vault://web/key", Token, [new Uri(endpoint.Url.GetLeftPart(UriPartial.Authority))], default);
        Assert.EndsWith("hello", (await home.CallAsync("web/echo")).Text, StringComparison.Ordinal);
        Assert.All(
            endpoint.Requests,
            request => Assert.Equal(("Bearer " + Token, "1"), (request.Headers["authorization"], request.Headers["x-plain"]))
        );
    }

    [Fact]
    public async Task Requests_are_serialized_before_they_are_sent_because_the_published_program_cannot_do_it_while_sending()
    {
        await using var endpoint = new ScriptedEndpoint { Route = request => Answer(request) };
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{endpoint.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        await home.CallAsync("web/echo");
        Assert.All(
            endpoint.Requests.Where(request => request.Method == "POST"),
            request => Assert.True(request.Headers.ContainsKey("content-length"), request.Body)
        );
    }

    [Theory]
    [InlineData(301)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task SEC_48_Nothing_is_sent_on_to_where_a_server_points(int status)
    {
        await using var elsewhere = new ScriptedEndpoint { Route = request => Answer(request) };
        await using var endpoint = new ScriptedEndpoint
        {
            Route = _ => ScriptedAnswer.Json("{}", status, ("Location", $"{elsewhere.Url}mcp")),
        };
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{endpoint.Url}}mcp", "headers": { "Authorization": "Bearer {{Token}}" } }"""));
        await home.ApproveAsync("web");
        var note = Assert.Single((await home.FindAsync("web/*")).Notes);
        Assert.Contains("redirects to 127.0.0.1", note, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, note, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task A_host_that_is_not_allowed_gets_no_request_of_a_server()
    {
        await using var endpoint = new ScriptedEndpoint { Route = request => Answer(request) };
        await using var home = new McpHome();
        home.Services = home.Services with
        {
            RefusalOf = address => address.Host == "127.0.0.1" ? "The policy does not allow connections to 127.0.0.1." : null,
        };
        home.WriteUser(("web", $$"""{ "url": "{{endpoint.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        Assert.Contains(
            "does not allow connections to 127.0.0.1",
            Assert.Single((await home.FindAsync("web/*")).Notes),
            StringComparison.Ordinal
        );
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task A_sign_in_elsewhere_is_refused_if_that_host_is_not_allowed()
    {
        await using var world = new SignInWorld();
        await using var home = new McpHome();
        home.Services = home.Services with
        {
            RefusalOf = address =>
                address.AbsolutePath.Contains("register", StringComparison.Ordinal)
                    ? $"The policy does not allow connections to {address.Host}."
                    : null,
        };
        home.WriteUser(("web", $$"""{ "url": "{{world.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        var failure = await Assert.ThrowsAsync<FailureException>(() => home.Servers.SignInAsync("web", CancellationToken.None));
        Assert.Contains("The policy does not allow connections to 127.0.0.1.", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Requests, request => request.Target.Contains("register", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SEC_39_An_answer_that_repeats_the_key_is_masked()
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
                request.Body.Contains("tools/list", StringComparison.Ordinal)
                    ? ScriptedAnswer.Json(
                        $$$"""{"jsonrpc":"2.0","id":{{{Id(request)}}},"error":{"code":1,"message":"no such {{{Token}}}"}}"""
                    )
                    : Answer(request),
        };
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{endpoint.Url}}mcp", "headers": { "X-Key": "{{Token}}" } }"""));
        await home.ApproveAsync("web");
        Assert.Contains("no such ***", Assert.Single((await home.FindAsync("web/*")).Notes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task REL_08_An_answer_of_100_MB_is_broken_off()
    {
        var piece = new string('x', 1024 * 1024);
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
            {
                if (!request.Body.Contains("tools/call", StringComparison.Ordinal))
                {
                    return Answer(request);
                }

                var answer = ScriptedAnswer.Events().Send("data: ");
                for (var times = 0; times < 100; times++)
                {
                    answer.Send(piece);
                }

                return answer;
            },
        };
        await using var home = new McpHome(callTimeout: TimeSpan.FromSeconds(20));
        home.WriteUser(("web", $$"""{ "url": "{{endpoint.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        Assert.Contains("16 MiB", await home.FailureAsync("web/echo"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_requires_sign_in_is_reported_and_none_starts_automatically()
    {
        await using var world = new SignInWorld();
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{world.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        Assert.Contains("requires sign-in", Assert.Single((await home.FindAsync("web/*")).Notes), StringComparison.Ordinal);
        Assert.Equal(McpServerState.SignInNeeded, home.Status("web").State);
        Assert.DoesNotContain(world.Requests, request => request.Target.Contains("register", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_sign_in_brings_tokens_that_are_bound_to_the_server()
    {
        await using var world = new SignInWorld();
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{world.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        var running = RunningAsync(home, "web");
        var page = await home.Servers.SignInAsync("web", CancellationToken.None);
        var query = AuthorizationServer.Fields(page!.Query.TrimStart('?'));
        Assert.Equal("S256", query["code_challenge_method"]);
        using (var browser = new HttpClient())
        {
            using var answer = await browser.GetAsync(
                $"{query["redirect_uri"]}?code=the-code&state={Uri.EscapeDataString(query["state"])}"
            );
            Assert.True(answer.IsSuccessStatusCode);
        }

        await running;
        Assert.EndsWith("hello", (await home.CallAsync("web/echo")).Text, StringComparison.Ordinal);
        var kept = Assert.Single(home.Secrets.References);
        Assert.StartsWith("vault://mcp-web/tokens-", kept, StringComparison.Ordinal);
        Assert.Equal([new Uri(world.Url.GetLeftPart(UriPartial.Authority))], home.Secrets.OriginsOf(kept));

        // The next start uses the stored token and does not prompt.
        await home.Servers.StopAsync("web", CancellationToken.None);
        await home.Servers.StartAsync("web", CancellationToken.None);
        Assert.Equal(McpServerState.Running, home.Status("web").State);
        await home.Servers.RevokeAsync("web", CancellationToken.None);
        Assert.Empty(home.Secrets.References);
    }

    [Fact]
    public async Task A_call_that_needs_more_permissions_waits_for_another_sign_in_that_asks_for_them()
    {
        await using var world = new SignInWorld { ScopeOfCalls = "files:write" };
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{world.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        await SignInAsync(home);

        for (var call = 0; call < 2; call++)
        {
            Assert.Equal(
                "The server web requires sign-in with the permissions files:write. Sign in with Plue: Manage MCP Servers.",
                await home.FailureAsync("web/echo")
            );
        }
        Assert.Equal(McpServerState.SignInNeeded, home.Status("web").State);
        Assert.Contains("files:write", (await SignInAsync(home))["scope"], StringComparison.Ordinal);
        Assert.EndsWith("hello", (await home.CallAsync("web/echo")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_secret_of_an_oauth_client_comes_from_the_vault_and_is_sent_to_the_token_endpoint_only()
    {
        await using var world = new SignInWorld { AuthMethod = "client_secret_post" };
        await using var home = new McpHome();
        home.WriteUser(
            ("web", $$$"""{ "url": "{{{world.Url}}}mcp", "oauth": { "client_id": "mine", "client_secret": "vault://web/client" } }""")
        );
        await home.Secrets.StoreAsync(
            "vault://web/client",
            "canary-secret",
            [new Uri(world.Url.GetLeftPart(UriPartial.Authority))],
            CancellationToken.None
        );
        await home.ApproveAsync("web");
        await SignInAsync(home);
        Assert.Equal(
            "/token",
            Assert.Single(world.Requests, request => request.Body.Contains("canary-secret", StringComparison.Ordinal)).Target
        );
        Assert.DoesNotContain(world.Requests, request => request.Target == "/register");
    }

    [Fact]
    public async Task A_server_that_opens_a_session_for_any_method_is_used_with_an_older_version()
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
                request.Method != "POST" ? ScriptedAnswer.Json("{}", 405)
                : request.Body.Contains("server/discover", StringComparison.Ordinal)
                    ? ScriptedAnswer.Json(
                        $$$"""{"jsonrpc":"2.0","id":{{{Id(request)}}},"result":{}}""",
                        200,
                        ("mcp-session-id", "session-1")
                    )
                : Answer(request),
        };
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{endpoint.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        Assert.EndsWith("hello", (await home.CallAsync("web/echo")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_needs_an_address_first_asks_the_user_to_open_it_and_the_model_to_repeat_the_call()
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
                request.Body.Contains("tools/call", StringComparison.Ordinal)
                    ? ScriptedAnswer.Json(
                        $$$$"""{"jsonrpc":"2.0","id":{{{{Id(request)}}}},"error":{"code":-32042,"message":"Sign first","data":{"elicitations":[{"mode":"url","elicitationId":"1","url":"https://sign.example/form","message":"Sign the form"}]}}}"""
                    )
                    : Answer(request),
        };
        await using var home = new McpHome();
        List<string> asked = [];
        home.Services = home.Services with
        {
            Ask = (request, _) =>
            {
                asked.Add($"{request.ActionText} {request.Question?.Url}");
                return Task.FromResult(new Plue.Server.Permissions.ApprovalAnswer(Plue.Server.Permissions.ApprovalDecision.Once));
            },
        };
        home.WriteUser(("web", $$"""{ "url": "{{endpoint.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        Assert.Contains("Call the tool again", await home.FailureAsync("web/echo"), StringComparison.Ordinal);
        Assert.Contains("https://sign.example/form", Assert.Single(asked), StringComparison.Ordinal);
    }

    [Fact]
    public async Task SEC_38_A_response_with_a_wrong_state_does_not_end_the_sign_in_of_a_server()
    {
        await using var world = new SignInWorld();
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{world.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        var running = RunningAsync(home, "web");
        var page = await home.Servers.SignInAsync("web", CancellationToken.None);
        var query = AuthorizationServer.Fields(page!.Query.TrimStart('?'));
        using var browser = new HttpClient();
        using (var forged = await browser.GetAsync($"{query["redirect_uri"]}?code=stolen&state=guessed"))
        {
            Assert.False(forged.IsSuccessStatusCode);
        }

        Assert.DoesNotContain(world.Requests, request => request.Target == "/token");
        Assert.Empty(home.Secrets.References);
        using (var right = await browser.GetAsync($"{query["redirect_uri"]}?code=the-code&state={Uri.EscapeDataString(query["state"])}"))
        {
            Assert.True(right.IsSuccessStatusCode);
        }

        await running;
        Assert.Single(home.Secrets.References);
    }

    [Fact]
    public async Task SEC_48_A_sign_in_is_not_looked_for_where_it_would_not_be_safe()
    {
        await using var world = new SignInWorld { ResourceMetadata = "http://169.254.169.254/latest" };
        await using var home = new McpHome();
        home.WriteUser(("web", $$"""{ "url": "{{world.Url}}mcp" }"""));
        await home.ApproveAsync("web");
        var fault = await Assert.ThrowsAsync<FailureException>(() => home.Servers.SignInAsync("web", CancellationToken.None));
        Assert.DoesNotContain("did not start within", fault.Message, StringComparison.Ordinal);
    }

    private static Task RunningAsync(McpHome home, string name) => StateAsync(home, name, McpServerState.Running);

    private static async Task StateAsync(McpHome home, string name, params McpServerState[] states)
    {
        var there = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        home.Servers.Changed += () =>
        {
            var status = home.Status(name);
            if (states.Contains(status.State) && (status.State != McpServerState.Running || status.Tools.Count > 0))
            {
                there.TrySetResult();
            }
        };
        await there.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Signs in like a user in the browser.</summary>
    /// <returns>The fields of the page that was opened.</returns>
    private static async Task<IReadOnlyDictionary<string, string>> SignInAsync(McpHome home)
    {
        var running = RunningAsync(home, "web");
        var page = await home.Servers.SignInAsync("web", CancellationToken.None);
        var query = AuthorizationServer.Fields(page!.Query.TrimStart('?'));
        using var browser = new HttpClient();
        using var answer = await browser.GetAsync($"{query["redirect_uri"]}?code=the-code&state={Uri.EscapeDataString(query["state"])}");
        Assert.True(answer.IsSuccessStatusCode);
        await running;
        return query;
    }

    private static string Id(ScriptedRequest request) => JsonElement.Parse(request.Body).GetProperty("id").GetRawText();

    /// <summary>A small server with one tool.</summary>
    private static ScriptedAnswer Answer(ScriptedRequest request)
    {
        if (request.Method != "POST")
        {
            return ScriptedAnswer.Json("{}", 405);
        }

        var message = JsonElement.Parse(request.Body);
        if (!message.TryGetProperty("id", out var id))
        {
            return ScriptedAnswer.Json("", 202);
        }

        var result = message.GetProperty("method").GetString() switch
        {
            "initialize" =>
                $$$"""{"protocolVersion":"{{{message.GetProperty("params").GetProperty("protocolVersion").GetString()}}}","capabilities":{"tools":{}},"serverInfo":{"name":"web","version":"1"}}""",
            "tools/list" => """{"tools":[{"name":"echo","inputSchema":{"type":"object"}}]}""",
            "tools/call" => """{"content":[{"type":"text","text":"hello"}]}""",
            "ping" => "{}",
            _ => null,
        };
        return ScriptedAnswer.Json(
            result is null
                ? $$$"""{"jsonrpc":"2.0","id":{{{id.GetRawText()}}},"error":{"code":-32601,"message":"Method not found"}}"""
                : $$"""{"jsonrpc":"2.0","id":{{id.GetRawText()}},"result":{{result}}}"""
        );
    }

    /// <summary>A server that requires a token, and its authorization server.</summary>
    private sealed class SignInWorld : IAsyncDisposable
    {
        private readonly ScriptedEndpoint endpoint = new();

        public SignInWorld() => endpoint.Route = Route;

        public Uri Url => endpoint.Url;
        public IReadOnlyList<ScriptedRequest> Requests => endpoint.Requests;
        public string? ResourceMetadata { get; init; }
        public string AuthMethod { get; init; } = "none";

        /// <summary>The permission that calls of tools need from the second sign-in on; null for none.</summary>
        public string? ScopeOfCalls { get; init; }

        public ValueTask DisposeAsync() => endpoint.DisposeAsync();

        private ScriptedAnswer Route(ScriptedRequest request)
        {
            var origin = Url.GetLeftPart(UriPartial.Authority);
            switch (request.Target.Split('?')[0])
            {
                case "/mcp"
                    when ScopeOfCalls is { } scope
                        && request.Body.Contains("tools/call", StringComparison.Ordinal)
                        && Requests.Count(one => one.Target == "/token") < 2:
                    return ScriptedAnswer.Json(
                        "{}",
                        403,
                        (
                            "WWW-Authenticate",
                            $"Bearer error=\"insufficient_scope\", scope=\"{scope}\", resource_metadata=\"{origin}/.well-known/oauth-protected-resource\""
                        )
                    );
                case "/mcp" when request.Headers.GetValueOrDefault("authorization") == $"Bearer {Token}":
                    return Answer(request);
                case "/mcp":
                    return ScriptedAnswer.Json(
                        "{}",
                        401,
                        (
                            "WWW-Authenticate",
                            $"Bearer resource_metadata=\"{ResourceMetadata ?? $"{origin}/.well-known/oauth-protected-resource"}\""
                        )
                    );
                case "/.well-known/oauth-protected-resource":
                    return ScriptedAnswer.Json($$"""{"resource":"{{origin}}/mcp","authorization_servers":["{{origin}}"]}""");
                case "/.well-known/oauth-authorization-server":
                    return ScriptedAnswer.Json(
                        $$"""{"issuer":"{{origin}}","authorization_endpoint":"{{origin}}/authorize","token_endpoint":"{{origin}}/token","registration_endpoint":"{{origin}}/register","response_types_supported":["code"],"grant_types_supported":["authorization_code","refresh_token"],"code_challenge_methods_supported":["S256"],"token_endpoint_auth_methods_supported":["{{AuthMethod}}"]}"""
                    );
                case "/register":
                    return ScriptedAnswer.Json("""{"client_id":"client-1","token_endpoint_auth_method":"none"}""", 201);
                case "/token":
                    return AuthorizationServer.Fields(request.Body).GetValueOrDefault("code") == "the-code"
                        ? ScriptedAnswer.Json(
                            $$"""{"access_token":"{{Token}}","token_type":"Bearer","expires_in":3600,"refresh_token":"refresh-1"}"""
                        )
                        : ScriptedAnswer.Json("""{"error":"invalid_grant"}""", 400);
                default:
                    return ScriptedAnswer.Json("{}", 404);
            }
        }
    }
}
