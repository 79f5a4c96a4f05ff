using Plue.Server.Cli;

namespace Plue.Server.Tests.Cli;

public sealed class TerminalTests
{
    [Theory]
    [InlineData(0, 10)]
    [InlineData(10, 10)]
    [InlineData(4096, 4096)]
    [InlineData(4096, 100_000)]
    [InlineData(99_999, 100_000)]
    [InlineData(100_000, 100_000)]
    public void Piped_input_is_read_up_to_the_limit(int length, int maximum)
    {
        var piped = string.Concat(Enumerable.Range(0, length).Select(at => (char)('a' + (at % 26))));
        Assert.Equal(piped, Reading(piped).ReadToEnd(maximum));
    }

    [Theory]
    [InlineData(11, 10)]
    [InlineData(4097, 4096)]
    [InlineData(1_000_000, 100_000)]
    public void Input_over_the_limit_is_rejected(int length, int maximum) =>
        Assert.Null(Reading(new string('x', length)).ReadToEnd(maximum));

    [Fact]
    public void Reading_empty_input_allocates_almost_nothing()
    {
        var terminal = Reading("");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal("", terminal.ReadToEnd(16 * 1024 * 1024));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
    }

    private static Terminal Reading(string piped) =>
        new(new StringReader(piped), TextWriter.Null, TextWriter.Null, isInputRedirected: true);
}
