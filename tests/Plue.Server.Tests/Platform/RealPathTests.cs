using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public sealed class RealPathTests : IDisposable
{
    private readonly string folder = RealPath.Of(Directory.CreateTempSubdirectory("plue-real-").FullName);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_linked_folder_in_a_path_is_resolved_if_the_system_does_not_resolve_it()
    {
        var outside = Directory.CreateDirectory(Path.Combine(folder, "outside", "keys")).FullName;
        File.WriteAllText(Path.Combine(outside, "id"), "key");
        var inside = Directory.CreateDirectory(Path.Combine(folder, "work")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(inside, "docs"), Path.Combine("..", "outside"));
        Directory.CreateSymbolicLink(Path.Combine(inside, "more"), Path.Combine(inside, "docs", "keys"));
        Assert.Equal(Path.Combine(outside, "id"), RealPath.ResolveLinks(Path.Combine(inside, "docs", "keys", "id")));
        Assert.Equal(Path.Combine(outside, "id"), RealPath.ResolveLinks(Path.Combine(inside, "more", "id")));
        Assert.Equal(Path.Combine(outside, "gone"), RealPath.ResolveLinks(Path.Combine(inside, "docs", "keys", "gone")));
        Assert.False(RealPath.ResolvesInto(Path.Combine(inside, "more", "id"), inside));
    }
}
