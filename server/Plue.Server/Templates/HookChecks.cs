using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

internal static class HookChecks
{
    private const string StatusField = "status";

    /// <summary>Fields that conditions can use in every codex.</summary>
    private static readonly string[] OfEveryCodex = ["title", TemplateValidation.TagsField];

    /// <param name="template">With fields of its parents, but only its own hooks.</param>
    /// <param name="collectionOf">Gets the collection of another template; null if it does not exist or has errors.</param>
    public static void Check(Template template, Func<string, TemplateCollection?> collectionOf, List<DocumentProblem> problems)
    {
        foreach (var hook in template.Hooks)
        {
            CheckTrigger(template, hook, problems);
            CheckAction(template, hook, collectionOf, problems);
            foreach (var condition in (hook.Source.GetArray("conditions")?.Items ?? []).OfType<Json5Object>())
            {
                if (condition.Find("field") is Json5String text && ValuePath.TryParse(text.Value) is { } path)
                {
                    CheckName(template, path.Field, text, "A condition", problems);
                }
            }
        }
    }

    private static void CheckTrigger(Template template, AutomationHook hook, List<DocumentProblem> problems)
    {
        if (hook.Field is not null && hook.Source.Find("field") is Json5String field)
        {
            if (hook.Trigger != HookTrigger.FieldChange)
            {
                problems.Add(
                    DocumentProblem.Warning("`field` has no effect here: it applies only to the trigger field_change.", field.Span)
                );
            }
            else
            {
                CheckName(template, hook.Field, field, "The hook", problems);
            }
        }

        if (hook.Trigger == HookTrigger.StatusChange && template.Field(StatusField) is null)
        {
            problems.Add(DocumentProblem.Warning($"This hook never runs: the template has no field `{StatusField}`.", At(hook, "trigger")));
        }
    }

    private static void CheckAction(
        Template template,
        AutomationHook hook,
        Func<string, TemplateCollection?> collectionOf,
        List<DocumentProblem> problems
    )
    {
        void Fail(string message, string key, string code = FindingCodes.Field) =>
            problems.Add(DocumentProblem.Error(message, At(hook, key)) with { Code = code });
        switch (hook.Action)
        {
            case HookAction.SendToLlm when template.Collection is not (TemplateCollection.Chats or TemplateCollection.Tasks):
                Fail(
                    $"Only chats and tasks can use a model. Use `{TemplateCollections.ChatRoot}` or `{TemplateCollections.TaskRoot}` as the parent template.",
                    "action"
                );
                break;
            case HookAction.RunCommand when template.Collection is not (TemplateCollection.Chats or TemplateCollection.Tasks):
                Fail(
                    $"Only chats and tasks run commands. Use `{TemplateCollections.ChatRoot}` or `{TemplateCollections.TaskRoot}` as the parent template.",
                    "action"
                );
                break;
            case HookAction.SetField set when template.Field(set.Target) is { } field:
                // A string with placeholders is only known when the hook runs.
                if (set.Value is Json5Null || (set.Value as Json5String)?.Value.Contains("{{", StringComparison.Ordinal) == true)
                {
                    break;
                }

                TemplateValidation.CheckValue(field, set.Value, $"The value for `{set.Target}`", problems);
                if (AgentChecks.AppliesTo(template))
                {
                    AgentChecks.Check(set.Target, set.Value, problems);
                }

                break;
            case HookAction.SetField set:
                Fail(
                    $"`target` refers to the field `{set.Target}`, which does not exist.{NearestName.Hint(set.Target, template.Fields.Select(field => field.Name))}",
                    "target"
                );
                break;
            case HookAction.SpawnTask spawn
                when (spawn.TemplateId == template.Id ? template.Collection : collectionOf(spawn.TemplateId))
                    is var collection
                        and not TemplateCollection.Tasks:
                Fail(
                    collection is null
                        ? $"The template `{spawn.TemplateId}` does not exist or has errors."
                        : $"`{spawn.TemplateId}` does not inherit from {TemplateCollections.TaskRoot}, so it cannot run as a task.",
                    "template",
                    collection is null ? FindingCodes.Reference : FindingCodes.ReferenceType
                );
                break;
        }
    }

    private static void CheckName(Template template, string name, Json5String at, string what, List<DocumentProblem> problems)
    {
        if (template.Field(name) is not null || OfEveryCodex.Contains(name))
        {
            return;
        }

        problems.Add(
            DocumentProblem.Error(
                $"{what} refers to the field `{name}`, which does not exist.{NearestName.Hint(name, template.Fields.Select(field => field.Name))}",
                at.At(0, name.Length)
            )
        );
    }

    private static Json5Span At(AutomationHook hook, string key) => hook.Source.Find(key)?.Span ?? hook.Source.Span;
}
