using System.Diagnostics;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Two windows with separate sidecars on one home. One of them may be in this process.</summary>
public sealed class TwoSidecarsTests
{
    [Fact]
    public async Task Both_windows_write_in_turn_and_while_one_answers_the_other_follows_live()
    {
        var resume = new TaskCompletionSource();
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Events().Send(Chunk("Hel")).Gate(resume.Task).Send(Chunk("lo")).Send(End)
        );
        var home = Home(endpoint);
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await InMemorySidecar.StartAsync(home);
        var uri = await first.Client.CreateChatAsync();
        Assert.Null((await second.Client.ResultAsync("codex/get", new { uri }))?["readOnlyReason"]);

        await first.Client.ResultAsync("message/send", new { codexId = uri, text = "One" });
        await first.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        var clock = Stopwatch.StartNew();
        Assert.Equal(
            "One",
            Text((await second.Client.NextAsync("message/event", item => Kind(item) == "messageAdded"))["event"]?["message"])
        );
        await second.Client.NextAsync("message/event", item => Kind(item) == "turnStarted");
        var delta = await second.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        Assert.Equal("Hel", (string?)delta["event"]?["text"]);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), $"Live text took {clock.Elapsed}.");

        var seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["One", "Hel"], Texts(seen));
        Assert.Equal("Another window is running a turn in this chat.", (string?)seen?["readOnlyReason"]);
        Assert.Equal("running", (string?)seen?["codex"]?["status"]);
        Assert.NotNull((string?)seen?["turnId"]);
        Assert.Equal("conflict", ErrorKind(await second.Client.RequestAsync("message/send", new { codexId = uri, text = "Me too" })));

        resume.SetResult();
        var finished = await second.Client.NextAsync("message/event", item => Kind(item) == "messageFinished");
        Assert.Equal("Hello", Text(finished["event"]?["message"]));
        await second.Client.NextAsync("message/event", item => Kind(item) == "turnFinished");
        await first.Client.TurnAsync();

        await second.Client.AskAsync(uri, "Two");
        Assert.Equal(
            "Two",
            Text((await first.Client.NextAsync("message/event", item => Kind(item) == "messageAdded"))["event"]?["message"])
        );
        await first.Client.NextAsync("message/event", item => Kind(item) == "turnFinished");
        Assert.Equal(["One", "Hello", "Two", "Hello"], Texts(await first.Client.ResultAsync("codex/get", new { uri })));
    }

    [Fact]
    public async Task A_response_of_another_window_can_be_stopped()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang(), Answer("Whole"));
        var home = Home(endpoint);
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await InMemorySidecar.StartAsync(home);
        var uri = await first.Client.CreateChatAsync();
        await second.Client.ResultAsync("codex/get", new { uri });
        await first.Client.ResultAsync("message/send", new { codexId = uri, text = "One" });
        await second.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await second.Client.ResultAsync("message/stop", new { codexId = uri });
        var finished = await first.Client.NextAsync("message/event", item => Kind(item) == "turnFinished");
        Assert.Equal("stopped", (string?)finished["event"]?["stopReason"]);
        await second.Client.TurnAsync();

        await second.Client.AskAsync(uri, "Two");
        Assert.Equal(["One", "Half", "Two", "Whole"], Texts(await second.Client.ResultAsync("codex/get", new { uri })));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(home, "index", "commands")));
    }

    [Fact]
    public async Task A_task_of_another_window_receives_a_message_and_is_stopped_with_its_result()
    {
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Events().Send(Chunk("Half")).Hang(),
            ScriptedAnswer.Events().Send(Chunk("Shorter")).Hang()
        );
        var home = Home(endpoint);
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await InMemorySidecar.StartAsync(home);
        var uri = await StartTaskAsync(first);
        await second.Client.ResultAsync("codex/get", new { uri });
        await second.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await second.Client.ResultAsync("task/steer", new { uri, text = "Keep them short." });
        await second.Client.NextAsync("message/event", item => (string?)item["event"]?["text"] == "Shorter");
        await second.Client.ResultAsync("task/stop", new { uri, includeSubtasks = true });

        var seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["Write the docs.", "Half", "Keep them short.", "Shorter"], Texts(seen));
        Assert.Equal("stopped", (string?)seen?["codex"]?["taskStatus"]);
        Assert.Null(seen?["readOnlyReason"]);
    }

    [Fact]
    public async Task All_agents_are_stopped_in_all_windows()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        var home = Home(endpoint);
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await InMemorySidecar.StartAsync(home);
        var uri = await StartTaskAsync(first);
        await second.Client.ResultAsync("codex/get", new { uri });
        await second.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await second.Client.ResultAsync("task/stop", new { });
        Assert.Equal("stopped", (string?)(await second.Client.ResultAsync("codex/get", new { uri }))?["codex"]?["taskStatus"]);
    }

    [Fact]
    public async Task A_window_that_does_not_respond_is_named_as_the_reason()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs signals that suspend a process.");
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang());
        var home = Home(endpoint);
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await InMemorySidecar.StartAsync(home);
        var uri = await first.Client.CreateChatAsync();
        await second.Client.ResultAsync("codex/get", new { uri });
        await first.Client.ResultAsync("message/send", new { codexId = uri, text = "One" });
        await second.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await SignalAsync("-STOP", first.Process);
        try
        {
            var reply = await second.Client.RequestAsync("message/stop", new { codexId = uri });
            Assert.Equal("conflict", ErrorKind(reply));
            Assert.StartsWith("The window that works on this did not respond.", (string?)reply["error"]?["message"]);
            Assert.Empty(Directory.EnumerateFiles(Path.Combine(home, "index", "commands"), "*.json"));
        }
        finally
        {
            await SignalAsync("-CONT", first.Process);
        }
    }

    private static async Task<string> StartTaskAsync(SidecarProcess sidecar) =>
        (string)
            (
                await sidecar.Client.ResultAsync(
                    "task/spawn",
                    new
                    {
                        templateId = "task",
                        goal = "Write the docs.",
                        provider = "scripted",
                    }
                )
            )!["uri"]!;

    private static async Task SignalAsync(string signal, Process process)
    {
        using var kill = Process.Start("kill", [signal, $"{process.Id}"]);
        await kill.WaitForExitAsync();
    }

    [Fact]
    public async Task A_window_that_is_killed_while_it_answers_is_taken_over_within_five_seconds()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(Chunk("Half")).Hang(), Answer("Whole"));
        var home = Home(endpoint);
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await InMemorySidecar.StartAsync(home);
        var uri = await first.Client.CreateChatAsync();
        await second.Client.ResultAsync("codex/get", new { uri });
        await first.Client.ResultAsync("message/send", new { codexId = uri, text = "One" });
        await second.Client.NextAsync("message/event", item => Kind(item) == "textDelta");
        await first.KillAsync();
        var clock = Stopwatch.StartNew();
        await second.Client.NextAsync("message/event", item => Kind(item) == "turnFinished");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"Taking over took {clock.Elapsed}.");
        var seen = await second.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["One", "Half"], Texts(seen));
        Assert.Equal("interrupted", (string?)seen?["codex"]?["status"]);
        Assert.Null(seen?["readOnlyReason"]);
        await second.Client.AskAsync(uri, "Two");
        Assert.Equal(["One", "Half", "Two", "Whole"], Texts(await second.Client.ResultAsync("codex/get", new { uri })));
    }

    [Fact]
    public async Task Chats_created_renamed_and_deleted_in_one_window_appear_in_the_tree_of_the_other()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        var home = Home(endpoint);
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await InMemorySidecar.StartAsync(home);
        Assert.Empty((await second.Client.ResultAsync("codex/list", new { collection = "chats" }))?["items"]?.AsArray() ?? []);
        var uri = await first.Client.CreateChatAsync();
        await second.Client.NextAsync("codex/changed", item => (string?)item["uri"] == uri && item["codex"] is not null);
        await first.Client.ResultAsync("codex/update", new { uri, title = "Renamed" });
        await second.Client.NextAsync(
            "codex/changed",
            item => (string?)item["uri"] == uri && (string?)item["codex"]?["title"] == "Renamed"
        );
        await second.Client.ResultAsync("codex/get", new { uri });
        await first.Client.ResultAsync("codex/update", new { uri, title = "Again" });
        await second.Client.NextAsync("codex/changed", item => (string?)item["uri"] == uri && (string?)item["codex"]?["title"] == "Again");
        await first.Client.ResultAsync("codex/delete", new { uri });
        await second.Client.NextAsync("codex/changed", item => (string?)item["uri"] == uri && item["codex"] is null);
        Assert.Equal("notFound", ErrorKind(await second.Client.RequestAsync("codex/get", new { uri })));
    }

    [Fact]
    public async Task A_key_and_a_default_set_in_one_window_count_in_the_other()
    {
        const string passphrase = "correct horse battery";
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        var home = Home(endpoint, "api_key_ref: 'vault://scripted/api_key'");
        await using var first = await SidecarProcess.StartAsync(home);
        await using var second = await SidecarProcess.StartAsync(home);
        await first.Client.ResultAsync("vault/create", new { method = "passphrase", secret = passphrase });
        Assert.True((bool?)(await second.Client.ResultAsync("vault/status"))?["exists"]);
        await second.Client.ResultAsync("vault/unlock", new { method = "passphrase", secret = passphrase });
        await first.Client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://scripted/api_key",
                secret = "sk-canary-0123456789",
                origins = new[] { endpoint.Url.ToString() },
            }
        );
        await first.Client.ResultAsync(
            "provider/configure",
            new
            {
                id = "scripted",
                name = "Ours",
                kind = "openai-compatible",
                makeDefault = true,
            }
        );

        var listed = (await second.Client.ResultAsync("provider/list"))
            ?["items"]?.AsArray()
            .Single(item => (string?)item?["id"] == "scripted");
        Assert.Equal(
            ("Ours", true, true),
            ((string?)listed?["name"], (bool?)listed?["isDefault"] ?? false, (bool?)listed?["hasCredential"] ?? false)
        );
        await second.Client.AskAsync(await second.Client.CreateChatAsync(), "Hi");
        Assert.Equal("Bearer sk-canary-0123456789", (await endpoint.NextRequestAsync()).Headers["authorization"]);
    }

    private static string Home(ScriptedEndpoint endpoint, string extra = "")
    {
        var home = Directory.CreateTempSubdirectory("plue-two-").FullName;
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url, extra));
        return home;
    }
}
