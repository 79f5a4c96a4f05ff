using Plue.Server.Codices.Skills;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Codices.Skills;

/// <summary>A home and a workspace with skill folders, and their catalog.</summary>
internal sealed class SkillFixture : IDisposable
{
    private readonly string top = RealPath.Of(Directory.CreateTempSubdirectory("plue-skills-").FullName);

    public SkillFixture()
    {
        Paths = new PluePaths(Path.Combine(top, "user", ".plue"), Path.Combine(top, "user"));
        Directory.CreateDirectory(Paths.Home);
        Workspace = Folder("work");
        Folders = WorkspaceFolders.Of(Workspace);
        Catalog = Open();
    }

    public PluePaths Paths { get; }
    public string Workspace { get; }
    public string User => Path.Combine(top, "user");

    /// <summary>The trusted folders; null for an untrusted workspace.</summary>
    public WorkspaceFolders? Folders { get; set; }
    public long Budget { get; set; } = 2000;
    public SkillCatalog Catalog { get; }

    /// <summary>Opens the same files like another window.</summary>
    public SkillCatalog Open() => new(Paths, TimeProvider.System, () => Folders, () => Budget);

    public string Folder(string name) => Directory.CreateDirectory(Path.Combine(top, name)).FullName;

    /// <returns>The folder of the skill.</returns>
    public string Write(string place, string name, string head = "description: Does it.", string body = "Do it.")
    {
        var folder = Path.Combine(place, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "SKILL.md"), $"---\nname: {name}\n{head}\n---\n{body}\n");
        return folder;
    }

    public FoundSkill One(string name) => Assert.Single(Catalog.List(), one => one.Skill.Name == name);

    public void Approve(string name) => Catalog.Approve(One(name).Skill.Folder, One(name).Skill.Sha256);

    public void Dispose() => Directory.Delete(top, recursive: true);
}
