using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>The fields and hooks of a kind of codex. Shapes: server/template-file.json5.</summary>
public sealed record Template
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }

    /// <summary>Semantic version.</summary>
    public string? Version { get; init; }
    public string? ParentTemplate { get; init; }

    /// <summary>Parents' fields first; a child's field keeps its parent's place.</summary>
    public IReadOnlyList<TemplateField> Fields { get; init; } = [];
    public IReadOnlyList<AutomationHook> Hooks { get; init; } = [];

    /// <summary>A codicon name.</summary>
    public string? Icon { get; init; }

    /// <summary>A theme color id.</summary>
    public string? Color { get; init; }

    /// <summary>Where its codices live.</summary>
    public TemplateCollection Collection { get; init; } = TemplateCollection.Items;

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The top-level keys written in the template's own file.</summary>
    internal IReadOnlySet<string> DefinedKeys { get; init; } = new HashSet<string>();

    /// <summary>Where <see cref="ParentTemplate"/> is named.</summary>
    internal Json5Span ParentSpan { get; init; }

    /// <summary>It has its parents' fields already, and nothing more comes from them.</summary>
    internal bool IsComplete { get; init; }

    public TemplateField? Field(string name) => Fields.FirstOrDefault(field => field.Name == name);

    /// <summary>A field's default, or null.</summary>
    public Json5Node? Default(string name) => Field(name)?.Default;

    /// <summary>The values with the defaults of what is missing, fields in the template's order, then what it does not know.</summary>
    public Json5Object WithDefaults(Json5Object values)
    {
        var known = Fields
            .Select(field => (field.Name, Value: values.Has(field.Name) ? values.Find(field.Name) : field.Default))
            .SelectMany(pair => pair.Value is { } value ? [(pair.Name, value)] : Array.Empty<(string, Json5Node)>());
        var others = values.Members.Where(member => Field(member.Name) is null).Select(member => (member.Name, member.Value));
        return Json5Object.Of(known.Concat(others));
    }
}
