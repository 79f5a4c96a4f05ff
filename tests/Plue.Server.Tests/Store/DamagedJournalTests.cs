using System.Buffers;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class DamagedJournalTests : IDisposable
{
    private static readonly string[] Texts = ["one", "two äöü", "three 🙂", "four"];
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Cut_at_any_byte_a_chat_keeps_every_whole_message_and_can_be_written_to()
    {
        var id = await fixture.NewChatAsync(Texts);
        var complete = File.ReadAllBytes(fixture.PathOf(id));
        for (var length = 0; length < complete.Length; length++)
        {
            Restore(id, complete.AsSpan(0, length));
            var lines = complete.AsSpan(0, length).Count((byte)'\n') + (complete[length] == '\n' ? 1 : 0);
            var expected = Texts.Take(Math.Max(0, lines - 2));
            Assert.Equal(expected, fixture.NewStore().Read(id).Messages.Select(message => message.Text));
            await using (var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None))
            {
                Assert.Equal(complete[length] == '\n' || length == 0 || complete[length - 1] == '\n', Aside(id).Length == 0);
                await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "next"), CancellationToken.None);
            }

            var chat = fixture.NewStore().Read(id);
            Assert.Null(chat.Notice);
            Assert.Equal([.. expected, "next"], chat.Messages.Select(message => message.Text));
        }
    }

    [Fact]
    public async Task A_flipped_bit_never_alters_a_message_and_costs_at_most_its_own_line()
    {
        var id = await fixture.NewChatAsync(Texts);
        var complete = File.ReadAllBytes(fixture.PathOf(id));
        for (var at = 0; at < complete.Length; at++)
        {
            var flipped = complete.ToArray();
            flipped[at] ^= (byte)(1 << (at % 8));
            Restore(id, flipped);
            var read = fixture.NewStore().Read(id);
            await using var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
            var texts = journal.Chat.Messages.Select(message => message.Text).ToArray();
            Assert.Equal(texts, read.Messages.Select(message => message.Text));
            Assert.All(texts, text => Assert.Contains(text, Texts));
            Assert.True(texts.Length >= Texts.Length - 1, $"A flip at {at} cost more than one message.");
            Assert.Equal(texts, fixture.NewStore().Read(id).Messages.Select(message => message.Text));
            if (complete[at] != '\n' && !(at + 1 < complete.Length && complete[at + 1] == '\n' && flipped[at] == '\r'))
            {
                Assert.NotNull(journal.Chat.Notice);
            }
        }
    }

    [Fact]
    public async Task Damage_in_the_middle_is_copied_to_a_separate_file_and_stays_visible()
    {
        var id = await fixture.NewChatAsync(Texts);
        var bytes = File.ReadAllBytes(fixture.PathOf(id));
        var at = bytes.AsSpan().IndexOf("two"u8);
        bytes[at] = (byte)'T';
        Restore(id, bytes);
        Assert.Equal(ChatStatus.Damaged, Assert.Single(fixture.NewStore().List()).Status);
        await using (await fixture.NewStore().OpenAsync(id, CancellationToken.None)) { }

        Assert.Contains("Two", File.ReadAllText(Assert.Single(Aside(id))));
        var chat = fixture.NewStore().Read(id);
        Assert.Equal(["one", "three 🙂", "four"], chat.Messages.Select(message => message.Text));
        Assert.Equal(ChatStatus.Damaged, chat.Status);
        Assert.Contains("Entry 4", chat.Notice);
        Assert.Contains(Path.GetFileName(Aside(id)[0]), chat.Notice);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    [InlineData(JournalLine.MaxBytes + 5_000_000)]
    public async Task Empty_NUL_filled_and_huge_files_open_and_nothing_is_deleted(int length)
    {
        var id = await fixture.NewChatAsync("gone");
        var other = await fixture.NewChatAsync("fine");
        using (var file = new FileStream(fixture.PathOf(id), FileMode.Create))
        {
            file.SetLength(length);
        }

        await using (var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None))
        {
            Assert.NotNull(journal.Chat.Notice);
            await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "new"), CancellationToken.None);
        }

        Assert.Equal("new", Assert.Single(fixture.NewStore().Read(id).Messages).Text);
        Assert.Equal(length, Aside(id).Sum(path => new FileInfo(path).Length));
        Assert.Equal("fine", Assert.Single(fixture.NewStore().Read(other).Messages).Text);
    }

    [Fact]
    public async Task A_journal_of_a_newer_format_is_refused_and_not_touched()
    {
        var id = await fixture.NewChatAsync("now");
        var lines = new ArrayBufferWriter<byte>();
        JournalLine.Write(lines, 1, DateTimeOffset.UtcNow, new StoredHeader(StoredHeader.CurrentFormat + 1, id, "ai-chat").ToUtf8());
        lines.Write("what this version cannot know\n"u8);
        Restore(id, lines.WrittenSpan);
        var failure = await Assert.ThrowsAsync<FailureException>(() => fixture.NewStore().OpenAsync(id, CancellationToken.None));
        Assert.Equal(FailureKind.StoreReadOnly, failure.Failure.Kind);
        Assert.Contains("newer version", failure.Message);
        Assert.Throws<FailureException>(() => fixture.NewStore().Read(id));
        Assert.Contains("newer version", Assert.Single(fixture.NewStore().List()).Notice);
        Assert.Equal(lines.WrittenSpan.ToArray(), File.ReadAllBytes(fixture.PathOf(id)));
        Assert.Empty(Aside(id));
    }

    [Fact]
    public async Task Lines_and_members_of_a_later_version_are_kept_and_skipped()
    {
        var id = await fixture.NewChatAsync("one");
        var lines = new ArrayBufferWriter<byte>();
        JournalLine.Write(lines, 4, DateTimeOffset.UtcNow, "{\"type\":\"tool_intent\",\"future\":[1,{\"x\":null}]}"u8);
        JournalLine.Write(lines, 5, DateTimeOffset.UtcNow, "{\"type\":\"fields\",\"title\":\"Newer\",\"color\":\"red\"}"u8);
        using (var file = new FileStream(fixture.PathOf(id), FileMode.Append))
        {
            file.Write(lines.WrittenSpan);
        }

        await using (await fixture.NewStore().OpenAsync(id, CancellationToken.None)) { }

        var chat = fixture.NewStore().Read(id);
        Assert.Equal(("Newer", null), (chat.Title, chat.Notice));
        Assert.Contains("tool_intent", File.ReadAllText(fixture.PathOf(id)));
    }

    [Fact]
    public void The_checksum_is_the_published_CRC_32C() => Assert.Equal(0xe3069283u, Crc32C.Of("123456789"u8));

    private void Restore(string id, ReadOnlySpan<byte> bytes)
    {
        foreach (var aside in Aside(id))
        {
            File.Delete(aside);
        }

        File.WriteAllBytes(fixture.PathOf(id), bytes.ToArray());
    }

    private string[] Aside(string id) => Directory.GetFiles(fixture.Paths.Chats, id + ".jsonl.damaged-*");
}
