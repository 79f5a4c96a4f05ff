using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Transfer;

namespace Plue.Server.Tests.Transfer;

public sealed class RoundTripTests : IDisposable
{
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 9];
    private readonly TransferFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Any_chat_comes_back_from_its_json_with_all_its_branches()
    {
        var text = fixture.Blobs.Put("a long text"u8);
        var image = fixture.Blobs.Put(Png);
        var messages = Gen.NonEmptyListOf(Gen.Zip(Gen.Choose(0, 9), Gen.Zip(Gen.Choose(0, 20), Gen.ListOf(Parts(text, image)))));
        foreach (var (drafts, title) in Gen.Sample(messages, 16, 60).Zip(Gen.Sample(TransferFixture.Texts, 12, 60)))
        {
            var chat = await MadeAsync(drafts, title.Trim().ReplaceLineEndings(" "));
            var path = fixture.Write(
                "chat.json",
                System.Text.Encoding.UTF8.GetBytes(fixture.Export.Make(chat, ChatFileFormat.Json).Content)
            );
            var report = fixture.Run(path, again: true);
            Assert.Empty(report.Failed);
            Assert.Empty(report.Omitted);
            var back = fixture.Chats.Read(Assert.Single(report.ChatIds));
            Assert.Equal(TransferFixture.Shape(chat), TransferFixture.Shape(back));
            var all = back.Tree.DescendantsOf("").Skip(1).ToList();
            Assert.Equal(all.Count, all.Distinct().Count());
            Assert.All(all, id => Assert.True(string.CompareOrdinal(back.Tree.Find(id)!.ParentId, id) < 0));
        }
    }

    [Fact]
    public async Task Imported_messages_have_no_provider_and_no_cost()
    {
        var chat = await fixture.ChatAsync(
            "Paid",
            TransferFixture.Question(new MessagePart.Text("q")),
            TransferFixture.Answer(new MessagePart.Text("a")) with
            {
                Usage = new Usage { InputTokens = 5 },
                Cost = new Cost(1, 1, 0, 2, "vendor"),
            }
        );
        await using (var journal = await fixture.Chats.OpenAsync(chat.Id, CancellationToken.None))
        {
            await journal.UpdateAsync(
                new ChatFields(ProviderId: "anthropic", Model: "m", Fallbacks: [new("other", null)]) { ContextFiles = ["/etc/passwd"] },
                CancellationToken.None
            );
        }

        var back = fixture.Imported(
            fixture.Write("chat.json", fixture.Export.Make(fixture.Chats.Read(chat.Id), ChatFileFormat.Json).Content)
        );
        Assert.Equal((null, null, "ai-chat"), (back.ProviderId, back.Model, back.TemplateId));
        Assert.Empty(back.Fallbacks);
        Assert.Empty(back.ContextFiles);
        Assert.Null(back.TotalCost);
        Assert.Equal(
            ("anthropic (imported)", "claude-test"),
            (back.Messages[1].ProviderInfo?.ProviderId, back.Messages[1].ProviderInfo?.ModelId)
        );
        Assert.False(CodexUri.TryOf(CodexCollection.Providers, back.Messages[1].ProviderInfo?.ProviderId, out _));
        Assert.DoesNotContain(fixture.Chats.Responses(DateTimeOffset.MinValue, id => id), entry => entry.ChatId == back.Id);
    }

    [Fact]
    public async Task A_path_of_an_import_is_only_a_name()
    {
        var chat = await fixture.ChatAsync(
            null,
            TransferFixture.Question(
                new MessagePart.File("../../../etc/passwd", "text")
                {
                    Hash = new string('a', 64),
                    ModifiedAt = DateTimeOffset.UtcNow,
                    Size = 4,
                }
            )
        );
        var before = fixture.Files;
        var back = fixture.Imported(fixture.Write("chat.json", fixture.Export.Make(chat, ChatFileFormat.Json).Content));
        var file = Assert.IsType<MessagePart.File>(Assert.Single(back.Messages[0].Parts));
        Assert.Equal(("../../../etc/passwd", "text", null, null), (file.Path, file.Content, file.Hash, file.ModifiedAt));
        Assert.Equal([$"codices/chats/{back.Id}.jsonl"], fixture.Files.Except(before));
        Assert.Equal(["chat.json"], Directory.EnumerateFileSystemEntries(fixture.Outside).Select(Path.GetFileName));
    }

    [Fact]
    public void Content_that_does_not_match_its_hash_is_not_imported()
    {
        var id = Blobs.IdOf("expected"u8);
        var path = fixture.Write(
            "chat.json",
            $$$"""{"format":"plue-chat","version":1,"id":"x","messages":[{"id":"m","codex_id":"","role":"user","created_at":"2026-01-01T00:00:00Z","status":"complete","parts":[{"type":"file","path":"a","blob":"{{{id}}}"},{"type":"hologram"}]}],"blobs":{"{{{id}}}":"b3RoZXI="}}"""
        );
        var report = fixture.Run(path);
        Assert.Equal(
            ["1 part of an unknown type was omitted.", "1 file or image had no content; only its name was imported."],
            report.Omitted
        );
        Assert.Null(Assert.IsType<MessagePart.File>(fixture.Chats.Read(Assert.Single(report.ChatIds)).Messages[0].Parts[0]).Blob);
        Assert.False(Directory.Exists(Path.Combine(fixture.Home, "blobs")));
    }

    [Fact]
    public void Messages_in_a_cycle_are_skipped()
    {
        static string Message(string id, string parent) =>
            $$"""{"id":"{{id}}","codex_id":"","role":"user","parent_id":"{{parent}}","created_at":"2026-01-01T00:00:00Z","status":"complete","parts":[{"type":"text","content":"{{id}}"}]}""";
        var path = fixture.Write(
            "chat.json",
            $$"""{"format":"plue-chat","version":1,"head":"c","messages":[{{Message("c", "b")}},{{Message("x", "y")}},{{Message("y", "x")}},{{Message("b", "gone")}},{{Message("b", "")}}]}"""
        );
        var report = fixture.Run(path);
        Assert.Equal(["3 entries could not be read."], report.Omitted);
        Assert.Equal(["b", "c"], fixture.Chats.Read(Assert.Single(report.ChatIds)).Messages.Select(message => message.Text));
    }

    [Fact]
    public void A_null_part_and_an_infinite_wait_do_not_prevent_importing_the_rest()
    {
        const string Message = """
            {"id":"m","codex_id":"","role":"user","created_at":"2026-01-01T00:00:00Z","status":"failed",
             "error":{"kind":"internal","message":"No.","retry_after_ms":9223372036854775807},"parts":[null,{"type":"text","content":"Kept"}]}
            """;
        var path = fixture.Write("chat.json", $$"""{"format":"plue-chat","version":1,"messages":[{{Message}}]}""");
        var report = fixture.Run(path);
        Assert.Equal("Kept", fixture.Chats.Read(Assert.Single(report.ChatIds)).Messages[0].Text);
    }

    [Fact]
    public void A_newer_file_version_is_reported()
    {
        var report = fixture.Run(fixture.Write("chat.json", """{"format":"plue-chat","version":2}"""));
        Assert.Equal("A newer version of Plue wrote this file. Update Plue to import it.", Assert.Single(report.Failed).Message);
    }

    private static Gen<MessagePart> Parts(string text, string image) =>
        Gen.OneOf(
            TransferFixture.Texts.Select(said => (MessagePart)new MessagePart.Text(said)),
            TransferFixture.Texts.Select(said => (MessagePart)new MessagePart.Reasoning(said, "sig", said)),
            TransferFixture.Texts.Select(said => (MessagePart)new MessagePart.ToolUse("t", said, said)),
            TransferFixture.Texts.Select(said => (MessagePart)new MessagePart.ToolResult("t", said, null)),
            TransferFixture.Texts.Select(said =>
                (MessagePart)
                    new MessagePart.File(said, said, null, "x")
                    {
                        Range = new LineRange(1, 2),
                        Size = 5,
                        IsSummary = said.Length > 3,
                    }
            ),
            Gen.Constant((MessagePart)new MessagePart.File("long.txt", null, text) { Size = 11 }),
            Gen.Constant((MessagePart)new MessagePart.File("p.png", null, image) { MediaType = "image/png", Size = 9 })
        );

    private async Task<StoredChat> MadeAsync(IEnumerable<(int Follows, (int Kind, List<MessagePart> Parts) What)> drafts, string title)
    {
        List<Message> made = [];
        await using var journal = fixture.Chats.Create("ai-chat", title.Length > 0 && title.Length < 100 ? title : null, null, null);
        foreach (var (follows, (kind, parts)) in drafts)
        {
            var basis = kind % 2 == 0 ? TransferFixture.Question([.. parts]) : TransferFixture.Answer([.. parts]);
            var message = basis with
            {
                ParentId = made.Count == 0 || follows == 9 ? "" : made[Math.Max(0, made.Count - 1 - follows)].Id,
                Status =
                    kind == 5 ? MessageStatus.Stopped
                    : kind == 7 ? MessageStatus.Failed
                    : MessageStatus.Complete,
                Error = kind == 7 ? new Failure(FailureKind.RateLimited, "Wait.", TimeSpan.FromSeconds(3)) : null,
                Usage =
                    kind == 9
                        ? new Usage
                        {
                            InputTokens = 3,
                            OutputTokens = 4,
                            CachedReadTokens = 1,
                        }
                        : null,
                Cost = kind == 9 ? new Cost(0.1m, 0.2m, 0, 0.3m, "catalog") { Price = new Price(1, 2, null, 3) } : null,
                Timing = kind == 9 ? new Timing(TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(1)) : null,
                Compaction = kind == 11 ? new Compaction(3, 100, 10) : null,
                Omitted = kind == 13 ? ["An image."] : [],
            };
            made.Add(message);
            await journal.AppendAsync(message, CancellationToken.None);
        }

        if (made.Count % 3 == 0)
        {
            await journal.SwitchAsync(made[made.Count / 2].Id, CancellationToken.None);
        }
        await journal.UpdateAsync(
            new ChatFields(Archived: made.Count % 2 == 0) { Pinned = made.Count % 5 == 0, Tags = ["one", "zwei"] },
            CancellationToken.None
        );
        return journal.Chat;
    }
}
