using System.Diagnostics;
using System.Text;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

/// <summary>Unusual files in a folder of templates.</summary>
public sealed class TemplateFilesTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-templates-").FullName);
    private readonly string workspace = Directory.CreateTempSubdirectory("plue-workspace-").FullName;

    public void Dispose()
    {
        Directory.Delete(paths.Home, recursive: true);
        Directory.Delete(workspace, recursive: true);
    }

    [Fact]
    public async Task A_pipe_is_never_waited_for()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Directory.CreateDirectory(paths.Templates);
        using (var made = Process.Start("mkfifo", Path.Combine(paths.Templates, "pipe.json5")))
        {
            await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        var entry = await Task.Run(
                () => new TemplateCatalog(paths).List().Single(entry => entry.Id == "pipe"),
                TestContext.Current.CancellationToken
            )
            .WaitAsync(Timeout, TestContext.Current.CancellationToken);
        Assert.Equal("It is not a regular file.", Assert.Single(entry.Problems).Message);
    }

    [Fact]
    public void A_change_behind_a_link_counts_at_once()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Directory.CreateDirectory(paths.Templates);
        var target = Path.Combine(workspace, "mine.json5");
        File.WriteAllText(target, "{ id: 'mine', name: 'One' }");
        File.CreateSymbolicLink(Path.Combine(paths.Templates, "mine.json5"), target);
        var catalog = new TemplateCatalog(paths);
        Assert.Equal("One", catalog.Find("mine")?.Name);
        File.WriteAllText(target, "{ id: 'mine', name: 'Another' }");
        Assert.Equal("Another", catalog.Find("mine")?.Name);
    }

    [Fact]
    public void A_chain_of_parents_is_limited_regardless_of_the_starting_template()
    {
        const int Line = 990;
        for (var i = 0; i < Line; i++)
        {
            Save($"t{i}", $"parent_template: '{(i == 0 ? "task" : $"t{i - 1}")}'");
        }

        foreach (var first in (int[])[Line - 1, 0])
        {
            var catalog = new TemplateCatalog(paths, () => WorkspaceFolders.Of(workspace));
            _ = catalog.Find($"t{first}");
            // Includes the template "task".
            Assert.NotNull(catalog.Find($"t{TemplateCatalog.MaxParents - 1}"));
            Assert.Equal(
                $"`t{Line - 1}` inherits from more than {TemplateCatalog.MaxParents} templates. Choose a parent with fewer ancestors.",
                Assert.Single(catalog.List().Single(entry => entry.Id == $"t{Line - 1}").Problems).Message
            );
            Assert.Null(catalog.Find($"t{TemplateCatalog.MaxParents}"));
        }
    }

    [Fact]
    public void Fifty_thousand_fields_are_read_in_a_moment()
    {
        var fields = string.Concat(Enumerable.Range(0, 50_000).Select(i => $"{{ name: 'f{i}', type: 'text' }},"));
        var watch = Stopwatch.StartNew();
        Assert.Equal(
            50_000,
            TemplateReader.Read(Encoding.UTF8.GetBytes($"{{ id: 'x', name: 'X', fields: [{fields}] }}")).Template?.Fields.Count
        );
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(4));
    }

    [Fact]
    public void A_template_has_only_so_many_hooks()
    {
        static string Text(int hooks) =>
            $"{{ id: 'x', name: 'X', automation: {{ hooks: [{string.Concat(Enumerable.Repeat("{ trigger: 'created', action: 'notify', message: 'Hi' },", hooks))}] }} }}";
        Assert.Equal(
            TemplateReader.MaxHooks,
            TemplateReader.Read(Encoding.UTF8.GetBytes(Text(TemplateReader.MaxHooks))).Template?.Hooks.Count
        );
        var tooMany = TemplateReader.Read(Encoding.UTF8.GetBytes(Text(TemplateReader.MaxHooks + 1)));
        Assert.Equal(
            (null, $"A file has at most {TemplateReader.MaxHooks} hooks."),
            (tooMany.Template, Assert.Single(tooMany.Problems).Message)
        );
    }

    private void Save(string id, string text)
    {
        var folder = Directory.CreateDirectory(Path.Combine(workspace, ".plue", "templates")).FullName;
        File.WriteAllText(Path.Combine(folder, $"{id}.json5"), $"{{ id: '{id}', name: 'X', {text} }}");
    }
}
