using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plue.Protocol;
using Plue.Server.Json5;
using Plue.Server.Rpc;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>The JSON schemas for other editors: up to date, valid for shipped files, and able to find errors.</summary>
public sealed class TemplateSchemaTests : IAsyncDisposable
{
    private readonly PlueHome home = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    public static TheoryData<string> Shipped => [.. TemplateCatalog.ShippedIds().Order(StringComparer.Ordinal)];

    [Fact]
    public void The_checked_in_schema_matches_the_fields_of_templates() =>
        Repository.CheckFile("schemas/template.schema.json", Schema(null));

    [Theory]
    [MemberData(nameof(Shipped))]
    public void A_shipped_template_fits_the_schema(string id) => Assert.Empty(Faults(Schema(null), TemplateCatalog.ReadShipped(id)!));

    [Fact]
    public void The_starting_points_fit_the_schema() =>
        Assert.All(StartingPoint.All, point => Assert.Empty(Faults(Schema(null), System.Text.Encoding.UTF8.GetBytes(point.Text))));

    [Theory]
    [InlineData("{ name: 'X' }", "$: id is missing")]
    [InlineData("{ id: 'x', name: 'X', colour: 1 }", "$: colour does not belong")]
    [InlineData("{ id: 'x', name: 'X', fields: [{ name: 'a', type: 'txt' }] }", "$.fields[0].type: none of the values")]
    [InlineData(
        "{ id: 'x', name: 'X', fields: [{ name: 'a', type: 'array', items: { type: 'object', properties: [{ type: 'text' }] } }] }",
        "$.fields[0].items.properties[0]: name is missing"
    )]
    [InlineData("{ id: 'x', name: 'X', budget: { usd: -1 } }", "$.budget.usd: less than the minimum")]
    [InlineData("{ id: 'x', name: 'X', provider_ref: ['codex://prompts/p'] }", "$.provider_ref: none of the allowed schemas")]
    [InlineData("{ id: 'x', name: 'X', automation: { hooks: [{ trigger: 'created' }] } }", "$.automation.hooks[0]: action is missing")]
    public void An_invalid_template_does_not_match_the_schema(string text, string fault) =>
        Assert.Contains(fault, Faults(Schema(null), System.Text.Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Bounds_that_JSON_cannot_represent_are_omitted_and_large_ones_are_kept()
    {
        home.Write(
            "templates/wide.json5",
            "{ id: 'wide', name: 'Wide', fields: [{ name: 'size', type: 'number', min: -Infinity, max: 1e300 }] }"
        );
        var size = System.Text.Json.Nodes.JsonNode.Parse(Schema("wide"))?["properties"]?["size"];
        Assert.Equal((null, 1e300), (size?["minimum"], (double?)size?["maximum"]));
    }

    [Fact]
    public void The_codices_of_a_template_have_a_schema_too()
    {
        home.Write(
            "templates/note.json5",
            """
            { id: 'note', name: 'Note', fields: [
              { name: 'title', type: 'text', required: true }, { name: 'kind', type: 'select', options: ['a', 'b'], default: 'a' },
              { name: 'why', type: 'textarea', required: true, conditional: { field: 'kind', value: 'b' } }, { name: 'size', type: 'number', min: 1, max: 9 },
              { name: 'about', type: 'codex_reference', template_filter: 'markdown' } ] }
            """
        );
        var schema = Schema("note");
        Assert.Empty(Of("{ template: 'note', title: 'T', tags: ['x'], size: 2, about: 'codex://prompts/title.md' }"));
        Assert.Equal(["$: why is missing"], Of("{ template: 'note', title: 'T', kind: 'b' }"));
        Assert.Empty(Of("{ template: 'note', title: 'T', kind: 'b', why: 'W' }"));
        Assert.Equal(["$: template is missing", "$: title is missing"], Of("{}"));
        Assert.Equal(
            ["$.size: more than the maximum", "$.about: does not match"],
            Of("{ template: 'note', title: 'T', size: 10, about: 'codex://items/x' }")
        );
        Assert.Equal(["$.template: none of the values"], Of("{ template: 'other', title: 'T' }"));
        Assert.Empty(Faults(Schema("llm-provider"), "{ provider_type: 'ollama', model: 'qwen3', headers: { a: 'b' } }"u8.ToArray()));
        Assert.Equal(schema, Schema("note"));

        List<string> Of(string text) => Faults(schema, System.Text.Encoding.UTF8.GetBytes(text));
    }

    private string Schema(string? id) => TemplateHandlers.Of(home.Services).Schema(new TemplateSchemaParams(id)).Schema;

    private static List<string> Faults(string schema, byte[] json5)
    {
        var root = JsonNode.Parse(schema)!.AsObject();
        Assert.Equal("https://json-schema.org/draft/2020-12/schema", (string?)root["$schema"]);
        var faults = new List<string>();
        new SchemaReader(root, faults).Check(root, JsonNode.Parse(FieldViews.ToJson(Json5Reader.Read(json5).Root!).GetRawText()), "$");
        return faults;
    }

    /// <summary>Validates with only the keywords that Plue's schemas use; an unknown keyword fails the test.</summary>
    private sealed class SchemaReader(JsonObject root, List<string> faults)
    {
        private static readonly string[] Notes = ["$schema", "title", "description", "default", "$defs", "format", "then"];

        public void Check(JsonObject schema, JsonNode? value, string at)
        {
            foreach (var (keyword, said) in schema)
            {
                switch (keyword)
                {
                    case "$ref":
                        Check(root["$defs"]![((string)said!)["#/$defs/".Length..]]!.AsObject(), value, at);
                        break;
                    case "type" when TypeOf(value) != (string?)said:
                        faults.Add($"{at}: not {said}");
                        return;
                    case "type":
                        break;
                    case "enum":
                        Add(!said!.AsArray().Any(one => JsonNode.DeepEquals(one, value)), at, "none of the values");
                        break;
                    case "pattern":
                        Add(!Regex.IsMatch((string)value!, (string)said!), at, "does not match");
                        break;
                    case "minimum":
                        Add((decimal)value! < (decimal)said!, at, "less than the minimum");
                        break;
                    case "maximum":
                        Add((decimal)value! > (decimal)said!, at, "more than the maximum");
                        break;
                    case "required":
                        foreach (var name in said!.AsArray())
                        {
                            Add(!value!.AsObject().ContainsKey((string)name!), at, $"{name} is missing");
                        }

                        break;
                    case "properties":
                        foreach (var (name, inner) in said!.AsObject())
                        {
                            if (value is JsonObject held && held.ContainsKey(name))
                            {
                                Check(inner!.AsObject(), held[name], $"{at}.{name}");
                            }
                        }

                        break;
                    case "additionalProperties":
                        foreach (var (name, _) in value!.AsObject())
                        {
                            Add(schema["properties"]?[name] is null, at, $"{name} does not belong");
                        }

                        break;
                    case "items":
                        for (var i = 0; i < value!.AsArray().Count; i++)
                        {
                            Check(said!.AsObject(), value[i], $"{at}[{i}]");
                        }

                        break;
                    case "anyOf":
                        Add(!said!.AsArray().Any(one => Fits(one!.AsObject(), value)), at, "none of the allowed schemas");
                        break;
                    case "allOf":
                        foreach (var one in said!.AsArray())
                        {
                            Check(one!.AsObject(), value, at);
                        }

                        break;
                    case "if" when Fits(said!.AsObject(), value):
                        Check(schema["then"]!.AsObject(), value, at);
                        break;
                    case "if":
                        break;
                    default:
                        Assert.Contains(keyword, Notes);
                        break;
                }
            }
        }

        private bool Fits(JsonObject schema, JsonNode? value)
        {
            var own = new List<string>();
            new SchemaReader(root, own).Check(schema, value, "");
            return own.Count == 0;
        }

        private void Add(bool isFault, string at, string what)
        {
            if (isFault)
            {
                faults.Add($"{at}: {what}");
            }
        }

        private static string? TypeOf(JsonNode? value) =>
            value?.GetValueKind() switch
            {
                JsonValueKind.Object => "object",
                JsonValueKind.Array => "array",
                JsonValueKind.String => "string",
                JsonValueKind.Number => "number",
                JsonValueKind.True or JsonValueKind.False => "boolean",
                _ => null,
            };
    }
}
