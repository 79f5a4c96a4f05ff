using System.Diagnostics;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public sealed class RegularFileTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly string folder = Directory.CreateTempSubdirectory("plue-ordinary-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("pipe")]
    [InlineData("socket")]
    [InlineData("folder")]
    [InlineData("link to a pipe")]
    public async Task Opening_a_special_file_fails_immediately_in_each_mode(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files.");
        var path = await MakeAsync(kind);
        var opened = Task.Run(() =>
        {
            Assert.Throws<NotAFileException>(() => RegularFile.Read(path));
            Assert.Throws<NotAFileException>(() => RegularFile.OpenRead(path));
            Assert.Throws<NotAFileException>(() => RegularFile.OpenHandle(path));
            foreach (var mode in new[] { FileMode.Open, FileMode.OpenOrCreate, FileMode.Create, FileMode.Truncate })
            {
                foreach (var access in new[] { FileAccess.Read, FileAccess.Write, FileAccess.ReadWrite })
                {
                    Assert.Throws<NotAFileException>(() => RegularFile.Open(path, mode, access, FileShare.None, FileOptions.None, Private));
                }
            }
        });
        await opened.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void An_exclusive_open_excludes_others_until_closed_and_never_waits()
    {
        using (Open(FileShare.None))
        {
            var refused = Assert.ThrowsAny<IOException>(() => Open(FileShare.None));
            Assert.True(FileLock.IsHeldElsewhere(refused));
            if (!OperatingSystem.IsWindows())
            {
                Assert.Empty(RegularFile.Read(At("held")));
            }
        }

        Open(FileShare.None).Dispose();

        FileStream Open(FileShare share) =>
            RegularFile.Open(At("held"), FileMode.OpenOrCreate, FileAccess.ReadWrite, share, FileOptions.None, Private);
    }

    [Fact]
    public void Modes_make_keep_and_empty_a_file_as_dotnet_does()
    {
        Write(FileMode.CreateNew, "first");
        Assert.ThrowsAny<IOException>(() => Write(FileMode.CreateNew, "second"));
        Assert.Equal("first"u8, RegularFile.Read(At("file")));
        Write(FileMode.OpenOrCreate, "F");
        Assert.Equal("First"u8, RegularFile.Read(At("file")));
        Write(FileMode.Create, "new");
        Assert.Equal("new"u8, RegularFile.Read(At("file")));
        Assert.Null(RegularFile.Read(At("file"), 2));
        Assert.Throws<FileNotFoundException>(() => RegularFile.Read(At("none")));
        Assert.Throws<DirectoryNotFoundException>(() =>
            RegularFile.Open(At("none/file"), FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, Private)
        );

        void Write(FileMode mode, string text)
        {
            using var file = RegularFile.Open(At("file"), mode, FileAccess.Write, FileShare.Read, FileOptions.None, Private);
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
        }
    }

    private string At(string name) => Path.Combine(folder, name);

    private async Task<string> MakeAsync(string kind)
    {
        var path = At("special");
        switch (kind)
        {
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "socket":
                using (
                    var socket = new System.Net.Sockets.Socket(
                        System.Net.Sockets.AddressFamily.Unix,
                        System.Net.Sockets.SocketType.Stream,
                        System.Net.Sockets.ProtocolType.Unspecified
                    )
                )
                {
                    socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
                    File.Move(path, At("moved"));
                }

                File.Move(At("moved"), path);
                break;
            default:
                using (var made = Process.Start("mkfifo", [At("pipe")]))
                {
                    await made.WaitForExitAsync();
                }

                if (kind == "pipe")
                {
                    return At("pipe");
                }

                File.CreateSymbolicLink(path, At("pipe"));
                break;
        }

        return path;
    }
}
