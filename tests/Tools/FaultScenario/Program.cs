// A scenario of saves for the tests that break it, and a reader that reports what is left afterwards. Arguments: a verb, then:
//   prepare HOME   a data folder as it is before the scenario.
//   scenario HOME     the scenario. Prints "try <step>" and, when it is kept, "ack <step> <value>"; a failure is "failed <step> <kind>: <sentence>" and is tried again.
//   check          for each "<home> <what scenario printed, a file>" on stdin "checked <acknowledged> <repaired>", or a line "loss <sentence>" for each before it.
//   texts HOME CHAT   the messages of a chat, one line each, after "repaired" when there was something to repair.
//   damage FOLDER EVERY   bytes cut off and turned, every so many; prints "<points> <checked> <repaired> <name>" for each scenario, and lines "loss <sentence>".
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Tools.FaultScenario;

switch (args[0])
{
    case "prepare":
        Prepared.Make(args[1]);
        break;
    case "scenario":
        await Task.Run(() => new Scenario(args[1]).RunAsync());
        break;
    case "check":
        await CheckAsync();
        break;
    case "damage":
        await new Damage(args[1], int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture)).RunAsync();
        break;
    case "texts":
        await TextsAsync(args[1], args[2]);
        break;
    default:
        return 2;
}

return 0;

static async Task TextsAsync(string home, string chat)
{
    await using var journal = await new ChatStore(new PluePaths(home), TimeProvider.System, NullLogger.Instance).OpenAsync(
        chat,
        CancellationToken.None
    );
    if (journal.Chat.Notice is not null)
    {
        Console.WriteLine("repaired");
    }

    foreach (var message in journal.Chat.Messages)
    {
        Console.WriteLine(message.Text);
    }
}

static async Task CheckAsync()
{
    while (Console.ReadLine() is { } line)
    {
        var (home, output) = line.Split(' ') is [var first, var second] ? (first, second) : throw new ArgumentException(line);
        var reader = new Reader(home, File.ReadAllLines(output));
        await reader.CheckAsync();
        foreach (var loss in reader.Losses)
        {
            Console.WriteLine($"loss {loss.ReplaceLineEndings(" ")}");
        }

        Console.WriteLine($"checked {reader.Acknowledged} {reader.Repaired}");
    }
}
