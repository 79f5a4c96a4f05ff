using Plue.Server.Codices.Skills;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Codices.Skills;

public sealed class SkillCatalogTests : IDisposable
{
    private readonly SkillFixture skills = new();

    public void Dispose() => skills.Dispose();

    [Fact]
    public void Finds_skills_in_each_folder_of_the_user_and_of_each_trusted_folder()
    {
        var other = skills.Folder("other");
        skills.Folders = WorkspaceFolders.Of([new("work", skills.Workspace), new("other", other)]);
        skills.Write(Path.Combine(skills.Workspace, ".plue/skills"), "a");
        skills.Write(Path.Combine(skills.Workspace, ".agents/skills"), "b");
        skills.Write(Path.Combine(skills.Workspace, ".claude/skills"), "c");
        skills.Write(Path.Combine(skills.Workspace, ".github/skills"), "d");
        skills.Write(Path.Combine(other, ".agents/skills/group"), "e");
        skills.Write(skills.Paths.Skills, "f");
        skills.Write(Path.Combine(skills.User, ".agents/skills"), "g");
        skills.Write(Path.Combine(skills.User, ".claude/skills"), "h");
        Assert.Equal(
            ["a Waiting", "b Waiting", "c Waiting", "d Waiting", "e Waiting", "f On", "g On", "h On"],
            skills.Catalog.List().Select(one => $"{one.Skill.Name} {one.State}")
        );

        skills.Folders = null;
        Assert.Equal(["f", "g", "h"], skills.Catalog.List().Select(one => one.Skill.Name));
    }

    [Fact]
    public void A_workspace_skill_waits_for_approval_and_again_after_each_change_of_a_file()
    {
        var folder = skills.Write(Path.Combine(skills.Workspace, ".claude/skills"), "pdf");
        File.WriteAllText(Path.Combine(folder, "run.sh"), "echo one");
        Assert.Equal("It comes from the workspace and needs your approval.", skills.One("pdf").Reason);
        Assert.Contains(
            "not used yet",
            Assert.Throws<FailureException>(() => skills.Catalog.Find("pdf", isUser: false)).Message,
            StringComparison.Ordinal
        );

        skills.Approve("pdf");
        Assert.Equal(SkillState.On, skills.One("pdf").State);
        Assert.Equal(SkillState.On, Assert.Single(skills.Open().List()).State);

        File.WriteAllText(Path.Combine(folder, "run.sh"), "echo other");
        var changed = skills.One("pdf");
        Assert.Equal((SkillState.Waiting, "It changed since you approved it: run.sh."), (changed.State, changed.Reason));
        File.Delete(Path.Combine(folder, "run.sh"));
        Assert.Equal("It changed since you approved it: run.sh (deleted).", skills.One("pdf").Reason);
    }

    [Fact]
    public void A_file_changed_behind_its_length_and_time_is_noticed_when_the_skill_is_loaded()
    {
        var folder = skills.Write(Path.Combine(skills.Workspace, ".claude/skills"), "pdf");
        var script = Path.Combine(folder, "run.sh");
        File.WriteAllText(script, "echo one");
        skills.Approve("pdf");
        var written = File.GetLastWriteTimeUtc(script);
        File.WriteAllText(script, "echo two");
        File.SetLastWriteTimeUtc(script, written);
        Assert.Contains(
            "changed just now",
            Assert.Throws<FailureException>(() => skills.Catalog.Find("pdf", isUser: true)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Refuses_to_approve_what_the_user_did_not_see()
    {
        var folder = skills.Write(Path.Combine(skills.Workspace, ".claude/skills"), "pdf");
        var seen = skills.One("pdf").Skill.Sha256;
        File.WriteAllText(Path.Combine(folder, "more.md"), "More.");
        Assert.Contains(
            "changed since you reviewed it",
            Assert.Throws<FailureException>(() => skills.Catalog.Approve(folder, seen)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Hidden_characters_make_a_skill_of_the_user_wait_and_name_the_place()
    {
        var folder = skills.Write(skills.Paths.Skills, "pdf", body: "Do it.");
        Directory.CreateDirectory(Path.Combine(folder, "references"));
        File.WriteAllText(Path.Combine(folder, "references", "forms.md"), "One\nTwo\u202E\n");
        Assert.Equal(
            (SkillState.Waiting, "It has invisible characters that a model reads: references/forms.md, line 2."),
            (skills.One("pdf").State, skills.One("pdf").Reason)
        );
        skills.Approve("pdf");
        Assert.Equal(SkillState.On, skills.One("pdf").State);
    }

    [Fact]
    public void The_nearest_of_two_skills_with_one_name_is_used_unless_it_waits()
    {
        skills.Write(Path.Combine(skills.Workspace, ".agents/skills"), "pdf");
        skills.Write(skills.Paths.Skills, "pdf");
        Assert.Equal(["Waiting", "On"], skills.Catalog.List().Select(one => $"{one.State}"));

        var near = skills.Catalog.List()[0].Skill;
        skills.Catalog.Approve(near.Folder, near.Sha256);
        Assert.Equal(["On", "Shadowed"], skills.Catalog.List().Select(one => $"{one.State}"));
        Assert.Equal("The skill with this name in .agents/skills is used instead.", skills.Catalog.List()[1].Reason);
        Assert.Equal(near.Folder, skills.Catalog.Find("pdf", isUser: false)?.Folder);
    }

    [Fact]
    public void A_skill_that_is_turned_off_is_not_used()
    {
        var folder = skills.Write(skills.Paths.Skills, "pdf");
        skills.Catalog.SetEnabled(folder, false);
        Assert.Equal((SkillState.Off, "You turned it off."), (skills.One("pdf").State, skills.One("pdf").Reason));
        Assert.Null(skills.Catalog.Find("pdf", isUser: true));
        skills.Catalog.SetEnabled(folder, true);
        Assert.NotNull(skills.Catalog.Find("pdf", isUser: true));
    }

    [Fact]
    public void Front_matter_defines_who_may_use_a_skill()
    {
        skills.Write(skills.Paths.Skills, "mine", "description: D\ndisable-model-invocation: true");
        skills.Write(skills.Paths.Skills, "its", "description: D\nuser-invocable: false");
        Assert.Null(skills.Catalog.Find("mine", isUser: false));
        Assert.NotNull(skills.Catalog.Find("mine", isUser: true));
        Assert.Null(skills.Catalog.Find("its", isUser: true));
        Assert.NotNull(skills.Catalog.Find("its", isUser: false));
        Assert.Equal(["its"], skills.Catalog.ForModel().Names);
    }

    [Fact]
    public void A_link_out_of_the_workspace_is_no_skill_and_a_link_inside_of_a_skill_is_not_read()
    {
        var outside = skills.Write(skills.Folder("outside"), "pdf");
        var place = Directory.CreateDirectory(Path.Combine(skills.Workspace, ".claude/skills")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(place, "pdf"), outside);
        Assert.Equal(
            (SkillState.Invalid, "It is a link to a folder outside the workspace."),
            (skills.One("pdf").State, skills.One("pdf").Reason)
        );

        var own = skills.Write(skills.Paths.Skills, "own");
        File.CreateSymbolicLink(Path.Combine(own, "secret"), "/etc/hostname");
        var file = Assert.Single(skills.One("own").Skill.Files, file => file.Path == "secret");
        Assert.True(file.IsLinkOut);
        Assert.Null(skills.One("own").Skill.ReadFile(file));
    }

    [Fact]
    public void Too_many_files_and_too_large_texts_make_a_skill_invalid()
    {
        var many = skills.Write(skills.Paths.Skills, "many");
        for (var at = 0; at < SkillFolder.MaxFiles; at++)
        {
            File.WriteAllText(Path.Combine(many, $"{at}.txt"), "x");
        }

        skills.Write(skills.Paths.Skills, "large", body: new string('x', SkillReader.MaxTextBytes));
        Assert.Equal(
            (SkillState.Invalid, $"It has more than {SkillFolder.MaxFiles} files."),
            (skills.One("many").State, skills.One("many").Reason)
        );
        Assert.Equal(SkillState.Invalid, skills.One("large").State);
    }

    [Fact]
    public void A_user_skill_inside_a_workspace_needs_approval_because_agents_can_change_it()
    {
        skills.Write(Path.Combine(skills.User, ".claude/skills"), "pdf");
        Assert.Equal(SkillState.On, skills.One("pdf").State);
        skills.Folders = WorkspaceFolders.Of(Path.GetDirectoryName(skills.User)!);
        Assert.Equal(SkillState.Waiting, skills.One("pdf").State);
    }

    [Fact]
    public void Two_paths_to_one_folder_are_one_skill()
    {
        skills.Write(Path.Combine(skills.User, ".claude/skills"), "pdf");
        Directory.CreateDirectory(Path.Combine(skills.User, ".agents"));
        Directory.CreateSymbolicLink(Path.Combine(skills.User, ".agents/skills"), Path.Combine(skills.User, ".claude/skills"));
        Assert.Single(skills.Catalog.List());
    }

    [Fact]
    public void A_file_of_a_skill_is_found_by_its_path_and_no_other_file_is()
    {
        var folder = skills.Write(skills.Paths.Skills, "pdf");
        File.WriteAllText(Path.Combine(folder, "forms.md"), "Forms");
        Assert.Equal("forms.md", skills.Catalog.FindFile(Path.Combine(folder, "forms.md"))?.File.Path);
        Assert.Null(skills.Catalog.FindFile(Path.Combine(skills.Paths.Home, "config.json5")));
        Assert.Null(skills.Catalog.FindFile(Path.Combine(folder, "..", "..", "config.json5")));
        Assert.Null(skills.Catalog.FindFile("forms.md"));
        Assert.Throws<FailureException>(() => skills.Catalog.FindFile(Path.Combine(folder, "missing.md")));
        skills.Catalog.SetEnabled(folder, false);
        Assert.Null(skills.Catalog.FindFile(Path.Combine(folder, "forms.md")));
    }

    [Fact]
    public void A_new_skill_of_a_workspace_is_approved_as_it_is_and_none_is_overwritten()
    {
        var place = Path.Combine(skills.Workspace, ".agents/skills");
        var path = skills.Catalog.Create(place, "release-notes", "Writes \"release\" notes.");
        Assert.Equal(
            (SkillState.On, "Writes 'release' notes."),
            (skills.One("release-notes").State, skills.One("release-notes").Skill.ShownDescription)
        );
        Assert.Empty(skills.One("release-notes").Skill.Problems);
        File.WriteAllText(path, "mine");
        Assert.Contains(
            "exists",
            Assert.Throws<FailureException>(() => skills.Catalog.Create(place, "release-notes", "D")).Message,
            StringComparison.Ordinal
        );
        Assert.Equal("mine", File.ReadAllText(path));
        Assert.Contains(
            "lower-case",
            Assert.Throws<FailureException>(() => skills.Catalog.Create(place, "../x", "D")).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<FailureException>(() => skills.Catalog.Create(skills.Folder("elsewhere"), "x", "D"));
    }
}
