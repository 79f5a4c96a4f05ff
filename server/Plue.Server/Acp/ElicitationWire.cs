using System.Globalization;
using System.Text.Json;
using Plue.Server.Permissions;

namespace Plue.Server.Acp;

/// <summary>Writes questions in the Agent Client Protocol, version 1: a form with a schema, or an address.</summary>
internal static class ElicitationWire
{
    public const string Create = "elicitation/create";

    public static void Write(Utf8JsonWriter writer, string sessionId, PendingApproval pending, Question question)
    {
        var request = pending.Request;
        writer.WriteString("sessionId"u8, sessionId);
        if (request.ToolUseId is { } toolUseId)
        {
            writer.WriteString("toolCallId"u8, toolUseId);
        }

        writer.WriteString("message"u8, $"{request.ActionText}\n\n{request.Reason}");
        if (question.Url is { } url)
        {
            writer.WriteString("mode"u8, "url"u8);
            writer.WriteString("elicitationId"u8, pending.Id);
            writer.WriteString("url"u8, url.OriginalString);
            return;
        }

        writer.WriteString("mode"u8, "form"u8);
        writer.WriteStartObject("requestedSchema"u8);
        writer.WriteString("type"u8, "object"u8);
        writer.WriteStartObject("properties"u8);
        foreach (var field in question.Fields)
        {
            writer.WriteStartObject(field.Name);
            WriteField(writer, field);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartArray("required"u8);
        foreach (var field in question.Fields.Where(field => field.IsRequired))
        {
            writer.WriteStringValue(field.Name);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteField(Utf8JsonWriter writer, QuestionField field)
    {
        writer.WriteString("type"u8, TypeOf(field.Kind));
        writer.WriteString("title"u8, field.Title);
        if (field.Description is { } description)
        {
            writer.WriteString("description"u8, description);
        }

        switch (field.Kind)
        {
            case QuestionKind.Text:
                WriteLimits(writer, field, "minLength", "maxLength");
                if (field.Format is "email" or "uri" or "date" or "date-time")
                {
                    writer.WriteString("format"u8, field.Format);
                }

                break;
            case QuestionKind.Number or QuestionKind.Integer:
                WriteLimits(writer, field, "minimum", "maximum");
                break;
            case QuestionKind.Choice:
                WriteOptions(writer, "oneOf", field.Options);
                break;
            case QuestionKind.Choices:
                WriteLimits(writer, field, "minItems", "maxItems");
                writer.WriteStartObject("items"u8);
                WriteOptions(writer, "anyOf", field.Options);
                writer.WriteEndObject();
                break;
        }

        WriteDefault(writer, field);
    }

    private static string TypeOf(QuestionKind kind) =>
        kind switch
        {
            QuestionKind.Number => "number",
            QuestionKind.Integer => "integer",
            QuestionKind.Boolean => "boolean",
            QuestionKind.Choices => "array",
            _ => "string",
        };

    private static void WriteLimits(Utf8JsonWriter writer, QuestionField field, string min, string max)
    {
        if (field.Min is { } least)
        {
            writer.WriteNumber(min, least);
        }
        if (field.Max is { } most)
        {
            writer.WriteNumber(max, most);
        }
    }

    private static void WriteOptions(Utf8JsonWriter writer, string name, IReadOnlyList<QuestionOption> options)
    {
        writer.WriteStartArray(name);
        foreach (var option in options)
        {
            writer.WriteStartObject();
            writer.WriteString("const"u8, option.Value);
            writer.WriteString("title"u8, option.Title);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteDefault(Utf8JsonWriter writer, QuestionField field)
    {
        if (field.Defaults is not [var first, ..])
        {
            return;
        }

        switch (field.Kind)
        {
            case QuestionKind.Choices:
                writer.WriteStartArray("default"u8);
                foreach (var value in field.Defaults)
                {
                    writer.WriteStringValue(value);
                }

                writer.WriteEndArray();
                break;
            case QuestionKind.Boolean:
                writer.WriteBoolean("default"u8, first == "true");
                break;
            case QuestionKind.Number or QuestionKind.Integer:
                if (double.TryParse(first, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
                {
                    writer.WriteNumber("default"u8, number);
                }

                break;
            default:
                writer.WriteString("default"u8, first);
                break;
        }
    }
}
