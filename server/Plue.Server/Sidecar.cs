using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Rpc;

namespace Plue.Server;

/// <summary>Serves one editor connection and shuts down gracefully however the connection ends.</summary>
internal static class Sidecar
{
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(4);

    /// <returns>0 after shutdown and exit; 1 if the editor disconnected without them.</returns>
    public static async Task<int> RunAsync(LogLevel logLevel, Stream input, Stream output, CancellationToken cancellationToken)
    {
        IdleMemory.ForThisProcess().Watch();
        await using var services = new Services(logLevel);
        var threads = new RequestThreads();
        var exitCode = await RunAsync(services, threads.Read(input), output, threads, cancellationToken);
        // The process ends with this connection, so its child processes have no owner anymore.
        await ChildProcess.EndAllAsync();
        return exitCode;
    }

    public static Task<int> RunAsync(Services services, PipeReader input, PipeWriter output, CancellationToken cancellationToken) =>
        RunAsync(services, input, output.AsStream(leaveOpen: true), new RequestThreads(), cancellationToken);

    private static async Task<int> RunAsync(
        Services services,
        PipeReader input,
        Stream output,
        RequestThreads threads,
        CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var background = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var logger = services.Platform.CreateLogger("Rpc");
        var server = new RpcServer(input, output, logger, threads);
        var chat = services.Chat(new ChatNotifier(server, services.Providers.Registry, services.Platform.Time, logger));
        var conversations = new Conversations(chat);
        var lifecycle = new LifecycleHandlers(server, services.Platform.Workspace, stop, logger);
        await using var handlers = HandlerList.Register(server, services, chat, conversations, lifecycle);
        var working = Task.WhenAll(
            services.Providers.Catalogs.Refresh.RunDailyAsync(services.Platform.CreateLogger("Catalog"), background.Token),
            services.Permissions.Inbox.RunAsync(background.Token),
            conversations.FollowAsync(background.Token),
            new ChatRetention(services.Platform, chat, conversations).RunAsync(background.Token)
        );
        _ = new TrashCleaner(services.Platform).RunAsync(background.Token);
        await ServeAsync(server, stop.Token);
        await background.CancelAsync();
        await EndAsync(working, conversations, services, logger);
        return lifecycle.WasShutDown ? 0 : 1;
    }

    /// <summary>Serves until stopped. A blocked read of stdin cannot be canceled, so a stop abandons it.</summary>
    private static async Task ServeAsync(RpcServer server, CancellationToken stop)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = stop.Register(() => stopped.TrySetResult());
        await await Task.WhenAny(server.RunAsync(stop), stopped.Task);
    }

    /// <summary>Stops and stores turns and ends child processes, with a time limit: the editor may start a new sidecar at any moment.</summary>
    private static async Task EndAsync(Task working, Conversations conversations, Services services, ILogger logger)
    {
        var ending = Task.Run(
            async () =>
            {
                await working;
                // End the children even if a chat cannot be closed.
                try
                {
                    await conversations.DisposeAsync();
                }
                finally
                {
                    await services.DisposeAsync();
                }
            },
            CancellationToken.None
        );
        try
        {
            await ending.WaitAsync(EndingTime, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            logger.LogWarning("Shutdown took too long; a response that was not stored yet will be shown as interrupted");
        }
    }
}
