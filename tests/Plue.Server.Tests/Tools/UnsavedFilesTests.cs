using System.Runtime.Versioning;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Files that the user edits at the same time: unsaved text is read, searched and kept.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class UnsavedFilesTests : IDisposable
{
    private readonly ToolFixture fixture = new();
    private readonly ScriptedEditor editor = new();

    private ReadTool Reading => new("", fixture.Results, editor.Window);
    private EditTool Editing => new("", editor.Window);
    private WriteTool Writing => new("", editor.Window);

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Reads_the_text_in_the_editor_and_reports_it()
    {
        fixture.Write("a.txt", "saved\n");
        editor.Type(fixture.PathOf("a.txt"), "typed\n");
        Assert.Equal(
            "     1\ttyped\n[a.txt has unsaved changes in the editor; they are shown.]\n",
            await fixture.ResultAsync(Reading, """{"path":"a.txt"}""")
        );
    }

    [Fact]
    public async Task Asks_the_editor_nothing_for_saved_files()
    {
        fixture.Write("a.txt", "saved\n");
        fixture.Write("b.txt", "b\n");
        editor.Type(fixture.PathOf("b.txt"), "other\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        Assert.Empty(editor.Asked);
    }

    [Fact]
    public async Task Edits_unsaved_text_through_the_editor()
    {
        fixture.Write("a.txt", "one\ntwo\n");
        editor.Type(fixture.PathOf("a.txt"), "one\ntyped\ntwo\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        Assert.Equal(
            "Changed a.txt in line 3. It had unsaved changes in the editor and was saved with them.",
            await fixture.ResultAsync(Editing, """{"path":"a.txt","old":"two","new":"2"}""")
        );
        Assert.Equal("one\ntyped\n2\n", fixture.Text("a.txt"));
        // The model knows its own changes.
        Assert.Equal("Changed a.txt in line 1.", await fixture.ResultAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}"""));
    }

    [Fact]
    public async Task Writes_a_whole_unsaved_file_through_the_editor()
    {
        fixture.Write("a.txt", "saved\n");
        editor.Type(fixture.PathOf("a.txt"), "typed\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        Assert.StartsWith(
            "Wrote a.txt. It had unsaved",
            await fixture.ResultAsync(Writing, """{"path":"a.txt","content":"all\n"}"""),
            StringComparison.Ordinal
        );
        Assert.Equal("all\n", fixture.Text("a.txt"));
    }

    [Fact]
    public async Task Never_overwrites_what_the_user_typed_since_it_was_read()
    {
        fixture.Write("a.txt", "one\n");
        editor.Type(fixture.PathOf("a.txt"), "one typed\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");

        // The user types before the call.
        editor.Type(fixture.PathOf("a.txt"), "one typed more\n");
        Assert.Contains(
            "changed since you read it",
            await fixture.ErrorAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}"""),
            StringComparison.Ordinal
        );

        // The user types while the call waits for approval.
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        var planned = await fixture.PlanAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}""");
        editor.Type(fixture.PathOf("a.txt"), "one typed even more\n");
        var fault = await Assert.ThrowsAsync<ToolFailureException>(() =>
            planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken)
        );
        Assert.Equal("The user changed a.txt in the editor in the meantime. Nothing was changed. Read it again.", fault.Message);
        Assert.Equal("one\n", fixture.Text("a.txt"));
        Assert.Equal("one typed even more\n", editor.Documents[fixture.PathOf("a.txt")]);
    }

    [Fact]
    public async Task A_file_that_the_user_begins_to_change_while_a_call_waits_is_left_alone()
    {
        fixture.Write("a.txt", "one\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        var planned = await fixture.PlanAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}""");
        editor.Type(fixture.PathOf("a.txt"), "one typed\n");
        await Assert.ThrowsAsync<ToolFailureException>(() =>
            planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken)
        );
        Assert.Equal("one\n", fixture.Text("a.txt"));
    }

    [Fact]
    public async Task A_file_that_the_user_saves_while_a_call_waits_is_written_on_the_disk()
    {
        fixture.Write("a.txt", "one\n");
        editor.Type(fixture.PathOf("a.txt"), "one typed\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        var planned = await fixture.PlanAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}""");
        fixture.Write("a.txt", "one typed\n");
        editor.Documents.Clear();
        await planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken);
        Assert.Equal("1 typed\n", fixture.Text("a.txt"));
    }

    [Fact]
    public async Task A_document_that_cannot_be_saved_is_an_error()
    {
        fixture.Write("a.txt", "one\n");
        editor.Type(fixture.PathOf("a.txt"), "one typed\n");
        editor.Saves = false;
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        Assert.Contains(
            "the editor could not save it",
            await fixture.ErrorAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}"""),
            StringComparison.Ordinal
        );
        Assert.Equal("one\n", fixture.Text("a.txt"));
    }

    [Fact]
    public async Task An_editor_that_goes_away_during_a_write_leaves_it_open_whether_the_file_changed()
    {
        fixture.Write("a.txt", "one\n");
        editor.Type(fixture.PathOf("a.txt"), "one typed\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        editor.IsGone = true;
        Assert.EndsWith(
            "It may have been changed there. Read it again.",
            await fixture.ErrorAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}"""),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_document_that_the_editor_formats_must_be_read_again()
    {
        fixture.Write("a.txt", "one\n");
        editor.Type(fixture.PathOf("a.txt"), "one typed\n");
        editor.Format = text => text.ToUpperInvariant();
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        Assert.Contains(
            "read it again",
            await fixture.ResultAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}"""),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "changed since you read it",
            await fixture.ErrorAsync(Editing, """{"path":"a.txt","old":"1","new":"2"}"""),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Keeps_the_encoding_of_the_file()
    {
        fixture.Write("a.txt", [0xFF, 0xFE, (byte)'o', 0]);
        editor.Type(fixture.PathOf("a.txt"), "typed");
        var version = await WorkspaceFile.ReadAsync(
            WorkspacePath.Resolve(WorkspaceFolders.Of(fixture.Workspace), "a.txt"),
            editor.Window,
            TestContext.Current.CancellationToken
        );
        Assert.Equal([0xFF, 0xFE, (byte)'t', 0], version.Content[..4]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Searches_the_text_in_the_editor(bool byRipgrep)
    {
        fixture.Write("a.txt", "old word\n");
        fixture.Write("b.txt", "nothing\n");
        editor.Type(fixture.PathOf("a.txt"), "gone\n");
        editor.Type(fixture.PathOf("b.txt"), "an old word\n");
        var search = new SearchTool("", fixture.Policy, editor.Window) { Ripgrep = byRipgrep ? WorkspaceListing.FindRipgrep() : null };
        fixture.Rights = fixture.Rights with { Tools = ["search"] };
        Assert.Equal(
            "b.txt:1: an old word\n[1 line in 1 file.]\n[With unsaved changes in the editor: b.txt.]\n",
            await fixture.ResultAsync(search, """{"query":"old word"}""")
        );
        Assert.Equal("No line fits.\n", await fixture.ResultAsync(search, """{"query":"old word","files":"a.*"}"""));
    }

    [Fact]
    public async Task Finds_nothing_in_a_key_that_is_not_saved_yet()
    {
        fixture.Write("a.txt", "nothing\n");
        editor.Type(fixture.PathOf("a.txt"), "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n");
        fixture.Rights = fixture.Rights with { Tools = ["search"] };
        var search = new SearchTool("", fixture.Policy, editor.Window) { Ripgrep = null };
        Assert.Equal("No line fits.\n", await fixture.ResultAsync(search, """{"query":"MIIB"}"""));
    }

    [Fact]
    public async Task New_problems_are_part_of_the_result()
    {
        fixture.Write("a.txt", "one\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        var path = fixture.PathOf("a.txt");
        Plue.Server.Editor.EditorProblem old = new(path, 1, 1, 0, "Old.", "ts", null);
        editor.Problems.Clear();
        editor.Problems.Enqueue(new([old], 1, 7, true));
        editor.Problems.Enqueue(
            new([old with { Line = 2 }, old with { Message = "New\u202E." }, old with { Message = "Minor.", Severity = 3 }], 3, 9, true)
        );
        var planned = await fixture.PlanAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}""");
        await planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken);
        Assert.Equal(
            "\nNew problems after this edit (1):\na.txt:1:1: error: New⟨U+202E⟩. [ts]\n",
            await planned.FollowUpAsync(TestContext.Current.CancellationToken)
        );
        Assert.Equal(["problems a.txt", "problems a.txt 7"], editor.Asked);
    }

    [Fact]
    public async Task Waits_for_no_problems_where_nothing_tracks_them()
    {
        fixture.Write("a.txt", "one\n");
        await fixture.RunAsync(Reading, """{"path":"a.txt"}""");
        var planned = await fixture.PlanAsync(Editing, """{"path":"a.txt","old":"one","new":"1"}""");
        await planned.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken);
        Assert.Equal("", await planned.FollowUpAsync(TestContext.Current.CancellationToken));
        Assert.Equal(["problems a.txt"], editor.Asked);
    }
}
