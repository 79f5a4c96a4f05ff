using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>
/// JSON schemas (draft 2020-12) for editors without a language server. The same fields result in the same text. A schema checks less than
/// <c>plue template check</c>: it ignores references and parents.
/// </summary>
internal sealed class TemplateSchema
{
    private const string Draft = "https://json-schema.org/draft/2020-12/schema";

    /// <summary>The name of the recursive definition of a field in a template file.</summary>
    private const string FieldDefinition = "field";
    private const string ItemDefinition = "item";

    /// <summary>The keys in a template file whose value has the type of a field that is defined there.</summary>
    private static readonly HashSet<string> AnyValue = new(
        ["default", "value", "equals", "not_equals", "contains"],
        StringComparer.Ordinal
    );

    private readonly ArrayBufferWriter<byte> buffer = new();
    private readonly Utf8JsonWriter writer;
    private readonly Func<string, TemplateCollection> collectionOf;
    private readonly bool isTemplateFile;

    private TemplateSchema(Func<string, TemplateCollection> collectionOf, bool isTemplateFile)
    {
        (this.collectionOf, this.isTemplateFile) = (collectionOf, isTemplateFile);
        writer = new Utf8JsonWriter(
            buffer,
            new JsonWriterOptions
            {
                Indented = true,
                NewLine = "\n",
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
    }

    /// <summary>Returns the schema of template files.</summary>
    /// <param name="collectionOf">Returns the collection of the codices of a template.</param>
    public static string OfTemplateFiles(Func<string, TemplateCollection> collectionOf)
    {
        var schema = new TemplateSchema(collectionOf, isTemplateFile: true);
        return schema.Render(
            "A Plue template",
            "The fields and hooks of a kind of codex.",
            TemplateFileSchema.Fields,
            schema.WriteDefinitions
        );
    }

    /// <summary>Returns the schema of the codices of one template.</summary>
    /// <param name="template">The template with its parents' fields.</param>
    public static string Of(Template template, Func<string, TemplateCollection> collectionOf)
    {
        List<TemplateField> fields = [.. template.Fields];
        if (template.Collection == TemplateCollection.Items)
        {
            fields.Insert(
                0,
                new TemplateField
                {
                    Name = ItemFormat.TemplateField,
                    Type = FieldType.Select,
                    Required = true,
                    Options = [template.Id],
                    Description = "The parent template.",
                }
            );
        }

        if (template.Field(TemplateValidation.TagsField) is null)
        {
            fields.Add(
                new TemplateField
                {
                    Name = TemplateValidation.TagsField,
                    Type = FieldType.Array,
                    Items = new TemplateField { Name = "" },
                    Description = "Search keywords.",
                }
            );
        }

        return new TemplateSchema(collectionOf, isTemplateFile: false).Render(template.Name, template.Description, fields, null);
    }

    private string Render(string title, string? description, IReadOnlyList<TemplateField> fields, Action? definitions)
    {
        writer.WriteStartObject();
        writer.WriteString("$schema", Draft);
        writer.WriteString("title", title);
        if (description is not null)
        {
            writer.WriteString("description", description);
        }
        WriteObject(fields);
        definitions?.Invoke();
        writer.WriteEndObject();
        writer.Flush();
        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private void WriteDefinitions()
    {
        var field = TemplateFileSchema.Fields.First(candidate => candidate.Name == "fields").Items!;
        writer.WriteStartObject("$defs");
        WriteDefinition(FieldDefinition, field.Properties);
        // Items of a list have no name.
        WriteDefinition(ItemDefinition, [.. field.Properties.Where(property => property.Name != "name")]);
        writer.WriteEndObject();
    }

    private void WriteDefinition(string name, IReadOnlyList<TemplateField> properties)
    {
        writer.WriteStartObject(name);
        // Which properties are allowed depends on the type, which a child's field may inherit from its parent.
        WriteObject([.. properties.Select(property => property with { Conditional = null })]);
        writer.WriteEndObject();
    }

    private void WriteObject(IReadOnlyList<TemplateField> fields)
    {
        writer.WriteString("type", "object");
        writer.WriteStartObject("properties");
        foreach (var field in fields)
        {
            writer.WriteStartObject(field.Name);
            WriteField(field);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        WriteNames(
            "required",
            [.. fields.Where(field => field is { Required: true, Default: null, Conditional: null }).Select(field => field.Name)]
        );
        WriteConditions(fields);
        writer.WriteBoolean("additionalProperties", false);
    }

    /// <summary>Writes properties that are required only if another field has a certain value.</summary>
    private void WriteConditions(IReadOnlyList<TemplateField> fields)
    {
        List<TemplateField> conditional = [.. fields.Where(field => field is { Required: true, Default: null, Conditional: not null })];
        if (conditional.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("allOf");
        foreach (var field in conditional)
        {
            var condition = field.Conditional!;
            var counts = fields.FirstOrDefault(other => other.Name == condition.Field)?.Default is { } preset && condition.Holds(preset);
            writer.WriteStartObject();
            writer.WriteStartObject("if");
            writer.WriteStartObject("properties");
            writer.WriteStartObject(condition.Field);
            writer.WriteStartArray("enum");
            foreach (var value in condition.Values)
            {
                Json5Conversion.Write(writer, value);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.WriteEndObject();
            if (!counts)
            {
                WriteNames("required", [condition.Field]);
            }
            writer.WriteEndObject();
            writer.WriteStartObject("then");
            WriteNames("required", [field.Name]);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private void WriteField(TemplateField field)
    {
        if (field.Description is { } description)
        {
            writer.WriteString("description", description);
        }
        if (isTemplateFile && AnyValue.Contains(field.Name))
        {
            return;
        }

        switch (field.Type)
        {
            case FieldType.Number:
                writer.WriteString("type", "number");
                if (field.Min is { } min && double.IsFinite(min))
                {
                    writer.WriteNumber("minimum", min);
                }
                if (field.Max is { } max && double.IsFinite(max))
                {
                    writer.WriteNumber("maximum", max);
                }

                break;
            case FieldType.Boolean:
                writer.WriteString("type", "boolean");
                break;
            case FieldType.Select:
                WriteNames("enum", field.Options);
                break;
            case FieldType.Url:
                WritePattern("^https?://[^/]");
                break;
            case FieldType.Datetime:
                WritePattern("^[0-9]");
                writer.WriteString("format", "date-time");
                break;
            case FieldType.CodexReference:
                WriteReference(field);
                break;
            case FieldType.Array:
                WriteArray(field);
                break;
            case FieldType.Object:
                WriteInner(field);
                break;
            default:
                WritePattern(field is { Required: true, Type: FieldType.Text or FieldType.FileReference } ? @"\S" : null);
                break;
        }

        if (field.Default is { } value)
        {
            writer.WritePropertyName("default");
            Json5Conversion.Write(writer, value);
        }
    }

    private void WriteArray(TemplateField field)
    {
        writer.WriteString("type", "array");
        if (isTemplateFile && (field.Name is "fields" or "properties"))
        {
            writer.WriteStartObject("items");
            writer.WriteString("$ref", $"#/$defs/{FieldDefinition}");
            writer.WriteEndObject();
        }
        else if (field.Items is { } items)
        {
            writer.WriteStartObject("items");
            WriteField(items);
            writer.WriteEndObject();
        }
    }

    private void WriteInner(TemplateField field)
    {
        if (isTemplateFile && field.Name == "items")
        {
            writer.WriteString("$ref", $"#/$defs/{ItemDefinition}");
        }
        else if (field.Properties.Count > 0)
        {
            WriteObject(field.Properties);
        }
        else
        {
            writer.WriteString("type", "object");
        }
    }

    private void WriteReference(TemplateField field)
    {
        var collection = field.TemplateFilter switch
        {
            null => "[a-z]+",
            References.MarkdownFilter => "prompts",
            var filter => collectionOf(filter).Name(),
        };
        var pattern = $"^codex://{collection}/[a-z0-9][a-z0-9._-]*$";
        if (field.TemplateFilter != ProviderFormat.TemplateId)
        {
            WritePattern(pattern);
            return;
        }

        // A reference to a provider may be a list: a fallback chain.
        writer.WriteStartArray("anyOf");
        writer.WriteStartObject();
        WritePattern(pattern);
        writer.WriteEndObject();
        writer.WriteStartObject();
        writer.WriteString("type", "array");
        writer.WriteStartObject("items");
        WritePattern(pattern);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private void WritePattern(string? pattern)
    {
        writer.WriteString("type", "string");
        if (pattern is not null)
        {
            writer.WriteString("pattern", pattern);
        }
    }

    private void WriteNames(string key, IReadOnlyList<string> names)
    {
        if (names.Count == 0)
        {
            return;
        }

        writer.WriteStartArray(key);
        foreach (var name in names)
        {
            writer.WriteStringValue(name);
        }

        writer.WriteEndArray();
    }
}
