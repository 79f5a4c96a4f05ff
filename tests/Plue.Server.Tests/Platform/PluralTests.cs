using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public class PluralTests
{
    [Theory]
    [InlineData(0, "0 models")]
    [InlineData(1, "1 model")]
    [InlineData(2, "2 models")]
    [InlineData(1234, "1234 models")]
    public void One_of_a_thing_is_not_several(int amount, string expected) => Assert.Equal(expected, Plural.Of(amount, "model"));
}
