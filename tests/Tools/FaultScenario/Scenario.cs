using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;
using static Plue.Tools.FaultScenario.Prepared;

namespace Plue.Tools.FaultScenario;

/// <summary>One of everything that is saved, in order, by the parts that the sidecar uses.</summary>
internal sealed class Scenario(string home)
{
    public const string Made = "A chat that the scenario made";
    public const string Renamed = "Renamed";
    public const string Document = "{ provider_type: 'ollama', model: 'first' }\n";
    public const string Changed = "{ provider_type: 'ollama', model: 'second' } // changed\n";

    private const int Counted = 600;

    private readonly PluePaths paths = new(home);
    private readonly ChatStore store = new(new PluePaths(home), TimeProvider.System, NullLogger.Instance);

    /// <summary>The steps by name, each with its effect and a value for the check.</summary>
    private IReadOnlyList<(string Name, Func<Task<string>> Do)> Steps =>
        [
            ("list", List),
            (
                "create",
                async () =>
                {
                    await using var journal = store.Create("ai-chat", Made, null, null);
                    return journal.Id;
                }
            ),
            ("append", () => ChangeAsync(Plain, journal => journal.AppendAsync(MessageOf(Plain, 2), CancellationToken.None))),
            ("answer", () => ChangeAsync(Plain, AnswerAsync)),
            (
                "fields",
                () =>
                    ChangeAsync(
                        Plain,
                        journal =>
                            journal.UpdateAsync(new ChatFields(Renamed) { Pinned = true, Tags = ["one", "two"] }, CancellationToken.None)
                    )
            ),
            ("queue", () => ChangeAsync(Plain, journal => journal.QueueAsync(MessageOf(Plain, 4), CancellationToken.None))),
            ("send", () => ChangeAsync(Plain, journal => journal.AppendAsync(MessageOf(Plain, 4), CancellationToken.None))),
            (
                "unqueue",
                () =>
                    ChangeAsync(
                        Plain,
                        async journal =>
                        {
                            await journal.QueueAsync(MessageOf(Plain, 5), CancellationToken.None);
                            await journal.UnqueueAsync(IdOf(Plain, 5), CancellationToken.None);
                        }
                    )
            ),
            ("discard", () => ChangeAsync(Plain, journal => journal.DiscardAsync(IdOf(Plain, 4), CancellationToken.None))),
            ("undo", () => ChangeAsync(Turns, journal => journal.UndoAsync(CancellationToken.None))),
            ("redo", () => ChangeAsync(Turns, journal => journal.RedoAsync(CancellationToken.None))),
            ("switch", () => ChangeAsync(Turns, journal => journal.SwitchAsync(IdOf(Turns, 0), CancellationToken.None))),
            ("migrate", () => HeldAsync(Old)),
            ("compact", () => ChangeAsync(Long, _ => ValueTask.CompletedTask)),
            ("repair", () => HeldAsync(Torn)),
            ("attach", () => Task.FromResult(new Blobs(paths).Put(Attachment))),
            ("delete-chat", Done(() => store.Delete(ToDelete))),
            ("restore-chat", Done(() => store.Restore(Deleted))),
            ("create-document", Done(() => Providers().Create("own", Document, "you", "Created"))),
            ("change-document", Done(() => Providers().Replace("own", null, Changed))),
            ("undo-document", Done(() => Providers().Undo("own"))),
            ("redo-document", Done(() => Providers().Redo("own"))),
            ("delete-document", Done(() => Providers().Delete("kept"))),
            ("restore-document", Done(() => Providers().Restore("kept"))),
            ("setting", Done(() => UserConfig.Set(paths, "trash_days", new Json5Number(7)))),
            ("list-again", List),
        ];

    public async Task RunAsync()
    {
        // Faults are counted for each thread: this one opens more files than the start of the program did, so that none is met before the scenario.
        for (var i = 0; i < Counted; i++)
        {
            File.OpenHandle("/dev/null").Dispose();
        }

        foreach (var (name, act) in Steps)
        {
            Console.WriteLine($"try {name}");
            if (await TryAsync(name, act) || await TryAsync(name, act))
            {
                continue;
            }

            Console.WriteLine($"stuck {name}");
        }

        Console.WriteLine("end");
    }

    private static async Task<bool> TryAsync(string name, Func<Task<string>> act)
    {
        try
        {
            Console.WriteLine($"ack {name} {await act()}");
            return true;
        }
        catch (FailureException failure)
        {
            Console.WriteLine($"failed {name} {failure.Failure.Kind}: {failure.Message}");
        }
        catch (Exception fault)
        {
            Console.WriteLine($"broke {name} {fault.ToString().ReplaceLineEndings(" ")}");
        }

        return false;
    }

    private static Func<Task<string>> Done(Action act) =>
        () =>
        {
            act();
            return Task.FromResult("done");
        };

    private FileCodices Providers() => FileCodices.Providers(paths, new TemplateCatalog(paths));

    private Task<string> List() => Task.FromResult($"{store.List().Count}");

    private async Task<string> ChangeAsync(string chat, Func<ChatJournal, ValueTask> change)
    {
        await using var journal = await store.OpenAsync(chat, CancellationToken.None);
        await change(journal);
        return chat;
    }

    /// <summary>Two messages under one hold, as a turn writes them: the second follows a first that was perhaps not stored, and is then the first.</summary>
    private Task<string> HeldAsync(string chat) =>
        ChangeAsync(
            chat,
            async journal =>
            {
                using var hold = await journal.AcquireAsync(CancellationToken.None);
                try
                {
                    await journal.AppendAsync(MessageOf(chat, 2), CancellationToken.None);
                }
                catch (FailureException failure)
                {
                    Console.WriteLine($"failed held {failure.Failure.Kind}: {failure.Message}");
                    await journal.AppendAsync(MessageOf(chat, 2), CancellationToken.None);
                }

                await journal.AppendAsync(MessageOf(chat, 3), CancellationToken.None);
            }
        );

    private static async ValueTask AnswerAsync(ChatJournal journal)
    {
        var text = TextOf(Plain, 3);
        await journal.BeginAsync(MessageOf(Plain, 3, MessageStatus.Streaming), CancellationToken.None);
        journal.AppendPartial(IdOf(Plain, 3), 0, false, text[..5]);
        var attempts = 100; // the first piece reaches the disk 200 ms later; one that cannot is no failure
        while (attempts-- > 0 && !journal.Chat.Messages[^1].Text.StartsWith(text[..5], StringComparison.Ordinal))
        {
            // The disk reports nothing: the journal is read again until the text is there.
            await Task.Delay(5);
        }

        journal.AppendPartial(IdOf(Plain, 3), 0, false, text[5..]);
        await journal.AppendAsync(MessageOf(Plain, 3), CancellationToken.None);
    }
}
