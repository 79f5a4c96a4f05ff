using System.Text.Json.Serialization;

namespace Plue.Protocol;

// Language model tools of VS Code and of its extensions.

/// <param name="Tools">None while the workspace is not trusted; never Plue's own.</param>
public sealed record HostToolsResult(IReadOnlyList<HostToolView> Tools);

/// <param name="Schema">A JSON schema object as text; null for a tool without parameters.</param>
/// <param name="Extension">The ID of the extension that contributes it; null for tools of VS Code and of its MCP servers.</param>
/// <param name="Source">The name of the extension, for lists.</param>
/// <param name="Title">The name for lists; null if the extension provides none.</param>
public sealed record HostToolView(string Name, string Description, string? Schema, string? Extension, string Source, string? Title);

/// <summary>Cancelling the request stops the tool.</summary>
/// <param name="Parameters">A JSON object as text.</param>
public sealed record HostCallToolParams(string Name, string Parameters);

public sealed record HostCallToolResult(IReadOnlyList<HostToolContent> Content);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(HostToolText), "text")]
[JsonDerivedType(typeof(HostToolImage), "image")]
public abstract record HostToolContent;

public sealed record HostToolText(string Text) : HostToolContent;

/// <param name="Data">Base64.</param>
public sealed record HostToolImage(string MediaType, string Data) : HostToolContent;

[JsonConverter(typeof(CamelCaseEnumConverter<VsCodeToolState>))]
public enum VsCodeToolState
{
    Disabled,
    Enabled,

    /// <summary>Changed since the user enabled it, so agents do not get it.</summary>
    Changed,
}

/// <param name="Notes">The tools that cannot be used, one sentence each.</param>
public sealed record VsCodeToolListResult(IReadOnlyList<VsCodeToolView> Tools, IReadOnlyList<string> Notes);

public sealed record VsCodeToolView
{
    public required string Name { get; init; }

    /// <summary>The name in templates and rules: <c>vscode/NAME</c>.</summary>
    public required string FullName { get; init; }
    public required string Title { get; init; }

    /// <summary>The extension that contributes it, or VS Code.</summary>
    public required string Source { get; init; }
    public required string Description { get; init; }
    public required VsCodeToolState State { get; init; }
    public required string Fingerprint { get; init; }

    /// <summary>The estimated tokens in each request.</summary>
    public required long Tokens { get; init; }

    /// <summary>The complete definition that the user enables, line by line.</summary>
    public required string Definition { get; init; }

    /// <summary>The difference to the tool that the user enabled; null if there is none.</summary>
    public string? Changes { get; init; }
}

/// <param name="Tools">The tools of this window to enable; all others are disabled.</param>
public sealed record VsCodeToolSelectParams(IReadOnlyList<VsCodeToolChoice> Tools);

/// <param name="Fingerprint">The fingerprint of the tool that was shown to the user.</param>
public sealed record VsCodeToolChoice(string Name, string Fingerprint);
