using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Tests.Store;
using Plue.Server.Transfer;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Transfer;

/// <summary>A home with chats, and a separate folder with files to import.</summary>
public sealed class TransferFixture : IDisposable
{
    private readonly StoreFixture store = new();

    public TransferFixture()
    {
        Outside = Directory.CreateTempSubdirectory("plue-outside-").FullName;
        Blobs = new Blobs(store.Paths);
        Export = new ChatExport(Blobs, Redactor);
        Import = new ChatImport(
            new ImportedChats(store.Paths, TimeProvider.System),
            Blobs,
            Redactor,
            new ProgramFolders(_ => null, Outside)
        );
    }

    public string Home => store.Home;
    public string Outside { get; }
    public Redactor Redactor { get; } = new();
    public Blobs Blobs { get; }
    public ChatExport Export { get; }
    internal ChatImport Import { get; }
    public ChatStore Chats => store.NewStore();

    /// <summary>All files in the home, to detect partial writes.</summary>
    public IReadOnlyList<string> Files =>
        [.. Directory.EnumerateFiles(Home, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(Home, path)).Order()];

    public string Write(string name, params IEnumerable<string> lines) =>
        Write(name, Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));

    public string Write(string name, byte[] content)
    {
        var path = Path.GetFullPath(Path.Combine(Outside, name));
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public ImportReport Run(string path, bool again = false, SessionFormat? format = null) =>
        Import.Run([path], format, again, CancellationToken.None);

    /// <summary>Imports a file with one chat and asserts that nothing failed.</summary>
    public StoredChat Imported(string path)
    {
        var report = Run(path);
        Assert.Empty(report.Failed);
        return Chats.Read(Assert.Single(report.ChatIds));
    }

    public async Task<StoredChat> ChatAsync(string? title, params Message[] messages)
    {
        await using var journal = Chats.Create("ai-chat", title, null, null);
        foreach (var message in messages)
        {
            await journal.AppendAsync(message, CancellationToken.None);
        }
        return journal.Chat;
    }

    public static Message Answer(params MessagePart[] parts) =>
        StoreFixture.NewMessage(MessageRole.Assistant, null) with
        {
            Parts = parts,
            ProviderInfo = new ProviderInfo("anthropic", "claude-test"),
        };

    public static Message Question(params MessagePart[] parts) => StoreFixture.NewMessage(MessageRole.User, null) with { Parts = parts };

    /// <summary>Returns everything that a user sees of a chat, without IDs and other data that differ in a copy.</summary>
    public static string Shape(StoredChat chat)
    {
        var all = chat.Tree.DescendantsOf("").Skip(1).Select(id => chat.Tree.Find(id)!).ToList();
        var index = all.Select((message, at) => (message.Id, at)).ToDictionary(pair => pair.Id, pair => pair.at);
        var lines = all.Select(message =>
            $"{index.GetValueOrDefault(message.ParentId ?? "", -1)} {JsonSerializer.Serialize(StoredMessage.From(message with
        {
            Id = "",
            CodexId = "",
            ParentId = "",
            IsCopy = false,
            ProviderInfo = message.ProviderInfo is { } info ? info with { ProviderId = info.ProviderId.Replace(" (imported)", "") } : null,
        }), StoredJson.Default.StoredMessage)}"
        );
        return string.Join(
            '\n',
            [
                $"{chat.Title} {chat.HasTitle} {chat.Pinned} {chat.Archived} {string.Join(',', chat.Tags)} {index.GetValueOrDefault(chat.Tree.Head, -1)}",
                .. lines,
            ]
        );
    }

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(Outside, recursive: true);
    }

    public static Gen<string> Texts { get; } =
        Gen.OneOf(
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text.Get))),
            Gen.Elements(
                "```\ncode\n```",
                "a | b\n--|--\n1 | 2",
                "<script>alert(1)</script>",
                "🙂 ß 中",
                "# heading",
                "[x](javascript:alert(1))",
                "\u0000\u0001"
            )
        );
}
