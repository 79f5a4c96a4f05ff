using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Permissions;

/// <summary>A user folder with a workspace, a sibling with a similar name, a home of Plue, and agents whose permissions are tested there.</summary>
internal sealed class PermissionFixture : IDisposable
{
    private readonly string root = RealPath.Of(Directory.CreateTempSubdirectory("plue-perm-").FullName);

    public PermissionFixture(string? searchPath = null, string? shell = null, string[]? ordinaryFiles = null)
    {
        Home = Directory.CreateDirectory(Path.Combine(root, "home")).FullName;
        Workspace = Directory.CreateDirectory(Path.Combine(Home, "proj")).FullName;
        Sibling = Directory.CreateDirectory(Path.Combine(Home, "proj-evil")).FullName;
        Paths = new PluePaths(Path.Combine(root, "plue"));
        Rules = new StoredRules(Paths, TimeProvider.System);
        Policy = new PermissionPolicy(Paths, Rules, Home, searchPath ?? "/usr/bin:/bin", shell ?? "/bin/sh", () => ordinaryFiles ?? []);
        Write("a.txt", "one\ntwo\n");
        Write("sub/b.txt", "three\n");
    }

    public string Home { get; }
    public string Workspace { get; }
    public string Sibling { get; }
    public PluePaths Paths { get; }
    public StoredRules Rules { get; }
    public PermissionPolicy Policy { get; }

    public string At(string name) => Path.Combine(Workspace, name);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
        return At(name);
    }

    public void Link(string name, string target) => File.CreateSymbolicLink(At(name), target);

    public Rights Agent(
        PermissionMode mode = PermissionMode.Ask,
        string[]? allow = null,
        string[]? ask = null,
        string[]? deny = null,
        string[]? tools = null,
        string title = "Agent"
    ) =>
        new()
        {
            CodexId = "task_1",
            Title = title,
            Tools = tools ?? ["read", "write", "edit", "bash", "search", "spawn_task", "fetch", "github/*"],
            Permissions = new AgentPermissions(allow ?? [], ask ?? [], deny ?? []),
            Mode = mode,
            Folders = WorkspaceFolders.Of(Workspace),
        };

    public Verdict Command(string command, params Rights[] rights) =>
        Policy.Evaluate("bash", new ToolAction.RunCommand(command, Workspace), rights is [] ? [Agent()] : rights);

    public Verdict Read(string path, params Rights[] rights) =>
        Policy.Evaluate("read", new ToolAction.ReadFile(Path.Combine(Workspace, path)), rights is [] ? [Agent()] : rights);

    public Verdict Change(string path, params Rights[] rights) =>
        Policy.Evaluate(
            "write",
            new ToolAction.ChangeFile(Path.Combine(Workspace, path), FileChangeKind.Modify),
            rights is [] ? [Agent(PermissionMode.EditFreely)] : rights
        );

    public Verdict Fetch(string address, params Rights[] rights) =>
        Policy.Evaluate("fetch", new ToolAction.Fetch(new Uri(address)), rights is [] ? [Agent()] : rights);

    public void Dispose() => Directory.Delete(root, recursive: true);
}
