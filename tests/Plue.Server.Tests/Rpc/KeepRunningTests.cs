using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Sidecars that continue after their window closed, as separate processes on one home.</summary>
public sealed class KeepRunningTests
{
    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_response_continues_without_its_window_and_the_next_window_shows_its_end()
    {
        var resume = new TaskCompletionSource();
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Events().Send(Chunk("Hel")).Gate(resume.Task).Send(Chunk("lo")).Send(End),
            Answer("Second")
        );
        var home = Home(endpoint);
        var first = await SidecarProcess.StartAsync(home, keepsRunning: true);
        var uri = await StartResponseAsync(first);
        await first.CloseWindowAsync();
        Assert.False(first.Process.HasExited);

        await using var second = await SidecarProcess.StartAsync(home, keepsRunning: true);
        var seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["One", "Hel"], Texts(seen));
        Assert.Null((string?)seen?["readOnlyReason"]);
        resume.SetResult();
        await second.Client.TurnAsync();
        await second.Client.AskAsync(uri, "Two");
        Assert.Equal(["One", "Hello", "Two", "Second"], Texts(await second.Client.ResultAsync("codex/get", new { uri })));

        // Nothing runs anymore, so the sidecar ends with its second window.
        await second.CloseWindowAsync();
        await first.Process.WaitForExitAsync().WaitAsync(ExitTimeout);
    }

    [Fact]
    public async Task A_response_continues_when_the_process_between_it_and_its_window_is_killed()
    {
        var (resume, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        var many = string.Concat(Enumerable.Repeat(Chunk("lo"), 2000));
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Events().Send(Chunk("Hel")).Gate(resume.Task).Send(many).Gate(end.Task).Send(Chunk("!")).Send(End)
        );
        var home = Home(endpoint);
        var first = await SidecarProcess.StartAsync(home, keepsRunning: true);
        var uri = await StartResponseAsync(first);
        await first.CloseWindowAsync();
        var second = await SidecarProcess.StartAsync(home, keepsRunning: true);
        await second.Client.ResultAsync("codex/get", new { uri });
        resume.SetResult();
        await second.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await second.KillAsync();

        await using var third = await SidecarProcess.StartAsync(home, keepsRunning: true);
        await third.Client.ResultAsync("codex/get", new { uri });
        end.SetResult();
        await third.Client.TurnAsync();
        var seen = await third.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["One", "Hel" + string.Concat(Enumerable.Repeat("lo", 2000)) + "!"], Texts(seen));
    }

    [Fact]
    public async Task A_sidecar_without_a_window_ends_when_its_work_is_done()
    {
        var resume = new TaskCompletionSource();
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Events().Send(Chunk("Hel")).Gate(resume.Task).Send(Chunk("lo")).Send(End)
        );
        var home = Home(endpoint);
        var first = await SidecarProcess.StartAsync(home, keepsRunning: true);
        var uri = await StartResponseAsync(first);
        await first.CloseWindowAsync();
        resume.SetResult();
        await first.Process.WaitForExitAsync().WaitAsync(ExitTimeout);

        await using var second = await SidecarProcess.StartAsync(home, keepsRunning: true);
        Assert.Equal(["One", "Hello"], Texts(await second.Client.ResultAsync("codex/get", new { uri })));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(home, "index", "detached"), "*.json"));
    }

    [Fact]
    public async Task A_tree_of_six_agents_finishes_without_its_window_and_the_next_window_shows_its_results()
    {
        var resume = new TaskCompletionSource();
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
                request.Target.EndsWith("/models", StringComparison.Ordinal)
                    ? ScriptedAnswer.Json("""{"data":[{"id":"large"},{"id":"small"}]}""")
                : request.Body.Contains("\"model\":\"small\"", StringComparison.Ordinal)
                    ? ScriptedAnswer.Events().Send(Chunk("Be")).Gate(resume.Task).Send(Chunk("gun")).Send(End)
                : request.Body.Contains("\"role\":\"tool\"", StringComparison.Ordinal) ? Answer("All done.")
                : Calls("", [.. Enumerable.Range(1, 5).Select(at => AgentsHome.Spawn($"c{at}", $"Part {at}"))]),
        };
        var home = Directory.CreateTempSubdirectory("plue-test-").FullName;
        AgentsHome.Write(home, endpoint.Url);
        var first = await SidecarProcess.StartAsync(home, folder: home, keepsRunning: true);
        var spawned = await first.Client.ResultAsync("task/spawn", new { templateId = "planner", goal = "Plan it" });
        var uri = (string)spawned!["uri"]!;
        // A local server works on one subtask at a time; the others wait.
        await first.Client.NextAsync("message/event", item => (string?)item["event"]?["text"] == "Be");

        await first.CloseWindowAsync();
        resume.SetResult();
        await first.Process.WaitForExitAsync().WaitAsync(ExitTimeout);

        await using var second = await SidecarProcess.StartAsync(home, folder: home, keepsRunning: true);
        var rows = await AgentsHome.RowsAsync(second.Client, uri);
        Assert.Equal(6, rows.Count);
        Assert.All(rows, row => Assert.Equal("done", (string?)row!["status"]));
        Assert.Equal("All done.", Texts(await second.Client.ResultAsync("codex/get", new { uri }))[^1]);
        foreach (var part in rows.Select(row => (string)row!["uri"]!).Where(one => one != uri))
        {
            Assert.Equal("Begun", Texts(await second.Client.ResultAsync("codex/get", new { uri = part }))[^1]);
        }
    }

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, null)]
    [InlineData(true, "never")]
    public async Task A_restart_another_editor_and_the_setting_end_what_is_running(bool keepsRunning, string? setting)
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        var home = Home(endpoint);
        if (setting is not null)
        {
            await File.AppendAllTextAsync(Path.Combine(home, "config.json5"), $"{{ keep_running: '{setting}' }}");
        }
        var first = await SidecarProcess.StartAsync(home, keepsRunning: keepsRunning);
        var uri = await StartResponseAsync(first);
        if (keepsRunning && setting is null)
        {
            await first.Client.NotifyAsync("workspace/keepRunning", new { keepsRunning = false });
        }
        await first.CloseWindowAsync();
        await first.Process.WaitForExitAsync().WaitAsync(ExitTimeout);

        await using var second = await SidecarProcess.StartAsync(home, keepsRunning: true);
        var seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal("interrupted", (string?)seen?["codex"]?["status"]);
    }

    [Fact]
    public async Task A_window_with_other_folders_gets_a_sidecar_of_its_own()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        var home = Home(endpoint);
        var folder = Directory.CreateTempSubdirectory("plue-other-").FullName;
        await using var first = await SidecarProcess.StartAsync(home, keepsRunning: true);
        var uri = await StartResponseAsync(first);
        await first.CloseWindowAsync();

        await using var second = await SidecarProcess.StartAsync(home, folder: folder, keepsRunning: true);
        var seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal("Another window is running a turn in this chat.", (string?)seen?["readOnlyReason"]);
        first.Process.Kill(); // It would wait for its response.
    }

    private static string Home(ScriptedEndpoint endpoint)
    {
        var home = Directory.CreateTempSubdirectory("plue-keep-").FullName;
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        return home;
    }

    private static async Task<string> StartResponseAsync(SidecarProcess sidecar)
    {
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "One" });
        await sidecar.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        return uri;
    }
}
