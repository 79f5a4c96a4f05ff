using System.Runtime.Versioning;
using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Notebooks are edited cell by cell, and the rest of the file does not change.</summary>
[UnsupportedOSPlatform("windows")]
public sealed partial class NotebookTests : IDisposable
{
    /// <summary>As written by Jupyter: one blank per level, and a number that .NET would format differently.</summary>
    private const string Jupyter = """
        {
         "cells": [
          {
           "cell_type": "markdown",
           "id": "aaaa1111",
           "metadata": {},
           "source": [
            "# Größe 📏\n",
            "text"
           ]
          },
          {
           "cell_type": "code",
           "execution_count": 3,
           "id": "bbbb2222",
           "metadata": {},
           "outputs": [
            {
             "data": {
              "image/png": "iVBORw0KGgo=",
              "text/plain": [
               "<Figure>"
              ]
             },
             "metadata": {
              "ratio": 1.0
             },
             "output_type": "display_data"
            }
           ],
           "source": [
            "plot(1)"
           ]
          }
         ],
         "metadata": {
          "language_info": {
           "name": "julia"
          }
         },
         "nbformat": 4,
         "nbformat_minor": 5
        }

        """;
    private readonly ToolFixture fixture = new();
    private readonly ScriptedEditor editor = new();

    public NotebookTests() => fixture.Rights = fixture.Rights with { Tools = ["read", "edit_cell", "run_cell"] };

    private EditCellTool Edit => new("", editor.Window);
    private RunCellTool Run => new("", editor.Window);

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Cells_are_shown_with_number_kind_language_and_short_outputs()
    {
        await ReadAsync(Jupyter);
        var shown = await fixture.ResultAsync(fixture.Read, """{"path":"n.ipynb"}""");
        Assert.Equal(
            "[Cell 1, markdown]\n# Größe 📏\ntext\n\n[Cell 2, code, julia, run 3]\nplot(1)\n[Output]\n<Figure>\n[image/png]\n\n",
            LineNumber().Replace(shown[..shown.IndexOf("[This notebook", StringComparison.Ordinal)], "")
        );
    }

    [Fact]
    public async Task A_replaced_cell_changes_nothing_else_in_the_file()
    {
        await ReadAsync(Jupyter);
        Assert.Equal("Replaced cell 2 of n.ipynb.", await EditAsync("""{"path":"n.ipynb","cell":2,"source":"a = \"ü\"\nplot(a)\n"}"""));
        Assert.Equal(
            Jupyter.Replace("    \"plot(1)\"\n", "    \"a = \\\"ü\\\"\\n\",\n    \"plot(a)\\n\"\n", StringComparison.Ordinal),
            fixture.Text("n.ipynb")
        );
        // Its own edit does not require reading again.
        Assert.Equal("Replaced cell 1 of n.ipynb.", await EditAsync("""{"path":"n.ipynb","cell":1,"source":""}"""));
        Assert.Contains("   \"source\": []\n", fixture.Text("n.ipynb"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task An_inserted_cell_has_the_format_of_the_others_and_deleting_it_restores_the_file(int number)
    {
        await ReadAsync(Jupyter);
        await EditAsync($$"""{"path":"n.ipynb","cell":{{number}},"action":"insert","source":"one\ntwo"}""");
        var text = fixture.Text("n.ipynb");
        var cell = JsonDocument.Parse(text).RootElement.GetProperty("cells")[number - 1];
        Assert.Equal(
            ["cell_type", "execution_count", "id", "metadata", "outputs", "source"],
            cell.EnumerateObject().Select(property => property.Name)
        );
        Assert.Matches("^[0-9a-f]{8}$", cell.GetProperty("id").GetString());
        Assert.Contains("   \"source\": [\n    \"one\\n\",\n    \"two\"\n   ]\n  }", text, StringComparison.Ordinal);
        await EditAsync($$"""{"path":"n.ipynb","cell":{{number}},"action":"delete"}""");
        Assert.Equal(Jupyter, fixture.Text("n.ipynb"));
    }

    [Fact]
    public async Task The_last_cell_can_be_deleted_and_the_first_inserted()
    {
        const string one =
            "{\n  \"cells\": [\n    {\n      \"cell_type\": \"raw\",\n      \"source\": \"x\"\n    }\n  ],\n  \"nbformat\": 4,\n  \"nbformat_minor\": 4\n}";
        await ReadAsync(one);
        await EditAsync("""{"path":"n.ipynb","cell":1,"action":"delete"}""");
        Assert.Contains("  \"cells\": [],\n", fixture.Text("n.ipynb"), StringComparison.Ordinal);
        Assert.StartsWith(
            "[The notebook has no cells.",
            await fixture.ResultAsync(fixture.Read, """{"path":"n.ipynb"}"""),
            StringComparison.Ordinal
        );
        await EditAsync("""{"path":"n.ipynb","cell":1,"action":"insert","kind":"markdown","source":"Hi"}""");
        Assert.Equal(
            "{\n  \"cells\": [\n    {\n      \"cell_type\": \"markdown\",\n      \"metadata\": {},\n      \"source\": [\n        \"Hi\"\n      ]\n    }\n  ],\n  \"nbformat\": 4,\n  \"nbformat_minor\": 4\n}",
            fixture.Text("n.ipynb")
        );
    }

    [Fact]
    public async Task A_file_of_one_line_stays_one()
    {
        await ReadAsync("""{"cells":[{"cell_type":"code","metadata":{},"outputs":[],"source":"a"}],"nbformat":4,"nbformat_minor":4}""");
        await EditAsync("""{"path":"n.ipynb","cell":1,"source":"b\nc"}""");
        await EditAsync("""{"path":"n.ipynb","cell":2,"action":"insert","source":"d"}""");
        Assert.Equal(
            """{"cells":[{"cell_type":"code","metadata":{},"outputs":[],"source":"b\nc"},{"cell_type":"code","execution_count":null,"metadata":{},"outputs":[],"source":["d"]}],"nbformat":4,"nbformat_minor":4}""",
            fixture.Text("n.ipynb")
        );
    }

    [Fact]
    public async Task Cells_that_were_not_read_or_changed_are_not_edited()
    {
        const string call = """{"path":"n.ipynb","cell":2,"source":"b"}""";
        fixture.Write("n.ipynb", Jupyter);
        Assert.Contains("You have not read n.ipynb yet.", await fixture.ErrorAsync(Edit, call), StringComparison.Ordinal);
        await ReadAsync(Jupyter);
        fixture.Write("n.ipynb", Jupyter.Replace("plot(1)", "plot(9)", StringComparison.Ordinal));
        Assert.Contains("changed since you read them", await fixture.ErrorAsync(Edit, call), StringComparison.Ordinal);
        // Changed outputs do not require reading again.
        fixture.Write("n.ipynb", Jupyter.Replace("<Figure>", "<Other>", StringComparison.Ordinal));
        Assert.Equal("Replaced cell 2 of n.ipynb.", await EditAsync(call));
    }

    [Theory]
    [InlineData("""{"path":"n.ipynb","cell":3,"source":"b"}""", "There is no cell 3: n.ipynb has 2 cells.")]
    [InlineData("""{"path":"n.ipynb","cell":4,"action":"insert","source":"b"}""", "There is no cell 4")]
    [InlineData("""{"path":"n.ipynb","cell":1,"action":"run","source":"b"}""", "`action` must be")]
    [InlineData("""{"path":"n.ipynb","cell":1,"action":"insert","kind":"raw","source":"b"}""", "`kind` must be")]
    [InlineData("""{"path":"n.ipynb","cell":2,"source":"plot(1)"}""", "would not change the notebook")]
    [InlineData("""{"path":"n.ipynb","cell":2}""", "`source` is missing")]
    [InlineData("""{"path":"a.txt","cell":1,"source":"b"}""", "a.txt is not a notebook")]
    [InlineData("""{"path":"bad.ipynb","cell":1,"source":"b"}""", "not a valid notebook")]
    public async Task An_impossible_edit_reports_the_reason(string call, string expected)
    {
        await ReadAsync(Jupyter);
        fixture.Write("a.txt", "text");
        fixture.Write("bad.ipynb", """{"cells":[1]}""");
        Assert.Contains(expected, await fixture.ErrorAsync(Edit, call), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unsaved_cells_are_read_and_edited_in_the_editor()
    {
        fixture.Write("n.ipynb", Jupyter);
        editor.Type(fixture.PathOf("n.ipynb"), Jupyter.Replace("plot(1)", "plot(typed)", StringComparison.Ordinal));
        // VS Code rewrites the whole notebook when it saves.
        editor.Format = text => text + "\n";
        var shown = await fixture.ResultAsync(new ReadTool("", fixture.Results, editor.Window), """{"path":"n.ipynb"}""");
        Assert.Contains("plot(typed)", shown, StringComparison.Ordinal);
        Assert.Contains("unsaved changes in the editor", shown, StringComparison.Ordinal);
        Assert.Equal(
            "Replaced cell 1 of n.ipynb. It had unsaved changes in the editor and was saved with them.",
            await EditAsync("""{"path":"n.ipynb","cell":1,"source":"Hi"}""")
        );
        Assert.Contains("plot(typed)", fixture.Text("n.ipynb"), StringComparison.Ordinal);
        Assert.Contains("\"Hi\"", fixture.Text("n.ipynb"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_shows_the_source_and_returns_outputs_and_images()
    {
        fixture.Write("n.ipynb", Jupyter);
        byte[] png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 0];
        editor.CellRun = new(EditorCellOutcome.Succeeded, [new("2", null, null), new(null, png, "image/png")]);
        var planned = await fixture.PlanAsync(Run, """{"path":"n.ipynb","cell":2,"timeout_s":9}""");
        Assert.Equal("plot(1)", planned.ActionText);
        Assert.Null(planned.Changes);
        Assert.Contains(new ToolAction.RunCell(), planned.Actions);
        var outcome = await planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken);
        Assert.Equal("Cell 2 of n.ipynb ran.\n2\n[Image 1 is attached]", outcome.Text);
        Assert.Equal("cell-2-1.png", Assert.Single(outcome.Images).Path);
        Assert.Equal("run n.ipynb:1 plot(1) 9", editor.Asked[^1]);
    }

    [Theory]
    [InlineData((int)EditorCellOutcome.Failed, "Cell 2 of n.ipynb failed. It has no output.")]
    [InlineData((int)EditorCellOutcome.TimedOut, "Cell 2 of n.ipynb was stopped after 120 seconds. It has no output.")]
    [InlineData((int)EditorCellOutcome.Changed, "Cell 2 of n.ipynb changed in the meantime. Nothing was run. Read it again.")]
    [InlineData(
        (int)EditorCellOutcome.NotStarted,
        "n.ipynb has no kernel that runs cell 2. Nothing was run. Ask the user to select a kernel for the notebook in VS Code."
    )]
    public async Task A_failed_run_reports_the_reason(int outcome, string expected)
    {
        fixture.Write("n.ipynb", Jupyter);
        editor.CellRun = new((EditorCellOutcome)outcome, []);
        Assert.Equal(expected, await fixture.ResultAsync(Run, """{"path":"n.ipynb","cell":2}"""));
    }

    [Fact]
    public async Task Text_is_not_run_and_nothing_runs_without_a_window()
    {
        fixture.Write("n.ipynb", Jupyter);
        Assert.Contains(
            "is markdown, not code",
            await fixture.ErrorAsync(Run, """{"path":"n.ipynb","cell":1}"""),
            StringComparison.Ordinal
        );
        editor.Window.Editor = null;
        Assert.StartsWith(
            "No editor is attached",
            await fixture.ErrorAsync(Run, """{"path":"n.ipynb","cell":2}"""),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(PermissionMode.Ask, Decision.Ask, Decision.Ask)]
    [InlineData(PermissionMode.EditFreely, Decision.Allow, Decision.Ask)]
    [InlineData(PermissionMode.PlanOnly, Decision.Deny, Decision.Deny)]
    [InlineData(PermissionMode.ReadOnly, Decision.Deny, Decision.Deny)]
    public void An_edit_is_judged_like_other_edits_and_a_run_like_a_command(PermissionMode mode, Decision edit, Decision run)
    {
        var rights = fixture.Rights with { Mode = mode };
        var change = new ToolAction.ChangeFile(fixture.Write("n.ipynb", Jupyter), FileChangeKind.Modify);
        Assert.Equal(edit, fixture.Policy.Evaluate("edit_cell", change, [rights]).Decision);
        Assert.Equal(run, fixture.Policy.Evaluate("run_cell", new ToolAction.RunCell(), [rights]).Decision);
        var restricted = rights with { Permissions = new AgentPermissions([], [], ["edit(*.ipynb)"]) };
        Assert.Equal(Decision.Deny, fixture.Policy.Evaluate("edit_cell", change, [restricted]).Decision);
    }

    private async Task ReadAsync(string notebook)
    {
        fixture.Write("n.ipynb", notebook);
        await fixture.RunAsync(fixture.Read, """{"path":"n.ipynb"}""");
    }

    private Task<string> EditAsync(string call) => fixture.ResultAsync(Edit, call);

    [GeneratedRegex(@"(?m)^ *\d+\t")]
    private static partial Regex LineNumber();
}
