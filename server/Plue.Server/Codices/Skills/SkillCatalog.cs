using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices.Skills;

/// <summary>
/// The skills of the user and of the trusted folders with their states. Files are checked on each call, so a change applies from the next request. A skill in a
/// workspace or with hidden characters is used only if the user approved exactly this version of its files. Thread-safe.
/// </summary>
internal sealed class SkillCatalog
{
    /// <summary>The maximum number of skills that are read; the note of <see cref="List(out string?)"/> reports further ones.</summary>
    public const int MaxSkills = 200;

    private readonly PluePaths paths;
    private readonly Func<WorkspaceFolders?> workspace;
    private readonly Func<long> budget;
    private readonly SkillStates states;
    private readonly SkillVersions versions;
    private readonly SkillReader reader = new();

    /// <param name="workspace">The trusted folders, or null.</param>
    /// <param name="budget">Returns the maximum number of tokens of the list in a request.</param>
    internal SkillCatalog(PluePaths paths, TimeProvider time, Func<WorkspaceFolders?> workspace, Func<long> budget) =>
        (this.paths, this.workspace, this.budget, states, versions) = (
            paths,
            workspace,
            budget,
            new SkillStates(paths, time),
            new SkillVersions(paths, time)
        );

    public IReadOnlyList<SkillPlace> Places => SkillPlace.All(paths, workspace());

    /// <summary>Returns all skills, those of the workspace first.</summary>
    public IReadOnlyList<FoundSkill> List() => List(out _);

    /// <param name="note">One sentence if there are more skills than are read; otherwise null.</param>
    public IReadOnlyList<FoundSkill> List(out string? note)
    {
        // A link in another place can lead to the same folder.
        List<(SkillPlace Place, string Folder)> folders =
        [
            .. Places
                .SelectMany(place => SkillReader.Find(place).Select(folder => (place, folder)))
                .DistinctBy(one => RealPath.Of(one.folder), StringComparer.Ordinal),
        ];
        note = folders.Count <= MaxSkills ? null : $"{folders.Count - MaxSkills} skills are not used: at most {MaxSkills} are read.";
        var stored = states.Read();
        Dictionary<string, Skill> used = new(StringComparer.Ordinal);
        List<FoundSkill> found = [];
        foreach (var (place, folder) in folders.Take(MaxSkills))
        {
            var skill = reader.Read(place, folder);
            var one = StateOf(skill, stored, used.GetValueOrDefault(skill.Name));
            if (one.State == SkillState.On)
            {
                used[skill.Name] = skill;
            }

            found.Add(one);
        }

        return found;
    }

    /// <summary>Returns the list for the model.</summary>
    public SkillList ForModel(IReadOnlyList<FoundSkill>? found = null) =>
        SkillList.Of([.. (found ?? List()).Where(one => one.IsForModel).Select(one => one.Skill)], budget());

    /// <summary>Returns the skill with this name that the model or the user may use; null if there is none.</summary>
    /// <exception cref="FailureException">Conflict: the skill waits for approval.</exception>
    public Skill? Find(string name, bool isUser)
    {
        var all = List().Where(one => one.Skill.Name == name).ToList();
        if (all.FirstOrDefault(one => isUser ? one.IsForUser : one.IsForModel) is { } on)
        {
            // Read again, because a file can change without a new length or timestamp.
            var now = reader.Read(on.Skill.Place, on.Skill.Folder, isFresh: true);
            return StateOf(now, states.Read(), null) is { State: SkillState.On }
                ? now
                : throw new FailureException(FailureKind.Conflict, $"The skill {name} changed just now. Review it with Plue: Show Skills.");
        }

        return
            all.FirstOrDefault(one => one.State == SkillState.Waiting) is { } waiting
            && (isUser ? waiting.Skill.Head.IsForUser : waiting.Skill.Head.IsForModel)
            ? throw new FailureException(
                FailureKind.Conflict,
                $"The skill {name} is not used yet. {waiting.Reason} Review and approve it with Plue: Show Skills."
            )
            : null;
    }

    /// <summary>Returns the current skill in this folder.</summary>
    public FoundSkill? FindFolder(string folder) => List().FirstOrDefault(one => one.Skill.Folder == folder);

    /// <summary>Returns a file of a usable skill outside the workspace.</summary>
    /// <param name="path">Absolute, or starting with <c>~/</c>.</param>
    /// <returns>Null for any other path.</returns>
    /// <exception cref="FailureException">Conflict: the file changed since the skill was read. NotFound.</exception>
    public (Skill Skill, SkillFile File)? FindFile(string path)
    {
        var full = HomePath.Of(path, PluePaths.UserFolder);
        if (!Path.IsPathFullyQualified(full))
        {
            return null;
        }

        var real = RealPath.Of(Path.GetFullPath(full));
        if (
            WorkspaceFolders.IsInside(workspace(), real)
            || List().FirstOrDefault(one => one.State == SkillState.On && RealPath.IsUnder(one.Skill.Folder, real)) is not { } on
        )
        {
            return null;
        }

        var relative = Path.GetRelativePath(on.Skill.Folder, real).Replace(Path.DirectorySeparatorChar, '/');
        return (
            on.Skill,
            on.Skill.Files.FirstOrDefault(file => file.Path == relative)
                ?? throw new FailureException(
                    FailureKind.NotFound,
                    $"The skill {on.Skill.Name} has no file {HiddenCharacters.VisibleLine(relative)}. Its files are listed when the skill is loaded."
                )
        );
    }

    /// <summary>The skill with this <c>SKILL.md</c> as it is now, in any state; null for any other path.</summary>
    /// <param name="path">Absolute, or from <c>~/</c>.</param>
    public Skill? FindText(string path)
    {
        var full = HomePath.Of(path, PluePaths.UserFolder);
        return List().FirstOrDefault(one => one.Skill.Path == full)?.Skill is { } skill
            ? reader.Read(skill.Place, skill.Folder, isFresh: true)
            : null;
    }

    /// <summary>Why a skill with this text could not be used, as a sentence; null if it could.</summary>
    public static string? FailureOf(Skill skill, string text) =>
        Encoding.UTF8.GetByteCount(text) > SkillReader.MaxTextBytes
            ? $"It is larger than {SkillReader.MaxTextBytes / 1024} KB."
            : SkillReader.FailureOf(Path.GetFileName(skill.Folder), FrontMatter.Parse(text));

    /// <inheritdoc cref="SkillVersions.Put"/>
    public void Put(Skill skill, byte[] text) => versions.Put(skill, text);

    /// <inheritdoc cref="SkillVersions.CanUndo"/>
    public bool CanUndo(Skill skill) => versions.CanUndo(skill);

    /// <inheritdoc cref="SkillVersions.Undo"/>
    public void Undo(string folder)
    {
        var skill = Require(folder).Skill;
        versions.Undo(reader.Read(skill.Place, skill.Folder, isFresh: true));
    }

    /// <exception cref="FailureException">Conflict: it is another than the user saw. NotFound, StoreReadOnly.</exception>
    public void Approve(string folder, string sha256)
    {
        var one = Require(folder);
        var now = reader.Read(one.Skill.Place, folder, isFresh: true);
        if (now.Sha256 != sha256 || now.Failure is not null)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"The skill {now.Name} changed since you reviewed it. Review it again before you approve it."
            );
        }

        states.Approve(now);
    }

    /// <exception cref="FailureException">NotFound. StoreReadOnly.</exception>
    public void SetEnabled(string folder, bool isEnabled) => states.SetDisabled(Require(folder).Skill.Folder, !isEnabled);

    /// <summary>Creates a skill with initial text. It is approved, because the user created it.</summary>
    /// <param name="place">The path of one of <see cref="Places"/>.</param>
    /// <returns>The path of its <c>SKILL.md</c>.</returns>
    /// <exception cref="FailureException">BadRequest: an invalid name. Conflict: the skill exists. StoreReadOnly.</exception>
    public string Create(string place, string name, string description)
    {
        var at = PlaceOf(place);
        var path = SkillWriter.Create(at.Path, name, description);
        if (at.IsWorkspace && reader.Read(at, Path.GetDirectoryName(path)!) is { Failure: null } skill)
        {
            states.Approve(skill);
        }

        return path;
    }

    /// <summary>Copies the skills in a folder or zip file. Nothing is overwritten; skills in a workspace wait for approval.</summary>
    /// <returns>The paths of the new <c>SKILL.md</c> files.</returns>
    /// <exception cref="FailureException">Nothing was imported. BadRequest: the source cannot be imported. Conflict: a skill exists. StoreReadOnly.</exception>
    public IReadOnlyList<string> Import(string source, string place) => SkillImport.Run(source, PlaceOf(place).Path);

    public long ListLimit => budget();

    private SkillPlace PlaceOf(string path) =>
        Places.FirstOrDefault(place => place.Path == path)
        ?? throw new FailureException(FailureKind.NotFound, "This folder for skills is no longer available. Choose another one.");

    private FoundSkill Require(string folder) =>
        FindFolder(folder) ?? throw new FailureException(FailureKind.NotFound, "This skill no longer exists. Run Plue: Show Skills again.");

    /// <param name="nearer">Another skill with this name that is on; null if there is none.</param>
    private static FoundSkill StateOf(Skill skill, StoredSkillStates stored, Skill? nearer)
    {
        if (skill.Failure is { } failure)
        {
            return new FoundSkill(skill, SkillState.Invalid, failure);
        }
        if (stored.IsDisabled(skill))
        {
            return new FoundSkill(skill, SkillState.Off, "You turned it off.");
        }

        var hidden = skill.HiddenPlaces;
        var approval = stored.ApprovalOf(skill);
        if ((skill.Place.IsWorkspace || hidden.Count > 0) && approval?.Sha256 != skill.Sha256)
        {
            var changes = approval is null ? [] : ChangesOf(approval, skill);
            return new FoundSkill(
                skill,
                SkillState.Waiting,
                string.Join(
                    ' ',
                    new[]
                    {
                        approval is not null ? $"It changed since you approved it: {Named(changes)}."
                        : skill.Place.IsWorkspace ? "It comes from the workspace and needs your approval."
                        : null,
                        hidden.Count > 0 ? $"It has invisible characters that a model reads: {Named(hidden)}." : null,
                    }.OfType<string>()
                )
            )
            {
                Changes = changes,
            };
        }

        return nearer is not null
            ? new FoundSkill(skill, SkillState.Shadowed, $"The skill with this name in {nearer.Place.Title} is used instead.")
            : new FoundSkill(skill, SkillState.On, null)
            {
                ListTokens = skill.Head.IsForModel ? TokenEstimate.Of(SkillList.LineOf(skill)) : 0,
            };
    }

    private static IReadOnlyList<string> ChangesOf(StoredSkillApproval approval, Skill skill)
    {
        var before = (approval.Files ?? []).ToLookup(file => file.Path, file => file.Sha256);
        return
        [
            .. skill.Files.Where(file => before[file.Path].FirstOrDefault() != file.Sha256).Select(file => file.Path),
            .. (approval.Files ?? []).Where(file => skill.Files.All(now => now.Path != file.Path)).Select(file => $"{file.Path} (deleted)"),
        ];
    }

    private static string Named(IReadOnlyList<string> names)
    {
        const int max = 3;
        var shown = string.Join(", ", names.Take(max).Select(HiddenCharacters.VisibleLine));
        return names.Count > max ? $"{shown} and {names.Count - max} more" : shown;
    }
}
