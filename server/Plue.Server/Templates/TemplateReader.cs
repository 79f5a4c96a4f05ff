using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>A template as read from its own file, before inheritance.</summary>
/// <param name="Template">Null if there are errors, which make it ineffective.</param>
internal sealed record TemplateReading(Template? Template, IReadOnlyList<DocumentProblem> Problems);

/// <summary>Reads a template file. Unknown keys, wrong types and impossible values are errors with a position.</summary>
internal static class TemplateReader
{
    /// <summary>The maximum number of hooks, because each is checked against every change and every other hook.</summary>
    public const int MaxHooks = 200;

    private const int MaxHookCommandLength = 10_000;

    private static readonly string[] Actions = ["send_to_llm", "set_field", "spawn_task", "notify", "run_command"];
    private static readonly Dictionary<string, bool> OnFailure = new(StringComparer.Ordinal) { ["continue"] = false, ["block"] = true };

    private static readonly string[] Operators = ["equals", "not_equals", "exists", "contains"];

    public static TemplateReading Read(ReadOnlySpan<byte> utf8)
    {
        var document = Json5Reader.Read(utf8);
        var problems = DocumentProblem.From(document).ToList();
        if (document.Root is not Json5Object root)
        {
            if (document.Root is { } other)
            {
                problems.Add(DocumentProblem.Error($"A template must be an object, but this is {other.Kind}.", other.Span));
            }

            return new TemplateReading(null, problems);
        }

        var template = ReadTemplate(root, problems);
        return new TemplateReading(
            problems.Any(problem => problem.IsError) ? null : template,
            problems.Count < 2 ? problems : [.. problems.OrderBy(problem => (problem.Line, problem.Column))]
        );
    }

    public static bool IsId(string id) =>
        id.Length is > 0 and <= 128 && id.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    private static Template ReadTemplate(Json5Object root, List<DocumentProblem> problems)
    {
        var keys = new KeyReader(root, "a template", problems);
        var id = keys.RequiredText("id") ?? "";
        if (id.Length > 0 && !IsId(id))
        {
            keys.Fail("id", "`id` may contain only lower-case letters, digits and hyphens.");
        }

        var version = keys.Text("version");
        if (version is not null && !IsVersion(version))
        {
            keys.Fail("version", "`version` must be a version like 1.2.0.");
        }

        var parent = keys.Text("parent_template");
        var metadata = keys.Object("metadata") is { } block ? new KeyReader(block, "`metadata`", problems) : null;
        var automation = keys.Object("automation") is { } hooks ? new KeyReader(hooks, "`automation`", problems) : null;
        var template = new Template
        {
            Id = id,
            Name = keys.RequiredText("name") ?? "",
            Description = keys.Text("description"),
            Version = version,
            ParentTemplate = parent,
            ParentSpan = root.Find("parent_template")?.Span ?? root.Span,
            Fields = ReadFields(keys, "fields", problems, inherits: parent is not null),
            Hooks = automation is null ? [] : ReadHooks(automation, problems),
            Tags = keys.Texts("tags"),
            Icon = ReadIcon(metadata, problems),
            Color = ReadColor(metadata, problems),
        };
        metadata?.Finish();
        automation?.Finish();
        template = template with { Fields = WithAgentKeys(template.Fields, keys, root, problems) };
        return template with { DefinedKeys = keys.Finish() };
    }

    /// <summary>Adds the keys of <see cref="AgentSpec.Keys"/> at the top level of a template as defaults of the fields with these names.</summary>
    private static List<TemplateField> WithAgentKeys(
        IReadOnlyList<TemplateField> own,
        KeyReader keys,
        Json5Object root,
        List<DocumentProblem> problems
    )
    {
        var fields = own.ToList();
        foreach (var name in AgentSpec.Keys)
        {
            if (keys.Any(name) is not { } value || value is Json5Null)
            {
                continue;
            }

            var at = root.FindMember(name)!.NameSpan;
            var index = fields.FindIndex(field => field.Name == name);
            if (index < 0)
            {
                fields.Add(
                    new TemplateField
                    {
                        Name = name,
                        Default = value,
                        DefinedKeys = new HashSet<string>(["default"]),
                        Span = at,
                        IsShort = true,
                    }
                );
            }
            else if (fields[index].DefinedKeys.Contains("default"))
            {
                problems.Add(DocumentProblem.Error($"`{name}` is set here and as the default of its field. Keep one of them.", at));
            }
            else
            {
                fields[index] = fields[index] with
                {
                    Default = value,
                    DefinedKeys = new HashSet<string>([.. fields[index].DefinedKeys, "default"]),
                };
            }
        }

        return fields;
    }

    /// <summary>Reads the list of fields under a key. Settings use the same format.</summary>
    internal static List<TemplateField> ReadFields(KeyReader keys, string name, List<DocumentProblem> problems, bool inherits)
    {
        var fields = new List<TemplateField>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in keys.Objects(name))
        {
            var field = ReadField(item, problems, named: true, inherits);
            if (!names.Add(field.Name))
            {
                problems.Add(DocumentProblem.Error($"There are two fields named `{field.Name}`.", item.Find("name")?.Span ?? item.Span));
            }

            fields.Add(field);
        }

        return fields;
    }

    private static TemplateField ReadField(Json5Object value, List<DocumentProblem> problems, bool named, bool inherits)
    {
        var keys = new KeyReader(value, "a field", problems);
        var name = named ? keys.RequiredText("name") ?? "" : "";
        if (name.Length > 0 && !(char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')))
        {
            keys.Fail("name", "The `name` of a field must begin with a letter and contain only letters, digits and underscores.");
        }

        var type = keys.OneOf("type", FieldTypes.ByName);
        if (type is null && !inherits && !value.Has("type"))
        {
            problems.Add(
                DocumentProblem.Error(
                    $"`type` is missing from a field. It is one of {string.Join(", ", FieldTypes.ByName.Keys)}.",
                    value.Span
                )
            );
        }

        var field = new TemplateField
        {
            Name = name,
            Type = type ?? FieldType.Text,
            Description = keys.Text("description"),
            Required = keys.Boolean("required") ?? false,
            Default = keys.Any("default"),
            Placeholder = keys.Text("placeholder"),
            Options = keys.Texts("options"),
            Min = keys.Number("min"),
            Max = keys.Number("max"),
            Step = keys.Number("step"),
            Items = keys.Object("items") is { } items ? ReadField(items, problems, named: false, inherits: false) : null,
            Properties = ReadFields(keys, "properties", problems, inherits: false),
            Auto = keys.Boolean("auto") ?? false,
            TemplateFilter = keys.Text("template_filter"),
            Conditional = keys.Object("conditional") is { } conditional ? ReadConditional(conditional, problems) : null,
            Locked = keys.Boolean("locked") ?? false,
            Span = value.Span,
        };
        if (type is { } known)
        {
            CheckAttributes(field, known, keys, value);
        }

        return field with
        {
            DefinedKeys = keys.Finish(),
        };
    }

    /// <summary>Reports attributes that do not apply to the field's type.</summary>
    private static void CheckAttributes(TemplateField field, FieldType type, KeyReader keys, Json5Object value)
    {
        void Only(string attribute, params ReadOnlySpan<FieldType> types)
        {
            if (value.Has(attribute) && !types.Contains(type))
            {
                keys.Fail(attribute, $"`{attribute}` is not valid for a {type.Name()} field.");
            }
        }

        Only("options", FieldType.Select);
        Only("min", FieldType.Number);
        Only("max", FieldType.Number);
        Only("step", FieldType.Number);
        Only("items", FieldType.Array);
        Only("properties", FieldType.Object);
        Only("auto", FieldType.Datetime);
        Only("template_filter", FieldType.CodexReference);
        if (field.Min > field.Max)
        {
            keys.Fail("max", "`max` is smaller than `min`.");
        }
    }

    private static FieldCondition? ReadConditional(Json5Object value, List<DocumentProblem> problems)
    {
        var keys = new KeyReader(value, "`conditional`", problems);
        var field = keys.RequiredText("field");
        var requested = keys.Any("value");
        if (requested is null)
        {
            problems.Add(DocumentProblem.Error("`value` is missing from `conditional`.", value.Span));
        }

        keys.Finish();
        return field is null || requested is null
            ? null
            : new FieldCondition(field, requested is Json5Array list ? list.Items : [requested]) { Span = keys.SpanOf("field") };
    }

    /// <param name="keys">The object with the list <c>hooks</c>.</param>
    internal static List<AutomationHook> ReadHooks(KeyReader keys, List<DocumentProblem> problems)
    {
        List<Json5Object> hooks = [.. keys.Objects("hooks")];
        if (hooks.Count > MaxHooks)
        {
            problems.Add(DocumentProblem.Error($"A file has at most {MaxHooks} hooks.", hooks[MaxHooks].Span));
        }

        return [.. hooks.Take(MaxHooks).Select(hook => ReadHook(hook, problems)).OfType<AutomationHook>()];
    }

    private static AutomationHook? ReadHook(Json5Object value, List<DocumentProblem> problems)
    {
        var keys = new KeyReader(value, "a hook", problems);
        var trigger = keys.OneOf("trigger", HookTriggers.ByName);
        if (trigger is null && !value.Has("trigger"))
        {
            problems.Add(
                DocumentProblem.Error(
                    $"`trigger` is missing from a hook. It is one of {string.Join(", ", HookTriggers.ByName.Keys)}.",
                    value.Span
                )
            );
        }

        var field = keys.Text("field");
        var conditions = keys.Objects("conditions").ToList().SelectMany(condition => ReadConditions(condition, problems)).ToList();
        var action = ReadAction(keys);
        var hook =
            trigger is { } known && action is not null ? new AutomationHook(known, field, conditions, action) { Source = value } : null;
        hook = ReadMatcher(keys, value.GetString("action") == "run_command" ? keys.Text("name") : null, hook);
        keys.Finish();
        return hook;
    }

    /// <summary>Reads the keys that only command hooks have.</summary>
    private static AutomationHook? ReadMatcher(KeyReader keys, string? name, AutomationHook? hook)
    {
        var (tools, files, at) = (keys.Texts("tools"), keys.Texts("files"), keys.Number("at"));
        if (hook is null)
        {
            return null;
        }

        var runs = HookTriggers.RunsCommands(hook.Trigger);
        if (runs != hook.Action is HookAction.RunCommand)
        {
            keys.Fail(
                "action",
                runs
                    ? $"The trigger {HookTriggers.NameOf(hook.Trigger)} only runs commands. Use the action run_command."
                    : $"run_command does not run after a change of a field. Use one of the triggers {string.Join(", ", HookTriggers.ByName.Where(pair => HookTriggers.RunsCommands(pair.Value)).Select(pair => pair.Key))}."
            );
        }
        if (runs && (hook.Field is not null || hook.Conditions.Count > 0))
        {
            keys.Fail(
                hook.Field is null ? "conditions" : "field",
                "A hook that runs a command has no `field` and no `conditions`. The command decides."
            );
        }
        if (tools.Count > 0 && !HookTriggers.HasTool(hook.Trigger))
        {
            keys.Fail("tools", "`tools` applies only to before_tool, after_tool, after_edit, and approval_requested.");
        }
        if (files.Count > 0 && !HookTriggers.HasTool(hook.Trigger))
        {
            keys.Fail("files", "`files` applies only to before_tool, after_tool, after_edit, and approval_requested.");
        }
        foreach (var tool in tools.Where(tool => !tool.Contains('*', StringComparison.Ordinal) && !ToolNames.IsValidName(tool)))
        {
            keys.Fail("tools", ToolNames.Unknown(tool));
        }
        foreach (var pattern in files.Where(pattern => PathPattern.TryParse(pattern, allowBraces: true) is null))
        {
            keys.Fail("files", $"`{pattern}` is not a pattern for paths.");
        }
        if (at is not null && hook.Trigger != HookTrigger.BudgetThreshold)
        {
            keys.Fail("at", "`at` applies only to budget_threshold.");
        }
        if (at is <= 0 or > 100)
        {
            keys.Fail("at", "`at` must be a percentage from 1 to 100.");
        }

        return hook with
        {
            Name = name,
            Tools = tools,
            Files = files,
            At = at ?? hook.At,
        };
    }

    private static HookAction? ReadAction(KeyReader keys)
    {
        var name = keys.RequiredText("action");
        switch (name)
        {
            case "send_to_llm":
                return new HookAction.SendToLlm();
            case "set_field":
                var (target, set) = (keys.RequiredText("target"), keys.Any("value"));
                if (set is null)
                {
                    keys.Fail("value", "`value` is missing from a set_field hook.");
                }

                return target is null || set is null ? null : new HookAction.SetField(target, set);
            case "spawn_task":
                var (template, values) = (keys.RequiredText("template"), keys.Object("values"));
                return template is null ? null : new HookAction.SpawnTask(template, values ?? Json5Object.Empty);
            case "notify":
                return keys.RequiredText("message") is { } message ? new HookAction.Notify(message) : null;
            case "run_command":
                return ReadCommand(keys);
            case null:
                return null;
            default:
                keys.Fail("action", $"`action` must be one of {string.Join(", ", Actions)}.{NearestName.Hint(name, Actions)}");
                return null;
        }
    }

    private static HookAction.RunCommand? ReadCommand(KeyReader keys)
    {
        var (command, seconds, blocks) = (keys.RequiredText("command"), keys.Number("timeout_s"), keys.OneOf("on_failure", OnFailure));
        if (seconds is not null and (< 1 or > HookAction.RunCommand.MaxSeconds))
        {
            keys.Fail("timeout_s", $"`timeout_s` must be between 1 and {HookAction.RunCommand.MaxSeconds} seconds.");
        }
        if (command?.Length > MaxHookCommandLength || command?.Contains('\0', StringComparison.Ordinal) == true)
        {
            keys.Fail("command", $"`command` must have at most {MaxHookCommandLength:N0} characters and no NUL. Put it into a script.");
        }

        return command is null
            ? null
            : new HookAction.RunCommand(command, (int)(seconds ?? HookAction.RunCommand.DefaultSeconds), blocks ?? false);
    }

    /// <summary>Reads conditions. An object can have several conditions for one path; all must hold.</summary>
    private static List<HookCondition> ReadConditions(Json5Object value, List<DocumentProblem> problems)
    {
        var keys = new KeyReader(value, "a condition", problems);
        var text = keys.RequiredText("field");
        var path = text is null ? null : ValuePath.TryParse(text);
        if (text is not null && path is null)
        {
            keys.Fail("field", "`field` must be a path like messages[-1].role.");
        }

        var conditions = new List<HookCondition>();
        var (equal, notEqual, exists, contains) = (
            keys.Any("equals"),
            keys.Any("not_equals"),
            keys.Boolean("exists"),
            keys.Any("contains")
        );
        if (path is not null)
        {
            if (equal is not null)
            {
                conditions.Add(new HookCondition.EqualTo(path, equal));
            }

            if (notEqual is not null)
            {
                conditions.Add(new HookCondition.NotEqualTo(path, notEqual));
            }

            if (exists is { } expected)
            {
                conditions.Add(new HookCondition.Exists(path, expected));
            }

            if (contains is not null)
            {
                conditions.Add(new HookCondition.Contains(path, contains));
            }
        }

        if (!Operators.Any(value.Has))
        {
            problems.Add(DocumentProblem.Error($"A condition needs one of {string.Join(", ", Operators)}.", value.Span));
        }

        keys.Finish();
        return conditions;
    }

    /// <summary>Reads the icon. An invalid icon is not an error.</summary>
    private static string? ReadIcon(KeyReader? metadata, List<DocumentProblem> problems)
    {
        if (metadata?.Text("icon") is not { } icon)
        {
            return null;
        }

        if (char.IsAsciiLetterLower(icon.FirstOrDefault()) && icon.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-'))
        {
            return icon;
        }

        problems.Add(
            DocumentProblem.Warning(
                "`icon` is the name of a codicon, such as checklist. The default icon is shown.",
                metadata.SpanOf("icon")
            )
        );
        return null;
    }

    private static string? ReadColor(KeyReader? metadata, List<DocumentProblem> problems)
    {
        if (metadata?.Text("color") is not { } color)
        {
            return null;
        }

        if (color.Length > 0 && color.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.'))
        {
            return color;
        }

        problems.Add(
            DocumentProblem.Warning("`color` is the id of a theme color, such as charts.blue. No color is shown.", metadata.SpanOf("color"))
        );
        return null;
    }

    private static bool IsVersion(string text)
    {
        var core = text.Split('-', '+')[0].Split('.');
        return core.Length == 3 && core.All(part => part.Length is > 0 and <= 9 && part.All(char.IsAsciiDigit));
    }
}
