using System.Collections.Concurrent;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Agents;
using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Agents;

/// <summary>Shared budgets in a tree of tasks.</summary>
public sealed class BudgetTreeTests
{
    private static readonly AgentBudget NoLimit = new(null, null, null, null);

    [Fact]
    public void A_reservation_counts_against_the_budgets_of_all_ancestors()
    {
        BudgetNode[] nodes = [Node("top", null, Usd(1m), spent: 0.5m), Node("child", "top", Usd(0.9m), spent: 0.3m)];
        var tree = new BudgetTree(_ => nodes);
        tree.Reserve("child", Request(0.2m));
        var fault = Assert.Throws<FailureException>(() => tree.Reserve("child", Request(0.21m)));
        Assert.Equal(
            (
                FailureKind.BudgetExceeded,
                "The budget of \"top\", which this task is part of, is used up. $0.80 are used or reserved, the next request costs at least $0.21, and the budget is $1.00. Increase that budget, then resume this task."
            ),
            (fault.Failure.Kind, fault.Message)
        );
    }

    [Fact]
    public void A_reservation_for_a_child_is_unavailable_to_its_parent_until_the_child_ends()
    {
        var child = Node("child", "top", Usd(0.6m)) with { Reserved = Usd(0.6m), Own = Money(0.1m) };
        BudgetNode[] nodes = [Node("top", null, Usd(1m)), child];
        var tree = new BudgetTree(_ => nodes);
        Assert.Equal(0.4m, tree.Remaining("top").Usd);
        Assert.Throws<FailureException>(() => tree.Reserve("top", Request(0.5m)));
        nodes[1] = child with { HasEnded = true };
        Assert.Equal(0.9m, tree.Remaining("top").Usd);
        tree.Reserve("top", Request(0.5m));
    }

    [Fact]
    public void A_request_counts_until_its_answer_is_stored_and_not_after_that()
    {
        BudgetNode[] nodes = [Node("top", null, Usd(1m)), Node("a", "top", NoLimit), Node("b", "top", NoLimit)];
        var tree = new BudgetTree(_ => nodes);
        tree.Reserve("a", Request(0.7m));
        Assert.Throws<FailureException>(() => tree.Reserve("b", Request(0.7m)));
        nodes[1] = nodes[1] with { Own = Money(0.1m), Answers = 1 };
        tree.Reserve("b", Request(0.7m));
    }

    [Fact]
    public void A_child_gets_what_was_asked_for_and_never_more_than_is_left()
    {
        var (limits, reserved) = BudgetTree.Share(
            new AgentBudget(0.3m, null, 10, null),
            new AgentBudget(0.5m, 1000, null, null),
            new AgentBudget(2, null, 60, 1800)
        );
        Assert.Equal(new AgentBudget(0.3m, 1000, 10, 1800), limits);
        Assert.Equal(new AgentBudget(0.3m, 1000, null, null), reserved);
        Assert.Equal(
            FailureKind.BudgetExceeded,
            Assert.Throws<FailureException>(() => BudgetTree.Share(Usd(0), Usd(1), NoLimit)).Failure.Kind
        );
    }

    [Fact]
    public void Parents_in_a_circle_end()
    {
        BudgetNode[] nodes = [Node("a", "b", Usd(1m), spent: 0.1m), Node("b", "a", Usd(1m), spent: 0.1m)];
        var tree = new BudgetTree(_ => nodes);
        tree.Reserve("a", Request(0.1m));
        Assert.NotNull(tree.Remaining("a").Usd);
    }

    /// <summary>Random trees of agents with concurrent requests. No response costs more than its reservation, so no ancestor may exceed its budget.</summary>
    [Fact]
    public void Parallel_agents_never_exceed_the_budget_of_an_ancestor()
    {
        var shape =
            from count in Gen.Choose(1, 12)
            from parents in Gen.Choose(0, 100).ListOf(count)
            from limits in Gen.Choose(0, 60).ListOf(count)
            from costs in Gen.Choose(1, 9).ListOf(40)
            select (parents, limits, costs);
        Prop.ForAll(
                shape.ToArbitrary(),
                one =>
                {
                    var world = new World(one.parents, one.limits);
                    var costs = new ConcurrentQueue<int>(one.costs);
                    Parallel.For(
                        0,
                        world.Count,
                        new ParallelOptions { MaxDegreeOfParallelism = 4 },
                        agent =>
                        {
                            while (costs.TryDequeue(out var cost))
                            {
                                world.Ask(agent, cost);
                            }
                        }
                    );
                    return world.IsWithinEveryLimit;
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void If_responses_cost_more_than_estimated_the_root_budget_is_exceeded_only_by_requests_in_progress()
    {
        var world = new World([0, 0, 0, 0], [0, 0, 0, 0], topLimit: 20) { Surprise = 3 };
        Parallel.For(
            1,
            4,
            agent =>
            {
                for (var i = 0; i < 20; i++)
                {
                    world.Ask(agent, 4);
                }
            }
        );
        Assert.InRange(world.Total, 1, 20 + (3 * 3));
    }

    private static AgentBudget Usd(decimal usd) => new(usd, null, null, null);

    private static Spend Money(decimal usd) => new(usd, true, 0, 0, 0);

    private static Spend Request(decimal usd) => new(usd, true, 0, 1, 0);

    private static BudgetNode Node(string id, string? parent, AgentBudget limits, decimal spent = 0) =>
        new(id, parent, id, limits, NoLimit, Money(spent), 0, false);

    private sealed class World
    {
        private readonly Lock gate = new();
        private readonly BudgetNode[] nodes;
        private readonly BudgetTree tree;

        public World(IReadOnlyList<int> parents, IReadOnlyList<int> limits, int topLimit = 30)
        {
            nodes =
            [
                .. parents.Select(
                    (parent, at) =>
                        Node(
                            $"{at}",
                            at == 0 ? null : $"{parent % at}",
                            at == 0 ? Usd(topLimit)
                                : limits[at] == 0 ? NoLimit
                                : Usd(limits[at])
                        )
                ),
            ];
            tree = new BudgetTree(_ =>
            {
                lock (gate)
                {
                    return [.. nodes];
                }
            });
        }

        public int Count => nodes.Length;

        public int Surprise { get; init; }

        public decimal Total => nodes.Sum(node => node.Own.Usd);

        public bool IsWithinEveryLimit => nodes.All(node => tree.TotalOf(node.Id).Usd <= (node.Limits.Usd ?? decimal.MaxValue));

        public void Ask(int at, int cost)
        {
            try
            {
                tree.Reserve($"{at}", Request(cost));
            }
            catch (FailureException)
            {
                return;
            }

            Thread.Yield();
            lock (gate)
            {
                nodes[at] = nodes[at] with { Own = nodes[at].Own + Request(cost + Surprise), Answers = nodes[at].Answers + 1 };
            }
        }
    }
}
