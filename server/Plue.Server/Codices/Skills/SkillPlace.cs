using Plue.Server.Platform;

namespace Plue.Server.Codices.Skills;

/// <summary>A folder with skills, each in a subfolder.</summary>
/// <param name="Title">The name in lists: <c>~/.plue/skills</c>, or a path relative to the workspace.</param>
/// <param name="Root">The workspace folder; null for a folder of the user.</param>
internal sealed record SkillPlace(string Path, string Title, string? Root)
{
    private static readonly string[] OfWorkspace = [".plue", ".agents", ".claude", ".github"];
    private static readonly string[] OfUser = [".agents", ".claude"];

    public bool IsWorkspace => Root is not null;

    /// <summary>Returns all places in order of precedence: the workspace before the user.</summary>
    /// <param name="workspace">The trusted folders, or null.</param>
    public static IReadOnlyList<SkillPlace> All(PluePaths paths, WorkspaceFolders? workspace) =>
        [
            .. (workspace?.All ?? []).SelectMany(folder =>
                OfWorkspace.Select(name => new SkillPlace(
                    System.IO.Path.Combine(folder.Path, name, "skills"),
                    workspace!.Shown(folder, $"{name}/skills"),
                    folder.Path
                ))
            ),
            OfTheUser(paths.Skills, "~/.plue/skills", workspace),
            .. paths.SharedFolder is { } home
                ? OfUser.Select(name => OfTheUser(System.IO.Path.Combine(home, name, "skills"), $"~/{name}/skills", workspace))
                : [],
        ];

    /// <summary>A user's place inside a workspace folder counts as the workspace's, because agents can change its files.</summary>
    private static SkillPlace OfTheUser(string path, string title, WorkspaceFolders? workspace) =>
        new(path, title, workspace?.All.FirstOrDefault(folder => RealPath.ResolvesInto(path, folder.Path))?.Path);
}
