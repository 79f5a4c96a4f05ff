using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Tests.Chat;

public sealed class SharedCommandsTests
{
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-commands-").FullName);

    [Fact]
    public async Task The_failure_of_a_command_is_that_of_its_sender()
    {
        var sending = New().SendAsync(new ChatCommand("codex://chats/one", ChatAction.Steer, "Hello"), Elsewhere, CancellationToken.None);
        var receiver = New();
        List<ChatCommand> received = [];
        while (received.Count == 0)
        {
            receiver.Receive(uri => uri == "codex://chats/two", _ => throw new InvalidOperationException());
            receiver.Receive(uri => uri == "codex://chats/one", RunAsync);
            await Task.Yield();
        }

        var fault = await Assert.ThrowsAsync<FailureException>(() => sending);
        Assert.Equal((FailureKind.BudgetExceeded, "Over."), (fault.Failure.Kind, fault.Message));
        Assert.Equal([new ChatCommand("codex://chats/one", ChatAction.Steer, "Hello")], received);
        Assert.Empty(Files());

        Task RunAsync(ChatCommand command)
        {
            received.Add(command);
            throw new FailureException(FailureKind.BudgetExceeded, "Over.");
        }
    }

    [Fact]
    public async Task A_command_is_withdrawn_when_the_chat_runs_nowhere_else()
    {
        Assert.False(await New().SendAsync(new ChatCommand("codex://chats/one", ChatAction.Stop), Gone, CancellationToken.None));
        Assert.Empty(Files());

        static Task<bool> Gone() => Task.FromResult(false);
    }

    [Theory]
    [InlineData("""{"codex_id":"codex://chats/one","action":"Stop"}""")]
    [InlineData("no JSON")]
    public void Commands_of_terminated_senders_are_deleted_and_not_carried_out(string content)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, "command_1.json"), content);
        New().Receive(_ => true, _ => throw new InvalidOperationException("It was carried out."));
        Assert.Empty(Files());
    }

    [Fact]
    public void A_faulty_command_is_skipped()
    {
        Directory.CreateDirectory(Folder);
        var file = Path.Combine(Folder, "command_1.json");
        using var sender = JournalLock.Acquire(file, "command");
        File.WriteAllText(file, "no JSON");
        New().Receive(_ => true, _ => throw new InvalidOperationException("It was carried out."));
        Assert.Contains(file, Files());
    }

    private string Folder => Path.Combine(paths.Index, "commands");

    private string[] Files() => Directory.GetFiles(Folder);

    private SharedCommands New() => new(paths, NullLogger.Instance);

    private static Task<bool> Elsewhere() => Task.FromResult(true);
}
