using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

/// <summary>Custom fields, hooks and tasks in journals.</summary>
public sealed class ChannelValuesTests
{
    private readonly StoreFixture fixture = new();

    [Fact]
    public async Task Values_are_merged_by_name_and_null_removes_one()
    {
        var store = fixture.NewStore();
        var id = "";
        await using (
            var journal = store.Create(ChannelKind.Chat, "review", new ChatFields { Values = Json("""{ "a": 1, "b": { "c": [true] } }""") })
        )
        {
            id = journal.Id;
            await journal.UpdateAsync(new ChatFields { Values = Json("""{ "a": null, "d": "x" }""") }, CancellationToken.None);
            Assert.Equal(
                "b={ \"c\": [true] } d=\"x\"",
                Text(journal.Chat.Values).Replace("{\"c\":[true]}", "{ \"c\": [true] }", StringComparison.Ordinal)
            );
        }

        Assert.Equal("x", fixture.NewStore().Read(id).Text("d"));
        Assert.Equal(["Set a, d.", "Created the chat."], store.History(id).Select(change => change.Summary));
    }

    [Fact]
    public async Task A_failed_hook_stays_until_the_user_changes_something()
    {
        var store = fixture.NewStore();
        await using var journal = store.Create("ai-chat", null, null, null);
        await journal.RecordHookAsync("field_change", "a", "set_field", null, "It cannot.", 1, CancellationToken.None);
        await journal.RecordHookAsync("field_change", "a", "notify", "Hook said \"x\"", null, 1, CancellationToken.None);
        await journal.UpdateAsync(new ChatFields { Values = Json("""{ "a": 1 }"""), By = ChangedBy.Hook }, CancellationToken.None);
        await journal.UpdateAsync(new ChatFields { ReadUntil = "" }, CancellationToken.None);
        await journal.UpdateAsync(new ChatFields("Found") { TitleFromModel = true }, CancellationToken.None);
        var failure = Assert.Single(journal.Chat.HookFailures);
        Assert.Equal(("set_field", "It cannot."), (failure.Action, failure.Message));
        Assert.Equal(
            [
                ("plue", "Changed the title to \"Found\"."),
                ("hook", "Hook said \"x\""),
                ("hook", "Hook set_field failed: It cannot."),
                ("you", "Created the chat."),
            ],
            store.History(journal.Id).Select(change => (change.Author, change.Summary))
        );
        await journal.UpdateAsync(new ChatFields("Named"), CancellationToken.None);
        Assert.Empty(journal.Chat.HookFailures);
    }

    [Fact]
    public async Task A_task_whose_process_ends_before_it_starts_is_interrupted()
    {
        var first = fixture.NewStore();
        var journal = first.Create(
            ChannelKind.Task,
            "task",
            new ChatFields { Values = Json("""{ "status": "queued" }"""), StartsByItself = true }
        );
        var other = fixture.NewStore();
        Assert.Equal("queued", Assert.Single(other.ListTasks()).TaskStatus);
        await using (var looking = await other.OpenAsync(journal.Id, CancellationToken.None))
        {
            Assert.Equal("queued", looking.Chat.Text("status"));
            await journal.DisposeAsync();
            Assert.True(looking.Follow(_ => { }));
            Assert.Equal("interrupted", looking.Chat.Text("status"));
        }

        Assert.Equal("interrupted", Assert.Single(other.ListTasks()).TaskStatus);
        Assert.Equal(("plue", "Set status."), (other.History(journal.Id)[0].Author, other.History(journal.Id)[0].Summary));
    }

    [Fact]
    public async Task An_abandoned_task_is_listed_as_interrupted_and_one_that_waits_for_a_user_as_queued()
    {
        var first = fixture.NewStore();
        await first
            .Create(ChannelKind.Task, "task", new ChatFields { Values = Json("""{ "status": "queued" }"""), StartsByItself = true })
            .DisposeAsync();
        await first.Create(ChannelKind.Task, "task", new ChatFields { Values = Json("""{ "status": "queued" }""") }).DisposeAsync();
        var other = fixture.NewStore();
        var rows = other.ListTasks();
        Assert.Equal(["interrupted", "queued"], rows.Select(row => row.TaskStatus).Order(StringComparer.Ordinal));
        Assert.Equal(rows, other.ListTasks());
        await using (
            var started = first.Create(
                ChannelKind.Task,
                "task",
                new ChatFields { Values = Json("""{ "status": "queued" }"""), StartsByItself = true }
            )
        )
        {
            started.MarkStarted();
            Assert.Equal(2, other.ListTasks().Count(row => row.TaskStatus == "interrupted"));
        }
    }

    [Fact]
    public async Task A_task_has_its_own_row_and_its_responses_define_its_status()
    {
        var store = fixture.NewStore();
        var fields = new ChatFields
        {
            Values = Json("""{ "goal": " Do it.\nWell.", "status": "queued", "spawned_by": "codex://chats/x" }"""),
        };
        await using var journal = store.Create(ChannelKind.Task, "task", fields);
        Assert.Empty(store.List());
        Assert.Equal(("Do it.", "queued", "codex://chats/x"), Row(store));

        var answer = new Message
        {
            Id = Ids.New("msg"),
            CodexId = "x",
            Role = MessageRole.Assistant,
            CreatedAt = DateTimeOffset.UtcNow,
            UpdatedAt = DateTimeOffset.UtcNow,
            Status = MessageStatus.Streaming,
        };
        await journal.BeginAsync(answer, CancellationToken.None);
        Assert.Equal("running", journal.Chat.Text("status"));
        foreach (
            var (status, error, expected) in new (MessageStatus, Failure?, string)[]
            {
                (MessageStatus.Complete, null, "done"),
                (MessageStatus.Stopped, null, "stopped"),
                (MessageStatus.Interrupted, null, "interrupted"),
                (MessageStatus.Failed, new Failure(FailureKind.Timeout, "Late."), "failed"),
                (MessageStatus.Failed, new Failure(FailureKind.BudgetExceeded, "Dear."), "over_budget"),
            }
        )
        {
            await journal.AppendAsync(answer with { Status = status, Error = error }, CancellationToken.None);
            Assert.Equal(expected, journal.Chat.Text("status"));
        }

        Assert.Equal("over_budget", Row(fixture.NewStore()).Status);
        // Read from the index, without opening the journal.
        Assert.Equal(Row(store), Row(fixture.NewStore()));
    }

    [Fact]
    public async Task A_chat_with_a_custom_status_keeps_it_after_responses()
    {
        await using var journal = fixture
            .NewStore()
            .Create(ChannelKind.Chat, "ticket", new ChatFields { Values = Json("""{ "status": "open" }""") });
        await journal.AppendAsync(
            new Message
            {
                Id = Ids.New("msg"),
                CodexId = "x",
                Role = MessageRole.Assistant,
                CreatedAt = default,
                UpdatedAt = default,
            },
            CancellationToken.None
        );
        Assert.Equal("open", journal.Chat.Text("status"));
        Assert.Null(journal.Chat.Summarize().TaskStatus);
    }

    private static (string Title, string? Status, string? SpawnedBy) Row(ChatStore store) =>
        store.ListTasks().Select(row => (row.Title, row.TaskStatus, row.SpawnedBy)).Single();

    private static Dictionary<string, JsonElement> Json(string json) =>
        JsonDocument.Parse(json).RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value);

    private static string Text(IReadOnlyDictionary<string, JsonElement> values) =>
        string.Join(' ', values.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value.GetRawText()}"));
}
