using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

internal enum ReferenceForm
{
    /// <summary><c>codex://COLLECTION/NAME</c>.</summary>
    Address,

    /// <summary>A name alone, in a field that accepts only one collection: <c>parent_template: "task"</c>.</summary>
    Name,

    /// <summary>A permission rule with a template: <c>spawn_task(task-reviewer)</c>.</summary>
    Rule,

    /// <summary><c>vault://</c> or <c>env://</c>.</summary>
    Secret,

    /// <summary>A file path.</summary>
    File,
}

/// <summary>A reference found in a file.</summary>
/// <param name="Text">The text as written; for a secret, without a preceding word such as Bearer.</param>
/// <param name="To">The codex; null for a secret, a file, and an invalid address.</param>
/// <param name="Field">The nearest key above the reference.</param>
/// <param name="Path">The keys and indexes of the reference: <c>fields[2].default</c>.</param>
/// <param name="Filter">The required template of the target, <see cref="References.MarkdownFilter"/> for a prompt; null accepts any.</param>
/// <param name="Span">The span of the value, including quotes.</param>
internal sealed record FoundReference(
    string Text,
    ReferenceForm Form,
    CodexUri? To,
    string Field,
    string Path,
    string? Filter,
    Json5Span Span
)
{
    /// <summary>True for a template that the file needs to be parsed; parsing already reports its absence.</summary>
    public bool IsOfReading => Form == ReferenceForm.Name && Field is "parent_template" or ItemFormat.TemplateField;

    /// <summary>Returns the text of this reference to a renamed codex, in the same form.</summary>
    public string Renamed(CodexUri to) =>
        Form switch
        {
            ReferenceForm.Name => to.Name,
            ReferenceForm.Rule => $"{FoundReferences.SpawnTask}({to.Name})",
            _ => Text.EndsWith(".md", StringComparison.Ordinal) ? $"{to}.md" : to.ToString(),
        };
}

/// <summary>Finds references, for links, checks, renaming and the editor. Does not resolve them: see <see cref="References"/>.</summary>
internal static class FoundReferences
{
    /// <summary>The name of the tool and of the hook action.</summary>
    public const string SpawnTask = "spawn_task";

    /// <summary>Finds references in a user's JSON5 file.</summary>
    /// <param name="find">Returns a template with its parents' fields; null if it does not exist.</param>
    public static IEnumerable<FoundReference> InFile(CodexCollection collection, Json5Object root, Func<string, Template?> find) =>
        collection switch
        {
            CodexCollection.Templates => InTemplate(root, find),
            CodexCollection.Items => InItem(
                root,
                root.GetString(ItemFormat.TemplateField) is { } template ? find(template)?.Fields ?? [] : []
            ),
            _ => In(root, find(ProviderFormat.TemplateId)?.Fields ?? []),
        };

    /// <summary>Finds references in values: addresses in any field, other text in fields for addresses, and paths in fields for files.</summary>
    /// <param name="fields">The fields of the template of these values. Values of unknown fields are searched, too.</param>
    public static IEnumerable<FoundReference> In(Json5Node root, IReadOnlyList<TemplateField> fields) =>
        root is Json5Object values ? InObject(values, fields, "") : [];

    /// <summary>Finds references in one value.</summary>
    /// <param name="field">Null if the field is unknown.</param>
    public static IEnumerable<FoundReference> In(Json5Node value, TemplateField? field, string name) => InValue(value, field, name, name);

    /// <summary>Finds references in a template's file, including the templates that it names.</summary>
    /// <param name="find">Returns a template with its parents' fields; null if it does not exist.</param>
    public static IEnumerable<FoundReference> InTemplate(Json5Object root, Func<string, Template?> find)
    {
        if (root.Find("parent_template") is Json5String parent)
        {
            yield return OfTemplate(parent, "parent_template", "parent_template");
        }

        // A field without a type inherits the type of the parent's field.
        var inherited = root.GetString("parent_template") is { } name ? find(name) : null;
        foreach (var member in root.Members)
        {
            var found = member.Name switch
            {
                "parent_template" => [],
                "fields" => InFields(member.Value, inherited, "fields"),
                "automation" => InAutomation(member.Value, inherited, find),
                _ => InValue(
                    member.Value,
                    TemplateFileSchema.Fields.FirstOrDefault(field => field.Name == member.Name),
                    member.Name,
                    member.Name
                ),
            };
            foreach (var reference in found)
            {
                yield return reference;
            }
        }
    }

    /// <summary>Finds references in an item, including its template.</summary>
    public static IEnumerable<FoundReference> InItem(Json5Object root, IReadOnlyList<TemplateField> fields)
    {
        if (root.Find(ItemFormat.TemplateField) is Json5String template)
        {
            yield return OfTemplate(template, ItemFormat.TemplateField, ItemFormat.TemplateField);
        }

        foreach (
            var reference in InObject(
                new Json5Object([.. root.Members.Where(member => member.Name != ItemFormat.TemplateField)]),
                fields,
                ""
            )
        )
        {
            yield return reference;
        }
    }

    /// <summary>Finds references in the settings, where a provider can also be written as a name.</summary>
    public static IEnumerable<FoundReference> InSettings(Json5Object root)
    {
        foreach (
            var key in (string[])
                [UserConfig.DefaultLargeKey, UserConfig.DefaultSmallKey, UserConfig.ReviewCheckKey, UserConfig.FallbacksKey]
        )
        {
            if (root.Find(key) is not { } value)
            {
                continue;
            }

            IReadOnlyList<Json5Node> choices = value is Json5Array list ? list.Items : [value];
            for (var i = 0; i < choices.Count; i++)
            {
                var path = value is Json5Array ? $"{key}[{i}]" : key;
                if (choices[i] is Json5Object choice && choice.Find("provider") is Json5String inner)
                {
                    yield return OfProvider(inner, key, $"{path}.provider");
                }
                else if (choices[i] is Json5String text)
                {
                    yield return OfProvider(text, key, path);
                }
            }
        }
    }

    private static IEnumerable<FoundReference> InObject(Json5Object values, IReadOnlyList<TemplateField> fields, string path) =>
        values.Members.SelectMany(member =>
            InValue(
                member.Value,
                fields.FirstOrDefault(field => field.Name == member.Name),
                member.Name,
                path.Length == 0 ? member.Name : $"{path}.{member.Name}"
            )
        );

    private static IEnumerable<FoundReference> InValue(Json5Node value, TemplateField? field, string name, string path) =>
        value switch
        {
            Json5String text => InText(text, field, name, path),
            // A reference to a provider may be a list: a fallback chain.
            Json5Array array => array.Items.SelectMany(
                (item, index) => InValue(item, field?.Type == FieldType.CodexReference ? field : field?.Items, name, $"{path}[{index}]")
            ),
            Json5Object inner => InObject(inner, field?.Properties ?? [], path),
            _ => [],
        };

    private static IEnumerable<FoundReference> InText(Json5String text, TemplateField? field, string name, string path)
    {
        var filter = field?.Type == FieldType.CodexReference ? field.TemplateFilter : null;
        if (CodexUri.TryParse(text.Value, out var uri))
        {
            yield return new FoundReference(text.Value, ReferenceForm.Address, uri, name, path, filter, text.Span);
        }
        else if (
            name is "allow" or "ask" or "deny"
            && PermissionRule.TryParse(text.Value, out _) is { Tool: SpawnTask, Pattern: { } pattern }
            && CodexUri.TryOf(CodexCollection.Templates, pattern, out uri)
        )
        {
            yield return new FoundReference(text.Value, ReferenceForm.Rule, uri, name, path, TemplateCollections.TaskRoot, text.Span);
        }
        else if (SecretReference.FindIn(text.Value) is { Reference: var secret })
        {
            yield return new FoundReference(secret, ReferenceForm.Secret, null, name, path, null, text.Span);
        }
        else if (field?.Type == FieldType.CodexReference && text.Value.Length > 0)
        {
            yield return new FoundReference(text.Value, ReferenceForm.Address, null, name, path, filter, text.Span);
        }
        else if (field?.Type == FieldType.FileReference && text.Value.Length > 0)
        {
            yield return new FoundReference(text.Value, ReferenceForm.File, null, name, path, null, text.Span);
        }
    }

    private static IEnumerable<FoundReference> InFields(Json5Node value, Template? inherited, string path)
    {
        var items = (value as Json5Array)?.Items ?? [];
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is not Json5Object field)
            {
                continue;
            }

            var known = field.GetString("name") is { } name ? inherited?.Field(name) : null;
            foreach (var reference in InField(field, known, $"{path}[{i}]"))
            {
                yield return reference;
            }
        }
    }

    /// <param name="known">The parent's field; null if it has none.</param>
    private static IEnumerable<FoundReference> InField(Json5Object value, TemplateField? known, string path)
    {
        foreach (var member in value.Members)
        {
            var found = (member.Name, member.Value) switch
            {
                ("template_filter", Json5String filter) when filter.Value != References.MarkdownFilter =>
                [
                    OfTemplate(filter, member.Name, $"{path}.{member.Name}"),
                ],
                ("default", var preset) => InValue(
                    preset,
                    Described(value, known),
                    value.GetString("name") ?? member.Name,
                    $"{path}.{member.Name}"
                ),
                ("items", Json5Object items) => InField(items, known?.Items, $"{path}.{member.Name}"),
                ("properties", var properties) => InFields(properties, null, $"{path}.{member.Name}"),
                _ => [],
            };
            foreach (var reference in found)
            {
                yield return reference;
            }
        }
    }

    /// <summary>Returns the field with the properties that determine how its default is parsed.</summary>
    private static TemplateField Described(Json5Object value, TemplateField? known) =>
        (known ?? new TemplateField { Name = "" }) with
        {
            Type =
                value.GetString("type") is { } type && FieldTypes.ByName.TryGetValue(type, out var own)
                    ? own
                    : known?.Type ?? FieldType.Text,
            TemplateFilter = value.GetString("template_filter") ?? known?.TemplateFilter,
            Items = value.GetObject("items") is { } items ? Described(items, known?.Items) : known?.Items,
        };

    private static IEnumerable<FoundReference> InAutomation(Json5Node value, Template? inherited, Func<string, Template?> find)
    {
        var hooks = (value as Json5Object)?.GetArray("hooks")?.Items ?? [];
        for (var i = 0; i < hooks.Count; i++)
        {
            if (hooks[i] is not Json5Object hook)
            {
                continue;
            }

            var path = $"automation.hooks[{i}]";
            var spawned = hook.GetString("action") == SpawnTask ? hook.Find("template") as Json5String : null;
            if (spawned is not null)
            {
                yield return OfTemplate(spawned, "template", $"{path}.template") with
                {
                    Filter = TemplateCollections.TaskRoot,
                };
            }

            foreach (var member in hook.Members)
            {
                var found = (member.Name, member.Value) switch
                {
                    ("values", Json5Object values) => InObject(
                        values,
                        spawned is null ? [] : find(spawned.Value)?.Fields ?? [],
                        $"{path}.values"
                    ),
                    ("value", var set) => InValue(
                        set,
                        hook.GetString("target") is { } target ? inherited?.Field(target) : null,
                        member.Name,
                        $"{path}.value"
                    ),
                    _ => [],
                };
                foreach (var reference in found)
                {
                    yield return reference;
                }
            }
        }
    }

    private static FoundReference OfTemplate(Json5String name, string field, string path) =>
        new(
            name.Value,
            ReferenceForm.Name,
            CodexUri.TryOf(CodexCollection.Templates, name.Value, out var uri) ? uri : null,
            field,
            path,
            null,
            name.Span
        );

    private static FoundReference OfProvider(Json5String text, string key, string path) =>
        CodexUri.TryParse(text.Value, out var uri)
            ? new FoundReference(text.Value, ReferenceForm.Address, uri, key, path, ProviderFormat.TemplateId, text.Span)
            : new FoundReference(
                text.Value,
                ReferenceForm.Name,
                CodexUri.TryOf(CodexCollection.Providers, text.Value, out uri) ? uri : null,
                key,
                path,
                ProviderFormat.TemplateId,
                text.Span
            );
}
