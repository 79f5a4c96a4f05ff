using System.Net.Sockets;
using System.Runtime.Versioning;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

/// <summary>Agent writes and undos stay in the opened folder and replace only the expected content.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FolderHandleTests : IDisposable
{
    private readonly string root = RealPath.Of(Directory.CreateTempSubdirectory("plue-held-").FullName);
    private readonly FolderHandle folder;

    public FolderHandleTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no links, pipes and modes like these.");
        Directory.CreateDirectory(Path.Combine(root, "held"));
        folder = new FolderHandle(Path.Combine(root, "held"));
    }

    public void Dispose()
    {
        folder?.Dispose();
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public void Stat_returns_the_kind_and_skips_paths_behind_links_in_bulk()
    {
        Place("file", "12345");
        Place("sub/one", "1");
        Place("sub/two", "2");
        File.CreateSymbolicLink(At("link"), "file");
        Directory.CreateSymbolicLink(At("away"), root);
        using var socket = Listen("socket");
        Assert.Equal(
            [FileEntryKind.File, FileEntryKind.Folder, FileEntryKind.Link, FileEntryKind.Absent, FileEntryKind.Absent],
            ((string[])["file", "sub", "link", "none", "none/below"]).Select(name => folder.Stat(name).Kind)
        );
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(FileEntryKind.Other, folder.Stat("socket").Kind);
        }
        Assert.Equal(5, folder.Stat("file").Size);
        Assert.Equal(FileEntryKind.Absent, folder.Stat("file/below").Kind);
        Assert.Equal(
            ["file", "sub/one", "sub/two"],
            folder
                .Stat((IEnumerable<string>)["file", "away/held", "none/x", "sub/one", "sub/two", "../out"])
                .Where(one => one.Found.Kind == FileEntryKind.File)
                .Select(one => one.Path)
        );
    }

    [Fact]
    public void Only_an_ordinary_file_that_is_not_too_large_is_read()
    {
        Place("file", "12345");
        Directory.CreateDirectory(At("sub"));
        File.CreateSymbolicLink(At("link"), "file");
        using var socket = Listen("socket");
        Assert.Equal("12345"u8.ToArray(), folder.Read("file", 5));
        Assert.Null(folder.Read("file", 4));
        Assert.Throws<FileNotFoundException>(() => folder.Read("none", 9));
        Assert.Throws<FileNotFoundException>(() => folder.Read("none/below", 9));
        Assert.Equal("It is a folder.", Assert.Throws<NotAFileException>(() => folder.Read("sub", 9)).Message);
        Assert.Equal("It is not a regular file.", Assert.Throws<NotAFileException>(() => folder.Read("socket", 9)).Message);
        Assert.Contains(
            "Plue does not follow links here",
            Assert.Throws<IOException>(() => folder.Read("link", 9)).Message,
            StringComparison.Ordinal
        );

        Assert.Equal("file"u8.ToArray(), folder.ReadOrLink("link", 9));
        Assert.Equal("12345"u8.ToArray(), folder.ReadOrLink("file", 9));
        Assert.Throws<FileNotFoundException>(() => folder.ReadOrLink("none", 9));
        Assert.Throws<FileNotFoundException>(() => folder.ReadOrLink("none/below", 9));
    }

    [Fact]
    public void A_file_is_written_where_exactly_what_is_known_is_there_and_keeps_its_permissions()
    {
        folder.Write("sub/deep/new", "one"u8, null);
        Assert.Throws<FileChangedException>(() => folder.Write("sub/deep/new", "other"u8, null));
        File.SetUnixFileMode(At("sub/deep/new"), (UnixFileMode)0b111_101_000);
        folder.Write("sub/deep/new", "two"u8, FolderHandle.HashOf("one"u8));
        Assert.Equal(("two", 0b111_101_000), (File.ReadAllText(At("sub/deep/new")), (int)File.GetUnixFileMode(At("sub/deep/new"))));

        Assert.Throws<FileChangedException>(() => folder.Write("sub/deep/new", "three"u8, FolderHandle.HashOf("one"u8)));
        Assert.Throws<FileChangedException>(() => folder.Write("gone", "three"u8, FolderHandle.HashOf("one"u8)));
        File.CreateSymbolicLink(At("link"), "sub/deep/new");
        Assert.Throws<FileChangedException>(() => folder.Write("link", "three"u8, FolderHandle.HashOf("two"u8)));
        Assert.Equal(["link", "new"], Names());
        Assert.Equal("two", File.ReadAllText(At("link")));
    }

    [Fact]
    public void A_file_replaces_any_entry_of_its_name_except_a_folder()
    {
        Place("outside", "safe");
        File.CreateSymbolicLink(At("name"), "outside");
        folder.Replace("name", "mine"u8, 0b110_100_000);
        Assert.Equal(
            ("mine", null, 0b110_100_000),
            (File.ReadAllText(At("name")), new FileInfo(At("name")).LinkTarget, (int)File.GetUnixFileMode(At("name")))
        );
        folder.ReplaceByLink("name", "elsewhere");
        Assert.Equal("elsewhere", new FileInfo(At("name")).LinkTarget);
        Assert.Equal("safe", File.ReadAllText(At("outside")));

        Directory.CreateDirectory(At("sub/full"));
        Assert.Throws<IOException>(() => folder.Replace("sub", "mine"u8, 0b110_000_000));
        Assert.Throws<IOException>(() => folder.ReplaceByLink("sub", "elsewhere"));
        Assert.Throws<IOException>(() => folder.ReplaceByLink(new string('x', 300), "elsewhere"));
        Assert.Equal(["name", "outside"], Names());
    }

    [Fact]
    public void A_link_itself_is_removed_and_what_is_not_there_is_fine()
    {
        Place("file", "safe");
        File.CreateSymbolicLink(At("link"), "file");
        folder.Delete("link");
        folder.Delete("none");
        folder.Delete("none/below");
        Assert.Equal(["file"], Names());
        Directory.CreateDirectory(At("sub"));
        Assert.ThrowsAny<Exception>(() => folder.Delete("sub"));
        Assert.True(Directory.Exists(At("sub")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("../held/a")]
    [InlineData("/etc/passwd")]
    [InlineData("a\0b")]
    public void Refuses_paths_outside_the_folder(string path)
    {
        Assert.EndsWith(
            "is not a path in this folder.",
            Assert.Throws<IOException>(() => folder.Stat(path)).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<IOException>(() => folder.Write(path, "x"u8, null));
        Assert.Throws<IOException>(() => folder.Delete(path));
    }

    [Fact]
    public void Nothing_is_done_through_a_link_on_the_way_or_through_a_file()
    {
        Directory.CreateDirectory(Path.Combine(root, "outside"));
        File.WriteAllText(Path.Combine(root, "outside", "a"), "safe");
        Directory.CreateSymbolicLink(At("way"), "../outside");
        Place("file", "x");
        foreach (
            var action in (Action[])
                [
                    () => folder.Read("way/a", 9),
                    () => folder.Write("way/b", "x"u8, null),
                    () => folder.Replace("way/a", "x"u8, 0b110_000_000),
                    () => folder.Delete("way/a"),
                    () => folder.Stat("way/a"),
                ]
        )
        {
            Assert.Equal("way is now a link, and Plue does not follow links here.", Assert.Throws<IOException>(action).Message);
        }

        Assert.Equal("file is no folder.", Assert.Throws<IOException>(() => folder.Write("file/below", "x"u8, null)).Message);
        Assert.Equal(["a"], Directory.GetFiles(Path.Combine(root, "outside")).Select(Path.GetFileName));
        Assert.Equal("safe", File.ReadAllText(Path.Combine(root, "outside", "a")));
    }

    [Fact]
    public void A_folder_that_is_not_there_cannot_be_held() =>
        Assert.ThrowsAny<IOException>(() => new FolderHandle(Path.Combine(root, "none")));

    private string At(string path) => Path.Combine(root, "held", path);

    private void Place(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private Socket Listen(string name)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(At(name)));
        return socket;
    }

    /// <summary>Gets every file and link, including hidden ones, to detect leftover temporary files.</summary>
    private IEnumerable<string> Names() =>
        new DirectoryInfo(Path.Combine(root, "held"))
            .EnumerateFileSystemInfos("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(entry => entry is FileInfo)
            .Select(entry => entry.Name)
            .Order(StringComparer.Ordinal);
}
