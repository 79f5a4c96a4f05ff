using System.Diagnostics;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class ChannelIndexTests : IDisposable
{
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private string IndexPath => Path.Combine(fixture.Paths.Index, "chats.idx");

    [Fact]
    public void A_rebuilt_index_equals_the_updated_one()
    {
        var store = fixture.NewStore();
        List<string> ids = [];
        var step =
            from kind in Gen.Choose(0, 6)
            from which in Gen.Choose(0, 1000)
            from text in ArbMap.Default.GeneratorFor<NonEmptyString>()
            select (kind, which, text: System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text.Get)));
        Prop.ForAll(
                step.ArrayOf().ToArbitrary(),
                steps =>
                {
                    foreach (var (kind, which, text) in steps)
                    {
                        if (kind == 0 || ids.Count == 0)
                        {
                            using var made = store.Create("ai-chat", which % 2 == 0 ? text : null, which % 3 == 0 ? null : "local", null);
                            ids.Add(made.Id);
                            continue;
                        }

                        var id = ids[which % ids.Count];
                        switch (kind)
                        {
                            case 1:
                                Update(
                                    id,
                                    new ChatFields(Title: text)
                                    {
                                        Pinned = which % 2 == 0,
                                        Tags = which % 3 == 0 ? [text, "b"] : [],
                                        ReadUntil = "msg_0",
                                    }
                                );
                                break;
                            case 2:
                                Update(
                                    id,
                                    new ChatFields(
                                        Archived: which % 2 == 0,
                                        Fallbacks: [new ModelChoice("other", which % 2 == 0 ? text : null)],
                                        Options: new ChatOptions(which % 2 == 0 ? 0.5 : null, which, [text], "high")
                                    )
                                );
                                break;
                            case 3:
                                store.Delete(id);
                                ids.Remove(id);
                                break;
                            case 4:
                                store.List();
                                break;
                            default:
                                using (var open = store.OpenAsync(id, CancellationToken.None).GetAwaiter().GetResult())
                                {
                                    var message = StoreFixture.NewMessage(
                                        which % 2 == 0 ? MessageRole.User : MessageRole.Assistant,
                                        text,
                                        which % 5 == 0 ? MessageStatus.Failed : MessageStatus.Complete
                                    );
                                    open.AppendAsync(
                                            which % 2 == 0
                                                ? message
                                                : message with
                                                {
                                                    Cost = new Cost(0.1m, which / 7m, 0, which, "catalog"),
                                                },
                                            CancellationToken.None
                                        )
                                        .AsTask()
                                        .GetAwaiter()
                                        .GetResult();
                                }

                                break;
                        }
                    }

                    store.List();
                    var kept = Describe(fixture.NewStore());
                    File.Delete(IndexPath);
                    var rebuilt = Describe(fixture.NewStore());
                    return kept.SequenceEqual(rebuilt) && kept.Length == ids.Count && Describe(store).SequenceEqual(rebuilt);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(25).WithEndSize(20));

        void Update(string id, ChatFields fields) => store.UpdateAsync(id, fields, CancellationToken.None).GetAwaiter().GetResult();
    }

    [Fact]
    public async Task The_first_listing_reports_its_repair_in_one_sentence()
    {
        await fixture.NewChatAsync("one");
        Assert.Equal("The index of chats was missing and was rebuilt from 1 chats.", Listed().IndexNotice);
        Assert.Null(Listed().IndexNotice);
        var id = await fixture.NewChatAsync("two");
        Assert.Equal("The index of chats listed 1 chats, but there are 2. 1 were read again and 0 removed.", Listed().IndexNotice);
        Assert.Null(Listed().IndexNotice);
        File.Delete(fixture.PathOf(id));
        Assert.Equal("The index of chats listed 2 chats, but there are 1. 0 were read again and 1 removed.", Listed().IndexNotice);
        var bytes = File.ReadAllBytes(IndexPath);
        bytes[^1] ^= 1;
        File.WriteAllBytes(IndexPath, bytes);
        Assert.Equal("The index of chats was damaged and was rebuilt from 1 chats.", Listed().IndexNotice);
        Assert.Null(Listed().IndexNotice);
    }

    [Fact]
    public async Task Changes_of_another_process_are_in_the_next_list_and_other_rows_are_unchanged()
    {
        var first = await fixture.NewChatAsync("one");
        var second = await fixture.NewChatAsync("two");
        var store = fixture.NewStore();
        var before = store.List().ToDictionary(row => row.Id);
        await fixture.NewStore().UpdateAsync(second, new ChatFields(Title: "Renamed"), CancellationToken.None);
        var after = store.List().ToDictionary(row => row.Id);
        Assert.Equal("Renamed", after[second].Title);
        Assert.Same(before[first], after[first]);
    }

    [Fact]
    public async Task A_chat_whose_writer_was_killed_is_listed_as_interrupted()
    {
        var id = await fixture.NewChatAsync("one");
        var store = fixture.NewStore();
        using var owner = fixture.StartWriter(id, "answer");
        await owner.StandardOutput.ReadLineAsync();
        await owner.StandardOutput.ReadLineAsync();
        Assert.Equal(ChatStatus.Running, Assert.Single(store.List()).Status);
        owner.Kill();
        await owner.WaitForExitAsync();
        Assert.Equal(ChatStatus.Interrupted, Assert.Single(store.List()).Status);
    }

    [Fact]
    public async Task The_trash_is_listed_and_a_chat_is_restored_from_it()
    {
        var store = fixture.NewStore();
        var id = await fixture.NewChatAsync("Keep me");
        Assert.Empty(store.ListDeleted());
        store.Delete(id);
        Assert.Equal((id, "A title", 1), Assert.Single(store.ListDeleted().Select(row => (row.Id, row.Title, row.MessageCount))));
        store.Restore(id);
        Assert.Empty(store.ListDeleted());
        Assert.Equal(id, Assert.Single(store.List()).Id);
    }

    [Fact]
    public async Task Listing_ten_thousand_chats_costs_little_more_than_reading_file_attributes()
    {
        const int count = 10_000;
        var template = File.ReadAllText(
            fixture.PathOf(await fixture.NewChatAsync("A question of some length, as people ask them.", "An answer."))
        );
        for (var i = 0; i < count - 1; i++)
        {
            File.WriteAllText(fixture.PathOf($"chat_{i:x32}"), template);
        }

        var clock = Stopwatch.StartNew();
        Assert.Equal(count, Listed().List().Count);
        var built = clock.Elapsed;
        var cold = new List<TimeSpan>();
        var warm = new List<TimeSpan>();
        var bare = new List<TimeSpan>();
        var same = new List<TimeSpan>();
        for (var i = 0; i < 5; i++)
        {
            clock.Restart();
            var store = Listed();
            cold.Add(clock.Elapsed);
            await store.UpdateAsync(
                "chat_" + 5.ToString("x32", System.Globalization.CultureInfo.InvariantCulture),
                new ChatFields(Title: $"Title {i}"),
                CancellationToken.None
            );
            clock.Restart();
            store.List();
            warm.Add(clock.Elapsed);
            clock.Restart();
            Assert.NotEqual(
                0,
                new DirectoryInfo(fixture.Paths.Chats).EnumerateFiles().Sum(file => file.Length + file.LastWriteTimeUtc.Second)
            );
            bare.Add(clock.Elapsed);
            Directory.SetLastWriteTimeUtc(fixture.Paths.Chats, DateTime.UtcNow.AddSeconds(-10));
            var list = store.List();
            clock.Restart();
            Assert.Same(list, store.List());
            same.Add(clock.Elapsed);
        }

        var figures =
            $"10,000 chats: index made {built.TotalMilliseconds:F0} ms, new process {Best(cold)}, after a change {Best(warm)}, unchanged {Best(same)}, a bare look at the files {Best(bare)}; index {new FileInfo(IndexPath).Length} bytes";
        TestContext.Current.TestOutputHelper?.WriteLine(figures);
        // Compared with the time of the system calls, because other processes may use the machine.
        Assert.True(warm.Min() < 3 * bare.Min(), figures);
        Assert.True(cold.Min() < 5 * bare.Min(), figures);
        Assert.True(same.Min() < TimeSpan.FromMilliseconds(5), figures);

        static string Best(List<TimeSpan> times) => $"{times.Min().TotalMilliseconds:F1} ms";
    }

    private ChatStore Listed()
    {
        var store = fixture.NewStore();
        store.List();
        return store;
    }

    private static string[] Describe(ChatStore store) =>
        [
            .. store
                .List()
                .Select(row =>
                    $"{row with { Tags = [], Fallbacks = [], Options = ChatOptions.None }} {string.Join('|', row.Tags)} {string.Join('|', row.Fallbacks)} "
                    + $"{row.Options.Temperature} {row.Options.MaxTokens} {string.Join('|', row.Options.StopSequences ?? [])} {row.Options.ReasoningLevel}"
                ),
        ];
}
