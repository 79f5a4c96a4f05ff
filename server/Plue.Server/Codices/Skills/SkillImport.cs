using System.IO.Compression;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Codices.Skills;

/// <summary>Copies skills from a folder or zip file after checking all content. Refuses links, escaping paths and oversized content.</summary>
internal static class SkillImport
{
    public const int MaxSkills = 50;
    public const int MaxEntries = 2_000;
    public const int MaxBytes = 50 * 1024 * 1024;
    private const int LinkType = 0xA000;
    private const int TypeMask = 0xF000;
    private const int OwnerExecute = 0x40;
    private static readonly string[] Skipped = [".git", "__pycache__", "__MACOSX", "node_modules", ".DS_Store"];

    /// <param name="Path">Relative, with <c>/</c>.</param>
    private sealed record Entry(string Path, Func<int, byte[]?> Read, bool IsExecutable);

    /// <returns>The paths of the new <c>SKILL.md</c> files.</returns>
    public static IReadOnlyList<string> Run(string source, string place)
    {
        try
        {
            if (Directory.Exists(source))
            {
                return Write(FromFolder(source), Path.GetFileName(Path.TrimEndingDirectorySeparator(source)), place);
            }

            using var content = RegularFile.OpenRead(source);
            using var archive = new ZipArchive(content, ZipArchiveMode.Read);
            return Write(FromZip(archive), Path.GetFileNameWithoutExtension(source), place);
        }
        catch (InvalidDataException fault)
        {
            throw Refused("The file is not a zip file, or it is damaged.", fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw Refused($"{HiddenCharacters.VisibleLine(source)} could not be read ({fault.Message.TrimEnd('.')}).", fault);
        }
    }

    private static IReadOnlyList<string> Write(IReadOnlyList<Entry> entries, string name, string place)
    {
        List<string> roots =
        [
            .. entries
                .Where(entry => NameOf(entry.Path) == Skill.FileName)
                .Select(entry => entry.Path[..^Skill.FileName.Length])
                .OrderBy(root => root.Length),
        ];
        // A SKILL.md inside a skill is one of its files.
        roots =
        [
            .. roots.Where(root => !roots.Exists(other => other.Length < root.Length && root.StartsWith(other, StringComparison.Ordinal))),
        ];
        if (roots.Count is 0 or > MaxSkills)
        {
            throw Refused(
                roots.Count == 0
                    ? $"It has no {Skill.FileName}."
                    : $"It has {roots.Count} skills, and at most {MaxSkills} can be imported at once."
            );
        }

        var remaining = MaxBytes;
        List<NewSkill> skills = [];
        foreach (var root in roots)
        {
            List<NewFile> files = [];
            foreach (var entry in entries.Where(entry => entry.Path.StartsWith(root, StringComparison.Ordinal)))
            {
                var bytes =
                    entry.Read(Math.Min(remaining, SkillFolder.MaxBytes))
                    ?? throw Refused($"{Shown(entry.Path)} or all files together are too large.");
                remaining -= bytes.Length;
                files.Add(new NewFile(entry.Path[root.Length..], bytes, entry.IsExecutable));
            }

            skills.Add(Checked(root, files, name));
        }

        if (skills.GroupBy(skill => skill.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw Refused($"It has several skills with the name {twice.Key}.");
        }

        SkillWriter.WriteAll(place, skills);
        return [.. skills.Select(skill => Path.Combine(place, skill.Name, Skill.FileName))];
    }

    private static NewSkill Checked(string root, IReadOnlyList<NewFile> files, string name)
    {
        if (files.Count > SkillFolder.MaxFiles || files.Sum(file => (long)file.Content.Length) > SkillFolder.MaxBytes)
        {
            throw Refused(
                $"The skill {Shown(root)} has more than {SkillFolder.MaxFiles} files or {SkillFolder.MaxBytes / 1024 / 1024} MiB."
            );
        }

        var text =
            PromptFormat.Decode(files.First(file => file.Path == Skill.FileName).Content)
            ?? throw Refused($"{Shown(root + Skill.FileName)} is not UTF-8 text.");
        var head = new SkillHead(FrontMatter.Parse(text).Values);
        var folder = root.Length == 0 ? name : NameOf(root.TrimEnd('/'));
        var own = head.Name is { } given && SkillHead.WhyNoName(given) is null ? given : SkillHead.NameOf(folder);
        return new NewSkill(
            own ?? throw Refused($"The folder {Shown(folder)} is no name for a skill: it {SkillHead.WhyNoName(folder)}"),
            files
        );
    }

    private static List<Entry> FromFolder(string source)
    {
        List<Entry> entries = [];
        void Walk(DirectoryInfo folder, string prefix, int depth)
        {
            foreach (var one in folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
            {
                var path = prefix + one.Name;
                if (Skipped.Contains(one.Name))
                {
                    continue;
                }
                if (one.LinkTarget is not null)
                {
                    throw Refused($"{Shown(path)} is a link. Links are not imported.");
                }
                if (one is DirectoryInfo inner)
                {
                    if (depth > SkillFolder.MaxDepth + 2)
                    {
                        throw Refused($"{Shown(path)} is too deep.");
                    }

                    Walk(inner, path + "/", depth + 1);
                    continue;
                }

                Add(
                    entries,
                    new Entry(
                        path,
                        max => RegularFile.Read(one.FullName, max),
                        !OperatingSystem.IsWindows() && File.GetUnixFileMode(one.FullName).HasFlag(UnixFileMode.UserExecute)
                    )
                );
            }
        }

        Walk(new DirectoryInfo(RealPath.Of(source)), "", 0);
        return entries;
    }

    private static List<Entry> FromZip(ZipArchive archive)
    {
        List<Entry> entries = [];
        foreach (var one in archive.Entries)
        {
            var mode = one.ExternalAttributes >> 16;
            if ((mode & TypeMask) == LinkType)
            {
                throw Refused($"{Shown(one.FullName)} is a link. Links are not imported.");
            }
            if (WhyNoPath(one.FullName) is { } why)
            {
                throw Refused($"{Shown(one.FullName)} {why}.");
            }
            if (one.FullName.EndsWith('/') || one.FullName.Split('/').Any(Skipped.Contains))
            {
                continue;
            }

            Add(entries, new Entry(one.FullName, max => Unpack(one, max), (mode & OwnerExecute) != 0));
        }

        return entries;
    }

    private static void Add(List<Entry> entries, Entry entry)
    {
        if (entries.Count == MaxEntries)
        {
            throw Refused($"It has more than {MaxEntries} files.");
        }
        // Some file systems ignore case.
        if (entries.Exists(other => string.Equals(other.Path, entry.Path, StringComparison.OrdinalIgnoreCase)))
        {
            throw Refused($"{Shown(entry.Path)} occurs twice.");
        }

        entries.Add(entry);
    }

    /// <summary>Unpacks an entry and counts the bytes, because the size stated in the archive is not reliable.</summary>
    private static byte[]? Unpack(ZipArchiveEntry entry, int max)
    {
        using var packed = entry.Open();
        using var content = new MemoryStream();
        var buffer = new byte[81920];
        for (int read; (read = packed.Read(buffer)) > 0; )
        {
            if (content.Length + read > max)
            {
                return null;
            }

            content.Write(buffer, 0, read);
        }

        return content.ToArray();
    }

    /// <returns>Null for a path inside the archive; otherwise the end of an error message.</returns>
    private static string? WhyNoPath(string path) =>
        path.Length is 0 or > 500 || path.Any(c => char.IsControl(c) || c is '\\' or ':') || HiddenCharacters.Count(path) > 0
            ? "is not a valid file name"
        : path[0] == '/' || path.TrimEnd('/').Split('/').Any(name => name is "" or "." or "..") ? "points outside of the archive"
        : null;

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static string Shown(string path) => HiddenCharacters.VisibleLine(path);

    private static FailureException Refused(string why, Exception? inner = null) =>
        new(FailureKind.BadRequest, $"Nothing was imported. {why}", inner);
}
