using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Transfer;

/// <summary>Reads JSON of other programs. Missing members and wrong types are null; nothing throws.</summary>
internal static class JsonFields
{
    private const double MaxMilliseconds = 253_000_000_000_000; // before the year 9999

    public static JsonElement? Get(this JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var found) && found.ValueKind != JsonValueKind.Null
            ? found
            : null;

    public static string? Text(this JsonElement value, string name) => value.Get(name) is { } found ? found.AsText() : null;

    public static string? AsText(this JsonElement value) => LoneSurrogates.TextOf(value);

    public static bool Is(this JsonElement value, string name) => value.Get(name)?.ValueKind == JsonValueKind.True;

    public static long Count(this JsonElement value, string name) =>
        value.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var count)
            ? Math.Clamp(count, 0, 1L << 50)
            : 0;

    public static DateTimeOffset? Time(this JsonElement value, string name) =>
        DateTimeOffset.TryParse(
            value.Text(name),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        ) && time.Year is >= 1970 and < 9999
            ? time
            : null;

    /// <summary>Gets a time in milliseconds since 1970.</summary>
    public static DateTimeOffset? Milliseconds(this JsonElement value, string name) =>
        value.Get(name) is { ValueKind: JsonValueKind.Number } number
        && number.TryGetDouble(out var given)
        && given is > 0 and < MaxMilliseconds
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)given)
            : null;

    /// <summary>Gets an amount of money; null if the value is out of range.</summary>
    public static decimal? Amount(this JsonElement value, string name) =>
        value.Get(name) is { ValueKind: JsonValueKind.Number } number && number.TryGetDecimal(out var given) && given is > 0 and < 1_000_000
            ? given
            : null;

    public static IEnumerable<JsonElement> Items(this JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];

    public static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";
}
