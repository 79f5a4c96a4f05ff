using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Plue.Server.Providers.Http;

/// <summary>Writes request bodies: plain UTF-8, fields in the order of the code, so that equal requests are equal bytes.</summary>
internal static class JsonBody
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

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
    public static void WriteObject(this Utf8JsonWriter json, string name, string text)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(JsonText.IsObject(text) ? text : "{}", skipInputValidation: true);
    }
}
