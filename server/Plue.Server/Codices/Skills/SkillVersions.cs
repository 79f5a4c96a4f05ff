using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Codices.Skills;

/// <summary>Changes of a <c>SKILL.md</c> by agents, as versions that can be undone. Each change holds a lock of this home.</summary>
internal sealed class SkillVersions(PluePaths paths, TimeProvider time)
{
    private const string Collection = "skills";

    private readonly VersionStore versions = new(paths, time);

    /// <summary>Writes what was shown to the user, if the file is still as it was when the skill was read.</summary>
    /// <exception cref="FailureException">Conflict: it changed meanwhile. StoreReadOnly.</exception>
    public void Put(Skill skill, byte[] text)
    {
        using var turn = DocumentLock.Acquire(paths, Collection, $"{skill.Path} was not changed");
        var before =
            skill.ReadText()
            ?? throw new FailureException(
                FailureKind.Conflict,
                $"{skill.Path} was not changed because it was modified while the change waited for approval. Read it again."
            );
        if (versions.Read(Collection, NameOf(skill)).Hash != VersionStore.HashOf(before))
        {
            Append(skill, VersionKind.Changed, VersionAuthor.Outside, "Original version", before);
        }

        DocumentFile.Replace(skill.Path, text);
        Append(skill, VersionKind.Changed, VersionAuthor.Agent, "Edited", text);
    }

    /// <summary>True if an agent made the last change of the skill.</summary>
    public bool CanUndo(Skill skill) => TargetOf(skill) is not null;

    /// <summary>Restores the text before the last change, byte for byte.</summary>
    /// <exception cref="FailureException">Conflict: there is no change to undo, or the file changed since. StoreReadOnly.</exception>
    public void Undo(Skill skill)
    {
        using var turn = DocumentLock.Acquire(paths, Collection, $"{skill.Path} was not changed");
        if (TargetOf(skill) is not { } target || versions.ContentOf(Collection, NameOf(skill), target) is not { } content)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"{skill.Path} was not changed: no agent changed it, or it was edited since. Open the file to change it."
            );
        }

        DocumentFile.Replace(skill.Path, content);
        Append(skill, VersionKind.Undo, VersionAuthor.User, $"Restored version {target}", content, target);
    }

    private long? TargetOf(Skill skill)
    {
        var trail = versions.Read(Collection, NameOf(skill));
        return trail.UndoTo is { } target && skill.ReadText() is { } now && trail.Hash == VersionStore.HashOf(now) ? target : null;
    }

    private void Append(Skill skill, string kind, string author, string what, byte[] content, long? of = null) =>
        versions.Append(Collection, NameOf(skill), kind, author, what, VersionStore.HashOf(content), content, of);

    /// <summary>Two skills can have the same name, so the trail is named after the folder.</summary>
    private static string NameOf(Skill skill) => VersionStore.HashOf(Encoding.UTF8.GetBytes(skill.Folder));
}
