using Plue.Server.Acp;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Acp;

/// <summary>Tool calls as other editors show them.</summary>
public sealed class AgentToolCallTests
{
    private static readonly WorkspaceFolders Work = WorkspaceFolders.Of(Path.GetTempPath());

    [Theory]
    [InlineData("read", """{"path":"a.cs","from":3,"to":9}""", "read", "Read a.cs (3-9)")]
    [InlineData("read", """{"path":"a.cs","from":3}""", "read", "Read a.cs (from line 3)")]
    [InlineData("write", """{"path":"a.cs","content":"x"}""", "edit", "Write a.cs")]
    [InlineData("edit", """{"path":"a.cs","old":"x","new":"y"}""", "edit", "Edit a.cs")]
    [InlineData("search", """{"query":"needle"}""", "search", "Search needle")]
    [InlineData("bash", """{"command":"npm test"}""", "execute", "npm test")]
    [InlineData("fetch", """{"url":"https://example.org"}""", "fetch", "Fetch https://example.org")]
    [InlineData("rename", """{"path":"a.cs","line":1,"symbol":"Old","new_name":"New"}""", "edit", "Rename Old to New")]
    [InlineData("spawn_task", """{"goal":"Find the bug"}""", "other", "Start a subtask: Find the bug")]
    [InlineData("bash_process", """{"id":"cmd_1"}""", "other", "Follow a background command")]
    [InlineData("task_status", "{}", "other", "Check subtasks")]
    [InlineData("task_wait", "{}", "other", "Wait for subtasks")]
    [InlineData("send_message", """{"task":"parent","text":"Done soon."}""", "other", "Send a message to a task: Done soon.")]
    [InlineData("board_post", """{"note":"Dates use ISO 8601."}""", "other", "Post a note to the board: Dates use ISO 8601.")]
    [InlineData("board_read", "{}", "other", "Read the board")]
    [InlineData("github/create_issue", """{"title":"x"}""", "other", "github/create_issue")]
    [InlineData("bash", """{"command":"echo \u202eabc"}""", "execute", "echo ⟨U+202E⟩abc")]
    public void Names_a_call_by_what_it_does(string tool, string parameters, string kind, string title)
    {
        var call = new AgentToolCall("call_1", tool, Work);
        Assert.True(call.Complete(parameters));
        Assert.Equal((kind, title), (call.Kind, call.Title));
    }

    [Fact]
    public void Is_named_by_its_tool_before_its_parameters_are_known() =>
        Assert.Equal(
            ("bash", "execute"),
            (new AgentToolCall("call_1", "bash", null).Title, new AgentToolCall("call_1", "bash", null).Kind)
        );

    [Fact]
    public void Locates_files_in_the_workspace_with_their_line()
    {
        var call = new AgentToolCall("call_1", "read", Work);
        call.Complete("""{"path":"src/a.cs","from":12}""");
        Assert.Equal([(Path.Combine(Work.First.Path, "src", "a.cs"), 12L)], call.Locations);
    }

    [Theory]
    [InlineData("{\"content\":\"if (x) { y(\\\"}\\\"); }\",\"path\":\"a\"}")]
    [InlineData("{\"a\":{\"b\":[{\"c\":\"\\\\\"}]}}")]
    [InlineData("{}")]
    public void Parameters_are_complete_with_their_last_piece(string json)
    {
        var call = new AgentToolCall("call_1", "write", null);
        for (var at = 0; at < json.Length; at++)
        {
            Assert.Equal(at == json.Length - 1, call.Append(json[at].ToString()));
        }
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{\"a\":")]
    [InlineData("")]
    public void Parameters_that_are_no_object_are_not_complete(string json)
    {
        var call = new AgentToolCall("call_1", "write", null);
        Assert.False(call.Append(json));
        Assert.False(call.Complete(json));
    }

    [Fact]
    public void Keeps_the_end_of_long_output()
    {
        var call = new AgentToolCall("call_1", "bash", null);
        for (var line = 0; line < 100_000; line++)
        {
            call.AddOutput($"line {line}\n");
        }

        Assert.InRange(call.Output.Length, 64 * 1024, 128 * 1024);
        Assert.EndsWith("line 99999\n", call.Output, StringComparison.Ordinal);
    }
}
