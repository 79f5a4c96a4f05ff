using System.Text.Json.Serialization;

namespace Plue.Server.Worktrees;

internal enum ProvisioningKind
{
    /// <summary>The file with the steps could not be read.</summary>
    File,
    Link,
    Copy,
    Run,
}

internal enum ProvisioningState
{
    Waiting,

    /// <summary>Begun; in a record of an ended process it was interrupted.</summary>
    Running,
    Done,

    /// <summary>Not done, and nothing failed; the note has the reason.</summary>
    Skipped,
    Failed,
}

/// <summary>One step of the provisioning of a worktree.</summary>
/// <param name="Name">The folder, file or command.</param>
/// <param name="Note">Why it was skipped or failed, as a sentence; null if it was done.</param>
/// <param name="Seconds">How long it took; null if it did not run.</param>
internal sealed record ProvisioningStep(
    ProvisioningKind Kind,
    string Name,
    ProvisioningState State = ProvisioningState.Waiting,
    string? Note = null,
    double? Seconds = null
)
{
    private const int MaxNoteLength = 600;

    [JsonIgnore]
    public bool HasEnded => State is ProvisioningState.Done or ProvisioningState.Skipped or ProvisioningState.Failed;

    public ProvisioningStep Skip(string why) => this with { State = ProvisioningState.Skipped, Note = Shortened(why) };

    public ProvisioningStep Fail(string why) => this with { State = ProvisioningState.Failed, Note = Shortened(why) };

    public ProvisioningStep Done(string? note = null) => this with { State = ProvisioningState.Done, Note = note };

    private static string Shortened(string text) => text.Length <= MaxNoteLength ? text : text[..MaxNoteLength] + "…";
}

/// <summary>The provisioning of a worktree, as far as it went.</summary>
/// <param name="HasEnded">True if no step is left; it is not repeated.</param>
/// <param name="Bytes">The size of the worktree at the end, without linked files; null before.</param>
internal sealed record StoredProvisioning(IReadOnlyList<ProvisioningStep> Steps, bool HasEnded = false, long? Bytes = null)
{
    /// <summary>Gets one sentence for each step that was skipped or failed, or that a killed process did not complete.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Missing =>
        [
            .. Steps
                .Where(step => step.State != ProvisioningState.Done)
                .Select(step =>
                    step.State switch
                    {
                        ProvisioningState.Running => $"{step.Name} was interrupted.",
                        ProvisioningState.Waiting => $"{step.Name} is not done yet.",
                        _ => $"{step.Name}: {step.Note}",
                    }
                ),
        ];
}
