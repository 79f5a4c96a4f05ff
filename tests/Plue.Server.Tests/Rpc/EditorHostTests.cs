using System.Text.Json.Nodes;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Agent edits of a document with unsaved changes; the test acts as the editor that answers host/*.</summary>
public sealed class EditorHostTests : IAsyncLifetime
{
    private const string Typed = "one\ntyped by the user\n";
    private readonly ScriptedEndpoint endpoint = new();
    private readonly string folder = RealPath.Of(Directory.CreateTempSubdirectory("plue-test-").FullName);
    private readonly Queue<ScriptedAnswer> answers = new();
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    private string FilePath => Path.Combine(folder, "a.txt");

    public async ValueTask InitializeAsync()
    {
        endpoint.Route = request =>
            request.Target.EndsWith("/models", StringComparison.Ordinal) ? ScriptedAnswer.Silence()
            : answers.TryDequeue(out var next) ? next
            : Answer("done");
        File.WriteAllText(FilePath, "one\n");
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "edit" } });
        await sidecar.Client.NotifyAsync("workspace/unsaved", new { paths = new[] { FilePath } });
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task An_edit_of_unsaved_text_is_recorded_from_what_the_user_typed_and_undone_to_it()
    {
        await BeginEditAsync(isTracked: true);
        var written = await AnswerAsync(
            "host/writeDocument",
            new { outcome = "saved" },
            parameters => File.WriteAllText(FilePath, (string?)parameters["text"])
        );
        Assert.Equal(FolderHandle.HashOf(System.Text.Encoding.UTF8.GetBytes(Typed)), (string?)written["expectedHash"]);
        var waited = await AnswerAsync(
            "host/problems",
            new
            {
                problems = new[]
                {
                    new
                    {
                        path = FilePath,
                        line = 1,
                        column = 1,
                        severity = "error",
                        message = "A number is no name.",
                    },
                },
                total = 1,
                revision = 4,
                isTracked = true,
            }
        );
        Assert.Equal(3, (long?)waited["after"]);
        await sidecar.Client.NextAsync("message/event", parameters => Kind(parameters) == "turnFinished");

        Assert.Contains("unsaved changes in the editor", endpoint.Requests[1].Body, StringComparison.Ordinal);
        Assert.Contains("a.txt:1:1: error: A number is no name.", endpoint.Requests[2].Body, StringComparison.Ordinal);
        Assert.Equal("1\ntyped by the user\n", File.ReadAllText(FilePath));
        var before = await sidecar.Client.ResultAsync("edit/content", new { codexId = uri, path = "a.txt" });
        Assert.Equal(Typed, (string?)before?["text"]);

        await sidecar.Client.NotifyAsync("workspace/unsaved", new { paths = Array.Empty<string>() });
        await sidecar.Client.ResultAsync("edit/undo", new { codexId = uri });
        Assert.Equal(Typed, File.ReadAllText(FilePath));
    }

    [Fact]
    public async Task An_edit_that_meets_newer_text_changes_nothing_and_records_nothing()
    {
        await BeginEditAsync(isTracked: false);
        await AnswerAsync("host/writeDocument", new { outcome = "changed" });
        await sidecar.Client.NextAsync("message/event", parameters => Kind(parameters) == "turnFinished");
        Assert.Contains("The user changed a.txt in the editor in the meantime.", endpoint.Requests[2].Body, StringComparison.Ordinal);
        Assert.Equal("one\n", File.ReadAllText(FilePath));
        var listed = await sidecar.Client.ResultAsync("edit/list", new { codexId = uri });
        Assert.Empty(listed?["files"]?.AsArray() ?? []);
    }

    [Fact]
    public async Task An_attachment_and_a_pinned_file_are_sent_as_they_are_in_the_editor()
    {
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { context_files = new[] { "a.txt" } } });
        var asking = sidecar.Client.ResultAsync(
            "message/send",
            new
            {
                codexId = uri,
                text = "Look.",
                attachments = new[] { new { path = "a.txt" } },
            }
        );
        await AnswerAsync("host/readDocument", new { text = Typed });
        await asking;
        await AnswerAsync("host/readDocument", new { text = Typed });
        await sidecar.Client.NextAsync("message/event", parameters => Kind(parameters) == "turnFinished");
        var body = JsonNode.Parse(endpoint.Requests[0].Body)!.ToJsonString();
        Assert.Equal(2, body.Split("typed by the user").Length - 1);
        Assert.Equal(2, body.Split("unsaved changes in the editor").Length - 1);
        var inspecting = sidecar.Client.ResultAsync("attachment/inspect", new { path = "a.txt" });
        await AnswerAsync("host/readDocument", new { text = Typed });
        Assert.Equal("Sent with unsaved changes in the editor.", (string?)(await inspecting)?["note"]);
    }

    [Theory]
    [InlineData("ask", true)]
    [InlineData("read", false)]
    public async Task An_enabled_tool_of_the_window_is_called_after_approval_and_does_not_exist_in_ask_mode(string mode, bool isOffered)
    {
        var listed = new
        {
            tools = new[]
            {
                new
                {
                    name = "beep",
                    description = "Beeps.",
                    source = "VS Code",
                },
            },
        };
        var listing = sidecar.Client.ResultAsync("vsCodeTool/list", new { });
        await AnswerAsync("host/tools", listed);
        var tool = (await listing)!["tools"]![0]!;
        Assert.Equal("disabled", (string?)tool["state"]);
        var enabled = new[] { new { name = "beep", fingerprint = (string?)tool["fingerprint"] } };
        var selecting = sidecar.Client.ResultAsync("vsCodeTool/select", new { tools = enabled });
        await AnswerAsync("host/tools", listed);
        await AnswerAsync("host/tools", listed);
        Assert.Equal("enabled", (string?)(await selecting)!["tools"]![0]!["state"]);

        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = mode } });
        answers.Enqueue(Calls("", ("c0", "vscode__beep", """{"times":2}""")));
        var asking = sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Beep." });
        if (isOffered)
        {
            await AnswerAsync("host/tools", listed);
            var requested = await sidecar.Client.NextAsync(
                "approval/changed",
                parameters => parameters["approvals"] is JsonArray { Count: 1 }
            );
            var approval = requested["approvals"]![0]!;
            Assert.Equal("vscode/beep\n{\"times\":2}", (string?)approval["actionText"]);
            await sidecar.Client.ResultAsync(
                "approval/answer",
                new
                {
                    id = (string?)approval["id"],
                    fingerprint = (string?)approval["fingerprint"],
                    decision = "once",
                }
            );
            await AnswerAsync("host/tools", listed);
            var called = await AnswerAsync("host/callTool", new { content = new[] { new { kind = "text", text = "Beep, beep." } } });
            Assert.Equal("""{"times":2}""", (string?)called["parameters"]);
        }

        await asking;
        await sidecar.Client.NextAsync("message/event", parameters => Kind(parameters) == "turnFinished");
        Assert.Equal(isOffered, endpoint.Requests[0].Body.Contains("vscode__beep", StringComparison.Ordinal));
        Assert.Contains(isOffered ? "Beep, beep." : "There is no tool `vscode__beep`", endpoint.Requests[1].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_outside_the_folder_is_not_asked_for()
    {
        var outside = Path.Combine(RealPath.Of(Directory.CreateTempSubdirectory("plue-test-").FullName), "b.txt");
        await File.WriteAllTextAsync(outside, "b");
        await sidecar.Client.NotifyAsync("workspace/unsaved", new { paths = new[] { outside } });
        await sidecar.Client.NotifyAsync("workspace/trust", new { trusted = false });
        var file = await sidecar.Client.ResultAsync("attachment/inspect", new { path = outside });
        Assert.Null((string?)file?["note"]);
    }

    /// <summary>Makes the model read the document and edit it, up to the write.</summary>
    private async Task BeginEditAsync(bool isTracked)
    {
        answers.Enqueue(Calls("", ("c0", "read", """{"path":"a.txt"}""")));
        answers.Enqueue(Calls("", ("c1", "edit", """{"path":"a.txt","old":"one","new":"1"}""")));
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Change it." });
        await AnswerAsync("host/readDocument", new { text = Typed });
        await AnswerAsync("host/readDocument", new { text = Typed });
        await AnswerAsync(
            "host/problems",
            new
            {
                problems = Array.Empty<object>(),
                total = 0,
                revision = 3,
                isTracked,
            }
        );
    }

    /// <summary>Waits for a request of the sidecar and responds to it.</summary>
    private async Task<JsonObject> AnswerAsync(string method, object answer, Action<JsonObject>? first = null)
    {
        var (id, parameters) = await sidecar.Client.AskedAsync(method);
        first?.Invoke(parameters);
        await sidecar.Client.AnswerAsync(id, answer);
        return parameters;
    }
}
