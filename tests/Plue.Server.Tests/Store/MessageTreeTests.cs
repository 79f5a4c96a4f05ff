using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class MessageTreeTests
{
    private static readonly Message Second = Answer("r1", "q2") with { StopReason = StopReason.ToolUse };

    /// <summary>Two first questions, and a question with two responses. One response has two rounds and is followed by a question.</summary>
    private static readonly MessageTree Forked = new(
        [
            Question("q1", ""),
            Answer("a1", "q1"),
            Question("q2", "a1"),
            Second,
            Answer("r2", "r1"),
            Answer("b1", "q2"),
            Question("p1", ""),
            Question("q3", "r2"),
        ],
        "r2",
        ["a1", "q3"]
    );

    private static readonly MessageTree Straight = new([Question("q1", ""), Answer("a1", "q1")], "a1", []);

    [Fact]
    public void The_visible_branch_ends_at_the_head()
    {
        Assert.Equal(["q1", "a1", "q2", "r1", "r2"], Ids(Forked.Path));
        Assert.Equal(["q1", "a1", "q2", "b1"], Ids(Forked.PathTo("b1")));
        Assert.Equal(["q1", "a1"], Ids(Straight.PathTo("a1")));
        Assert.Equal(["q1"], Ids(Straight.PathTo("q1")));
        Assert.Empty(Forked.PathTo("nobody"));
        Assert.Equal((8, 2, 0), (Forked.Count, Straight.Count, MessageTree.Empty.Count));
        Assert.Equal(("b1", "r2", null), (Forked.Find("b1")?.Id, Forked.Find("r2")?.Id, MessageTree.Empty.Find("")?.Id));
    }

    [Fact]
    public void A_missing_head_shows_no_branch()
    {
        var tree = new MessageTree(Straight.All, "gone", []);
        Assert.Equal(("", 0, 2), (tree.Head, tree.Path.Count, tree.Count));
        Assert.Null(tree.With(Answer("x", "a1")));
    }

    [Fact]
    public void Alternatives_ends_and_descendants_include_all_branches()
    {
        Assert.Equal(["r1", "b1"], Forked.AlternativesOf(Second));
        Assert.Equal(["q1", "p1"], Forked.AlternativesOf(Forked.Find("q1")!));
        Assert.Equal(["a1"], Straight.AlternativesOf(Straight.Find("a1")!));
        Assert.Equal(("b1", "q3", "q3"), (Forked.LeafOf("q1"), Forked.LeafOf("r1"), Forked.LeafOf("q3")));
        Assert.Equal(["q2", "r1", "b1", "r2", "q3"], Forked.DescendantsOf("q2"));
        Assert.Equal(["p1"], Forked.DescendantsOf("p1"));
    }

    [Theory]
    [InlineData("r1", "r1 r2")]
    [InlineData("r2", "r1 r2")]
    [InlineData("b1", "b1")]
    [InlineData("a1", "a1")]
    public void A_response_includes_all_its_rounds(string id, string rounds) =>
        Assert.Equal(rounds.Split(' '), Forked.ResponsesTo(Forked.Find(id)!));

    [Fact]
    public void Undo_moves_before_the_last_question_and_redo_returns()
    {
        Assert.Equal(("a1", "", null), (Forked.UndoTarget, Straight.UndoTarget, MessageTree.Empty.UndoTarget));
        Assert.Null(new MessageTree([Answer("a", "")], "a", []).UndoTarget);
        Assert.Equal(("q3", null), (Forked.RedoTarget, Straight.RedoTarget));
        Assert.Null(new MessageTree(Straight.All, "a1", ["gone"]).RedoTarget);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_message_is_appended_after_the_head_or_replaces_its_earlier_version(bool isForked)
    {
        var tree = isForked ? Forked : Straight;
        var longer = tree.With(Question("x", tree.Head))!;
        Assert.Equal([.. Ids(tree.Path), "x"], Ids(longer.Path));
        Assert.Equal([.. Ids(tree.All), "x"], Ids(longer.All));
        Assert.Equal(("x", null), (longer.Head, longer.RedoTarget));
        var changed = tree.With(tree.Find(tree.Head)! with { StopReason = StopReason.EndTurn })!;
        Assert.Equal(Ids(tree.Path), Ids(changed.Path));
        Assert.Equal(Ids(tree.All), Ids(changed.All));
        Assert.Equal(tree.RedoTarget, changed.RedoTarget);
        Assert.All(
            [changed.Path[^1], changed.All.Single(one => one.Id == tree.Head), changed.Find(tree.Head)!],
            one => Assert.Equal(StopReason.EndTurn, one.StopReason)
        );
        Assert.Null(tree.With(Question("x", "q1")));
    }

    [Fact]
    public void A_random_tree_matches_its_parent_links() =>
        Prop.ForAll(
                Gen.Choose(0, 1000).ArrayOf().Where(numbers => numbers.Length < 12).ToArbitrary(),
                Gen.Choose(0, 20).ToArbitrary(),
                (numbers, at) =>
                {
                    Message[] messages =
                    [
                        .. numbers.Select(
                            (number, i) => Question($"m{i}", number % (i + 1) is var parent && parent == i ? "" : $"m{parent}")
                        ),
                    ];
                    var tree = new MessageTree(messages, messages.Length == 0 ? "" : messages[at % messages.Length].Id, []);
                    return Ids(tree.Path).SequenceEqual(Above(messages, tree.Head))
                        && messages.All(message =>
                            Ids(tree.PathTo(message.Id)).SequenceEqual(Above(messages, message.Id))
                            && tree.AlternativesOf(message)
                                .SequenceEqual(messages.Where(other => other.ParentId == message.ParentId).Select(other => other.Id))
                            && tree.DescendantsOf(message.Id)
                                .Order(StringComparer.Ordinal)
                                .SequenceEqual(
                                    messages
                                        .Select(other => other.Id)
                                        .Where(id => Above(messages, id).Contains(message.Id))
                                        .Order(StringComparer.Ordinal)
                                )
                            && Above(messages, tree.LeafOf(message.Id)).Contains(message.Id)
                        );
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_cycle_of_messages_does_not_loop_forever()
    {
        var (one, other) = (
            Answer("one", "other") with
            {
                StopReason = StopReason.ToolUse,
            },
            Answer("other", "one") with
            {
                StopReason = StopReason.ToolUse,
            }
        );
        var tree = new MessageTree([one, other], "one", []);
        Assert.InRange(tree.Path.Count, 1, 3);
        Assert.Equal(["one", "other"], tree.DescendantsOf("one"));
        Assert.Equal(2, tree.ResponsesTo(one).Count);
        Assert.Contains(tree.LeafOf("one"), (string[])["one", "other"]);
    }

    private static List<string> Above(Message[] messages, string id)
    {
        List<string> found = [];
        for (
            var at = messages.FirstOrDefault(one => one.Id == id);
            at is not null;
            at = messages.FirstOrDefault(one => one.Id == at.ParentId)
        )
        {
            found.Insert(0, at.Id);
        }

        return found;
    }

    private static List<string> Ids(IEnumerable<Message> messages) => [.. messages.Select(message => message.Id)];

    private static Message Question(string id, string parent) => Made(id, parent, MessageRole.User);

    private static Message Answer(string id, string parent) => Made(id, parent, MessageRole.Assistant);

    private static Message Made(string id, string parent, MessageRole role) =>
        new()
        {
            Id = id,
            CodexId = "chat",
            Role = role,
            ParentId = parent,
            CreatedAt = DateTimeOffset.UnixEpoch,
        };
}
