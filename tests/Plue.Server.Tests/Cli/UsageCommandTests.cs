using System.CommandLine;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Tests.Cli;

public sealed class UsageCommandTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Costs_are_printed_by_model_with_the_total_and_unknown_prices()
    {
        Assert.Equal(0, await RunAsync(["usage", "--from", "2026-11-01", "--to", "2026-11-30"]));
        Assert.Matches(
            "^small \\(acme\\) +\\$1\\.5\\d* +2 responses +2,000 in +200 out\nlarge \\(acme\\) +\\$0\\.00\\+ +1 responses +1,000 in +100 out\nTotal +\\$1\\.50\\+ +3 responses +3,000 in +300 out\n$",
            output.ToString()
        );
        Assert.Equal("The cost is at least this much: the price of 1 of 3 responses is not known.\n", error.ToString());
    }

    [Fact]
    public async Task Prints_json_or_csv()
    {
        Assert.Equal(0, await RunAsync(["usage", "--from", "2026-11-01", "--to", "2026-11-30", "--json"]));
        Assert.Equal(3, (int?)JsonNode.Parse(output.ToString())?["total"]?["responses"]);
        output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync(["usage", "--from", "2026-11-01", "--to", "2026-11-30", "--csv"]));
        Assert.Equal(4, output.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task Without_days_it_shows_the_last_thirty() => Assert.Equal(0, await RunAsync(["usage", "--by", "chat"]));

    private async Task<int> RunAsync(string[] arguments)
    {
        await using var services = new Services(LogLevel.Warning, new PluePaths(home));
        services.Store.Usage.Add(Entry("m1", "small", 1.0m));
        services.Store.Usage.Add(Entry("m2", "small", 0.5m));
        services.Store.Usage.Add(Entry("m3", "large", null));
        var root = new RootCommand
        {
            UsageCommand.Create(_ => services, new Terminal(TextReader.Null, output, error, isInputRedirected: true)),
        };
        return await root.Parse(arguments).InvokeAsync();
    }

    private static UsageEntry Entry(string id, string model, decimal? cost) =>
        new()
        {
            Time = new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero),
            Id = id,
            ChatId = "chat_a",
            Template = "ai-chat",
            ProviderId = "acme",
            ProviderName = "Acme",
            Model = model,
            Usage = new Usage { InputTokens = 1000, OutputTokens = 100 },
            Cost = cost,
            Status = "complete",
        };
}
