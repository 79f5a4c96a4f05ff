using System.Text;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class BlobsTests : IDisposable
{
    private readonly StoreFixture fixture = new();
    private readonly Blobs blobs;

    public BlobsTests() => blobs = new Blobs(fixture.Paths);

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void The_same_content_is_stored_once_and_read_unchanged()
    {
        var content = Encoding.UTF8.GetBytes("Hé 👋");
        var id = blobs.Put(content);
        Assert.Equal(id, new Blobs(fixture.Paths).Put(content));
        Assert.Equal(content, blobs.Read(id));
        Assert.Equal([id], Directory.GetFiles(fixture.Paths.Blobs).Select(Path.GetFileName));
    }

    [Fact]
    public void Only_the_owner_can_read_a_blob()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no modes.");
        }

        var id = blobs.Put("x"u8);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, NativeFile.ModeOf(Path.Combine(fixture.Paths.Blobs, id)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, NativeFile.ModeOf(fixture.Paths.Blobs));
    }

    [Fact]
    public void A_damaged_blob_is_reported_and_repaired_when_the_content_is_stored_again()
    {
        var id = blobs.Put("what was sent"u8);
        using (var stream = new FileStream(Path.Combine(fixture.Paths.Blobs, id), FileMode.Open))
        {
            stream.WriteByte((byte)'W');
        }

        var failure = Assert.Throws<FailureException>(() => blobs.Read(id)).Failure;
        Assert.Equal(FailureKind.NotFound, failure.Kind);
        Assert.Contains("damaged", failure.Message, StringComparison.Ordinal);
        Assert.Equal(id, blobs.Put("what was sent"u8));
        Assert.Equal("what was sent"u8.ToArray(), blobs.Read(id));
    }

    [Theory]
    [
        InlineData(""),
        InlineData("../vault.json"),
        InlineData("/etc/passwd"),
        InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789")
    ]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000")]
    public void An_id_is_never_a_path(string id) =>
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => blobs.Read(id)).Failure.Kind);

    [Fact]
    public void More_than_64_MiB_is_refused() =>
        Assert.Equal(FailureKind.BadRequest, Assert.Throws<FailureException>(() => blobs.Put(new byte[Blobs.MaxBytes + 1])).Failure.Kind);
}
