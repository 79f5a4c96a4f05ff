using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Codices.Skills;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Documents created and changed by agents: must be read first, and are validated, approved and versioned.</summary>
public sealed class CodexEditToolTests : IDisposable
{
    private const string Reader =
        "{ // how logs are read\n  id: 'log-reader', name: 'Log reader', parent_template: 'task',\n  available_tools: ['read'],\n}\n";

    private readonly ToolFixture fixture = new();
    private readonly PluePaths paths;
    private readonly Documents documents;
    private readonly SkillCatalog skills;
    private readonly List<string> followed = [];
    private string? folder;

    public CodexEditToolTests()
    {
        paths = new PluePaths(fixture.Home);
        WorkspaceFolders? Folders() => folder is null ? null : WorkspaceFolders.Of(folder);
        var templates = new TemplateCatalog(paths, Folders);
        documents = new Documents(paths, templates, TimeProvider.System, Folders);
        skills = new SkillCatalog(paths, TimeProvider.System, Folders, () => 0);
        Directory.CreateDirectory(paths.Templates);
        File.WriteAllText(TemplatePath, Reader);
    }

    private string TemplatePath => Path.Combine(paths.Templates, "log-reader.json5");

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task A_passage_is_replaced_and_the_change_is_a_version_that_can_be_undone()
    {
        await ReadAsync("codex://templates/log-reader");
        var planned = await PlanAsync("""{"uri":"codex://templates/log-reader","old":"['read']","new":"['read', 'search']"}""");
        Assert.Equal([new ToolAction.ChangeDocument("codex://templates/log-reader")], planned.Actions);
        Assert.Contains("+  available_tools: ['read', 'search'],", planned.Diff, StringComparison.Ordinal);
        Assert.Equal(Reader, File.ReadAllText(TemplatePath));
        Assert.Equal(
            [new ProposedFile(TemplatePath, Reader, Reader.Replace("['read']", "['read', 'search']", StringComparison.Ordinal))],
            planned.Proposed
        );

        Assert.Equal("Changed codex://templates/log-reader.", await RunAsync(planned));
        Assert.Equal(Reader.Replace("['read']", "['read', 'search']", StringComparison.Ordinal), File.ReadAllText(TemplatePath));
        Assert.Equal(["codex://templates/log-reader"], followed);
        var files = documents.Of(CodexCollection.Templates);
        Assert.Equal(
            ("agent", "Edited"),
            files.TrailOf(files.Get("log-reader")!).Versions[^1] is var last ? (last.Author, last.Summary) : default
        );
        files.Undo("log-reader");
        Assert.Equal(Reader, File.ReadAllText(TemplatePath));
    }

    [Fact]
    public async Task A_change_that_makes_the_document_invalid_is_rejected_with_its_line_before_anyone_is_asked()
    {
        await ReadAsync("codex://templates/log-reader");
        Assert.StartsWith(
            "codex://templates/log-reader was not changed, because line 3 of the new text has an error: ",
            await ErrorAsync("""{"uri":"codex://templates/log-reader","old":"['read']","new":"'read"}"""),
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "codex://templates/log-reader was not changed, because line 2 of the new text has an error: ",
            await ErrorAsync("""{"uri":"codex://templates/log-reader","old":"'task'","new":"'taks'"}"""),
            StringComparison.Ordinal
        );
        Assert.Equal(Reader, File.ReadAllText(TemplatePath));
    }

    [Fact]
    public async Task A_document_that_was_broken_before_can_be_repaired_step_by_step()
    {
        File.WriteAllText(TemplatePath, "{ id: 'log-reader', name: 7, parent_template: 'taks' }");
        await ReadAsync("codex://templates/log-reader");
        Assert.StartsWith(
            "Changed codex://templates/log-reader.",
            await RunAsync(await PlanAsync("""{"uri":"codex://templates/log-reader","old":"7","new":"'Log reader'"}""")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task New_documents_are_created_as_files_and_what_ships_becomes_a_copy_of_the_user()
    {
        Assert.Equal(
            "Created codex://prompts/log-reader.",
            await RunAsync(
                await PlanAsync("""{"uri":"codex://prompts/log-reader.md","text":"---\ndescription: Logs\n---\nYou read logs.\n"}""")
            )
        );
        Assert.Equal("---\ndescription: Logs\n---\nYou read logs.\n", File.ReadAllText(Path.Combine(paths.Prompts, "log-reader.md")));

        await ReadAsync("codex://templates/task-reviewer");
        await RunAsync(await PlanAsync("""{"uri":"codex://templates/task-reviewer","old":"usd: 1.5","new":"usd: 0.5"}"""));
        Assert.Contains("usd: 0.5", File.ReadAllText(Path.Combine(paths.Templates, "task-reviewer.json5")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_is_read_before_it_is_changed_and_unchanged_until_the_approval()
    {
        const string Edit = """{"uri":"codex://templates/log-reader","old":"['read']","new":"['read', 'search']"}""";
        Assert.StartsWith(
            "You have not read the current version of codex://templates/log-reader.",
            await ErrorAsync(Edit),
            StringComparison.Ordinal
        );
        await ReadAsync("codex://templates/log-reader");
        var planned = await PlanAsync(Edit);
        File.WriteAllText(TemplatePath, Reader.Replace("Log reader", "Reader", StringComparison.Ordinal));
        Assert.Contains(
            "modified while the change waited",
            (await Assert.ThrowsAsync<FailureException>(() => RunAsync(planned))).Message,
            StringComparison.Ordinal
        );
        Assert.StartsWith("You have not read the current version", await ErrorAsync(Edit), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_are_checked_like_on_their_page_and_kept_as_versions()
    {
        const string Before = "{\n  // Not too much.\n  budget_usd_per_day: 5,\n}\n";
        File.WriteAllText(paths.Config, Before);
        Assert.Contains("budget_usd_per_chat", await ReadAsync("codex://settings/config"), StringComparison.Ordinal);
        Assert.StartsWith(
            "codex://settings/config was not changed, because line 3 of the new text has an error: ",
            await ErrorAsync("""{"uri":"codex://settings/config","old":"5,","new":"'five',"}"""),
            StringComparison.Ordinal
        );
        var planned = await PlanAsync("""{"uri":"codex://settings/config","old":"5,","new":"2,"}""");
        Assert.Equal([new ToolAction.ChangeDocument("codex://settings/config")], planned.Actions);
        Assert.Equal([new ProposedFile(paths.Config, Before, Before.Replace("5,", "2,", StringComparison.Ordinal))], planned.Proposed);
        await RunAsync(planned);
        Assert.Equal(2, UserConfig.Read(paths).Number(UserConfig.BudgetPerDayKey));
        documents.Of(CodexCollection.Settings).Undo(SettingsFormat.Name);
        Assert.Equal(Before, File.ReadAllText(paths.Config));
    }

    [Fact]
    public async Task Missing_settings_can_be_read_and_created()
    {
        Assert.Contains("notify_when_finished", await ReadAsync("codex://settings/config"), StringComparison.Ordinal);
        await RunAsync(await PlanAsync("""{"uri":"codex://settings/config","text":"{ notify_when_finished: 'always' }\n"}"""));
        Assert.Equal("always", UserConfig.Read(paths).Text(UserConfig.NotifyKey));
    }

    [Fact]
    public void Other_files_of_the_home_folder_are_no_settings()
    {
        File.WriteAllText(Path.Combine(paths.Home, "mcp.json5"), "{}");
        File.WriteAllText(paths.Config, "{}");
        Assert.Null(documents.Of(CodexCollection.Settings).Get("mcp"));
        Assert.Equal([SettingsFormat.Name], documents.Of(CodexCollection.Settings).List().Select(codex => codex.Id));
    }

    [Theory]
    [InlineData("""{"uri":"codex://settings/mcp","text":"{}"}""", "This address is not available.")]
    [InlineData("""{"uri":"codex://providers/mine","text":"{}"}""", "This address is not available.")]
    [InlineData("""{"uri":"codex://prompts/../providers/mine","text":"{}"}""", "This address is not available.")]
    [InlineData("""{"uri":"codex://prompts/new"}""", "Set `text` to the whole document")]
    [InlineData("""{"uri":"codex://prompts/new","old":"a"}""", "Set `text` to the whole document")]
    [InlineData("""{"uri":"codex://prompts/new","old":"a","new":"b"}""", "codex://prompts/new does not exist.")]
    [InlineData("""{"uri":"codex://items/new","text":"{ template: 'nothing' }"}""", "codex://items/new was not changed, because line 1")]
    public async Task Other_addresses_and_incomplete_calls_are_rejected(string parameters, string error) =>
        Assert.StartsWith(error, await ErrorAsync(parameters), StringComparison.Ordinal);

    [Fact]
    public async Task An_agent_cannot_add_or_change_a_hook_that_runs_a_command()
    {
        const string Hook = "{ trigger: 'turn_end', action: 'run_command', command: 'make' }";
        File.WriteAllText(paths.Config, "{ hooks: [" + Hook + "], trash_days: 30 }");
        await ReadAsync("codex://settings/config");
        Assert.StartsWith(
            "codex://settings/config was not changed, because the new text adds or changes a hook that runs a command.",
            await ErrorAsync("""{"uri":"codex://settings/config","old":"'make'","new":"'make test'"}"""),
            StringComparison.Ordinal
        );
        await ErrorAsync("""{"uri":"codex://settings/config","old":"trash_days: 30","new":"claude_code_hooks: true"}""");
        await PlanAsync("""{"uri":"codex://settings/config","old":"30","new":"60"}""");
        await ReadAsync("codex://templates/log-reader");
        Assert.Contains(
            "adds or changes a hook",
            await ErrorAsync(
                $$"""{"uri":"codex://templates/log-reader","old":"['read'],","new":"['read'], automation: { hooks: [{{Hook}}] },"}"""
            ),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_key_is_never_written()
    {
        var parameters = """{"uri":"codex://prompts/new","text":"Use sk-ant-api03-""" + new string('A', 93) + """AA."}""";
        await Assert.ThrowsAnyAsync<Exception>(async () => await RunAsync(await PlanAsync(parameters)));
        Assert.False(File.Exists(Path.Combine(paths.Prompts, "new.md")));
    }

    [Fact]
    public async Task A_document_of_the_workspace_is_changed_as_a_file_of_the_workspace()
    {
        folder = fixture.Workspace;
        var file = fixture.Write(".plue/templates/mine.json5", "{ id: 'mine', name: 'Mine', parent_template: 'task' }");
        await ReadAsync("codex://templates/mine");
        var planned = await PlanAsync("""{"uri":"codex://templates/mine","old":"'Mine'","new":"'Ours'"}""");
        Assert.Equal([file], planned.Changes);
        await RunAsync(planned);
        Assert.Contains("'Ours'", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PermissionMode.Ask, Decision.Ask)]
    [InlineData(PermissionMode.EditFreely, Decision.Ask)]
    [InlineData(PermissionMode.PlanOnly, Decision.Deny)]
    [InlineData(PermissionMode.ReadOnly, Decision.Deny)]
    public void Each_change_needs_approval_despite_any_rule(PermissionMode mode, Decision expected)
    {
        fixture.Rights = fixture.Rights with { Mode = mode, Tools = [CodexEditTool.Name], Permissions = new([CodexEditTool.Name], [], []) };
        var verdict = fixture.Policy.Evaluate(CodexEditTool.Name, new ToolAction.ChangeDocument("codex://templates/x"), [fixture.Rights]);
        Assert.Equal((expected, null), (verdict.Decision, verdict.Rule));
        fixture.Rights = fixture.Rights with { Permissions = new([], [], [CodexEditTool.Name]) };
        Assert.Equal(
            Decision.Deny,
            fixture.Policy.Evaluate(CodexEditTool.Name, new ToolAction.ChangeDocument("codex://templates/x"), [fixture.Rights]).Decision
        );
    }

    private async Task<string> ReadAsync(string uri) =>
        (
            await fixture.RunAsync(
                Assert.Single(
                    await new CodexTool(documents, skills, _ => "").FindAsync([CodexTool.Name], [], TestContext.Current.CancellationToken)
                ),
                ToolFixture.Json(("uri", uri))
            )
        ).Text;

    [Fact]
    public async Task A_skill_of_the_user_is_changed_with_approval_and_the_change_can_be_undone()
    {
        var path = PlantSkill(Path.Combine(paths.Skills, "notes"));
        Assert.StartsWith("You have not read the current version of ", await ErrorAsync(SkillEdit(path)), StringComparison.Ordinal);
        Assert.Equal($"{Notes}\n[Other files of the skill, which are not part of the text: list.sh]", await ReadAsync(path));
        var planned = await PlanAsync(SkillEdit(path));
        Assert.Equal([new ToolAction.ChangeDocument(path)], planned.Actions);
        Assert.Contains("+Write long notes.", planned.Diff, StringComparison.Ordinal);
        Assert.Equal(Notes, File.ReadAllText(path));
        Assert.Equal($"Changed {path}.", await RunAsync(planned));
        Assert.Equal(Notes.Replace("short", "long", StringComparison.Ordinal), File.ReadAllText(path));

        var skill = Assert.Single(skills.List()).Skill;
        Assert.True(skills.CanUndo(skill));
        skills.Undo(skill.Folder);
        Assert.Equal(Notes, File.ReadAllText(path));
        Assert.False(skills.CanUndo(Assert.Single(skills.List()).Skill));
    }

    [Fact]
    public async Task A_skill_that_the_user_edits_meanwhile_or_afterwards_keeps_those_edits()
    {
        var path = PlantSkill(Path.Combine(paths.Skills, "notes"));
        await ReadAsync(path);
        var planned = await PlanAsync(SkillEdit(path));
        File.AppendAllText(path, "By date.\n");
        var refused = await Assert.ThrowsAsync<FailureException>(() => RunAsync(planned));
        Assert.Contains("modified while the change waited", refused.Message, StringComparison.Ordinal);

        await ReadAsync(path);
        await RunAsync(await PlanAsync(SkillEdit(path)));
        File.AppendAllText(path, "By author.\n");
        var skill = Assert.Single(skills.List()).Skill;
        Assert.False(skills.CanUndo(skill));
        Assert.Throws<FailureException>(() => skills.Undo(skill.Folder));
        Assert.EndsWith("By date.\nBy author.\n", File.ReadAllText(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_skill_that_could_not_be_used_is_refused_and_so_is_any_other_SKILL_file()
    {
        var path = PlantSkill(Path.Combine(paths.Skills, "notes"));
        await ReadAsync(path);
        Assert.Contains(
            "SKILL.md has no text below its front matter.",
            await ErrorAsync($$"""{"uri":{{Quoted(path)}},"text":"---\nname: notes\n---\n"}"""),
            StringComparison.Ordinal
        );

        var other = PlantSkill(Path.Combine(fixture.Workspace, "notes"));
        Assert.StartsWith("This address is not available.", await ErrorAsync(SkillEdit(other)), StringComparison.Ordinal);
        var outside = PlantSkill(Path.Combine(fixture.Home, "outside"));
        File.Delete(path);
        File.CreateSymbolicLink(path, outside);
        Assert.Contains("cannot be changed", await ErrorAsync(SkillEdit(path)), StringComparison.Ordinal);
        Assert.Equal(Notes, File.ReadAllText(outside));
    }

    [Fact]
    public async Task A_skill_of_the_workspace_is_changed_like_a_file_of_it()
    {
        folder = fixture.Workspace;
        var path = PlantSkill(Path.Combine(folder, ".claude", "skills", "notes"));
        await ReadAsync(path);
        var planned = await PlanAsync(SkillEdit(path));
        Assert.Equal([new ToolAction.ChangeFile(path, FileChangeKind.Modify)], planned.Actions);
        Assert.Equal([path], planned.Changes);
        Assert.Contains("The user has to approve the skill again", await RunAsync(planned), StringComparison.Ordinal);
        Assert.Contains("Write long notes.", File.ReadAllText(path), StringComparison.Ordinal);
    }

    private const string Notes = "---\nname: notes\ndescription: Writes notes.\n---\nWrite short notes.\n";

    /// <returns>The path of its <c>SKILL.md</c>.</returns>
    private static string PlantSkill(string at)
    {
        Directory.CreateDirectory(at);
        File.WriteAllText(Path.Combine(at, "list.sh"), "ls");
        File.WriteAllText(Path.Combine(at, "SKILL.md"), Notes);
        return Path.Combine(at, "SKILL.md");
    }

    private static string SkillEdit(string path) => $$"""{"uri":{{Quoted(path)}},"old":"short","new":"long"}""";

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text)}\"";

    private async Task<ITool> ToolAsync() =>
        Assert.Single(
            await new CodexEditTool(
                documents,
                skills,
                _ => "",
                (_, after, _) =>
                {
                    followed.Add(after.Uri!.ToString());
                    return Task.CompletedTask;
                }
            ).FindAsync([CodexEditTool.Name], [], TestContext.Current.CancellationToken)
        );

    private async Task<PlannedCall> PlanAsync(string parameters) => await fixture.PlanAsync(await ToolAsync(), parameters);

    private static async Task<string> RunAsync(PlannedCall planned) =>
        (await planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken)).Text;

    private async Task<string> ErrorAsync(string parameters) =>
        (await Assert.ThrowsAsync<ToolFailureException>(async () => await PlanAsync(parameters))).Message;
}
