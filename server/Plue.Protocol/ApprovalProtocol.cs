using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <summary>The pending approvals of all chats and tasks of this window, oldest first.</summary>
public sealed record ApprovalListResult(IReadOnlyList<ApprovalView> Approvals);

/// <summary>The complete list, after each change.</summary>
public sealed record ApprovalChangedParams(IReadOnlyList<ApprovalView> Approvals);

[JsonConverter(typeof(CamelCaseEnumConverter<ApprovalKind>))]
public enum ApprovalKind
{
    Command,
    Write,
    Edit,
    Delete,
    Read,
    Spawn,
    ServerTool,
    StartServer,
    Fetch,
    Hook,

    /// <summary>A question of an MCP server: see <see cref="ApprovalView.Question"/>.</summary>
    Question,
    Other,
}

/// <summary>One question. It is answered once, by its id and its fingerprint.</summary>
public sealed record ApprovalView
{
    public required string Id { get; init; }

    /// <summary>The fingerprint of the exact action. Equal requests have equal fingerprints.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The chat or task that requests it.</summary>
    public required string CodexId { get; init; }

    /// <summary>The titles from the root task down to the asking task.</summary>
    public required IReadOnlyList<string> Path { get; init; }
    public string? ToolUseId { get; init; }
    public required string ToolName { get; init; }
    public required ApprovalKind Kind { get; init; }

    /// <summary>The exact command or content. Hidden characters are not replaced, so a view must show them.</summary>
    public required string ActionText { get; init; }

    /// <summary>For a write or an edit: the change as a unified diff.</summary>
    public string? Diff { get; init; }

    /// <summary>True if <c>approval/content</c> has the files before and after the change. Missing for requests of other windows.</summary>
    public bool? HasContent { get; init; }

    /// <summary>The folder in which it would run, or its file, with links resolved.</summary>
    public string? Location { get; init; }

    /// <summary>A <see cref="Location"/> in a workspace folder, as VS Code shows it: from its folder, whose name it begins with if there are several.</summary>
    public string? RelativeLocation { get; init; }

    /// <summary>Why approval is required, in one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The sandbox of a command, in one sentence; null if it is not a command.</summary>
    public string? Sandbox { get; init; }

    /// <summary>The rule that <c>always</c> would store; null if it is not offered.</summary>
    public string? Rule { get; init; }

    /// <summary>The folder to which the rule would apply; null for every folder.</summary>
    public string? RuleFolder { get; init; }

    /// <summary>The form or address for the user; null for an approval without input.</summary>
    public QuestionView? Question { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>True if a task of another window requests it; otherwise missing.</summary>
    public bool? IsInOtherWindow { get; init; }
}

/// <param name="Fields">Empty for an address.</param>
/// <param name="Url">The address to open in the browser; null for a form.</param>
/// <param name="Host">The host of the address, with its port.</param>
public sealed record QuestionView(IReadOnlyList<QuestionFieldView> Fields, string? Url, string? Host);

[JsonConverter(typeof(CamelCaseEnumConverter<QuestionKind>))]
public enum QuestionKind
{
    Text,
    Number,
    Integer,
    Boolean,
    Choice,
    Choices,
}

/// <summary>A field of a question.</summary>
public sealed record QuestionFieldView
{
    /// <summary>The name of the field in the answer.</summary>
    public required string Name { get; init; }
    public required QuestionKind Kind { get; init; }
    public required string Title { get; init; }
    public string? Description { get; init; }
    public required bool IsRequired { get; init; }

    /// <summary><c>email</c>, <c>uri</c>, <c>date</c> or <c>date-time</c>; null for any text.</summary>
    public string? Format { get; init; }
    public required IReadOnlyList<QuestionOptionView> Options { get; init; }

    /// <summary>The default values; several only for choices.</summary>
    public required IReadOnlyList<string> Defaults { get; init; }

    /// <summary>The limit of a number, of the length of a text, or of the number of choices.</summary>
    public double? Min { get; init; }
    public double? Max { get; init; }
}

public sealed record QuestionOptionView(string Value, string Title);

public sealed record ApprovalContentParams(string Id);

/// <summary>The files of a proposed change, before and after it.</summary>
public sealed record ApprovalContentResult(IReadOnlyList<ProposedFile> Files);

/// <param name="Path">Absolute, or the address of a document.</param>
/// <param name="Before">Null for a new file.</param>
public sealed record ProposedFile(string Path, string? Before, string After);

/// <summary><c>always</c> also stores the rule that was shown.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<ApprovalDecision>))]
public enum ApprovalDecision
{
    Once,
    Always,
    Deny,
}

/// <param name="Fingerprint">The fingerprint that was shown to the user; another is rejected with Conflict.</param>
/// <param name="Reason">Sent to the model with a denial.</param>
/// <param name="Rule">With <c>always</c>: the rule as it was shown.</param>
/// <param name="IncludeEqual">True answers every request with this fingerprint.</param>
/// <param name="Values">For a question: a JSON object as text.</param>
public sealed record ApprovalAnswerParams(
    string Id,
    string Fingerprint,
    ApprovalDecision Decision,
    string? Reason,
    string? Rule,
    bool? IncludeEqual,
    string? Values
);

/// <summary>The rules that <c>always</c> stored, which the user can delete.</summary>
public sealed record ApprovalRulesResult(IReadOnlyList<ApprovalRuleView> Rules);

/// <param name="Folder">Null for every folder.</param>
public sealed record ApprovalRuleView(string Id, string Rule, string? Folder, DateTimeOffset CreatedAt);

public sealed record ApprovalDeleteRuleParams(string Id);
