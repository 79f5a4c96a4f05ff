using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

/// <summary>Exclusive access to a journal, and the error if locks are not available.</summary>
public sealed class JournalLockTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-lock-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string Journal => Path.Combine(folder, "a.jsonl");

    [Fact]
    public void One_process_owns_the_lock_at_a_time_and_no_file_remains()
    {
        Assert.False(JournalLock.IsHeld(Journal));
        using (var owner = JournalLock.Acquire(Journal, "chat"))
        {
            Assert.True(owner.IsIntact && JournalLock.IsHeld(Journal));
            Assert.Null(JournalLock.TryAcquire(Journal, "chat"));
            var refused = Assert.Throws<FailureException>(() => JournalLock.Acquire(Journal, "chat")).Failure;
            Assert.Equal(
                (FailureKind.Conflict, "Another window is writing to this chat. Try again when it has finished."),
                (refused.Kind, refused.Message)
            );
        }

        Assert.False(JournalLock.IsHeld(Journal));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public void A_deleted_or_replaced_lock_file_is_not_intact_and_the_other_lock_stays()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There a held file cannot be deleted.");
        using var second = Replaced(JournalLock.Acquire(Journal, "chat"));
        Assert.True(second.IsIntact && JournalLock.IsHeld(Journal));

        JournalLock Replaced(JournalLock first)
        {
            File.Delete(JournalLock.PathOf(Journal));
            Assert.False(first.IsIntact);
            var another = JournalLock.Acquire(Journal, "chat");
            Assert.False(first.IsIntact);
            first.Dispose();
            return another;
        }
    }

    [Fact]
    public void A_stale_or_forged_lock_file_excludes_no_one()
    {
        File.WriteAllText(JournalLock.PathOf(Journal), "1 long ago, by me");
        Assert.False(JournalLock.IsHeld(Journal));
        using var owner = JournalLock.Acquire(Journal, "chat");
        Assert.True(owner.IsIntact);
    }

    [Fact]
    public void Reports_a_link_or_folder_in_place_of_the_lock_and_keeps_its_target()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links are not for every user there.");
        var other = Path.Combine(folder, "other");
        File.WriteAllText(other, "mine");
        File.CreateSymbolicLink(JournalLock.PathOf(Journal), other);
        var link = Assert.Throws<FailureException>(() => JournalLock.TryAcquire(Journal, "chat")).Failure;
        Assert.Equal(
            (
                FailureKind.StoreReadOnly,
                $"{JournalLock.PathOf(Journal)} is a link, so this chat is not opened for writing. Remove the link."
            ),
            (link.Kind, link.Message)
        );
        Assert.Equal("mine", File.ReadAllText(other));

        File.Delete(JournalLock.PathOf(Journal));
        Directory.CreateDirectory(JournalLock.PathOf(Journal));
        var inTheWay = Assert.Throws<FailureException>(() => JournalLock.TryAcquire(Journal, "chat")).Failure;
        Assert.Equal(FailureKind.StoreReadOnly, inTheWay.Kind);
        Assert.StartsWith("This chat cannot be opened for writing", inTheWay.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_release_request_expires_and_a_failed_request_is_ignored()
    {
        var mark = Journal + ".wanted";
        Assert.False(JournalLock.IsReleaseRequested(Journal));
        JournalLock.RequestRelease(Journal);
        JournalLock.RequestRelease(Journal);
        Assert.True(JournalLock.IsReleaseRequested(Journal));
        File.SetLastWriteTimeUtc(mark, DateTime.UtcNow.AddSeconds(-6));
        Assert.False(JournalLock.IsReleaseRequested(Journal));
        JournalLock.RequestRelease(Journal);
        Assert.True(JournalLock.IsReleaseRequested(Journal));
        JournalLock.ClearRequest(Journal);
        Assert.False(File.Exists(mark));

        Directory.CreateDirectory(mark);
        JournalLock.RequestRelease(Journal);
        JournalLock.ClearRequest(Journal);
        JournalLock.RequestRelease(Path.Combine(folder, "none", "a.jsonl"));
        Assert.False(JournalLock.IsReleaseRequested(Journal));
        Assert.True(Directory.Exists(mark));
    }
}
