using System.IO.Compression;
using Plue.Server.Codices.Skills;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Codices.Skills;

public sealed class SkillImportTests : IDisposable
{
    private const string Text = "---\nname: pdf\ndescription: D\n---\nDo it.";
    private readonly SkillFixture skills = new();

    public void Dispose() => skills.Dispose();

    [Fact]
    public void Imports_the_skills_of_a_zip_file_with_their_files()
    {
        var zip = Zip(
            ("repo/skills/pdf/SKILL.md", Text),
            ("repo/skills/pdf/scripts/run.sh", "echo"),
            ("repo/skills/zip/SKILL.md", "Pack."),
            ("repo/README.md", "R")
        );
        var paths = skills.Catalog.Import(zip, skills.Paths.Skills);
        Assert.Equal([Path.Combine(skills.Paths.Skills, "pdf", "SKILL.md"), Path.Combine(skills.Paths.Skills, "zip", "SKILL.md")], paths);
        Assert.Equal("echo", File.ReadAllText(Path.Combine(skills.Paths.Skills, "pdf", "scripts", "run.sh")));
        Assert.Equal(["pdf", "zip"], Directory.GetFileSystemEntries(skills.Paths.Skills).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Imports_a_folder_that_is_a_skill_and_one_of_a_workspace_waits()
    {
        var source = skills.Write(skills.Folder("downloads"), "pdf");
        skills.Catalog.Import(source, Path.Combine(skills.Workspace, ".agents/skills"));
        Assert.Equal(SkillState.Waiting, skills.One("pdf").State);
    }

    [Fact]
    public void Overwrites_nothing()
    {
        skills.Write(skills.Paths.Skills, "pdf", body: "Mine.");
        Assert.Contains("exists", Refused(Zip(("pdf/SKILL.md", Text), ("new/SKILL.md", "N"))), StringComparison.Ordinal);
        Assert.Equal(["pdf"], Directory.GetFileSystemEntries(skills.Paths.Skills).Select(Path.GetFileName));
        Assert.Equal("Mine.", skills.One("pdf").Skill.Body);
    }

    [Theory]
    [InlineData("../evil.md")]
    [InlineData("pdf/../../evil.md")]
    [InlineData("/etc/evil.md")]
    [InlineData("pdf\\evil.md")]
    [InlineData("c:/evil.md")]
    public void Refuses_a_path_that_leads_out(string path) =>
        Assert.StartsWith("Nothing was imported. ", Refused(Zip(("pdf/SKILL.md", Text), (path, "x"))), StringComparison.Ordinal);

    [Fact]
    public void Refuses_links()
    {
        var folder = skills.Write(skills.Folder("downloads"), "pdf");
        File.CreateSymbolicLink(Path.Combine(folder, "link"), "/etc/passwd");
        Assert.Equal("Nothing was imported. link is a link. Links are not imported.", Refused(folder));

        var zip = Path.Combine(skills.Folder("downloads"), "link.zip");
        using (var archive = ZipFile.Open(zip, ZipArchiveMode.Create))
        {
            Add(archive, "pdf/SKILL.md", Text);
            Add(archive, "pdf/link", "/etc/passwd").ExternalAttributes = unchecked((int)0xA1FF0000);
        }

        Assert.Equal("Nothing was imported. pdf/link is a link. Links are not imported.", Refused(zip));
    }

    [Fact]
    public void Refuses_a_zip_bomb_by_what_it_unpacks()
    {
        var zip = Path.Combine(skills.Folder("downloads"), "bomb.zip");
        using (var archive = ZipFile.Open(zip, ZipArchiveMode.Create))
        {
            Add(archive, "pdf/SKILL.md", Text);
            using var content = archive.CreateEntry("pdf/zeros").Open();
            content.Write(new byte[SkillFolder.MaxBytes + 1]);
        }

        Assert.InRange(new FileInfo(zip).Length, 1, 100_000);
        Assert.Contains("too large", Refused(zip), StringComparison.Ordinal);
        Assert.False(Directory.Exists(skills.Paths.Skills) && Directory.EnumerateFileSystemEntries(skills.Paths.Skills).Any());
    }

    [Fact]
    public void Refuses_what_is_no_zip_file_and_what_has_no_skill()
    {
        var text = Path.Combine(skills.Folder("downloads"), "a.zip");
        File.WriteAllText(text, "no zip");
        Assert.Contains("not a zip file", Refused(text), StringComparison.Ordinal);
        Assert.Contains("has no SKILL.md", Refused(Zip(("README.md", "R"))), StringComparison.Ordinal);
        Assert.Contains("occurs twice", Refused(Zip(("pdf/SKILL.md", Text), ("pdf/a", "1"), ("pdf/A", "2"))), StringComparison.Ordinal);
    }

    private string Refused(string source) =>
        Assert.Throws<FailureException>(() => skills.Catalog.Import(source, skills.Paths.Skills)).Message;

    private string Zip(params (string Path, string Text)[] files)
    {
        var zip = Path.Combine(skills.Folder("downloads"), $"{Guid.NewGuid():N}.zip");
        using var archive = ZipFile.Open(zip, ZipArchiveMode.Create);
        foreach (var (path, text) in files)
        {
            Add(archive, path, text);
        }

        return zip;
    }

    private static ZipArchiveEntry Add(ZipArchive archive, string path, string text)
    {
        var entry = archive.CreateEntry(path);
        using var content = entry.Open();
        content.Write(System.Text.Encoding.UTF8.GetBytes(text));
        return entry;
    }
}
