using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class ChatStoreTests : IDisposable
{
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Reopening_a_chat_shows_the_same_messages()
    {
        var id = await fixture.NewChatAsync("What is a codex?", "A versioned document.");
        var chat = fixture.NewStore().Read(id);
        Assert.Equal(["What is a codex?", "A versioned document."], chat.Messages.Select(message => message.Text));
        Assert.Equal(
            ("A title", "local", "small", "ai-chat", false),
            (chat.Title, chat.ProviderId, chat.Model, chat.TemplateId, chat.Archived)
        );
        Assert.Equal(ChatStatus.Idle, chat.Status);
        Assert.Null(chat.Notice);
        Assert.Null(chat.TotalCost);
    }

    [Fact]
    public async Task A_chat_without_a_title_is_named_after_its_first_message()
    {
        await using var journal = fixture.NewStore().Create("ai-chat", null, null, null);
        Assert.Equal("New chat", fixture.NewStore().Read(journal.Id).Title);
        await journal.AppendAsync(
            StoreFixture.NewMessage(MessageRole.User, new string('a', 59) + "🙂 and more\nsecond line"),
            CancellationToken.None
        );
        Assert.Equal(new string('a', 59) + "…", fixture.NewStore().Read(journal.Id).Title);
    }

    [Fact]
    public async Task Changed_fields_are_kept_and_an_empty_text_removes_a_value()
    {
        var id = await fixture.NewChatAsync("Hello");
        await fixture
            .NewStore()
            .UpdateAsync(id, new ChatFields(Title: "Renamed", Archived: true, ProviderId: "other", Model: ""), CancellationToken.None);
        var chat = fixture.NewStore().Read(id);
        Assert.Equal(("Renamed", true, "other", null), (chat.Title, chat.Archived, chat.ProviderId, chat.Model));
    }

    [Fact]
    public async Task A_hidden_message_is_not_shown_but_its_cost_counts()
    {
        var store = fixture.NewStore();
        await using var journal = store.Create("ai-chat", null, null, null);
        var answer = StoreFixture.NewMessage(MessageRole.Assistant, "4") with { Cost = new Cost(0.10m, 0.20m, 0, 0.30m, "catalog") };
        await journal.AppendAsync(answer, CancellationToken.None);
        await journal.DiscardAsync(answer.Id, CancellationToken.None);
        var chat = store.Read(journal.Id);
        Assert.Empty(chat.Messages);
        Assert.Equal(0.30m, chat.TotalCost);
    }

    [Fact]
    public async Task The_cost_of_a_response_that_was_stored_before_its_tools_ran_counts_once()
    {
        var store = fixture.NewStore();
        await using var journal = store.Create("ai-chat", null, null, null);
        for (var round = 0; round < 3; round++)
        {
            var answer = StoreFixture.NewMessage(MessageRole.Assistant, "4") with { Cost = new Cost(0.10m, 0.20m, 0, 0.30m, "catalog") };
            await journal.RecordIntentAsync(answer with { Status = MessageStatus.Streaming }, CancellationToken.None);
            await journal.AppendAsync(answer, CancellationToken.None);
        }

        Assert.Equal(0.90m, store.Read(journal.Id).TotalCost);
    }

    [Fact]
    public async Task A_message_stored_twice_is_shown_once_in_its_first_place()
    {
        var store = fixture.NewStore();
        await using var journal = store.Create("ai-chat", null, null, null);
        var first = StoreFixture.NewMessage(MessageRole.User, "draft");
        await journal.AppendAsync(first, CancellationToken.None);
        await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.Assistant, "answer"), CancellationToken.None);
        await journal.AppendAsync(first with { Parts = [new MessagePart.Text("final")] }, CancellationToken.None);
        Assert.Equal(["final", "answer"], store.Read(journal.Id).Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task A_deleted_chat_can_be_restored()
    {
        var store = fixture.NewStore();
        var id = await fixture.NewChatAsync("Keep me");
        store.Delete(id);
        Assert.Empty(store.List());
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => store.Read(id)).Failure.Kind);
        store.Restore(id);
        Assert.Equal("Keep me", Assert.Single(store.Read(id).Messages).Text);
    }

    [Fact]
    public async Task Deleting_a_chat_that_is_open_here_closes_it_first()
    {
        var store = fixture.NewStore();
        var journal = store.Create("ai-chat", null, null, null);
        store.Delete(journal.Id);
        await Assert.ThrowsAsync<FailureException>(async () =>
            await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "late"), CancellationToken.None)
        );
        Assert.Empty(store.List());
    }

    [Theory]
    [InlineData("")]
    [InlineData("chat_")]
    [InlineData("../../etc/passwd")]
    [InlineData("chat_0123456789abcdef0123456789abcde/")]
    [InlineData("chat_0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("chat_0123456789abcdef0123456789abcdef.jsonl")]
    public void An_id_is_never_a_path(string id) =>
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => fixture.NewStore().Read(id)).Failure.Kind);

    [Fact]
    public async Task The_list_is_newest_first_and_survives_a_lost_or_broken_index()
    {
        var first = await fixture.NewChatAsync("one");
        // Two chats need different times.
        await Task.Delay(5);
        var second = await fixture.NewChatAsync("two", "three");
        var expected = fixture.NewStore().List();
        Assert.Equal([second, first], expected.Select(row => row.Id));
        var index = Path.Combine(fixture.Paths.Index, "chats.idx");
        foreach (
            var broken in new[]
            {
                "",
                "{",
                "null",
                "{\"format\":1}",
                "{\"format\":1,\"chats\":[null,{}]}",
                "{\"format\":9,\"chats\":[]}",
                "\0\0\0",
            }
        )
        {
            File.WriteAllBytes(index, System.Text.Encoding.UTF8.GetBytes(broken));
            Assert.Equal(expected, fixture.NewStore().List());
        }

        File.Delete(index);
        Assert.Equal(expected, fixture.NewStore().List());
        Assert.True(File.Exists(index));
    }

    [Fact]
    public async Task Listing_again_opens_only_what_changed()
    {
        var id = await fixture.NewChatAsync("one");
        await fixture.NewChatAsync("two");
        fixture.NewStore().List();
        // The length and time stay the same, so only a reader that opens the file would notice the change.
        var path = fixture.PathOf(id);
        var time = File.GetLastWriteTimeUtc(path);
        File.WriteAllBytes(path, new byte[new FileInfo(path).Length]);
        File.SetLastWriteTimeUtc(path, time);
        Assert.All(fixture.NewStore().List(), row => Assert.Equal("A title", row.Title));
    }

    [Fact]
    public async Task Without_a_writable_index_the_list_still_works()
    {
        var id = await fixture.NewChatAsync("one");
        File.WriteAllBytes(fixture.Paths.Index, []); // a file in place of the folder
        Assert.Equal(id, Assert.Single(fixture.NewStore().List()).Id);
    }

    [Fact]
    public async Task Files_are_0600_and_folders_0700_even_with_umask_0()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        var old = NativeFile.umask(0);
        try
        {
            var store = new StoreFixture(Path.Combine(fixture.Home, "deep", "home"));
            var id = await store.NewChatAsync("private");
            store.NewStore().List();
            await using var open = await store.NewStore().OpenAsync(id, CancellationToken.None);
            using var lease = await open.AcquireAsync(CancellationToken.None);
            foreach (
                var directory in Directory
                    .EnumerateDirectories(Path.Combine(fixture.Home, "deep"), "*", SearchOption.AllDirectories)
                    .Append(Path.Combine(fixture.Home, "deep"))
            )
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, NativeFile.ModeOf(directory));
            }

            var files = Directory.GetFiles(store.Home, "*", SearchOption.AllDirectories);
            Assert.Equal(3, files.Length);
            Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, NativeFile.ModeOf(file)));
        }
        finally
        {
            _ = NativeFile.umask(old);
        }
    }
}
