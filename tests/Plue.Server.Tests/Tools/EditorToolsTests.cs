using System.Runtime.Versioning;
using System.Text;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Tools that query the editor, which returns untrusted text about files that rules may protect.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class EditorToolsTests : IDisposable
{
    private readonly ToolFixture fixture = new();
    private readonly ScriptedEditor editor = new();

    public EditorToolsTests()
    {
        fixture.Rights = fixture.Rights with { Tools = ["problems", "symbols", "references", "rename", "tests"] };
        fixture.Write("src/a.ts", "one();\nfunction one() {}\n");
        fixture.Write("src/b.ts", "one();\n");
    }

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData("problems", "{}")]
    [InlineData("symbols", """{"query":"one"}""")]
    [InlineData("references", """{"path":"src/a.ts","line":1,"symbol":"one"}""")]
    [InlineData("rename", """{"path":"src/a.ts","line":1,"symbol":"one","new_name":"two"}""")]
    [InlineData("tests", "{}")]
    public async Task Without_a_window_the_tools_report_that_no_editor_is_attached(string tool, string parameters)
    {
        editor.Window.Editor = null;
        Assert.StartsWith("No editor is attached", await fixture.ErrorAsync(await ToolAsync(tool), parameters), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_problems_with_paths_of_the_workspace_and_hides_what_may_not_be_read()
    {
        fixture.Rights = fixture.Rights with { Permissions = new AgentPermissions([], [], ["read(secret/**)"]) };
        fixture.Write("secret/c.ts", "");
        SetProblems(
            Problem("src/a.ts", "It is\nwrong\u202E."),
            Problem("secret/c.ts", "Key is 1234."),
            new EditorProblem("/etc/passwd", 1, 1, 0, "Outside.", null, null)
        );
        Assert.Equal(
            "src/a.ts:1:2: error: It is⟨U+000A⟩wrong⟨U+202E⟩. [ts 2322]\n[1 problem.]\n",
            (await ResultAsync("problems", "{}")).Replace("⟨newline⟩", "⟨U+000A⟩", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task No_problems_and_an_unchecked_file_have_different_results()
    {
        Assert.Contains("may not have checked it", await ResultAsync("problems", """{"path":"src/a.ts"}"""), StringComparison.Ordinal);
        editor.Problems.Clear();
        editor.Problems.Enqueue(new EditorProblems([], 0, 1, true));
        Assert.Equal("No problems are reported for src/a.ts.", await ResultAsync("problems", """{"path":"src/a.ts"}"""));
    }

    [Fact]
    public async Task Many_problems_are_truncated()
    {
        SetProblems([.. Enumerable.Range(0, 500).Select(_ => Problem("src/a.ts", new string('x', 5_000)))]);
        var text = await ResultAsync("problems", "{}");
        Assert.EndsWith("[The first 100 of 500 problems, errors first.]\n", text, StringComparison.Ordinal);
        Assert.True(text.Length < 60_000);
    }

    [Fact]
    public async Task Shows_the_outline_of_a_file_and_finds_symbols_of_the_workspace()
    {
        editor.Places = new([Place("src/a.ts", 1, 9, "A", "class", null, 0), Place("src/a.ts", 2, 2, "b", "method", "A", 1)], 2, true);
        Assert.Equal("1-9: class A\n  2: method b\n[2 symbols.]\n", await ResultAsync("symbols", """{"path":"src/a.ts"}"""));
        Assert.Equal("src/a.ts:1: class A\nsrc/a.ts:2: method b (in A)\n[2 symbols.]\n", await ResultAsync("symbols", """{"query":"a"}"""));
        Assert.StartsWith("Give `path`", await fixture.ErrorAsync(await ToolAsync("symbols"), "{}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task References_come_with_the_lines_that_may_be_read()
    {
        fixture.Rights = fixture.Rights with { Permissions = new AgentPermissions([], [], ["references(src/b.ts)"]) };
        editor.Places = new(
            [Place("src/a.ts", 2), Place("src/b.ts", 1), new EditorPlace("/usr/lib/lib.d.ts", 5, 5, null, null, null, 0)],
            3,
            true
        );
        Assert.Equal(
            "src/a.ts:2: function one() {}\n[1 place outside the workspace is not shown.]\n[1 place in files that may not be read was skipped.]\n",
            await ResultAsync("references", """{"path":"src/a.ts","line":1,"symbol":"one"}""")
        );
        Assert.Equal(["References a.ts:1 one"], editor.Asked);
    }

    [Fact]
    public async Task A_missing_language_server_and_a_symbol_without_references_have_different_results()
    {
        const string call = """{"path":"src/a.ts","line":1,"symbol":"one","kind":"incoming_calls"}""";
        Assert.Equal("The language server found no incoming calls.", await ResultAsync("references", call));
        editor.Places = new([], 0, false);
        Assert.StartsWith("No language server answered for src/a.ts", await ResultAsync("references", call), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rename_is_one_edit_of_all_files()
    {
        editor.Type(fixture.PathOf("src/b.ts"), "// typed\none();\n");
        editor.Rename = new([Edit("src/a.ts", (1, 1, "two"), (2, 10, "two")), Edit("src/b.ts", (2, 1, "two"))], null);
        var planned = await fixture.PlanAsync(
            await ToolAsync("rename"),
            """{"path":"src/a.ts","line":1,"symbol":"one","new_name":"two"}"""
        );
        Assert.Equal([fixture.PathOf("src/a.ts"), fixture.PathOf("src/b.ts")], planned.Changes);
        Assert.Equal([fixture.PathOf("src/b.ts")], planned.Unsaved!.Keys);
        Assert.Contains("@@ src/b.ts @@\n", planned.Diff, StringComparison.Ordinal);
        Assert.Equal(2, planned.Actions.OfType<ToolAction.ChangeFile>().Count());
        var result = await planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken);
        Assert.StartsWith(
            "Renamed one → two in 2 files:\nsrc/a.ts: 2 places.\nsrc/b.ts: 1 place. It had unsaved",
            result.Text,
            StringComparison.Ordinal
        );
        Assert.Equal("two();\nfunction two() {}\n", fixture.Text("src/a.ts"));
        Assert.Equal("// typed\ntwo();\n", fixture.Text("src/b.ts"));
    }

    [Fact]
    public async Task A_rename_with_one_changed_file_changes_none()
    {
        editor.Rename = new([Edit("src/a.ts", (1, 1, "two")), Edit("src/b.ts", (1, 1, "two"))], null);
        const string call = """{"path":"src/a.ts","line":1,"symbol":"one","new_name":"two"}""";
        var planned = await fixture.PlanAsync(await ToolAsync("rename"), call);
        fixture.Write("src/b.ts", "other();\n");
        await Assert.ThrowsAsync<ToolFailureException>(() =>
            planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken)
        );
        Assert.Equal("one();\nfunction one() {}\n", fixture.Text("src/a.ts"));
        // The editor has not loaded the change yet.
        Assert.Contains(
            "in the editor differs from the file on the disk",
            await fixture.ErrorAsync(await ToolAsync("rename"), call),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_rename_during_which_the_editor_goes_away_names_the_changed_files()
    {
        editor.Type(fixture.PathOf("src/b.ts"), "// typed\none();\n");
        editor.Rename = new([Edit("src/a.ts", (1, 1, "two")), Edit("src/b.ts", (2, 1, "two"))], null);
        editor.IsGone = true;
        var error = await fixture.ErrorAsync(await ToolAsync("rename"), """{"path":"src/a.ts","line":1,"symbol":"one","new_name":"two"}""");
        Assert.Contains("Already changed: src/a.ts.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rename_cannot_leave_the_workspace_or_return_edits_that_do_not_fit()
    {
        const string call = """{"path":"src/a.ts","line":1,"symbol":"one","new_name":"two"}""";
        editor.Rename = new([new EditorFileEdit("/etc/hosts", "", [])], null);
        Assert.Contains("outside the workspace", await fixture.ErrorAsync(await ToolAsync("rename"), call), StringComparison.Ordinal);
        editor.Rename = new([Edit("src/a.ts", (99, 1, "two"))], null);
        Assert.Contains("do not fit", await fixture.ErrorAsync(await ToolAsync("rename"), call), StringComparison.Ordinal);
        editor.Rename = new([], "You cannot rename this element.");
        Assert.Equal("You cannot rename this element. Nothing was changed.", await fixture.ErrorAsync(await ToolAsync("rename"), call));
    }

    [Fact]
    public async Task Runs_tests_only_where_the_editor_can()
    {
        Assert.Contains(
            "does not let extensions run tests",
            await fixture.ErrorAsync(await ToolAsync("tests"), "{}"),
            StringComparison.Ordinal
        );
        editor.Tests = "<summary passed=1 failed=0 />";
        Assert.Equal(editor.Tests, await ResultAsync("tests", """{"files":["src/a.ts"],"names":["adds"]}"""));
        Assert.Equal("tests a.ts adds", editor.Asked[^1]);
    }

    [Theory]
    [InlineData(PermissionMode.Ask, Decision.Ask)]
    [InlineData(PermissionMode.EditFreely, Decision.Ask)]
    [InlineData(PermissionMode.PlanOnly, Decision.Deny)]
    [InlineData(PermissionMode.ReadOnly, Decision.Deny)]
    public void A_test_run_is_judged_like_a_command(PermissionMode mode, Decision decision) =>
        Assert.Equal(decision, fixture.Policy.Evaluate("tests", new ToolAction.RunTests(), [fixture.Rights with { Mode = mode }]).Decision);

    [Fact]
    public void A_rule_for_one_reading_tool_restricts_no_other()
    {
        var rights = fixture.Rights with { Tools = ["read", "problems"], Permissions = new AgentPermissions([], [], ["problems"]) };
        var action = new ToolAction.ReadFile(fixture.PathOf("src/a.ts"));
        Assert.Equal(Decision.Deny, fixture.Policy.Evaluate("problems", action, [rights]).Decision);
        Assert.Equal(Decision.Allow, fixture.Policy.Evaluate("read", action, [rights]).Decision);
    }

    private async Task<ITool> ToolAsync(string name) =>
        Assert.Single(await new EditorTools(_ => "", fixture.Policy, editor.Window).FindAsync([name], [], CancellationToken.None));

    private async Task<string> ResultAsync(string tool, string parameters) => await fixture.ResultAsync(await ToolAsync(tool), parameters);

    private void SetProblems(params EditorProblem[] problems)
    {
        editor.Problems.Clear();
        editor.Problems.Enqueue(new EditorProblems(problems, problems.Length, 1, true));
    }

    private EditorProblem Problem(string path, string message) => new(fixture.PathOf(path), 1, 2, 0, message, "ts", "2322");

    private EditorPlace Place(
        string path,
        int line,
        int? end = null,
        string? name = null,
        string? kind = null,
        string? container = null,
        int depth = 0
    ) => new(fixture.PathOf(path), line, end ?? line, name, kind, container, depth);

    private EditorFileEdit Edit(string path, params (int Line, int Column, string Text)[] edits)
    {
        var text = editor.Documents.GetValueOrDefault(fixture.PathOf(path)) ?? fixture.Text(path);
        return new(
            fixture.PathOf(path),
            FolderHandle.HashOf(Encoding.UTF8.GetBytes(text)),
            [.. edits.Select(edit => new EditorTextEdit(edit.Line, edit.Column, edit.Line, edit.Column + 3, edit.Text))]
        );
    }
}
