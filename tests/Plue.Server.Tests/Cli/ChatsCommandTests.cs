using System.CommandLine;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Tests.Store;
using Plue.Server.Tests.Transfer;

namespace Plue.Server.Tests.Cli;

public sealed class ChatsCommandTests : IDisposable
{
    private readonly TransferFixture fixture = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task An_exported_chat_can_be_imported()
    {
        var chat = await fixture.ChatAsync("A / title", StoreFixture.NewMessage(MessageRole.User, "Hello"));
        Assert.Equal(0, await RunAsync("export", chat.Id, "--format", "json", "--out", fixture.Outside));
        var file = Path.Combine(fixture.Outside, "A - title.json");
        Assert.Equal($"Written to {file}.\n", error.ToString());
        Assert.Equal(0, await RunAsync("import", file));
        Assert.Matches("^codex://chats/chat_[0-9a-f]{32}  A / title\n$", output.ToString());
        Assert.Equal(1, await RunAsync("import", file));
        Assert.Contains("This chat was already imported.", error.ToString());
        Assert.Equal(0, await RunAsync("import", file, "--again"));
        output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("list"));
        Assert.Equal(3, output.ToString().Count(letter => letter == '\n'));
    }

    [Fact]
    public async Task Without_a_file_the_chat_is_printed()
    {
        var chat = await fixture.ChatAsync("Shown", StoreFixture.NewMessage(MessageRole.User, "Hello"));
        Assert.Equal(0, await RunAsync("export", $"codex://chats/{chat.Id}"));
        Assert.StartsWith("# Shown\n", output.ToString());
        Assert.Equal(1, await RunAsync("export", "chat_00000000000000000000000000000000"));
    }

    private async Task<int> RunAsync(params string[] arguments)
    {
        await using var services = new Services(LogLevel.Warning, new PluePaths(fixture.Home));
        var root = new RootCommand
        {
            ChatsCommand.Create(_ => services, new Terminal(TextReader.Null, output, error, isInputRedirected: true)),
        };
        return await root.Parse(["chats", .. arguments]).InvokeAsync();
    }
}
