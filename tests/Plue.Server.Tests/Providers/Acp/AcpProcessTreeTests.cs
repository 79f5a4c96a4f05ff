using System.Diagnostics;
using System.Globalization;

namespace Plue.Server.Tests.Providers.Acp;

/// <summary>What an agent started ends with it.</summary>
public sealed class AcpProcessTreeTests
{
    private const int Points = 20;

    [Theory]
    [InlineData(""), InlineData(", sandbox: false")]
    public async Task Nothing_of_the_tree_is_left_wherever_the_agent_is_ended(string fields)
    {
        var random = new Random(18);
        await using var bench = await AcpBench.StartAsync(fields: fields, mode: "edit");
        for (var at = 0; at < Points; at++)
        {
            // Seconds to sleep, which no other process of the machine has.
            var mark = $"{random.Next(100_000, 900_000)}.{Environment.ProcessId}{at}";
            var work = string.Concat(Enumerable.Repeat($"spawn {mark}\n", 16)) + "hang";
            var client = bench.Sidecar.Client;
            await client.ResultAsync("message/send", new { codexId = bench.Uri, text = (IsStopped(at) ? "ignore-cancel\n" : "") + work });
            for (var spawned = random.Next(1, 7); spawned > 0; )
            {
                // One event can have the text of several.
                var delta = await client.NextAsync("message/event", one => (string?)one["event"]?["kind"] == "textDelta");
                spawned -= ((string?)delta["event"]?["text"] ?? "").Split("Spawned.").Length - 1;
            }

            Assert.NotEmpty(ProcessesOf(mark));
            await EndAsync(bench, at);
            await client.NextAsync("message/event", one => (string?)one["event"]?["kind"] == "turnFinished");
            // The next message waits until an agent that does not stop is ended.
            await bench.AskAsync("say Again.");
            Assert.Empty(ProcessesOf(mark));
        }
    }

    private static async Task EndAsync(AcpBench bench, int at)
    {
        if (IsStopped(at))
        {
            await bench.Sidecar.Client.ResultAsync("message/stop", new { codexId = bench.Uri });
        }
        else if (at % 2 == 0)
        {
            await bench.Sidecar.Services.Providers.Registry.Get("scripted").DisposeAsync();
        }
        else
        {
            Process.GetProcessById(bench.ProcessId).Kill();
        }
    }

    /// <summary>Each waits until the agent has had its time to stop.</summary>
    private static bool IsStopped(int at) => at % 8 == 3;

    private static IReadOnlyList<int> ProcessesOf(string mark) =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Select(Path.GetFileName)
                .Where(name => int.TryParse(name, out _) && CommandOf(name!).Contains(mark, StringComparison.Ordinal))
                .Select(name => int.Parse(name!, CultureInfo.InvariantCulture)),
        ];

    private static string CommandOf(string process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline") is { } command && command.StartsWith("sleep", StringComparison.Ordinal)
                ? command
                : "";
        }
        catch (IOException)
        {
            // It has ended.
            return "";
        }
    }
}
