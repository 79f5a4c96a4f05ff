using System.Text.Json.Serialization;

namespace Plue.Server.Worktrees;

/// <summary>The last step that was completed or begun. It is stored before git runs, so that a killed process leaves nothing unknown.</summary>
internal enum WorktreeState
{
    /// <summary>No task has worked in the folder yet.</summary>
    Creating,

    Ready,

    /// <summary>The branch is being merged into the main checkout.</summary>
    Merging,

    /// <summary>The folder may be in the trash already.</summary>
    Removing,

    Removed,
}

/// <summary>The record of a worktree, one file for each task.</summary>
/// <param name="Task">The id of the task or chat.</param>
/// <param name="Repository">The absolute path of the checkout into which the branch is merged.</param>
/// <param name="Path">The absolute path of the worktree.</param>
/// <param name="Prefix">The workspace folder in the worktree; empty for its root.</param>
/// <param name="Base">The commit at which the branch began. It never changes, so that commits of an earlier run always count.</param>
internal sealed record StoredWorktree(
    string Task,
    string Title,
    string Repository,
    string Path,
    string Prefix,
    string Branch,
    string Base,
    WorktreeState State,
    DateTimeOffset CreatedAt
)
{
    /// <summary>Gets the folder in the trash; null before the removal.</summary>
    public string? Trash { get; init; }

    /// <summary>Gets the provisioning; null before it began.</summary>
    public StoredProvisioning? Provisioning { get; init; }

    /// <summary>Gets the folder in which the task works.</summary>
    [JsonIgnore]
    public string Folder => Prefix.Length == 0 ? Path : System.IO.Path.Combine(Path, Prefix);
}

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    UseStringEnumConverter = true,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true
)]
[JsonSerializable(typeof(StoredWorktree))]
internal sealed partial class WorktreeJson : JsonSerializerContext;
