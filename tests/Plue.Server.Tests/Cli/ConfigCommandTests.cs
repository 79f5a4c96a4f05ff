using System.Text.Json.Nodes;
using Plue.Server.Cli;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

public sealed class ConfigCommandTests : IAsyncLifetime
{
    private readonly PlueHome home = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task A_setting_is_set_printed_and_reset_and_comments_are_kept()
    {
        home.Write("config.json5", "{\n  // Mine.\n  trash_days: 7,\n}\n");
        Assert.Equal((0, "5\n", ""), await RunAsync("set", "budget_usd_per_day", "5"));
        Assert.Equal("{\n  // Mine.\n  trash_days: 7,\n  budget_usd_per_day: 5,\n}\n", home.Read("config.json5"));
        Assert.Equal((0, "5\n", ""), await RunAsync("get", "budget_usd_per_day"));
        Assert.Equal((0, "", ""), await RunAsync("reset", "budget_usd_per_day"));
        Assert.Equal((0, "30\n", ""), await RunAsync("reset", "trash_days"));
        Assert.Contains("// Mine.", home.Read("config.json5"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("allowed_hosts", """["api.example.com","*.example.org"]""", "api.example.com", "*.example.org")]
    [InlineData("allowed_hosts", """["a.example"]""", "[\"a.example\"]")]
    [InlineData("default_large", "anthropic", "anthropic")]
    [InlineData("default_large", """{"provider":"anthropic","model":"m"}""", "{provider: 'anthropic', model: 'm'}")]
    [InlineData("mask_secrets", "false", "false")]
    [InlineData("quiet_hours", "22:00-07:00", "22:00-07:00")]
    public async Task A_value_has_the_type_of_its_setting(string name, string printed, params string[] values)
    {
        Assert.Equal((0, printed + "\n", ""), await RunAsync(["set", name, .. values]));
        var json = JsonNode.Parse((await RunAsync("get", name, "--json")).Output)!;
        Assert.Equal((name, false), ((string?)json["name"], (bool?)json["isDefault"]));
    }

    [Theory]
    [InlineData(2, "There is no setting trash_day. Did you mean `trash_days`?", "set", "trash_day", "5")]
    [InlineData(2, "`trash_days` is less than 1", "set", "trash_days", "0")]
    [InlineData(2, "The value of trash_days is not valid.", "set", "trash_days", "many")]
    [InlineData(2, "trash_days has one value.", "set", "trash_days", "1", "2")]
    [InlineData(2, "`quiet_hours` must be two times of day", "set", "quiet_hours", "22-7")]
    [InlineData(1, "Do not store keys in files.", "set", "notify_webhook_key", "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz")]
    public async Task A_wrong_name_or_value_changes_nothing(int exitCode, string reason, params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.Equal((exitCode, ""), (run.ExitCode, run.Output));
        Assert.Contains(reason, run.Error, StringComparison.Ordinal);
        Assert.False(home.Has("config.json5"));
    }

    [Fact]
    public async Task The_list_has_every_setting_with_its_value_and_a_problem_of_the_file()
    {
        home.Write("config.json5", "{ trash_days: 7, mask_secrets: 'maybe' }");
        var run = await RunAsync("list");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("\n  trash_days = 7\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n  mask_secrets = true (default)\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n  proxy = (not set)\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("config.json5:1:32 `mask_secrets`", run.Error, StringComparison.Ordinal);
        Assert.Equal(7, (int?)JsonNode.Parse((await RunAsync("list", "--json")).Output)!["values"]!["trash_days"]);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var terminal = new Terminal(TextReader.Null, output, error, isInputRedirected: true);
        var exitCode = await ConfigCommand.Create(home.Open, terminal).Parse(arguments).InvokeAsync();
        return (exitCode, output.ToString(), error.ToString());
    }
}
