using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Tests.Providers.ClaudeCode;

namespace Plue.Server.Tests.Providers.Connections;

/// <summary>Subscription limits between two responses.</summary>
public sealed class UsageWindowsTests
{
    private static readonly ProviderSettings Settings = new()
    {
        Id = "claude",
        Name = "Claude Code",
        Kind = ProviderKinds.ClaudeCode,
    };

    [Fact]
    public void A_window_is_known_until_its_reset_and_for_the_same_settings()
    {
        var time = new ManualTime();
        var windows = new UsageWindows(time);
        var now = time.GetUtcNow();
        Assert.Empty(windows.Of(Settings));
        windows.Report(Settings, [new("five_hour", 0.9, now.AddHours(1)), new("seven_day", 0.4, now.AddDays(3))]);
        Assert.Equal(["five_hour", "seven_day"], windows.Of(Settings).Select(window => window.Name));
        Assert.Empty(windows.Of(Settings with { ApiKeyRef = "vault://claude/key" }));
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(["seven_day"], windows.Of(Settings).Select(window => window.Name));
    }
}
