using Plue.Server.Health;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Health;

public class HealthCheckTests
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task A_check_that_fails_or_never_ends_is_a_row_and_the_others_are_shown()
    {
        var never = new TaskCompletionSource<IReadOnlyList<HealthRow>>();
        using var stuck = new ManualResetEventSlim();
        var report = await RunAsync(
            HealthCheck.Create("One", isNeeded: false, () => [HealthRow.Ok("One", "Well.")]),
            HealthCheck.Create("Two", isNeeded: false, () => throw new InvalidOperationException("a bug.")),
            HealthCheck.Create("Three", isNeeded: false, () => throw new FailureException(FailureKind.StoreReadOnly, "The disk is full.")),
            new HealthCheck("Four", IsNeeded: false, _ => never.Task),
            HealthCheck.Create(
                "Five",
                isNeeded: true,
                () =>
                {
                    stuck.Wait(TimeSpan.FromSeconds(20));
                    return [];
                }
            )
        );
        stuck.Set();
        Assert.Equal(
            [
                ("One", HealthState.Ok, "Well."),
                ("Two", HealthState.Failed, "It could not be checked (a bug)."),
                ("Three", HealthState.Failed, "The disk is full."),
                ("Four", HealthState.Failed, "It could not be checked within 1 seconds."),
                ("Five", HealthState.Failed, "It could not be checked within 1 seconds."),
            ],
            report.Rows.Select(row => (row.Name, row.State, row.Sentence))
        );
        Assert.False(report.IsHealthy);
    }

    [Theory]
    [InlineData(HealthState.Ok, true, true)]
    [InlineData(HealthState.Warning, true, true)]
    [InlineData(HealthState.Missing, true, false)]
    [InlineData(HealthState.Failed, true, false)]
    [InlineData(HealthState.Missing, false, true)]
    [InlineData(HealthState.Failed, false, true)]
    public void Only_what_is_needed_decides(HealthState state, bool isNeeded, bool isHealthy) =>
        Assert.Equal(
            isHealthy,
            new HealthReport([HealthRow.Ok("One", "Well."), new HealthRow("Two", state, "So.") { IsNeeded = isNeeded }]).IsHealthy
        );

    [Fact]
    public async Task A_canceled_report_returns_immediately()
    {
        using var source = new CancellationTokenSource();
        var running = HealthCheck.RunAsync(
            [
                new HealthCheck(
                    "One",
                    false,
                    async token =>
                    {
                        await source.CancelAsync();
                        await Task.Delay(Timeout.Infinite, token);
                        return [];
                    }
                ),
            ],
            TimeSpan.FromMinutes(1),
            text => text,
            "",
            source.Token
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Theory]
    [InlineData("It is in /home/me.", "/home/me", "It is in ~.")]
    [InlineData("/home/me/.plue and /home/me/x", "/home/me", "~/.plue and ~/x")]
    [InlineData("/home/melanie/.plue", "/home/me", "/home/melanie/.plue")]
    [InlineData("/home/me.old", "/home/me", "/home/me.old")]
    [InlineData("x/home/me", "/home/me", "x/home/me")]
    [InlineData("/home/me/x", "/home/me/", "~/x")]
    [InlineData("/etc/hosts", "/", "/etc/hosts")]
    [InlineData("/etc/hosts", "", "/etc/hosts")]
    public void The_users_folder_is_written_as_a_tilde(string text, string folder, string expected) =>
        Assert.Equal(expected, HealthCheck.WithTilde(text, folder));

    [Fact]
    public async Task Text_from_files_and_servers_shows_hidden_characters_and_no_secrets()
    {
        var report = await HealthCheck.RunAsync(
            [HealthCheck.Create("One", false, () => [HealthRow.Warning("a\u202Eb", "the secret") with { Advice = "not the secret" }])],
            CheckTimeout,
            text => text.Replace("secret", "***", StringComparison.Ordinal),
            "",
            default
        );
        Assert.Equal(("a⟨U+202E⟩b", "the ***", "not the ***"), (report.Rows[0].Name, report.Rows[0].Sentence, report.Rows[0].Advice));
    }

    private static Task<HealthReport> RunAsync(params HealthCheck[] checks) =>
        HealthCheck.RunAsync(checks, CheckTimeout, text => text, "", CancellationToken.None);
}
