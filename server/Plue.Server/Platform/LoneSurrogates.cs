using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Plue.Server.Platform;

/// <summary>
/// Lone surrogates in JSON, escaped as <c>\ud800</c> or raw. JSON allows them, but they are not valid text, and .NET throws when it reads such a string.
/// </summary>
internal static class LoneSurrogates
{
    private const int EscapeLength = 6;

    /// <summary>True if names or values of this JSON contain lone surrogates.</summary>
    public static bool ExistIn(string json) =>
        json.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') >= 0 && !IsWellFormed(json)
        || (json.Contains("\\u", StringComparison.Ordinal) && AreEscapedIn(Encoding.UTF8.GetBytes(json)));

    /// <summary>Returns the JSON with each lone surrogate replaced with U+FFFD.</summary>
    public static string Replaced(string json) =>
        ExistIn(json) ? Encoding.UTF8.GetString(Replaced(Encoding.UTF8.GetBytes(json)).Span) : json;

    /// <inheritdoc cref="Replaced(string)"/>
    public static ReadOnlyMemory<byte> Replaced(ReadOnlyMemory<byte> json)
    {
        if (!AreEscapedIn(json.Span))
        {
            return json;
        }

        var replaced = json.ToArray();
        for (var at = NextLone(replaced, 0); at >= 0; at = NextLone(replaced, at + EscapeLength))
        {
            "\\uFFFD"u8.CopyTo(replaced.AsSpan(at));
        }

        return replaced;
    }

    /// <summary>Gets the string of a JSON value, with each lone surrogate replaced with U+FFFD.</summary>
    /// <returns>Null if the value is not a string.</returns>
    public static string? TextOf(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            using var document = JsonDocument.Parse(Replaced(value.GetRawText()));
            return document.RootElement.GetString();
        }
    }

    private static bool AreEscapedIn(ReadOnlySpan<byte> json) => NextLone(json, 0) >= 0;

    /// <returns>The index of the next escaped lone surrogate; -1 if there is none.</returns>
    private static int NextLone(ReadOnlySpan<byte> json, int from)
    {
        for (var at = from; at < json.Length; )
        {
            var found = json[at..].IndexOf((byte)'\\');
            if (found < 0)
            {
                return -1;
            }

            at += found;
            switch (UnitAt(json, at))
            {
                case null:
                    at += 2;
                    break;
                case >= 0xD800 and <= 0xDBFF when UnitAt(json, at + EscapeLength) is >= 0xDC00 and <= 0xDFFF:
                    at += 2 * EscapeLength;
                    break;
                case >= 0xD800 and <= 0xDFFF:
                    return at;
                default:
                    at += EscapeLength;
                    break;
            }
        }

        return -1;
    }

    private static int? UnitAt(ReadOnlySpan<byte> json, int at) =>
        at + EscapeLength <= json.Length
        && json[at] == '\\'
        && json[at + 1] == 'u'
        && Utf8Parser.TryParse(json.Slice(at + 2, 4), out int unit, out var read, 'x')
        && read == 4
            ? unit
            : null;

    private static bool IsWellFormed(string text)
    {
        for (var at = 0; at < text.Length; at++)
        {
            if (!char.IsSurrogate(text[at]))
            {
                continue;
            }
            if (at + 1 == text.Length || !char.IsSurrogatePair(text[at], text[at + 1]))
            {
                return false;
            }

            at++;
        }

        return true;
    }
}
