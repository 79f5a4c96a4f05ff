using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Templates;
using static Plue.Tools.FaultScenario.Prepared;

namespace Plue.Tools.FaultScenario;

/// <summary>Opens a data folder after the scenario, however that ended: what was acknowledged is there and everything opens.</summary>
/// <param name="output">What the scenario printed.</param>
internal sealed class Reader(string home, IReadOnlyList<string> output)
{
    private readonly PluePaths paths = new(home);
    private readonly ChatStore store = new(new PluePaths(home), TimeProvider.System, NullLogger.Instance);
    private readonly List<string> losses = [];
    private readonly Dictionary<string, string> acknowledged = new(
        output
            .Where(line => line.StartsWith("ack ", StringComparison.Ordinal))
            .Select(line => line.Split(' ', 3))
            .Select(words => KeyValuePair.Create(words[1], words[2]))
    );
    private readonly HashSet<string> tried =
    [
        .. output.Where(line => line.StartsWith("try ", StringComparison.Ordinal)).Select(line => line[4..]),
    ];

    public IReadOnlyList<string> Losses => losses;
    public int Acknowledged => acknowledged.Count;

    /// <summary>Chats and trails whose first look found something to repair.</summary>
    public int Repaired { get; private set; }

    public async Task CheckAsync()
    {
        foreach (var line in output)
        {
            Expect(!line.StartsWith("broke ", StringComparison.Ordinal) && !line.StartsWith("stuck ", StringComparison.Ordinal), line);
            if (line.StartsWith("failed ", StringComparison.Ordinal))
            {
                Expect(IsSentence(line.Split(": ", 2)[1]), $"No sentence: {line}");
            }
        }

        try
        {
            await CheckChatsAsync();
            CheckDocuments();
            CheckRest();
        }
        catch (Exception exception)
        {
            losses.Add($"Opening failed: {exception}");
        }
    }

    private async Task CheckChatsAsync()
    {
        var rows = store.List();
        if (store.IndexNotice is not null)
        {
            Expect(IsSentence(store.IndexNotice), store.IndexNotice);
        }

        foreach (var row in rows)
        {
            Expect(row.Notice is null || IsSentence(row.Notice), $"No sentence: {row.Notice}");
            await using (var journal = await store.OpenAsync(row.Id, CancellationToken.None))
            {
                if (journal.Chat.Notice is { } notice)
                {
                    if (row.Id != Torn)
                    {
                        Repaired++;
                    }
                    Expect(IsSentence(notice), $"No sentence: {notice}");
                }
            }

            CheckWhole(Path.Combine(paths.Chats, row.Id + ".jsonl"));
        }

        // The index equals one that is rebuilt.
        var listed = store.List().Select(row => (row.Id, row.Title, row.MessageCount, row.Version)).ToList();
        Directory.Delete(paths.Index, recursive: true);
        Expect(
            listed.SequenceEqual(AsAnother().List().Select(row => (row.Id, row.Title, row.MessageCount, row.Version))),
            "A list made anew is another one."
        );

        CheckChats();
        var deleted = store.ListDeleted().Select(row => row.Id).ToHashSet();
        var ids = rows.Select(row => row.Id).ToHashSet();
        foreach (var (chat, step, toTrash) in new[] { (ToDelete, "delete-chat", true), (Deleted, "restore-chat", false) })
        {
            Expect(ids.Contains(chat) || deleted.Contains(chat), $"{chat} is nowhere.");
            if (acknowledged.ContainsKey(step))
            {
                Expect(
                    toTrash ? deleted.Contains(chat) && !ids.Contains(chat) : ids.Contains(chat) && !deleted.Contains(chat),
                    $"{step} was acknowledged and did not happen."
                );
            }
            else if (!tried.Contains(step))
            {
                Expect(toTrash ? ids.Contains(chat) : deleted.Contains(chat), $"{chat} is not where it was.");
            }

            if (ids.Contains(chat))
            {
                CheckMessages(store.Read(chat), 2);
            }
        }
    }

    private void CheckChats()
    {
        if (acknowledged.TryGetValue("create", out var made))
        {
            Expect(store.Read(made).Title == Scenario.Made, "A chat that was made has lost its title.");
        }

        var plain = store.Read(Plain);
        CheckMessages(plain, 2);
        CheckStep("append", Plain, 2, plain);
        CheckStep("answer", Plain, 3, plain);
        if (acknowledged.ContainsKey("fields"))
        {
            Expect(plain is { Title: Scenario.Renamed, Pinned: true, Tags: ["one", "two"] }, "Fields were acknowledged and are not there.");
        }
        else
        {
            Expect(plain.Title == "Before" || tried.Contains("fields"), "The title changed by itself.");
        }

        var isQueued = plain.Queue.Any(message => message.Id == IdOf(Plain, 4) && message.Text == TextOf(Plain, 4));
        var isSent = plain.Tree.Find(IdOf(Plain, 4)) is not null;
        if (acknowledged.ContainsKey("queue") && !tried.Contains("discard"))
        {
            Expect(isQueued || (isSent && tried.Contains("send")), "A queued message is nowhere.");
        }
        if (acknowledged.ContainsKey("send") && !tried.Contains("discard"))
        {
            Expect(isSent && !isQueued, "A message that was sent is not there.");
        }
        if (acknowledged.ContainsKey("unqueue"))
        {
            Expect(plain.Queue.All(message => message.Id != IdOf(Plain, 5)), "A message taken from the queue is in it.");
        }
        if (acknowledged.ContainsKey("discard"))
        {
            Expect(!isSent, "A discarded message is shown.");
        }

        var turns = store.Read(Turns);
        for (var number = 0; number < 4; number++)
        {
            CheckMessage(turns, number);
        }
        CheckOneOf(turns.Messages.Count, 4, ("undo", 2), ("redo", 4), ("switch", 1));

        var old = store.Read(Old);
        CheckMessages(old, 2);
        if (acknowledged.ContainsKey("migrate"))
        {
            CheckMessages(old, 4);
            var backup = Path.Combine(paths.Backups, "chats", $"{Old}.format1.jsonl");
            Expect(
                File.Exists(backup) && File.ReadAllBytes(backup).AsSpan().SequenceEqual(LinesOf(Old)),
                "There is no backup of the older format."
            );
        }

        CheckMessages(store.Read(Long), CountOf(Long));
        var torn = store.Read(Torn);
        CheckMessages(torn, acknowledged.ContainsKey("repair") ? 4 : 2);
        Expect(
            Directory
                .EnumerateFiles(paths.Chats, $"{Torn}.jsonl.damaged-*")
                .Any(file => File.ReadAllBytes(file).AsSpan().IndexOf("damage"u8) >= 0),
            "The damaged bytes were not kept aside."
        );
    }

    private void CheckDocuments()
    {
        var providers = Providers();
        var own = providers.Get("own");
        CheckOneOf(
            own is null ? null : System.Text.Encoding.UTF8.GetString(providers.BytesOf(own)!),
            null,
            ("create-document", Scenario.Document),
            ("change-document", Scenario.Changed),
            ("undo-document", Scenario.Document),
            ("redo-document", Scenario.Changed)
        );
        if (own is not null)
        {
            var versions = providers
                .TrailOf(own)
                .Versions.Select(version => System.Text.Encoding.UTF8.GetString(providers.ContentOf(own.Uri!, version.Number) ?? []))
                .ToList();
            if (acknowledged.ContainsKey("create-document"))
            {
                Expect(versions.Contains(Scenario.Document), "The first version of a document is not in its history.");
            }
            if (acknowledged.ContainsKey("change-document"))
            {
                Expect(versions.Contains(Scenario.Changed), "The second version of a document is not in its history.");
            }

            providers.Replace("own", null, "{ provider_type: 'ollama', model: 'after' }\n");
            CheckWhole(Path.Combine(paths.History, "providers", "own.jsonl"));
            Expect(
                providers
                    .TrailOf(own)
                    .Versions.Select(version => version.Number)
                    .SequenceEqual(Enumerable.Range(1, versions.Count + 1).Select(number => (long)number)),
                "Versions are not numbered one after the other."
            );
        }

        var isThere =
            providers.Get("kept") is { } kept
            && providers.BytesOf(kept)!.AsSpan().SequenceEqual("{ provider_type: 'ollama', model: 'before' }\n"u8);
        var isInTrash = providers.Deleted().Any(codex => codex.Id == "kept" && File.ReadAllText(codex.Path) == Before);
        Expect(isThere || isInTrash, "A document is nowhere.");
        CheckOneOf((isThere, isInTrash), (true, false), ("delete-document", (false, true)), ("restore-document", (true, false)));
    }

    private void CheckRest()
    {
        if (acknowledged.TryGetValue("attach", out var blob))
        {
            Expect(new Blobs(paths).Read(blob).AsSpan().SequenceEqual(Attachment), "An attachment is another one.");
        }

        var config = UserConfig.Read(paths);
        Expect(config.Problems.Count == 0, "The settings have problems.");
        if (acknowledged.ContainsKey("setting"))
        {
            Expect(config.Number("trash_days") == 7, "A setting was acknowledged and is not there.");
        }
    }

    /// <summary>Steps that follow one another each make their own state: of those that were tried the last acknowledged one is there, or a later one.</summary>
    private void CheckOneOf<T>(T found, T before, params ReadOnlySpan<(string Step, T After)> steps)
    {
        List<T> possible = [before];
        foreach (var (step, after) in steps)
        {
            if (acknowledged.ContainsKey(step))
            {
                possible.Clear();
            }
            if (tried.Contains(step))
            {
                possible.Add(after);
            }
        }

        Expect(possible.Contains(found), $"Found {found}, not {string.Join(" or ", possible)}.");
    }

    private void CheckStep(string step, string chat, int number, StoredChat found)
    {
        if (acknowledged.ContainsKey(step))
        {
            CheckMessage(found, number);
        }
        else if (found.Tree.Find(IdOf(chat, number)) is { } message)
        {
            var whole = TextOf(chat, number);
            Expect(
                message.Status == MessageStatus.Complete
                    ? message.Text == whole
                    : message.Status == MessageStatus.Interrupted && whole.StartsWith(message.Text, StringComparison.Ordinal),
                $"{step} is half there."
            );
        }
    }

    private void CheckMessages(StoredChat chat, int count)
    {
        for (var number = 0; number < count; number++)
        {
            CheckMessage(chat, number);
        }
    }

    private void CheckMessage(StoredChat chat, int number) =>
        Expect(
            chat.Tree.Find(IdOf(chat.Id, number)) is { Status: MessageStatus.Complete } message
                && message.Text == TextOf(chat.Id, number)
                && message.CreatedAt == Began.AddSeconds(number),
            $"Message {number} of {chat.Id} is not there as it was."
        );

    /// <summary>Nothing is left to repair.</summary>
    private void CheckWhole(string path)
    {
        var scan = JournalReader.Scan(path, _ => { });
        Expect(
            scan is { Header: not null, Damaged: [], Missing: [], IsMissingLineFeed: false },
            $"{Path.GetFileName(path)} is still damaged."
        );
    }

    private ChatStore AsAnother() => new(paths, TimeProvider.System, NullLogger.Instance);

    private FileCodices Providers() => FileCodices.Providers(paths, new TemplateCatalog(paths));

    private static bool IsSentence(string text) =>
        text.Length > 10
        && char.IsUpper(text[0]) | text.StartsWith("codex://", StringComparison.Ordinal)
        && text[^1] == '.'
        && !text.Contains('\n', StringComparison.Ordinal);

    private void Expect(bool isTrue, string loss)
    {
        if (!isTrue)
        {
            losses.Add(loss);
        }
    }
}
