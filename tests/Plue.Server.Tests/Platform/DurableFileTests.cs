using Plue.Server.Platform;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Platform;

/// <summary>After any failure, a file has either its old or its new content, and no temporary files remain.</summary>
public sealed class DurableFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-durable-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Replaced_copied_and_moved_files_are_complete()
    {
        DurableFile.Replace(At("deep/a"), "one"u8);
        DurableFile.Replace(At("deep/a"), "two"u8);
        DurableFile.Copy(At("deep/a"), At("copy"));
        DurableFile.Move(At("deep/a"), At("other/b"));
        Assert.Equal(["copy two", "other/b two"], Everything());
    }

    [Theory]
    [InlineData("folder")]
    [InlineData("file/below")]
    [InlineData("long")]
    public void A_failed_replacement_keeps_the_file_and_leaves_no_temporary_file(string name)
    {
        Directory.CreateDirectory(At("folder"));
        File.WriteAllText(At("file"), "kept");
        var path = At(name == "long" ? new string('x', 300) : name);
        var fault = Record.Exception(() => DurableFile.Replace(path, "new"u8));
        Assert.True(fault is IOException or UnauthorizedAccessException, $"{fault}");
        fault = Record.Exception(() => DurableFile.Copy(At("file"), path));
        Assert.True(fault is IOException or UnauthorizedAccessException, $"{fault}");
        Assert.Equal(["file kept"], Everything());
        Assert.True(Directory.Exists(At("folder")));
    }

    [Fact]
    public void A_copy_of_nothing_and_a_move_onto_a_file_change_nothing()
    {
        File.WriteAllText(At("a"), "one");
        File.WriteAllText(At("b"), "two");
        Assert.Throws<FileNotFoundException>(() => DurableFile.Copy(At("none"), At("a")));
        Assert.ThrowsAny<IOException>(() => DurableFile.Move(At("a"), At("b")));
        Assert.Equal(["a one", "b two"], Everything());
    }

    [Fact]
    public void A_full_disk_leaves_the_old_file_and_no_half_of_the_new_one()
    {
        var small = At("small");
        using (Mount.Small(small, 64))
        {
            DurableFile.Replace(Path.Combine(small, "a"), "old"u8);
            Assert.ThrowsAny<IOException>(() => DurableFile.Replace(Path.Combine(small, "a"), new byte[256 * 1024]));
            File.WriteAllBytes(At("large"), new byte[256 * 1024]);
            Assert.ThrowsAny<IOException>(() => DurableFile.Copy(At("large"), Path.Combine(small, "b")));
            Assert.Equal(
                ["a"],
                new DirectoryInfo(small)
                    .EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = 0 })
                    .Select(file => file.Name)
            );
            Assert.Equal("old", File.ReadAllText(Path.Combine(small, "a")));
        }
    }

    [Fact]
    public void Reports_a_failed_fsync_of_the_disk()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there it is known what cannot be synced.");
        using var device = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        Assert.StartsWith(
            "The disk did not store the data (fsync: ",
            Assert.Throws<IOException>(() => DurableFile.Sync(device)).Message,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            $"The folder {At("none")} could not be synced (",
            Assert.Throws<IOException>(() => DurableFile.SyncDirectory(At("none"))).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_locked_file_can_be_read_and_a_missing_one_is_reported()
    {
        using (
            var held = DurableFile.OpenPrivate(
                At("held"),
                FileMode.CreateNew,
                FileAccess.ReadWrite,
                OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None
            )
        )
        {
            held.Write("mine"u8);
            using var handle = RegularFile.OpenHandle(At("held"));
            Assert.Equal(4, RandomAccess.GetLength(handle));
        }

        Assert.ThrowsAny<IOException>(() => RegularFile.OpenHandle(At("none")));
    }

    private string At(string name) => Path.Combine(folder, name);

    /// <summary>Gets every file with its text, including hidden ones.</summary>
    private IEnumerable<string> Everything() =>
        new DirectoryInfo(folder)
            .EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Select(file => $"{Path.GetRelativePath(folder, file.FullName).Replace('\\', '/')} {File.ReadAllText(file.FullName)}")
            .Order(StringComparer.Ordinal);
}
