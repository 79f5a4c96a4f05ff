using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>The meaning of a value beyond its type.</summary>
internal enum Meaning
{
    Plain,
    Reference,
    Secret,
    Model,
    CatalogProvider,
    Tool,
    Rule,
    TemplateId,
    TemplateFilter,
    FieldName,
    FieldPath,
    Icon,
    Color,
}

/// <summary>The role of an object, because the same key has different meanings in different objects.</summary>
internal enum Role
{
    Values,
    Template,
    Metadata,
    Field,
    Conditional,
    Automation,
    Hook,
    Condition,
}

/// <summary>The expected content at a position of a document: the field that describes it and its meaning.</summary>
/// <param name="Role">The role of the object, or of each object in the list; for a single value, of the containing object.</param>
internal sealed record Shape(TemplateField Field, Role Role, Meaning Meaning = Meaning.Plain)
{
    /// <summary>The keys of an object; empty means any.</summary>
    public IReadOnlyList<TemplateField> Keys => Field.Properties;
}

/// <summary>Determines the expected content of a document, step by step from its root along keys and list items.</summary>
/// <param name="fields">The fields of the template that the document defines or uses.</param>
internal sealed class ShapeWalk(LanguageSources sources, DocumentLocation place, Lazy<IReadOnlyList<TemplateField>> fields)
{
    private const string LlmProvider = ProviderFormat.TemplateId;

    public Shape Root(Json5Object values) =>
        place.Collection switch
        {
            CodexCollection.Templates => new Shape(Object("", TemplateFileSchema.Fields), Role.Template),
            CodexCollection.Providers => new Shape(Object("", WithTags(FieldsOf(LlmProvider))), Role.Values),
            _ => new Shape(Object("", [TemplateKey, .. WithTags(FieldsOf(values.GetString(ItemFormat.TemplateField)))]), Role.Values),
        };

    /// <summary>Gets the shape of a key's value; null if the key is unknown.</summary>
    /// <param name="siblings">The object that contains the key.</param>
    public Shape? Member(Shape shape, string name, Json5Object siblings)
    {
        if (shape.Keys.FirstOrDefault(key => key.Name == name) is not { } field)
        {
            return shape.Meaning switch
            {
                Meaning.Secret => new Shape(new TemplateField { Name = name }, Role.Values, Meaning.Secret),
                Meaning.Rule => new Shape(
                    new TemplateField
                    {
                        Name = name,
                        Type = FieldType.Array,
                        Items = new TemplateField { Name = "" },
                    },
                    Role.Values,
                    Meaning.Rule
                ),
                _ => null,
            };
        }

        return (shape.Role, name) switch
        {
            (Role.Template, "fields") or (Role.Field, "properties" or "items") => new Shape(field, Role.Field),
            (Role.Template, "metadata") => new Shape(field, Role.Metadata),
            (Role.Template, "automation") => new Shape(field, Role.Automation),
            (Role.Automation, "hooks") => new Shape(field, Role.Hook),
            (Role.Hook, "conditions") => new Shape(field, Role.Condition),
            (Role.Hook, "values") => new Shape(Object(name, FieldsOf(siblings.GetString("template"))), Role.Values),
            (Role.Hook, "value") => new Shape(LikeField(siblings.GetString("target")) ?? field, Role.Values),
            (Role.Condition, "equals" or "not_equals" or "contains") => new Shape(
                LikeField(siblings.GetString("field")) ?? field,
                Role.Values
            ),
            (Role.Field, "conditional") => new Shape(field, Role.Conditional),
            (Role.Conditional, "value") => new Shape(LikeField(siblings.GetString("field")) ?? field, Role.Values),
            (Role.Field, "default") => OfDefault(siblings),
            _ => new Shape(field, field.Type is FieldType.Array or FieldType.Object ? Role.Values : shape.Role, MeaningOf(shape, field)),
        };
    }

    /// <summary>Gets the shape of each item of a list. A reference to a provider can be a list.</summary>
    public static Shape Item(Shape list) =>
        list.Field.Type == FieldType.CodexReference ? list
        : list.Field.Items is { } item
            ? list with
            {
                Field = item,
                Meaning = item.Type == FieldType.CodexReference ? Meaning.Reference : list.Meaning,
            }
        : list.Role == Role.Values ? list with { Field = new TemplateField { Name = "" } }
        : list;

    /// <summary>Gets the fields of the effective template; empty if there is none.</summary>
    private IReadOnlyList<TemplateField> FieldsOf(string? template) =>
        template is null ? [] : sources.Templates.Find(template)?.Fields ?? [];

    private Shape OfDefault(Json5Object siblings)
    {
        var own = FieldParser.Of(siblings);
        // Only a field without a type needs the other fields, which may be many.
        var field =
            siblings.Has("type") || own.Name.Length == 0 ? own : fields.Value.FirstOrDefault(field => field.Name == own.Name) ?? own;
        return new Shape(
            field with
            {
                Name = "default",
            },
            Role.Values,
            field.Type == FieldType.CodexReference ? Meaning.Reference : OfName(own.Name, field)
        );
    }

    /// <summary>Gets the field that a compared value must match: the field itself, or one item of a list.</summary>
    private TemplateField? LikeField(string? path)
    {
        var name = path?.Split('.', '[')[0];
        return name is null || name != path ? null : fields.Value.FirstOrDefault(field => field.Name == name);
    }

    private static TemplateField Object(string name, IReadOnlyList<TemplateField> properties) =>
        new()
        {
            Name = name,
            Type = FieldType.Object,
            Properties = properties,
        };

    private static IReadOnlyList<TemplateField> WithTags(IReadOnlyList<TemplateField> fields) =>
        fields.Any(field => field.Name == Tags.Name) ? fields : [.. fields, Tags];

    private static Meaning MeaningOf(Shape shape, TemplateField field) =>
        (shape.Role, field.Name) switch
        {
            _ when field.Type == FieldType.CodexReference => Meaning.Reference,
            _ when shape.Meaning == Meaning.Rule => Meaning.Rule,
            (Role.Metadata, "icon") => Meaning.Icon,
            (Role.Metadata, "color") => Meaning.Color,
            (Role.Template, "parent_template") or (Role.Hook, "template") => Meaning.TemplateId,
            (Role.Field, "template_filter") => Meaning.TemplateFilter,
            (Role.Condition, "field") => Meaning.FieldPath,
            (Role.Hook, "field" or "target") or (Role.Conditional, "field") => Meaning.FieldName,
            (Role.Template or Role.Values, _) when ReferenceEquals(field, TemplateKey) => Meaning.TemplateId,
            (Role.Template or Role.Values, _) => OfName(field.Name, field),
            _ => Meaning.Plain,
        };

    /// <summary>Gets the meaning of a field that is the same in all objects.</summary>
    private static Meaning OfName(string name, TemplateField field) =>
        (name, field.Type) switch
        {
            ("model", FieldType.Text) => Meaning.Model,
            ("available_tools", FieldType.Array) => Meaning.Tool,
            ("permissions", FieldType.Object) => Meaning.Rule,
            ("catalog_provider", FieldType.Text) => Meaning.CatalogProvider,
            ("api_key_ref", FieldType.Text) or ("headers" or "additional_auth", FieldType.Object) => Meaning.Secret,
            _ => Meaning.Plain,
        };

    private static readonly TemplateField Tags = new()
    {
        Name = TemplateValidation.TagsField,
        Type = FieldType.Array,
        Items = new TemplateField { Name = "" },
        Description = "Search keywords.",
    };

    private static readonly TemplateField TemplateKey = new()
    {
        Name = ItemFormat.TemplateField,
        Required = true,
        Description = "The template of this item.",
    };
}

/// <summary>Parses a field definition that may be incomplete or have errors.</summary>
internal static class FieldParser
{
    public static TemplateField Of(Json5Object value) =>
        new()
        {
            Name = value.GetString("name") ?? "",
            Type = FieldTypes.ByName.GetValueOrDefault(value.GetString("type") ?? ""),
            Description = value.GetString("description"),
            Required = value.GetBoolean("required") ?? false,
            Default = value.Find("default"),
            Options = value.GetStrings("options"),
            Min = value.GetNumber("min"),
            Max = value.GetNumber("max"),
            Items = value.GetObject("items") is { } items ? Of(items) : null,
            Properties = [.. (value.GetArray("properties")?.Items ?? []).OfType<Json5Object>().Select(Of)],
            TemplateFilter = value.GetString("template_filter"),
            Locked = value.GetBoolean("locked") ?? false,
        };
}
