using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class ChatSearchTests : IDisposable
{
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Search_finds_a_word_in_all_chats_newest_first()
    {
        var older = await fixture.NewChatAsync("Where is the Needle?", "In the haystack.", "And a second NEEDLE");
        var newer = await fixture.NewChatAsync("No", "A needle's eye");
        await fixture.NewChatAsync("Nothing here");
        var (matches, summary) = await SearchAsync(new SearchQuery("needle"));

        Assert.Equal(new SearchSummary(3, 2, false, 0), summary);
        Assert.Equal([newer, older, older], matches.Select(match => match.Chat.Id));
        Assert.Equal(["A needle's eye", "And a second NEEDLE", "Where is the Needle?"], matches.Select(match => match.Snippet.Text));
        Assert.All(
            matches,
            match => Assert.Equal("needle", match.Snippet.Text.Substring(match.Snippet.Start, match.Snippet.Length), ignoreCase: true)
        );
        Assert.Equal([MessageRole.Assistant, MessageRole.User, MessageRole.User], matches.Select(match => match.Role));
    }

    [Fact]
    public async Task Matches_all_words_and_exact_phrases()
    {
        await fixture.NewChatAsync("red green blue", "green red", "blue only");
        Assert.Equal(2, (await SearchAsync(new SearchQuery("RED green"))).Summary.Hits);
        Assert.Equal(1, (await SearchAsync(new SearchQuery("\"red green\""))).Summary.Hits);
        Assert.Equal(0, (await SearchAsync(new SearchQuery("red yellow"))).Summary.Hits);
    }

    [Fact]
    public async Task Text_reasoning_files_and_tool_calls_are_searched_and_nothing_else_of_the_record()
    {
        await using (var journal = fixture.NewStore().Create("ai-chat", "Title", "prov", "mod"))
        {
            await journal.AppendAsync(
                StoreFixture.NewMessage(MessageRole.Assistant, "plain-text") with
                {
                    Parts =
                    [
                        new MessagePart.Text("plain-text"),
                        new MessagePart.Reasoning("a-thought", "a-signature", "an-opaque"),
                        new MessagePart.File("src/a-file.cs", "file-content", "0a0b0c0d", "csharp"),
                        new MessagePart.ToolUse("call-id", "a-tool", """{"command":"ls \"x\""}"""),
                        new MessagePart.ToolResult("call-id", "tool-output", null),
                        new MessagePart.ToolResult("call-id", null, "tool-error"),
                    ],
                    ProviderInfo = new ProviderInfo("prov", "mod", "request-id"),
                },
                CancellationToken.None
            );
        }

        foreach (
            var word in new[]
            {
                "plain-text",
                "a-thought",
                "a-file.cs",
                "file-content",
                "a-tool",
                "\"ls \\\"\"x\"",
                "tool-output",
                "tool-error",
            }
        )
        {
            Assert.Single((await SearchAsync(new SearchQuery(word))).Finds);
        }

        foreach (
            var word in new[]
            {
                "a-signature",
                "an-opaque",
                "0a0b0c0d",
                "csharp",
                "call-id",
                "request-id",
                "tool_use",
                "created_at",
                "parts",
                "assistant",
            }
        )
        {
            Assert.Empty((await SearchAsync(new SearchQuery(word))).Finds);
        }
    }

    [Fact]
    public async Task Search_finds_only_current_text_of_a_chat()
    {
        var store = fixture.NewStore();
        var first = StoreFixture.NewMessage(MessageRole.User, "needle one");
        var second = StoreFixture.NewMessage(MessageRole.Assistant, "needle two");
        var third = StoreFixture.NewMessage(MessageRole.User, "needle three");
        var fourth = StoreFixture.NewMessage(MessageRole.Assistant, "needle four");
        await using (var journal = store.Create("ai-chat", null, null, null))
        {
            foreach (var message in new[] { first, second, third, fourth })
            {
                await journal.AppendAsync(message, CancellationToken.None);
            }

            await journal.AppendAsync(first with { Parts = [new MessagePart.Text("changed")] }, CancellationToken.None);
            await journal.DiscardAsync(second.Id, CancellationToken.None);
            await journal.BeginAsync(fourth with { Parts = [], Status = MessageStatus.Streaming }, CancellationToken.None);
            await journal.AppendAsync(
                StoreFixture.NewMessage(MessageRole.Assistant, "needle hidden") with
                {
                    IsHidden = true,
                },
                CancellationToken.None
            );
            await journal.QueueAsync(StoreFixture.NewMessage(MessageRole.User, "needle waiting"), CancellationToken.None);
            await journal.BeginAsync(
                StoreFixture.NewMessage(MessageRole.Assistant, "needle begun", MessageStatus.Streaming),
                CancellationToken.None
            );
        }

        var deleted = await fixture.NewChatAsync("needle deleted");
        fixture.NewStore().Delete(deleted);
        Assert.Equal(["needle three"], (await SearchAsync(new SearchQuery("needle"))).Finds.Select(match => match.Snippet.Text));
    }

    [Fact]
    public async Task Filters_choose_by_time_provider_model_code_status_role_tags_and_archive()
    {
        var store = fixture.NewStore();
        await using (var journal = store.Create("ai-chat", "One", "own", "own-model"))
        {
            await journal.UpdateAsync(new ChatFields { Tags = ["work", "plans"] }, CancellationToken.None);
            var question = StoreFixture.NewMessage(MessageRole.User, "needle question") with
            {
                CreatedAt = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero),
            };
            var answer = StoreFixture.NewMessage(MessageRole.Assistant, "needle answer\n  ```js\nx\n```", MessageStatus.Stopped) with
            {
                CreatedAt = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero),
                ProviderInfo = new ProviderInfo("other", "other-model"),
            };
            await journal.AppendAsync(question, CancellationToken.None);
            await journal.AppendAsync(answer, CancellationToken.None);
        }

        async Task Gives(string expected, SearchQuery query) =>
            Assert.Equal(
                expected,
                string.Join(' ', (await SearchAsync(query)).Finds.Select(match => match.Role == MessageRole.User ? "question" : "answer"))
            );

        await Gives("answer question", new SearchQuery("needle"));
        await Gives("answer question", new SearchQuery("") { Tags = ["WORK"] });
        await Gives("", new SearchQuery("needle") { Tags = ["work", "play"] });
        await Gives("answer", new SearchQuery("needle") { From = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero) });
        await Gives("question", new SearchQuery("needle") { To = new(2026, 3, 2, 0, 0, 0, TimeSpan.Zero) });
        await Gives("question", new SearchQuery("") { ProviderId = "own" });
        await Gives("answer", new SearchQuery("") { Model = "other-model" });
        await Gives("answer", new SearchQuery("needle") { HasCode = true });
        await Gives("question", new SearchQuery("needle") { HasCode = false });
        await Gives("answer", new SearchQuery("") { Status = MessageStatus.Stopped });
        await Gives("question", new SearchQuery("needle") { Role = MessageRole.User });
        await Gives("", new SearchQuery(""));

        await fixture.NewStore().UpdateAsync(fixture.NewStore().List()[0].Id, new ChatFields(Archived: true), CancellationToken.None);
        await Gives("", new SearchQuery("needle"));
        await Gives("answer question", new SearchQuery("needle") { IncludeArchived = true });
    }

    [Fact]
    public async Task A_title_is_found_when_no_message_of_its_chat_is()
    {
        var id = await fixture.NewChatAsync("a question");
        var (matches, summary) = await SearchAsync(new SearchQuery("TITLE"));
        Assert.Equal(("", id, "A title"), (Assert.Single(matches).MessageId, matches[0].Chat.Id, matches[0].Snippet.Text));
        Assert.Equal(1, summary.Chats);
        Assert.Empty((await SearchAsync(new SearchQuery("title") { Role = MessageRole.User })).Finds);
    }

    [Fact]
    public async Task The_limit_keeps_the_newest_matches_and_reports_that_there_are_more()
    {
        await fixture.NewChatAsync("needle 1", "needle 2", "needle 3");
        await fixture.NewChatAsync("needle 4", "needle 5", "needle 6");
        var (matches, summary) = await SearchAsync(new SearchQuery("needle") { Limit = 4 });
        Assert.Equal(["needle 6", "needle 5", "needle 4", "needle 3"], matches.Select(match => match.Snippet.Text));
        Assert.Equal(new SearchSummary(4, 2, true, 0), summary);
        Assert.Equal(new SearchSummary(6, 2, false, 0), (await SearchAsync(new SearchQuery("needle") { Limit = 6 })).Summary);
    }

    [Fact]
    public async Task A_chat_with_more_matches_than_the_limit_keeps_its_newest()
    {
        await fixture.NewChatAsync([.. Enumerable.Range(1, 30).Select(number => $"needle {number}")]);
        var (matches, summary) = await SearchAsync(new SearchQuery("needle") { Limit = 3 });
        Assert.Equal(["needle 30", "needle 29", "needle 28"], matches.Select(match => match.Snippet.Text));
        Assert.True(summary.IsTruncated);
    }

    [Fact]
    public async Task Valid_lines_of_a_damaged_journal_are_searched_and_unreadable_journals_are_counted()
    {
        var damaged = await fixture.NewChatAsync("needle good", "needle bad", "needle behind");
        var bytes = File.ReadAllBytes(fixture.PathOf(damaged));
        var bad = bytes.AsSpan().IndexOf("needle bad"u8);
        bytes[bad + 7] = (byte)'B';
        // This also damages the line feed between two valid lines.
        bytes[bad + bytes.AsSpan(bad).IndexOf((byte)'\n')] = (byte)' ';
        File.WriteAllBytes(fixture.PathOf(damaged), bytes);

        var newer = Ids.New("chat");
        var lines = new ArrayBufferWriter<byte>();
        JournalLine.Write(lines, 1, DateTimeOffset.UtcNow, new StoredHeader(StoredHeader.CurrentFormat + 1, newer, "ai-chat").ToUtf8());
        JournalLine.Write(
            lines,
            2,
            DateTimeOffset.UtcNow,
            new StoredComplete(StoredMessage.From(StoreFixture.NewMessage(MessageRole.User, "needle newer"))).ToUtf8()
        );
        File.WriteAllBytes(fixture.PathOf(newer), lines.WrittenSpan.ToArray());

        var (matches, summary) = await SearchAsync(new SearchQuery("needle"));
        Assert.Equal(["needle behind", "needle good"], matches.Select(match => match.Snippet.Text));
        Assert.Equal(1, summary.Unreadable);
    }

    /// <summary>While the first match is reported, the other thread can read one more chat. Chats that are deleted in the meantime were not read.</summary>
    [Fact]
    public async Task Reports_the_first_matches_before_reading_the_other_chats()
    {
        List<string> chats = [];
        for (var i = 0; i < 100; i++)
        {
            chats.Add(await fixture.NewChatAsync("needle"));
        }

        List<string> reported = [];
        await NewSearch()
            .RunAsync(
                new SearchQuery("needle"),
                matches =>
                {
                    if (reported.Count == 0)
                    {
                        chats.Where(id => id != matches[0].Chat.Id).ToList().ForEach(id => File.Delete(fixture.PathOf(id)));
                    }

                    reported.AddRange(matches.Select(match => match.Chat.Id));
                },
                CancellationToken.None
            );
        Assert.Equal(chats[^1], reported[0]);
        // The other thread continues to read while the files are deleted.
        Assert.InRange(reported.Count, 1, chats.Count - 1);
    }

    [Fact]
    public async Task A_canceled_search_ends_and_reports_no_more_matches()
    {
        for (var i = 0; i < 20; i++)
        {
            await fixture.NewChatAsync("needle");
        }

        using var stop = new CancellationTokenSource();
        var reported = 0;
        var searching = NewSearch()
            .RunAsync(
                new SearchQuery("needle"),
                _ =>
                {
                    reported++;
                    stop.Cancel();
                },
                stop.Token
            );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => searching.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.InRange(reported, 1, 3);
    }

    [Fact]
    public async Task A_search_can_be_canceled_in_the_middle_of_a_chat()
    {
        using var stop = new CancellationTokenSource();
        var id = await fixture.NewChatAsync("one", "two");
        var matcher = new JournalMatcher(new JournalQuery(new SearchQuery("x")), fixture.NewStore().List()[0], stop.Token);
        Assert.Throws<OperationCanceledException>(() =>
            JournalReader.Scan(
                fixture.PathOf(id),
                line =>
                {
                    matcher.Take(line);
                    stop.Cancel();
                }
            )
        );
    }

    /// <summary>Files are scanned in blocks of 256 KiB before their lines are read.</summary>
    [Theory]
    [InlineData(1_000, 700)]
    [InlineData(262_000, 3)]
    [InlineData(900_000, 2)]
    public async Task Search_finds_a_word_at_any_position_of_a_long_chat(int length, int messages)
    {
        var filler = string.Concat(Enumerable.Repeat("role \"created_at\": ", length / 20));
        for (var at = 0; at < messages; at += Math.Max(1, messages / 5))
        {
            var place = at;
            await fixture.NewChatAsync([
                .. Enumerable.Range(0, messages).Select(number => number == place ? $"{filler}needle{place}x" : filler),
            ]);
        }

        for (var at = 0; at < messages; at += Math.Max(1, messages / 5))
        {
            Assert.Single((await SearchAsync(new SearchQuery($"needle{at}x"))).Finds);
        }

        Assert.Empty((await SearchAsync(new SearchQuery("parent_id"))).Finds);
        Assert.Equal(messages, (await SearchAsync(new SearchQuery("created_at role") { Limit = messages })).Summary.Hits); // in the text of each
    }

    /// <summary>These words are in every line of a journal, but rarely in a message.</summary>
    [Theory]
    [InlineData("created_at")]
    [InlineData("content")]
    [InlineData("type")]
    [InlineData("user")]
    [InlineData("local")]
    [InlineData("msg_")]
    [InlineData("id")]
    [InlineData("2026")]
    [InlineData("complete")]
    [InlineData("seq")]
    [InlineData("codex://chats/")]
    public void Distinguishes_journal_keywords_from_message_text(string word)
    {
        static byte[] Line(string text) =>
            StoredLine(
                StoreFixture.NewMessage(MessageRole.User, text) with
                {
                    ProviderInfo = new ProviderInfo("local", "id"),
                    CreatedAt = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
                }
            );
        var query = new JournalQuery(new SearchQuery(word));
        Assert.False(query.MayMatch(Line("nothing: \"x\":\"y\" {")));
        foreach (
            var text in new[]
            {
                word,
                $"{word}\"",
                $"\"{word}\":",
                $"\"{word}\":\"",
                $"\"role\":\"{word}",
                $":\"{word}",
                $"{{\"a\":\"{word}\"}}",
                $"\\{word}\\",
            }
        )
        {
            Assert.True(query.MayMatch(Line(text)), text);
        }
    }

    private static byte[] StoredLine(Message message)
    {
        var lines = new ArrayBufferWriter<byte>();
        JournalLine.Write(lines, 12, message.CreatedAt, new StoredComplete(StoredMessage.From(message)).ToUtf8());
        return lines.WrittenSpan[..^1].ToArray();
    }

    [Fact]
    public void Search_results_equal_a_full_scan_for_random_chats()
    {
        string[] pieces =
        [
            "a",
            "A",
            "b",
            " ",
            "needle",
            "NEEDLE",
            "content",
            "text",
            "role",
            "é",
            "É",
            "e\u0301",
            "ß",
            "ẞ",
            "SS",
            "İ",
            "i",
            "ı",
            "I",
            "ſ",
            "s",
            "\u212a",
            "k",
            "σ",
            "ς",
            "Σ",
            "µ",
            "μ",
            "\"",
            "\\",
            "\n",
            "\t",
            "\u0001",
            "\u007f",
            "\u2028",
            "\u00a0",
            "\ue000",
            "/",
            "<",
            "{\"seq\":",
            "😀",
            "😁",
            "\U00010400",
            "\U00010428",
            "日本",
            "привет",
            "ПРИВЕТ",
            "\u0345",
            "ⓐ",
            "Ⓐ",
            ":",
            "\":\"",
            "\",\"content\":\"",
            "{\"role\":\"",
            "\\\"",
            "\\\\",
            "message",
            "tool_name",
            "crc",
            "0",
            "12",
            "msg_",
            "},{",
            "[",
            "]",
            ",",
        ];
        var piece = Gen.Elements(pieces);
        var text = piece.ListOf().Select(some => string.Concat(some.Take(12)));
        var part = Gen.OneOf(
            text.Select(content => (MessagePart)new MessagePart.Text(content)),
            text.Select(content => (MessagePart)new MessagePart.Reasoning(content, "needle", "b")),
            from path in text
            from content in text
            select (MessagePart)new MessagePart.File(path, content, "needle", "text"),
            from name in text
            from parameters in text
            select (MessagePart)new MessagePart.ToolUse("needle", name, parameters),
            from result in text
            from error in text
            select (MessagePart)new MessagePart.ToolResult("needle", result, error)
        );
        var step =
            from what in Gen.Choose(0, 9)
            from which in Gen.Choose(0, 100)
            from parts in part.ListOf()
            select (what, which, parts: parts.Take(3).ToList());
        var term = piece.NonEmptyListOf().Select(some => string.Concat(some.Take(3)));
        var cases =
            from steps in step.NonEmptyListOf()
            from terms in term.NonEmptyListOf()
            select (steps: steps.Take(8).ToList(), terms: terms.Take(2).ToList());
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(150),
            Prop.ForAll(
                cases.ToArbitrary(),
                test =>
                {
                    using var own = new StoreFixture();
                    var store = own.NewStore();
                    using (var journal = store.Create("ai-chat", "-", null, null))
                    {
                        Play(journal, test.steps);
                    }

                    var chat = store.Read(store.List()[0].Id);
                    var expected = chat
                        .Tree.DescendantsOf("")
                        .Select(chat.Tree.Find)
                        .OfType<Message>()
                        .Where(message =>
                            message.Status == MessageStatus.Complete
                            && test.terms.All(requested =>
                                TextsOf(message).Any(has => has.Contains(requested, StringComparison.OrdinalIgnoreCase))
                            )
                        )
                        .Select(message => message.Id)
                        .Order(StringComparer.Ordinal);
                    var query = new SearchQuery(
                        string.Join(' ', test.terms.Select(requested => $"\"{requested.Replace("\"", "\"\"", StringComparison.Ordinal)}\""))
                    );
                    var found = SearchAsync(query, own)
                        .GetAwaiter()
                        .GetResult()
                        .Finds.Select(match => match.MessageId)
                        .Where(id => id.Length > 0)
                        .Order(StringComparer.Ordinal);
                    return expected.SequenceEqual(found);
                }
            )
        );
    }

    /// <summary>Adds, changes, restarts and undoes messages at random.</summary>
    private static void Play(ChatJournal journal, IReadOnlyList<(int What, int Which, List<MessagePart> Parts)> steps)
    {
        List<Message> messages = [];
        void Wait(ValueTask task) => task.AsTask().GetAwaiter().GetResult();
        foreach (var (what, which, parts) in steps)
        {
            var earlier = messages.Count > 0 ? messages[which % messages.Count] : null;
            if (what < 6 || earlier is null)
            {
                messages.Add(
                    StoreFixture.NewMessage(which % 2 == 0 ? MessageRole.User : MessageRole.Assistant, null) with
                    {
                        Parts = parts,
                    }
                );
                Wait(journal.AppendAsync(messages[^1], CancellationToken.None));
            }
            else if (what < 8)
            {
                Wait(journal.AppendAsync(earlier with { Parts = parts }, CancellationToken.None));
            }
            else if (what == 8)
            {
                Wait(journal.DiscardAsync(earlier.Id, CancellationToken.None));
            }
            else
            {
                Wait(journal.BeginAsync(earlier with { Parts = parts, Status = MessageStatus.Streaming }, CancellationToken.None));
            }
        }
    }

    private static IEnumerable<string> TextsOf(Message message) =>
        message.Parts.SelectMany(part =>
            part switch
            {
                MessagePart.Text text => [text.Content],
                MessagePart.Reasoning reasoning => [reasoning.Content],
                MessagePart.File file => [file.Path, file.Content ?? ""],
                MessagePart.ToolUse use => [use.ToolName, use.Parameters],
                MessagePart.ToolResult result => [result.Result ?? "", result.Error ?? ""],
                _ => Array.Empty<string>(),
            }
        );

    private Task<(List<SearchMatch> Finds, SearchSummary Summary)> SearchAsync(SearchQuery query) => SearchAsync(query, fixture);

    private static async Task<(List<SearchMatch> Finds, SearchSummary Summary)> SearchAsync(SearchQuery query, StoreFixture fixture)
    {
        List<SearchMatch> matches = [];
        var search = new ChatSearch(fixture.NewStore(), NullLogger.Instance);
        return (matches, await search.RunAsync(query, matches.AddRange, CancellationToken.None));
    }

    private ChatSearch NewSearch() => new(fixture.NewStore(), NullLogger.Instance);
}
