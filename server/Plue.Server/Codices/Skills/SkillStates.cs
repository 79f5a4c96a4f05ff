using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices.Skills;

/// <summary>The approved versions of skills and the disabled skills. Stored in Plue's home folder, outside all workspaces. Safe across processes.</summary>
internal sealed class SkillStates(PluePaths paths, TimeProvider time)
{
    private const int MaxEntries = 1000;

    private readonly SharedJsonFile<StoredSkillStates> file = new(
        paths.SkillStates,
        SkillStateContext.Default.StoredSkillStates,
        new StoredSkillStates([], []),
        "The choice"
    );

    public StoredSkillStates Read() => file.Read();

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Approve(Skill skill) =>
        file.Change(stored =>
            stored with
            {
                Approved =
                [
                    .. (stored.Approved ?? []).Where(one => one.Folder != skill.Folder).TakeLast(MaxEntries - 1),
                    new StoredSkillApproval(
                        skill.Folder,
                        skill.Sha256,
                        time.GetUtcNow().UtcDateTime,
                        [.. skill.Files.Select(one => new StoredSkillFile(one.Path, one.Sha256))]
                    ),
                ],
            }
        );

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void SetDisabled(string folder, bool isDisabled) =>
        file.Change(stored =>
            stored with
            {
                Disabled =
                [
                    .. (stored.Disabled ?? []).Where(one => one != folder).TakeLast(MaxEntries - 1),
                    .. isDisabled ? [folder] : Array.Empty<string>(),
                ],
            }
        );
}

internal sealed record StoredSkillStates(IReadOnlyList<StoredSkillApproval>? Approved, IReadOnlyList<string>? Disabled)
{
    public StoredSkillApproval? ApprovalOf(Skill skill) => Approved?.LastOrDefault(one => one.Folder == skill.Folder);

    public bool IsDisabled(Skill skill) => Disabled?.Contains(skill.Folder) == true;
}

/// <param name="Files">Used to report which files changed later.</param>
internal sealed record StoredSkillApproval(string Folder, string Sha256, DateTime ApprovedAt, IReadOnlyList<StoredSkillFile>? Files);

internal sealed record StoredSkillFile(string Path, string Sha256);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredSkillStates))]
internal sealed partial class SkillStateContext : JsonSerializerContext;
