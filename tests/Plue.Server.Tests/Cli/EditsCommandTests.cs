using System.CommandLine;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Modules;
using Plue.Server.Tests.Edits;

namespace Plue.Server.Tests.Cli;

[UnsupportedOSPlatform("windows")]
public sealed class EditsCommandTests : IDisposable
{
    private readonly EditFixture fixture = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Changes_are_listed_shown_and_decided_file_by_file()
    {
        fixture.Write("a.txt", "one\n");
        await fixture.EditAsync("t1", "a.txt", "two\u001b\n");
        await fixture.EditAsync("t1", "new/b.txt", "made\n");
        Assert.Equal(0, await RunAsync("list"));
        Assert.Matches(
            "^pending   modified        \\+1 -1  a.txt  codex://chats/chat_a\npending   created         \\+1 -0  new/b.txt  codex://chats/chat_a\n$",
            Output()
        );
        Assert.Equal(0, await RunAsync("show", "a.txt"));
        var shown = Output();
        Assert.Matches("(?s)@@ -1,1 \\+1,1 @@ \\S+\n-one\n\\+two", shown);
        Assert.DoesNotContain('\u001b', shown);

        Assert.Equal(0, await RunAsync("reject", "a.txt"));
        Assert.Equal("one\n", fixture.Read("a.txt"));
        Assert.Equal(0, await RunAsync("accept", "--all"));
        Assert.Equal("made\n", fixture.Read("new/b.txt"));
        Assert.Empty(fixture.Files);
    }

    [Fact]
    public async Task One_change_of_a_file_is_rejected_by_its_id()
    {
        fixture.Write("a.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
        await fixture.EditAsync("t1", "a.txt", "one\n2\n3\n4\n5\n6\n7\n8\nnine\n");
        Assert.Equal(0, await RunAsync("reject", "a.txt", "--hunk", fixture.Review("a.txt").Hunks[1].Id));
        Assert.Equal("one\n2\n3\n4\n5\n6\n7\n8\n9\n", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task The_last_turn_is_undone_and_applied_again()
    {
        fixture.Write("a.txt", "one\n");
        await fixture.EditAsync("t1", "a.txt", "two\n");
        await fixture.EditAsync("t2", "a.txt", "three\n", EditFixture.Other);
        Assert.Equal(0, await RunAsync("undo"));
        Assert.Equal("two\n", fixture.Read("a.txt"));
        Assert.Equal(0, await RunAsync("undo", "--chat", "codex://chats/chat_a", "--json"));
        Assert.Equal("one\n", fixture.Read("a.txt"));
        Assert.All(JsonNode.Parse(Output().Split('\n')[^2])!["turns"]!.AsArray(), turn => Assert.True((bool?)turn!["isUndone"]));
        Assert.Equal(0, await RunAsync("redo", "--chat", "codex://chats/chat_a"));
        Assert.Equal("two\n", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task A_file_that_changed_since_is_reported_and_not_touched()
    {
        fixture.Write("a.txt", "one\n");
        await fixture.EditAsync("t1", "a.txt", "two\n");
        fixture.Write("a.txt", "mine\n");
        Assert.Equal(1, await RunAsync("reject", "--all"));
        Assert.Contains("a.txt", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("mine\n", fixture.Read("a.txt"));
    }

    [Theory]
    [InlineData("accept", "Name the files, or use --all.", 2)]
    [InlineData("reject --all --hunk 1", "Name the file of the change.", 2)]
    [InlineData("reject missing.txt", "There is no undecided change in missing.txt.", 1)]
    [InlineData("undo", "There is no turn whose changes can be undone.", 1)]
    [InlineData("list", "There are no changes of agents in ", 0)]
    public async Task Errors_are_one_sentence(string line, string sentence, int exitCode)
    {
        Assert.Equal(exitCode, await RunAsync(line.Split(' ')));
        Assert.StartsWith(sentence, error.ToString(), StringComparison.Ordinal);
    }

    private string Output()
    {
        var text = output.ToString();
        output.GetStringBuilder().Clear();
        return text;
    }

    private async Task<int> RunAsync(params string[] arguments)
    {
        await using var services = new Services(LogLevel.Warning, fixture.Paths);
        var terminal = new Terminal(TextReader.Null, output, error, isInputRedirected: true);
        var root = new RootCommand
        {
            EditsCommand.Create(
                folder =>
                {
                    services.Platform.Trust(folder);
                    return services;
                },
                terminal
            ),
        };
        return await root.Parse(["edits", .. arguments, "--workspace", fixture.Folder]).InvokeAsync();
    }
}
