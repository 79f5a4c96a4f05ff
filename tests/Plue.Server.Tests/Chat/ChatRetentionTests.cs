using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Cli;
using Plue.Server.Codices;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Store;
using Plue.Server.Tests.Store;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Chat;

public sealed class ChatRetentionTests : IAsyncDisposable
{
    /// <summary>In days; the clock is trusted after it.</summary>
    private const int MaxStep = 6;

    private readonly string folder = Directory.CreateTempSubdirectory("plue-retention-").FullName;
    private readonly MovableTime time = new();
    private readonly Services services;
    private readonly Conversations conversations;
    private readonly ChatRetention retention;

    public ChatRetentionTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "work"));
        services = new Services(LogLevel.Error, Paths, time);
        var chat = services.Chat(new SilentEvents());
        conversations = new Conversations(chat);
        retention = new ChatRetention(services.Platform, chat, conversations);
        SetPolicy("{ max_chat_days: 90 }");
    }

    private PluePaths Paths => new(Path.Combine(folder, "home")) { AddedPolicy = PolicyFile };
    private string PolicyFile => Path.Combine(folder, "policy.json5");
    private ChatStore Store => services.Store.Chats;

    public async ValueTask DisposeAsync()
    {
        await conversations.DisposeAsync();
        await services.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Only_chats_and_tasks_whose_last_message_is_too_old_go_to_the_trash()
    {
        var (old, oldTask, continued) = (NewChat(), NewTask(), NewChat());
        PassDays(89);
        Assert.Equal(0, Run());
        await ContinueAsync(continued);
        var young = NewChat();
        PassDays(2);
        Assert.Equal(2, Run());
        Assert.Equal([young, continued], Store.ListAll().Select(chat => chat.Id));
        Assert.Equal([old], Store.ListDeleted().Select(chat => chat.Id));
        Assert.Equal([oldTask], Store.ListDeleted(ChannelKind.Task).Select(chat => chat.Id));
        Assert.Equal(0, Run());
    }

    [Theory]
    [InlineData("{ denied_tools: [] }")]
    [InlineData("{ max_chat_days: 0 }")]
    [InlineData("{ max_chat_days: 1, unknown: 2 }")]
    public void Without_a_valid_limit_nothing_is_deleted(string policy)
    {
        SetPolicy(policy);
        NewChat();
        PassDays(400);
        Assert.Equal(0, Run());
        Assert.Single(Store.List());
    }

    [Fact]
    public async Task A_chat_that_is_open_is_kept_until_the_next_start()
    {
        var id = NewChat();
        await conversations.GetAsync(UriOf(id), CancellationToken.None);
        PassDays(100);
        Assert.Equal(0, Run());
        await using var later = new Services(LogLevel.Error, Paths, time);
        var chat = later.Chat(new SilentEvents());
        await using var none = new Conversations(chat);
        Assert.Equal(1, new ChatRetention(later.Platform, chat, none).RunOnce(CancellationToken.None));
    }

    [Fact]
    public async Task While_a_response_runs_in_another_window_its_whole_tree_is_kept()
    {
        var parent = NewChat();
        var (child, sibling) = (NewTask(parent), NewTask(parent));
        var answer = StoreFixture.NewMessage(MessageRole.Assistant, null, MessageStatus.Streaming);
        await using (var other = await new ChatStore(Paths, time, services.Platform.CreateLogger("Store")).OpenAsync(child, default))
        {
            await other.BeginAsync(answer, CancellationToken.None);
            PassDays(100);
            Assert.Equal(0, Run());
        }

        Assert.Equal(3, Run());
        Assert.Equal([child, sibling], Store.ListDeleted(ChannelKind.Task).Select(task => task.Id).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_chat_with_changes_to_review_is_deleted_and_the_audit_record_says_so()
    {
        var (plain, edited) = (NewChat(), NewChat());
        var file = Path.Combine(folder, "work", "a.txt");
        File.WriteAllText(file, "one\n");
        var scope = await services.Edits.Log.BeginAsync(
            new EditAuthor(UriOf(edited), "t1", "u1", "edit"),
            Path.GetDirectoryName(file)!,
            [file],
            null,
            CancellationToken.None
        );
        File.WriteAllText(file, "two\n");
        await scope.EndAsync(CancellationToken.None);
        PassDays(91);
        Assert.Equal(2, Run());
        Assert.Equal("two\n", File.ReadAllText(file));

        var says =
            $"Your organization's policy ({PolicyFile}) does not allow chats and tasks to be kept for more than 90 days after their last message. This one was moved to the trash.";
        Assert.Equal(
            new Dictionary<string, string>
            {
                [UriOf(plain)] = says,
                [UriOf(edited)] = $"{says} It had file changes that were not reviewed, which stay in the files.",
            },
            PolicyRefusals.Read(Paths).ToDictionary(refusal => refusal.Codex!, refusal => refusal.Sentence)
        );
    }

    [Fact]
    public void A_clock_set_ahead_deletes_nothing_for_a_day()
    {
        NewChat();
        Assert.Equal(0, Run());
        time.SetWall(TimeSpan.FromDays(20_000));
        Assert.Equal(0, Run());
        time.SetWall(TimeSpan.FromDays(-20_000));
        Assert.Equal(0, Run());
        Assert.Single(Store.List());
    }

    [Fact]
    public void A_clock_set_back_and_chats_with_dates_of_a_wrong_clock_delete_nothing()
    {
        NewChat();
        time.SetWall(TimeSpan.FromDays(400));
        var ahead = NewChat();
        time.SetWall(TimeSpan.FromDays(-20_000));
        var unset = NewChat();
        Assert.Equal(0, Run());
        time.SetWall(TimeSpan.FromDays(19_600));
        PassDays(8);
        Assert.Equal(0, Run());
        Assert.Equal(3, Store.List().Count);

        // The date of a chat from a clock that was never set is that of its file.
        File.SetLastWriteTimeUtc(Path.Combine(Paths.Chats, unset + ".jsonl"), time.GetUtcNow().UtcDateTime.AddDays(-91));
        Assert.Equal(1, Run());
        Assert.Contains(ahead, Store.List().Select(chat => chat.Id));
    }

    [Fact]
    public void A_damaged_chat_is_as_old_as_its_file()
    {
        var path = Path.Combine(Paths.Chats, NewChat() + ".jsonl");
        File.AppendAllText(path, "damaged\ndamaged\n");
        PassDays(100);
        File.SetLastWriteTimeUtc(path, time.GetUtcNow().UtcDateTime.AddDays(-89));
        Assert.Equal(ChatStatus.Damaged, Assert.Single(Store.List()).Status);
        Assert.Equal(0, Run());
        PassDays(2);
        Assert.Equal(1, Run());
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void One_run_is_bounded_and_begins_with_the_oldest()
    {
        var ids = Enumerable
            .Range(0, ChatRetention.MaxPerRun + 3)
            .Select(_ =>
            {
                time.SetWall(TimeSpan.FromMinutes(1));
                return NewChat();
            })
            .ToList();
        PassDays(100);
        Assert.Equal(ChatRetention.MaxPerRun, Run());
        Assert.Equal(ids.TakeLast(3).Reverse(), Store.List().Select(chat => chat.Id));
        Assert.Equal(3, Run());
    }

    [Fact]
    public async Task It_runs_after_the_start_and_then_daily()
    {
        var id = NewChat();
        PassDays(89);
        using var stop = new CancellationTokenSource();
        var running = retention.RunAsync(stop.Token);
        time.Advance(TimeSpan.FromMinutes(1));
        await UntilAsync(() => time.HasTimer(TimeSpan.FromDays(1)));
        Assert.Equal([id], Store.List().Select(chat => chat.Id));
        PassDays(1);
        time.Advance(TimeSpan.FromDays(1));
        await UntilAsync(() => Store.List().Count == 0);
        await stop.CancelAsync();
        await running;
    }

    [Theory]
    [InlineData("{ max_chat_days: 90 }", "{ trash_days: null }", 31)]
    [InlineData("{ max_chat_days: 90 }", "{ trash_days: 300 }", 31)]
    [InlineData("{ max_chat_days: 90 }", "{ broken", 31)]
    [InlineData("{ max_chat_days: 90, max_trash_days: 60 }", "{ trash_days: 300 }", 61)]
    public void The_trash_does_not_keep_expired_chats_forever(string policy, string settings, int days)
    {
        SetPolicy(policy);
        NewChat();
        PassDays(91);
        Run();
        DurableFile.Replace(Paths.Config, System.Text.Encoding.UTF8.GetBytes(settings));
        var cleaner = new TrashCleaner(services.Platform);
        PassDays(days - 2);
        cleaner.Empty();
        Assert.Single(Store.ListDeleted());
        PassDays(2);
        cleaner.Empty();
        Assert.Empty(Store.ListDeleted());
    }

    private int Run() => retention.RunOnce(CancellationToken.None);

    private void SetPolicy(string text) => File.WriteAllText(PolicyFile, text);

    private string NewChat()
    {
        using var journal = Store.Create("ai-chat", "A chat", null, null);
        return journal.Id;
    }

    private string NewTask(string? parent = null)
    {
        var fields = new ChatFields("A task", null, null, null);
        using var journal = Store.Create(
            ChannelKind.Task,
            "task",
            parent is null
                ? fields
                : fields with
                {
                    Values = new Dictionary<string, JsonElement>
                    {
                        [StoredChat.SpawnedByField] = JsonSerializer.SerializeToElement(UriOf(parent)),
                    },
                }
        );
        return journal.Id;
    }

    private async Task ContinueAsync(string id)
    {
        await using var journal = await Store.OpenAsync(id, CancellationToken.None);
        await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "More"), CancellationToken.None);
    }

    /// <summary>Lets days pass in which Plue runs.</summary>
    private void PassDays(int days)
    {
        for (var left = days; left > 0; left -= MaxStep)
        {
            time.SetWall(TimeSpan.FromDays(Math.Min(left, MaxStep)));
            ExpiryClock.Read(Paths, time);
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            // The background loop publishes nothing to await.
            await Task.Delay(10, limit.Token);
        }
    }

    private static string UriOf(string id) => CodexUri.OfChannel(id).ToString();
}
