using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Chat;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Chat;

public class CompactorTests
{
    private static readonly ModelChoice Small = new("small");
    private readonly List<SideRequest> asked = [];

    [Fact]
    public async Task Everything_before_the_last_message_is_summarized_and_the_last_is_sent_unchanged()
    {
        var path = Path(
            ("user", Long("Why does February 30 parse?")),
            ("assistant", Long("Because of line 12.")),
            ("user", "Fix it, but keep the API.")
        );
        var summary = await SummariseAsync(path, "They look for the date bug.");
        Assert.Equal(MessageRole.System, summary.Role);
        Assert.Equal(2, summary.Compaction!.Messages);
        Assert.True(summary.Compaction.TokensAfter < summary.Compaction.TokensBefore);
        var sent = SentHistory.Of([.. path, summary]);
        var only = Assert.Single(sent);
        Assert.Equal(MessageRole.User, only.Role);
        Assert.StartsWith(SentHistory.Heading, only.Text);
        Assert.Contains("They look for the date bug.", only.Text);
        Assert.EndsWith("Fix it, but keep the API.", only.Text);
        Assert.DoesNotContain("Fix it, but keep the API.", asked.Single().Text);
    }

    [Fact]
    public async Task Messages_after_a_summary_are_sent_unchanged()
    {
        var path = Path(("user", Long("one")), ("assistant", Long("two")), ("user", "three"), ("assistant", "four"));
        var summary = await SummariseAsync(path, "short");
        var next = New("user", "five", summary.Id);
        Assert.Equal(
            ["user", "assistant", "user"],
            SentHistory.Of([.. path, summary, next]).Select(message => message.Role.ToString().ToLowerInvariant())
        );
        Assert.Equal("five", SentHistory.Of([.. path, summary, next])[^1].Text);
    }

    [Fact]
    public async Task A_second_summary_is_based_on_the_first_and_later_messages()
    {
        var path = Path(("user", Long("one")), ("assistant", Long("two")), ("user", Long("three")), ("assistant", Long("four")));
        var first = await SummariseAsync(path, "first summary");
        List<Message> longer = [.. path, first];
        longer.Add(New("user", "five", first.Id));
        longer.Add(New("assistant", Long("six"), longer[^1].Id));
        longer.Add(New("user", "seven", longer[^1].Id));
        asked.Clear();
        var second = await SummariseAsync(longer, "second summary");
        var text = string.Concat(asked.Select(request => request.Text));
        Assert.Contains("first summary", text);
        Assert.Contains("three", text);
        Assert.Contains("six", text);
        Assert.DoesNotContain("seven", text);
        Assert.DoesNotContain("# The user\none", text);
        Assert.Contains("second summary", Assert.Single(SentHistory.Of([.. longer, second])).Text);
        Assert.DoesNotContain("first summary", Assert.Single(SentHistory.Of([.. longer, second])).Text);
    }

    [Fact]
    public async Task Open_todos_are_kept_unchanged_and_done_ones_are_not()
    {
        var path = Path(
            ("user", Long("Plan it")),
            ("assistant", Long("x") + "\n- [ ] Write the test\n- [ ] Fix line 12\n- [x] Read it"),
            ("user", Long("go") + "\n- [x] Fix line 12"),
            ("assistant", "ok"),
            ("user", "and?")
        );
        var summary = await SummariseAsync(path, "nothing of todos");
        Assert.EndsWith("Open todos, word for word:\n- [ ] Write the test", summary.Text);
    }

    [Fact]
    public async Task A_chat_longer_than_the_window_of_the_summariser_is_summarised_in_pieces()
    {
        var path = Path([
            .. Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? "user" : "assistant", Long($"part {i} "))),
            ("user", "last"),
        ]);
        var summary = await SummariseAsync(path, "piece", window: 6000);
        Assert.True(asked.Count > 1);
        Assert.All(asked, request => Assert.InRange(TokenEstimate.Of(request.Text), 1, 6000));
        Assert.All(
            Enumerable.Range(0, 40),
            i => Assert.Contains(asked, request => request.Text.Contains($"part {i} ", StringComparison.Ordinal))
        );
        Assert.Equal(asked.Count * 10, summary.Usage!.OutputTokens);
        Assert.Equal(asked.Count * 0.5m, summary.Cost!.TotalCost);
    }

    [Fact]
    public async Task A_summary_that_saves_nothing_is_refused()
    {
        var path = Path(("user", "a"), ("assistant", "b"), ("user", "c"));
        var fault = await Assert.ThrowsAsync<FailureException>(() => SummariseAsync(path, Long("much longer")));
        Assert.Equal(FailureKind.Conflict, fault.Failure.Kind);
    }

    [Fact]
    public async Task A_single_question_has_nothing_to_be_summarised()
    {
        var fault = await Assert.ThrowsAsync<FailureException>(() => SummariseAsync(Path(("user", "a")), "x"));
        Assert.Equal(FailureKind.Conflict, fault.Failure.Kind);
        Assert.Empty(asked);
    }

    [Fact]
    public void Without_a_summary_everything_is_sent() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<bool[]>(),
                roles =>
                {
                    var path = Path([.. roles.Select((isUser, i) => (isUser ? "user" : "assistant", $"m{i}"))]);
                    return SentHistory.Of(path).SequenceEqual(path);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void The_last_message_before_a_summary_and_all_later_ones_are_sent() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<bool[]>(),
                ArbMap.Default.ArbFor<NonNegativeInt>(),
                (roles, place) =>
                {
                    var path = Path([.. roles.Select((isUser, i) => (isUser ? "user" : "assistant", $"m{i}"))]);
                    var at = place.Get % (path.Count + 1);
                    var summary = New("system", "SUMMARY", "") with { Compaction = new Compaction(1, 2, 1) };
                    var sent = SentHistory.Of([.. path.Take(at), summary, .. path.Skip(at)]);
                    var kept = path.Take(at).ToList().FindLastIndex(message => message.Role == MessageRole.User);
                    var expected = (kept < 0 ? [] : path.Skip(kept).Take(at - kept))
                        .Concat(path.Skip(at))
                        .Select(message => message.Text)
                        .ToList();
                    var texts = sent.Select(message => message.Text).ToList();
                    return texts[0].Contains("SUMMARY", StringComparison.Ordinal)
                        && sent[0].Role == MessageRole.User
                        && (
                            kept < 0
                                ? texts.Skip(1).SequenceEqual(expected)
                                : texts[0].EndsWith(expected[0], StringComparison.Ordinal) && texts.Skip(1).SequenceEqual(expected.Skip(1))
                        );
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("Date parser accepts February 30", "Date parser accepts February 30")]
    [InlineData("\n\n\"Fix the build\"\nBecause you asked.", "Fix the build")]
    [InlineData("Title: **Rename a column.**", "Rename a column")]
    [InlineData("# Überschrift", "Überschrift")]
    [InlineData(" \n\t ", null)]
    [InlineData("\"\"", null)]
    public void A_title_is_one_clean_line(string said, string? title) => Assert.Equal(title, TitleMaker.TitleIn(said));

    [Fact]
    public void No_title_is_longer_than_sixty_characters_or_ends_in_half_a_character() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<NonNull<string>>(),
                said =>
                    TitleMaker.TitleIn(said.Get + Long("😀")) is not { } title
                    || (title.Length <= 60 && !char.IsHighSurrogate(title[^1]) && title.Trim() == title)
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Token_counts_of_the_vendor_are_used_and_only_later_messages_are_estimated()
    {
        var path = Path(("user", Long("q")), ("assistant", "a"), ("user", "12345678"));
        path[1] = path[1] with
        {
            Usage = new Usage { InputTokens = 5000, OutputTokens = 100 },
        };
        var fill = ContextMeter.Measure(path, "1234", files: 0, draft: 7, window: 6000, _ => false);
        Assert.False(fill.IsEstimate);
        Assert.Equal(5100 + TokenEstimate.Of(path[2]) + 7, fill.Tokens);
        Assert.Equal(5100, fill.CompactsAt);
        Assert.True(fill.IsNearlyFull);
        Assert.True(ContextMeter.Measure(path, "1234", 0, 0, 6000, _ => true) is { IsEstimate: true, IsNearlyFull: false });
        Assert.True(
            ContextMeter.Measure(Path(("user", "x")), null, 0, 0, null, _ => false)
                is { IsEstimate: true, CompactsAt: null, IsNearlyFull: false }
        );
    }

    [Fact]
    public async Task After_a_summary_the_meter_falls()
    {
        var path = Path(("user", Long("one")), ("assistant", "two"), ("user", "three"));
        path[1] = path[1] with
        {
            Usage = new Usage { InputTokens = 9000, OutputTokens = 100 },
        };
        var before = ContextMeter.Measure(path, null, 0, 0, 10_000, _ => false);
        var summary = await SummariseAsync(path, "short");
        var after = ContextMeter.Measure([.. path, summary], null, 0, 0, 10_000, _ => false);
        Assert.True(before.IsNearlyFull && !after.IsNearlyFull && after.Tokens < 200);
    }

    private Task<Message> SummariseAsync(IReadOnlyList<Message> path, string answer, long? window = null) =>
        new Compactor(new SmallModel(asked, answer), window, TimeProvider.System).SummariseAsync(
            "codex://chats/x",
            path,
            Small,
            "Summarise.",
            CancellationToken.None
        );

    private sealed class SmallModel(List<SideRequest> asked, string answer) : ISideModel
    {
        public Task<SideAnswer> AskAsync(SideRequest request, TimeSpan timeout, CancellationToken cancellationToken)
        {
            asked.Add(request);
            return Task.FromResult(
                new SideAnswer(
                    answer,
                    new Usage { InputTokens = 100, OutputTokens = 10 },
                    new Cost(0.25m, 0.25m, 0, 0.5m, "catalog"),
                    new ProviderInfo("small", "model")
                )
            );
        }
    }

    private static List<Message> Path(params (string Role, string Text)[] messages)
    {
        var path = new List<Message>();
        foreach (var (role, text) in messages)
        {
            path.Add(New(role, text, path is [.., var last] ? last.Id : ""));
        }
        return path;
    }

    private static Message New(string role, string text, string parent) =>
        new()
        {
            Id = Ids.New("msg"),
            CodexId = "codex://chats/x",
            ParentId = parent,
            Role = Enum.Parse<MessageRole>(role, ignoreCase: true),
            CreatedAt = DateTimeOffset.UnixEpoch,
            Parts = [new MessagePart.Text(text)],
        };

    private static string Long(string text) => string.Concat(Enumerable.Repeat(text, 100 + 800 / text.Length));
}
