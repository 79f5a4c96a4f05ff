using Microsoft.Extensions.Logging;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Codices;

/// <summary>Permanently deletes items that have been in the trash longer than the settings allow.</summary>
internal sealed class TrashCleaner(PlatformServices platform)
{
    private static readonly TimeSpan StartDelay = TimeSpan.FromSeconds(20);

    private readonly ILogger logger = platform.CreateLogger("Store");

    /// <summary>Runs once, after the sidecar has started. Does not throw.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(StartDelay, platform.Time, cancellationToken);
            Empty();
        }
        catch (OperationCanceledException)
        {
            logger.LogDebug("The trash will be cleaned at the next start");
        }
        catch (Exception fault)
        {
            logger.LogWarning("The trash could not be cleaned: {Reason}", fault.Message);
        }
    }

    /// <summary>Deletes nothing if the settings cannot be read or the clock is not reliable.</summary>
    public void Empty()
    {
        var config = UserConfig.Read(platform.Paths);
        if (config.Problems.Any(problem => problem.IsError))
        {
            return;
        }
        if (config.Number(UserConfig.TrashDaysKey) is { } days && ExpiryClock.Read(platform.Paths, platform.Time) is not null)
        {
            Trash.RemoveOlderThan(TimeSpan.FromDays(days), platform.Paths, platform.Time, logger);
        }
    }
}
