using Plue.Server.Providers;

namespace Plue.Server.Tests.Providers;

public sealed class ProviderSettingsTests
{
    [Fact]
    public void Settings_read_twice_are_equal() => Assert.True(Read("a", "X").HasSameValuesAs(Read("a", "X")));

    [Fact]
    public void A_stop_sequence_or_a_header_that_differs_is_a_difference()
    {
        Assert.False(Read("a", "X").HasSameValuesAs(Read("b", "X")));
        Assert.False(Read("a", "X").HasSameValuesAs(Read("a", "Y")));
        Assert.False(Read("a", "X").HasSameValuesAs(Read("a", "X") with { Model = "other" }));
    }

    private static ProviderSettings Read(string stop, string header) =>
        new()
        {
            Id = "p",
            Name = "P",
            Kind = ProviderKinds.Ollama,
            StopSequences = [stop],
            Headers = new Dictionary<string, string> { ["x-team"] = header },
        };
}
