using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>A pipe, socket or folder in place of a file. Uses real processes, because the system's open call would hang.</summary>
public sealed class SpecialFilesTests
{
    private const string Passphrase = "correct horse battery";
    private const int InternalError = -32603;
    private const int InvalidParams = -32602;

    /// <summary>The hash of "{}".</summary>
    private static readonly string Blob = Convert.ToHexStringLower(SHA256.HashData("{}"u8));
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndingTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FullTime = TimeSpan.FromSeconds(0.4);

    [Theory]
    [InlineData("pipe")]
    [InlineData("folder")]
    [InlineData("socket")]
    public async Task With_a_special_file_at_every_path_of_the_data_folder_each_request_is_answered_and_SIGTERM_ends_it(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no such files.");
        await using var endpoint = new ScriptedEndpoint { Route = _ => Answer("Hello") };
        var home = Directory.CreateTempSubdirectory("plue-special-").FullName;
        var workspace = Directory.CreateTempSubdirectory("plue-special-workspace-").FullName;
        Seed(home, workspace, endpoint);
        string uri;
        await using (var before = await SidecarProcess.StartAsync(home, folder: workspace))
        {
            await before.Client.ResultAsync("vault/create", new { method = "passphrase", secret = Passphrase });
            await before.Client.ResultAsync(
                "vault/store",
                new
                {
                    reference = "vault://a/b",
                    secret = "canary-canary",
                    origins = new[] { "https://a.example" },
                }
            );
            uri = await before.Client.CreateChatAsync();
            await before.Client.AskAsync(uri, "Hi");
            List<string> misfits = [];
            foreach (var (method, parameters) in Requests(home, workspace, uri))
            {
                var reply = await before.Client.RequestAsync(method, parameters).WaitAsync(AnswerTime);
                if ((int?)reply["error"]?["code"] == InvalidParams)
                {
                    misfits.Add($"{method}: {reply["error"]!.ToJsonString()}");
                }
            }

            Assert.Empty(misfits);
        }

        foreach (var file in Paths(home, workspace))
        {
            await ReplaceAsync(file, kind);
        }

        await using var sidecar = await SidecarProcess.StartAsync(home, folder: workspace);
        await sidecar.Client.NotifyAsync("initialized");
        foreach (var (method, parameters) in Requests(home, workspace, uri))
        {
            JsonObject reply;
            try
            {
                reply = await sidecar.Client.RequestAsync(method, parameters).WaitAsync(AnswerTime);
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"{method} hangs.");
            }

            Assert.False((int?)reply["error"]?["code"] == InternalError, $"{method}: {reply["error"]?.ToJsonString()}");
        }

        var ending = Stopwatch.StartNew();
        using var terminate = Process.Start("kill", ["-TERM", $"{sidecar.Process.Id}"]);
        await sidecar.Process.WaitForExitAsync().WaitAsync(AnswerTime);
        Assert.True(ending.Elapsed < EndingTime, $"It took {ending.Elapsed} to end.");
    }

    [Fact]
    public async Task SIGTERM_ends_a_sidecar_within_five_seconds_while_a_thread_of_it_hangs_in_the_system()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals.");
        var start = new ProcessStartInfo(SidecarProcess.Executable, ["serve", "--log", "Trace"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["PLUE_HOME"] = Directory.CreateTempSubdirectory("plue-hang-").FullName },
        };
        using var process = Process.Start(start)!;
        // Its output is not read, so that it hangs in a write when the pipe is full.
        var input = process.StandardInput.BaseStream;
        using var full = new CancellationTokenSource();
        await input.WriteAsync(Frame(0, "initialize"));
        await process.StandardOutput.BaseStream.ReadExactlyAsync(new byte[1]);
        for (var id = 1; ; id++)
        {
            var write = input.WriteAsync(Frame(id, "none/" + new string('x', 4000)), full.Token).AsTask();
            // A full pipe raises no event: the write that fills it does not complete.
            if (await Task.WhenAny(write, Task.Delay(FullTime)) == write)
            {
                await write;
            }
            else
            {
                break;
            }
        }

        var ending = Stopwatch.StartNew();
        using var terminate = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await process.WaitForExitAsync().WaitAsync(AnswerTime);
        await full.CancelAsync();
        Assert.True(ending.Elapsed < EndingTime + TimeSpan.FromSeconds(0.5), $"It took {ending.Elapsed} to end.");
    }

    private static byte[] Frame(int id, string method)
    {
        var body = new JsonObject
        {
            ["jsonrpc"] = "2.0",
            ["id"] = id,
            ["method"] = method,
            ["params"] = new JsonObject(),
        }.ToJsonString();
        return System.Text.Encoding.UTF8.GetBytes($"Content-Length: {body.Length}\r\n\r\n{body}");
    }

    private static void Seed(string home, string workspace, ScriptedEndpoint endpoint)
    {
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        foreach (
            var (path, text) in new[]
            {
                ("config.json5", "{}"),
                ("templates/own.json5", "{ name: 'Own', extends: 'ai-chat' }"),
                ("prompts/own.md", "Be brief."),
                ("catalog/own.json", "{}"),
                ("mcp.json5", "{}"),
                ("approvals.json", "{}"),
                ("permissions.json", "{}"),
                ("allowed-texts.json", "{}"),
                ("env", "A_API_KEY=canary-canary"),
                ($"blobs/{Blob}", "{}"),
            }
        )
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(home, path))!);
            File.WriteAllText(Path.Combine(home, path), text);
        }

        foreach (
            var path in new[]
            {
                "AGENTS.md",
                "CLAUDE.md",
                ".mcp.json",
                ".git",
                ".gitignore",
                "notes.txt",
                ".plue/config.json5",
                ".plue/providers/other.json5",
                ".plue/templates/other.json5",
                ".plue/prompts/other.md",
                ".plue/mcp.json5",
            }
        )
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(workspace, path))!);
            File.WriteAllText(Path.Combine(workspace, path), "{}");
        }
    }

    /// <summary>Gets existing paths and paths that Plue would create.</summary>
    private static IEnumerable<string> Paths(string home, string workspace) =>
        Directory
            .GetFiles(home, "*", SearchOption.AllDirectories)
            .Concat(Directory.GetFiles(workspace, "*", SearchOption.AllDirectories))
            .Concat(
                new[]
                {
                    "vault.json.lock",
                    "logs/plue.log",
                    "index/clock",
                    "index/oauth.json",
                    "index/provider-states.json",
                    "index/chats",
                    "edits/edits.jsonl",
                }.Select(path => Path.Combine(home, path))
            )
            .Distinct()
            .ToList();

    private static (string Method, object? Parameters)[] Requests(string home, string workspace, string uri) =>
        [
            ("settings/get", null),
            ("vault/status", null),
            ("vault/unlock", new { method = "passphrase", secret = Passphrase }),
            ("vault/list", null),
            ("vault/readEnv", new { path = Path.Combine(home, "env") }),
            (
                "vault/store",
                new
                {
                    reference = "vault://c/d",
                    secret = "canary-canary",
                    origins = new[] { "https://a.example" },
                }
            ),
            ("vault/lock", null),
            ("provider/list", null),
            ("provider/get", new { id = "scripted" }),
            ("provider/models", new { id = "scripted" }),
            ("provider/executables", null),
            ("provider/test", new { id = "scripted" }),
            (
                "provider/configure",
                new
                {
                    id = "scripted",
                    name = "Scripted",
                    kind = "openai-compatible",
                }
            ),
            ("codex/list", new { collection = "chats" }),
            ("codex/list", new { collection = "tasks" }),
            ("codex/list", new { collection = "providers" }),
            ("codex/list", new { collection = "prompts" }),
            ("codex/list", new { collection = "templates" }),
            ("codex/get", new { uri }),
            ("codex/get", new { uri = "codex://prompts/own" }),
            ("codex/get", new { uri = "codex://providers/scripted" }),
            ("codex/history", new { uri = "codex://prompts/own" }),
            ("codex/links", new { uri = "codex://prompts/own" }),
            ("codex/update", new { uri, title = "Renamed" }),
            ("message/send", new { codexId = uri, text = "More" }),
            (
                "message/list",
                new
                {
                    codexId = uri,
                    offset = 0,
                    limit = 10,
                }
            ),
            ("message/instructions", new { codexId = uri }),
            ("codex/create", new { templateId = "ai-chat", providerId = "scripted" }),
            ("codex/importable", new { format = "plue" }),
            ("codex/import", new { paths = new[] { Path.Combine(home, "env") } }),
            ("attachment/inspect", new { path = Path.Combine(workspace, "notes.txt") }),
            ("attachment/read", new { blob = Blob }),
            ("template/list", new { }),
            ("template/get", new { id = "own" }),
            ("template/schema", new { id = "own" }),
            ("template/check", new { id = "own" }),
            ("catalog/list", null),
            ("catalog/get", new { id = "own" }),
            ("catalog/stats", null),
            ("catalog/backups", null),
            ("catalog/import", new { path = Path.Combine(home, "env") }),
            ("approval/list", null),
            ("approval/rules", null),
            ("mcp/list", null),
            ("task/list", new { }),
            ("usage/summary", new { }),
            ("usage/csv", new { }),
            ("search/chats", new { searchId = "s", text = "Hi" }),
            ("edit/list", new { codexId = uri }),
            ("health/check", new { }),
            ("settings/set", new { name = "commands_network", value = true }),
            ("vault/status", null),
        ];

    private static async Task ReplaceAsync(string path, string kind)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);
        if (kind == "folder")
        {
            Directory.CreateDirectory(path);
        }
        else if (kind == "socket")
        {
            using var socket = new System.Net.Sockets.Socket(
                System.Net.Sockets.AddressFamily.Unix,
                System.Net.Sockets.SocketType.Stream,
                System.Net.Sockets.ProtocolType.Unspecified
            );
            var beside = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
            socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(beside));
            File.Move(beside, path);
        }
        else
        {
            using var made = Process.Start("mkfifo", [path]);
            await made.WaitForExitAsync();
            Assert.Equal(0, made.ExitCode);
        }
    }
}
