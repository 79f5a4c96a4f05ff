using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Store;

public sealed class ChatJournalTests : IDisposable
{
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Killed_fifty_times_nothing_acknowledged_is_lost_or_doubled()
    {
        var id = await fixture.NewChatAsync();
        var acknowledged = new HashSet<string>();
        for (var round = 0; round < 50; round++)
        {
            using var writer = fixture.StartWriter(id, "append");
            Assert.Equal("open", await writer.StandardOutput.ReadLineAsync());
            var received = writer.StandardOutput.ReadToEndAsync();
            await Task.Delay(Random.Shared.Next(5, 250)); // kills at a random point
            writer.Kill();
            await writer.WaitForExitAsync();
            foreach (
                var line in (await received)
                    .Split('\n')
                    .Where(line => line.StartsWith("acknowledged msg_", StringComparison.Ordinal) && line.Length == 49)
            )
            {
                acknowledged.Add(line["acknowledged ".Length..]);
            }

            var chat = fixture.NewStore().Read(id);
            var ids = chat.Messages.Select(message => message.Id).ToArray();
            Assert.Equal(ids.Length, ids.Distinct().Count());
            Assert.Subset(ids.ToHashSet(), acknowledged);
            Assert.NotEqual(ChatStatus.Damaged, chat.Status);
            Assert.NotEqual(ChatStatus.Running, chat.Status);
            foreach (var answer in chat.Messages.Where(message => message.Role == MessageRole.Assistant))
            {
                var complete = string.Concat(Enumerable.Range(0, 40).Select(word => $"{word} äöü 🙂 "));
                Assert.StartsWith(answer.Text, complete);
                if (answer.Status == MessageStatus.Complete)
                {
                    Assert.Equal(complete, answer.Text);
                }
                else
                {
                    Assert.Equal(MessageStatus.Interrupted, answer.Status);
                }
            }
        }

        Assert.NotEmpty(acknowledged);
    }

    [Fact]
    public async Task Partial_text_is_read_while_it_is_written_and_is_interrupted_when_its_writer_ends()
    {
        var answer = StoreFixture.NewMessage(MessageRole.Assistant, null, MessageStatus.Streaming);
        var journal = fixture.NewStore().Create("ai-chat", null, null, null);
        await journal.BeginAsync(answer, CancellationToken.None);
        journal.AppendPartial(answer.Id, 0, true, "thinking");
        journal.AppendPartial(answer.Id, 1, false, "wrong");
        journal.ResetPartial(answer.Id);
        journal.AppendPartial(answer.Id, 0, true, "thinking again");
        journal.AppendPartial(answer.Id, 1, false, "half \ud83d");
        journal.AppendPartial(answer.Id, 1, false, "\ude42");
        var store = fixture.NewStore();
        while (store.Read(journal.Id).Messages[0].Parts.Count < 2)
        {
            // The journal raises no event when it writes; poll it.
            await Task.Delay(20);
        }

        Assert.Equal(
            (MessageStatus.Streaming, ChatStatus.Running),
            (store.Read(journal.Id).Messages[0].Status, store.Read(journal.Id).Status)
        );
        await journal.DisposeAsync();
        var interrupted = Assert.Single(store.Read(journal.Id).Messages);
        Assert.Equal([new MessagePart.Reasoning("thinking again"), new MessagePart.Text("half 🙂")], interrupted.Parts);
        Assert.Equal(MessageStatus.Interrupted, interrupted.Status);
        await using (await store.OpenAsync(journal.Id, CancellationToken.None)) { }

        Assert.Contains("\"status\":\"interrupted\"", File.ReadAllText(fixture.PathOf(journal.Id)));
        Assert.Equal(interrupted.Parts, store.Read(journal.Id).Messages[0].Parts);
    }

    [Fact]
    public async Task The_usage_of_a_response_whose_writer_ended_is_the_last_one_that_it_reported()
    {
        var answer = StoreFixture.NewMessage(MessageRole.Assistant, null, MessageStatus.Streaming);
        var store = fixture.NewStore();
        var id = await fixture.NewChatAsync("Work", "Done.");
        await using (var journal = await store.OpenAsync(id, CancellationToken.None))
        {
            await journal.BeginAsync(answer, CancellationToken.None);
            foreach (var tokens in new[] { 100, 200 })
            {
                journal.AppendSpend(Spent(tokens), isDue: true);
            }
            journal.AppendPartial(answer.Id, 0, false, "Half");
            // A later start of the message, such as before a tool runs, may not know the usage.
            await journal.RecordIntentAsync(answer, CancellationToken.None);
            journal.AppendSpend(Spent(300), isDue: false);
        }

        Assert.Equal(0.3m, store.Read(id).TotalCost);
        // The next owner stores it.
        await using (await store.OpenAsync(id, CancellationToken.None)) { }
        var chat = store.Read(id);
        Assert.Equal(
            (MessageStatus.Interrupted, 300L, 0.3m, TimeSpan.FromSeconds(3)),
            (
                chat.Messages[^1].Status,
                chat.Messages[^1].Usage!.InputTokens,
                chat.Messages[^1].Cost!.TotalCost,
                chat.Messages[^1].Timing!.Duration
            )
        );
        Assert.Equal(0.3m, chat.TotalCost);

        Message Spent(int tokens) =>
            answer with
            {
                Usage = new Usage { InputTokens = tokens },
                Cost = new Cost(0, 0, 0, tokens / 1000m, "vendor"),
                Timing = new Timing(null, TimeSpan.FromSeconds(tokens / 100)),
            };
    }

    [Theory]
    [InlineData("1 2020-01-01T00:00:00Z forged\n")]
    [InlineData("not a lock at all \0\u00ff")]
    [InlineData("")]
    public async Task A_forged_or_stale_lock_file_has_no_effect(string content)
    {
        var id = await fixture.NewChatAsync("hello");
        File.WriteAllBytes(fixture.PathOf(id) + ".lock", System.Text.Encoding.UTF8.GetBytes(content));
        await using (var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None))
        {
            Assert.Null(journal.ReadOnlyReason);
            await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "written"), CancellationToken.None);
        }

        Assert.False(File.Exists(fixture.PathOf(id) + ".lock"));
    }

    [Fact]
    public async Task On_a_full_disk_a_message_is_rejected_with_a_reason_and_accepted_when_there_is_space()
    {
        var mount = Path.Combine(fixture.Home, "small");
        using (Mount.Small(mount, 128))
        {
            var small = new StoreFixture(mount);
            var id = await small.NewChatAsync("kept");
            await using var journal = await small.NewStore().OpenAsync(id, CancellationToken.None);
            File.WriteAllBytes(Path.Combine(mount, "ballast"), new byte[64 * 1024]);
            var big = StoreFixture.NewMessage(MessageRole.User, new string('x', 60 * 1024));
            var before = new FileInfo(small.PathOf(id)).Length;
            var failure = await Assert.ThrowsAsync<FailureException>(async () => await journal.AppendAsync(big, CancellationToken.None));
            Assert.Equal(FailureKind.StoreReadOnly, failure.Failure.Kind);
            Assert.Contains("no space left", failure.Message);
            Assert.Equal(before, new FileInfo(small.PathOf(id)).Length);
            FreeSpace(mount);
            await journal.AppendAsync(big, CancellationToken.None);
            var chat = small.NewStore().Read(id);
            Assert.Equal(["kept", big.Text], chat.Messages.Select(message => message.Text));
            Assert.Null(chat.Notice);
        }
    }

    [Fact]
    public async Task On_a_full_disk_no_partial_copy_of_a_damaged_chat_is_kept()
    {
        var mount = Path.Combine(fixture.Home, "small");
        using (Mount.Small(mount, 256))
        {
            var small = new StoreFixture(mount);
            var id = await small.NewChatAsync("kept");
            File.AppendAllText(small.PathOf(id), new string('x', 60 * 1024));
            File.WriteAllBytes(Path.Combine(mount, "ballast"), new byte[140 * 1024]);
            var failure = await Assert.ThrowsAsync<FailureException>(() => small.NewStore().OpenAsync(id, CancellationToken.None));
            Assert.Contains("no space left", failure.Message);
            Assert.Empty(Directory.GetFiles(small.Paths.Chats, "*.damaged-*"));
            Assert.Equal("kept", Assert.Single(small.NewStore().Read(id).Messages).Text);
            FreeSpace(mount);
            await using var journal = await small.NewStore().OpenAsync(id, CancellationToken.None);
            Assert.Equal(60 * 1024, new FileInfo(Assert.Single(Directory.GetFiles(small.Paths.Chats, "*.damaged-*"))).Length);
        }
    }

    [Fact]
    public async Task On_a_read_only_disk_a_chat_is_read_but_not_opened()
    {
        var id = await fixture.NewChatAsync("kept");
        var stray = Path.Combine(fixture.Paths.Chats, ".chat_left.tmp");
        File.WriteAllText(stray, "left by a killed process");
        File.SetLastWriteTimeUtc(stray, DateTime.UtcNow.AddDays(-1));
        using (Mount.ReadOnly(fixture.Home))
        {
            Assert.Equal("kept", Assert.Single(fixture.NewStore().Read(id).Messages).Text);
            Assert.Single(fixture.NewStore().List());
            var failure = await Assert.ThrowsAsync<FailureException>(() => fixture.NewStore().OpenAsync(id, CancellationToken.None));
            Assert.Equal(FailureKind.StoreReadOnly, failure.Failure.Kind);
            Assert.Equal(
                FailureKind.StoreReadOnly,
                Assert.Throws<FailureException>(() => fixture.NewStore().Create("ai-chat", null, null, null)).Failure.Kind
            );
        }
    }

    [Fact]
    public async Task Compaction_removes_superseded_text_and_keeps_visible_content()
    {
        var store = fixture.NewStore();
        var answer = StoreFixture.NewMessage(MessageRole.Assistant, null, MessageStatus.Streaming);
        var text = new string('x', 20_000);
        var journal = store.Create("ai-chat", null, null, null);
        await using (journal)
        {
            await journal.BeginAsync(answer, CancellationToken.None);
            for (var i = 0; i < 40; i++)
            {
                journal.AppendPartial(answer.Id, 0, false, text);
                journal.ResetPartial(answer.Id);
                await journal.UpdateAsync(new ChatFields(Title: $"Title {i}"), CancellationToken.None);
                journal.AppendPartial(answer.Id, 0, false, text);
                while (new FileInfo(fixture.PathOf(journal.Id)).Length < i * 18_000)
                {
                    // The journal raises no event when it writes; poll it.
                    await Task.Delay(10);
                }
            }

            await journal.AppendAsync(
                answer with
                {
                    Status = MessageStatus.Complete,
                    Parts = [new MessagePart.Text(text)],
                },
                CancellationToken.None
            );
        }

        var before = store.Read(journal.Id);
        var size = new FileInfo(fixture.PathOf(journal.Id)).Length;
        Assert.True(size > 256 * 1024, $"Only {size} bytes were written.");
        await using (await store.OpenAsync(journal.Id, CancellationToken.None)) { }

        Assert.True(new FileInfo(fixture.PathOf(journal.Id)).Length < size / 4);
        var after = store.Read(journal.Id);
        Assert.Equal(
            before with
            {
                Tree = MessageTree.Empty,
                Queue = [],
                UpdatedAt = default,
            },
            after with
            {
                Tree = MessageTree.Empty,
                Queue = [],
                UpdatedAt = default,
            }
        );
        Assert.Equal(before.Messages.Select(message => message.Text), after.Messages.Select(message => message.Text));
        await using (var again = await store.OpenAsync(journal.Id, CancellationToken.None))
        {
            await again.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "next"), CancellationToken.None);
        }

        Assert.Null(store.Read(journal.Id).Notice);
    }

    [Fact]
    public void Any_list_of_messages_folds_back_to_itself()
    {
        var text = ArbMap.Default.GeneratorFor<string>().Where(value => value is not null).Select(WithoutLoneSurrogates);
        var optional = Gen.OneOf(Gen.Constant<string?>(null), text.Select(value => (string?)value));
        var part = Gen.OneOf(
            text.Select(value => (MessagePart)new MessagePart.Text(value)),
            from path in text
            from content in optional
            from blob in optional
            select (MessagePart)new MessagePart.File(path, content, blob),
            from name in text
            from parameters in text
            select (MessagePart)new MessagePart.ToolUse(name, name, parameters),
            from id in text
            from result in optional
            from error in optional
            select (MessagePart)new MessagePart.ToolResult(id, result, error),
            from content in text
            from signature in optional
            from opaque in optional
            select (MessagePart)new MessagePart.Reasoning(content, signature, opaque)
        );
        var message =
            from parts in part.ArrayOf()
            from role in Gen.Elements(Enum.GetValues<MessageRole>())
            from status in Gen.Elements(MessageStatus.Complete, MessageStatus.Stopped, MessageStatus.Interrupted, MessageStatus.Failed)
            from kind in Gen.Elements(Enum.GetValues<FailureKind>())
            from sentence in optional
            from tokens in Gen.Choose(0, int.MaxValue)
            from ticks in Gen.Choose(0, int.MaxValue)
            select new Message
            {
                Id = Ids.New("msg"),
                CodexId = sentence ?? "x",
                Role = role,
                Status = status,
                Parts = parts,
                CreatedAt = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(ticks),
                UpdatedAt = new DateTimeOffset(2106, 2, 7, 6, 28, 16, TimeSpan.FromHours(9)),
                Error = sentence is null ? null : new Failure(kind, sentence, TimeSpan.FromMilliseconds(tokens)),
                Usage = sentence is null
                    ? null
                    : new Usage
                    {
                        InputTokens = tokens,
                        OutputTokens = 2,
                        ReasoningTokens = 1,
                    },
                Cost = sentence is null
                    ? null
                    : new Cost(tokens / 1_000_000m, 0.1m, 0, tokens / 3m, "catalog")
                    {
                        Price = tokens % 2 == 0 ? null : new Price(tokens / 7m, 15, 0.3m, null),
                    },
                ProviderInfo = sentence is null ? null : new ProviderInfo(sentence, null, sentence, sentence),
                Timing = sentence is null
                    ? null
                    : new Timing(tokens % 2 == 0 ? null : TimeSpan.FromTicks(ticks), TimeSpan.FromTicks(tokens)),
            };
        var store = fixture.NewStore();
        Prop.ForAll(
                message.ArrayOf().ToArbitrary(),
                messages =>
                {
                    var journal = store.Create("ai-chat", null, null, null);
                    foreach (var item in messages)
                    {
                        journal.AppendAsync(item, CancellationToken.None).AsTask().GetAwaiter().GetResult();
                    }

                    journal.Dispose();
                    var read = store.Read(journal.Id).Messages;
                    return read.Count == messages.Length
                        && read.Zip(messages)
                            .All(pair =>
                                pair.First.Parts.SequenceEqual(pair.Second.Parts)
                                && pair.First with { Parts = [], ParentId = null } == pair.Second with { Parts = [] }
                            );
                }
            )
            .QuickCheckThrowOnFailure();
    }

    /// <summary>Truncates the ballast: deleted, it keeps its space while a process that another test starts has not yet closed the inherited handle.</summary>
    private static void FreeSpace(string mount) => File.WriteAllBytes(Path.Combine(mount, "ballast"), []);

    /// <summary>Replaces lone surrogates by U+FFFD, as the journal does, because UTF-8 cannot encode them.</summary>
    private static string WithoutLoneSurrogates(string text) =>
        System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
}
