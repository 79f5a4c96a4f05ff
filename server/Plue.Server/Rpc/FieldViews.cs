using System.Buffers;
using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Templates;
using Wire = Plue.Protocol;

namespace Plue.Server.Rpc;

/// <summary>Fields and their values, between the files that people write and the wire. Only conversions.</summary>
internal static class FieldViews
{
    public static Wire.FieldView View(TemplateField field) => new()
    {
        Name = field.Name,
        Type = (Wire.FieldType)field.Type,
        Description = field.Description,
        Required = field.Required,
        Default = field.Default is { } value ? ToJson(value) : null,
        Placeholder = field.Placeholder,
        Options = field.Options,
        Min = field.Min,
        Max = field.Max,
        Step = field.Step,
        Items = field.Items is { } items ? View(items) : null,
        Properties = [.. field.Properties.Select(View)],
        TemplateFilter = field.TemplateFilter,
        Conditional = field.Conditional is { } condition ? new(condition.Field, [.. condition.Values.Select(ToJson)]) : null,
    };

    public static Wire.DocumentProblemView View(DocumentProblem problem) => new(problem.Message, problem.Line, problem.Column, problem.IsError);

    public static JsonElement ToJson(Json5Node value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer)) { Write(writer, value); }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return document.RootElement.Clone();
    }

    /// <returns>Null for null.</returns>
    public static Json5Node? ToJson5(JsonElement? value) => value is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined }
        ? null
        : Json5Reader.Read(value.Value.GetRawText()).Root;

    private static void Write(Utf8JsonWriter writer, Json5Node value)
    {
        switch (value)
        {
            case Json5String text: writer.WriteStringValue(text.Value); break;
            case Json5Boolean boolean: writer.WriteBooleanValue(boolean.Value); break;
            case Json5Number { Value: var number } when double.IsFinite(number): WriteNumber(writer, number); break;
            case Json5Array array:
                writer.WriteStartArray();
                foreach (var item in array.Items) { Write(writer, item); }

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
            // JSON has no other numbers.
            default: writer.WriteNullValue(); break;
        }
    }

    private static void WriteNumber(Utf8JsonWriter writer, double number)
    {
        if (Math.Floor(number) == number && Math.Abs(number) < 1e15) { writer.WriteNumberValue((long)number); }
        else { writer.WriteNumberValue(number); }
    }
}
