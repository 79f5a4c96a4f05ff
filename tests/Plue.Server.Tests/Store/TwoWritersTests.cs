using System.Diagnostics;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

/// <summary>Several processes write to the same chat.</summary>
public sealed class TwoWritersTests : IDisposable
{
    private readonly StoreFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task A_thousand_messages_of_two_processes_are_all_kept_in_the_order_each_wrote_them()
    {
        const int each = 500;
        var id = await fixture.NewChatAsync();
        using var first = fixture.StartWriter(id, "many", $"{each}");
        using var second = fixture.StartWriter(id, "many", $"{each}");
        await using var reader = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        var received = new[] { first.StandardOutput.ReadToEndAsync(), second.StandardOutput.ReadToEndAsync() };
        List<string> seen = [];
        while (!received.All(output => output.IsCompleted))
        {
            Assert.True(reader.Follow(updates => Take(seen, updates)));
            // Two processes write at the same time.
            await Task.Delay(5);
        }

        foreach (var output in received)
        {
            Assert.Equal(each, (await output).Split('\n').Count(line => line.StartsWith("acknowledged", StringComparison.Ordinal)));
        }

        reader.Follow(updates => Take(seen, updates));
        var chat = fixture.NewStore().Read(id);
        var texts = chat.Messages.Select(message => message.Text).ToList();
        Assert.Equal(2 * each, texts.Count);
        foreach (var process in new[] { first, second })
        {
            Assert.Equal(
                Enumerable.Range(0, each).Select(number => $"{process.Id} {number}"),
                texts.Where(text => text.StartsWith($"{process.Id} ", StringComparison.Ordinal))
            );
        }

        var turns = texts.Zip(texts.Skip(1)).Count(pair => pair.First.Split(' ')[0] != pair.Second.Split(' ')[0]);
        Assert.True(turns > 10, $"They took turns only {turns} times.");
        Assert.Null(chat.Notice);
        Assert.Equal(2 + (2 * each), chat.Version);
        Assert.Equal(texts, seen);
        Assert.Equal(texts, reader.Chat.Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task While_one_process_responds_another_can_follow_and_learns_why_it_cannot_write()
    {
        var id = await fixture.NewChatAsync("hello");
        await using var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        using var owner = fixture.StartWriter(id, "answer");
        Assert.Equal("open", await owner.StandardOutput.ReadLineAsync());
        Assert.Equal("begun", await owner.StandardOutput.ReadLineAsync());
        List<ChatUpdate> updates = [];
        Assert.True(journal.Follow(updates.Add));
        Assert.IsType<ChatUpdate.MessageStarted>(updates[0]);
        Assert.Equal("half", string.Concat(updates.OfType<ChatUpdate.TextAppended>().Select(text => text.Content)));
        Assert.Equal((ChatStatus.Running, "half"), (journal.Chat.Status, journal.Chat.Messages[^1].Text));
        Assert.Equal("Another window is running a turn in this chat.", journal.ReadOnlyReason);
        var failure = await Assert.ThrowsAsync<FailureException>(() =>
            journal.UpdateAsync(new ChatFields(Title: "mine"), CancellationToken.None).AsTask()
        );
        Assert.Equal((FailureKind.Conflict, journal.ReadOnlyReason), (failure.Failure.Kind, failure.Message));
        Assert.Equal(FailureKind.Conflict, Assert.Throws<FailureException>(() => fixture.NewStore().Delete(id)).Failure.Kind);

        owner.Kill();
        await owner.WaitForExitAsync();
        var clock = Stopwatch.StartNew();
        updates.Clear();
        journal.Follow(updates.Add);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5));
        Assert.IsType<ChatUpdate.Other>(Assert.Single(updates));
        Assert.Equal((ChatStatus.Interrupted, "half"), (journal.Chat.Status, journal.Chat.Messages[^1].Text));
        Assert.Null(journal.ReadOnlyReason);
        Assert.Contains("\"status\":\"interrupted\"", File.ReadAllText(fixture.PathOf(id)), StringComparison.Ordinal);
        await journal.UpdateAsync(new ChatFields(Title: "mine"), CancellationToken.None);
        Assert.Equal("mine", fixture.NewStore().Read(id).Title);
    }

    [Fact]
    public async Task Other_processes_do_not_write_into_an_open_change()
    {
        var id = await fixture.NewChatAsync("one");
        await using var first = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        await using var second = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        var lease = await first.AcquireAsync(CancellationToken.None);
        var waiting = second.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "three"), CancellationToken.None).AsTask();
        await first.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "two"), CancellationToken.None);
        lease.Dispose();
        await waiting;
        Assert.Equal(["one", "two", "three"], second.Chat.Messages.Select(message => message.Text));
        first.Follow(_ => { });
        Assert.Equal(["one", "two", "three"], first.Chat.Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task Reads_a_file_again_that_another_window_rewrote()
    {
        var id = await fixture.NewChatAsync("one", "two");
        await using var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        var bytes = File.ReadAllBytes(fixture.PathOf(id));
        bytes[bytes.AsSpan().IndexOf("one"u8)] = (byte)'O';
        File.WriteAllBytes(fixture.PathOf(id), bytes);
        await using (var other = await fixture.NewStore().OpenAsync(id, CancellationToken.None))
        {
            await other.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "three"), CancellationToken.None);
        }

        List<ChatUpdate> updates = [];
        Assert.True(journal.Follow(updates.Add));
        Assert.IsType<ChatUpdate.Other>(Assert.Single(updates));
        Assert.Equal(["two", "three"], journal.Chat.Messages.Select(message => message.Text));
        await journal.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "four"), CancellationToken.None);
        Assert.Equal(["two", "three", "four"], fixture.NewStore().Read(id).Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task Nothing_is_lost_when_the_lock_file_of_a_writer_is_deleted()
    {
        var id = await fixture.NewChatAsync("one");
        await using var first = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        using var lease = await first.AcquireAsync(CancellationToken.None);
        File.Delete(fixture.PathOf(id) + ".lock");
        await using var second = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        await second.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "two"), CancellationToken.None);
        using (await second.AcquireAsync(CancellationToken.None))
        {
            var failure = await Assert.ThrowsAsync<FailureException>(() =>
                first.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "x"), CancellationToken.None).AsTask()
            );
            Assert.Equal(FailureKind.Conflict, failure.Failure.Kind);
            await second.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "three"), CancellationToken.None);
        }

        await first.AppendAsync(StoreFixture.NewMessage(MessageRole.User, "four"), CancellationToken.None);
        Assert.Equal(["one", "two", "three", "four"], fixture.NewStore().Read(id).Messages.Select(message => message.Text));
    }

    [Fact]
    public async Task A_chat_deleted_by_another_window_is_deleted_here()
    {
        var id = await fixture.NewChatAsync("one");
        await using var journal = await fixture.NewStore().OpenAsync(id, CancellationToken.None);
        fixture.NewStore().Delete(id);
        Assert.False(journal.Follow(_ => { }));
        var failure = await Assert.ThrowsAsync<FailureException>(() =>
            journal.UpdateAsync(new ChatFields(Title: "x"), CancellationToken.None).AsTask()
        );
        Assert.Equal(FailureKind.NotFound, failure.Failure.Kind);
        Assert.False(File.Exists(fixture.PathOf(id)));
    }

    private static void Take(List<string> seen, ChatUpdate updates) =>
        seen.Add(Assert.IsType<ChatUpdate.MessageAdded>(updates).Message.Text);
}
