using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Protocol;

public sealed class WireSamplesTests
{
    public static TheoryData<string> Methods => [.. WireSamples.All.Select(method => method.Method)];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Each_method_has_samples_that_come_back_byte_for_byte(string method)
    {
        var path = Path.Combine(Repository.Root, WireSamples.PathOf(method));
        var types = WireSamples.All.Single(known => known.Method == method).Types;
        Repository.CheckFile(WireSamples.PathOf(method), WireSamples.Render(File.Exists(path) ? File.ReadAllText(path) : null, types));
    }

    [Fact]
    public void No_sample_is_of_a_method_that_is_gone()
    {
        var folder = Path.Combine(Repository.Root, WireSamples.Folder);
        var files = Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/'));
        Assert.Equal(WireSamples.All.Select(method => WireSamples.PathOf(method.Method)).Order(StringComparer.Ordinal), files.Order(StringComparer.Ordinal));
    }
}
