using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>Checks that an object looks like a JSON schema: common keywords must have values of the right kind. Unknown keywords are ignored.</summary>
internal static class SchemaCheck
{
    private static readonly string[] Types = ["object", "array", "string", "number", "integer", "boolean", "null"];

    private static readonly string[] Keywords =
    [
        "type",
        "properties",
        "required",
        "items",
        "enum",
        "const",
        "$ref",
        "anyOf",
        "oneOf",
        "allOf",
        "not",
        "additionalProperties",
        "pattern",
        "format",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "description",
        "title",
    ];

    /// <param name="label">The prefix of messages.</param>
    public static void Check(Json5Object schema, string label, List<DocumentProblem> problems)
    {
        void Fail(string message, Json5Node at) => problems.Add(DocumentProblem.Error(message, at.Span));
        if (schema.Members.Count > 0 && !schema.Members.Any(member => Keywords.Contains(member.Name)))
        {
            var hint =
                schema.Members.Select(member => NearestName.Hint(member.Name, Keywords)).FirstOrDefault(text => text.Length > 0) ?? "";
            Fail($"{label} does not look like a JSON schema. Write it as {{ type: \"object\", properties: {{ … }} }}.{hint}", schema);
            return;
        }

        if (schema.Find("type") is { } type)
        {
            CheckType(type, Fail);
        }

        if (schema.Find("properties") is { } properties)
        {
            if (properties is Json5Object named)
            {
                CheckEach(named.Members.Select(member => (member.Value, $"`{member.Name}`")), problems);
            }
            else
            {
                Fail($"`properties` is {properties.Kind} where an object was expected.", properties);
            }
        }

        if (schema.Find("items") is { } items)
        {
            CheckEach([(items, "`items`")], problems);
        }

        foreach (var word in (string[])["anyOf", "oneOf", "allOf"])
        {
            if (schema.Find(word) is Json5Array choices)
            {
                CheckEach(choices.Items.Select(item => (item, $"An item of `{word}`")), problems);
            }
            else if (schema.Find(word) is { } other)
            {
                Fail($"`{word}` is {other.Kind} where a list of schemas was expected.", other);
            }
        }

        if (schema.Find("required") is { } required)
        {
            CheckRequired(schema, required, Fail);
        }

        if (schema.Find("enum") is { } choice and not Json5Array { Items.Count: > 0 })
        {
            Fail("`enum` is a list of the values that are allowed.", choice);
        }
    }

    private static void CheckType(Json5Node type, Action<string, Json5Node> fail)
    {
        foreach (var one in type is Json5Array several ? several.Items : [type])
        {
            if (one is not Json5String name)
            {
                fail($"`type` is {one.Kind} where one of {string.Join(", ", Types)} was expected.", one);
            }
            else if (!Types.Contains(name.Value))
            {
                fail($"`type` must be one of {string.Join(", ", Types)}.{NearestName.Hint(name.Value, Types)}", one);
            }
        }
    }

    private static void CheckRequired(Json5Object schema, Json5Node required, Action<string, Json5Node> fail)
    {
        if (required is not Json5Array list)
        {
            fail($"`required` is {required.Kind} where a list of the names of properties was expected.", required);
            return;
        }

        foreach (var item in list.Items)
        {
            if (item is not Json5String name)
            {
                fail($"`required` has {item.Kind} where text was expected.", item);
            }
            else if (schema.GetObject("properties") is { } properties && properties.FindMember(name.Value) is null)
            {
                fail(
                    $"`required` names `{name.Value}`, which is not among the properties.{NearestName.Hint(name.Value, properties.Members.Select(member => member.Name))}",
                    item
                );
            }
        }
    }

    private static void CheckEach(IEnumerable<(Json5Node Schema, string Label)> schemas, List<DocumentProblem> problems)
    {
        foreach (var (schema, label) in schemas)
        {
            if (schema is Json5Object inner)
            {
                Check(inner, label, problems);
            }
            else if (schema is not Json5Boolean)
            {
                problems.Add(DocumentProblem.Error($"{label} is {schema.Kind} where a schema was expected.", schema.Span));
            }
        }
    }
}
