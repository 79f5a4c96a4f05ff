using System.Collections.Concurrent;
using System.Globalization;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections;

/// <summary>
/// Pauses a provider that fails: after three consecutive failures within ten minutes for one minute, then twice as long after each further failure, up to
/// fifteen minutes. A response or changed settings end the pause. A paused provider is tried after its fallbacks. Thread-safe.
/// </summary>
internal sealed class ProviderCooldowns(TimeProvider time)
{
    public const int FailuresBeforeCooldown = 3;
    public static readonly TimeSpan FailureWindow = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan FirstCooldown = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan MaxCooldown = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<string, Record> records = new(StringComparer.Ordinal);

    /// <param name="LastCooldown">Zero if there was none.</param>
    private sealed record Record(
        ProviderSettings Settings,
        IReadOnlyList<DateTimeOffset> Failures,
        int InARow,
        DateTimeOffset Until,
        TimeSpan LastCooldown
    );

    /// <summary>Records the outcome of a request.</summary>
    /// <param name="failure">Null for a response. Failures unrelated to availability, such as a wrong key, are ignored.</param>
    public void Report(ProviderSettings settings, Failure? failure)
    {
        if (failure is null)
        {
            records.TryRemove(settings.Id, out _);
            return;
        }

        if (failure.Kind is not (FailureKind.Unreachable or FailureKind.Timeout or FailureKind.Overloaded or FailureKind.RateLimited))
        {
            return;
        }

        var now = time.GetUtcNow();
        records.AddOrUpdate(settings.Id, _ => Begin(settings, now), (_, known) => Next(known, settings, now));
    }

    /// <summary>The end of the pause; null if the provider is not paused.</summary>
    public DateTimeOffset? PausedUntil(string providerId) =>
        records.TryGetValue(providerId, out var record) && record.Until > time.GetUtcNow() ? record.Until : null;

    /// <summary>Like <see cref="PausedUntil(string)"/>, but null if the settings changed since the pause.</summary>
    public DateTimeOffset? PausedUntil(ProviderSettings settings) =>
        records.TryGetValue(settings.Id, out var record) && record.Settings.HasSameValuesAs(settings) ? PausedUntil(settings.Id) : null;

    /// <returns>A sentence; null if the provider is not paused.</returns>
    public string? Describe(ProviderSettings settings)
    {
        if (PausedUntil(settings) is not { } until || !records.TryGetValue(settings.Id, out var record))
        {
            return null;
        }

        var times = record.InARow == FailuresBeforeCooldown ? "three" : record.InARow.ToString(CultureInfo.InvariantCulture);
        var local = TimeZoneInfo.ConvertTime(until, time.LocalTimeZone);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.Name} is in cooldown until {local:HH:mm} after failing {times} times."
        );
    }

    private static Record Begin(ProviderSettings settings, DateTimeOffset now) => new(settings, [now], 1, default, TimeSpan.Zero);

    private static Record Next(Record known, ProviderSettings settings, DateTimeOffset now)
    {
        if (!known.Settings.HasSameValuesAs(settings))
        {
            return Begin(settings, now);
        }

        // Requests during a pause do not extend it.
        if (known.Until > now)
        {
            return known with { InARow = known.InARow + 1 };
        }

        if (known.LastCooldown > TimeSpan.Zero && now - known.Until < FailureWindow)
        {
            var longer = known.LastCooldown * 2 < MaxCooldown ? known.LastCooldown * 2 : MaxCooldown;
            return known with { InARow = known.InARow + 1, Until = now + longer, LastCooldown = longer };
        }

        DateTimeOffset[] recent = [.. known.Failures.Where(at => now - at < FailureWindow && at > known.Until), now];
        return recent.Length < FailuresBeforeCooldown
            ? new Record(settings, recent, recent.Length, default, TimeSpan.Zero)
            : new Record(settings, recent, recent.Length, now + FirstCooldown, FirstCooldown);
    }
}
