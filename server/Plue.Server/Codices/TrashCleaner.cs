using Microsoft.Extensions.Logging;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Store;

namespace Plue.Server.Codices;

/// <summary>Permanently deletes items that have been in the trash longer than the settings allow.</summary>
internal sealed class TrashCleaner(PlatformServices platform)
{
    private const double MaxDays = 36_500;
    private static readonly TimeSpan StartDelay = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);

    private readonly ILogger logger = platform.CreateLogger("Store");

    /// <summary>Runs after the sidecar has started, then daily. Does not throw.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var wait = StartDelay; ; wait = Interval)
            {
                await Task.Delay(wait, platform.Time, cancellationToken);
                try
                {
                    Empty();
                }
                catch (Exception fault)
                {
                    logger.LogWarning("The trash could not be cleaned: {Reason}", fault.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            logger.LogDebug("The trash will be cleaned at the next start");
        }
    }

    /// <summary>Deletes nothing if the clock is not reliable, or the settings cannot be read and the policy has no limit.</summary>
    public void Empty()
    {
        var config = UserConfig.Read(platform.Paths);
        var days = config.Problems.Any(problem => problem.IsError)
            ? ManagedPolicy.Read(platform.Paths).LimitOf(UserConfig.TrashDaysKey)?.Limit.Max
            : config.Number(UserConfig.TrashDaysKey);
        if (days is { } kept && ExpiryClock.Read(platform.Paths, platform.Time) is not null)
        {
            Trash.RemoveOlderThan(TimeSpan.FromDays(Math.Min(kept, MaxDays)), platform.Paths, platform.Time, logger);
        }
    }
}
