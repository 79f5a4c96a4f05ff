using Plue.Server.Platform;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

public sealed class ToolResultsTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("plue-outputs-").FullName;
    private readonly MovableTime time = new();
    private readonly ToolResults results;

    public ToolResultsTests() => results = new ToolResults(new PluePaths(home), time);

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public void Stored_outputs_are_deleted_after_a_week()
    {
        var kept = Keep("first");
        time.Advance(TimeSpan.FromDays(6));
        Keep("second");
        Assert.Equal("first", results.Read("chat_1", kept));
        time.Advance(TimeSpan.FromDays(2));
        Keep("third");
        Assert.Contains(
            "no longer exists",
            Assert.Throws<ToolFailureException>(() => results.Read("chat_1", kept)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void REL_24_A_clock_that_is_set_far_ahead_takes_no_output_away()
    {
        var kept = Keep("first");
        time.SetWall(TimeSpan.FromDays(29_300));
        Keep("second");
        Assert.Equal("first", results.Read("chat_1", kept));
    }

    /// <summary>Stores a result and sets its file time from the test's clock.</summary>
    /// <returns>The name for reading it.</returns>
    private string Keep(string text)
    {
        string name;
        using (var result = results.Create("chat_1"))
        {
            result.Write(text);
            name = result.ReadHint.Split('`')[3];
        }

        foreach (var file in new DirectoryInfo(Path.Combine(home, "outputs")).EnumerateFiles($"*-{name[ToolResults.Scheme.Length..]}"))
        {
            file.LastWriteTimeUtc = time.GetUtcNow().UtcDateTime;
        }

        return name;
    }
}
