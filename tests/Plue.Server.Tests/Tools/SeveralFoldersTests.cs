using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Tools in a workspace with the folders <c>work</c> and <c>web</c>.</summary>
public sealed class SeveralFoldersTests : IDisposable
{
    private readonly ToolFixture fixture = new();
    private readonly string web;

    public SeveralFoldersTests()
    {
        web = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(fixture.Workspace)!, "web")).FullName;
        fixture.Rights = fixture.Rights with
        {
            Folders = WorkspaceFolders.Of([new WorkspaceFolder("work", fixture.Workspace), new WorkspaceFolder("web", web)]),
            Tools = ["read", "search", "bash"],
        };
        fixture.Write("src/main.ts", "const needle = 1;\n");
        Directory.CreateDirectory(Path.Combine(web, "src"));
        File.WriteAllText(Path.Combine(web, "src/page.ts"), "const needle = 2;\n");
    }

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData("web/src/page.ts", "= 2")]
    [InlineData("src/page.ts", "= 2")]
    [InlineData("work/src/main.ts", "= 1")]
    [InlineData("src/main.ts", "= 1")]
    [InlineData("web/../work/src/main.ts", "= 1")]
    public async Task Read_finds_files_of_each_folder(string path, string expected) =>
        Assert.Contains(expected, await fixture.ResultAsync(fixture.Read, ToolFixture.Json(("path", path))), StringComparison.Ordinal);

    [Fact]
    public async Task Absolute_paths_in_each_folder_are_inside_and_others_are_not()
    {
        Assert.Contains(
            "= 2",
            await fixture.ResultAsync(fixture.Read, ToolFixture.Json(("path", Path.Combine(web, "src/page.ts")))),
            StringComparison.Ordinal
        );
        File.WriteAllText(Path.Combine(fixture.Outside, "a.txt"), "secret");
        File.CreateSymbolicLink(Path.Combine(web, "link.txt"), Path.Combine(fixture.Outside, "a.txt"));
        Assert.Contains(
            "outside the workspace",
            await fixture.ResultAsync(fixture.Read, """{"path":"web/link.txt"}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "outside the workspace",
            await fixture.ResultAsync(fixture.Read, """{"path":"web/../outside/a.txt"}"""),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "There is no file work/gone/a.txt.",
            await fixture.ResultAsync(fixture.Read, """{"path":"gone/a.txt"}"""),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        """{"query":"needle"}""",
        "work/src/main.ts:1: const needle = 1;\nweb/src/page.ts:1: const needle = 2;\n[2 lines in 2 files.]\n"
    )]
    [InlineData("""{"query":"needle","files":"web/**"}""", "web/src/page.ts:1: const needle = 2;\n[1 line in 1 file.]\n")]
    [InlineData("""{"files":"src/*.ts"}""", "work/src/main.ts\nweb/src/page.ts\n")]
    [InlineData("""{"files":"web/src/*.ts"}""", "web/src/page.ts\n")]
    public async Task Search_covers_all_folders_and_names_files_so_that_read_finds_them(string parameters, string expected)
    {
        // With and without ripgrep.
        foreach (var ripgrep in new[] { WorkspaceListing.FindRipgrep(), null }.Distinct())
        {
            Assert.Equal(expected, await fixture.ResultAsync(new SearchTool("", fixture.Policy) { Ripgrep = ripgrep }, parameters));
        }
    }

    [Fact]
    public async Task Edit_and_write_change_files_of_each_folder_and_name_them()
    {
        await fixture.RunAsync(fixture.Read, """{"path":"web/src/page.ts"}""");
        Assert.Equal(
            "Changed web/src/page.ts in line 1.",
            await fixture.ResultAsync(new EditTool(""), """{"path":"web/src/page.ts","old":"= 2","new":"= 3"}""")
        );
        Assert.Equal("Made web/new.ts.", await fixture.ResultAsync(new WriteTool(""), """{"path":"web/new.ts","content":"x"}"""));
        Assert.Equal("Made work/other.ts.", await fixture.ResultAsync(new WriteTool(""), """{"path":"other.ts","content":"y"}"""));
        Assert.Equal("const needle = 3;\n", File.ReadAllText(Path.Combine(web, "src/page.ts")));
        Assert.Equal(("x", "y"), (File.ReadAllText(Path.Combine(web, "new.ts")), fixture.Text("other.ts")));
    }

    [Fact]
    public async Task Bash_starts_in_the_first_folder_and_a_call_can_choose_another()
    {
        BashTool Bash(WorkspaceFolders? folders) =>
            new("", new Sandbox([], null, []), fixture.Results, () => false, folders: () => folders);
        var several = Bash(fixture.Rights.Folders);
        Assert.StartsWith(fixture.Workspace + "\n", await fixture.ResultAsync(several, """{"command":"pwd"}"""), StringComparison.Ordinal);
        Assert.StartsWith(web + "\n", await fixture.ResultAsync(several, """{"command":"pwd","folder":"web"}"""), StringComparison.Ordinal);
        Assert.Equal(
            "`folder` must be a folder of the workspace: work, web. Nothing was run.",
            await fixture.ResultAsync(several, """{"command":"pwd","folder":"../outside"}""")
        );
        var planned = await fixture.PlanAsync(several, """{"command":"pwd","folder":"web"}""");
        Assert.Equal([new ToolAction.RunCommand("pwd", web)], planned.Actions);

        Assert.Contains("\"folder\"", several.Declaration.ParametersSchema, StringComparison.Ordinal);
        var one = Bash(WorkspaceFolders.Of(fixture.Workspace)).Declaration.ParametersSchema;
        Assert.DoesNotContain("\"folder\"", one, StringComparison.Ordinal);
        Assert.Equal(new BashTool("", new Sandbox([], null, []), fixture.Results, () => false).Declaration.ParametersSchema, one);
    }
}
