using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Plue.Server.Providers.Http;

/// <summary>
/// Reads values leniently: a field may be null, of another type, or contain half of a surrogate pair (the next event contains the other half), for which the
/// framework's getters throw.
/// </summary>
internal static class JsonText
{
    /// <summary>Starts to read a payload that must be an object.</summary>
    /// <exception cref="JsonException">It is not an object.</exception>
    public static Utf8JsonReader ReadObject(ReadOnlySpan<byte> payload)
    {
        var json = new Utf8JsonReader(payload);
        json.Read();
        return json.TokenType == JsonTokenType.StartObject ? json : throw new JsonException("The payload is not an object.");
    }

    /// <summary>Moves to the value and reads it. Null if it is not a string.</summary>
    public static string? NextString(ref this Utf8JsonReader json)
    {
        json.Read();
        return json.StringHere();
    }

    /// <summary>Like <see cref="NextString(ref Utf8JsonReader)"/>, but null for an empty string, too.</summary>
    public static string? NextFilled(ref this Utf8JsonReader json) => json.NextString() is { Length: > 0 } text ? text : null;

    /// <summary>Returns the string with this name in the next object; null if there is none.</summary>
    public static string? NextString(ref this Utf8JsonReader json, ReadOnlySpan<byte> name)
    {
        string? text = null;
        if (!json.NextIsObject())
        {
            return text;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals(name))
            {
                text = json.NextString();
            }
            else
            {
                json.Skip();
            }
        }

        return text;
    }

    /// <summary>Reads the current string. If it is another value, skips it and returns null.</summary>
    public static string? StringHere(ref this Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
            return null;
        }

        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)
        {
            return Unescape(Encoding.UTF8.GetString(json.ValueSpan));
        }
    }

    /// <summary>Returns the current value as written, and moves past it.</summary>
    public static string RawHere(ref this Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        var start = (int)json.TokenStartIndex;
        json.Skip();
        return Encoding.UTF8.GetString(payload[start..(int)json.BytesConsumed]);
    }

    /// <summary>Moves to the value, which is an object or a string with JSON. Null if it is neither.</summary>
    public static string? NextJson(ref this Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        json.Read();
        return json.TokenType == JsonTokenType.StartObject ? json.RawHere(payload) : json.StringHere();
    }

    public static long? NextInt64(ref this Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType == JsonTokenType.Number)
        {
            return json.TryGetInt64(out var whole) ? whole
                : json.TryGetDouble(out var number) && Math.Abs(number) < 1e18 ? (long)number
                : null;
        }

        json.Skip();
        return null;
    }

    /// <summary>Returns the number with this name in the next object; null if there is none.</summary>
    public static long? NextInt64(ref this Utf8JsonReader json, ReadOnlySpan<byte> name)
    {
        long? number = null;
        if (!json.NextIsObject())
        {
            return number;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals(name))
            {
                number = json.NextInt64();
            }
            else
            {
                json.Skip();
            }
        }

        return number;
    }

    /// <summary>Moves past the value. Returns false if it is null or false.</summary>
    public static bool NextIsSet(ref this Utf8JsonReader json)
    {
        json.Read();
        var isSet = json.TokenType is not (JsonTokenType.Null or JsonTokenType.False);
        json.Skip();
        return isSet;
    }

    /// <summary>Moves to the value. Returns true if it has the expected type; otherwise skips it.</summary>
    public static bool NextIsObject(ref this Utf8JsonReader json) => NextIs(ref json, JsonTokenType.StartObject);

    /// <inheritdoc cref="NextIsObject"/>
    public static bool NextIsArray(ref this Utf8JsonReader json) => NextIs(ref json, JsonTokenType.StartArray);

    /// <summary>Moves to the next property of the current object; false at its end.</summary>
    public static bool NextProperty(ref this Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.PropertyName;

    /// <summary>Moves to the next object in the current array and skips other values; false at its end.</summary>
    public static bool NextObject(ref this Utf8JsonReader json)
    {
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType == JsonTokenType.StartObject)
            {
                return true;
            }
            json.Skip();
        }

        return false;
    }

    public static bool IsObject(string text)
    {
        try
        {
            var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }
            json.Skip();
            return !json.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool NextIs(ref Utf8JsonReader json, JsonTokenType type)
    {
        json.Read();
        if (json.TokenType == type)
        {
            return true;
        }
        json.Skip();
        return false;
    }

    private static string Unescape(string raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var at = 0; at < raw.Length; at++)
        {
            if (raw[at] != '\\')
            {
                text.Append(raw[at]);
                continue;
            }

            var escape = raw[++at];
            if (escape == 'u')
            {
                text.Append((char)ushort.Parse(raw.AsSpan(at + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                at += 4;
                continue;
            }

            text.Append(
                escape switch
                {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\b',
                    'f' => '\f',
                    _ => escape,
                }
            );
        }

        return text.ToString();
    }
}
