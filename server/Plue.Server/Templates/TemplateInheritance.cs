using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>
/// Merges a template with its parents, field by field and attribute by attribute. `automation` is inherited as a whole from the nearest template that defines
/// it, so that a child can have none. A locked field can be narrowed but not widened.
/// </summary>
internal static class TemplateInheritance
{
    /// <summary>The attributes that determine whether a default is valid.</summary>
    private static readonly string[] DecidesDefault = ["default", "type", "options", "min", "max", "items", "properties"];

    /// <param name="own">As read from its file.</param>
    /// <param name="find">Gets other templates, as read or merged; null if they do not exist or have errors.</param>
    public static TemplateReading Resolve(Template own, Func<string, Template?> find)
    {
        var chain = new List<Template> { own };
        while (chain[^1] is { IsComplete: false, ParentTemplate: { } name })
        {
            if (chain.Any(template => template.Id == name))
            {
                return Broken(
                    chain.Count == 1 || name == own.Id
                        ? $"`{own.Id}` inherits from itself: {string.Join(", ", chain.Select(template => template.Id))}, {name}."
                        : $"The ancestors of `{own.Id}` form a cycle at `{name}`."
                );
            }

            if (find(name) is not { } parent)
            {
                return Broken(
                    chain.Count == 1
                        ? $"The parent template `{name}` does not exist or has errors."
                        : $"The parent template `{name}` of `{chain[^1].Id}` does not exist or has errors."
                );
            }

            chain.Add(parent);
        }

        var collection = TemplateCollections.Of([.. chain.Select(template => template.Id)], chain[^1].Collection);
        var resolved = chain[^1] with { Collection = collection, Fields = [.. chain[^1].Fields.Where(field => !IsOwnTags(field))] };
        var problems = Validate(resolved, chain[^1]);
        for (var i = chain.Count - 2; i >= 0; i--)
        {
            if (problems.Any(problem => problem.IsError))
            {
                return Broken($"The parent template `{chain[i + 1].Id}` has errors.");
            }

            resolved = Merge(resolved, chain[i], problems = []) with { Collection = collection };
            problems.AddRange(Validate(resolved, chain[i]));
        }

        return new TemplateReading(
            problems.Any(problem => problem.IsError) ? null : resolved,
            [.. problems.OrderBy(problem => (problem.Line, problem.Column))]
        );

        TemplateReading Broken(string message) =>
            new(null, [DocumentProblem.Error(message, own.ParentSpan) with { Code = FindingCodes.Inheritance }]);

        List<DocumentProblem> Validate(Template complete, Template written)
        {
            var found = CheckFields(complete);
            if (written.DefinedKeys.Contains("automation"))
            {
                HookChecks.Check(complete, CollectionOf, found);
            }

            return found;
        }

        TemplateCollection? CollectionOf(string id)
        {
            var line = new List<string> { id };
            for (var at = find(id); ; at = find(line[^1]))
            {
                if (at is null)
                {
                    return null;
                }
                if (at.IsComplete || at.ParentTemplate is null)
                {
                    return TemplateCollections.Of(line, at.Collection);
                }
                if (line.Contains(at.ParentTemplate))
                {
                    return null;
                }

                line.Add(at.ParentTemplate);
            }
        }
    }

    private static Template Merge(Template parent, Template child, List<DocumentProblem> problems)
    {
        var fields = parent
            .Fields.Select(field =>
                child.Field(field.Name) is { } narrower
                    ? Merge(field, narrower, parent, problems)
                    : field with
                    {
                        DefinedKeys = new HashSet<string>(),
                    }
            )
            .ToList();
        foreach (var field in child.Fields.Where(field => parent.Field(field.Name) is null))
        {
            if (IsOwnTags(field))
            {
                continue;
            }
            if (field.IsShort)
            {
                problems.Add(
                    DocumentProblem.Error(
                        $"`{field.Name}` applies only to templates that inherit from task or ai-chat, and `{parent.Id}` has no such field.",
                        field.Span
                    )
                );
            }
            else if (!field.DefinedKeys.Contains("type"))
            {
                problems.Add(
                    DocumentProblem.Error($"`type` is missing from `{field.Name}`, and `{parent.Id}` has no such field.", field.Span)
                );
            }

            fields.Add(field);
        }

        return child with
        {
            Description = child.Description ?? parent.Description,
            Fields = fields,
            Hooks = child.DefinedKeys.Contains("automation") ? child.Hooks : parent.Hooks,
            Icon = child.Icon ?? parent.Icon,
            Color = child.Color ?? parent.Color,
            IsComplete = false,
        };
    }

    /// <summary>True for tags without such a field: any template can have tags.</summary>
    private static bool IsOwnTags(TemplateField field) => field.IsShort && field.Name == TemplateValidation.TagsField;

    private static TemplateField Merge(TemplateField parent, TemplateField child, Template owner, List<DocumentProblem> problems)
    {
        T Pick<T>(string attribute, Func<TemplateField, T> get) => get(child.DefinedKeys.Contains(attribute) ? child : parent);
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
            foreach (var attribute in Narrowing.Widened(parent, merged, child.DefinedKeys))
            {
                problems.Add(
                    DocumentProblem.Error(
                        $"`{parent.Name}` is locked by `{owner.Id}`: its `{attribute}` can be narrowed but not widened.",
                        child.Span
                    ) with
                    {
                        Code = FindingCodes.Inheritance,
                    }
                );
            }
        }

        return merged;
    }

    /// <summary>Validates what depends on types and parents. Inherited attributes were validated in their own file.</summary>
    private static List<DocumentProblem> CheckFields(Template template)
    {
        var problems = new List<DocumentProblem>();
        foreach (var field in template.Fields.Where(field => field.DefinedKeys.Count > 0))
        {
            if (field.IsShort && template.ParentTemplate is null)
            {
                problems.Add(
                    DocumentProblem.Error(
                        $"`{field.Name}` sets a default, but this template has no field with that name. Set a `parent_template` that has it, or add the field.",
                        field.Span
                    )
                );
                continue;
            }

            if (field.Type == FieldType.Select && field.Options.Count == 0)
            {
                problems.Add(DocumentProblem.Error($"The select field `{field.Name}` needs `options`.", field.Span));
            }

            if (field.Default is not null and not Json5Null && field.DefinedKeys.Overlaps(DecidesDefault))
            {
                var at = problems.Count;
                TemplateValidation.CheckValue(field with { Locked = false }, field.Default, $"The default of `{field.Name}`", problems);
                if (AgentChecks.AppliesTo(template))
                {
                    AgentChecks.Check(field.Name, field.Default, problems);
                }

                // The parent's default is in another file.
                if (!field.DefinedKeys.Contains("default"))
                {
                    problems =
                    [
                        .. problems.Take(at),
                        .. problems.Skip(at).Select(problem => problem with { Line = field.Span.Line, Column = field.Span.Column }),
                    ];
                }
            }

            if (field.Conditional is { } condition && field.DefinedKeys.Contains("conditional"))
            {
                CheckConditional(template, field, condition, problems);
            }
        }

        return problems;
    }

    private static void CheckConditional(Template template, TemplateField field, FieldCondition condition, List<DocumentProblem> problems)
    {
        if (template.Field(condition.Field) is not { } other)
        {
            problems.Add(
                DocumentProblem.Error(
                    $"`conditional` of `{field.Name}` refers to the field `{condition.Field}`, which does not exist.{NearestName.Hint(condition.Field, template.Fields.Select(known => known.Name))}",
                    condition.Span
                )
            );
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal) { field.Name };
        for (var at = other; at is not null; at = at.Conditional is { } next ? template.Field(next.Field) : null)
        {
            if (seen.Add(at.Name))
            {
                continue;
            }

            if (at.Name == field.Name)
            {
                problems.Add(
                    DocumentProblem.Error(
                        $"`conditional` of `{field.Name}` depends on itself{(other.Name == field.Name ? "" : $" through `{other.Name}`")}.",
                        condition.Span
                    )
                );
            }

            return;
        }

        var order = template.Fields.Select(known => known.Name).ToList();
        if (order.IndexOf(other.Name) > order.IndexOf(field.Name))
        {
            problems.Add(
                DocumentProblem.Warning(
                    $"`{field.Name}` depends on `{other.Name}`, which a form shows after it. Move `{other.Name}` before it.",
                    condition.Span
                )
            );
        }

        foreach (var value in condition.Values)
        {
            TemplateValidation.CheckValue(other with { Locked = false }, value, $"The condition on `{other.Name}`", problems);
        }
    }
}
