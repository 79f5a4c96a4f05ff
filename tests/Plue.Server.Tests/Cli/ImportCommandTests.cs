using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Tests.Transfer;

namespace Plue.Server.Tests.Cli;

public sealed class ImportCommandTests : IDisposable
{
    private readonly TransferFixture fixture = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Found_data_is_imported_by_kind_and_the_import_is_undone()
    {
        fixture.Write(".gemini/tmp/w/chats/session-1.jsonl", File.ReadAllBytes(Samples.Of("gemini-cli.jsonl")));
        fixture.Write(".gemini/commands/fix.toml", "prompt = 'Fix it'");
        Assert.Equal(0, await RunAsync("find"));
        Assert.Matches(@"gemini-cli +chats +1 ", output.ToString());
        Assert.Matches(@"gemini-cli +prompts +1 ", output.ToString());

        Assert.Equal(0, await RunAsync("run", "gemini-cli", "--kind", "chats"));
        Assert.Single(fixture.Chats.List());
        Assert.False(Directory.Exists(Path.Combine(fixture.Home, "prompts")));
        Assert.Contains("To undo it: plue import undo import_", error.ToString());

        Assert.Equal(0, await RunAsync("undo"));
        Assert.Contains("1 item was removed.", output.ToString());
        Assert.Empty(fixture.Chats.List());
        Assert.Equal(1, await RunAsync("undo"));
        Assert.Contains("There is no import to undo.", error.ToString());
    }

    [Fact]
    public async Task A_run_names_its_kinds_and_a_known_program()
    {
        Assert.NotEqual(0, await RunAsync("run", "gemini-cli"));
        Assert.Equal(1, await RunAsync("run", "gemini", "--kind", "chats"));
        Assert.Contains("There is no program gemini.", error.ToString());
    }

    private async Task<int> RunAsync(params string[] arguments)
    {
        await using var services = new Services(LogLevel.Warning, new PluePaths(fixture.Home, fixture.Outside));
        var root = new RootCommand
        {
            ImportCommand.Create(_ => services, new Terminal(TextReader.Null, output, error, isInputRedirected: true)),
        };
        return await root.Parse(["import", .. arguments]).InvokeAsync();
    }
}
