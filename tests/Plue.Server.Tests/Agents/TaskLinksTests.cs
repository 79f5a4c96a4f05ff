using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Agents;

namespace Plue.Server.Tests.Agents;

/// <summary>Links between parent and child tasks.</summary>
public sealed class TaskLinksTests
{
    [Fact]
    public void Children_are_under_their_parents_in_the_order_of_their_making()
    {
        var tree = new TaskTree([("t3", "t1"), ("t1", "chat"), ("t2", "t1"), ("t4", "t2"), ("t5", null)]);
        Assert.Equal(["t2", "t4", "t3"], tree.Under("t1"));
        Assert.Equal(["t2", "t1", "chat"], tree.Above("t4"));
        Assert.Equal(["t1", "t2", "t4", "t3"], tree.Under("chat"));
        Assert.Null(tree.ParentOf("t5"));
    }

    [Fact]
    public void Handwritten_links_never_form_a_cycle()
    {
        var links = Gen.Choose(0, 7).ListOf(8);
        Prop.ForAll(
                links.ToArbitrary(),
                parents =>
                {
                    var tree = new TaskTree(parents.Select((parent, at) => ($"{at}", (string?)$"{parent}")));
                    return Enumerable
                        .Range(0, 8)
                        .All(at =>
                            tree.Under($"{at}").Distinct().Count() == tree.Under($"{at}").Count
                            && !tree.Under($"{at}").Contains($"{at}")
                            && tree.Above($"{at}").Count <= 8
                        );
                }
            )
            .QuickCheckThrowOnFailure();
    }
}
