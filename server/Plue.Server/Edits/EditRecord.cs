using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Server.Edits;

/// <summary>One line of the record of edits, as the disk has it.</summary>
internal sealed record EditRecord
{
    public const string Head = "edits",
        Begun = "begun",
        Ended = "ended",
        Accepted = "accepted",
        Rejected = "rejected",
        Undone = "undone",
        Redone = "redone";

    [JsonPropertyOrder(-1)]
    public required string Type { get; init; }
    public string Codex { get; init; } = "";
    public string Turn { get; init; } = "";
    public string ToolUse { get; init; } = "";
    public string Tool { get; init; } = "";

    /// <summary>The real path of the folder.</summary>
    public string Workspace { get; init; } = "";

    /// <summary>Links an end record to its start. In the first line, it identifies the file version.</summary>
    public string Scope { get; init; } = "";

    /// <summary>The liveness token of the process that started it: see <see cref="LivenessFile"/>.</summary>
    public string Process { get; init; } = "";

    /// <summary>When the edit was first written, where the line was copied since.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>The checkpoint it began with; null where the files are named.</summary>
    public string? Checkpoint { get; init; }
    public IReadOnlyList<FileRecord> Files { get; init; } = [];

    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, EditJson.Default.EditRecord);
}

/// <param name="Path">From the workspace, with <c>/</c>.</param>
/// <param name="Before">The state before the edit; for a started edit, the current state.</param>
/// <param name="Base">The changes pending afterwards range from here to <paramref name="Left"/>.</param>
internal sealed record FileRecord(string Path, FileState? Before, FileState? After, FileState? Base, FileState? Left)
{
    /// <summary>The file on the disk where <see cref="Before"/> is unsaved text of the editor; null elsewhere.</summary>
    public FileState? OnDisk { get; init; }

    /// <summary>The pending changes before the undo.</summary>
    public FileState? BaseBefore { get; init; }
    public FileState? LeftBefore { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    UseStringEnumConverter = true
)]
[JsonSerializable(typeof(EditRecord))]
internal sealed partial class EditJson : JsonSerializerContext
{
    static EditJson() =>
        Default = new EditJson(new JsonSerializerOptions(s_defaultOptions) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
