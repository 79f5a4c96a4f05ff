using System.Globalization;

namespace Plue.Server.Notifications;

/// <summary>The part of each day in which nobody is notified, in local time. It can include midnight.</summary>
internal sealed record QuietHours(TimeOnly From, TimeOnly To)
{
    /// <summary>Parses text such as <c>22:00-07:00</c>.</summary>
    /// <returns>Null if it is invalid.</returns>
    public static QuietHours? Parse(string text) =>
        text.Split('-', StringSplitOptions.TrimEntries) is [var from, var to] && TimeOf(from) is { } start && TimeOf(to) is { } end
            ? new QuietHours(start, end)
            : null;

    /// <summary>True from the first minute until before the last one.</summary>
    public bool Contains(TimeOnly time) => From <= To ? time >= From && time < To : time >= From || time < To;

    private static TimeOnly? TimeOf(string text) =>
        TimeOnly.TryParseExact(text, ["HH:mm", "H:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time : null;
}
