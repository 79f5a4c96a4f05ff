using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Tests.Store;

namespace Plue.Server.Tests.Cli;

public sealed class SearchCommandTests : IDisposable
{
    private readonly StoreFixture fixture = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Matches_are_printed_with_their_location()
    {
        var id = await fixture.NewChatAsync("Where is\nthe needle?", "Not here.");
        Assert.Equal(0, await RunAsync("the", "NEEDLE"));
        Assert.Matches(
            $"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} [0-9:]{{5}}  A title\n  Where is the needle\\?\n  codex://chats/{id} msg_[0-9a-f]{{32}}\n$",
            output.ToString()
        );
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public async Task Json_has_one_match_per_line()
    {
        await fixture.NewChatAsync("needle 1", "needle 2", "needle 3");
        Assert.Equal(0, await RunAsync("needle", "--json", "--limit", "2"));
        Assert.Equal(
            ["needle 3", "needle 2"],
            output
                .ToString()
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("snippet").GetString())
        );
        Assert.Equal("There are more than 2 hits. Increase --limit to see more.\n", error.ToString());
    }

    [Fact]
    public async Task Options_filter_without_a_search_term()
    {
        await using (var journal = fixture.NewStore().Create("ai-chat", "Mixed", "own", null))
        {
            await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "a question"), CancellationToken.None);
            await journal.AppendAsync(
                StoreFixture.NewMessage(MessageRole.Assistant, "```\ncode\n```", MessageStatus.Stopped) with
                {
                    ProviderInfo = new ProviderInfo("other", "m1"),
                },
                CancellationToken.None
            );
        }

        foreach (
            var options in new[]
            {
                new[] { "--code" },
                ["--status", "stopped"],
                ["--provider", "other"],
                ["--model", "m1", "--from", "2026-01-01"],
            }
        )
        {
            output.GetStringBuilder().Clear();
            Assert.Equal(0, await RunAsync(options));
            Assert.Contains("``` code\n", output.ToString());
            Assert.DoesNotContain("a question", output.ToString());
        }

        output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("question", "--to", "2000-01-01"));
        Assert.Equal("", output.ToString());
    }

    [Fact]
    public async Task An_invalid_date_is_a_usage_error()
    {
        Assert.NotEqual(0, await RunAsync("x", "--from", "yesterday"));
        Assert.Equal("", output.ToString());
    }

    private async Task<int> RunAsync(params string[] arguments)
    {
        await using var services = new Services(LogLevel.Warning, fixture.Paths);
        var command = SearchCommand.Create(_ => services, new Terminal(TextReader.Null, output, error, isInputRedirected: true));
        return await command
            .Parse(arguments)
            .InvokeAsync(new InvocationConfiguration { Output = TextWriter.Null, Error = TextWriter.Null });
    }
}
