using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Protocol;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>
/// Malformed traffic for a real sidecar: requests of every method with mutated parameters, notifications, cancellations, unknown methods and invalid frames.
/// The seed determines the messages, except for IDs, which are taken from earlier replies.
/// </summary>
internal sealed class MethodFuzz : IAsyncDisposable
{
    private const int MaxInFlight = 8;
    private const int MaxHarvested = 400;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    /// <summary>Methods that wait for the user: they are canceled, and must respond then.</summary>
    private static readonly string[] Waiting = [Methods.ProviderAwaitSignIn.Name];
    private static readonly string[] Ending = [Methods.Shutdown.Name, Methods.Exit.Name];

    private readonly int seed;
    private readonly Random random;
    private readonly string folder;
    private readonly Process process;
    private readonly RpcClient client;
    private readonly StringBuilder log = new();
    private readonly Lock gate = new();
    private readonly List<string> harvested = [];
    private readonly Dictionary<int, (string Method, string Parameters, Task<JsonObject> Reply, CancellationTokenSource Limit)> flying = [];
    private readonly HashSet<string> internalErrors = [];
    private Task received = Task.CompletedTask;
    private int lastId = 1_000_000; // does not overlap with IDs of the client

    private MethodFuzz(int seed, string folder, Process process)
    {
        (this.seed, random, this.folder, this.process) = (seed, new Random(seed), folder, process);
        client = new RpcClient(process.StandardOutput.BaseStream, process.StandardInput.BaseStream);
        process.ErrorDataReceived += (_, line) =>
        {
            lock (gate)
            {
                if (log.Length > 200_000)
                {
                    log.Remove(0, 100_000);
                }
                log.AppendLine(line.Data);
            }
        };
        process.BeginErrorReadLine();
    }

    public int Sent { get; private set; }

    /// <summary>The number of results, and of each error code.</summary>
    public SortedDictionary<string, int> Outcomes { get; } = new(StringComparer.Ordinal);

    /// <summary>One line with the request for each method and location of an internal error.</summary>
    public IReadOnlyCollection<string> InternalErrors => internalErrors;

    public string Log
    {
        get
        {
            lock (gate)
            {
                return log.ToString();
            }
        }
    }

    /// <summary>Starts a sidecar with a temporary home, user folder and trusted workspace, only system programs on PATH, and no network access.</summary>
    public static async Task<MethodFuzz> StartAsync(int seed)
    {
        var folder = Directory.CreateTempSubdirectory("plue-fuzz-").FullName;
        // Deeply nested, so that no ".." in a path leaves the temporary folder.
        var workspace = Directory.CreateDirectory(Path.Combine(folder, "a", "b", "c", "d", "workspace")).FullName;
        await File.WriteAllTextAsync(Path.Combine(workspace, "notes.md"), "# Notes\n\nA line.\n");
        var start = new ProcessStartInfo(SidecarProcess.Executable, ["serve", "--log", "Error"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workspace,
        };
        foreach (
            var name in start.Environment.Keys.Where(name => name is not ("LANG" or "TMPDIR" or "DOTNET_ROOT" or "SystemRoot")).ToList()
        )
        {
            start.Environment.Remove(name);
        }
        foreach (
            var (name, value) in new[]
            {
                ("PLUE_HOME", "home"),
                ("HOME", "user"),
                ("USERPROFILE", "user"),
                ("XDG_CONFIG_HOME", "user"),
                ("PATH", "bin"),
            }
        )
        {
            start.Environment[name] = Directory.CreateDirectory(Path.Combine(folder, "a", value)).FullName;
        }

        // No proxy listens there.
        foreach (var name in new[] { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy" })
        {
            start.Environment[name] = "http://127.0.0.1:9";
        }

        var fuzz = new MethodFuzz(seed, folder, Process.Start(start)!);
        await fuzz.client.ResultAsync(
            Methods.Initialize.Name,
            new { processId = Environment.ProcessId, initializationOptions = new { workspaceFolder = workspace, trusted = true } }
        );
        await fuzz.client.NotifyAsync(Methods.Initialized.Name);
        await fuzz.FurnishAsync();
        return fuzz;
    }

    /// <summary>Sends messages for this long, then waits for all replies and sends one more request.</summary>
    /// <exception cref="Xunit.Sdk.XunitException">The process ended, or a request got no reply in time.</exception>
    public async Task RunAsync(TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < duration)
        {
            await SendNextAsync();
            await AnswerSidecarAsync();
            Assert.False(process.HasExited, $"The sidecar ended with {(process.HasExited ? process.ExitCode : 0)}. {Scene()}");
            while (flying.Count >= MaxInFlight)
            {
                await SettleAsync();
            }
        }

        while (flying.Count > 0)
        {
            await SettleAsync();
        }
        var reply = await client.RequestAsync(Methods.VaultStatus.Name);
        Assert.True(reply["result"] is not null, $"{reply.ToJsonString()} {Scene()}");
    }

    /// <summary>Shuts the sidecar down.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> ShutDownAsync()
    {
        await client.ResultAsync(Methods.Shutdown.Name);
        await client.NotifyAsync(Methods.Exit.Name);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
        await process.WaitForExitAsync();
        await client.Closed;
        process.Dispose();
        foreach (
            var path in Directory.EnumerateDirectories(
                folder,
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }
            )
        )
        {
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Creates one object of each kind for the methods.</summary>
    private async Task FurnishAsync()
    {
        await client.RequestAsync(
            Methods.VaultCreate.Name,
            new
            {
                method = "editor",
                methodId = "fuzz",
                secret = Convert.ToBase64String(new byte[32]),
            }
        );
        foreach (
            var created in new object[]
            {
                new { templateId = "ai-chat", title = "A chat" },
                new
                {
                    templateId = "prompt",
                    title = "A prompt",
                    collection = "prompts",
                    text = "Say {{this}}.",
                },
            }
        )
        {
            Harvest(await client.RequestAsync(Methods.CodexCreate.Name, created));
        }

        foreach (var collection in new[] { "chats", "prompts", "templates", "providers", "tasks", "items" })
        {
            Harvest(await client.RequestAsync(Methods.CodexList.Name, new { collection }));
        }
    }

    private async Task SendNextAsync()
    {
        Sent++;
        switch (random.Next(100))
        {
            case < 4:
                await client.SendRawAsync(WrongFrame());
                break;
            case < 8:
                await CancelAsync(flying.Count > 0 && random.Next(2) == 0 ? flying.Keys.First() : random.Next(1_000_000, lastId + 1));
                break;
            case < 10:
                await client.SendAsync(new string('[', random.Next(1, 3000)));
                break;
            case < 12:
                await client.SendAsync($$"""{"jsonrpc":"2.0","method":{{Quoted(HostileText())}},"params":{{Hostile(0)}}}""");
                break;
            case < 14:
                await RequestAsync(Pick(["no/such", "codex/", "$/nothing", "host/languageModel"]), Hostile(0));
                break;
            case < 22:
                var method = Pick([.. ParameterSamples.All.Where(method => !method.IsRequest && !Ending.Contains(method.Name))]);
                await client.SendAsync($$"""{"jsonrpc":"2.0","method":"{{method.Name}}","params":{{Parameters(method)}}}""");
                break;
            default:
                var asked = Pick([.. ParameterSamples.All.Where(method => method.IsRequest && !Ending.Contains(method.Name))]);
                await RequestAsync(asked.Name, Parameters(asked));
                break;
        }
    }

    private async Task RequestAsync(string method, string parameters)
    {
        var (id, limit) = (++lastId, new CancellationTokenSource(AnswerLimit));
        flying[id] = (method, parameters, client.ReplyOfAsync(id, limit.Token), limit);
        await client.SendAsync($$"""{"jsonrpc":"2.0","id":{{id}},"method":{{Quoted(method)}},"params":{{parameters}}}""");
        if (Waiting.Contains(method))
        {
            await CancelAsync(id);
        }
    }

    private Task CancelAsync(int id) => client.NotifyAsync("$/cancelRequest", new { id });

    /// <summary>Sends malformed replies to requests of the sidecar.</summary>
    private async Task AnswerSidecarAsync()
    {
        foreach (var asked in client.TakeReceived())
        {
            if (asked["id"] is not { } id)
            {
                continue;
            }
            await client.SendAsync(
                random.Next(3) == 0
                    ? $$"""{"jsonrpc":"2.0","id":{{id}},"error":{{Hostile(0)}}}"""
                    : $$"""{"jsonrpc":"2.0","id":{{id}},"result":{{Hostile(0)}}}"""
            );
        }
    }

    private async Task SettleAsync()
    {
        // A request may wait for a reply to a request of the sidecar.
        if (received.IsCompleted)
        {
            received = client.ReceivedAsync();
        }
        await Task.WhenAny([.. flying.Values.Select(request => request.Reply), received]);
        await AnswerSidecarAsync();
        foreach (var (id, (method, parameters, answer, limit)) in flying.Where(request => request.Value.Reply.IsCompleted).ToList())
        {
            flying.Remove(id);
            JsonObject reply;
            try
            {
                reply = await answer;
            }
            catch (OperationCanceledException)
            {
                throw new Xunit.Sdk.XunitException(
                    $"{method} got no answer within {AnswerLimit.TotalSeconds} s: {Shown(parameters)}\n{Scene()}"
                );
            }
            catch (IOException)
            {
                throw new Xunit.Sdk.XunitException($"The sidecar ended while {method} ran: {Shown(parameters)}\n{Scene()}");
            }
            finally
            {
                limit.Dispose();
            }

            var outcome = reply["error"]?["code"]?.ToJsonString() ?? "result";
            Outcomes[outcome] = Outcomes.GetValueOrDefault(outcome) + 1;
            if ((int?)reply["error"]?["code"] == ErrorCodes.InternalError && internalErrors.Count < 50)
            {
                internalErrors.Add($"{method}: {Shown(parameters)}");
            }
            Harvest(reply["result"]);
        }
    }

    /// <summary>Creates valid parameters with values from the pool, and sometimes a defect.</summary>
    private string Parameters(ParameterSamples.Method method)
    {
        if (random.Next(12) == 0)
        {
            return Hostile(0);
        }
        if (random.Next(8) == 0 && ParameterSamples.Defects(method.Parameters).ToList() is { Count: > 0 } defects)
        {
            return Pick(defects).Parameters;
        }

        var parameters = Varied(ParameterSamples.Fitting(method.Parameters), 0);
        if (method.Name == Methods.Initialize.Name && parameters is JsonObject initialize)
        {
            initialize["processId"] = Environment.ProcessId;
        }
        return parameters?.ToJsonString() ?? "null";
    }

    private JsonNode? Varied(JsonNode? node, int depth)
    {
        switch (node)
        {
            case JsonObject members:
                var varied = new JsonObject();
                foreach (var (name, value) in members)
                {
                    if (random.Next(10) == 0)
                    {
                        continue;
                    }
                    varied[random.Next(40) == 0 ? HostileText() : name] =
                        name == "path" ? PathText()
                        : name == "collection" ? Pick(["chats", "tasks", "items", "prompts", "templates", "providers"])
                        : Varied(value, depth + 1);
                }

                return varied;
            case JsonArray items:
                return new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Varied(items.FirstOrDefault(), depth + 1))]);
            case JsonValue value when value.GetValueKind() == JsonValueKind.String && value.GetValue<string>() == "x":
                return random.Next(3) == 0 ? HostileText() : Known();
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                return Pick([0, 1, -1, 2, 7, 100, int.MaxValue, int.MinValue]);
            case JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False:
                return random.Next(2) == 0;
            default:
                return random.Next(6) == 0 ? JsonNode.Parse(Hostile(depth + 1)) : node?.DeepClone();
        }
    }

    private string Known() =>
        harvested.Count > 0 && random.Next(4) > 0
            ? Pick(harvested)
            : Pick([
                "ai-chat",
                "ai-task",
                "prompt",
                "tour",
                "ollama",
                "anthropic",
                "chats",
                "title",
                "model",
                "editor",
                "passphrase",
                "fuzz",
                "codex://chats/none",
                "vault://owner/key",
                "https://example.invalid/",
                "http://127.0.0.1:9/v1",
                "text/plain",
                "image/png",
                "notes.md",
                "read",
                "2026-11-21",
                "default_large",
                "request_limit",
                "10",
            ]);

    /// <summary>Creates a path inside the temporary folder.</summary>
    private string PathText() =>
        random.Next(3) switch
        {
            0 => Path.Combine(
                folder,
                "a",
                Pick([
                    "out.md",
                    "home",
                    "home/config.json5",
                    "user",
                    "none/deeper/out.json",
                    "b/c/d/workspace/notes.md",
                    "out\0.md",
                    new string('n', 300),
                ])
            ),
            1 => Pick([
                "notes.md",
                "",
                ".",
                "..",
                "./notes.md",
                "../workspace/notes.md",
                "~",
                "notes.md/",
                "new.json",
                "\0",
                "a\nb",
                "con",
                "*",
            ]),
            _ => HostileText().Replace("/", "", StringComparison.Ordinal).Replace("\\", "", StringComparison.Ordinal),
        };

    private string HostileText() =>
        random.Next(12) switch
        {
            0 => "",
            1 => "\0",
            2 => "line\r\nline\u2028\u202E\u200B",
            3 => new string('x', random.Next(1, 5000)),
            4 => new string('あ', random.Next(1, 400)),
            5 => "../../x",
            6 => "codex://chats/../../x",
            7 => "{{x}} ${x} $(x) `x` %s %n",
            8 => "a\u0301😀\uFFFF",
            9 => "-1",
            10 => random.Next(60) == 0 ? new string('y', 2_000_000) : "9999999999999999999999",
            _ => "\" ' < > & ; | * ? [ ] { }",
        };

    /// <summary>Creates random JSON.</summary>
    private string Hostile(int depth) =>
        random.Next(depth > 6 ? 6 : 9) switch
        {
            0 => "null",
            1 => "true",
            2 => random.Next().ToString(CultureInfo.InvariantCulture),
            3 => "1e999",
            4 => Quoted(HostileText()),
            5 => depth == 0 ? "\"\\ud800\"" : "-0.0",
            6 => $"[{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => Hostile(depth + 1)))}]",
            7 =>
                $"{{{string.Join(',', Enumerable.Range(0, random.Next(4)).Select(_ => $"{Quoted(random.Next(2) == 0 ? HostileText() : Pick(["id", "uri", "codexId", "text", "name"]))}:{Hostile(depth + 1)}"))}}}",
            _ => string.Concat(Enumerable.Repeat("[", 50)) + string.Concat(Enumerable.Repeat("]", 50)),
        };

    private byte[] WrongFrame()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"jsonrpc":"2.0","method":"codex/list","params":{{Hostile(0)}}}""");
        switch (random.Next(5))
        {
            case 0:
                return Encoding.ASCII.GetBytes($"Content-Length: {random.Next(-5, 0)}\r\n\r\n");
            case 1:
                return Encoding.ASCII.GetBytes("Content-Length: many\r\n\r\n");
            case 2:
                return Encoding.ASCII.GetBytes($"X-{new string('h', random.Next(1, 9000))}: y\r\n\r\n");
            case 3:
                // Content that is shorter than its header is followed by blanks, so that it does not consume the next message.
                var missing = random.Next(1, 50);
                return
                [
                    .. Encoding.ASCII.GetBytes($"Content-Length: {body.Length + missing}\r\n\r\n"),
                    .. body,
                    .. Enumerable.Repeat((byte)' ', missing),
                ];
            default:
                random.NextBytes(body);
                return [.. Encoding.ASCII.GetBytes($"Content-Length: {body.Length}\r\nContent-Type: nonsense\r\n\r\n"), .. body];
        }
    }

    private void Harvest(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, value) in members)
                {
                    if (value is JsonValue text && text.GetValueKind() == JsonValueKind.String && IsIdentifier(name))
                    {
                        Keep(text.GetValue<string>());
                    }
                    else
                    {
                        Harvest(value);
                    }
                }

                break;
            case JsonArray items:
                foreach (var item in items.Take(30))
                {
                    Harvest(item);
                }
                break;
        }
    }

    private static bool IsIdentifier(string name) =>
        name.EndsWith("id", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("uri", StringComparison.OrdinalIgnoreCase)
        || name is "reference" or "blob" or "fingerprint" or "version" or "name" or "source" or "kind";

    private void Keep(string text)
    {
        if (text.Length is 0 or > 300 || harvested.Contains(text))
        {
            return;
        }
        if (harvested.Count < MaxHarvested)
        {
            harvested.Add(text);
        }
        else
        {
            harvested[random.Next(harvested.Count)] = text;
        }
    }

    private T Pick<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];

    private static string Quoted(string text) => JsonValue.Create(text).ToJsonString();

    private static string Shown(string parameters) =>
        parameters.Length <= 2000 ? parameters : $"{parameters[..2000]}… ({parameters.Length} characters)";

    private string Scene()
    {
        var all = Log;
        return $"Seed {seed}, message {Sent}. The end of the log:\n{all[Math.Max(0, all.Length - 8000)..]}";
    }
}
