using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>Limits a workspace template to the rights of the template that it overrides. Reverted parts are reported as warnings; the rest applies.</summary>
internal static class WorkspaceRights
{
    /// <param name="template">With fields of its parents.</param>
    /// <param name="below">The template that it overrides; null for a new id.</param>
    /// <param name="parent">The effective parent; null if there is none.</param>
    public static TemplateReading Restrict(Template template, Template? below, Template? parent)
    {
        if (template.Collection == TemplateCollection.Providers || below?.Collection == TemplateCollection.Providers)
        {
            return Refused(template, "A workspace template cannot be for providers: it could control where a key is sent.");
        }

        if (below is not null && below.Collection != template.Collection)
        {
            return Refused(
                template,
                $"The template `{template.Id}` that this overrides is for {below.Collection.Name()}, and this one is for {template.Collection.Name()}."
            );
        }

        var problems = new List<DocumentProblem>();
        var fields = template.Fields.ToList();
        if (AgentChecks.AppliesTo(template))
        {
            // A new template is selected explicitly. Its permissions without approval come only from its parent.
            foreach (var name in below is not null ? Narrowing.Rights : [Narrowing.Permissions])
            {
                Restrict(template, name, (below ?? parent)?.Field(name), fields, problems);
            }
        }

        foreach (var locked in below?.Fields.Where(field => field.Locked && !Narrowing.Rights.Contains(field.Name)) ?? [])
        {
            RestoreLock(template, locked, fields, problems);
        }

        return new TemplateReading(
            template with
            {
                Fields = fields,
                Hooks = SafeHooks(template, problems),
                IsComplete = true,
            },
            [.. problems.OrderBy(problem => (problem.Line, problem.Column))]
        );
    }

    private static void Restrict(
        Template template,
        string name,
        TemplateField? limit,
        List<TemplateField> fields,
        List<DocumentProblem> problems
    )
    {
        var index = fields.FindIndex(field => field.Name == name);
        var own = index < 0 ? null : fields[index];
        if (limit is null && own is null)
        {
            return;
        }

        var at = own is { DefinedKeys.Count: > 0 } ? own.Span : template.ParentSpan;
        var measure = limit ?? own! with { Default = null };
        var isSameKind =
            own is not null
            && own.Type == measure.Type
            && !(measure.Locked && Narrowing.Widened(measure with { Default = null }, own with { Locked = true }, own.DefinedKeys).Any());
        if (own is not null && !isSameKind)
        {
            problems.Add(DocumentProblem.Warning($"`{name}` keeps the value of the template that it overrides.", at));
        }

        var (value, changes) = Narrowing.Narrow(measure, isSameKind ? own!.Default : null);
        problems.AddRange(
            changes.Select(change => DocumentProblem.Warning(change.Message, own!.DefinedKeys.Contains("default") ? change.Span : at))
        );
        var held = (isSameKind ? own! : measure) with { Default = value, Locked = measure.Locked || own?.Locked == true, Span = at };
        if (index < 0)
        {
            fields.Add(held with { DefinedKeys = new HashSet<string>() });
        }
        else
        {
            fields[index] = held;
        }
    }

    /// <summary>Restores a locked field of the overridden template.</summary>
    private static void RestoreLock(Template template, TemplateField locked, List<TemplateField> fields, List<DocumentProblem> problems)
    {
        var index = fields.FindIndex(field => field.Name == locked.Name);
        if (index < 0)
        {
            problems.Add(
                DocumentProblem.Warning($"The locked field `{locked.Name}` of the template that it overrides is kept.", template.ParentSpan)
            );
            fields.Add(locked with { DefinedKeys = new HashSet<string>() });
        }
        else if (Narrowing.Widened(locked, fields[index] with { Locked = true }, fields[index].DefinedKeys).Any())
        {
            problems.Add(
                DocumentProblem.Warning(
                    $"`{locked.Name}` is locked in the template that it overrides and keeps its value.",
                    fields[index] is { DefinedKeys.Count: > 0, Span: var span } ? span : template.ParentSpan
                )
            );
            fields[index] = locked with { DefinedKeys = new HashSet<string>() };
        }
        else
        {
            fields[index] = fields[index] with { Locked = true };
        }
    }

    /// <summary>Removes hooks that would grant rights by themselves.</summary>
    private static List<AutomationHook> SafeHooks(Template template, List<DocumentProblem> problems)
    {
        var isOwn = template.DefinedKeys.Contains("automation");
        void Warn(string message, Json5Span at) => problems.Add(DocumentProblem.Warning(message, isOwn ? at : template.ParentSpan));
        var hooks = new List<AutomationHook>();
        foreach (var hook in template.Hooks)
        {
            switch (hook.Action)
            {
                case HookAction.SetField set when AgentChecks.AppliesTo(template) && Narrowing.Rights.Contains(set.Target):
                    Warn($"This hook is ignored: a workspace template cannot set `{set.Target}`.", hook.Source.Span);
                    break;
                case HookAction.SpawnTask spawn when spawn.Values.Members.Any(member => Narrowing.Rights.Contains(member.Name)):
                    foreach (var member in spawn.Values.Members.Where(member => Narrowing.Rights.Contains(member.Name)))
                    {
                        Warn($"`{member.Name}` is ignored: a workspace template cannot set it for a new task.", member.NameSpan);
                    }

                    var rest = new Json5Object([.. spawn.Values.Members.Where(member => !Narrowing.Rights.Contains(member.Name))])
                    {
                        Span = spawn.Values.Span,
                    };
                    hooks.Add(hook with { Action = spawn with { Values = rest } });
                    break;
                case HookAction.RunCommand run:
                    hooks.Add(hook with { Action = run with { IsFromWorkspace = true } });
                    break;
                default:
                    hooks.Add(hook);
                    break;
            }
        }

        return hooks;
    }

    private static TemplateReading Refused(Template template, string message) =>
        new(null, [DocumentProblem.Error(message, template.ParentSpan)]);
}
