using System.IO.Pipelines;
using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Rpc;

namespace Plue.Server;

/// <summary>Serves one window at a time, continues without one while it works, and shuts down gracefully however the connection ends.</summary>
internal static class Sidecar
{
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(4);

    /// <returns>0 after shutdown and exit; 1 if the editor disconnected without them.</returns>
    public static async Task<int> RunAsync(LogLevel logLevel, Stream input, Stream output, CancellationToken cancellationToken)
    {
        var threads = new RequestThreads();
        var reader = threads.Read(input);
        await using var services = new Services(logLevel);
        var detached = new DetachedSidecars(services.Platform.Paths, services.Platform.CreateLogger("Sidecar"));
        if (detached.MayExist && await AttachAsync(detached, reader, cancellationToken) is { } running)
        {
            await using (running)
            {
                await SidecarRelay.RunAsync(running, reader, output, cancellationToken);
            }
            return 0;
        }

        IdleGarbageCollector.ForThisProcess().Watch();
        var exitCode = await RunAsync(services, reader, output, threads, detached, cancellationToken);
        // The process ends with this connection, so its child processes have no owner anymore.
        await ChildProcess.EndAllAsync();
        return exitCode;
    }

    public static Task<int> RunAsync(Services services, PipeReader input, PipeWriter output, CancellationToken cancellationToken) =>
        RunAsync(services, input, output.AsStream(leaveOpen: true), new RequestThreads(), detached: null, cancellationToken);

    /// <param name="detached">Null if this process cannot continue without its window.</param>
    private static async Task<int> RunAsync(
        Services services,
        PipeReader input,
        Stream output,
        RequestThreads threads,
        DetachedSidecars? detached,
        CancellationToken cancellationToken
    )
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var background = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
        var logger = services.Platform.CreateLogger("Rpc");
        var server = new RpcServer(input, output, logger, threads);
        var chat = services.Chat(new ChatNotifier(server, services.Providers.Registry, services.Platform.Time, logger));
        var conversations = new Conversations(chat);
        using var continuation = new Continuation(detached, services, conversations, logger);
        var lifecycle = new LifecycleHandlers(server, services.Platform.Workspace, continuation, logger);
        await using var handlers = HandlerList.Register(server, services, chat, conversations, lifecycle);
        var working = Task.WhenAll(
            services.Providers.Catalogs.Refresh.RunDailyAsync(services.Platform.CreateLogger("Catalog"), background.Token),
            services.Permissions.Inbox.RunAsync(background.Token),
            conversations.FollowAsync(background.Token),
            new ChatRetention(services.Platform, chat, conversations).RunAsync(background.Token)
        );
        _ = new TrashCleaner(services.Platform).RunAsync(background.Token);
        await ServeAsync(server, lifecycle, stop.Token);
        var wasShutDown = lifecycle.WasShutDown;
        await ContinueAsync(server, lifecycle, continuation, stop.Token);
        await background.CancelAsync();
        await EndAsync(working, conversations, services, logger);
        return wasShutDown ? 0 : 1;
    }

    /// <summary>Connects to the sidecar that continues for the folders of this window, if the editor wants that.</summary>
    private static async Task<Stream?> AttachAsync(DetachedSidecars detached, PipeReader input, CancellationToken cancellationToken)
    {
        try
        {
            return await SidecarRelay.PeekAsync(input, cancellationToken) is { KeepsRunning: true } options
                ? await detached.AttachAsync(LifecycleHandlers.FoldersOf(options), cancellationToken)
                : null;
        }
        catch (RpcErrors.InvalidParamsException)
        {
            return null; // The server reports it.
        }
    }

    /// <summary>Serves until the editor disconnects. A blocked read of stdin cannot be canceled, so a stop abandons it.</summary>
    private static async Task ServeAsync(RpcServer server, LifecycleHandlers lifecycle, CancellationToken stop)
    {
        var ending = lifecycle.Begin(stop);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = ending.Register(() => stopped.TrySetResult());
        await await Task.WhenAny(server.RunAsync(ending), stopped.Task);
    }

    /// <summary>While there is work, waits for a window with the same folders and serves it.</summary>
    private static async Task ContinueAsync(
        RpcServer server,
        LifecycleHandlers lifecycle,
        Continuation continuation,
        CancellationToken stop
    )
    {
        while (!stop.IsCancellationRequested && continuation.Prepare())
        {
            server.Detach();
            StandardStreams.Close();
            await using var window = await continuation.NextWindowAsync(stop);
            if (window is null)
            {
                return;
            }

            server.Attach(PipeReader.Create(window), window);
            await ServeAsync(server, lifecycle, stop);
        }
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
