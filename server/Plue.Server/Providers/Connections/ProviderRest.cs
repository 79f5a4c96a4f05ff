using System.Collections.Concurrent;
using System.Globalization;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections;

/// <summary>
/// Gives a provider that cannot answer a rest: after three failures in a row within ten minutes for one minute, then for twice as long each time it
/// fails again, up to fifteen. One answer ends it, and so do other settings. Resting only means that others are asked first. Any thread may call.
/// </summary>
public sealed class ProviderRest(TimeProvider time)
{
    public const int FailuresBeforeRest = 3;
    public static readonly TimeSpan CountedFor = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan FirstRest = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(15);

    private readonly ConcurrentDictionary<string, Record> records = new(StringComparer.Ordinal);

    /// <param name="LastRest">Zero while there was none.</param>
    private sealed record Record(ProviderSettings Settings, IReadOnlyList<DateTimeOffset> Failures, int InARow, DateTimeOffset Until, TimeSpan LastRest);

    /// <summary>How asking a provider went.</summary>
    /// <param name="failure">Null when it answered. What says nothing about whether it is there, such as a wrong key, changes nothing.</param>
    public void Heard(ProviderSettings settings, Failure? failure)
    {
        if (failure is null)
        {
            records.TryRemove(settings.Id, out _);
            return;
        }

        if (failure.Kind is not (FailureKind.Unreachable or FailureKind.Timeout or FailureKind.Overloaded or FailureKind.RateLimited)) { return; }

        var now = time.GetUtcNow();
        records.AddOrUpdate(settings.Id, _ => Begin(settings, now), (_, known) => Next(known, settings, now));
    }

    /// <summary>Null while it is asked in its turn.</summary>
    public DateTimeOffset? RestingUntil(string providerId) =>
        records.TryGetValue(providerId, out var record) && record.Until > time.GetUtcNow() ? record.Until : null;

    /// <summary>As <see cref="RestingUntil(string)"/>, for these settings only: changed ones are tried at once.</summary>
    public DateTimeOffset? RestingUntil(ProviderSettings settings) =>
        records.TryGetValue(settings.Id, out var record) && record.Settings.HasSameValuesAs(settings) ? RestingUntil(settings.Id) : null;

    /// <returns>A sentence; null while it does not rest.</returns>
    public string? Sentence(ProviderSettings settings)
    {
        if (RestingUntil(settings) is not { } until || !records.TryGetValue(settings.Id, out var record)) { return null; }

        var times = record.InARow == FailuresBeforeRest ? "three" : record.InARow.ToString(CultureInfo.InvariantCulture);
        var local = TimeZoneInfo.ConvertTime(until, time.LocalTimeZone);
        return string.Create(CultureInfo.InvariantCulture, $"{settings.Name} is resting until {local:HH:mm} after failing {times} times.");
    }

    private static Record Begin(ProviderSettings settings, DateTimeOffset now) => new(settings, [now], 1, default, TimeSpan.Zero);

    private static Record Next(Record known, ProviderSettings settings, DateTimeOffset now)
    {
        if (!known.Settings.HasSameValuesAs(settings)) { return Begin(settings, now); }

        // Whoever asks it all the same while it rests does not make the rest longer.
        if (known.Until > now) { return known with { InARow = known.InARow + 1 }; }

        if (known.LastRest > TimeSpan.Zero && now - known.Until < CountedFor)
        {
            var longer = known.LastRest * 2 < LongestRest ? known.LastRest * 2 : LongestRest;
            return known with { InARow = known.InARow + 1, Until = now + longer, LastRest = longer };
        }

        DateTimeOffset[] recent = [.. known.Failures.Where(at => now - at < CountedFor && at > known.Until), now];
        return recent.Length < FailuresBeforeRest
            ? new Record(settings, recent, recent.Length, default, TimeSpan.Zero)
            : new Record(settings, recent, recent.Length, now + FirstRest, FirstRest);
    }
}
