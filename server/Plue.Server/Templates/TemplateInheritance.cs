using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>
/// Completes a template from its parents, field by field and attribute by attribute. `automation` is taken whole from the nearest
/// template that writes it, so that a child can have none. A locked field may be narrowed and never widened.
/// </summary>
public static class TemplateInheritance
{
    /// <param name="own">As its file says it.</param>
    /// <param name="find">Other templates as their files say them; null for what does not exist or has mistakes.</param>
    public static TemplateReading Resolve(Template own, Func<string, Template?> find)
    {
        var chain = new List<Template> { own };
        while (chain[^1].ParentTemplate is { } name)
        {
            if (chain.Any(template => template.Id == name))
            {
                return Broken(chain.Count == 1 || name == own.Id
                    ? $"`{own.Id}` descends from itself: {string.Join(", ", chain.Select(template => template.Id))}, {name}."
                    : $"The parents of `{own.Id}` go in a circle at `{name}`.");
            }

            if (find(name) is not { } parent)
            {
                return Broken(chain.Count == 1
                    ? $"There is no parent template `{name}`, or it has mistakes."
                    : $"`{chain[^1].Id}` has no parent template `{name}`, or it has mistakes.");
            }

            chain.Add(parent);
        }

        var resolved = chain[^1] with { Fields = [.. chain[^1].Fields.Where(field => !IsOwnTags(field))] };
        var problems = CheckFields(resolved);
        for (var i = chain.Count - 2; i >= 0; i--)
        {
            if (problems.Any(problem => problem.IsError)) { return Broken($"The parent template `{chain[i + 1].Id}` has mistakes."); }

            problems = [];
            resolved = Merge(resolved, chain[i], problems);
            problems.AddRange(CheckFields(resolved));
        }

        resolved = resolved with { Collection = TemplateCollections.Of(chain.Select(template => template.Id)) };
        return new TemplateReading(problems.Any(problem => problem.IsError) ? null : resolved, problems);

        TemplateReading Broken(string message) => new(null, [DocumentProblem.Error(message, own.ParentSpan)]);
    }

    private static Template Merge(Template parent, Template child, List<DocumentProblem> problems)
    {
        var fields = parent.Fields
            .Select(field => child.Field(field.Name) is { } narrower ? Merge(field, narrower, parent, problems) : field with { Given = new HashSet<string>() })
            .ToList();
        foreach (var field in child.Fields.Where(field => parent.Field(field.Name) is null))
        {
            if (IsOwnTags(field)) { continue; }
            if (field.IsShort) { problems.Add(DocumentProblem.Error($"`{field.Name}` goes with templates that descend from task or ai-chat, and `{parent.Id}` has no such field.", field.Span)); }
            else if (!field.Given.Contains("type")) { problems.Add(DocumentProblem.Error($"`type` is missing from `{field.Name}`, and `{parent.Id}` has no such field.", field.Span)); }

            fields.Add(field);
        }

        return child with
        {
            Description = child.Description ?? parent.Description,
            Fields = fields,
            Hooks = child.Given.Contains("automation") ? child.Hooks : parent.Hooks,
            Icon = child.Icon ?? parent.Icon,
            Color = child.Color ?? parent.Color,
        };
    }

    /// <summary>Tags may stand on any template; where there is no such field they are the template's own.</summary>
    private static bool IsOwnTags(TemplateField field) => field.IsShort && field.Name == TemplateValidation.TagsField;

    private static TemplateField Merge(TemplateField parent, TemplateField child, Template owner, List<DocumentProblem> problems)
    {
        T Pick<T>(string attribute, Func<TemplateField, T> get) => get(child.Given.Contains(attribute) ? child : parent);
        var merged = child with
        {
            Type = Pick("type", field => field.Type),
            Description = Pick("description", field => field.Description),
            Required = Pick("required", field => field.Required),
            Default = Pick("default", field => field.Default),
            Placeholder = Pick("placeholder", field => field.Placeholder),
            Options = Pick("options", field => field.Options),
            Min = Pick("min", field => field.Min),
            Max = Pick("max", field => field.Max),
            Step = Pick("step", field => field.Step),
            Items = Pick("items", field => field.Items),
            Properties = Pick("properties", field => field.Properties),
            Auto = Pick("auto", field => field.Auto),
            TemplateFilter = Pick("template_filter", field => field.TemplateFilter),
            Conditional = Pick("conditional", field => field.Conditional),
            Locked = Pick("locked", field => field.Locked),
        };
        if (parent.Locked)
        {
            foreach (var attribute in Widened(parent, merged, child.Given))
            {
                problems.Add(DocumentProblem.Error($"`{parent.Name}` is locked by `{owner.Id}`: its `{attribute}` can be narrowed and not widened.", child.Span));
            }
        }

        return merged;
    }

    /// <summary>The attributes of a locked field that a child made wider, or changed where narrower has no meaning.</summary>
    private static IEnumerable<string> Widened(TemplateField parent, TemplateField merged, IReadOnlySet<string> given)
    {
        if (!merged.Locked) { yield return "locked"; }

        if (merged.Type != parent.Type) { yield return "type"; }

        if (parent.Required && !merged.Required) { yield return "required"; }

        if (parent.Options.Count > 0 && (merged.Options.Count == 0 || merged.Options.Except(parent.Options).Any())) { yield return "options"; }

        if (parent.Min is { } min && !(merged.Min >= min)) { yield return "min"; }

        if (parent.Max is { } max && !(merged.Max <= max)) { yield return "max"; }

        if (parent.Default is not null && !TemplateValidation.IsWithin(parent, merged.Default)) { yield return "default"; }

        foreach (var attribute in (string[])["items", "properties", "auto", "template_filter", "conditional"])
        {
            if (given.Contains(attribute)) { yield return attribute; }
        }
    }

    /// <summary>What can only be judged when types and parents are known. Inherited attributes were judged in their own file.</summary>
    private static List<DocumentProblem> CheckFields(Template template)
    {
        var problems = new List<DocumentProblem>();
        foreach (var field in template.Fields.Where(field => field.Given.Count > 0))
        {
            if (field.IsShort && template.ParentTemplate is null)
            {
                problems.Add(DocumentProblem.Error($"`{field.Name}` is the default of a field, and this template has no field of that name. Name a `parent_template` that has it, or add the field.", field.Span));
                continue;
            }

            if (field.Type == FieldType.Select && field.Options.Count == 0) { problems.Add(DocumentProblem.Error($"The select field `{field.Name}` needs `options`.", field.Span)); }

            if (field.Default is not null and not Json5Null && field.Given.Contains("default")) { TemplateValidation.CheckValue(field with { Locked = false }, field.Default, $"The default of `{field.Name}`", problems); }

            if (field.Conditional is { } condition && field.Given.Contains("conditional") && template.Field(condition.Field) is null)
            {
                problems.Add(DocumentProblem.Error(
                    $"`conditional` of `{field.Name}` names a field `{condition.Field}` that is not there.{NearestName.Hint(condition.Field, template.Fields.Select(other => other.Name))}", field.Span));
            }
        }

        return problems;
    }
}
