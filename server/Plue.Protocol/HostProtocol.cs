using System.Text.Json.Serialization;

namespace Plue.Protocol;

// What the sidecar asks of the editor. Requests go the other way here: the window answers them.

/// <param name="Vendor">Only models of this vendor, as <c>copilot</c>; null means any.</param>
public sealed record HostLanguageModelsParams(string? Vendor);

public sealed record HostLanguageModelsResult(IReadOnlyList<HostModelView> Models);

/// <summary>A language model that the editor offers to extensions. Values that its API does not provide are null.</summary>
public sealed record HostModelView
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Vendor { get; init; }
    public required string Family { get; init; }
    public required string Version { get; init; }

    /// <summary>The maximum tokens of one request.</summary>
    public required long MaxInputTokens { get; init; }

    /// <summary>False if the editor's API cannot pass tools.</summary>
    public bool? SupportsTools { get; init; }
    public bool? SupportsVision { get; init; }
}

/// <summary>Sends a request to a model. Its output arrives as host/languageModelEvent; the reply follows after the last event.</summary>
/// <param name="StreamId">Created by the sidecar, and contained in the events of this response.</param>
/// <param name="Model">An id, or a family where no model has that id.</param>
/// <param name="Messages">Oldest first, ending with the user's.</param>
public sealed record HostLanguageModelParams(
    string StreamId,
    string? Vendor,
    string Model,
    IReadOnlyList<HostMessage> Messages,
    IReadOnlyList<HostTool> Tools,
    HostModelOptions Options
);

/// <summary>There is no system role, so the system prompt is the first user message.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<HostRole>))]
public enum HostRole
{
    User,
    Assistant,
}

public sealed record HostMessage(HostRole Role, IReadOnlyList<HostPart> Parts);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(HostText), "text")]
[JsonDerivedType(typeof(HostImage), "image")]
[JsonDerivedType(typeof(HostToolUse), "toolUse")]
[JsonDerivedType(typeof(HostToolResult), "toolResult")]
public abstract record HostPart;

public sealed record HostText(string Text) : HostPart;

/// <param name="Data">Base64.</param>
public sealed record HostImage(string MediaType, string Data) : HostPart;

/// <param name="Parameters">A JSON object as text.</param>
public sealed record HostToolUse(string ToolUseId, string ToolName, string Parameters) : HostPart;

public sealed record HostToolResult(string ToolUseId, string Text) : HostPart;

/// <param name="Schema">A JSON schema object as text.</param>
public sealed record HostTool(string Name, string Description, string Schema);

/// <summary>Null values are not sent to the model.</summary>
public sealed record HostModelOptions(double? Temperature, int? MaxTokens, IReadOnlyList<string>? StopSequences, string? ReasoningLevel);

/// <param name="StopReason">endTurn, or toolUse when tools were called; the editor's API knows no other.</param>
public sealed record HostLanguageModelResult(StopReason StopReason);

public sealed record HostLanguageModelEventParams(string StreamId, HostModelEvent Event);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(HostModelText), "text")]
[JsonDerivedType(typeof(HostModelToolCall), "toolCall")]
public abstract record HostModelEvent;

public sealed record HostModelText(string Text) : HostModelEvent;

/// <param name="Parameters">A JSON object as text, whole.</param>
public sealed record HostModelToolCall(string ToolUseId, string ToolName, string Parameters) : HostModelEvent;

[JsonConverter(typeof(CamelCaseEnumConverter<HostNotifyLevel>))]
public enum HostNotifyLevel
{
    Info,
    Warning,
    Error,
}

/// <param name="Uri">The codex that it is about, to be opened; null for none.</param>
public sealed record HostNotifyParams(string Message, HostNotifyLevel Level, string? Uri);
