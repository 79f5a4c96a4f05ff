using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Skills, from the list to a response that used one.</summary>
public sealed class SkillHandlersTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new() { Route = _ => Answer("Yes.") };
    private readonly string folder = Directory.CreateTempSubdirectory("plue-workspace-").FullName;
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        Write(
            Path.Combine(sidecar.Home, "skills/pdf/SKILL.md"),
            "---\nname: pdf\ndescription: Fills forms.\nallowed-tools: Read\n---\nUse tool $ARGUMENTS."
        );
        Write(Path.Combine(sidecar.Home, "skills/pdf/references/forms.md"), "All about forms.");
        uri = await sidecar.Client.CreateChatAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task The_model_sees_the_list_loads_a_skill_and_the_response_keeps_its_version()
    {
        Script(
            Calls("", ("c1", "skill", """{"name":"pdf"}""")),
            Calls("", ("c2", "read", $$"""{"path":"{{sidecar.Home}}/skills/pdf/references/forms.md"}""")),
            Answer("Done.")
        );
        await AskAsync("Fill it");
        var bodies = Bodies();
        Assert.Contains("- `pdf`: Fills forms.", System(bodies[0]), StringComparison.Ordinal);
        Assert.Contains("\"enum\":[\"pdf\"]", bodies[0].ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("Use tool .", bodies[1].ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("All about forms.", bodies[2].ToJsonString(), StringComparison.Ordinal);

        var messages = (await sidecar.Client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray()!;
        var used = messages[^1]?["instructions"]?.AsArray().Single(source => (string?)source?["title"] == "pdf");
        Assert.Equal("skill", (string?)used?["kind"]);
        Assert.Matches("^[0-9a-f]{12}$", (string?)used?["version"]);
        Assert.DoesNotContain(messages[1]?["instructions"]!.AsArray()!, source => (string?)source?["title"] == "pdf");
        var result = await sidecar.Client.ResultAsync("message/instructions", new { codexId = uri });
        Assert.Equal(
            ["Skills", "pdf"],
            result?["sources"]?.AsArray().Where(source => (string?)source?["kind"] == "skill").Select(source => (string?)source?["title"])
        );
        Assert.All(
            result!["sources"]!.AsArray().Where(source => (string?)source?["kind"] == "skill"),
            source => Assert.InRange((long?)source?["tokens"] ?? 0, 1, 200)
        );
    }

    [Fact]
    public async Task The_user_invokes_a_skill_by_its_name_with_arguments()
    {
        await AskAsync("/pdf a.pdf");
        var sent = Bodies()[0]["messages"]!.AsArray()[^1]!.ToJsonString();
        Assert.Contains("Use tool a.pdf.", sent, StringComparison.Ordinal);
        Assert.Contains("/pdf a.pdf", sent, StringComparison.Ordinal);
        var messages = (await sidecar.Client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray()!;
        Assert.Equal("pdf", (string?)messages[0]?["parts"]?[0]?["skill"]);
        Assert.Contains(messages[1]?["instructions"]!.AsArray()!, source => (string?)source?["title"] == "pdf");

        await AskAsync("/unknown text");
        Assert.DoesNotContain(
            "unknown",
            (string?)Bodies()[^1]["messages"]!.AsArray()[^1]!["content"] is { } text
                ? text.Replace("/unknown text", "", StringComparison.Ordinal)
                : "",
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_edited_message_brings_the_skill_as_it_is_now_and_once()
    {
        await AskAsync("/pdf a.pdf");
        var messages = (await sidecar.Client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray()!;
        Write(Path.Combine(sidecar.Home, "skills/pdf/SKILL.md"), "---\ndescription: Fills forms.\n---\nUse the other tool $ARGUMENTS.");
        await sidecar.Client.ResultAsync(
            "message/edit",
            new
            {
                codexId = uri,
                messageId = (string?)messages[0]?["id"],
                text = "/pdf b.pdf",
            }
        );
        await sidecar.Client.TurnAsync();
        var sent = Bodies()[^1]["messages"]!.AsArray()[^1]!.ToJsonString();
        Assert.Contains("Use the other tool b.pdf.", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("a.pdf", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_skill_of_the_workspace_waits_is_named_in_the_sources_and_is_approved_there()
    {
        var path = Path.Combine(folder, ".claude/skills/deploy/SKILL.md");
        Write(path, "---\nname: deploy\ndescription: Ships it.\n---\nShip.");
        var refused = await sidecar.Client.RequestAsync("message/send", new { codexId = uri, text = "/deploy now" });
        Assert.Contains("The skill deploy is not used yet.", (string?)refused["error"]?["message"], StringComparison.Ordinal);

        await AskAsync("Hello");
        Assert.DoesNotContain("deploy", Bodies()[0].ToJsonString(), StringComparison.Ordinal);
        var source = (await sidecar.Client.ResultAsync("message/instructions", new { codexId = uri }))
            ?["sources"]?.AsArray()
            .Single(one => (string?)one?["title"] == "deploy");
        Assert.Equal(
            (true, "It comes from the workspace and needs your approval."),
            ((bool?)source?["canBeAllowed"], (string?)source?["omittedReason"])
        );
        await sidecar.Client.ResultAsync(
            "message/allowInstructions",
            new
            {
                codexId = uri,
                source = (string?)source?["source"],
                version = (string?)source?["version"],
            }
        );
        await AskAsync("Hello again");
        Assert.Contains("- `deploy`: Ships it.", System(Bodies()[1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loaded_skill_that_names_its_tools_makes_other_changes_ask_even_where_edits_are_free()
    {
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { permission_mode = "edit" } });
        Script(
            Calls("", ("c1", "write", """{"path":"one.txt","content":"1"}""")),
            Calls("", ("c2", "skill", """{"name":"pdf"}""")),
            Calls("", ("c3", "write", """{"path":"two.txt","content":"2"}""")),
            Answer("Done.")
        );
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Go" });
        await sidecar.Client.NextAsync("approval/changed");
        var approval = Assert.Single((await sidecar.Client.ResultAsync("approval/list", new { }))!["approvals"]!.AsArray());
        Assert.Equal("The skill pdf does not name it among its tools.", (string?)approval?["reason"]);
        Assert.True(File.Exists(Path.Combine(folder, "one.txt")));
        Assert.False(File.Exists(Path.Combine(folder, "two.txt")));
        await sidecar.Client.ResultAsync(
            "approval/answer",
            new
            {
                id = (string?)approval?["id"],
                fingerprint = (string?)approval?["fingerprint"],
                decision = "deny",
            }
        );
        await sidecar.Client.TurnAsync();
    }

    [Fact]
    public async Task The_list_shows_states_and_choices_change_them()
    {
        var list = await sidecar.Client.ResultAsync("skill/list", new { });
        var pdf = Assert.Single(list!["skills"]!.AsArray())!;
        Assert.Equal(("pdf", "on", "Fills forms."), ((string?)pdf["name"], (string?)pdf["state"], (string?)pdf["description"]));
        Assert.Equal(["SKILL.md", "references/forms.md"], pdf["files"]!.AsArray().Select(file => (string?)file?["path"]));
        Assert.Equal(2000, (long?)list["listLimit"]);
        list = await sidecar.Client.ResultAsync(
            "skill/choose",
            new
            {
                folder = (string?)pdf["folder"],
                fingerprint = (string?)pdf["fingerprint"],
                choice = "disable",
            }
        );
        Assert.Equal("off", (string?)list!["skills"]![0]?["state"]);
        Assert.Equal(0, (long?)list["listTokens"]);

        var place = list["locations"]!
            .AsArray()
            .Select(one => (string?)one?["path"])
            .First(path => path!.StartsWith(folder, StringComparison.Ordinal));
        var made = await sidecar.Client.ResultAsync(
            "skill/create",
            new
            {
                location = place,
                name = "notes",
                description = "Writes notes.",
            }
        );
        Assert.True(File.Exists((string?)made?["paths"]?[0]));
    }

    private void Script(params ScriptedAnswer[] answers)
    {
        var next = new Queue<ScriptedAnswer>(answers);
        endpoint.Route = request => request.Method == "POST" && next.TryDequeue(out var answer) ? answer : Answer("Yes.");
    }

    private Task AskAsync(string text) => sidecar.Client.AskAsync(uri, text);

    private List<JsonNode> Bodies() => [.. endpoint.Requests.Where(one => one.Method == "POST").Select(one => JsonNode.Parse(one.Body)!)];

    private static string System(JsonNode body) => (string?)body["messages"]?[0]?["content"] ?? "";

    private static void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
