using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Store;

public sealed class UsageLedgerTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private string Folder => Path.Combine(fixture.Paths.Index, "usage");

    [Fact]
    public async Task A_response_is_one_ledger_line_without_its_content()
    {
        await using var ledger = NewLedger();
        ledger.Add(
            Answer("A secret recipe", 1000, 500, 0.002m) with
            {
                Timing = new Timing(TimeSpan.FromMilliseconds(120), TimeSpan.FromSeconds(2)),
            },
            "chat_1",
            "ai-chat"
        );
        var entry = Assert.Single(await AllAsync(ledger));
        Assert.Equal(
            ("chat_1", "ai-chat", "groq", "Name of groq", "llama", 0.002m, "catalog", 120d, 2000d, "complete"),
            (
                entry.ChatId,
                entry.Template,
                entry.ProviderId,
                entry.ProviderName,
                entry.Model,
                entry.Cost,
                entry.PriceSource,
                entry.FirstTokenMs,
                entry.DurationMs,
                entry.Status
            )
        );
        Assert.Equal(new Usage { InputTokens = 1000, OutputTokens = 500 }, entry.Usage);
        var text = await File.ReadAllTextAsync(Path.Combine(Folder, "2026-11.jsonl"));
        Assert.Single(text.TrimEnd().Split('\n'));
        Assert.DoesNotContain("recipe", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cost_of_a_summary_counts_like_that_of_a_response()
    {
        await using var ledger = NewLedger();
        ledger.Add(
            Answer("What was said", 1000, 50, 0.75m) with
            {
                Role = MessageRole.System,
                Compaction = new Compaction(2, 900, 100),
            },
            "chat_1",
            "ai-chat"
        );
        Assert.Equal(0.75m, Assert.Single(await AllAsync(ledger)).Cost);
    }

    [Fact]
    public async Task A_response_without_usage_is_not_recorded()
    {
        await using var ledger = NewLedger();
        ledger.Add(StoreFixture.NewMessage(MessageRole.User, "Hello"), "chat_1", "ai-chat");
        ledger.Add(StoreFixture.NewMessage(MessageRole.Assistant, null, MessageStatus.Failed), "chat_1", "ai-chat");
        ledger.Add(StoreFixture.NewMessage(MessageRole.Assistant, "Half", MessageStatus.Interrupted), "chat_1", "ai-chat");
        Assert.Empty(await AllAsync(ledger));
    }

    [Fact]
    public async Task A_missing_ledger_is_rebuilt_from_all_chats_including_hidden_and_deleted_ones()
    {
        var store = fixture.NewStore();
        var (hidden, deleted) = (Answer("hidden", 1, 1, 0.25m), Answer("deleted", 1, 1, 0.5m));
        string id;
        await using (var journal = store.Create("ai-chat", null, null, null))
        {
            await journal.AppendAsync(hidden, CancellationToken.None);
            await journal.DiscardAsync(hidden.Id, CancellationToken.None);
        }

        await using (var journal = store.Create("ai-chat", null, null, null))
        {
            id = journal.Id;
            await journal.AppendAsync(deleted, CancellationToken.None);
        }

        store.Delete(id);
        await using (var ledger = NewLedger())
        {
            Assert.Equal(0.75m, (await AllAsync(ledger)).Sum(entry => entry.Cost));
        }

        Directory.Delete(Folder, recursive: true);
        await using var again = NewLedger();
        Assert.Equal([hidden.Id, deleted.Id], (await AllAsync(again)).Select(entry => entry.Id).Order());
    }

    [Fact]
    public async Task Repairing_the_ledger_keeps_lines_of_permanently_deleted_chats()
    {
        await using (var ledger = NewLedger())
        {
            ledger.Add(Answer("gone", 1, 1, 0.5m), "chat_gone", "ai-chat");
        }

        var path = Path.Combine(Folder, "2026-11.jsonl");
        await File.AppendAllTextAsync(path, "{\"time\":\"2026-11-2 broken\n");
        await using var again = NewLedger();
        Assert.Equal(0.5m, Assert.Single(await AllAsync(again)).Cost);
        Assert.DoesNotContain("broken", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
        Assert.Contains("broken", await File.ReadAllTextAsync(path + ".damaged"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_that_a_killed_process_did_not_write_is_added_at_the_next_start()
    {
        var store = fixture.NewStore();
        await using (var ledger = NewLedger())
        {
            Assert.Empty(await AllAsync(ledger));
        }

        var answer = Answer("Paid", 10, 10, 0.1m) with { UpdatedAt = DateTimeOffset.UtcNow };
        await using (var journal = store.Create("ai-chat", null, null, null))
        {
            await journal.AppendAsync(answer, CancellationToken.None);
        }

        await using var again = NewLedger();
        Assert.Equal(answer.Id, Assert.Single(await AllAsync(again)).Id);
    }

    [Fact]
    public async Task A_line_truncated_by_a_crash_does_not_affect_other_lines()
    {
        await using (var ledger = NewLedger())
        {
            ledger.Add(Answer("one", 1, 1, 1), "chat_1", "ai-chat");
        }

        await File.AppendAllTextAsync(Path.Combine(Folder, "2026-11.jsonl"), "{\"time\":\"2026");
        await using var again = NewLedger();
        Assert.Single(await AllAsync(again));
        again.Add(Answer("two", 1, 1, 2), "chat_1", "ai-chat");
        Assert.Equal(3, (await AllAsync(again)).Sum(entry => entry.Cost));
    }

    [Fact]
    public async Task Two_windows_write_one_ledger()
    {
        await using var one = NewLedger();
        await using var other = NewLedger();
        for (var number = 0; number < 50; number++)
        {
            one.Add(Answer("a", 1, 1, 1), "chat_1", "ai-chat");
            other.Add(Answer("b", 1, 1, 1), "chat_2", "ai-chat");
            if (number % 10 == 0)
            {
                await Task.Yield();
            }
        }

        await AllAsync(one);
        await AllAsync(other);
        Assert.Equal(100, (await AllAsync(one)).Count);
    }

    [Fact]
    public async Task A_read_only_folder_fails_no_response_and_the_ledger_is_completed_later()
    {
        Directory.CreateDirectory(fixture.Paths.Index);
        await File.WriteAllBytesAsync(Folder, []);
        await using (var ledger = NewLedger())
        {
            ledger.Add(Answer("one", 1, 1, 1), "chat_1", "ai-chat");
        }

        Assert.Equal(0, new FileInfo(Folder).Length);
    }

    [Fact]
    public async Task Small_responses_of_one_model_are_one_line_with_their_number()
    {
        await using var ledger = NewLedger();
        ledger.Collect(Completion(0.25m));
        ledger.Collect(Completion(0.5m));
        ledger.Collect(Completion(null));
        ledger.Collect(Completion(0.125m) with { Model = "other" });
        var entries = await AllAsync(ledger);
        Assert.Equal([0.75m, null, 0.125m], entries.Select(entry => entry.Cost));
        Assert.Equal([2, 1, 1], entries.Select(entry => entry.Count));
        Assert.Equal(new Usage { InputTokens = 20, OutputTokens = 10 }, entries[0].Usage);
        var total = UsageSummary.Of(entries, TimeSpan.Zero).Total;
        Assert.Equal((4, 1, 0.875m), (total.Responses, total.Unpriced, total.Cost));

        ledger.Collect(Completion(1));
        Assert.Equal(4, (await AllAsync(ledger)).Count);
    }

    [Fact]
    public async Task Small_responses_are_written_after_half_a_minute_without_a_reader()
    {
        var time = new MovableTime();
        await using var ledger = NewLedger(time);
        ledger.Collect(Completion(0.25m));
        time.Advance(TimeSpan.FromSeconds(30));
        // Without a reader, the write waits for more responses.
        Assert.Equal(TimeSpan.FromMilliseconds(100), await time.NextWaitAsync());
        time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal(0.25m, Assert.Single(await AllAsync(ledger)).Cost);
    }

    [Fact]
    public async Task Small_responses_that_could_not_be_written_are_written_later()
    {
        Directory.CreateDirectory(fixture.Paths.Index);
        await File.WriteAllBytesAsync(Folder, []);
        await using var ledger = NewLedger();
        ledger.Collect(Completion(0.25m));
        await Assert.ThrowsAsync<FailureException>(() => AllAsync(ledger));
        File.Delete(Folder);
        Assert.Equal(0.25m, Assert.Single(await AllAsync(ledger)).Cost);
    }

    [Fact]
    public async Task Small_responses_are_not_counted_as_chats_and_survive_a_rebuild()
    {
        await using (var ledger = NewLedger())
        {
            for (var at = 0; at < 5; at++)
            {
                ledger.Collect(Completion(1) with { Model = $"model {at}" });
            }
        }

        await using var rebuilt = NewLedger();
        File.Delete(Path.Combine(Folder, "complete"));
        Assert.Equal(5, (await AllAsync(rebuilt)).Count);
        Assert.Null(await rebuilt.TypicalChatAsync());
        Assert.Empty(UsageSummary.Of(await AllAsync(rebuilt), TimeSpan.Zero).Chats);
    }

    [Theory]
    [InlineData(60, 1)] // 23:30 UTC of the previous day is today at UTC+1
    [InlineData(0, 2)]
    public async Task Today_begins_at_the_users_midnight(int offsetMinutes, int responses)
    {
        var time = new Clock(Noon, TimeSpan.FromMinutes(offsetMinutes));
        await using var ledger = NewLedger(time);
        ledger.Add(
            Answer("a", 1, 1, 1) with
            {
                UpdatedAt = new DateTimeOffset(2026, 11, 20, 23, 30, 0, TimeSpan.Zero),
            },
            "chat_1",
            "ai-chat"
        );
        ledger.Add(Answer("b", 1, 1, 1), "chat_1", "ai-chat");
        Assert.Equal(offsetMinutes == 60 ? 2 : 1, await ledger.SpentTodayAsync());
        Assert.Equal(responses, UsageSummary.Of(await AllAsync(ledger), TimeSpan.FromMinutes(offsetMinutes)).Days.Count);
    }

    [Fact]
    public async Task The_typical_chat_is_the_middle_one_and_unknown_with_fewer_than_three()
    {
        await using var ledger = NewLedger();
        ledger.Add(Answer("a", 1000, 100, 1), "chat_1", "ai-chat");
        ledger.Add(Answer("b", 50, 5, 1), "chat_2", "ai-chat");
        Assert.Null(await ledger.TypicalChatAsync());
        ledger.Add(Answer("c", 100, 10, 1), "chat_3", "ai-chat");
        ledger.Add(Answer("d", 100, 10, 1), "chat_3", "ai-chat");
        Assert.Equal(new Usage { InputTokens = 200, OutputTokens = 20 }, await ledger.TypicalChatAsync());
        Assert.Equal(new Usage { InputTokens = 200, OutputTokens = 20 }, await ledger.TypicalChatAsync());
    }

    [Fact]
    public async Task With_an_unreadable_ledger_the_typical_chat_is_unknown()
    {
        Directory.CreateDirectory(fixture.Paths.Index);
        await File.WriteAllTextAsync(Folder, "in the way");
        await using var ledger = NewLedger();
        Assert.Null(await ledger.TypicalChatAsync());
        await Assert.ThrowsAsync<FailureException>(() => AllAsync(ledger));
    }

    [Fact]
    public void Figures_are_added_up_and_the_first_token_is_the_median()
    {
        UsageEntry[] entries =
        [
            Entry("a", "groq", 1.1m, 100),
            Entry("a", "groq", null, 300),
            Entry("b", "openai", 2.2m, 200),
            Entry("b", "openai", 0, null),
        ];
        var summary = UsageSummary.Of(entries, TimeSpan.Zero);
        Assert.Equal(
            (4, 1, 3.3m, TimeSpan.FromMilliseconds(200)),
            (summary.Total.Responses, summary.Total.Unpriced, summary.Total.Cost, summary.Total.FirstToken)
        );
        Assert.Equal(["openai", "groq"], summary.Providers.Select(row => row.Key));
        Assert.Equal(
            [TimeSpan.FromMilliseconds(200), TimeSpan.FromMilliseconds(200)],
            summary.Providers.Select(row => row.Figures.FirstToken)
        );
        Assert.Equal(["b", "a"], summary.Chats.Select(row => row.Key));
    }

    [Fact]
    public void Any_entry_is_read_as_it_was_written()
    {
        var text = ArbMap
            .Default.GeneratorFor<string>()
            .Where(value => value is not null)
            .Select(value => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(value)));
        var entry =
            from name in text
            from number in Gen.Choose(0, int.MaxValue)
            from known in ArbMap.Default.GeneratorFor<bool>()
            select new UsageEntry
            {
                Time = Noon.AddMilliseconds(number),
                Id = name,
                ChatId = name,
                Template = name,
                ProviderId = name,
                ProviderName = name,
                Model = name,
                Usage = known
                    ? new Usage
                    {
                        InputTokens = number,
                        OutputTokens = 1,
                        CachedReadTokens = number,
                        CachedWriteTokens = 2,
                        ReasoningTokens = 3,
                    }
                    : null,
                Cost = known ? number / 7m : null,
                PriceSource = known ? name : null,
                FirstTokenMs = known ? number : null,
                DurationMs = known ? number : null,
                Status = "complete",
            };
        Prop.ForAll(
                entry.ToArbitrary(),
                value =>
                {
                    var line = new System.Buffers.ArrayBufferWriter<byte>();
                    value.WriteTo(line);
                    return line.WrittenSpan[..^1].IndexOf((byte)'\n') < 0
                        && UsageEntry.TryParse(line.WrittenSpan[..^1], new UsageTexts()) == value;
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_damage_of_a_line_is_detected_or_harmless()
    {
        var line = new System.Buffers.ArrayBufferWriter<byte>();
        Entry("a", "groq", 1.5m, 10).WriteTo(line);
        var bytes = line.WrittenSpan[..^1].ToArray();
        Prop.ForAll(
                Gen.Choose(0, bytes.Length - 1).Zip(Gen.Choose(0, 255)).ToArbitrary(),
                change =>
                {
                    var damaged = bytes.ToArray();
                    damaged[change.Item1] = (byte)change.Item2;
                    UsageEntry.TryParse(damaged, new UsageTexts());
                    UsageEntry.TryParse(bytes.AsSpan(0, change.Item1), new UsageTexts());
                }
            )
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public async Task Sums_a_hundred_thousand_responses_quickly()
    {
        await using (var ledger = NewLedger())
        {
            await AllAsync(ledger);
        }

        var lines = new System.Buffers.ArrayBufferWriter<byte>();
        for (var number = 0; number < 100_000; number++)
        {
            Entry($"chat_{number / 20}", $"p{number % 5}", 0.001m, number % 1000, $"msg_{number:x32}").WriteTo(lines);
        }
        await File.WriteAllBytesAsync(Path.Combine(Folder, "2026-11.jsonl"), lines.WrittenMemory);
        await using var again = NewLedger();
        await again.SpentTodayAsync();
        var best = TimeSpan.MaxValue;
        for (var time = 0; time < 3; time++)
        {
            var began = Stopwatch.GetTimestamp();
            var summary = UsageSummary.Of(await AllAsync(again), TimeSpan.Zero);
            Assert.Equal((100_000, 100m), (summary.Total.Responses, summary.Total.Cost));
            if (Stopwatch.GetElapsedTime(began) is var took && took < best)
            {
                best = took;
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{best.TotalMilliseconds:0} ms");
        // Ten times the typical duration, for a debug build on a busy machine.
        Assert.True(best < TimeSpan.FromSeconds(5), $"It took {best.TotalMilliseconds:0} ms.");
    }

    private UsageLedger NewLedger(TimeProvider? time = null)
    {
        static string NameOf(string id) => $"Name of {id}";
        return new UsageLedger(
            fixture.Paths,
            since => fixture.NewStore().Responses(since, NameOf),
            NameOf,
            time ?? new Clock(Noon, TimeSpan.Zero),
            NullLogger.Instance
        );
    }

    private static Task<IReadOnlyList<UsageEntry>> AllAsync(UsageLedger ledger) =>
        ledger.ReadAsync(DateTimeOffset.MinValue, DateTimeOffset.MaxValue);

    private static Message Answer(string text, long input, long output, decimal cost) =>
        StoreFixture.NewMessage(MessageRole.Assistant, text) with
        {
            UpdatedAt = Noon,
            Usage = new Usage { InputTokens = input, OutputTokens = output },
            Cost = new Cost(0, 0, 0, cost, "catalog"),
            ProviderInfo = new ProviderInfo("groq", "llama"),
        };

    private static UsageEntry Completion(decimal? cost) =>
        Entry(UsageEntry.Completions, "ollama", cost, null) with
        {
            Template = UsageEntry.Completions,
        };

    private static UsageEntry Entry(string chat, string provider, decimal? cost, double? firstToken, string? id = null) =>
        new()
        {
            Time = Noon,
            Id = id ?? Ids.New("msg"),
            ChatId = chat,
            Template = "ai-chat",
            ProviderId = provider,
            ProviderName = provider,
            Model = "model",
            Usage = new Usage { InputTokens = 10, OutputTokens = 5 },
            Cost = cost,
            FirstTokenMs = firstToken,
            DurationMs = 100,
            Status = "complete",
        };

    private sealed class Clock(DateTimeOffset now, TimeSpan offset) : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone { get; } = TimeZoneInfo.CreateCustomTimeZone("test", offset, "test", "test");

        public override DateTimeOffset GetUtcNow() => now;
    }
}
