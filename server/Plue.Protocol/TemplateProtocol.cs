using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <param name="Collection">Only templates whose codices are in this collection: <c>chats</c>, <c>tasks</c>, <c>providers</c> or <c>items</c>; null for all.</param>
public sealed record TemplateListParams(string? Collection);

/// <param name="Templates">Sorted by name. For each id, the effective template comes first, then hidden and invalid ones.</param>
public sealed record TemplateListResult(IReadOnlyList<TemplateSummary> Templates);

public sealed record TemplateSummary
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public string? Version { get; init; }
    public string? ParentTemplate { get; init; }

    /// <summary>The collection of its codices.</summary>
    public required string Collection { get; init; }
    public required CodexLayer Layer { get; init; }

    /// <summary>Null for a template that ships with Plue.</summary>
    public string? Path { get; init; }

    /// <summary>A codicon name.</summary>
    public string? Icon { get; init; }

    /// <summary>A theme color id.</summary>
    public string? Color { get; init; }
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>True if its tasks work in their own git worktree by default.</summary>
    public bool IsIsolated { get; init; }

    /// <summary>False for a file with problems, and for one that is hidden by another with the same id.</summary>
    public required bool IsActive { get; init; }
    public required IReadOnlyList<DocumentProblemView> Problems { get; init; }
}

public sealed record TemplateGetParams(string Id);

/// <summary>A template as a form draws it: with its parents' fields.</summary>
public sealed record TemplateView(string Id, string Name, string? Description, IReadOnlyList<FieldView> Fields)
{
    public string? ParentTemplate { get; init; }

    /// <summary>The collection of its codices.</summary>
    public string? Collection { get; init; }
    public string? Icon { get; init; }
    public string? Color { get; init; }

    /// <summary>Null for a template that ships with Plue.</summary>
    public string? Path { get; init; }
}

/// <param name="Id">Null checks every template and its references.</param>
/// <param name="Text">The file with unsaved changes; null for the stored one.</param>
public sealed record TemplateCheckParams(string? Id, string? Text);

public sealed record TemplateCheckResult(IReadOnlyList<TemplateFinding> Findings);

/// <summary><c>risk</c>: it works, but may cost or change more than intended.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<FindingKind>))]
public enum FindingKind
{
    Error,
    Warning,
    Risk,
}

/// <param name="Code">Stable, for a pipeline: <c>syntax</c>, <c>field</c>, <c>reference</c>, <c>risk.write-anywhere</c>, ...</param>
/// <param name="Path">The file; for what ships with Plue its name.</param>
/// <param name="Line">From 1.</param>
/// <param name="Column">From 1.</param>
public sealed record TemplateFinding(FindingKind Kind, string Code, string TemplateId, string Path, int Line, int Column, string Message);

/// <param name="Values">Fields by name, over the defaults of the template.</param>
public sealed record TemplateTryParams(string Id, IReadOnlyDictionary<string, JsonElement>? Values);

/// <summary>Shows what a codex of this template would send and be allowed, without a request.</summary>
public sealed record TemplateTryResult
{
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>The complete system prompt.</summary>
    public required string System { get; init; }

    /// <summary>The first message; for a task its goal.</summary>
    public required string Message { get; init; }
    public required IReadOnlyList<InstructionSourceView> Sources { get; init; }
    public required IReadOnlyList<ToolView> Tools { get; init; }

    /// <summary>The provider that would respond; null if none can, and <see cref="Findings"/> say why.</summary>
    public TrialProvider? Provider { get; init; }

    /// <summary>Tokens of the first request, estimated.</summary>
    public required long InputTokens { get; init; }

    /// <summary>The maximum cost of the first request with its longest response, in USD; null if the price is unknown.</summary>
    public decimal? FirstRequestCost { get; init; }

    /// <summary>The budget of the whole task in USD; null if it has none.</summary>
    public decimal? MaxCost { get; init; }
    public required IReadOnlyList<TemplateFinding> Findings { get; init; }
}

/// <param name="Price">Null when it is not known.</param>
/// <param name="IsFree">True for a model on this machine.</param>
public sealed record TrialProvider(
    string ProviderId,
    string Name,
    string? Model,
    string? Status,
    PriceView? Price,
    long? ContextWindow,
    bool IsFree
);

/// <param name="IsKnown">False for a name that no tool of Plue has.</param>
/// <param name="HasSideEffects">True if it can write files, run commands or spend money.</param>
public sealed record ToolView(string Name, string Description, bool HasSideEffects, bool IsKnown);

/// <summary>The instructions that are sent with the messages.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<InstructionSourceKind>))]
public enum InstructionSourceKind
{
    Prompt,
    Override,
    Rules,
    Template,
    Provider,
    User,
    Skill,
}

/// <param name="Source">A codex address, or a file's path.</param>
/// <param name="Version">Changes whenever the content does.</param>
/// <param name="HiddenCharacters">Characters in it that no editor shows; null for none.</param>
/// <param name="OmittedReason">Why it is not sent; null if it is.</param>
public sealed record InstructionSourceView(
    InstructionSourceKind Kind,
    string Source,
    string Title,
    string Version,
    int? HiddenCharacters,
    string? OmittedReason
)
{
    /// <summary>The file or folder of the workspace to which it applies, such as <c>src/api/server.ts</c>; null if it always applies.</summary>
    public string? AppliesTo { get; init; }

    /// <summary>The file to open; null for a source that ships with Plue.</summary>
    public string? Path { get; init; }

    /// <summary>The estimated tokens in each request, or of a skill when it is loaded; null if not counted.</summary>
    public long? Tokens { get; init; }

    /// <summary>True if it is omitted until <c>message/allowInstructions</c> allows it.</summary>
    public bool? CanBeAllowed { get; init; }
}

/// <param name="Id">The codices of this template; null describes template files themselves.</param>
public sealed record TemplateSchemaParams(string? Id);

/// <param name="Schema">A JSON schema (draft 2020-12).</param>
public sealed record TemplateSchemaResult(string Schema);

public sealed record TemplateStartingPointsResult(IReadOnlyList<TemplateStartingPoint> StartingPoints);

/// <param name="Text">The file for <c>codex/create</c>, which inserts the new id.</param>
/// <param name="Prompt">The text of its prompt, or null. The file refers to it as <c>codex://prompts/ID</c>, where the new id is inserted, too.</param>
public sealed record TemplateStartingPoint(string Id, string Name, string Description, string Text, string? Prompt);
