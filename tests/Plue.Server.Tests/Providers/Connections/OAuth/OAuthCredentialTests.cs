using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Connections.OAuth;

public sealed class OAuthCredentialTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
    private static readonly ProviderEvent Good = new ProviderEvent.Finished(StopReason.EndTurn);

    [Fact]
    public async Task A_token_is_renewed_five_minutes_before_its_end_and_not_before()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        home.Time.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        Assert.Equal(0, home.Server.Refreshes);
        home.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        Assert.Equal(1, home.Server.Refreshes);
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        Assert.Equal(1, home.Server.Refreshes);
    }

    [Theory]
    [InlineData(-400), InlineData(-1), InlineData(1)]
    public async Task A_clock_that_is_set_neither_keeps_an_old_token_nor_loses_a_good_one(int days)
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        home.Time.SetWall(TimeSpan.FromDays(days));
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        home.Time.Advance(TimeSpan.FromMinutes(56));
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        Assert.InRange(home.Server.Refreshes, 1, 2);
    }

    [Fact]
    public async Task The_hour_of_the_server_does_not_matter()
    {
        await using var home = OAuthHome.Create();
        // The clocks of machine and server differ by years. The server returns only a duration, which counts from the local time.
        home.Time.SetWall(TimeSpan.FromDays(-3000));
        var process = await home.SignedInAsync();
        home.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        Assert.Equal(0, home.Server.Refreshes);
    }

    [Fact]
    public async Task Refreshes_once_for_twenty_requests()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        home.Time.Advance(TimeSpan.FromMinutes(61));
        var gate = new TaskCompletionSource();
        home.Server.RefreshGate = gate.Task;
        var asking = Enumerable.Range(0, 20).Select(_ => process.AskAsync(home.Settings)).ToArray();
        while (home.Server.Refreshes == 0)
        {
            await Task.Yield();
        }
        gate.SetResult();
        Assert.All(await Task.WhenAll(asking), events => Assert.Equal(Good, events[^1]));
        Assert.Equal(1, home.Server.Refreshes);
        Assert.Equal(20, home.Api.Requests.Count);
    }

    [Fact]
    public async Task Repeats_twenty_rejected_requests_after_one_refresh()
    {
        await using var home = OAuthHome.Create();
        home.Server.ExpiresIn = null;
        var process = await home.SignedInAsync();
        home.Time.Advance(TimeSpan.FromMinutes(1));
        var old = home.Server.AccessToken;
        var accepts = home.Api.Route;
        home.Api.Route = request =>
            request.Headers["authorization"] == $"Bearer {old}" ? ScriptedAnswer.Json("{}", 401) : accepts?.Invoke(request);
        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => process.AskAsync(home.Settings))),
            events => Assert.Equal(Good, events[^1])
        );
        Assert.Equal(1, home.Server.Refreshes);
    }

    [Fact]
    public async Task A_token_that_is_refused_though_it_is_fresh_is_not_renewed_for_ever()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        home.Api.Route = _ => ScriptedAnswer.Json("""{"error":{"message":"no"}}""", 401);
        home.Time.Advance(TimeSpan.FromMinutes(1));
        var failure = await process.FailureAsync(home.Settings);
        Assert.Equal(FailureKind.ProviderAuthFailed, failure?.Kind);
        Assert.EndsWith("Sign in again.", failure?.Message, StringComparison.Ordinal);
        Assert.Equal(1, home.Server.Refreshes);
        Assert.Equal(2, home.Api.Requests.Count);
    }

    [Fact]
    public async Task A_new_refresh_token_takes_the_place_of_the_old_time_after_time()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        for (var times = 1; times <= 5; times++)
        {
            home.Time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
            Assert.Equal(home.Server.RefreshToken, await process.Vault.GetAsync("vault://mine/refresh_token", home.Server.Url, Cancel));
        }

        Assert.Equal(5, home.Server.Refreshes);
    }

    [Fact]
    public async Task A_server_that_gives_no_new_refresh_token_leaves_the_old_one()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        home.Server.GivesRefreshTokens = false;
        for (var times = 1; times <= 2; times++)
        {
            home.Time.Advance(TimeSpan.FromHours(1));
            Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        }
    }

    [Fact]
    public async Task A_revoked_sign_in_asks_for_a_new_one_and_the_server_only_once()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        var token = home.Server.RefreshToken;
        home.Server.Revoke();
        home.Time.Advance(TimeSpan.FromHours(2));
        for (var times = 0; times < 3; times++)
        {
            var failure = await process.FailureAsync(home.Settings);
            Assert.Equal(FailureKind.ProviderAuthFailed, failure?.Kind);
            Assert.EndsWith("Sign in again.", failure?.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(token, failure?.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, home.Server.Refreshes);
        Assert.Empty(home.Api.Requests);
        var start = await process.SignIns.BeginAsync(home.Settings, Cancel);
        using var page = await home.Server.AllowAsync(start.Url.AbsoluteUri);
        await process.SignIns.AwaitAsync("mine", Cancel);
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
    }

    [Fact]
    public async Task Without_a_refresh_token_the_end_is_the_end()
    {
        await using var home = OAuthHome.Create();
        home.Server.GivesRefreshTokens = false;
        var process = await home.SignedInAsync();
        foreach (var days in new[] { -1, 2 })
        {
            home.Time.SetWall(TimeSpan.FromDays(days));
            Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        }

        home.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal("The sign-in of My server has ended. Sign in again.", (await process.FailureAsync(home.Settings))?.Message);
    }

    [Fact]
    public async Task Uses_a_valid_token_while_the_server_is_down()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        home.Time.Advance(TimeSpan.FromMinutes(57));
        home.Server.Instead = _ => ScriptedAnswer.Json("{}", 503);
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        home.Time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal(FailureKind.Overloaded, (await process.FailureAsync(home.Settings))?.Kind);
        home.Server.Instead = null;
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
    }

    [Fact]
    public async Task A_second_window_uses_what_the_first_one_got()
    {
        await using var home = OAuthHome.Create();
        var first = await home.SignedInAsync();
        var second = await home.StartAsync();
        home.Time.Advance(TimeSpan.FromMinutes(58));
        await Task.WhenAll(first.AskAsync(home.Settings), second.AskAsync(home.Settings));
        Assert.Equal(1, home.Server.Refreshes);
        home.Time.Advance(TimeSpan.FromMinutes(58));
        Assert.Equal(Good, (await second.AskAsync(home.Settings))[^1]);
        Assert.Equal(Good, (await first.AskAsync(home.Settings))[^1]);
        Assert.Equal(2, home.Server.Refreshes);
    }

    [Fact]
    public async Task A_locked_vault_is_reported_and_new_tokens_are_kept()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        home.Time.Advance(TimeSpan.FromHours(2));
        var gate = new TaskCompletionSource();
        home.Server.RefreshGate = gate.Task;
        var asking = process.FailureAsync(home.Settings);
        while (home.Server.Refreshes == 0)
        {
            await Task.Yield();
        }
        await process.Vault.LockAsync(Cancel);
        gate.SetResult();
        Assert.Equal(FailureKind.VaultLocked, (await asking)?.Kind);
        Assert.Equal(FailureKind.VaultLocked, (await process.FailureAsync(home.Settings))?.Kind);
        await process.Vault.UnlockAsync(Plue.Server.Tests.Vault.VaultHome.Editor, Cancel);
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        Assert.Equal(1, home.Server.Refreshes);
        Assert.Equal(home.Server.RefreshToken, await process.Vault.GetAsync("vault://mine/refresh_token", home.Server.Url, Cancel));
    }

    [Fact]
    public async Task A_token_goes_to_no_other_endpoint_than_it_was_got_for()
    {
        await using var home = OAuthHome.Create();
        var process = await home.SignedInAsync();
        await using var other = new ScriptedEndpoint(ScriptedAnswer.Json("{}"));
        var failure = await process.FailureAsync(home.Settings with { Endpoint = other.Url });
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, failure?.Kind);
        home.Auth["token_url"] = $"{other.Url}token";
        home.Time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, (await process.FailureAsync(home.Settings))?.Kind);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [
        InlineData("{"),
        InlineData("[]"),
        InlineData("{\"mine\":7}"),
        InlineData("{\"mine\":{\"received_at\":\"soon\"}}"),
        InlineData("\uFFFF")
    ]
    public async Task A_damaged_file_of_times_costs_a_refresh_and_no_more(string content)
    {
        await using var home = OAuthHome.Create();
        await home.SignedInAsync();
        using (var file = new FileStream(home.Ledger, FileMode.Create))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(content));
        }
        var process = await home.StartAsync();
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        home.Server.ExpiresIn = 60;
        home.Time.Advance(TimeSpan.FromHours(2));
        var accepts = home.Api.Route;
        var old = home.Server.AccessToken;
        home.Api.Route = request =>
            request.Headers["authorization"] == $"Bearer {old}" ? ScriptedAnswer.Json("{}", 401) : accepts?.Invoke(request);
        Assert.Equal(Good, (await process.AskAsync(home.Settings))[^1]);
        Assert.Equal(1, home.Server.Refreshes);
    }
}
