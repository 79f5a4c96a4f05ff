using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Codices.Skills;

/// <summary>Reads the files of a skill, without those behind links. Limited in number, size and depth.</summary>
internal static class SkillFolder
{
    public const int MaxFiles = 200;
    public const int MaxBytes = 10 * 1024 * 1024;
    public const int MaxDepth = 6;

    /// <summary>The metadata of an entry, used to detect changes without reading it.</summary>
    /// <param name="Target">The target of a link; null for a file.</param>
    public sealed record Entry(string Path, long Length, DateTime Written, string? Target);

    /// <summary>Returns the files and links, sorted by path.</summary>
    /// <param name="failure">Why the folder exceeds the limits; null if it does not.</param>
    public static IReadOnlyList<Entry> List(string folder, out string? failure)
    {
        List<Entry> entries = [];
        failure = Walk(new DirectoryInfo(folder), "", 0, entries);
        if (failure is null && entries.Sum(entry => entry.Length) > MaxBytes)
        {
            failure = $"Its files are larger than {MaxBytes / 1024 / 1024} MiB together.";
        }

        entries.Sort((one, other) => string.CompareOrdinal(one.Path, other.Path));
        return entries;
    }

    /// <summary>Reads and hashes the files.</summary>
    /// <exception cref="IOException">A file cannot be read or became too large.</exception>
    public static IReadOnlyList<SkillFile> Read(string folder, IReadOnlyList<Entry> entries)
    {
        var remaining = MaxBytes;
        List<SkillFile> files = [];
        foreach (var entry in entries)
        {
            var path = Path.Combine(folder, entry.Path.Replace('/', Path.DirectorySeparatorChar));
            if (entry.Target is { } target)
            {
                files.Add(
                    new SkillFile(entry.Path, 0, AllowedTexts.HashOf(Encoding.UTF8.GetBytes($"link {target}")))
                    {
                        IsLinkOut = !RealPath.ResolvesInto(path, folder),
                    }
                );
                continue;
            }

            var content = RegularFile.Read(path, remaining) ?? throw new IOException("its files are too large");
            remaining -= content.Length;
            var text =
                PromptFormat.Decode(content) is { } decoded && !decoded.Contains('\0', StringComparison.Ordinal)
                    ? decoded.TrimStart('\uFEFF')
                    : null;
            var isScript = SkillScript.IsScript(entry.Path, content);
            files.Add(
                new SkillFile(entry.Path, content.Length, AllowedTexts.HashOf(content))
                {
                    HiddenLine = text is null ? null : HiddenLine(text),
                    IsScript = isScript,
                    Runs = isScript && text is not null ? SkillScript.Runs(entry.Path, text) : [],
                    RunsDownload = isScript && text is not null && SkillScript.RunsDownload(text),
                }
            );
        }

        return files;
    }

    /// <summary>Returns the hash of the names and contents.</summary>
    public static string HashOf(IReadOnlyList<SkillFile> files)
    {
        var text = new StringBuilder();
        foreach (var file in files)
        {
            text.Append(file.Sha256).Append(' ').Append(file.Path.Length).Append(' ').Append(file.Path).Append('\n');
        }

        return AllowedTexts.HashOf(Encoding.UTF8.GetBytes(text.ToString()));
    }

    internal static int? HiddenLine(string text)
    {
        if (HiddenCharacters.Count(text) == 0)
        {
            return null;
        }

        var lines = text.Split('\n');
        var at = Array.FindIndex(lines, line => HiddenCharacters.Count(line.TrimEnd('\r')) > 0);
        return at < 0 ? 1 : at + 1;
    }

    private static string? Walk(DirectoryInfo folder, string prefix, int depth, List<Entry> entries)
    {
        foreach (var one in folder.EnumerateFileSystemInfos("*", new EnumerationOptions { AttributesToSkip = FileAttributes.None }))
        {
            var path = prefix + one.Name;
            if (one.LinkTarget is { } target)
            {
                entries.Add(new Entry(path, 0, default, target));
            }
            else if (one is DirectoryInfo inner)
            {
                if (one.Name is ".git" or "__pycache__")
                {
                    // These files change when the skill is used, and no model reads them.
                    continue;
                }
                if (
                    (
                        depth + 1 >= MaxDepth
                            ? $"Its folders are deeper than {MaxDepth} levels."
                            : Walk(inner, path + "/", depth + 1, entries)
                    ) is
                    { } failure
                )
                {
                    return failure;
                }
            }
            else
            {
                entries.Add(new Entry(path, ((FileInfo)one).Length, one.LastWriteTimeUtc, null));
            }
            if (entries.Count > MaxFiles)
            {
                return $"It has more than {MaxFiles} files.";
            }
        }

        return null;
    }
}
