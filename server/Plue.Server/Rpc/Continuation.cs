using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Modules;

namespace Plue.Server.Rpc;

/// <summary>Whether this sidecar continues when its window closes, and the wait for the next window.</summary>
/// <param name="detached">Null if this process cannot continue without its window.</param>
internal sealed class Continuation(DetachedSidecars? detached, Services services, Conversations conversations, ILogger logger) : IDisposable
{
    private static readonly TimeSpan WorkPoll = TimeSpan.FromMilliseconds(250);

    /// <summary>The time without running work after which a sidecar without a window ends. Between two turns of a task, nothing runs.</summary>
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(3);

    private readonly Lock sync = new();
    private DetachedSidecar? self;

    /// <summary>How long background commands alone keep a sidecar without a window, unless the user keeps them.</summary>
    private static readonly TimeSpan CommandTime = TimeSpan.FromMinutes(10);

    /// <summary>True if the window wants running work to continue.</summary>
    public bool IsWanted { get; set; }

    /// <summary>Makes this process available to the next window if it has work.</summary>
    /// <returns>False if it ends with its window.</returns>
    public bool Prepare()
    {
        if (
            detached is null
            || !IsWanted
            || services.Codices.Config.Text(UserConfig.KeepRunningKey) == "never"
            || !(conversations.Busy.Any() || services.Tools.Background.Running.Any())
        )
        {
            return false;
        }

        try
        {
            lock (sync)
            {
                self ??= detached.Add(services.Platform.Workspace.OpenFolders);
            }
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FailureException)
        {
            logger.LogError(fault, "Running work cannot continue without a window");
            return false;
        }
    }

    /// <summary>Waits for a window with the same folders. Call it after <see cref="Prepare"/>.</summary>
    /// <returns>Null if the work is done or this process must stop.</returns>
    public async Task<Stream?> NextWindowAsync(CancellationToken stop)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        logger.LogInformation(
            "The window has closed; {Count} chats and tasks and {Commands} commands continue",
            conversations.Busy.Count(),
            services.Tools.Background.Running.Count()
        );
        var watching = EndWhenIdleAsync(idle);
        try
        {
            return await self!.AcceptAsync(idle.Token);
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            logger.LogError(fault, "No window can connect; what runs ends");
            return null;
        }
        finally
        {
            await idle.CancelAsync();
            await watching;
            Dispose(); // Another window with these folders starts a sidecar.
        }
    }

    public void Dispose()
    {
        lock (sync)
        {
            self?.Dispose();
            self = null;
        }
    }

    private async Task EndWhenIdleAsync(CancellationTokenSource idle)
    {
        try
        {
            var commands = services.Tools.Background;
            var began = Environment.TickCount64;
            for (var since = began; Environment.TickCount64 - since < IdleTime.TotalMilliseconds; )
            {
                var now = Environment.TickCount64;
                if (conversations.Busy.Any())
                {
                    since = began = now;
                }
                else if (commands.Running.Any(command => command.IsKept || now - began < CommandTime.TotalMilliseconds))
                {
                    since = now;
                }
                await Task.Delay(WorkPoll, idle.Token);
            }

            await idle.CancelAsync();
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested)
        { /* A window has connected. */
        }
    }
}
