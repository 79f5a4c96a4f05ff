using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Codices.Skills;

/// <summary>Reads skills from disk. A skill is read again when the names, lengths or timestamps of its files change. Thread-safe.</summary>
internal sealed class SkillReader
{
    /// <summary>The maximum size of a <c>SKILL.md</c> in bytes.</summary>
    public const int MaxTextBytes = 64 * 1024;
    private const int MaxDepth = 3;
    private const int MaxFolders = 500;

    private readonly Lock sync = new();
    private readonly Dictionary<string, (IReadOnlyList<SkillFolder.Entry> Entries, Skill Skill)> known = new(StringComparer.Ordinal);

    /// <summary>Returns the folders of a place that contain a <c>SKILL.md</c>, by name; none if the place cannot be listed.</summary>
    public static IReadOnlyList<string> Find(SkillPlace place)
    {
        List<string> found = [];
        var visited = 0;
        void Scan(string folder, int depth)
        {
            foreach (var inner in Folders(folder))
            {
                if (++visited > MaxFolders)
                {
                    return;
                }
                if (File.Exists(Path.Combine(inner, Skill.FileName)))
                {
                    found.Add(inner);
                }
                else if (depth < MaxDepth && new DirectoryInfo(inner).LinkTarget is null)
                {
                    Scan(inner, depth + 1);
                }
            }
        }

        Scan(place.Path, 1);
        return found;
    }

    /// <param name="isFresh">True to read the files even if their metadata did not change.</param>
    public Skill Read(SkillPlace place, string folder, bool isFresh = false)
    {
        var real = RealPath.Of(folder);
        if (place.Root is { } root && !RealPath.ResolvesInto(folder, root))
        {
            return Unusable(place, folder, real, "It is a link to a folder outside the workspace.");
        }

        try
        {
            var entries = SkillFolder.List(real, out var failure);
            if (failure is not null)
            {
                return Unusable(place, folder, real, failure);
            }

            lock (sync)
            {
                if (!isFresh && known.TryGetValue(real, out var before) && before.Entries.SequenceEqual(entries))
                {
                    return before.Skill with { Place = place };
                }
            }

            var skill = Load(place, folder, real, SkillFolder.Read(real, entries));
            lock (sync)
            {
                known[real] = (entries, skill);
            }

            return skill;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Unusable(place, folder, real, $"It could not be read: {fault.Message.TrimEnd('.')}.");
        }
    }

    private static IEnumerable<string> Folders(string folder)
    {
        try
        {
            return Directory.Exists(folder)
                ?
                [
                    .. Directory
                        .EnumerateDirectories(folder, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.None })
                        .Where(one => Path.GetFileName(one) is not ("node_modules" or ['.', ..]))
                        .Order(StringComparer.Ordinal)
                        .Take(MaxFolders),
                ]
                : [];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static Skill Load(SkillPlace place, string folder, string real, IReadOnlyList<SkillFile> files)
    {
        if (
            files.All(file => file.Path != Skill.FileName)
            || RegularFile.Read(Path.Combine(real, Skill.FileName), MaxTextBytes) is not { } bytes
        )
        {
            return Unusable(place, folder, real, $"{Skill.FileName} is a link, or larger than {MaxTextBytes / 1024} KB.") with
            {
                Files = files,
            };
        }
        if (PromptFormat.Decode(bytes) is not { } text || text.Contains('\0', StringComparison.Ordinal))
        {
            return Unusable(place, folder, real, $"{Skill.FileName} is not UTF-8 text.") with { Files = files };
        }
        if (files.First(file => file.Path == Skill.FileName).Sha256 != AllowedTexts.HashOf(bytes))
        {
            throw new IOException("it changed while it was read");
        }

        var parsed = FrontMatter.Parse(text);
        return new Skill
        {
            Name = NameOf(Path.GetFileName(folder), parsed) ?? Path.GetFileName(folder),
            Place = place,
            Folder = real,
            Head = new SkillHead(parsed.Values),
            Body = parsed.Body,
            Files = files,
            Sha256 = SkillFolder.HashOf(files),
            Problems = [.. parsed.Problems, .. SkillHead.Check(parsed.Values, Path.GetFileName(folder))],
            Failure = FailureOf(Path.GetFileName(folder), parsed),
        };
    }

    /// <param name="folder">The name of the folder.</param>
    public static string? FailureOf(string folder, FrontMatter text) =>
        NameOf(folder, text) is null ? $"Its folder has no valid name: a name {SkillHead.WhyNoName(folder)}"
        : text.Body.Length == 0 ? $"{Skill.FileName} has no text below its front matter."
        : null;

    private static string? NameOf(string folder, FrontMatter text) =>
        new SkillHead(text.Values).Name is { } own && SkillHead.WhyNoName(own) is null ? own : SkillHead.NameOf(folder);

    private static Skill Unusable(SkillPlace place, string folder, string real, string failure) =>
        new()
        {
            Name = Path.GetFileName(folder),
            Place = place,
            Folder = real,
            Head = new SkillHead(Json5Object.Empty),
            Body = "",
            Sha256 = "",
            Failure = failure,
        };
}
