using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>A home written by the version of 2026-11-23, before each conversation had a loop: <c>Store/Samples/home</c>. It was written by that version itself.</summary>
public sealed class OldHomeTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private InMemorySidecar sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        var home = Directory.CreateTempSubdirectory("plue-test-").FullName;
        foreach (var file in Directory.EnumerateFiles(Sample, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(home, Path.GetRelativePath(Sample, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        endpoint.Route = _ => ChatScript.Answer("Still here.");
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        sidecar = await InMemorySidecar.StartAsync(home);
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Lists_chats_archived_chats_deleted_chats_and_tasks()
    {
        Assert.Equal(["Notes"], await TitlesAsync(new { collection = "chats" }));
        Assert.Equal(["Notes", "Old plans"], await TitlesAsync(new { collection = "chats", includeArchived = true }));
        Assert.Equal(["Deleted"], await TitlesAsync(new { collection = "chats", deleted = true }));
        var task = Assert.Single((await sidecar.Client.ResultAsync("task/list", new { }))!["tasks"]!.AsArray());
        Assert.Equal(("READ 1", "done"), ((string?)task!["title"], (string?)task["status"]));
    }

    [Fact]
    public async Task Shows_both_branches_of_an_edited_question_and_changes_no_file_by_that()
    {
        var before = Journals(sidecar.Home);
        var uri = await NotesAsync();
        var chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["ECHO hello; 3", "hello; hello; hello; ", "ECHO other; 2", "other; other; "], ChatScript.Texts(chat));
        Assert.Equal(before, Journals(sidecar.Home));

        var edited = chat!["messages"]!.AsArray().Single(message => ChatScript.Text(message) == "ECHO other; 2")!;
        var other = edited["alternatives"]!.AsArray().Select(id => (string)id!).Single(id => id != (string?)edited["id"]);
        await sidecar.Client.ResultAsync("codex/switchBranch", new { uri, messageId = other });
        chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["ECHO hello; 3", "hello; hello; hello; ", "READ 2", "", "", "Done."], ChatScript.Texts(chat));
        Assert.Equal(
            2,
            chat!["messages"]!
                .AsArray()
                .SelectMany(message => message!["parts"]!.AsArray())
                .Count(part => (string?)part!["kind"] == "toolResult")
        );
    }

    [Fact]
    public async Task Goes_on_with_a_chat()
    {
        var uri = await NotesAsync();
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "Are you there?" });
        await sidecar.Client.NextAsync("message/event", next => (string?)next["event"]!["kind"] == "turnFinished");
        Assert.Equal("Still here.", ChatScript.Texts(await sidecar.Client.ResultAsync("codex/get", new { uri }))[^1]);
    }

    [Fact]
    public async Task Reads_settings_an_item_with_its_versions_and_the_ledger()
    {
        var client = sidecar.Client;
        var settings = await client.ResultAsync("settings/get", new { });
        Assert.Equal(5, (int?)settings!["values"]!["budget_usd_per_day"]);

        const string uri = "codex://items/soup";
        Assert.Equal("6", (await client.ResultAsync("codex/get", new { uri }))!["document"]!["values"]!["servings"]!.ToJsonString());
        await client.ResultAsync("codex/undo", new { uri });
        Assert.Equal("4", (await client.ResultAsync("codex/get", new { uri }))!["document"]!["values"]!["servings"]!.ToJsonString());

        // The requests of the chats and of the task, as the old version stored them.
        var usage = await client.ResultAsync("usage/summary", new { from = "2026-11-01", to = "2026-11-30" });
        var stored = File.ReadLines(Path.Combine(Sample, "index", "usage", "2026-11.jsonl"))
            .Select(line => (string?)JsonNode.Parse(line)!["id"]);
        Assert.Equal(stored.Distinct().Count(), (int?)usage!["total"]!["responses"]);
    }

    [Fact]
    public async Task Unlocks_the_vault_and_reads_its_key()
    {
        await sidecar.Client.ResultAsync("vault/unlock", new { method = "passphrase", secret = "correct horse battery" });
        var key = Assert.Single((await sidecar.Client.ResultAsync("vault/list", new { }))!["entries"]!.AsArray());
        Assert.Equal(
            ("vault://scripted/api_key", "cdef", "https://api.example.com"),
            ((string?)key!["reference"], (string?)key["lastFour"], (string?)key["origins"]![0])
        );
    }

    private static string Sample => Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Store", "Samples", "home");

    private static List<string> Journals(string home) =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(home, "codices"), "*.jsonl", SearchOption.AllDirectories)
                .Order(StringComparer.Ordinal)
                .Select(File.ReadAllText),
        ];

    private async Task<List<string?>> TitlesAsync(object parameters) =>
        [
            .. (await sidecar.Client.ResultAsync("codex/list", parameters))!["items"]!
                .AsArray()
                .Select(row => (string?)row!["title"])
                .Order(StringComparer.Ordinal),
        ];

    private async Task<string> NotesAsync() =>
        (string)
            (await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))!["items"]!
                .AsArray()
                .Single(row => (string?)row!["title"] == "Notes")!["uri"]!;
}
