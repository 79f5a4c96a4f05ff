using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Health;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Health;

/// <summary>Checks of the data folder, and their suggested fixes.</summary>
public sealed class DiskChecksTests : IAsyncDisposable
{
    private readonly PlueHome home = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task A_file_in_the_place_of_the_folder_fails_with_both_ways_out()
    {
        var file = home.Write("file", "");
        var row = await FolderAsync(file);
        Assert.Equal((HealthState.Failed, true, $"{file} is a file but must be a folder."), (row.State, row.IsNeeded, row.Sentence));
        Assert.Contains("PLUE_HOME", row.Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_data_folder_is_reported_as_created_on_first_use()
    {
        var row = await FolderAsync(Path.Combine(home.Folder, "not", "yet"));
        Assert.Equal(HealthState.Ok, row.State);
        Assert.Contains("which is created on first use.", row.Sentence, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(home.Folder, "not")));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_named_with_what_to_make_writable()
    {
        var folder = Directory.CreateDirectory(Path.Combine(home.Folder, "ro")).FullName;
        using (Mount.ReadOnly(folder))
        {
            var row = await FolderAsync(folder);
            Assert.Equal(
                (HealthState.Failed, true, $"{folder} is not writable, so nothing can be saved."),
                (row.State, row.IsNeeded, row.Sentence)
            );
            row = await FolderAsync(Path.Combine(folder, "new", "er"));
            Assert.Equal($"{Path.Combine(folder, "new", "er")} cannot be created, so nothing can be saved.", row.Sentence);
            Assert.StartsWith($"Make {folder} writable", row.Advice, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(100, HealthState.Warning, "Only 100 MB are free.")]
    [InlineData(10, HealthState.Failed, "Only 10 MB are free. Nothing can be saved.")]
    public async Task Little_space_is_a_warning_and_next_to_none_a_failure(int mebibytes, HealthState state, string says)
    {
        var folder = Path.Combine(home.Folder, "small");
        using (Mount.Small(folder, mebibytes * 1024))
        {
            var row = await FolderAsync(Path.Combine(folder, "plue"));
            Assert.Equal((state, state == HealthState.Failed, "Free some disk space."), (row.State, row.IsNeeded, row.Advice));
            Assert.EndsWith(says, row.Sentence, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Chats_tasks_and_the_trash_are_counted_and_of_many_damaged_ones_some_are_named()
    {
        List<string> ids = [];
        for (var i = 0; i < 7; i++)
        {
            await using var journal = home.Services.Store.Chats.Create("ai-chat", "A private title", null, null);
            ids.Add(journal.Id);
        }

        await home.Services.Store.Chats.Create(ChannelKind.Task, "task", new ChatFields()).DisposeAsync();
        home.Services.Store.Chats.Delete(ids[0]);
        Assert.Equal((HealthState.Ok, "6 chats and 1 task, 1 in the trash. All are readable."), Chats());
        foreach (var id in ids.Skip(1))
        {
            await File.AppendAllTextAsync(
                Path.Combine(home.Paths.Chats, id + ".jsonl"),
                "this is no record\nnor this\n",
                TestContext.Current.CancellationToken
            );
        }

        var (state, sentence) = Chats();
        Assert.Equal(HealthState.Warning, state);
        Assert.StartsWith("6 chats and 1 task, 1 in the trash. 6 are partly unreadable: chat_", sentence, StringComparison.Ordinal);
        Assert.EndsWith(", ….", sentence, StringComparison.Ordinal);
        Assert.Equal(5, ids.Count(id => sentence.Contains(id, StringComparison.Ordinal)));

        (HealthState, string) Chats() => StateOf(new DiskChecks(home.Open().Health).Chats());
    }

    [Fact]
    public void Distinguishes_missing_valid_and_questionable_settings()
    {
        Assert.Equal((HealthState.Ok, "All settings have their default value."), Settings());
        var file = home.Write("config.json5", "{ trash_days: 3 }");
        Assert.Equal((HealthState.Ok, "The settings are valid."), Settings());
        home.Write("config.json5", "{ trash_day: 3 }");
        Assert.Equal(
            (HealthState.Warning, $"{file} is valid with warnings: `trash_day` is not a known setting. Did you mean `trash_days`?"),
            Settings()
        );

        (HealthState, string) Settings() => StateOf(new DiskChecks(home.Services.Health).Settings());
    }

    [Fact]
    public void Permission_rules_are_counted_and_linked_to_the_list()
    {
        var checks = new DiskChecks(home.Services.Health);
        Assert.Equal(["No setting weakens security."], checks.Security().Select(row => row.Sentence));
        home.Services.Permissions.Rules.Add("bash(npm test)", home.Folder);
        Assert.Equal(
            ["No setting weakens security.", "1 thing is always allowed by your permission rules."],
            checks.Security().Select(row => row.Sentence)
        );
        home.Services.Permissions.Rules.Add("bash(npm run build)", home.Folder);
        var row = checks.Security()[^1];
        Assert.Equal(("2 things are always allowed by your permission rules.", HealthAction.ShowRules), (row.Sentence, row.Fix?.Action));
    }

    [Fact]
    public void Processes_without_a_window_are_listed_with_their_folders_while_they_run()
    {
        var (_, owner) = new DetachedEntries(home.Paths, NullLogger.Instance).Add("sidecar_1", new DetachedEntry("pipe", 4711, ["/code"]));
        using (owner)
        {
            Assert.Equal(
                ["Process 4711 continues the chats and tasks of a closed window (/code)."],
                new DiskChecks(home.Services.Health).BackgroundWork().Select(row => row.Sentence)
            );
        }
        Assert.Empty(new DiskChecks(home.Services.Health).BackgroundWork());
    }

    private static (HealthState, string) StateOf(IReadOnlyList<HealthRow> rows) => (Assert.Single(rows).State, rows[0].Sentence);

    private static async Task<HealthRow> FolderAsync(string folder)
    {
        await using var services = new Services(LogLevel.Warning, new PluePaths(folder));
        return new DiskChecks(services.Health).Folder().Single();
    }
}
