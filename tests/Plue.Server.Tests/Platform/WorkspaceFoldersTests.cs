using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

/// <summary>Paths in a workspace with one folder and with several.</summary>
public sealed class WorkspaceFoldersTests : IDisposable
{
    private readonly string top = RealPath.Of(Directory.CreateTempSubdirectory("plue-folders-").FullName);
    private readonly WorkspaceFolders several;

    public WorkspaceFoldersTests()
    {
        Write("api/main.ts");
        Write("api/shared.ts");
        Write("api/web/own.ts");
        Write("web/page.ts");
        Write("web/shared.ts");
        several = WorkspaceFolders.Of([new WorkspaceFolder("api", At("api")), new WorkspaceFolder("web", At("web"))])!;
    }

    public void Dispose() => Directory.Delete(top, recursive: true);

    [Theory]
    [InlineData("web/page.ts", "web/page.ts")] // by name
    [InlineData("./web/page.ts", "web/page.ts")]
    [InlineData("web", "web")]
    [InlineData("shared.ts", "api/shared.ts")] // in the first folder
    [InlineData("page.ts", "web/page.ts")] // only in another folder
    [InlineData("web/own.ts", "api/web/own.ts")] // starts with a folder name, but exists only in the first folder
    [InlineData("web/new.ts", "web/new.ts")] // does not exist: by name
    [InlineData("new.ts", "api/new.ts")] // does not exist: in the first folder
    public void Several_folders_resolve_names_then_the_first_then_the_others(string named, string expected) =>
        Assert.Equal(At(expected), Path.GetFullPath(several.Locate(named)));

    [Fact]
    public void Absolute_paths_are_kept() => Assert.Equal("/etc/passwd", several.Locate("/etc/passwd"));

    [Theory]
    [InlineData("web/own.ts")]
    [InlineData("page.ts")]
    [InlineData("../web/page.ts")]
    [InlineData("./main.ts")]
    public void One_folder_resolves_everything_in_it(string named)
    {
        var one = WorkspaceFolders.Of(At("api"));
        Assert.Equal(Path.Combine(At("api"), named), one.Locate(named));
        Assert.Equal(named, one.Shown(one.First, named));
        Assert.True(one.TryFind(named, out var folder, out var relative));
        Assert.Equal((one.First, named), (folder, relative));
    }

    [Fact]
    public void Several_folders_show_the_name_of_the_folder()
    {
        Assert.Equal("web/page.ts", several.Shown(several.All[1], "page.ts"));
        Assert.Equal("web", several.Shown(several.All[1], ""));
        Assert.True(several.TryFind("web/a/b.ts", out var folder, out var relative));
        Assert.Equal(("web", "a/b.ts"), (folder.Name, relative));
        Assert.False(several.TryFind("gone/a.ts", out _, out _));
        Assert.Equal("api", several.FolderOf(At("api/main.ts"))?.Name);
        Assert.Null(several.FolderOf(At("apiary/main.ts")));
    }

    [Fact]
    public void A_folder_inside_another_one_is_a_part_of_it()
    {
        var nested = WorkspaceFolders.Of([
            new WorkspaceFolder("inner", At("api/web")),
            new WorkspaceFolder("api", At("api")),
            new WorkspaceFolder("again", At("api")),
        ])!;
        Assert.Equal("api", Assert.Single(nested.All).Name);
        Assert.Equal("api/web/own.ts", nested.Shown(nested.First, "web/own.ts"));
    }

    [Fact]
    public void A_folder_that_does_not_exist_is_omitted_and_the_others_keep_their_names()
    {
        var workspace = new Workspace();
        workspace.Open(
            WorkspaceFolders.Of([new WorkspaceFolder("gone", At("gone")), new WorkspaceFolder("web", At("web"))]),
            trusted: true
        );
        var folders = workspace.TrustedFolders!;
        Assert.Equal("web/page.ts", folders.Shown(Assert.Single(folders.All), "page.ts"));
        Assert.Equal(2, workspace.OpenFolders!.All.Count);

        workspace.SetTrusted(false);
        Assert.Null(workspace.TrustedFolders);
        workspace.Change(WorkspaceFolders.Of(At("api")));
        Assert.Null(workspace.TrustedFolders);
    }

    private string At(string path) => Path.Combine(top, path);

    private void Write(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), "");
    }
}
