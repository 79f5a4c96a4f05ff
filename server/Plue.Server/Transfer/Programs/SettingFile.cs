using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Transfer.Programs;

/// <summary>A file with an agent, a prompt or instructions of another program.</summary>
internal sealed record SettingFile(SettingPlace Place, FileInfo File)
{
    /// <summary>A larger file is not read: half of an instruction can mean the opposite.</summary>
    public const int MaxBytes = 256 * 1024;

    private static readonly string[] Endings =
    [
        ".agent.md",
        ".chatmode.md",
        ".prompt.md",
        ".instructions.md",
        ".mdc",
        ".md",
        ".toml",
        ".yaml",
    ];

    public string Path => File.FullName;
    public bool IsModes => File.Name is "custom_modes.yaml" or ".roomodes" or ".kilocodemodes";

    /// <summary>The file name without extension, with the names of subfolders in front.</summary>
    public string Name
    {
        get
        {
            var relative = Place.Pattern is null ? File.Name : System.IO.Path.GetRelativePath(Place.Path, Path).Replace('\\', '/');
            var ending = Endings.FirstOrDefault(ending =>
                relative.Length > ending.Length && relative.EndsWith(ending, StringComparison.Ordinal)
            );
            return relative[..^(ending?.Length ?? 0)].Replace('/', '-').TrimStart('.');
        }
    }

    /// <exception cref="FailureException">BadRequest: the file cannot be used.</exception>
    public string Read()
    {
        try
        {
            if (Place.Folder is { } folder && !RealPath.ResolvesInto(Path, folder.Path))
            {
                throw new FailureException(FailureKind.BadRequest, "It is a link to a target outside the workspace, so it was not read.");
            }
            if (RegularFile.Read(Path, MaxBytes) is not { } bytes)
            {
                throw new FailureException(FailureKind.BadRequest, "It is larger than 256 KB, the maximum. Split it and import the parts.");
            }

            return PromptFormat.Decode(bytes) is { } text && !text.Contains('\0', StringComparison.Ordinal)
                ? text.TrimStart('\uFEFF').ReplaceLineEndings("\n")
                : throw new FailureException(FailureKind.BadRequest, "It is not UTF-8 text. Choose another.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"It could not be read ({exception.Message.TrimEnd('.')}). Check the file and try again.",
                exception
            );
        }
    }

    /// <summary>Lists the files, by name. Links to folders are not followed, and depth and count are limited.</summary>
    public static IEnumerable<SettingFile> In(SettingPlace place)
    {
        if (place.Pattern is null)
        {
            return new FileInfo(place.Path) is { Exists: true } one ? [new SettingFile(place, one)] : [];
        }
        if (!Directory.Exists(place.Path))
        {
            return [];
        }

        return new DirectoryInfo(place.Path)
            .EnumerateFiles(
                place.Pattern,
                new EnumerationOptions
                {
                    RecurseSubdirectories = place.IsRecursive,
                    MaxRecursionDepth = 4,
                    AttributesToSkip = FileAttributes.ReparsePoint,
                    IgnoreInaccessible = true,
                }
            )
            .Take(500)
            .OrderBy(file => file.FullName, StringComparer.Ordinal)
            .Select(file => new SettingFile(place, file));
    }
}
