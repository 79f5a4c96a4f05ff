using System.Text;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>
/// Repairs arguments of a tool call that do not match the tool's schema but have only one interpretation: weak models quote numbers and lists, and rename
/// parameters. Everything else is unchanged, and the tool rejects it.
/// </summary>
internal static class ArgumentRepair
{
    private const int MaxDepth = 64;

    /// <param name="arguments">A JSON object as the model wrote it.</param>
    /// <returns>The repaired JSON; null if there is nothing to repair.</returns>
    public static string? Repair(string arguments, string schema)
    {
        try
        {
            using var given = JsonDocument.Parse(arguments.Length == 0 ? "{}" : arguments);
            using var expected = JsonDocument.Parse(schema);
            using var bytes = new MemoryStream();
            bool isChanged;
            using (var writer = new Utf8JsonWriter(bytes, PlainJson.Writing))
            {
                isChanged = Write(writer, given.RootElement, expected.RootElement, 0);
            }

            return isChanged ? Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length) : null;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            // Nested too deeply, or invalid text: the runner rejects the call with the reason.
            return null;
        }
    }

    /// <returns>True if something was repaired.</returns>
    private static bool Write(Utf8JsonWriter writer, JsonElement value, JsonElement schema, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new JsonException("The arguments are nested too deeply.");
        }

        schema = Simple(schema);
        var (fitted, isChanged) = Fit(value, schema);
        switch (fitted.ValueKind)
        {
            case JsonValueKind.Object:
                return WriteObject(writer, fitted, schema, depth) || isChanged;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in fitted.EnumerateArray())
                {
                    isChanged |= Write(writer, item, Member(schema, "items"), depth + 1);
                }

                writer.WriteEndArray();
                return isChanged;
            default:
                fitted.WriteTo(writer);
                return isChanged;
        }
    }

    private static bool WriteObject(Utf8JsonWriter writer, JsonElement value, JsonElement schema, int depth)
    {
        if (value.EnumerateObject().GroupBy(member => member.Name, StringComparer.Ordinal).Any(same => same.Count() > 1))
        {
            value.WriteTo(writer);
            return false;
        }

        var properties = Member(schema, "properties");
        var renamed = Renamed(value, schema, properties);
        var isChanged = renamed.Count > 0;
        writer.WriteStartObject();
        foreach (var member in value.EnumerateObject())
        {
            var name = renamed.GetValueOrDefault(member.Name, member.Name);
            writer.WritePropertyName(name);
            isChanged |= Write(writer, member.Value, Member(properties, name), depth + 1);
        }

        writer.WriteEndObject();
        return isChanged;
    }

    /// <summary>
    /// Finds unknown parameters whose names can only stand for one missing parameter: with the same letters (<c>filePath</c> for <c>file_path</c>), or with all
    /// words of a required one (<c>file_path</c> for <c>path</c>).
    /// </summary>
    private static Dictionary<string, string> Renamed(JsonElement value, JsonElement schema, JsonElement properties)
    {
        Dictionary<string, string> renamed = new(StringComparer.Ordinal);
        if (Member(schema, "additionalProperties").ValueKind != JsonValueKind.False || properties.ValueKind != JsonValueKind.Object)
        {
            return renamed;
        }

        List<string> given = [.. value.EnumerateObject().Select(member => member.Name)];
        List<string> unknown = [.. given.Where(name => !properties.TryGetProperty(name, out _))];
        List<string> missing = [.. properties.EnumerateObject().Select(property => property.Name).Except(given, StringComparer.Ordinal)];
        var required = Strings(Member(schema, "required")).ToHashSet(StringComparer.Ordinal);
        bool Fits(string known, string name) =>
            NameWords.AreSame(known, name) || (required.Contains(known) && NameWords.Contain(name, known));
        // Iterates over the schema's parameters, which are few, because a model can send any number of names.
        foreach (var known in missing)
        {
            if (
                unknown.Where(name => Fits(known, name)).Take(2).ToList() is [var only]
                && missing.Count(other => Fits(other, only)) == 1
                && IsAccepted(value.GetProperty(only), Member(properties, known))
            )
            {
                renamed[only] = known;
            }
        }

        return renamed;
    }

    /// <returns>The value converted to a type of the schema if there is only one way; otherwise the value itself.</returns>
    private static (JsonElement Value, bool IsChanged) Fit(JsonElement value, JsonElement schema)
    {
        List<string> types = [.. TypesOf(schema)];
        if (types.Count == 0 || types.Exists(type => Is(value, type)))
        {
            return Choice(value, schema);
        }

        List<JsonElement> readings = [.. Readings(value, schema, types)];
        return readings is [var only] ? (Choice(only, schema).Value, true) : (value, false);
    }

    private static IEnumerable<JsonElement> Readings(JsonElement value, JsonElement schema, List<string> types)
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()!.Trim() : null;
        var parsed = text is null ? null : Parsed(text);
        foreach (var type in types)
        {
            switch (type)
            {
                case "array" when parsed is { ValueKind: JsonValueKind.Array } list:
                    yield return list;
                    break;
                case "array"
                    when value.ValueKind != JsonValueKind.Null
                        && text is not ['[', ..]
                        && IsAccepted(parsed is { ValueKind: JsonValueKind.Object } item ? item : value, Member(schema, "items")):
                    yield return Json($"[{(parsed is { ValueKind: JsonValueKind.Object } one ? one : value).GetRawText()}]");
                    break;
                case "object" when parsed is { ValueKind: JsonValueKind.Object } members:
                    yield return members;
                    break;
                case "number" or "integer" when parsed is { } number && Is(number, type):
                    yield return number;
                    break;
                case "boolean" when Parsed(text?.ToLowerInvariant() ?? "") is { ValueKind: JsonValueKind.True or JsonValueKind.False } flag:
                    yield return flag;
                    break;
                case "string" when value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False:
                    yield return Json($"\"{value.GetRawText()}\"");
                    break;
                case not "array" when value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 1 && Is(value[0], type):
                    yield return value[0];
                    break;
            }
        }
    }

    /// <summary>Gets an allowed string that differs only in case: <c>"Done"</c> for <c>"done"</c>.</summary>
    private static (JsonElement Value, bool IsChanged) Choice(JsonElement value, JsonElement schema)
    {
        var choices = Member(schema, "enum");
        if (value.ValueKind != JsonValueKind.String || choices.ValueKind != JsonValueKind.Array)
        {
            return (value, false);
        }

        var text = value.GetString()!.Trim();
        List<JsonElement> same =
        [
            .. choices
                .EnumerateArray()
                .Where(choice =>
                    choice.ValueKind == JsonValueKind.String && text.Equals(choice.GetString(), StringComparison.OrdinalIgnoreCase)
                ),
        ];
        return same is [var only] && only.GetString() != value.GetString() ? (only, true) : (value, false);
    }

    private static bool IsAccepted(JsonElement value, JsonElement schema) =>
        Simple(schema) is var simple && (TypesOf(simple).ToList() is not { Count: > 0 } types || types.Exists(type => Is(value, type)))
        || Fit(value, Simple(schema)).IsChanged;

    /// <summary>Reduces a choice between a schema and null to the schema, because many servers declare optional parameters this way.</summary>
    private static JsonElement Simple(JsonElement schema)
    {
        foreach (var word in new[] { "anyOf", "oneOf" })
        {
            if (
                Member(schema, word) is { ValueKind: JsonValueKind.Array } forms
                && forms.EnumerateArray().Where(form => TypesOf(form) is not ["null"]).ToList() is [var only]
            )
            {
                return only;
            }
        }

        return schema;
    }

    private static List<string> TypesOf(JsonElement schema) =>
        Member(schema, "type") is { ValueKind: JsonValueKind.String } one ? [one.GetString()!] : [.. Strings(Member(schema, "type"))];

    private static bool Is(JsonElement value, string type) =>
        type switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && Math.Floor(number) == number,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "null" => value.ValueKind == JsonValueKind.Null,
            _ => true,
        };

    private static IEnumerable<string> Strings(JsonElement list) =>
        list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)
            : [];

    /// <returns>An undefined element if there is none.</returns>
    private static JsonElement Member(JsonElement schema, string name) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(name, out var member) ? member : default;

    private static JsonElement? Parsed(string text)
    {
        try
        {
            return Json(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static JsonElement Json(string text) => JsonElement.Parse(text);
}
