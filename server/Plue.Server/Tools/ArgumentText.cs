using System.Text;
using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>
/// Reads arguments of a tool call that are not a JSON object but have only one interpretation: an object in a string, a list or a code fence, JSON5, or Python
/// syntax. Truncated arguments are never completed, because most of a file may be missing.
/// </summary>
internal static class ArgumentText
{
    private const int MaxNesting = 3;
    private const int MaxQuoted = 300;
    private const int MaxSchema = 8000;

    /// <summary>Larger numbers would lose digits.</summary>
    private const double MaxExact = 1e15;

    private static readonly (string Python, string Json)[] PythonWords = [("True", "true"), ("False", "false"), ("None", "null")];

    /// <returns>A JSON object; null if the text has no interpretation or several.</returns>
    public static string? ToObject(string text, string schema)
    {
        if (LoneSurrogates.ExistIn(text))
        {
            return null;
        }

        for (var nesting = 0; nesting < MaxNesting; nesting++)
        {
            text = WithEscapedLineBreaks(WithoutFence(text.Trim()));
            var read = Read(text);
            switch (read.IsValid ? read.Root : null)
            {
                case Json5Object members:
                    return ToJson(members);
                case Json5Array { Items: [Json5Object only] }:
                    return ToJson(only);
                case Json5String { Value: var inner } when inner.AsSpan().TrimStart() is ['{' or '[' or '`' or '"', ..]:
                    text = inner;
                    break;
                case Json5String value when OnlyTextParameter(schema) is { } name:
                    return ToJson(Json5Object.Of((name, value)));
                default:
                    return null;
            }
        }

        return null;
    }

    /// <summary>Gets the error for the model: its text, the position of the error, and the schema.</summary>
    public static string Problem(string text, string schema)
    {
        var read = Read(WithoutFence(text.Trim()));
        var why =
            read.Errors is [var error, ..] ? $" {error.Message} (line {error.Span.Line}, column {error.Span.Column})."
            : read.Root is { } root and not Json5Object ? $" They are {root.Kind}."
            : "";
        var quoted = LoneSurrogates.Replaced(text.Length > MaxQuoted ? $"{text.AsSpan(0, MaxQuoted)}…" : text);
        var form = schema.Length <= MaxSchema ? $"\nIts schema: {schema}" : "";
        return $"{ToolArguments.NotAnObject}{why}\nYou wrote: {quoted}{form}";
    }

    private static string WithoutFence(string text)
    {
        const string Fence = "```";
        return
            text.StartsWith(Fence, StringComparison.Ordinal)
            && text.EndsWith(Fence, StringComparison.Ordinal)
            && text.IndexOf('\n') is > 0 and var line
            && line < text.Length - Fence.Length
            ? text[(line + 1)..^Fence.Length].Trim()
            : text;
    }

    /// <summary>Escapes line breaks and tabs in double-quoted strings, which JSON allows only as escapes.</summary>
    private static string WithEscapedLineBreaks(string text)
    {
        var escaped = new StringBuilder(text.Length);
        var inText = false;
        for (var at = 0; at < text.Length; at++)
        {
            var next = text[at];
            if (inText && next == '\\' && at + 1 < text.Length)
            {
                escaped.Append(next).Append(text[++at]);
                continue;
            }

            inText ^= next == '"';
            escaped.Append(
                (inText, next) switch
                {
                    (true, '\n') => "\\n",
                    (true, '\r') => "\\r",
                    (true, '\t') => "\\t",
                    _ => next.ToString(),
                }
            );
        }

        // With other quotes around, these quotes are ambiguous.
        return Json5Reader.Read(escaped.ToString()) is { IsValid: true } ? escaped.ToString() : text;
    }

    /// <summary>Reads JSON5, replacing Python's constants where the reader found no value, and thus never in a string.</summary>
    private static Json5Document Read(string text)
    {
        var read = Json5Reader.Read(text);
        var isChanged = false;
        foreach (var error in read.Errors.Reverse())
        {
            var rest = text.AsSpan(error.Span.Start);
            foreach (var (python, json) in PythonWords)
            {
                if (
                    rest.StartsWith(python, StringComparison.Ordinal)
                    && !(rest.Length > python.Length && char.IsLetterOrDigit(rest[python.Length]))
                )
                {
                    text = string.Concat(text.AsSpan(0, error.Span.Start), json, rest[python.Length..]);
                    isChanged = true;
                    break;
                }
            }
        }

        return isChanged ? Json5Reader.Read(text) : read;
    }

    private static string? ToJson(Json5Object members) => IsExact(members) ? Json5Conversion.Of(members).GetRawText() : null;

    /// <summary>True if JSON can represent the value exactly: no duplicate names, and no numbers that JSON or a double lacks.</summary>
    private static bool IsExact(Json5Node node) =>
        node switch
        {
            Json5Object members => !members.RepeatedMembers().Any() && members.Members.All(member => IsExact(member.Value)),
            Json5Array list => list.Items.All(IsExact),
            Json5Number { Value: var number } => Math.Abs(number) < MaxExact,
            _ => true,
        };

    /// <returns>The name of the only required parameter, if it is a string; otherwise null.</returns>
    private static string? OnlyTextParameter(string schema)
    {
        using var read = JsonDocument.Parse(schema);
        return
            read.RootElement.TryGetProperty("required", out var required)
            && required.ValueKind == JsonValueKind.Array
            && required.EnumerateArray().ToList() is [{ ValueKind: JsonValueKind.String } only]
            && only.GetString() is { } name
            && read.RootElement.TryGetProperty("properties", out var properties)
            && properties.ValueKind == JsonValueKind.Object
            && properties.TryGetProperty(name, out var property)
            && property.ValueKind == JsonValueKind.Object
            && property.TryGetProperty("type", out var type)
            && type.ValueKind == JsonValueKind.String
            && type.ValueEquals("string")
            ? name
            : null;
    }
}
