using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>The settings under one heading, in the order of the page.</summary>
internal sealed record SettingsSection(string Title, IReadOnlyList<TemplateField> Fields);

/// <summary>The schema of all settings, from <c>server/settings.json5</c>.</summary>
internal static class SettingsSchema
{
    private const string Resource = "settings.json5";
    private static readonly Lazy<IReadOnlyList<SettingsSection>> Read = new(() => ReadShipped());
    private static readonly Lazy<IReadOnlyDictionary<string, TemplateField>> ByName = new(() =>
        Sections.SelectMany(section => section.Fields).ToDictionary(field => field.Name, StringComparer.Ordinal)
    );

    public static IReadOnlyList<SettingsSection> Sections => Read.Value;

    public static IEnumerable<string> Names => ByName.Value.Keys;

    /// <summary>Returns null if there is no such setting.</summary>
    public static TemplateField? Find(string name) => ByName.Value.GetValueOrDefault(name);

    /// <summary>True if the setting selects a model: a provider name, its address, or <c>{provider, model}</c>.</summary>
    public static bool IsChoice(TemplateField field) => field is { Type: FieldType.CodexReference, TemplateFilter: "llm-provider" };

    private static IReadOnlyList<SettingsSection> ReadShipped()
    {
        using var stream =
            typeof(SettingsSchema).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing from the executable.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var document = Json5Reader.Read(bytes);
        var problems = DocumentProblem.From(document).ToList();
        var sections = new List<SettingsSection>();
        var keys = new KeyReader(document.Root as Json5Object ?? Json5Object.Empty, "the settings", problems);
        foreach (var group in keys.Objects("groups"))
        {
            var section = new KeyReader(group, "a group", problems);
            sections.Add(
                new SettingsSection(
                    section.RequiredText("title") ?? "",
                    TemplateReader.ReadFields(section, "fields", problems, inherits: false)
                )
            );
            section.Finish();
        }

        keys.Finish();
        return problems.Count == 0 ? sections : throw new InvalidOperationException($"{Resource}: {string.Join("; ", problems)}");
    }
}
