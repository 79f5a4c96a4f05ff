using System.Buffers;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class ChatHistoryTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Each_changed_field_is_one_sentence_of_the_history()
    {
        Assert.Equal(
            [
                "Changed the title to \"Mine\".",
                "Archived the chat.",
                "Pinned the chat.",
                "Set the tags to a, b.",
                "Switched to tour with small.",
                "Changed the fallback providers.",
                "Changed the model options.",
                "Changed the pinned files.",
            ],
            await ChangesAsync(
                new ChatFields("Mine", true, "tour", "small", [new ModelChoice("local")], new ChatOptions(0.5))
                {
                    Pinned = true,
                    Tags = ["a", "b"],
                    ContextFiles = ["a.ts"],
                }
            )
        );
        Assert.Equal(
            ["Removed the title.", "Restored the chat from the archive.", "Unpinned the chat.", "Removed all tags.", "Switched to tour."],
            await ChangesAsync(new ChatFields("", false, "tour") { Pinned = false, Tags = [] })
        );
        Assert.Equal(["Switched to the model large."], await ChangesAsync(new ChatFields(Model: "large")));
        Assert.Equal(["Switched to the provider's default model."], await ChangesAsync(new ChatFields(Model: "")));
        Assert.Equal([], await ChangesAsync(new ChatFields { ReadUntil = "" }));
    }

    [Fact]
    public async Task Automatic_renames_are_not_attributed_to_the_user()
    {
        var store = fixture.NewStore();
        await using var journal = store.Create("ai-chat", "A title", "old", null);
        await journal.UpdateAsync(new ChatFields { TemplateId = "new", By = ChangedBy.Plue }, None);
        await journal.UpdateAsync(new ChatFields(ProviderId: "new", Fallbacks: [new ModelChoice("new")]) { By = ChangedBy.Plue }, None);
        Assert.Equal(
            [
                "plue: Changed the fallback providers.",
                "plue: The provider was renamed to new.",
                "plue: The template was renamed to new.",
                "you: Created the chat.",
            ],
            store.History(journal.Id).Select(change => $"{change.Author}: {change.Summary}")
        );
    }

    [Fact]
    public async Task Switched_hidden_and_deleted_branches_are_listed_once_each()
    {
        await using var journal = fixture.NewStore().Create("ai-chat", null, null, null);
        var (question, answer, other) = (Question("one"), Answer("1"), Answer("2"));
        await journal.AppendAsync(question, None);
        await journal.AppendAsync(answer with { ParentId = question.Id }, None);
        await journal.AppendAsync(other with { ParentId = question.Id }, None);
        await journal.SwitchAsync(answer.Id, None);
        await journal.UndoAsync(None);
        await journal.RedoAsync(None);
        // The alternative response becomes visible, but the user did not select it.
        await journal.DiscardAsync([answer.Id], other.Id, None);
        await journal.DiscardAsync([question.Id, other.Id], "", None);
        Assert.Equal(
            [
                "Sent \"one\".",
                "Responded.",
                "Responded again.",
                "Switched to another branch.",
                "Undid the last turn.",
                "Redid the turn.",
                "Deleted a response.",
                "Deleted a message.",
            ],
            Descriptions(journal)
        );
    }

    [Fact]
    public async Task Lists_the_outcome_and_author_of_a_response()
    {
        await using var journal = fixture.NewStore().Create("ai-chat", null, null, null);
        foreach (
            var (status, error, info) in new (MessageStatus, Failure?, ProviderInfo?)[]
            {
                (MessageStatus.Complete, null, new ProviderInfo("local", "small")),
                (MessageStatus.Stopped, null, new ProviderInfo("local", null)),
                (MessageStatus.Interrupted, null, null),
                (MessageStatus.Failed, new Failure(FailureKind.RateLimited, "Too many."), null),
                (MessageStatus.Failed, null, null),
            }
        )
        {
            await journal.AppendAsync(Question("?"), None);
            await journal.AppendAsync(Answer("!") with { Status = status, Error = error, ProviderInfo = info }, None);
        }

        await journal.AppendAsync(
            StoreFixture.NewMessage(MessageRole.System, "In short.") with
            {
                Compaction = new Compaction(7, 900, 90),
            },
            None
        );
        await journal.AppendAsync(Answer("A title") with { IsHidden = true }, None);
        Assert.Equal(
            [
                "small: Responded.",
                "local: Stopped.",
                "plue: Interrupted.",
                "plue: Failed: Too many.",
                "plue: Failed.",
                "plue: Summarized 7 messages.",
            ],
            fixture
                .NewStore()
                .History(journal.Id)
                .Reverse()
                .Where(change => change.Author != "you")
                .Select(change => $"{change.Author}: {change.Summary}")
        );
    }

    [Fact]
    public async Task Lists_queued_messages_and_copied_messages()
    {
        await using var journal = fixture.NewStore().Create("ai-chat", null, null, null);
        var copied = Question("old") with { IsCopy = true };
        await journal.AppendAllAsync([copied, Answer("older") with { IsCopy = true, ParentId = copied.Id }], None);
        var waiting = Question("wait for\n\n  me");
        await journal.QueueAsync(waiting, None);
        await journal.UnqueueAsync(waiting.Id, None);
        // The message is an alternative to the copy, so the copy counts as a user message.
        await journal.AppendAsync(Question("new") with { ParentId = "" }, None);
        Assert.Equal(
            [
                "Copied messages from another chat.",
                "Queued \"wait for me\".",
                "Removed a message from the queue.",
                "Edited and resent \"new\".",
            ],
            Descriptions(journal)
        );
    }

    [Fact]
    public async Task A_long_question_is_cut_short_and_no_sign_in_half()
    {
        await using var journal = fixture.NewStore().Create("ai-chat", null, null, null);
        await journal.AppendAsync(Question(new string('a', 61)), None);
        await journal.AppendAsync(Question(new string('a', 59) + "🙂b"), None);
        Assert.Equal([$"Sent \"{new string('a', 60)}…\".", $"Sent \"{new string('a', 59)}…\"."], Descriptions(journal));
    }

    [Fact]
    public async Task Keeps_only_the_newest_of_many_changes()
    {
        await using var journal = fixture.NewStore().Create("ai-chat", null, null, null);
        await journal.AppendAllAsync([.. Enumerable.Range(1, ChatHistory.MaxChanges + 1).Select(number => Question($"{number}"))], None);
        var history = Descriptions(journal);
        Assert.Equal(
            (ChatHistory.MaxChanges, "Sent \"2\".", $"Sent \"{ChatHistory.MaxChanges + 1}\"."),
            (history.Count, history[0], history[^1])
        );
    }

    [Fact]
    public async Task A_repaired_file_reports_how_much_was_unreadable()
    {
        var id = await fixture.NewChatAsync("one", "two", "three");
        var bytes = await File.ReadAllBytesAsync(fixture.PathOf(id));
        bytes[bytes.AsSpan().IndexOf("two"u8)] = (byte)'T';
        await File.WriteAllBytesAsync(fixture.PathOf(id), bytes);
        await using (await fixture.NewStore().OpenAsync(id, None)) { }

        var history = fixture.NewStore().History(id);
        Assert.Contains(
            ("plue", "Repaired the file: 1 entry could not be read."),
            history.Select(change => (change.Author, change.Summary))
        );
        Assert.DoesNotContain(history, change => change.Summary == "Responded.");
    }

    [Fact]
    public async Task Skips_records_of_later_versions_and_lists_the_rest()
    {
        var id = await fixture.NewChatAsync("one");
        var lines = new ArrayBufferWriter<byte>();
        JournalLine.Write(lines, 4, DateTimeOffset.UtcNow, "{\"type\":\"head\",\"message_id\":[1]}"u8);
        JournalLine.Write(lines, 5, DateTimeOffset.UtcNow, "{\"type\":\"poll\"}"u8);
        JournalLine.Write(lines, 6, DateTimeOffset.UtcNow, "{\"type\":\"hook\",\"trigger\":\"create\",\"action\":\"sing\",\"depth\":0}"u8);
        await using (var file = new FileStream(fixture.PathOf(id), FileMode.Append))
        {
            file.Write(lines.WrittenSpan);
        }

        Assert.Equal(
            [(6L, "hook", "Hook sing."), (3L, "you", "Sent \"one\".")],
            fixture.NewStore().History(id).Take(2).Select(change => (change.Version, change.Author, change.Summary))
        );
    }

    [Fact]
    public async Task Lists_the_creation_of_a_task_and_the_author_of_its_status()
    {
        var store = fixture.NewStore();
        await using var journal = store.Create(ChannelKind.Task, "task", new ChatFields());
        await journal.UpdateAsync(new ChatFields { Values = Status("queued") }, None);
        await journal.UpdateAsync(new ChatFields { Values = Status("done"), By = ChangedBy.Plue }, None);
        Assert.Equal(
            [("plue", "Set status."), ("you", "Set status."), ("you", "Created the task.")],
            store.History(journal.Id).Select(change => (change.Author, change.Summary))
        );
    }

    [Fact]
    public void A_missing_chat_has_no_history() =>
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => fixture.NewStore().History(Ids.New("chat"))).Failure.Kind);

    [Fact]
    public void An_unreadable_history_is_reported()
    {
        var id = Ids.New("chat");
        Directory.CreateDirectory(fixture.PathOf(id));
        var failure = Assert.Throws<FailureException>(() => fixture.NewStore().History(id)).Failure;
        Assert.Equal(FailureKind.StoreReadOnly, failure.Kind);
        Assert.StartsWith("The history of this chat could not be read", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Returns the history entries of one change of a new chat, in order.</summary>
    private async Task<IEnumerable<string>> ChangesAsync(ChatFields fields)
    {
        await using var journal = fixture.NewStore().Create("ai-chat", "A title", null, null);
        await journal.UpdateAsync(fields, None);
        return Descriptions(journal);
    }

    /// <summary>Returns the history without its first entry, the creation; oldest first.</summary>
    private List<string> Descriptions(ChatJournal journal) =>
        [.. fixture.NewStore().History(journal.Id).Reverse().Select(change => change.Summary).Where(what => what != "Created the chat.")];

    private static Message Question(string text) => StoreFixture.NewMessage(MessageRole.User, text);

    private static Message Answer(string text) => StoreFixture.NewMessage(MessageRole.Assistant, text);

    private static Dictionary<string, JsonElement> Status(string status) =>
        new() { ["status"] = JsonSerializer.SerializeToElement(status) };
}
