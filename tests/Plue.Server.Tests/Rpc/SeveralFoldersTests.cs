using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>A window with the folders <c>api</c> and <c>web</c>: instructions, changes in both folders, and shown paths.</summary>
public sealed class SeveralFoldersTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private readonly string top = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly Queue<ScriptedAnswer> answers = new();
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
        endpoint.Route = request =>
            request.Target.EndsWith("/models", StringComparison.Ordinal) ? ScriptedAnswer.Silence()
            : answers.TryDequeue(out var next) ? next
            : Answer("done");
        Write("api/a.txt", "one\n");
        Write("api/AGENTS.md", "Api rules.");
        Write("web/b.txt", "two\n");
        Write("web/AGENTS.md", "Web rules.");
        sidecar = await InMemorySidecar.StartAsync(folder: At("api"), trusted: true, folders: Folders("api", "web"));
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "edit" } });
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
        Directory.Delete(top, recursive: true);
    }

    [Fact]
    public async Task The_model_receives_the_folders_and_the_instructions_of_each()
    {
        await sidecar.Client.AskAsync(uri, "Hello.");
        var system = System(endpoint.Requests[^1].Body);
        Assert.Contains("# Workspace folders", system, StringComparison.Ordinal);
        Assert.Contains($"- `api`: {At("api")}\n- `web`: {At("web")}", system, StringComparison.Ordinal);
        Assert.Contains("## api/AGENTS.md\n\nApi rules.\n\n## web/AGENTS.md\n\nWeb rules.", system, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Changes_in_both_folders_are_listed_by_folder_and_kept_or_undone_in_each()
    {
        await ChangeBothAsync();
        Assert.Equal(["api/a.txt pending", "web/b.txt pending", "web/new.txt pending"], Files(await ListAsync()));
        Assert.Equal("two\n", await BeforeAsync("web/b.txt"));
        Assert.Equal(["api/a.txt", "web/b.txt", "web/new.txt"], (await MessagesAsync()).SelectMany(Changes).Order(StringComparer.Ordinal));

        await sidecar.Client.ResultAsync("edit/reject", new { codexId = uri, path = "web/b.txt" });
        Assert.Equal(("1\n", "two\n"), (Read("api/a.txt"), Read("web/b.txt")));
        await sidecar.Client.ResultAsync("edit/accept", new { codexId = uri });
        Assert.DoesNotContain(Files(await ListAsync()), file => file.EndsWith("pending", StringComparison.Ordinal));
        Assert.Equal("3\n", Read("web/new.txt"));
    }

    [Fact]
    public async Task A_turn_is_undone_and_redone_in_both_folders()
    {
        await ChangeBothAsync();
        var undone = await sidecar.Client.ResultAsync("edit/undo", new { codexId = uri });
        Assert.Equal(("one\n", "two\n", false), (Read("api/a.txt"), Read("web/b.txt"), File.Exists(At("web/new.txt"))));
        Assert.Equal((1, 3), (undone?["turns"]?.AsArray().Count, (int?)undone?["turns"]?[0]?["files"]));
        await sidecar.Client.ResultAsync("edit/redo", new { codexId = uri });
        Assert.Equal(("1\n", "2\n", "3\n"), (Read("api/a.txt"), Read("web/b.txt"), Read("web/new.txt")));
    }

    [Fact]
    public async Task Attached_files_are_found_and_named_by_folder()
    {
        foreach (var path in new[] { "web/b.txt", "b.txt", At("web/b.txt") })
        {
            Assert.Equal("web/b.txt", (string?)(await sidecar.Client.ResultAsync("attachment/inspect", new { path }))?["path"]);
        }
        Assert.Equal("api/a.txt", (string?)(await sidecar.Client.ResultAsync("attachment/inspect", new { path = "a.txt" }))?["path"]);
        Write("other/c.txt", "");
        var outside = await sidecar.Client.ResultAsync("attachment/inspect", new { path = At("other/c.txt") });
        Assert.Equal("outsideWorkspace", (string?)outside?["questions"]?[0]);
    }

    [Fact]
    public async Task A_removed_folder_is_reported_once_and_its_files_are_outside()
    {
        await ChangeBothAsync();
        await sidecar.Client.NotifyAsync("workspace/folders", new { folders = Folders("api") });
        Assert.Equal(["a.txt pending"], Files(await ListAsync()));
        answers.Enqueue(Calls("", ("c9", "read", $$"""{"path":"{{At("web/b.txt")}}"}""")));
        await sidecar.Client.AskAsync(uri, "Go on.");
        await sidecar.Client.AskAsync(uri, "And again.");
        const string Note = "The folder web was removed from the workspace, so its files are no longer available.";
        var messages = await MessagesAsync();
        Assert.Single(messages, message => message?["omitted"]?.ToJsonString().Contains(Note, StringComparison.Ordinal) == true);
        Assert.Contains(
            "outside the workspace",
            endpoint.Requests.Last(request => request.Body.Contains("c9", StringComparison.Ordinal)).Body,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("# Workspace folders", System(endpoint.Requests[^1].Body), StringComparison.Ordinal);

        await sidecar.Client.NotifyAsync("workspace/folders", new { folders = Folders("api", "web") });
        Assert.Contains("web/b.txt pending", Files(await ListAsync()));
    }

    [Theory]
    [InlineData("relative", "api")]
    [InlineData("/api", "a/b")]
    [InlineData("/api", "..")]
    public async Task Invalid_folders_are_rejected(string path, string name)
    {
        var reply = await sidecar.Client.RequestAsync(
            "initialize",
            new
            {
                initializationOptions = new
                {
                    workspaceFolder = "/api",
                    workspaceFolders = new[] { new { name, path } },
                    trusted = false,
                },
            }
        );
        Assert.NotNull(reply["error"]);
    }

    private async Task ChangeBothAsync()
    {
        answers.Enqueue(Calls("", ("c0", "read", """{"path":"api/a.txt"}"""), ("c1", "read", """{"path":"web/b.txt"}""")));
        answers.Enqueue(
            Calls(
                "",
                ("c2", "write", """{"path":"api/a.txt","content":"1\n"}"""),
                ("c3", "write", """{"path":"web/b.txt","content":"2\n"}"""),
                ("c4", "write", """{"path":"web/new.txt","content":"3\n"}""")
            )
        );
        await sidecar.Client.AskAsync(uri, "Change both.");
    }

    private object[] Folders(params string[] names) => [.. names.Select(name => new { name, path = At(name) })];

    private Task<JsonNode?> ListAsync() => sidecar.Client.ResultAsync("edit/list", new { codexId = uri });

    private async Task<string?> BeforeAsync(string path) =>
        (string?)(await sidecar.Client.ResultAsync("edit/content", new { codexId = uri, path }))?["text"];

    private async Task<List<JsonNode?>> MessagesAsync() =>
        [.. (await sidecar.Client.ResultAsync("codex/get", new { uri }))!["messages"]!.AsArray()];

    private static IEnumerable<string> Changes(JsonNode? message) =>
        message!["parts"]!.AsArray().SelectMany(part => part?["changes"]?.AsArray() ?? []).Select(change => (string)change!["path"]!);

    private static List<string> Files(JsonNode? listed) =>
        [.. (listed?["files"]?.AsArray() ?? []).Select(file => $"{file!["path"]} {file["state"]}")];

    private static string System(string body) => (string)JsonNode.Parse(body)!["messages"]![0]!["content"]!;

    private string At(string path) => Path.Combine(top, path);

    private string Read(string path) => File.ReadAllText(At(path));

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }
}
