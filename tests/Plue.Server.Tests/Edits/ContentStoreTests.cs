using System.Text;
using Plue.Server.Edits;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Edits;

/// <summary>Earlier file contents are stored once, found by every window, and deleted only when unused.</summary>
public sealed class ContentStoreTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-contents-").FullName;
    private readonly List<ContentStore> opened = [];
    private readonly ContentStore contents;

    public ContentStoreTests() => contents = Open();

    public void Dispose()
    {
        opened.ForEach(one => one.Dispose());
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void The_same_content_is_kept_once_and_read_by_another_window()
    {
        var id = Put(contents, "one");
        var length = contents.Bytes;
        Assert.Equal(id, Put(contents, "one"));
        Assert.Equal((length, 3L, 0L), (contents.Bytes, contents.LengthOf(id), contents.LengthOf("none")));

        var other = Open();
        Assert.False(other.Has("none"));
        // It looks again for content that was added after its first look.
        var second = Put(contents, "two");
        contents.Sync();
        Assert.Equal("one", Text(other, id));
        Assert.True(other.Has(second));
        Assert.Equal("two", Text(other, second));
        Assert.Equal(id, Put(other, "one"));
        Assert.Single(Packs());
    }

    [Fact]
    public void An_empty_store_has_no_content_and_reports_missing_content()
    {
        Directory.Delete(folder);
        Assert.Equal(0, contents.Bytes);
        Assert.False(contents.Has("none"));
        contents.Sync();
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => contents.Read("none")).Failure.Kind);
        Directory.CreateDirectory(folder);
    }

    [Fact]
    public void Damaged_or_incomplete_content_is_not_returned_but_the_rest_is()
    {
        var (first, second, torn) = (Put(contents, "first"), Put(contents, "second"), Put(contents, "torn"));
        Close();
        var pack = Assert.Single(Packs());
        var bytes = File.ReadAllBytes(pack);
        bytes[bytes.AsSpan().IndexOf("first"u8)] = (byte)'F';
        File.WriteAllBytes(pack, bytes[..^2]);
        var again = Open();
        Assert.Equal("second", Text(again, second));
        Assert.False(again.Has(torn));
        foreach (var id in (string[])[first, torn])
        {
            Assert.Equal(
                "The earlier version of this file is no longer stored, so it cannot be restored.",
                Assert.Throws<FailureException>(() => again.Read(id)).Message
            );
        }
    }

    [Fact]
    public void Deleted_content_is_stored_again()
    {
        var id = Put(contents, "one");
        Close();
        var again = Open();
        Assert.True(again.Has(id));
        File.Delete(Assert.Single(Packs()));
        Assert.False(again.Has(id));
        Assert.Equal(id, Put(again, "one"));
        Assert.Equal("one", Text(again, id));
    }

    [Fact]
    public void Unneeded_content_is_deleted_after_an_hour_and_needed_content_is_kept()
    {
        var needed = Put(contents, "needed");
        var large = Put(contents, new string('x', 1000));
        Close();
        var again = Open();
        again.DeleteUnused(new HashSet<string>([needed]));
        Assert.True(again.Has(large));

        Age();
        again.DeleteUnused(new HashSet<string>([needed]));
        Assert.Equal((true, false), (again.Has(needed), again.Has(large)));
        Assert.Equal("needed", Text(Open(), needed));
        Assert.InRange(again.Bytes, 1, 500);

        Close();
        Age();
        var last = Open();
        last.DeleteUnused(new HashSet<string>());
        Assert.Equal(0, last.Bytes);
    }

    [Fact]
    public void Mostly_needed_packs_are_not_copied_and_packs_of_other_windows_are_kept()
    {
        var max = Put(contents, new string('x', 1000));
        var little = Put(contents, "little");
        Close();
        Age();
        var again = Open();
        again.DeleteUnused(new HashSet<string>([max]));
        Assert.True(again.Has(little));

        var writing = Open();
        var own = Put(writing, "under way");
        Age();
        again.DeleteUnused(new HashSet<string>([max]));
        Assert.Equal("under way", Text(again, own));
    }

    private ContentStore Open()
    {
        var one = new ContentStore(folder);
        opened.Add(one);
        return one;
    }

    /// <summary>Closes all stores, like all windows.</summary>
    private void Close() => opened.ForEach(one => one.Dispose());

    private void Age()
    {
        foreach (var pack in Packs())
        {
            File.SetLastWriteTimeUtc(pack, DateTime.UtcNow.AddHours(-2));
        }
    }

    private string[] Packs() => Directory.GetFiles(folder, "*.pack");

    private static string Put(ContentStore contents, string text) => contents.Put(Encoding.UTF8.GetBytes(text));

    private static string Text(ContentStore contents, string id) => Encoding.UTF8.GetString(contents.Read(id));
}
