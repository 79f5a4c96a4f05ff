using System.Diagnostics;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

public sealed class SidecarProcessTests
{
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Killed_at_fifty_random_points_of_a_stream_nothing_acknowledged_is_lost()
    {
        var home = Directory.CreateTempSubdirectory("plue-kill-").FullName;
        const string words = "one two three four five six seven eight nine ten ";
        await using var endpoint = new ScriptedEndpoint { Route = _ => SlowAnswer(words) };
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        string? uri = null;
        List<string> acknowledged = [];
        Dictionary<string, string> finished = [];

        for (var round = 0; round < 50; round++)
        {
            await using var sidecar = await SidecarProcess.StartAsync(home);
            uri ??= (string?)
                (await sidecar.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "scripted" }))?["uri"];
            var messages = (await sidecar.Client.ResultAsync("codex/get", new { uri }))?["messages"]?.AsArray() ?? [];

            var ids = messages.Select(message => (string?)message?["id"]).ToList();
            Assert.Equal(ids.Distinct(), ids);
            Assert.Equal(acknowledged, ids.Where(id => acknowledged.Contains(id ?? "")));
            foreach (var message in messages.Where(message => (string?)message?["role"] == "assistant"))
            {
                var text = Text(message);
                if (finished.TryGetValue((string?)message?["id"] ?? "", out var whole))
                {
                    Assert.Equal(whole, text);
                }
                Assert.StartsWith(text, words, StringComparison.Ordinal);
                Assert.Contains((string?)message?["status"], new[] { "complete", "interrupted", "stopped", "failed" });
            }

            var sent = await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = $"round {round}" });
            acknowledged.Add((string?)sent?["messageId"] ?? "");
            for (var events = Random.Shared.Next(12); events > 0; events--)
            {
                var item = (await sidecar.Client.NextAsync("message/event"))["event"];
                if ((string?)item?["kind"] == "messageFinished")
                {
                    finished[(string?)item["message"]?["id"] ?? ""] = Text(item["message"]);
                }
                if ((string?)item?["kind"] == "turnFinished")
                {
                    break;
                }
            }

            await sidecar.KillAsync();
        }

        Assert.True(finished.Count > 0, "No answer ever finished, so the test proved half of what it says.");
    }

    [Fact]
    public async Task It_ends_by_itself_when_the_editor_closes_its_pipe()
    {
        await using var sidecar = await SidecarProcess.StartAsync(Directory.CreateTempSubdirectory("plue-eof-").FullName);
        sidecar.Process.StandardInput.Close();
        await sidecar.Process.WaitForExitAsync().WaitAsync(EndingTime);
        Assert.Equal(1, sidecar.Process.ExitCode);
    }

    [Fact]
    public async Task It_ends_by_itself_when_its_parent_dies_and_the_pipe_stays_open()
    {
        using var parent = Process.Start("sleep", "600");
        await using var sidecar = await SidecarProcess.StartAsync(Directory.CreateTempSubdirectory("plue-orphan-").FullName, parent.Id);
        parent.Kill();
        await sidecar.Process.WaitForExitAsync().WaitAsync(EndingTime);
    }

    [Fact]
    public async Task Processes_left_by_a_killed_sidecar_are_ended_by_the_next()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the environment of other processes.");
        var home = Directory.CreateTempSubdirectory("plue-left-").FullName;
        var pidFile = Path.Combine(home, "pid");
        var program = Path.Combine(home, "claude");
        File.WriteAllBytes(
            program,
            System.Text.Encoding.UTF8.GetBytes($"#!/bin/sh\necho $$ > {pidFile}.new; mv {pidFile}.new {pidFile}\nexec sleep 600\n")
        );
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        InMemorySidecar.WriteProvider(home, "cc", $"{{ name: 'CC', provider_type: 'claude-code', cli_path: '{program}' }}");

        await using var first = await SidecarProcess.StartAsync(home);
        var uri = await first.Client.CreateChatAsync("cc");
        await first.Client.ResultAsync("message/send", new { codexId = uri, text = "Hi" });
        var left = Process.GetProcessById(int.Parse(await ReadOnceThereAsync(pidFile), System.Globalization.CultureInfo.InvariantCulture));
        await first.KillAsync();
        Assert.False(left.HasExited);

        await using var second = await SidecarProcess.StartAsync(home);
        await second.Client.NotifyAsync("initialized");
        await left.WaitForExitAsync().WaitAsync(EndingTime);
    }

    private static async Task<string> ReadOnceThereAsync(string file)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!File.Exists(file))
        {
            // Another process writes the file, without an event.
            await Task.Delay(20, timeout.Token);
        }
        return await File.ReadAllTextAsync(file, timeout.Token);
    }

    [Fact]
    public async Task Shutdown_and_exit_end_it_with_zero()
    {
        await using var sidecar = await SidecarProcess.StartAsync(Directory.CreateTempSubdirectory("plue-exit-").FullName);
        await sidecar.Client.ResultAsync("shutdown");
        await sidecar.Client.NotifyAsync("exit");
        await sidecar.Process.WaitForExitAsync().WaitAsync(EndingTime);
        Assert.Equal(0, sidecar.Process.ExitCode);
    }

    [Fact]
    public async Task A_very_long_answer_arrives_whole()
    {
        var home = Directory.CreateTempSubdirectory("plue-slow-").FullName;
        var answer = ScriptedAnswer.Events().Repeat(System.Text.Encoding.UTF8.GetBytes(Chunk(new string('x', 1000))), 20_000).Send(End);
        await using var endpoint = new ScriptedEndpoint(answer);
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        await using var sidecar = await SidecarProcess.StartAsync(home);
        var uri = (string?)
            (await sidecar.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "scripted" }))?["uri"];
        await sidecar.Client.ResultAsync("message/send", new { codexId = uri, text = "A lot, please" });
        var finished = await sidecar.Client.NextAsync("message/event", item => (string?)item["event"]?["kind"] == "messageFinished");
        Assert.Equal(20_000_000, Text(finished["event"]?["message"]).Length);
    }

    private static ScriptedAnswer SlowAnswer(string words)
    {
        var answer = ScriptedAnswer.Events();
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            answer.Send(Chunk(word + " ")).Pause(TimeSpan.FromMilliseconds(4));
        }
        return answer.Send(End);
    }
}
