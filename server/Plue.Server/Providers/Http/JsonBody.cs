using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Plue.Server.Providers.Http;

/// <summary>Writes request bodies: plain UTF-8, fields in the order of the code, so that equal requests are equal bytes.</summary>
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

    /// <summary>JSON that we hold as text; an empty object where it is not one, because the vendor would refuse the whole request.</summary>
    public static void WriteRawObject(this Utf8JsonWriter json, string name, string text)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(JsonText.IsObject(text) ? text : "{}", skipInputValidation: true);
    }

    /// <summary>Fields of the object under way.</summary>
    public static void WriteFields(this Utf8JsonWriter json, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        foreach (var (name, value) in fields)
        {
            json.WriteString(name, value);
        }
    }

    /// <summary>A whole object of an array.</summary>
    public static void WriteObject(this Utf8JsonWriter json, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        json.WriteStartObject();
        json.WriteFields(fields);
        json.WriteEndObject();
    }

    /// <summary>A whole object as a field.</summary>
    public static void WriteObject(this Utf8JsonWriter json, string name, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        json.WriteStartObject(name);
        json.WriteFields(fields);
        json.WriteEndObject();
    }

    /// <summary>An array as a field; nothing if there are no values.</summary>
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
