using System.Globalization;
using Plue.Server.Agents;
using Plue.Server.Rpc;

namespace Plue.Server.Tests.Rpc;

public sealed class TaskViewsTests
{
    [Theory]
    [InlineData("0.3", true, "0.3", null)]
    [InlineData("0", true, "0", null)]
    [InlineData("0.3", false, "0.3", true)]
    [InlineData("0", false, null, null)]
    public void A_partly_unknown_cost_is_shown_as_a_minimum(string usd, bool isKnown, string? expected, bool? isAtLeast)
    {
        var view = TaskViews.Spent(new Spend(decimal.Parse(usd, CultureInfo.InvariantCulture), isKnown, 10, 2, 3.7));

        Assert.Equal(
            (expected is null ? null : decimal.Parse(expected, CultureInfo.InvariantCulture), isAtLeast),
            (view.Usd, view.UsdIsAtLeast)
        );
        Assert.Equal((10L, 2, 3L), (view.Tokens, view.Rounds, view.Seconds));
    }
}
