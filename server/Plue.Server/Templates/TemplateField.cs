using Plue.Server.Json5;

namespace Plue.Server.Templates;

internal enum FieldType
{
    Text,
    Textarea,
    Number,
    Boolean,
    Select,
    Url,
    Datetime,
    Array,
    Object,
    FileReference,
    CodexReference,
}

/// <summary>A field of a template. For the attributes, see server/template-file.json5.</summary>
internal sealed record TemplateField
{
    public required string Name { get; init; }
    public FieldType Type { get; init; }
    public string? Description { get; init; }
    public bool Required { get; init; }
    public Json5Node? Default { get; init; }
    public string? Placeholder { get; init; }

    /// <summary>Gets the options of a select field; empty for no restriction.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];
    public double? Min { get; init; }
    public double? Max { get; init; }
    public double? Step { get; init; }

    /// <summary>Gets the field of the array items, whose name is empty; null allows any.</summary>
    public TemplateField? Items { get; init; }

    /// <summary>Gets the keys of an object; empty allows any.</summary>
    public IReadOnlyList<TemplateField> Properties { get; init; } = [];

    /// <summary>True for a datetime that Plue sets.</summary>
    public bool Auto { get; init; }

    /// <summary>Gets the template that a codex reference must have; <c>markdown</c> means the prompts collection.</summary>
    public string? TemplateFilter { get; init; }
    public FieldCondition? Conditional { get; init; }

    /// <summary>True if inheriting templates can only narrow the field.</summary>
    public bool Locked { get; init; }

    /// <summary>The attributes written in the field's own file; the others come from the parent.</summary>
    internal IReadOnlySet<string> DefinedKeys { get; init; } = new HashSet<string>();

    internal Json5Span Span { get; init; }

    /// <summary>True if the field was written as a top-level key, which only sets the default of a parent's field.</summary>
    internal bool IsShort { get; init; }
}

/// <summary>A field that applies only while another field has one of these values.</summary>
internal sealed record FieldCondition(string Field, IReadOnlyList<Json5Node> Values)
{
    /// <summary>Gets the position of the other field's name.</summary>
    internal Json5Span Span { get; init; }

    public bool Holds(Json5Node? value) => value is not null && Values.Any(value.HasSameValueAs);
}

internal static class FieldTypes
{
    public static readonly IReadOnlyDictionary<string, FieldType> ByName = new Dictionary<string, FieldType>(StringComparer.Ordinal)
    {
        ["text"] = FieldType.Text,
        ["textarea"] = FieldType.Textarea,
        ["number"] = FieldType.Number,
        ["boolean"] = FieldType.Boolean,
        ["select"] = FieldType.Select,
        ["url"] = FieldType.Url,
        ["datetime"] = FieldType.Datetime,
        ["array"] = FieldType.Array,
        ["object"] = FieldType.Object,
        ["file_reference"] = FieldType.FileReference,
        ["codex_reference"] = FieldType.CodexReference,
    };

    public static string Name(this FieldType type) => ByName.First(pair => pair.Value == type).Key;
}
