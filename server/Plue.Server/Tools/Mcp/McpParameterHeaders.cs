using System.Text.Json;
using System.Text.Json.Nodes;

namespace Plue.Server.Tools.Mcp;

/// <summary>
/// Parameters that a server over HTTP wants as headers, too (<c>x-mcp-header</c>). The library sends them; a tool whose schema requires an invalid header must not
/// be used.
/// </summary>
internal static class McpParameterHeaders
{
    private const string Annotation = "x-mcp-header";
    private const string Token = "!#$%&'*+-.^_`|~";

    /// <returns>A clause after "because"; null if there is no problem.</returns>
    public static string? ProblemIn(string schema)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return JsonNode.Parse(schema) is JsonObject root && !IsValid(root, isProperty: false, names)
            ? $"its parameters have an invalid {Annotation}"
            : null;
    }

    private static bool IsValid(JsonNode node, bool isProperty, HashSet<string> names)
    {
        switch (node)
        {
            case JsonArray items:
                return items.All(item => item is null || IsValid(item, isProperty: false, names));
            case JsonObject schema:
                if (schema.TryGetPropertyValue(Annotation, out var annotation))
                {
                    if (
                        !isProperty
                        || annotation is not JsonValue value
                        || !value.TryGetValue<string>(out var name)
                        || name.Length == 0
                        || !name.All(character => char.IsAsciiLetterOrDigit(character) || Token.Contains(character))
                        || !names.Add(name)
                        || !IsPrimitive(schema["type"])
                    )
                    {
                        return false;
                    }
                }

                foreach (var (key, member) in schema)
                {
                    var isValid = key switch
                    {
                        "properties" when member is JsonObject properties => properties.All(property =>
                            property.Value is null || IsValid(property.Value, isProperty: true, names)
                        ),
                        "default" or "const" or "enum" or "examples" => true,
                        _ => member is null || IsValid(member, isProperty: false, names),
                    };
                    if (!isValid)
                    {
                        return false;
                    }
                }

                return true;
            default:
                return true;
        }
    }

    private static bool IsPrimitive(JsonNode? type) =>
        type switch
        {
            JsonValue value => value.TryGetValue<string>(out var name) && name is "string" or "integer" or "boolean",
            JsonArray { Count: > 0 } union => union.All(one =>
                one?.GetValueKind() == JsonValueKind.String && one.GetValue<string>() is "string" or "integer" or "boolean" or "null"
            ) && union.Any(one => one!.GetValue<string>() != "null"),
            _ => false,
        };
}
