using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Server.Edits;

/// <summary>One record of the edit journal, as stored.</summary>
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

    /// <summary>Gets the real path of the workspace folder.</summary>
    public string Workspace { get; init; } = "";

    /// <summary>Links an end record to its start. In the first line, it identifies the file version.</summary>
    public string Scope { get; init; } = "";

    /// <summary>Gets the liveness token of the process that started the edit; see <see cref="LivenessFile"/>.</summary>
    public string Process { get; init; } = "";

    /// <summary>Gets when the edit was originally recorded. Rewriting the journal keeps it.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>Gets the checkpoint at the start; null if the files are listed.</summary>
    public string? Checkpoint { get; init; }
    public IReadOnlyList<FileRecord> Files { get; init; } = [];

    public byte[] ToUtf8() => JsonSerializer.SerializeToUtf8Bytes(this, EditJson.Default.EditRecord);
}

/// <param name="Path">Relative to the workspace, with <c>/</c>.</param>
/// <param name="Before">The state before the edit.</param>
/// <param name="Base">The start of the pending changes after the edit; they end at <paramref name="Left"/>.</param>
internal sealed record FileRecord(string Path, FileState? Before, FileState? After, FileState? Base, FileState? Left)
{
    /// <summary>Gets the state on disk if <see cref="Before"/> is unsaved editor text; otherwise null.</summary>
    public FileState? OnDisk { get; init; }

    public FileState? BaseBefore { get; init; }
    public FileState? LeftBefore { get; init; }
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
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
