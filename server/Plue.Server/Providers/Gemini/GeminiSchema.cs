using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Gemini;

/// <summary>
/// Converts a tool's JSON schema to the subset that Gemini supports: no references, type lists, <c>additionalProperties</c> or constants. Unsupported parts are
/// omitted, so that the model knows less about a parameter instead of the request being rejected.
/// </summary>
internal static class GeminiSchema
{
    private const int MaxDepth = 12;

    /// <summary>Keywords that are copied.</summary>
    private static readonly string[] Plain =
    [
        "title",
        "description",
        "nullable",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "minLength",
        "maxLength",
        "minProperties",
        "maxProperties",
        "pattern",
        "default",
    ];

    private static readonly string[] Formats = ["date-time", "enum", "int32", "int64", "float", "double"];

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>Writes <c>parameters</c>, or nothing if the tool takes none: some models reject an object without properties.</summary>
    public static void WriteParameters(Utf8JsonWriter json, string schema)
    {
        if (!JsonText.IsObject(schema))
        {
            return;
        }
        using var document = JsonDocument.Parse(schema, Options);
        var root = document.RootElement;
        var resolved = Resolve(root, root, 0);
        if (resolved.Field("properties") is not { ValueKind: JsonValueKind.Object } properties || !properties.EnumerateObject().Any())
        {
            return;
        }
        json.WritePropertyName("parameters");
        Write(json, resolved, root, 0);
    }

    private static void Write(Utf8JsonWriter json, JsonElement schema, JsonElement root, int depth)
    {
        schema = Resolve(schema, root, depth);
        json.WriteStartObject();
        // A schema that is nested too deeply, or "true", only states that there is a value.
        if (schema.ValueKind != JsonValueKind.Object || depth >= MaxDepth)
        {
            json.WriteString("type", depth >= MaxDepth && TypesOf(schema) is ["array" or "object", ..] ? "object" : "string");
            json.WriteEndObject();
            return;
        }

        var types = TypesOf(schema);
        var choices = ChoicesOf(schema, out var mayBeNull);
        mayBeNull |= types.Remove("null");
        if (choices.Count == 0 && types.Count > 1)
        {
            json.WriteStartArray("anyOf");
            foreach (var type in types)
            {
                WriteOfType(json, schema, type, root, depth);
            }
            json.WriteEndArray();
        }
        else if (choices.Count == 1)
        {
            // A single choice besides null replaces the schema and keeps its description.
            WriteFields(json, choices[0], TypeOf(Resolve(choices[0], root, depth)), root, depth, schema.Text("description"));
        }
        else if (choices.Count > 1)
        {
            if (schema.Text("description") is { } description)
            {
                json.WriteString("description", description);
            }
            json.WriteStartArray("anyOf");
            foreach (var choice in choices)
            {
                Write(json, choice, root, depth + 1);
            }
            json.WriteEndArray();
        }
        else
        {
            WriteFields(json, schema, TypeOf(schema), root, depth, null);
        }

        if (mayBeNull && schema.Field("nullable") is null)
        {
            json.WriteBoolean("nullable", true);
        }
        json.WriteEndObject();
    }

    private static void WriteOfType(Utf8JsonWriter json, JsonElement schema, string type, JsonElement root, int depth)
    {
        json.WriteStartObject();
        WriteFields(json, schema, type, root, depth, null);
        json.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter json, JsonElement schema, string type, JsonElement root, int depth, string? description)
    {
        schema = Resolve(schema, root, depth);
        json.WriteString("type", type);
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }
        if (description is not null)
        {
            json.WriteString("description", description);
        }
        foreach (var name in Plain)
        {
            if (name == "description" && description is not null)
            {
                continue;
            }
            if (schema.Field(name) is not { } value)
            {
                continue;
            }
            json.WritePropertyName(name);
            value.WriteTo(json);
        }

        if (schema.Text("format") is { } format && Formats.Contains(format))
        {
            json.WriteString("format", format);
        }
        if (type == "string")
        {
            WriteEnum(json, schema);
        }
        if (type == "array")
        {
            json.WritePropertyName("items");
            Write(json, schema.Field("items") is { ValueKind: JsonValueKind.Object } items ? items : default, root, depth + 1);
        }

        if (type == "object" && schema.Field("properties") is { ValueKind: JsonValueKind.Object } properties)
        {
            WriteProperties(json, schema, properties, root, depth);
        }
    }

    private static void WriteProperties(Utf8JsonWriter json, JsonElement schema, JsonElement properties, JsonElement root, int depth)
    {
        var names = properties.EnumerateObject().Select(property => property.Name).ToHashSet();
        if (names.Count == 0)
        {
            return;
        }
        json.WriteStartObject("properties");
        foreach (var property in properties.EnumerateObject())
        {
            json.WritePropertyName(property.Name);
            Write(json, property.Value, root, depth + 1);
        }

        json.WriteEndObject();
        // A required name without a property would be rejected.
        var required = schema
            .Items("required")
            .Where(name => name.ValueKind == JsonValueKind.String)
            .Select(name => name.GetString()!)
            .Where(names.Contains)
            .ToList();
        if (required.Count == 0)
        {
            return;
        }
        json.WriteStartArray("required");
        foreach (var name in required)
        {
            json.WriteStringValue(name);
        }
        json.WriteEndArray();
    }

    /// <summary>Only texts can be listed; a constant becomes a list with one item.</summary>
    private static void WriteEnum(Utf8JsonWriter json, JsonElement schema)
    {
        var values = schema.Field("const") is { } constant ? [constant] : schema.Items("enum").ToList();
        var texts = values
            .Where(value => value.ValueKind == JsonValueKind.String)
            .Select(value => value.GetString()!)
            .Where(text => text.Length > 0)
            .ToList();
        if (texts.Count == 0)
        {
            return;
        }
        json.WriteStartArray("enum");
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }
        json.WriteEndArray();
    }

    /// <summary>Follows <c>#/$defs/…</c>; other references are treated as empty schemas.</summary>
    private static JsonElement Resolve(JsonElement schema, JsonElement root, int depth)
    {
        for (var step = depth; step < MaxDepth && schema.Text("$ref") is { } reference; step++)
        {
            if (!reference.StartsWith("#/", StringComparison.Ordinal))
            {
                return default;
            }
            var target = root;
            foreach (var name in reference[2..].Split('/'))
            {
                if (target.Field(name.Replace("~1", "/").Replace("~0", "~")) is not { } next)
                {
                    return default;
                }
                target = next;
            }

            schema = target;
        }

        return schema;
    }

    private static List<JsonElement> ChoicesOf(JsonElement schema, out bool mayBeNull)
    {
        var all = schema.Items("anyOf").Concat(schema.Items("oneOf")).Concat(schema.Items("allOf")).ToList();
        var choices = all.Where(choice => choice.Text("type") != "null").ToList();
        mayBeNull = choices.Count < all.Count;
        return choices;
    }

    private static List<string> TypesOf(JsonElement schema) =>
        schema.Field("type") switch
        {
            { ValueKind: JsonValueKind.String } type => [type.GetString()!.ToLowerInvariant()],
            { ValueKind: JsonValueKind.Array } types =>
            [
                .. types.EnumerateArray().Where(type => type.ValueKind == JsonValueKind.String).Select(type => type.GetString()!),
            ],
            _ => [],
        };

    /// <summary>Returns a type, because Gemini always requires one.</summary>
    private static string TypeOf(JsonElement schema) =>
        TypesOf(schema).Find(type => type != "null")
        ?? (
            schema.Field("properties") is not null ? "object"
            : schema.Field("items") is not null ? "array"
            : schema.Field("const")?.ValueKind switch
            {
                JsonValueKind.Number => "number",
                JsonValueKind.True or JsonValueKind.False => "boolean",
                _ => "string",
            }
        );
}
