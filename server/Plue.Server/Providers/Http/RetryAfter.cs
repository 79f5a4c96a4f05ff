using System.Globalization;
using System.Net.Http.Headers;

namespace Plue.Server.Providers.Http;

/// <summary>Reads the wait time that a vendor requests: <c>retry-after-ms</c>, or <c>retry-after</c> in seconds or as a date.</summary>
internal static class RetryAfter
{
    public static TimeSpan? Of(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (Value(headers, "retry-after-ms") is { } text && Seconds(text) is { } milliseconds)
        {
            return milliseconds / 1000;
        }
        if (Value(headers, "retry-after") is not { } after)
        {
            return null;
        }
        if (Seconds(after) is { } seconds)
        {
            return seconds;
        }
        if (!DateTimeOffset.TryParse(after, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
        {
            return null;
        }
        return date > now ? date - now : TimeSpan.Zero;
    }

    private static TimeSpan? Seconds(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds >= 0
            ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(365).TotalSeconds * 1000))
            : null;

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.FirstOrDefault()?.Trim() : null;
}
