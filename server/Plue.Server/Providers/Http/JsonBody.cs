using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Plue.Server.Providers.Http;

/// <summary>Writes request bodies as UTF-8 with fields in code order, so that equal requests have equal bytes.</summary>
internal static class JsonBody
{
    private static readonly JsonWriterOptions Options = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    public static byte[] Write(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            fields(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes JSON text; an empty object if it is invalid, because the vendor would reject the whole request.</summary>
    public static void WriteRawObject(this Utf8JsonWriter json, string name, string text)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(JsonText.IsObject(text) ? text : "{}", skipInputValidation: true);
    }

    /// <summary>Writes fields of the current object.</summary>
    public static void WriteFields(this Utf8JsonWriter json, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        foreach (var (name, value) in fields)
        {
            json.WriteString(name, value);
        }
    }

    /// <summary>Writes an object as an array item.</summary>
    public static void WriteObject(this Utf8JsonWriter json, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        json.WriteStartObject();
        json.WriteFields(fields);
        json.WriteEndObject();
    }

    /// <summary>Writes an object as a field.</summary>
    public static void WriteObject(this Utf8JsonWriter json, string name, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        json.WriteStartObject(name);
        json.WriteFields(fields);
        json.WriteEndObject();
    }

    /// <summary>Writes an array as a field; nothing if there are no values.</summary>
    public static void WriteStrings(this Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
        {
            return;
        }
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }
        json.WriteEndArray();
    }
}
