using Plue.Server.Codices;
using Plue.Server.Codices.Skills;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>Identifies one of a user's files.</summary>
/// <param name="Name">The file name without extension.</param>
internal sealed record DocumentLocation(CodexCollection Collection, string Name, TemplateLayer Layer, string Path)
{
    private const string Json5Extension = ".json5";
    private const string MarkdownExtension = ".md";

    /// <summary>The document folders in the home folder or a workspace's <c>.plue</c>.</summary>
    private static readonly IReadOnlyDictionary<string, (CodexCollection Collection, string Extension)> Folders = new Dictionary<
        string,
        (CodexCollection, string)
    >(StringComparer.Ordinal)
    {
        ["templates"] = (CodexCollection.Templates, Json5Extension),
        ["items"] = (CodexCollection.Items, Json5Extension),
        ["prompts"] = (CodexCollection.Prompts, MarkdownExtension),
        ["providers"] = (CodexCollection.Providers, Json5Extension),
    };

    /// <summary>Gets the glob patterns of documents below the home folder or a workspace's <c>.plue</c>. A workspace cannot have providers.</summary>
    public static IReadOnlyList<string> Patterns(bool ofWorkspace) =>
        [
            .. Folders
                .Where(folder => !ofWorkspace || folder.Value.Collection != CodexCollection.Providers)
                .Select(folder => $"{folder.Key}/*{folder.Value.Extension}"),
        ];

    public bool IsJson5 => Collection != CodexCollection.Prompts;

    /// <summary>True for the <c>SKILL.md</c> of a skill: Markdown like a prompt, without an address.</summary>
    public bool IsSkill { get; init; }

    /// <summary>Null if the file name cannot be an address.</summary>
    public CodexUri? Uri =>
        IsSkill ? null
        : CodexUri.TryOf(Collection, Name, out var uri) ? uri
        : null;

    /// <param name="trustedFolders">Null if there are none: then no file of a workspace is a document.</param>
    /// <returns>Null if the file is not a document of Plue.</returns>
    public static DocumentLocation? Of(string path, PluePaths paths, WorkspaceFolders? trustedFolders) =>
        In(path, paths.Home, TemplateLayer.User)
        ?? (trustedFolders?.Paths ?? [])
            .Select(folder => In(path, System.IO.Path.Combine(folder, ".plue"), TemplateLayer.Workspace))
            .FirstOrDefault(found => found is not null)
        ?? OfSkill(path, paths, trustedFolders);

    private static DocumentLocation? OfSkill(string path, PluePaths paths, WorkspaceFolders? trustedFolders) =>
        System.IO.Path.GetFileName(path) == Skill.FileName
        && System.IO.Path.GetDirectoryName(path) is { } folder
        && SkillPlace.All(paths, trustedFolders).FirstOrDefault(place => RealPath.IsUnder(place.Path, folder) && place.Path != folder)
            is { } place
            ? new DocumentLocation(
                CodexCollection.Prompts,
                System.IO.Path.GetFileName(folder),
                place.IsWorkspace ? TemplateLayer.Workspace : TemplateLayer.User,
                path
            )
            {
                IsSkill = true,
            }
            : null;

    private static DocumentLocation? In(string path, string root, TemplateLayer layer)
    {
        if (
            System.IO.Path.GetDirectoryName(path) is not { } folder
            || System.IO.Path.GetDirectoryName(folder) is not { } parent
            || !IsSame(parent, root)
        )
        {
            return null;
        }
        if (
            !Folders.TryGetValue(System.IO.Path.GetFileName(folder), out var kind)
            || !path.EndsWith(kind.Extension, StringComparison.Ordinal)
        )
        {
            return null;
        }
        if (layer == TemplateLayer.Workspace && kind.Collection == CodexCollection.Providers)
        {
            return null;
        }

        var name = System.IO.Path.GetFileName(path)[..^kind.Extension.Length];
        return name.Length == 0 || name[0] == '.' ? null : new DocumentLocation(kind.Collection, name, layer, path);
    }

    private static bool IsSame(string a, string b) =>
        string.Equals(
            a.TrimEnd(System.IO.Path.DirectorySeparatorChar),
            System.IO.Path.GetFullPath(b).TrimEnd(System.IO.Path.DirectorySeparatorChar),
            OperatingSystem.IsLinux() ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase
        );
}
