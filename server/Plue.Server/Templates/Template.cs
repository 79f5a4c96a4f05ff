using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>The fields and hooks of a kind of codex. Shapes: server/template-file.json5.</summary>
internal sealed record Template
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }

    /// <summary>Semantic version.</summary>
    public string? Version { get; init; }
    public string? ParentTemplate { get; init; }

    /// <summary>Gets the fields, those of parents first. An overridden field keeps its parent's position.</summary>
    public IReadOnlyList<TemplateField> Fields { get; init; } = [];
    public IReadOnlyList<AutomationHook> Hooks { get; init; } = [];

    /// <summary>A codicon name.</summary>
    public string? Icon { get; init; }

    /// <summary>A theme color id.</summary>
    public string? Color { get; init; }

    public TemplateCollection Collection { get; init; } = TemplateCollection.Items;

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The top-level keys written in the template's own file.</summary>
    internal IReadOnlySet<string> DefinedKeys { get; init; } = new HashSet<string>();

    /// <summary>Gets the position of <see cref="ParentTemplate"/>.</summary>
    internal Json5Span ParentSpan { get; init; }

    /// <summary>True if the template is already merged with its parents.</summary>
    internal bool IsComplete { get; init; }

    public TemplateField? Field(string name) => Fields.FirstOrDefault(field => field.Name == name);

    /// <summary>Gets the default of a field; null if there is none.</summary>
    public Json5Node? Default(string name) => Field(name)?.Default;

    /// <summary>Adds defaults for missing values. Fields are in the template's order, followed by unknown values.</summary>
    public Json5Object WithDefaults(Json5Object values)
    {
        var known = Fields
            .Select(field => (field.Name, Value: values.Has(field.Name) ? values.Find(field.Name) : field.Default))
            .SelectMany(pair => pair.Value is { } value ? [(pair.Name, value)] : Array.Empty<(string, Json5Node)>());
        var others = values.Members.Where(member => Field(member.Name) is null).Select(member => (member.Name, member.Value));
        return Json5Object.Of(known.Concat(others));
    }
}
