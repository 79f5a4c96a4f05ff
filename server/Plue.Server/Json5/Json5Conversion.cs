using System.Buffers;
using System.Text.Json;

namespace Plue.Server.Json5;

/// <summary>Converts values between JSON, as used by the protocol and the journals, and JSON5.</summary>
internal static class Json5Conversion
{
    public static JsonElement Of(Json5Node value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, value);
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    /// <summary>Gets the members of an object by name; the last duplicate is used.</summary>
    public static IReadOnlyDictionary<string, JsonElement> Members(Json5Object values)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in values.Members)
        {
            members[member.Name] = Of(member.Value);
        }

        return members;
    }

    /// <returns>Null for null.</returns>
    public static Json5Node? ToJson5(JsonElement? value) =>
        value is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined }
            ? null
            : Json5Reader.Read(value.Value.GetRawText()).Root;

    public static void Write(Utf8JsonWriter writer, Json5Node value)
    {
        switch (value)
        {
            case Json5String text:
                writer.WriteStringValue(text.Value);
                break;
            case Json5Boolean boolean:
                writer.WriteBooleanValue(boolean.Value);
                break;
            case Json5Number { Value: var number } when double.IsFinite(number):
                WriteNumber(writer, number);
                break;
            case Json5Array array:
                writer.WriteStartArray();
                foreach (var item in array.Items)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case Json5Object members:
                writer.WriteStartObject();
                foreach (var name in members.Members.Select(member => member.Name).Distinct(StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(writer, members.Find(name)!);
                }

                writer.WriteEndObject();
                break;
            // JSON cannot represent other numbers.
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, double number)
    {
        if (Math.Floor(number) == number && Math.Abs(number) < 1e15)
        {
            writer.WriteNumberValue((long)number);
        }
        else
        {
            writer.WriteNumberValue(number);
        }
    }
}
