using System.Text;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Store;

/// <summary>Journals of earlier versions. <c>Samples</c> contains files that those versions wrote.</summary>
public sealed class MigrationTests : IDisposable
{
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void Reads_a_chat_of_format_1()
    {
        var chat = fixture.NewStore().Read(Put("plain"));
        Assert.Equal(
            ("A plain chat", true, "anthropic", "claude-sonnet", 0.03m, null),
            (chat.Title, chat.Archived, chat.ProviderId, chat.Model, chat.TotalCost, chat.Notice)
        );
        Assert.Equal(["What is a codex?", "A versioned document. äöü 🙂"], chat.Messages.Select(message => message.Text));
        Assert.Equal(new MessagePart.Reasoning("Short.", "sig"), chat.Messages[1].Parts[0]);
        Assert.Equal(chat.Messages[0].Id, chat.Messages[1].ParentId);
        Assert.Equal("req_1", chat.Messages[1].ProviderInfo?.RequestId);
    }

    [Fact]
    public void A_hidden_response_of_format_1_stays_hidden_and_keeps_its_cost()
    {
        var chat = fixture.NewStore().Read(Put("retry"));
        Assert.Equal(["Name a color.", "Blue.", "Another."], chat.Messages.Select(message => message.Text));
        Assert.Equal(("Name a color.", 0.30m), (chat.Title, chat.TotalCost));
        Assert.Equal([chat.Messages[1].Id], chat.Tree.AlternativesOf(chat.Messages[1]));
    }

    [Fact]
    public async Task A_partial_response_of_format_1_is_shown_and_stored_as_interrupted()
    {
        var id = Put("partial");
        var read = fixture.NewStore().Read(id).Messages[1];
        Assert.Equal([new MessagePart.Reasoning("A fox."), new MessagePart.Text("Once upon a time")], read.Parts);
        await using var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        Assert.Equal((MessageStatus.Interrupted, "Once upon a time"), (journal.Chat.Messages[1].Status, journal.Chat.Messages[1].Text));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("retry")]
    [InlineData("partial")]
    public async Task The_first_write_migrates_to_format_2_and_keeps_the_old_file(string sample)
    {
        var id = Put(sample);
        var old = File.ReadAllBytes(fixture.PathOf(id));
        var before = fixture.NewStore().Read(id);
        await using var follower = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        // Reading changes nothing; the interrupted response is completed on the first write.
        Assert.Equal(sample == "partial" ? 2 : 1, FormatOf(id));
        await using (var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None))
        {
            await journal.AppendAsync(
                StoreFixture.NewMessage(MessageRole.User, "next") with
                {
                    ParentId = journal.Chat.Tree.Head,
                },
                CancellationToken.None
            );
        }

        Assert.Equal(2, FormatOf(id));
        Assert.Equal(old, File.ReadAllBytes(Path.Combine(fixture.Paths.Backups, "chats", $"{id}.format1.jsonl")));
        var after = fixture.NewStore().Read(id);
        Assert.Equal([.. before.Messages.Select(message => message.Text), "next"], after.Messages.Select(message => message.Text));
        Assert.Equal(
            (before.Title, before.CreatedAt, before.TotalCost, null),
            (after.Title, after.CreatedAt, after.TotalCost, after.Notice)
        );
        Assert.True(follower.Follow(_ => { }));
        Assert.Equal(after.Messages.Select(message => message.Id), follower.Chat.Messages.Select(message => message.Id));
        var lines = File.ReadAllLines(fixture.PathOf(id));
        Assert.Equal(
            Encoding.UTF8.GetString(old).Split('\n', StringSplitOptions.RemoveEmptyEntries)[1..],
            lines[1..^(sample == "partial" ? 2 : 1)]
        );
    }

    [Fact]
    public async Task Killed_at_any_moment_of_a_migration_the_file_is_the_old_one_or_the_new_one()
    {
        for (var round = 0; round < 12; round++)
        {
            var id = Put("plain");
            var old = File.ReadAllBytes(fixture.PathOf(id));
            using (var writer = fixture.StartWriter(id, "many", "1000"))
            {
                Assert.Equal("open", await writer.StandardOutput.ReadLineAsync());
                await Task.Delay(Random.Shared.Next(0, 40)); // kills at a random point
                writer.Kill();
                await writer.WaitForExitAsync();
            }

            if (FormatOf(id) == 1)
            {
                Assert.Equal(old, File.ReadAllBytes(fixture.PathOf(id)));
            }
            else
            {
                Assert.Equal(old, File.ReadAllBytes(Path.Combine(fixture.Paths.Backups, "chats", $"{id}.format1.jsonl")));
            }

            var chat = fixture.NewStore().Read(id);
            Assert.Equal(["What is a codex?", "A versioned document. äöü 🙂"], chat.Messages.Take(2).Select(message => message.Text));
            Assert.NotEqual(ChatStatus.Damaged, chat.Status);
            await using var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
            await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "last"), CancellationToken.None);
            Assert.Equal("last", fixture.NewStore().Read(id).Messages[^1].Text);
        }
    }

    [Fact]
    public async Task Without_a_backup_nothing_is_migrated()
    {
        var id = Put("plain");
        var old = File.ReadAllBytes(fixture.PathOf(id));
        File.WriteAllBytes(fixture.Paths.Backups, []); // a file in place of the folder
        await using var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        var failure = await Assert.ThrowsAsync<FailureException>(() =>
            journal.UpdateAsync(new ChatFields(Title: "x"), CancellationToken.None).AsTask()
        );
        Assert.Equal(FailureKind.StoreReadOnly, failure.Failure.Kind);
        Assert.Equal(old, File.ReadAllBytes(fixture.PathOf(id)));
    }

    private int FormatOf(string id) => JournalReader.Scan(fixture.PathOf(id), _ => { }).Header?.Format ?? 0;

    private string Put(string sample)
    {
        var file = Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Store", "Samples", $"format1-{sample}.jsonl");
        var bytes = File.ReadAllBytes(file);
        var id = "";
        JournalReader.Scan(
            file,
            line =>
                id =
                    id.Length == 0
                        ? System.Text.Json.JsonDocument.Parse(line.Json.ToArray()).RootElement.GetProperty("id").GetString() ?? ""
                        : id
        );
        Directory.CreateDirectory(fixture.Paths.Chats);
        File.WriteAllBytes(fixture.PathOf(id), bytes);
        return id;
    }
}
