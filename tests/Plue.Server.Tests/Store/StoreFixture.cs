using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

/// <summary>A temporary data folder that is deleted after the test.</summary>
public sealed class StoreFixture : IDisposable
{
    public StoreFixture(string? home = null)
    {
        Home = home ?? Directory.CreateTempSubdirectory("plue-store-").FullName;
        Paths = new PluePaths(Home);
    }

    public string Home { get; }
    internal PluePaths Paths { get; }

    /// <summary>Opens the same folder as another process would.</summary>
    public ChatStore NewStore(TimeProvider? time = null) => new(Paths, time ?? TimeProvider.System, NullLogger.Instance);

    public string PathOf(string id) => Path.Combine(Paths.Chats, id + ".jsonl");

    public static Message NewMessage(MessageRole role, string? text, MessageStatus status = MessageStatus.Complete) =>
        new()
        {
            Id = Ids.New("msg"),
            CodexId = "codex://chats/test",
            Role = role,
            Status = status,
            CreatedAt = DateTimeOffset.UtcNow,
            UpdatedAt = DateTimeOffset.UtcNow,
            Parts = text is null ? [] : [new MessagePart.Text(text)],
        };

    /// <summary>Creates and closes a chat with one message for each text, alternately from the user and the assistant.</summary>
    public async Task<string> NewChatAsync(params string[] texts)
    {
        await using var journal = NewStore().Create("ai-chat", "A title", "local", "small");
        for (var i = 0; i < texts.Length; i++)
        {
            await journal.AppendAsync(NewMessage(i % 2 == 0 ? MessageRole.User : MessageRole.Assistant, texts[i]), CancellationToken.None);
        }

        return journal.Id;
    }

    /// <summary>Starts tests/Tools/JournalWriter with redirected stdin and stdout.</summary>
    public Process StartWriter(string id, string mode, string argument = "0", params string[] before)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(directory.Parent!.Parent!.FullName, "JournalWriter", directory.Name, "JournalWriter.dll");
        string[] command =
        [
            .. before,
            Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
            "exec",
            program,
            Home,
            id,
            mode,
            argument,
        ];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}
