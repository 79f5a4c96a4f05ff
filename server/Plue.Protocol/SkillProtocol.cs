using System.Text.Json.Serialization;

namespace Plue.Protocol;

// Skills of the user and of the trusted folders.

[JsonConverter(typeof(CamelCaseEnumConverter<SkillState>))]
public enum SkillState
{
    On,
    Off,

    /// <summary>Not used until the user approves it.</summary>
    Waiting,

    /// <summary>Another skill with the same name is used.</summary>
    Shadowed,

    /// <summary>Cannot be used.</summary>
    Invalid,
}

/// <param name="Skills">The skills, those of the workspace first.</param>
/// <param name="ListTokens">The estimated tokens of the list in each request.</param>
/// <param name="ListLimit">The setting <c>skill_list_tokens</c>.</param>
/// <param name="Note">One sentence if there are more skills than are read.</param>
public sealed record SkillListResult(
    IReadOnlyList<SkillView> Skills,
    IReadOnlyList<SkillLocationView> Locations,
    long ListTokens,
    long ListLimit,
    string? Note
);

/// <summary>A folder in which skills can be created.</summary>
/// <param name="Title">For lists: <c>~/.plue/skills</c>, or a path from the workspace.</param>
public sealed record SkillLocationView(string Path, string Title, bool IsWorkspace);

public sealed record SkillView
{
    public required string Name { get; init; }

    /// <summary>The description, in one line.</summary>
    public required string Description { get; init; }

    /// <summary>The absolute path of the folder, with links resolved.</summary>
    public required string Folder { get; init; }

    /// <summary>The path of its <c>SKILL.md</c>.</summary>
    public required string Path { get; init; }
    public required SkillLocationView Location { get; init; }
    public required SkillState State { get; init; }

    /// <summary>Why it is not enabled, in one or two sentences; null if it is enabled.</summary>
    public string? Reason { get; init; }

    /// <summary>The fingerprint of all its files.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The estimated tokens of its text when it is loaded.</summary>
    public required long Tokens { get; init; }

    /// <summary>The estimated tokens of its line in the list, in each request. 0 if the model cannot load it.</summary>
    public required long ListTokens { get; init; }

    /// <summary>True if the model can load it.</summary>
    public required bool IsForModel { get; init; }

    /// <summary>True if the user can invoke it with <c>/NAME</c>.</summary>
    public required bool IsForUser { get; init; }
    public string? ArgumentHint { get; init; }
    public required IReadOnlyList<SkillFileView> Files { get; init; }

    /// <summary>True if an agent made the last change, so that it can be undone; otherwise null.</summary>
    public bool? CanUndo { get; init; }

    /// <summary>Problems of its <c>SKILL.md</c>, one sentence each.</summary>
    public required IReadOnlyList<string> Problems { get; init; }
}

/// <param name="Path">From the folder of the skill.</param>
/// <param name="IsScript">True for a script; otherwise null.</param>
/// <param name="IsChanged">It is not the file that the user approved; null if it is, or none was approved.</param>
/// <param name="HiddenLine">The first line with invisible characters; null for none.</param>
/// <param name="IsLinkOut">True for a link to a target outside the folder of the skill, which is not read.</param>
/// <param name="Runs">Programs that a script would run; a guess. Null for none.</param>
public sealed record SkillFileView(
    string Path,
    long Size,
    bool? IsScript,
    bool? IsChanged,
    int? HiddenLine,
    bool? IsLinkOut,
    IReadOnlyList<string>? Runs
);

[JsonConverter(typeof(CamelCaseEnumConverter<SkillChoice>))]
public enum SkillChoice
{
    Approve,
    Enable,
    Disable,

    /// <summary>Undoes the last change by an agent.</summary>
    Undo,
}

/// <param name="Fingerprint">The fingerprint of the skill that was shown to the user.</param>
public sealed record SkillChooseParams(string Folder, string Fingerprint, SkillChoice Choice);

/// <param name="Location">The path of one of <see cref="SkillListResult.Locations"/>.</param>
public sealed record SkillCreateParams(string Location, string Name, string Description);

/// <param name="Source">The absolute path of a folder or zip file with one or more skills.</param>
/// <param name="Location">The path of one of <see cref="SkillListResult.Locations"/>.</param>
public sealed record SkillImportParams(string Source, string Location);

/// <param name="Paths">The new <c>SKILL.md</c> files.</param>
public sealed record SkillFilesResult(IReadOnlyList<string> Paths);
