using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>edit/*: the requests of the changes tree and the diff editor for files that an agent changed.</summary>
public sealed class EditHandlersTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly Queue<ScriptedAnswer> answers = new();
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
        endpoint.Route = request =>
            request.Target.EndsWith("/models", StringComparison.Ordinal) ? ScriptedAnswer.Silence()
            : answers.TryDequeue(out var next) ? next
            : Answer("done");
        File.WriteAllText(Path.Combine(folder, "a.txt"), "one\n");
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "edit" } });
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Changes_of_agents_are_listed_with_their_diff_and_kept_or_undone_per_file()
    {
        await WriteBothAsync();
        var listed = await ListAsync();
        Assert.Equal(["a.txt modified pending", "new.txt created pending"], Files(listed));
        Assert.Equal(("one\n", null), (await BeforeAsync("a.txt"), await BeforeAsync("new.txt")));

        var rejected = await sidecar.Client.ResultAsync("edit/reject", new { codexId = uri, path = "a.txt" });
        Assert.Equal(["new.txt created pending"], Files(rejected).Where(file => file.EndsWith("pending", StringComparison.Ordinal)));
        Assert.Equal("one\n", Read("a.txt"));

        await sidecar.Client.ResultAsync("edit/accept", new { codexId = uri });
        Assert.Equal("made\n", Read("new.txt"));
        Assert.DoesNotContain(Files(await ListAsync()), file => file.EndsWith("pending", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Undoing_and_redoing_a_turn_works_once_and_then_reports_that_there_is_none()
    {
        await WriteBothAsync();
        var undone = await sidecar.Client.ResultAsync("edit/undo", new { codexId = uri });
        Assert.Equal(("one\n", false), (Read("a.txt"), File.Exists(Path.Combine(folder, "new.txt"))));
        Assert.True((bool?)undone?["turns"]?[0]?["isUndone"]);
        Assert.Equal(
            "There is no turn whose changes can be undone.",
            Message(await sidecar.Client.RequestAsync("edit/undo", new { codexId = uri }))
        );

        await sidecar.Client.ResultAsync("edit/redo", new { codexId = uri, all = true });
        Assert.Equal(("two\n", "made\n"), (Read("a.txt"), Read("new.txt")));
        Assert.Equal(
            "There is no turn whose changes were undone.",
            Message(await sidecar.Client.RequestAsync("edit/redo", new { codexId = uri }))
        );
    }

    [Fact]
    public async Task A_place_needs_its_file_and_a_folder_that_is_not_trusted_shows_nothing()
    {
        await WriteBothAsync();
        Assert.Equal(
            "Give the file of the change.",
            Message(await sidecar.Client.RequestAsync("edit/accept", new { codexId = uri, hunkId = "h1" }))
        );
        await sidecar.Client.NotifyAsync("workspace/trust", new { trusted = false });
        Assert.Empty(Files(await ListAsync()));
        Assert.Equal("untrusted", ErrorKind(await sidecar.Client.RequestAsync("edit/undo", new { codexId = uri })));
    }

    private async Task WriteBothAsync()
    {
        answers.Enqueue(Calls("", ("c0", "read", """{"path":"a.txt"}""")));
        answers.Enqueue(
            Calls(
                "",
                ("c1", "write", """{"path":"a.txt","content":"two\n"}"""),
                ("c2", "write", """{"path":"new.txt","content":"made\n"}""")
            )
        );
        await sidecar.Client.AskAsync(uri, "Change both.");
        Assert.Equal(("two\n", "made\n"), (Read("a.txt"), Read("new.txt")));
    }

    private Task<JsonNode?> ListAsync() => sidecar.Client.ResultAsync("edit/list", new { codexId = uri });

    private async Task<string?> BeforeAsync(string path) =>
        (string?)(await sidecar.Client.ResultAsync("edit/content", new { codexId = uri, path }))?["text"];

    private static List<string> Files(JsonNode? listed) =>
        [.. (listed?["files"]?.AsArray() ?? []).Select(file => $"{file!["path"]} {file["kind"]} {file["state"]}")];

    private static string? Message(JsonObject reply) => (string?)reply["error"]?["message"];

    private string Read(string name) => File.ReadAllText(Path.Combine(folder, name));
}
