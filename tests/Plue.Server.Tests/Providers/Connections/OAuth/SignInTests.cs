using System.Net;
using System.Net.Sockets;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Connections.OAuth;

public sealed class SignInTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_signing_in_in_the_browser_a_chat_streams_with_the_token()
    {
        await using var home = OAuthHome.Create();
        home.Auth["scope"] = "chat models";
        home.Auth["audience"] = "https://api.example.com/";
        var process = await home.StartAsync();
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        Assert.Null(start.UserCode);
        Assert.Equal(home.Time.GetUtcNow() + TimeSpan.FromMinutes(5), start.ExpiresAt);
        var asked = AuthorizationServer.Fields(start.Url.Query.TrimStart('?'));
        Assert.Equal(
            ("code", "my-own-client", "S256", "chat models", "https://api.example.com/"),
            (asked["response_type"], asked["client_id"], asked["code_challenge_method"], asked["scope"], asked["audience"])
        );
        Assert.StartsWith("http://127.0.0.1:", asked["redirect_uri"], StringComparison.Ordinal);

        using var page = await home.Server.AllowAsync(start.Url.AbsoluteUri);
        Assert.Contains("You can close this window", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        await process.SignIns.AwaitAsync("mine", Cancel);
        var events = await process.AskAsync(home.Settings);
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), events[^1]);
        Assert.Equal($"Bearer {home.Server.AccessToken}", home.Api.Requests[^1].Headers["authorization"]);
    }

    [Fact]
    public async Task The_tokens_lie_in_the_vault_each_bound_to_where_it_goes_and_are_masked()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        var entries = (await process.Vault.ListAsync(Cancel)).ToDictionary(entry => entry.Reference, entry => entry.Origins.Single());
        Assert.Equal($"http://127.0.0.1:{home.Api.Port}", entries["vault://mine/access_token"]);
        Assert.Equal(home.Server.Url.GetLeftPart(UriPartial.Authority), entries["vault://mine/refresh_token"]);
        Assert.Equal("*** ***", process.Redactor.Mask($"{home.Server.AccessToken} {home.Server.RefreshToken}"));
        var ledger = await File.ReadAllTextAsync(home.Ledger, Cancel);
        Assert.Contains("expires_at", ledger, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", ledger, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Denying_in_the_browser_reports_an_error_and_stores_nothing()
    {
        await using var home = OAuthHome.Create();
        var process = await home.StartAsync();
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        using var page = await home.Server.AllowAsync(
            start.Url.AbsoluteUri,
            fields =>
            {
                fields.Remove("code");
                fields["error"] = "access_denied";
                fields["error_description"] = "The user said no.";
            }
        );
        Assert.Contains("You can close this window", await page.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        var failure = await FailureAsync(process.SignIns.AwaitAsync("mine", Cancel));
        Assert.Equal(FailureKind.PermissionDenied, failure.Kind);
        Assert.Equal("The sign-in of My server was not granted: \"The user said no\". Sign in again, and allow it there.", failure.Message);
        Assert.Empty(await process.Vault.ListAsync(Cancel));
        Assert.Contains("is not signed in", (await process.FailureAsync(home.Settings))?.Message, StringComparison.Ordinal);
    }

    [Theory]
    [
        InlineData("state=another&code=stolen"),
        InlineData("state=&code=stolen"),
        InlineData("code=stolen"),
        InlineData("state=another&error=access_denied"),
        InlineData("error=access_denied")
    ]
    public async Task SEC_38_A_response_with_a_wrong_state_is_refused_and_the_sign_in_goes_on(string query)
    {
        await using var home = OAuthHome.Create();
        var process = await home.StartAsync();
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        var port = Redirect(start.Url).Port;
        for (var round = 0; round < 3; round++)
        {
            var refused = await SendAsync(port, $"GET /callback?{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 400 ", refused, StringComparison.Ordinal);
            Assert.Contains("does not belong to the sign-in that Plue started", refused, StringComparison.Ordinal);
        }

        Assert.Empty(home.Server.Requests);
        using var page = await home.Server.AllowAsync(start.Url.AbsoluteUri);
        await process.SignIns.AwaitAsync("mine", Cancel);
        Assert.Single(home.Server.Requests);
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), (await process.AskAsync(home.Settings))[^1]);
    }

    [Fact]
    public async Task Only_the_redirect_itself_is_answered_and_only_to_the_browser_that_was_sent()
    {
        await using var home = OAuthHome.Create();
        var process = await home.StartAsync();
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        var redirect = Redirect(start.Url);
        var state = AuthorizationServer.Fields(start.Url.Query.TrimStart('?'))["state"];
        foreach (
            var request in new[]
            {
                "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                "GET /favicon.ico HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                "POST /callback HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                $"GET /callback/../x?code=a&state={state} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                $"GET /callback?code=a&state={state} HTTP/1.1\r\n\r\n",
                $"GET /callback?code=a&state={state} HTTP/1.1\r\nHost: rebound.example\r\n\r\n",
                $"GET /callback?code=a&state={state} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: https://evil.example\r\n\r\n",
                "nonsense\r\n\r\n",
            }
        )
        {
            Assert.StartsWith("HTTP/1.1 404 ", await SendAsync(redirect.Port, request), StringComparison.Ordinal);
        }

        using var page = await home.Server.AllowAsync(start.Url.AbsoluteUri);
        await process.SignIns.AwaitAsync("mine", Cancel);
        await Assert.ThrowsAsync<SocketException>(() => SendAsync(redirect.Port, "GET /callback HTTP/1.1\r\n\r\n"));
    }

    [Fact]
    public async Task A_second_tab_that_comes_back_changes_nothing()
    {
        await using var home = OAuthHome.Create();
        var process = await home.StartAsync();
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        var state = AuthorizationServer.Fields(start.Url.Query.TrimStart('?'))["state"];
        // The second tab is already connected when the first one returns.
        using var second = new TcpClient();
        await second.ConnectAsync(IPAddress.Loopback, Redirect(start.Url).Port, Cancel);
        using var page = await home.Server.AllowAsync(start.Url.AbsoluteUri);
        await process.SignIns.AwaitAsync("mine", Cancel);
        try
        {
            await second
                .GetStream()
                .WriteAsync(Encoding.ASCII.GetBytes($"GET /callback?code=other&state={state} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), Cancel);
        }
        catch (IOException)
        { /* It was turned away. */
        }

        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), (await process.AskAsync(home.Settings))[^1]);
        Assert.Single(home.Server.Requests);
    }

    [Fact]
    public async Task A_port_in_use_is_reported_before_the_browser_opens()
    {
        await using var home = OAuthHome.Create();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        home.Auth["redirect_port"] = ((IPEndPoint)other.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var process = await home.StartAsync();
        var failure = await FailureAsync(process.SignIns.BeginAsync(home.Settings, Cancel));
        Assert.Equal(FailureKind.Conflict, failure.Kind);
        Assert.Contains("is in use", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_sign_in_ends_the_older_and_takes_over_its_port()
    {
        await using var home = OAuthHome.Create();
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            home.Auth["redirect_port"] = ((IPEndPoint)free.LocalEndpoint).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var process = await home.StartAsync();
        await process.SignIns.BeginAsync(home.Settings, Cancel);
        var older = process.SignIns.AwaitAsync("mine", Cancel);
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => older);
        using var page = await home.Server.AllowAsync(start.Url.AbsoluteUri);
        await process.SignIns.AwaitAsync("mine", Cancel);
    }

    [Fact]
    public async Task Giving_up_closes_the_port()
    {
        await using var home = OAuthHome.Create();
        var process = await home.StartAsync();
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        using var stop = new CancellationTokenSource();
        var waiting = process.SignIns.AwaitAsync("mine", stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await Assert.ThrowsAsync<SocketException>(() => SendAsync(Redirect(start.Url).Port, "GET / HTTP/1.1\r\n\r\n"));
        Assert.Equal(FailureKind.NotFound, (await FailureAsync(process.SignIns.AwaitAsync("mine", Cancel))).Kind);
    }

    [Fact]
    public async Task Sign_in_times_out_after_five_minutes()
    {
        await using var home = OAuthHome.Create();
        var process = await home.StartAsync();
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        var waiting = process.SignIns.AwaitAsync("mine", Cancel);
        while (!waiting.IsCompleted)
        {
            home.Time.Advance(TimeSpan.FromMinutes(5));
            await Task.Yield();
        }

        Assert.Equal(FailureKind.Timeout, (await FailureAsync(waiting)).Kind);
        await Assert.ThrowsAsync<SocketException>(() => SendAsync(Redirect(start.Url).Port, "GET / HTTP/1.1\r\n\r\n"));
    }

    [Fact]
    public async Task With_a_device_code_the_server_is_asked_as_often_as_it_likes()
    {
        await using var home = OAuthHome.Create("device_url");
        foreach (var error in new[] { "authorization_pending", "slow_down", "authorization_pending" })
        {
            home.Server.DeviceErrors.Enqueue(error);
        }
        var process = await home.StartAsync();
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        Assert.Equal(("WDJB-MJHT", $"{home.Server.Url}activate"), (start.UserCode, start.Url.ToString()));
        var waiting = process.SignIns.AwaitAsync("mine", Cancel);
        foreach (var seconds in new[] { 5, 5, 10, 10 })
        {
            Assert.Equal(TimeSpan.FromSeconds(seconds), await home.Time.NextWaitAsync());
            home.Time.Advance(TimeSpan.FromSeconds(seconds));
        }

        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), (await process.AskAsync(home.Settings))[^1]);
        Assert.Equal(5, home.Server.Requests.Count);
        Assert.All(home.Server.Requests, request => Assert.Equal("application/json", request.Headers["accept"]));
    }

    [Theory]
    [
        InlineData("access_denied", FailureKind.PermissionDenied),
        InlineData("expired_token", FailureKind.Timeout),
        InlineData("invalid_client", FailureKind.ProviderAuthFailed)
    ]
    [InlineData("something_new", FailureKind.ProviderAuthFailed)]
    public async Task A_device_code_that_is_refused_ends_the_sign_in(string error, FailureKind kind)
    {
        await using var home = OAuthHome.Create("device_url");
        home.Server.DeviceErrors.Enqueue(error);
        var process = await home.StartAsync();
        await process.SignIns.BeginAsync(home.Settings, Cancel);
        home.Time.Advance(await home.Time.NextWaitAsync());
        var failure = await FailureAsync(process.SignIns.AwaitAsync("mine", Cancel));
        Assert.Equal(kind, failure.Kind);
        Assert.EndsWith(".", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_code_that_is_not_entered_expires()
    {
        await using var home = OAuthHome.Create("device_url");
        home.Server.DeviceAnswer =
            $$"""{"device_code":"d","user_code":"A-B","verification_uri":"{{home.Server.Url}}activate","expires_in":12}""";
        for (var times = 0; times < 9; times++)
        {
            home.Server.DeviceErrors.Enqueue("authorization_pending");
        }
        var process = await home.StartAsync();
        await process.SignIns.BeginAsync(home.Settings, Cancel);
        for (var times = 0; times < 3; times++)
        {
            home.Time.Advance(await home.Time.NextWaitAsync());
        }
        Assert.Equal(FailureKind.Timeout, (await FailureAsync(process.SignIns.AwaitAsync("mine", Cancel))).Kind);
    }

    [Fact]
    public async Task A_server_that_is_gone_for_a_moment_does_not_end_the_sign_in()
    {
        await using var home = OAuthHome.Create("device_url");
        var asked = 0;
        home.Server.Instead = request => request.Target == "/token" && asked++ == 0 ? ScriptedAnswer.Html("<p>bad gateway", 502) : null;
        var process = await home.StartAsync();
        await process.SignIns.BeginAsync(home.Settings, Cancel);
        var waiting = process.SignIns.AwaitAsync("mine", Cancel);
        home.Time.Advance(await home.Time.NextWaitAsync());
        var next = await home.Time.NextWaitAsync();
        Assert.Equal(TimeSpan.FromSeconds(10), next);
        home.Time.Advance(next);
        await waiting.WaitAsync(TimeSpan.FromSeconds(20), Cancel);
    }

    [Theory]
    [
        InlineData("file:///etc/passwd"),
        InlineData("http://elsewhere.example/activate"),
        InlineData("https://user:pass@example.com/"),
        InlineData("command:run")
    ]
    public async Task A_page_that_is_not_safe_to_open_is_never_opened(string page)
    {
        await using var home = OAuthHome.Create("device_url");
        home.Server.DeviceAnswer = $$"""{"device_code":"d","user_code":"A-B","verification_uri":"{{page}}"}""";
        var process = await home.StartAsync();
        Assert.Equal(FailureKind.BadResponse, (await FailureAsync(process.SignIns.BeginAsync(home.Settings, Cancel))).Kind);
    }

    [Fact]
    public async Task Fails_with_one_sentence_on_huge_slow_or_invalid_responses()
    {
        await using var home = OAuthHome.Create("device_url");
        var process = await home.StartAsync();
        await using var other = new ScriptedEndpoint(ScriptedAnswer.Json("{}"));
        var piece = Encoding.ASCII.GetBytes(new string('a', 1024 * 1024));
        foreach (
            var (answer, kind) in new[]
            {
                (ScriptedAnswer.Json("{\"user_code\":\"").Repeat(piece, 100), FailureKind.BadResponse),
                (ScriptedAnswer.Json("", 302, ("Location", other.Url.ToString())), FailureKind.BadResponse),
                (ScriptedAnswer.Html("<h1>hello"), FailureKind.BadResponse),
                (ScriptedAnswer.Json("[1]"), FailureKind.BadResponse),
                (ScriptedAnswer.Json("{\"user_code\":7}"), FailureKind.BadResponse),
                (ScriptedAnswer.Json("{\"error\":{\"message\":\"x\"}}", 500), FailureKind.Overloaded),
                (ScriptedAnswer.Json("{\"user_code").Cut(), FailureKind.Unreachable),
            }
        )
        {
            home.Server.Instead = _ => answer;
            Assert.Equal(kind, (await FailureAsync(process.SignIns.BeginAsync(home.Settings, Cancel))).Kind);
        }

        Assert.Empty(other.Requests);
        var asked = new TaskCompletionSource();
        home.Server.Instead = _ =>
        {
            asked.TrySetResult();
            return ScriptedAnswer.Json("{").Hang();
        };
        var slow = process.SignIns.BeginAsync(home.Settings, Cancel);
        await asked.Task;
        home.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(FailureKind.Timeout, (await FailureAsync(slow)).Kind);
    }

    [Theory]
    [InlineData("client_id", null), InlineData("token_url", null), InlineData("authorization_url", null)]
    [
        InlineData("token_url", "http://elsewhere.example/token"),
        InlineData("authorization_url", "ftp://x/"),
        InlineData("token_url", "https://a:b@example.com/")
    ]
    [InlineData("client_secret", "typed-into-the-file"), InlineData("redirect_port", "70000"), InlineData("redirect_port", "http")]
    public async Task Missing_and_unsafe_settings_in_the_file_are_named(string field, string? value)
    {
        await using var home = OAuthHome.Create();
        if (value is null)
        {
            home.Auth.Remove(field);
        }
        else
        {
            home.Auth[field] = value;
        }

        var process = await home.StartAsync();
        var failure = await FailureAsync(process.SignIns.BeginAsync(home.Settings, Cancel));
        Assert.Equal(FailureKind.MissingField, failure.Kind);
        Assert.Contains(field, failure.Message, StringComparison.Ordinal);
        if (field == "client_secret")
        {
            Assert.DoesNotContain("typed-into", failure.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_client_secret_comes_from_the_vault_and_goes_to_the_token_address_only()
    {
        await using var home = OAuthHome.Create();
        home.Auth["client_secret"] = "vault://mine/client_secret";
        var process = await home.StartAsync();
        await process.Vault.StoreAsync("vault://mine/client_secret", "secret-canary-55", [home.Server.Url.ToString()], Cancel);
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        using var page = await home.Server.AllowAsync(start.Url.AbsoluteUri);
        await process.SignIns.AwaitAsync("mine", Cancel);
        Assert.Equal("secret-canary-55", AuthorizationServer.Fields(home.Server.Requests.Single().Body)["client_secret"]);
        Assert.DoesNotContain("canary", start.Url.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_forgets_the_tokens_and_what_was_known_of_them()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        await process.SignIns.SignOutAsync("mine", Cancel);
        Assert.Empty(await process.Vault.ListAsync(Cancel));
        Assert.Equal("{}", (await File.ReadAllTextAsync(home.Ledger, Cancel)).Trim());
        Assert.Equal(FailureKind.ProviderAuthFailed, (await process.FailureAsync(home.Settings))?.Kind);
        Assert.Empty(home.Api.Requests);
    }

    private static Uri Redirect(Uri start) => new(AuthorizationServer.Fields(start.Query.TrimStart('?'))["redirect_uri"]);

    private static async Task<Failure> FailureAsync(Task running) =>
        (await Assert.ThrowsAsync<FailureException>(() => running.WaitAsync(TimeSpan.FromSeconds(20)))).Failure;

    private static async Task<string> SendAsync(int port, string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, Cancel);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), Cancel);
        return await new StreamReader(client.GetStream()).ReadToEndAsync(Cancel);
    }
}
