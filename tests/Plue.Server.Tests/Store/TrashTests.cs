using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Codices;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class TrashTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-trash-").FullName);

    public TrashTests() => Directory.CreateDirectory(paths.Trash);

    public void Dispose() => Directory.Delete(paths.Home, recursive: true);

    [Fact]
    public void Deletes_only_expired_files()
    {
        var old = Put("old.jsonl", TimeSpan.FromDays(31));
        var young = Put("young.jsonl", TimeSpan.FromDays(29));
        Assert.Equal(1, Trash.RemoveOlderThan(TimeSpan.FromDays(30), paths, new At(Now), NullLogger.Instance));
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    [Fact]
    public async Task The_days_of_a_chat_count_from_its_deletion_and_not_from_its_last_message()
    {
        var store = new ChatStore(paths, new At(Now), NullLogger.Instance);
        var journal = store.Create("ai-chat", "Old", null, null);
        var id = journal.Id;
        await journal.DisposeAsync();
        File.SetLastWriteTimeUtc(Path.Combine(paths.Chats, id + ".jsonl"), Now.UtcDateTime.AddDays(-400));
        store.Delete(id);
        Assert.Equal(0, Trash.RemoveOlderThan(TimeSpan.FromDays(30), paths, new At(Now.AddDays(29)), NullLogger.Instance));
        Assert.Equal(1, Trash.RemoveOlderThan(TimeSpan.FromDays(30), paths, new At(Now.AddDays(31)), NullLogger.Instance));
    }

    [Fact]
    public void A_trash_folder_that_is_a_link_is_not_emptied()
    {
        var elsewhere = Directory.CreateTempSubdirectory("plue-elsewhere-").FullName;
        var file = Path.Combine(elsewhere, "kept.txt");
        DurableFile.Replace(file, "kept"u8);
        File.SetLastWriteTimeUtc(file, Now.UtcDateTime.AddDays(-100));
        Directory.Delete(paths.Trash);
        Directory.CreateSymbolicLink(paths.Trash, elsewhere);
        Assert.Equal(0, Trash.RemoveOlderThan(TimeSpan.FromDays(30), paths, new At(Now), NullLogger.Instance));
        Assert.True(File.Exists(file));
        Directory.Delete(elsewhere, recursive: true);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("{ trash_days: 90 }", true)]
    [InlineData("{ trash_days: 0 }", true)]
    [InlineData("{ broken", true)]
    public async Task The_settings_define_the_retention_and_nothing_is_deleted_while_they_are_invalid(string? settings, bool stays)
    {
        if (settings is not null)
        {
            DurableFile.Replace(paths.Config, System.Text.Encoding.UTF8.GetBytes(settings));
        }

        var file = Put("old.jsonl", TimeSpan.FromDays(60));
        await using var services = new Services(LogLevel.Error, paths);
        new TrashCleaner(services.Platform).Empty();
        Assert.Equal(stays, File.Exists(file));
    }

    private string Put(string name, TimeSpan age)
    {
        var path = Path.Combine(paths.Trash, name);
        DurableFile.Replace(path, "x"u8);
        File.SetLastWriteTimeUtc(path, Now.UtcDateTime - age);
        return path;
    }

    private sealed class At(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
