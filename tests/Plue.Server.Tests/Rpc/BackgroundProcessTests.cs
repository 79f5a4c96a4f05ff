using System.Diagnostics;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Background commands of chats in the real sidecar, which closes, loses its window, or is killed.</summary>
public sealed class BackgroundProcessTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public BackgroundProcessTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Processes are found through /proc.");

    [Fact]
    public async Task A_killed_sidecar_leaves_no_command()
    {
        await using var run = await Run.StartAsync();
        Assert.NotEmpty(run.Processes());
        await run.Sidecar.KillAsync();
        await run.UntilNoneAsync();
    }

    [Fact]
    public async Task A_command_survives_a_reload_of_the_window_and_its_sidecar_ends_after_it()
    {
        await using var run = await Run.StartAsync();
        await run.Client.ResultAsync("background/send", new { id = run.Id, text = "before" });
        await run.Sidecar.CloseWindowAsync();
        await using var second = await SidecarProcess.StartAsync(run.Home, folder: run.Folder, keepsRunning: true);
        var listed = await second.Client.ResultAsync("background/list", new { });
        Assert.Equal((run.Id, run.CodexId), ((string?)listed?["commands"]?[0]?["id"], (string?)listed?["commands"]?[0]?["codexId"]));
        await second.Client.ResultAsync("background/send", new { id = run.Id, text = "after" });
        Assert.Equal("before\nafter\n", await ReadAsync(second.Client, run.Id, "after\n"));

        await second.Client.ResultAsync("background/stop", new { id = run.Id });
        await second.Client.NextAsync("background/changed", item => (bool?)item["commands"]?[0]?["isRunning"] == false);
        await second.CloseWindowAsync();
        await run.Sidecar.Process.WaitForExitAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task A_command_ends_with_its_chat_unless_the_user_keeps_it()
    {
        await using var run = await Run.StartAsync();
        await run.Client.ResultAsync("background/keep", new { id = run.Id, keep = true });
        await run.Client.ResultAsync("codex/update", new { uri = run.CodexId, archived = true });
        var listed = await run.Client.ResultAsync("background/list", new { codexId = run.CodexId });
        Assert.Equal((true, true), ((bool?)listed?["commands"]?[0]?["isRunning"], (bool?)listed?["commands"]?[0]?["isKept"]));
        await run.Client.ResultAsync("background/keep", new { id = run.Id, keep = false });
        await run.Client.ResultAsync("codex/delete", new { uri = run.CodexId });
        await run.UntilNoneAsync();
        var read = await run.Client.ResultAsync("background/read", new { id = run.Id, from = 0 });
        Assert.Equal($"[{run.Id} was stopped because its chat or task has ended.]", (string?)read?["status"]);
    }

    private static async Task<string> ReadAsync(RpcClient client, string id, string end)
    {
        for (var (text, from) = ("", 0L); ; )
        {
            var read = await client.ResultAsync("background/read", new { id, from });
            text += (string?)read?["text"];
            if (text.EndsWith(end, StringComparison.Ordinal))
            {
                return text;
            }
            from = (long)read!["next"]!;
        }
    }

    /// <summary>A chat whose agent runs cat in the background.</summary>
    private sealed class Run : IAsyncDisposable
    {
        private readonly ScriptedEndpoint endpoint;

        private Run(SidecarProcess sidecar, string home, string folder, ScriptedEndpoint endpoint) =>
            (Sidecar, Home, Folder, this.endpoint) = (sidecar, home, folder, endpoint);

        public SidecarProcess Sidecar { get; }
        public RpcClient Client => Sidecar.Client;
        public string Home { get; }
        public string Folder { get; }
        public string CodexId { get; private set; } = "";
        public string Id { get; private set; } = "";

        public static async Task<Run> StartAsync()
        {
            var endpoint = new ScriptedEndpoint(Calls("", ("c1", "bash", """{"command":"cat","background":true}""")), Answer("It runs."));
            var home = Directory.CreateTempSubdirectory("plue-background-").FullName;
            var folder = Directory.CreateTempSubdirectory("plue-folder-").FullName;
            InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url));
            var sidecar = await SidecarProcess.StartAsync(home, folder: folder, keepsRunning: true);
            var run = new Run(sidecar, home, folder, endpoint) { CodexId = await sidecar.Client.CreateChatAsync() };
            await sidecar.Client.AskAsync(run.CodexId, "Start it.");
            var listed = await sidecar.Client.ResultAsync("background/list", new { codexId = run.CodexId });
            run.Id = (string)listed!["commands"]![0]!["id"]!;
            return run;
        }

        /// <summary>Gets the processes that work in the folder.</summary>
        public IReadOnlyList<string> Processes() =>
            [
                .. Directory
                    .EnumerateDirectories("/proc")
                    .Where(process => int.TryParse(Path.GetFileName(process), out var id) && id != Environment.ProcessId)
                    .Where(process => FolderOf(process) == Folder),
            ];

        public async Task UntilNoneAsync()
        {
            // The system reports no event for the end of a process that is not a child.
            for (var limit = Stopwatch.StartNew(); Processes() is { Count: > 0 } left; await Task.Delay(50))
            {
                Assert.True(limit.Elapsed < Limit, $"Still running: {string.Join(", ", left)}");
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (!Sidecar.Process.HasExited)
            {
                Sidecar.Process.Kill();
            }
            await Sidecar.DisposeAsync();
            await endpoint.DisposeAsync();
        }

        private static string? FolderOf(string process)
        {
            try
            {
                return File.ResolveLinkTarget(Path.Combine(process, "cwd"), returnFinalTarget: false)?.FullName;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return null; // It has ended, or belongs to the system.
            }
        }
    }
}
