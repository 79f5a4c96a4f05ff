using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Protocol;

[JsonConverter(typeof(CamelCaseEnumConverter<FieldType>))]
public enum FieldType
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

/// <summary>One field of a template or of the settings, as a form draws it.</summary>
public sealed record FieldView
{
    /// <summary>The name in the file.</summary>
    public required string Name { get; init; }
    public required FieldType Type { get; init; }
    public string? Description { get; init; }
    public required bool Required { get; init; }
    public JsonElement? Default { get; init; }
    public string? Placeholder { get; init; }
    public required IReadOnlyList<string> Options { get; init; }
    public double? Min { get; init; }
    public double? Max { get; init; }
    public double? Step { get; init; }

    /// <summary>The schema of each item of an array.</summary>
    public FieldView? Items { get; init; }

    /// <summary>The keys of an object; empty means any.</summary>
    public required IReadOnlyList<FieldView> Properties { get; init; }
    public string? TemplateFilter { get; init; }
    public FieldConditionView? Conditional { get; init; }
}

/// <summary>The field applies only while another one has one of these values.</summary>
public sealed record FieldConditionView(string Field, IReadOnlyList<JsonElement> Values);

/// <param name="Path">The path of <c>config.json5</c>, whether or not it exists.</param>
/// <param name="Values">The values in the file, by name; omitted settings have their defaults.</param>
/// <param name="Groups">The fields under their headings, in the order of the page.</param>
/// <param name="Problem">Why the file is not applied; null if it is.</param>
public sealed record SettingsResult(
    string Path,
    IReadOnlyList<SettingsGroup> Groups,
    IReadOnlyDictionary<string, JsonElement> Values,
    FileFault? Problem
)
{
    /// <summary>The restrictions of the organization's policy, or why it cannot be used, one sentence each; empty without a policy.</summary>
    public required IReadOnlyList<string> Policy { get; init; }
}

public sealed record SettingsGroup(string Title, IReadOnlyList<FieldView> Fields);

/// <param name="Value">Null removes the setting from the file, so that the default applies.</param>
public sealed record SettingsSetParams(string Name, JsonElement? Value);
