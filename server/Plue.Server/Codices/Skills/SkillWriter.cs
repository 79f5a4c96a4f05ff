using System.Globalization;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices.Skills;

/// <summary>Writes new skills. A folder is written completely or not at all, and never overwritten.</summary>
internal static class SkillWriter
{
    private const UnixFileMode NewFileMode =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <param name="place">The parent folder.</param>
    /// <returns>The path of its <c>SKILL.md</c>.</returns>
    public static string Create(string place, string name, string description)
    {
        if (SkillHead.WhyNoName(name) is { } why)
        {
            throw new FailureException(FailureKind.BadRequest, $"The name of a skill {why}");
        }

        var line = OneLine.Of(description);
        if (line.Length is 0 or > SkillHead.MaxDescriptionLength)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"The description of a skill must have 1 to {SkillHead.MaxDescriptionLength} characters."
            );
        }

        var title = CultureInfo.InvariantCulture.TextInfo.ToUpper(name[0]) + name[1..].Replace('-', ' ');
        var text = $"""
            ---
            name: {name}
            description: "{line.Replace('"', '\'').Replace('\\', '/')}"
            ---

            # {title}

            Write here what an agent does, step by step. It reads this text when it loads the skill.

            """.ReplaceLineEndings("\n");
        WriteAll(place, [new NewSkill(name, [new NewFile(Skill.FileName, Encoding.UTF8.GetBytes(text), IsExecutable: false)])]);
        return Path.Combine(place, name, Skill.FileName);
    }

    /// <summary>Writes all of the skills, or none.</summary>
    /// <exception cref="FailureException">Conflict: a skill exists. StoreReadOnly.</exception>
    public static void WriteAll(string place, IReadOnlyList<NewSkill> skills)
    {
        if (skills.FirstOrDefault(skill => Path.Exists(Path.Combine(place, skill.Name))) is { } taken)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"Nothing was written: {Path.Combine(place, taken.Name)} exists. Rename or delete it first."
            );
        }

        // A folder whose name starts with a dot is not read as a skill.
        var draft = Path.Combine(place, $".new-{Guid.NewGuid():N}");
        List<string> moved = [];
        try
        {
            foreach (var skill in skills)
            {
                foreach (var file in skill.Files)
                {
                    var path = Path.Combine(draft, skill.Name, file.Path.Replace('/', Path.DirectorySeparatorChar));
                    Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                    using (
                        var stream = RegularFile.Open(
                            path,
                            FileMode.CreateNew,
                            FileAccess.Write,
                            FileShare.None,
                            FileOptions.None,
                            NewFileMode
                        )
                    )
                    {
                        stream.Write(file.Content);
                    }
                    if (file.IsExecutable && !OperatingSystem.IsWindows())
                    {
                        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | UnixFileMode.UserExecute);
                    }
                }
            }

            foreach (var skill in skills)
            {
                var target = Path.Combine(place, skill.Name);
                Directory.Move(Path.Combine(draft, skill.Name), target);
                moved.Add(target);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            foreach (var target in moved)
            {
                Remove(target);
            }

            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The skill was not written ({fault.Message.TrimEnd('.')}). Make {place} writable, then try again.",
                fault
            );
        }
        finally
        {
            Remove(draft);
        }
    }

    private static void Remove(string folder)
    {
        try
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A leftover folder is not read as a skill, and the original error is reported.
        }
    }
}

/// <param name="Name">The folder name.</param>
internal sealed record NewSkill(string Name, IReadOnlyList<NewFile> Files);

/// <param name="Path">Relative to the skill's folder, with <c>/</c>.</param>
internal sealed record NewFile(string Path, byte[] Content, bool IsExecutable);
