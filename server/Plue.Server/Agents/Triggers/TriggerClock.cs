namespace Plue.Server.Agents.Triggers;

/// <summary>Finds schedules that are due. How far each was handled is in its record, so that runs are neither lost nor repeated.</summary>
internal sealed class TriggerClock(TriggerRuns runs, TimeProvider time)
{
    /// <summary>A run that is later was missed.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(2);

    /// <summary>A record that is further ahead was written with a wrong clock.</summary>
    private static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(5);

    /// <summary>Finds what is due. Times before the trigger was turned on, or before its schedule was changed, are not.</summary>
    /// <param name="isOn">False to forget times until it is on.</param>
    /// <returns>Null if nothing is due.</returns>
    public TriggerEvent.Scheduled? Due(Trigger trigger, TriggerSchedule schedule, bool isOn)
    {
        var now = time.GetUtcNow();
        var watched = isOn ? schedule.Key : null;
        var stored = runs.Read(trigger.Key);
        if (IsStale(stored))
        {
            runs.Change(
                trigger.Key,
                now,
                record => IsStale(record) ? record with { Schedule = watched, HandledUntil = watched is null ? null : now } : record
            );
            return null;
        }

        return stored.HandledUntil is { } handled && schedule.Due(handled, now) is var (last, count)
            ? new TriggerEvent.Scheduled(last, schedule.Zone, count, IsMissed: now - last > MaxDelay)
            : null;

        bool IsStale(StoredTriggerRuns record) =>
            record.Schedule != watched || (watched is not null && (record.HandledUntil is null || record.HandledUntil > now + MaxAhead));
    }
}
