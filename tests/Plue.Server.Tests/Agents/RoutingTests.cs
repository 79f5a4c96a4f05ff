using Plue.Server.Agents;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Tests.Agents;

/// <summary>Selection of the agent for a task.</summary>
public sealed class RoutingTests
{
    [Fact]
    public void The_cheapest_that_can_do_what_is_needed_is_chosen()
    {
        var route = Routing.Choose([Of("Large", 5, 25, tools: true), Of("Small", 1, 5, tools: true), Of("Mute", 0.1m, 0.1m, tools: false)]);
        Assert.Equal(["Small", "Large"], route.InOrder.Select(one => one.Name));
        Assert.Equal([new Rejection("Mute", "It cannot call tools.")], route.Rejected);
        Assert.Equal(
            "It is the cheapest of 2 candidates that fit: $1.00 input and $5.00 output per million tokens.",
            Routing.WhyChosen(route)
        );
    }

    [Fact]
    public void Local_models_are_free_and_models_without_a_price_are_last()
    {
        var route = Routing.Choose([Of("Unknown", null, null), Of("Paid", 1, 1), Of("Here", null, null) with { IsLocal = true }]);
        Assert.Equal(["Here", "Paid", "Unknown"], route.InOrder.Select(one => one.Name));
        Assert.Equal("It fits and is free.", Routing.WhyChosen(route));
        Assert.EndsWith("price n/a", route.InOrder[2].Shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("images", "It is not known to take images.")]
    [InlineData("reasoning", "It is not known to reason.")]
    [InlineData("window", "Its window is not known to hold 100,000 tokens.")]
    public void Unknown_capabilities_of_a_model_are_not_assumed(string need, string why)
    {
        Assert.Equal(why, Assert.Single(Routing.Choose([Of("A", 1, 1) with { Needs = [need] }]).Rejected).Reason);
        var able = Of("A", 1, 1) with
        {
            Needs = [need],
            Model = new ModelInfo
            {
                Id = "m",
                SupportsVision = true,
                CanReason = true,
                ContextLength = 200_000,
            },
        };
        Assert.Single(Routing.Choose([able]).InOrder);
    }

    [Fact]
    public void For_equal_prices_the_order_of_the_template_decides() =>
        Assert.Equal(["B", "A"], Routing.Choose([Of("B", 1, 1), Of("A", 1, 1)]).InOrder.Select(one => one.Name));

    [Fact]
    public void One_that_failed_is_named_with_the_reason_and_the_next_is_at_work()
    {
        var routing = TaskRouting.Of(Routing.Choose([Of("A", 1, 1), Of("B", 2, 2)])).Failed("It said no.");
        Assert.Equal(("B", "A failed: It said no.", 0), (routing.Chosen, routing.Reason, routing.Next.Count));
        Assert.Equal([new Rejection("A", "It said no.")], routing.Rejected);
    }

    private static RouteCandidate Of(string name, decimal? input, decimal? output, bool tools = true) =>
        new(
            name,
            new ModelChoice(name, name),
            new ModelInfo { Id = name, Pricing = input is { } i && output is { } o ? new Price(i, o, null, null) : null },
            false,
            tools,
            ["tools"],
            null
        );
}
