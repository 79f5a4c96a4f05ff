using System.Globalization;

namespace Plue.Server.Platform;

/// <summary>Days as users write them: <c>2026-11-21</c>.</summary>
internal static class Day
{
    /// <summary>Gets the first moment of a day, in local time or UTC.</summary>
    /// <returns>Null if the text is not a day.</returns>
    public static DateTimeOffset? Midnight(string? text, DateTimeKind kind, int daysLater = 0) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
        && date.Year is > 1 and < 9999
            ? new DateTimeOffset(date.AddDays(daysLater).ToDateTime(TimeOnly.MinValue, kind))
            : null;
}
