using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Plue.Server.Platform;
using Plue.Server.Providers.External;
using Plue.Server.Tests.Providers.Acp;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Agents.AgentsHome;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>
/// A task of Plue with two agents of other makers as its subtasks, under one budget. Its process is killed again and again, and the same tree is resumed each
/// time: nothing acknowledged is lost, no call that Plue runs is run twice, the budget is kept, and no process is left.
/// </summary>
public sealed class AgentTreeKillTests
{
    private const int Trees = 5;
    private const int KillsOfTree = 4;
    private const int MaxEvents = 45;
    private const decimal Budget = 0.5m;
    private const decimal Step = 0.01m;

    /// <summary>What an agent paid between two calls that Plue runs for it, and that a kill can keep Plue from reading.</summary>
    private const decimal Unread = 3 * Step;

    private static readonly string[] Settled = ["done", "failed", "stopped", "interrupted", "over_budget"];

    [Fact]
    public async Task A_tree_of_agents_that_is_killed_at_twenty_points_keeps_everything_and_its_budget()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && AcpBench.Node is not null, "The agents of this test need Linux and node.");
        var random = new Random(1832);
        var trees = Enumerable
            .Range(0, Trees)
            .Select(_ => Enumerable.Range(0, KillsOfTree).Select(_ => random.Next(1, MaxEvents)).ToList());
        foreach (var two in trees.ToList().Chunk(2))
        {
            await Task.WhenAll(two.Select(points => new Tree().RunAsync(points)));
        }
    }

    /// <summary>One home with its tree, through all of its processes.</summary>
    private sealed class Tree
    {
        private readonly string home = NewFolder();
        private readonly string folder = RealPath.Of(NewFolder());
        private readonly Dictionary<string, string> temporary = new() { ["TMPDIR"] = NewFolder() }; // a killed process does not delete its files
        private readonly string[] programs = [AcpBench.Program(), AcpBench.Program()];
        private readonly string[] stores = [NewFolder(), NewFolder()];
        private readonly ConcurrentDictionary<string, string> acknowledged = new(StringComparer.Ordinal); // text by message
        private readonly HashSet<string> owners = new(StringComparer.Ordinal); // chats of acknowledged messages
        private int calls;
        private decimal counted;

        /// <param name="kills">The number of events before each kill.</param>
        public async Task RunAsync(IReadOnlyList<int> kills)
        {
            await using var endpoint = new ScriptedEndpoint { Route = Respond };
            Write(home, endpoint.Url);
            foreach (var (at, name) in new[] { (0, "codex"), (1, "gemini") })
            {
                WriteAgent(name, programs[at], stores[at]);
                WriteTemplate(
                    home,
                    name,
                    $"provider_ref: 'codex://providers/{name}', available_tools: ['read', 'write', 'edit', 'bash'], budget: {{ usd: 5, rounds: 500 }}, permissions: {{ allow: ['bash'] }}, fields: [{{ name: 'permission_mode', default: 'edit' }}]"
                );
            }

            WriteTemplate(
                home,
                "planner",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"max_spawned_tasks: 5, provider_ref: 'codex://providers/small', available_tools: ['spawn_task', 'bash'], budget: {{ usd: {Budget}, rounds: 100 }}, permissions: {{ allow: ['bash'] }}, fields: [{{ name: 'permission_mode', default: 'edit' }}]"
                )
            );
            string? uri = null;
            foreach (var events in kills.Cast<int?>().Append(null))
            {
                uri = await LiveAsync(uri, events);
                await EndedAsync();
            }
        }

        /// <summary>Starts a process, checks what it finds, resumes the tree, and kills it after some events, or closes it when the tree rests.</summary>
        private async Task<string> LiveAsync(string? uri, int? events)
        {
            await using var process = await SidecarProcess.StartAsync(home, folder: folder, environment: temporary);
            var client = process.Client;
            if (uri is null)
            {
                uri = (string)(await client.ResultAsync("task/spawn", new { templateId = "planner", goal = "Plan it" }))!["uri"]!;
            }
            else
            {
                await CheckAsync(client, uri);
                await ResumeAsync(client, uri);
            }

            var left = events ?? int.MaxValue;
            while (left-- > 0)
            {
                if (await RestsAsync(client, uri))
                {
                    break;
                }

                await client.ReceivedAsync();
                Read(client.TakeReceived());
            }

            if (events is null)
            {
                await CheckAsync(client, uri);
                var rows = await RowsAsync(client, uri);
                Assert.Contains(
                    (string?)rows.Single(row => (string?)row!["uri"] == uri)!["status"],
                    (string[])["done", "over_budget", "waiting_for_child"]
                );
            }
            else
            {
                await process.KillAsync();
            }

            return uri;
        }

        /// <summary>Resumes the tree, and those subtasks that no call of the parent waits for.</summary>
        private static async Task ResumeAsync(RpcClient client, string uri)
        {
            var root = (await RowsAsync(client, uri)).Single(row => (string?)row!["uri"] == uri)!;
            if ((string?)root["status"] is not ("done" or "over_budget"))
            {
                await client.ResultAsync("task/resume", new { uri });
            }
        }

        /// <summary>True if nothing works any more: it is done, or its budget is used up.</summary>
        private static async Task<bool> RestsAsync(RpcClient client, string uri)
        {
            var rows = await RowsAsync(client, uri);
            var root = (string?)rows.Single(row => (string?)row!["uri"] == uri)!["status"];
            return root is "done" or "failed" or "over_budget"
                || (
                    root == "waiting_for_child"
                    && rows.Any(row => (string?)row!["status"] == "over_budget")
                    && rows.All(row => (string?)row!["status"] is "waiting_for_child" or "over_budget" or "done" or "failed")
                );
        }

        private void Read(IEnumerable<JsonObject> received)
        {
            foreach (var parameters in received.Where(one => (string?)one["method"] == "message/event").Select(one => one["params"]!))
            {
                var happened = parameters["event"]!;
                if ((string?)happened["kind"] is "messageFinished" or "messageAdded" && happened["message"] is { } message)
                {
                    acknowledged[(string)message["id"]!] = Text(message);
                    owners.Add((string)parameters["codexId"]!);
                }
            }
        }

        private async Task CheckAsync(RpcClient client, string uri)
        {
            var rows = await RowsAsync(client, uri);
            Assert.All(rows, row => Assert.Contains((string?)row!["status"], (string[])[.. Settled, "waiting_for_child"]));
            Assert.All(rows.GroupBy(row => (string?)row!["templateId"]), same => Assert.Single(same));

            Dictionary<string, string> stored = new(StringComparer.Ordinal);
            foreach (var owner in owners.Union(rows.Select(row => (string)row!["uri"]!)))
            {
                foreach (var message in (await client.ResultAsync("codex/get", new { uri = owner }))!["messages"]!.AsArray())
                {
                    stored[(string)message!["id"]!] = Text(message);
                }
            }

            Assert.All(acknowledged, one => Assert.Equal(one.Value, stored.GetValueOrDefault(one.Key)));

            var total = (decimal)rows.Single(row => (string?)row!["uri"] == uri)!["totalSpent"]!["usd"]!;
            Assert.InRange(total, counted, Budget + (stores.Length * Unread));
            counted = total;
            var kills = 1 + KillsOfTree;
            var paid = stores.Sum(Paid);
            Assert.True(total >= paid - (kills * stores.Length * Unread), $"{total} of {paid} paid dollars are counted.");

            var runs = Path.Combine(folder, "runs.txt");
            var lines = File.Exists(runs) ? await File.ReadAllLinesAsync(runs) : [];
            Assert.Equal(lines.Distinct(), lines);
        }

        /// <summary>Waits until no agent and no command of this tree is running.</summary>
        private async Task EndedAsync()
        {
            foreach (var id in Processes())
            {
                try
                {
                    using var process = Process.GetProcessById(id);
                    await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
                }
                catch (ArgumentException)
                {
                    // It has ended.
                }
            }

            Assert.Empty(Processes());
        }

        private IReadOnlyList<int> Processes() =>
            [
                .. Directory
                    .EnumerateDirectories("/proc")
                    .Select(Path.GetFileName)
                    .Where(name => int.TryParse(name, out _) && CommandOf(name!) is var command && IsOurs(command))
                    .Select(name => int.Parse(name!, CultureInfo.InvariantCulture)),
            ];

        private bool IsOurs(string command) =>
            programs.Any(program => command.Contains(program, StringComparison.Ordinal))
            || command.Contains(folder, StringComparison.Ordinal);

        private static string CommandOf(string process)
        {
            try
            {
                return File.ReadAllText($"/proc/{process}/cmdline");
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                // It has ended.
                return "";
            }
        }

        private static decimal Paid(string store) =>
            File.Exists(Path.Combine(store, "prompts.txt"))
                ? File.ReadLines(Path.Combine(store, "prompts.txt")).Count(line => line.StartsWith("paid ", StringComparison.Ordinal))
                    * Step
                : 0;

        /// <summary>The parent starts both agents, runs a command itself, and ends. Each of its calls is another one.</summary>
        private ScriptedAnswer Respond(ScriptedRequest request)
        {
            if (request.Target.EndsWith("/models", StringComparison.Ordinal))
            {
                return ScriptedAnswer.Json("""{"data":[{"id":"large"},{"id":"small"}]}""");
            }

            var messages = JsonNode.Parse(request.Body)!["messages"]!.AsArray();
            var results = messages
                .Where(message => (string?)message!["role"] == "tool")
                .Select(message => message!.ToJsonString())
                .ToList();
            var number = Interlocked.Increment(ref calls);
            return results.Count == 0
                    ? Calls("I split it.", Spawn($"c{number}", Work("codex"), "codex"), Spawn($"g{number}", Work("gemini"), "gemini"))
                : results.Any(result => result.Contains("ran-", StringComparison.Ordinal)) ? Answer("All done.")
                : Calls("", ($"b{number}", "bash", $$"""{"command":"echo ran-{{number}} | tee -a {{folder}}/runs.txt"}"""));
        }

        private string Work(string name) =>
            string.Join(
                '\n',
                Enumerable
                    .Range(1, 4)
                    .SelectMany(step =>
                        (string[])
                            [
                                $"pay {Step.ToString(CultureInfo.InvariantCulture)}",
                                $"edit {name}{step}.txt text",
                                $"pay {Step.ToString(CultureInfo.InvariantCulture)}",
                                $"shell echo $CALL >> {folder}/runs.txt",
                                $"say Step {step}.",
                            ]
                    )
            );

        private void WriteAgent(string id, string program, string store)
        {
            InMemorySidecar.WriteProvider(
                home,
                id,
                $"{{ name: '{id}', provider_type: 'acp', command: '{program}', arguments: ['--repeats'], environment: {{ AGENT_STORE: '{store}' }}, writable_folders: ['{store}'], model_prices: {{ default: {{ input: 0, output: 0 }} }} }}"
            );
            var approved = new ExternalPrograms(new PluePaths(home), null, () => null, TimeProvider.System);
            approved.Approve(program, approved.Inspect(program).Sha256);
        }

        private static string NewFolder() => Directory.CreateTempSubdirectory("plue-test-").FullName;
    }
}
