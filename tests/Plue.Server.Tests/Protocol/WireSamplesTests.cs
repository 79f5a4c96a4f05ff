using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Protocol;

public sealed class WireSamplesTests
{
    public static TheoryData<string> Methods => [.. WireSamples.All.Select(method => method.Method)];

    public static TheoryData<string> Drawn => [.. WireSamples.Drawn];

    [Theory]
    [MemberData(nameof(Methods))]
    public void Reads_each_member_of_a_message_that_it_writes(string method)
    {
        foreach (var (_, values, type) in WireSamples.Of(method))
        {
            var written = WireSamples.Again(values, type);
            Assert.True(JsonNode.DeepEquals(written, WireSamples.Again(written, type)), written.ToJsonString());
        }
    }

    [Theory]
    [MemberData(nameof(Drawn))]
    public void Samples_that_pages_draw_are_up_to_date(string method) =>
        Repository.CheckFile(WireSamples.PathOf(method), WireSamples.Render(method));

    [Fact]
    public void Keeps_only_samples_that_pages_draw()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests/wire-samples"), "*.json", SearchOption.AllDirectories);
        var drawn = WireSamples.Drawn.Select(WireSamples.PathOf);
        Assert.Equal(
            drawn,
            files.Select(file => Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')).Order(StringComparer.Ordinal)
        );
    }
}
