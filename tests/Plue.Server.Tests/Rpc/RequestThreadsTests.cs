using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Rpc;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>Requests do not wait for other work of the process.</summary>
public sealed class RequestThreadsTests
{
    private const int Many = 200;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60); // timeout of a failing test

    [Fact]
    public async Task Answers_a_request_while_many_of_another_method_hold_their_threads()
    {
        await using var connection = new Connection();
        using var held = new ManualResetEventSlim();
        connection.Server.Map(
            Methods.MessageStop,
            (_, _) =>
            {
                held.Wait(Limit, CancellationToken.None);
                return Task.FromResult(new Empty());
            }
        );
        connection.Server.Map(Methods.CodexDelete, (_, _) => Task.FromResult(new Empty()));
        var client = connection.Open();
        List<Task> stuck = [];
        for (var number = 0; number < Many; number++)
        {
            client.Start("message/stop", new { codexId = "x" }, out var reply);
            stuck.Add(reply);
        }

        Assert.Null((await client.RequestAsync("codex/delete", new { uri = "x" }))["error"]);
        Assert.All(stuck, reply => Assert.False(reply.IsCompleted));
        held.Set();
        await Task.WhenAll(stuck);
    }

    [Fact]
    public async Task A_request_begins_and_goes_on_without_the_thread_pool()
    {
        await using var connection = new Connection();
        List<bool> ofPool = [];
        connection.Server.Map(
            Methods.CodexDelete,
            async (_, _) =>
            {
                ofPool.Add(Thread.CurrentThread.IsThreadPoolThread);
                await Task.Run(() => { }, CancellationToken.None);
                ofPool.Add(Thread.CurrentThread.IsThreadPoolThread);
                await Task.Yield();
                ofPool.Add(Thread.CurrentThread.IsThreadPoolThread);
                return new Empty();
            }
        );
        await connection.Open().ResultAsync("codex/delete", new { uri = "x" });
        Assert.Equal([false, false, false], ofPool);
    }

    [Fact]
    public async Task Streams_that_a_window_does_not_read_put_no_more_than_their_merged_text_before_a_reply()
    {
        await using var connection = new Connection(unread: 1);
        connection.Server.Map(Methods.CodexDelete, (_, _) => Task.FromResult(new Empty()));
        const int Streams = 20;
        for (var stream = 0; stream < Streams; stream++)
        {
            var notifier = new MessageNotifier(
                $"codex://chats/{stream}",
                connection.Server,
                name => name,
                TimeProvider.System,
                NullLogger.Instance
            );
            for (var piece = 0; piece < Many; piece++)
            {
                notifier.Publish(new TurnEvent.TextDelta("m", 0, "x"));
            }
            notifier.Publish(new TurnEvent.TurnFinished("t", Plue.Server.Messages.StopReason.EndTurn, null));
        }

        var client = connection.Open();
        await client.ResultAsync("codex/delete", new { uri = "x" });
        var (events, text, ended) = (0, 0, 0);
        while (ended < Streams)
        {
            var next = await client.NextAsync("message/event");
            events++;
            if (ChatScript.Kind(next) == "turnFinished")
            {
                ended++;
            }
            else
            {
                text += ((string)next["event"]!["text"]!).Length;
            }
        }

        Assert.Equal(Streams * Many, text);
        // The first chunk, the others merged, and the end.
        Assert.InRange(events, Streams * 2, Streams * 3);
    }

    [Fact]
    public async Task Messages_arrive_in_the_order_in_which_they_were_sent()
    {
        await using var connection = new Connection(unread: 1);
        var sent = Enumerable
            .Range(0, Many)
            .Select(number =>
                connection.Server.NotifyAsync(
                    Methods.HostNotify,
                    new HostNotifyParams($"{number}", HostNotifyLevel.Info, null),
                    CancellationToken.None
                )
            )
            .ToList();
        Assert.False(sent[^1].IsCompleted);
        var client = connection.Open();
        for (var number = 0; number < Many; number++)
        {
            Assert.Equal($"{number}", (string?)(await client.NextAsync("host/notify"))["message"]);
        }
        await Task.WhenAll(sent).WaitAsync(Limit);
    }

    /// <param name="unread">The number of bytes that may be unread.</param>
    private sealed class Connection(int unread = 64 * 1024) : IAsyncDisposable
    {
        private readonly Pipe toServer = new();
        private readonly Pipe toClient = new(new PipeOptions(pauseWriterThreshold: unread, resumeWriterThreshold: unread));
        private RpcServer? server;
        private RpcClient? client;
        private Task running = Task.CompletedTask;

        public RpcServer Server =>
            server ??= new RpcServer(toServer.Reader, toClient.Writer.AsStream(), NullLogger.Instance, new RequestThreads())
            {
                IsInitialized = true,
            };

        /// <summary>Starts to read requests, including those sent before.</summary>
        public RpcClient Open()
        {
            running = Server.RunAsync(CancellationToken.None);
            return client = new RpcClient(toClient.Reader.AsStream(), toServer.Writer.AsStream());
        }

        public async ValueTask DisposeAsync()
        {
            await toServer.Writer.CompleteAsync();
            await running;
            await toClient.Writer.CompleteAsync();
            if (client is not null)
            {
                await client.DisposeAsync();
            }
        }
    }
}
