using System.IO.Pipelines;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Rpc;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>A window that does not read for a while, and resumes with <see cref="Look"/>.</summary>
public sealed class MessageNotifierTests : IAsyncDisposable
{
    private const int Much = 600 * 1024;
    private readonly Pipe toServer = new();
    private readonly Pipe toClient = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
    private readonly MessageNotifier notifier;
    private RpcClient? client;

    public MessageNotifierTests()
    {
        var server = new RpcServer(toServer.Reader, toClient.Writer.AsStream(), NullLogger.Instance, new RequestThreads())
        {
            IsInitialized = true,
        };
        notifier = new MessageNotifier(
            "codex://chats/x",
            server,
            name => name == "broken" ? throw new InvalidOperationException(name) : name,
            TimeProvider.System,
            NullLogger.Instance
        );
    }

    [Fact]
    public async Task Dropped_deltas_leave_a_gap_and_the_final_event_arrives()
    {
        await LookAway();
        Publish(Delta(Large()), Delta(Large()), Delta("on"), End);
        var events = await Look();
        Assert.Equal("turnFinished", Kind(events[^1]));
        Assert.True(HasGap(events, 0));
    }

    [Fact]
    public async Task One_piece_that_is_too_large_shows_as_a_gap()
    {
        await LookAway();
        Publish(Delta(new string('x', 2 * Much)), End);
        Assert.True(HasGap(await Look(), 0));
    }

    [Fact]
    public async Task A_client_with_a_snapshot_taken_during_drops_detects_later_drops()
    {
        await LookAway();
        Publish(Delta(Large()), Delta(Large()));
        var lastSeq = notifier.Seal();
        Publish(Delta(Large()), End);
        Assert.True(HasGap(await Look(), lastSeq));
    }

    [Fact]
    public async Task A_client_with_a_snapshot_and_no_missed_events_sees_no_gap()
    {
        await LookAway();
        Publish(Delta("b"));
        var lastSeq = notifier.Seal();
        Publish(Delta("c"), Delta("d"), End);
        var events = await Look();
        Assert.False(HasGap(events, lastSeq));
        Assert.Equal("cd", string.Concat(events.Where(item => Seq(item) > lastSeq).Select(item => (string?)item["event"]?["text"])));
    }

    [Fact]
    public async Task An_event_that_cannot_be_sent_takes_no_other_with_it()
    {
        var broken = new Message
        {
            Id = "m",
            CodexId = "c",
            Role = MessageRole.Assistant,
            CreatedAt = default,
            UpdatedAt = default,
            ProviderInfo = new ProviderInfo("broken", null),
        };
        await LookAway();
        Publish(new TurnEvent.MessageFinished(broken), End);
        Assert.Equal("turnFinished", Kind((await Look())[^1]));
    }

    public async ValueTask DisposeAsync()
    {
        await toClient.Writer.CompleteAsync();
        if (client is not null)
        {
            await client.DisposeAsync();
        }
    }

    private static TurnEvent End => new TurnEvent.TurnFinished("t", StopReason.EndTurn, null);

    private static TurnEvent Delta(string text) => new TurnEvent.TextDelta("m", 0, text);

    private static string Large() => new('x', Much);

    private void Publish(params TurnEvent[] events)
    {
        foreach (var turnEvent in events)
        {
            notifier.Publish(turnEvent);
        }
    }

    /// <summary>Blocks the first event, so that all following ones are queued.</summary>
    private async Task LookAway()
    {
        Publish(Delta("a"));
        var written = await toClient.Reader.ReadAsync();
        toClient.Reader.AdvanceTo(written.Buffer.Start);
    }

    private async Task<List<JsonObject>> Look()
    {
        client = new RpcClient(toClient.Reader.AsStream(), toServer.Writer.AsStream());
        return await client.TurnAsync();
    }

    private static bool HasGap(IEnumerable<JsonObject> events, long seen)
    {
        foreach (var seq in events.Select(Seq).Where(seq => seq > seen))
        {
            if (seq != seen + 1)
            {
                return true;
            }
            seen = seq;
        }

        return false;
    }

    private static long Seq(JsonObject parameters) => (long?)parameters["seq"] ?? 0;

    private static string? Kind(JsonObject parameters) => ChatScript.Kind(parameters);
}
