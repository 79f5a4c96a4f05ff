using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;
using static Plue.Tools.FaultScenario.Prepared;

namespace Plue.Tools.FaultScenario;

/// <summary>Damaged files: everything else is kept, and the damaged part is reported and copied to a separate file.</summary>
/// <param name="every">1 takes every place, 7 every seventh.</param>
internal sealed class Damage(string folder, int every)
{
    private int points;
    private int kept;
    private int repaired;
    private int homes;

    public async Task RunAsync()
    {
        var journal = LinesOf(Turns);
        var lines = LinesIn(journal);
        await TellAsync(
            "torn tails of a journal",
            lines[^3].Start,
            journal.Length,
            at => CheckJournalAsync(journal[..at], lines, [lines.FindIndex(line => at > line.Start && at < line.End - 1)], isTorn: true)
        );
        await TellAsync(
            "flipped bits of a journal",
            0,
            journal.Length,
            at => CheckJournalAsync(Flipped(journal, at), lines, [lines.FindIndex(line => at < line.End)], isTorn: false)
        );

        var listed = NewHome();
        foreach (var chat in new[] { Plain, Old, ToDelete, Turns, Long })
        {
            Put(Path.Combine(listed.Chats, chat + ".jsonl"), LinesOf(chat));
        }

        var rows = StoreOf(listed).List();
        var index = File.ReadAllBytes(IndexOf(listed));
        await TellAsync("flipped bits of the index", 0, index.Length, at => CheckIndex(listed, rows, Flipped(index, at)));
        await TellAsync("torn tails of the index", 0, index.Length, at => CheckIndex(listed, rows, index[..at]));
        await TellAsync("a deleted index", 0, 1, _ => CheckIndex(listed, rows, null));

        var documents = NewHome();
        var providers = ProvidersOf(documents);
        string[] texts = [Scenario.Document, Scenario.Changed, Before];
        providers.Create("own", texts[0], "you", "Created");
        foreach (var text in texts[1..])
        {
            providers.Replace("own", null, text);
        }

        var trail = File.ReadAllBytes(TrailOf(documents));
        await TellAsync(
            "flipped bits of a document's history",
            0,
            trail.Length,
            at => CheckTrail(documents, texts, Flipped(trail, at), LinesIn(trail).FindIndex(line => at < line.End))
        );
        await TellAsync(
            "torn tails of a document's history",
            LinesIn(trail)[^1].Start,
            trail.Length,
            at => CheckTrail(documents, texts, trail[..at], LinesIn(trail).FindIndex(line => at > line.Start && at < line.End - 1), at)
        );

        var attached = NewHome();
        var blobs = new Blobs(attached);
        var id = blobs.Put(Attachment.AsSpan(0, 400));
        await TellAsync("flipped bits of an attachment", 0, 400, at => CheckBlob(attached, blobs, id, at));
        await TellAsync("a deleted lock file", 0, 1, _ => CheckDeletedLockAsync());
    }

    private async Task TellAsync(string name, int from, int to, Func<int, IEnumerable<string>> check) =>
        await TellAsync(name, from, to, at => Task.FromResult(check(at)));

    private async Task TellAsync(string name, int from, int to, Func<int, Task<IEnumerable<string>>> check)
    {
        (points, kept, repaired) = (0, 0, 0);
        for (var at = from; at < to; at += every)
        {
            points++;
            try
            {
                foreach (var loss in await check(at))
                {
                    Console.WriteLine($"loss at {at}: {loss.ReplaceLineEndings(" ")}");
                }
            }
            catch (Exception exception)
            {
                Console.WriteLine($"loss at {at}: {exception.ToString().ReplaceLineEndings(" ")}");
            }
        }

        Console.WriteLine($"{points} {kept} {repaired} {name}");
    }

    /// <param name="hit">The numbers of lines that may be gone; -1 is none.</param>
    private async Task<IEnumerable<string>> CheckJournalAsync(byte[] damaged, List<(int Start, int End)> lines, int[] hit, bool isTorn)
    {
        var home = NewHome();
        var path = Path.Combine(home.Chats, Turns + ".jsonl");
        Put(path, damaged);
        List<string> losses = [];
        void Look(StoredChat chat, string when)
        {
            for (var number = 0; number < CountOf(Turns); number++)
            {
                var line = number + 2;
                if (hit.Contains(line) || (isTorn && lines[line].End - 1 > damaged.Length))
                {
                    continue;
                }

                kept++;
                if (chat.Tree.Find(IdOf(Turns, number))?.Text != TextOf(Turns, number))
                {
                    losses.Add($"Message {number} is not there {when}.");
                }
            }
        }

        Look(StoreOf(home).Read(Turns), "before it is repaired");
        await using (var journal = await StoreOf(home).OpenAsync(Turns, CancellationToken.None))
        {
            Look(journal.Chat, "when it is opened");
            if (journal.Chat.Notice is { } notice)
            {
                repaired++;
                if (notice[^1] != '.')
                {
                    losses.Add($"No sentence: {notice}");
                }
            }
            else if (!hit.Contains(-1) && !(isTorn && lines.Exists(line => line.Start == damaged.Length)))
            {
                losses.Add("The damage is not reported.");
            }

            await journal.AppendAsync(MessageOf(Turns, 7), CancellationToken.None);
        }

        var asides = Directory.GetFiles(home.Chats, "*.damaged-*");
        foreach (var aside in asides)
        {
            // Of lines that were glued together the last line feed is kept too.
            if (damaged.AsSpan().IndexOf(File.ReadAllBytes(aside).AsSpan().TrimEnd((byte)'\n')) < 0)
            {
                losses.Add("What was kept aside is not what was damaged.");
            }
        }

        var after = StoreOf(home).Read(Turns);
        Look(after, "after it was repaired");
        if (after.Tree.Find(IdOf(Turns, 7)) is null)
        {
            losses.Add("What was appended after the repair is not there.");
        }

        var scan = JournalReader.Scan(path, _ => { });
        if (scan is not { Header: not null, Damaged: [], Missing: [] })
        {
            losses.Add("There is still something to repair.");
        }

        Directory.Delete(home.Home, recursive: true);
        return losses;
    }

    private IEnumerable<string> CheckIndex(PluePaths home, IReadOnlyList<ChatSummary> rows, byte[]? damaged)
    {
        if (damaged is null)
        {
            File.Delete(IndexOf(home));
        }
        else
        {
            File.WriteAllBytes(IndexOf(home), damaged);
        }

        var store = StoreOf(home);
        var found = store.List();
        kept += rows.Count;
        if (store.IndexNotice is { } notice)
        {
            repaired++;
            if (notice[^1] != '.')
            {
                yield return $"No sentence: {notice}";
            }
        }

        if (!Same(rows, found))
        {
            yield return "The list is another one.";
        }

        var next = StoreOf(home);
        if (!Same(rows, next.List()) || next.IndexNotice is not null)
        {
            yield return $"The index was not made whole: {next.IndexNotice}";
        }
    }

    private static bool Same(IReadOnlyList<ChatSummary> one, IReadOnlyList<ChatSummary> other) =>
        one.Select(row => (row.Id, row.Title, row.MessageCount, row.Version, row.UpdatedAt, row.Status))
            .SequenceEqual(other.Select(row => (row.Id, row.Title, row.MessageCount, row.Version, row.UpdatedAt, row.Status)));

    private IEnumerable<string> CheckTrail(PluePaths home, string[] texts, byte[] damaged, int hit, int length = int.MaxValue)
    {
        foreach (var aside in Directory.GetFiles(Path.GetDirectoryName(TrailOf(home))!))
        {
            File.Delete(aside);
        }

        File.WriteAllBytes(TrailOf(home), damaged);
        var own = ProvidersOf(home);
        File.WriteAllText(Path.Combine(home.Providers, "own.json5"), texts[^1]);
        var codex = own.Get("own")!;
        own.TrailOf(codex);
        own.Replace("own", null, "{ provider_type: 'ollama', model: 'after' }\n");
        for (var version = 1; version <= texts.Length; version++)
        {
            if (version == hit || (version == texts.Length && length < int.MaxValue && hit < 0 && damaged[^1] == (byte)'\n'))
            {
                continue;
            }

            kept++;
            if (own.ContentOf(codex.Uri!, version) is not { } bytes || Encoding.UTF8.GetString(bytes) != texts[version - 1])
            {
                yield return $"Version {version} is not there.";
            }
        }

        if (Directory.GetFiles(Path.GetDirectoryName(TrailOf(home))!).Length > 1)
        {
            repaired++;
        }
        else if (hit >= 0)
        {
            yield return "The damaged bytes were not kept aside.";
        }

        if (JournalReader.Scan(TrailOf(home), _ => { }) is not { Header: not null, Damaged: [], Missing: [] })
        {
            yield return "There is still something to repair.";
        }
    }

    private IEnumerable<string> CheckBlob(PluePaths home, Blobs blobs, string id, int at)
    {
        File.WriteAllBytes(Path.Combine(home.Blobs, id), Flipped(Attachment[..400], at));
        var sentence = "";
        try
        {
            blobs.Read(id);
        }
        catch (FailureException failure)
        {
            sentence = failure.Message;
        }

        if (!sentence.EndsWith('.'))
        {
            yield return "A damaged attachment was read as if it were whole.";
        }

        repaired++;
        if (blobs.Put(Attachment.AsSpan(0, 400)) != id || !blobs.Read(id).AsSpan().SequenceEqual(Attachment.AsSpan(0, 400)))
        {
            yield return "It was not made whole.";
        }

        kept++;
    }

    /// <summary>Somebody deletes the lock of a chat in which an answer is in progress, and another window writes to it.</summary>
    private async Task<IEnumerable<string>> CheckDeletedLockAsync()
    {
        var home = NewHome();
        Put(Path.Combine(home.Chats, Plain + ".jsonl"), LinesOf(Plain));
        await using var first = await StoreOf(home).OpenAsync(Plain, CancellationToken.None);
        using var hold = await first.AcquireAsync(CancellationToken.None);
        await first.AppendAsync(MessageOf(Plain, 2), CancellationToken.None);
        File.Delete(Path.Combine(home.Chats, Plain + ".jsonl.lock"));
        var second = await StoreOf(home).OpenAsync(Plain, CancellationToken.None);
        await second.AppendAsync(MessageOf(Plain, 3), CancellationToken.None);
        List<string> losses = [];
        try
        {
            await first.AppendAsync(MessageOf(Plain, 4), CancellationToken.None);
        }
        catch (FailureException failure)
        {
            losses.Add($"The next append failed: {failure.Message}");
        }

        await second.DisposeAsync();
        var chat = StoreOf(home).Read(Plain);
        for (var number = 0; number < 5; number++)
        {
            kept++;
            if (chat.Tree.Find(IdOf(Plain, number))?.Text != TextOf(Plain, number))
            {
                losses.Add($"Message {number} is not there.");
            }
        }

        return losses;
    }

    private PluePaths NewHome()
    {
        var home = new PluePaths(Path.Combine(folder, $"damage-{++homes}"));
        DurableFile.CreatePrivateDirectory(home.Chats);
        return home;
    }

    private static ChatStore StoreOf(PluePaths home) => new(home, TimeProvider.System, NullLogger.Instance);

    private static FileCodices ProvidersOf(PluePaths home) => FileCodices.Providers(home, new TemplateCatalog(home));

    private static string IndexOf(PluePaths home) => Path.Combine(home.Index, "chats.idx");

    private static string TrailOf(PluePaths home) => Path.Combine(home.History, "providers", "own.jsonl");

    private static byte[] Flipped(byte[] bytes, int at)
    {
        byte[] flipped = [.. bytes];
        flipped[at] ^= (byte)(1 << (at % 8));
        return flipped;
    }

    private static void Put(string path, byte[] content) => File.WriteAllBytes(path, content);

    /// <summary>With their line feeds.</summary>
    private static List<(int Start, int End)> LinesIn(byte[] bytes)
    {
        List<(int, int)> lines = [];
        for (var start = 0; start < bytes.Length; )
        {
            var end = start + bytes.AsSpan(start).IndexOf((byte)'\n') + 1;
            lines.Add((start, end));
            start = end;
        }

        return lines;
    }
}
