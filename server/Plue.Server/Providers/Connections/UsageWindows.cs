using System.Collections.Concurrent;

namespace Plue.Server.Providers.Connections;

/// <summary>The last reported limits of subscriptions, until they are reset. Thread-safe.</summary>
internal sealed class UsageWindows(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, (ProviderSettings Settings, IReadOnlyList<UsageWindow> Windows)> reported = new(
        StringComparer.Ordinal
    );

    public void Report(ProviderSettings settings, IReadOnlyList<UsageWindow> windows) => reported[settings.Id] = (settings, windows);

    /// <summary>Returns an empty list if nothing was reported for these settings: changed ones may belong to another account.</summary>
    public IReadOnlyList<UsageWindow> Of(ProviderSettings settings) =>
        reported.TryGetValue(settings.Id, out var known) && known.Settings.HasSameValuesAs(settings)
            ? [.. known.Windows.Where(window => window.ResetsAt > time.GetUtcNow())]
            : [];
}
