using Cronos;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Agents.Triggers;

/// <summary>A calendar expression with its time zone. A time that a change to daylight saving time skips is due right after it; one that it repeats is due once.</summary>
internal sealed class TriggerSchedule
{
    /// <summary>Older missed times are not searched.</summary>
    private static readonly TimeSpan MaxMissed = TimeSpan.FromDays(31);

    /// <summary>The beginning of each message of the library.</summary>
    private const string Invalid = "The given cron expression has an invalid format. ";

    private readonly CronExpression expression;

    private TriggerSchedule(string text, CronExpression expression, TimeZoneInfo zone) =>
        (Text, this.expression, Zone) = (text, expression, zone);

    /// <summary>Gets the expression as written.</summary>
    public string Text { get; }

    public TimeZoneInfo Zone { get; }

    /// <summary>Gets a text that changes with the times that are due.</summary>
    public string Key => $"{Text} {Zone.Id}";

    /// <param name="zone">An IANA or Windows name; null for that of this machine.</param>
    /// <exception cref="FailureException">MissingField: the expression or the zone is invalid.</exception>
    public static TriggerSchedule Parse(string text, string? zone, TimeProvider time)
    {
        try
        {
            var schedule = new TriggerSchedule(
                text,
                CronExpression.Parse(text),
                zone is null ? time.LocalTimeZone : TimeZoneInfo.FindSystemTimeZoneById(zone)
            );
            return schedule.Next(time.GetUtcNow()) is null
                ? throw new FailureException(FailureKind.MissingField, $"The schedule `{HiddenCharacters.VisibleLine(text)}` is never due.")
                : schedule;
        }
        catch (CronFormatException fault)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"`{HiddenCharacters.VisibleLine(text)}` is not a calendar expression ({fault.Message.Replace(Invalid, "", StringComparison.Ordinal).TrimEnd('.')}). Enter minute, hour, day of the month, month, and day of the week, such as `0 9 * * 1-5`.",
                fault
            );
        }
        catch (Exception fault) when (fault is TimeZoneNotFoundException or InvalidTimeZoneException)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"This machine has no time zone `{HiddenCharacters.VisibleLine(zone!)}`. Enter a name such as `Europe/Berlin`, or on Windows `W. Europe Standard Time`.",
                fault
            );
        }
    }

    /// <returns>Null if it is never due again.</returns>
    public DateTimeOffset? Next(DateTimeOffset after) => expression.GetNextOccurrence(after, Zone);

    /// <summary>Finds the times after one moment, up to and including another.</summary>
    /// <returns>The last of them, and their number; null if there are none.</returns>
    public (DateTimeOffset Last, int Count)? Due(DateTimeOffset after, DateTimeOffset until)
    {
        (DateTimeOffset Last, int Count)? found = null;
        var from = after > until - MaxMissed ? after : until - MaxMissed;
        for (var next = Next(from); next is { } due && due <= until; next = Next(due))
        {
            found = (due, (found?.Count ?? 0) + 1);
        }

        return found;
    }
}
