using System.Globalization;
using System.Text;

namespace Plue.Server.Platform;

/// <summary>
/// A clock for deletions by age. A clock set far ahead would expire everything at once. Therefore, after such a jump or weeks in which Plue
/// did not run, nothing expires for a day, in which the clock can be corrected. Thread-safe.
/// </summary>
internal static class ExpiryClock
{
    public static readonly TimeSpan MaxAbsence = TimeSpan.FromDays(7);
    public static readonly TimeSpan DistrustPeriod = TimeSpan.FromDays(1);
    private const int MaxBytes = 1024;
    private static readonly TimeSpan WriteInterval = TimeSpan.FromHours(1);

    /// <summary>Gets the time; null while the clock is not trusted or the state cannot be stored.</summary>
    public static DateTimeOffset? Read(PluePaths paths, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var file = Path.Combine(paths.Index, "clock");
        try
        {
            var known = ReadMark(file);
            var mark =
                known is not { } last || now < last.Seen - MaxAbsence ? new Mark(now, now)
                : now > last.Seen + MaxAbsence ? new Mark(now, now + DistrustPeriod)
                : last with { Seen = now };
            if (known is null || mark.TrustedFrom != known.Value.TrustedFrom || (mark.Seen - known.Value.Seen).Duration() > WriteInterval)
            {
                DurableFile.CreatePrivateDirectory(paths.Index);
                DurableFile.Replace(
                    file,
                    Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{mark.Seen:O}\n{mark.TrustedFrom:O}\n"))
                );
            }

            return now >= mark.TrustedFrom ? now : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Null if there is no readable state; the clock is then trusted.</summary>
    private static Mark? ReadMark(string file)
    {
        if (!Path.Exists(file))
        {
            return null;
        }

        var lines = RegularFile.Read(file, MaxBytes) is { } content
            ? Encoding.ASCII.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [];
        return lines.Length == 2 && TryRead(lines[0], out var seen) && TryRead(lines[1], out var trustedFrom)
            ? new Mark(seen, trustedFrom)
            : null;
    }

    private static bool TryRead(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out time);

    /// <param name="TrustedFrom">Nothing is deleted before this time.</param>
    private readonly record struct Mark(DateTimeOffset Seen, DateTimeOffset TrustedFrom);
}
