using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Agents;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>The board of a task tree, with real journals and models on loopback.</summary>
public sealed class TaskBoardTests : IAsyncLifetime
{
    private AgentsHome home = null!;

    public async ValueTask InitializeAsync()
    {
        home = await StartAsync(new TestTools());
        home.WriteTemplate(
            "boss",
            "max_spawned_tasks: 5, provider_ref: 'codex://providers/large', available_tools: ['spawn_task', 'board_post', 'board_read'], budget: { usd: 1, rounds: 40 }"
        );
        home.WriteTemplate(
            "noter",
            "provider_ref: 'codex://providers/small', available_tools: ['board_post', 'board_read'], budget: { usd: 0.5, rounds: 60 }"
        );
    }

    public async ValueTask DisposeAsync() => await home.DisposeAsync();

    [Fact]
    public async Task Agents_of_a_tree_read_each_others_notes_and_no_one_is_woken()
    {
        home.Script = asked =>
            asked.Model == "small"
                ? asked.Asked switch
                {
                    0 => Calls("", Read("r1"), Post("p1", "Dates use ISO 8601.")),
                    _ => Answer("Noted."),
                }
                : asked.Asked switch
                {
                    0 => Calls("", Post("p1", "src/dates.ts is mine.")),
                    1 => Calls("", Spawn("c1", "note it", "noter")),
                    2 => Calls("", Read("r1")),
                    _ => Answer("All done."),
                };
        var uri = await home.SpawnAsync("boss", "Plan it");
        await home.StatusAsync(uri, "done");

        var child = (string)(await home.ListAsync(uri)).Single(row => (string?)row!["title"] == "note it")!["uri"]!;
        Assert.Matches("^\\S+ \\S+Z \"Plan it\": src/dates.ts is mine.$", await ResultAsync(child, "r1"));
        Assert.Matches("you: src/dates.ts is mine.\n.*\"note it\": Dates use ISO 8601.$", await ResultAsync(uri, "r1"));
        // In the pages of both, and in no message.
        foreach (var page in new[] { uri, child })
        {
            Assert.Equal(
                [("Plan it", "src/dates.ts is mine."), ("note it", "Dates use ISO 8601.")],
                (await home.GetAsync(page))["board"]!.AsArray().Select(note => ((string?)note!["author"], (string?)note["text"]))
            );
        }
        Assert.Single((await home.ChatAsync(uri))["messages"]!.AsArray(), message => (string?)message!["role"] == "user");
        Assert.Equal(4, home.Endpoint.Requests.Count(request => request.Body.Contains("\"large\"", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Notes_of_other_trees_are_not_read()
    {
        home.Script = asked => asked.Asked == 0 ? Calls("", Post("p1", $"From {asked.Goal}."), Read("r1")) : Answer("Done.");
        var (one, two) = (await home.SpawnAsync("noter", "one"), await home.SpawnAsync("noter", "two"));
        await home.StatusAsync(one, "done");
        await home.StatusAsync(two, "done");
        Assert.EndsWith("you: From one.", await ResultAsync(one, "r1"), StringComparison.Ordinal);
        Assert.DoesNotContain("two", await ResultAsync(one, "r1"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Notes_are_limited_in_length_and_the_oldest_of_an_agent_is_removed()
    {
        home.Script = asked =>
            asked.Asked switch
            {
                0 => Calls("", Post("p0", new string('x', TaskBoard.MaxNoteLength + 1))),
                1 => Calls("", [.. Enumerable.Range(1, TaskBoard.MaxNotesOfAgent + 2).Select(at => Post($"p{at}", $"Note {at}."))]),
                _ => Answer("Done."),
            };
        var uri = await home.SpawnAsync("noter", "note it");
        await home.StatusAsync(uri, "done");
        Assert.StartsWith(
            "`note` must have 1 to 500 characters, and this one has 501. Nothing was posted.",
            (string?)(await PartAsync(uri, "p0"))["error"],
            StringComparison.Ordinal
        );
        var notes = (await home.GetAsync(uri))["board"]!.AsArray();
        Assert.Equal((TaskBoard.MaxNotesOfAgent, "Note 3."), (notes.Count, (string?)notes[0]!["text"]));
    }

    private static (string Id, string Name, string Parameters) Post(string id, string note) =>
        (id, "board_post", JsonSerializer.Serialize(new { note }));

    private static (string Id, string Name, string Parameters) Read(string id) => (id, "board_read", "{}");

    private async Task<JsonNode> PartAsync(string uri, string toolUseId) =>
        (await home.ChatAsync(uri))["messages"]!
            .AsArray()
            .SelectMany(message => message!["parts"]!.AsArray())
            .Single(part => (string?)part!["kind"] == "toolResult" && (string?)part["toolUseId"] == toolUseId)!;

    private async Task<string> ResultAsync(string uri, string toolUseId) => (string)(await PartAsync(uri, toolUseId))["result"]!;
}
