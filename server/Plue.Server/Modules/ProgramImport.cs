using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Transfer;
using Plue.Server.Transfer.Programs;

namespace Plue.Server.Modules;

/// <summary>Takes over what other programs have: chats, agents, prompts, instructions and keys. Each import can be undone as a whole.</summary>
internal sealed class ProgramImport(
    PlatformServices platform,
    TransferServices transfer,
    CodexServices codices,
    Vault.Vault vault,
    ProviderKeys keys
)
{
    private readonly ImportRuns runs = new(platform.Paths, platform.Time);
    private readonly ImportedInstructions instructions = new(platform.Paths);

    private ProgramData Data => new(transfer.Programs, transfer.Import, () => platform.Workspace.TrustedFolders);

    /// <summary>The last run that was not undone; null if there is none.</summary>
    public StoredImportRun? LastRun => runs.Last;

    /// <exception cref="FailureException">NotFound: there is no such program.</exception>
    public static ImportProgram Program(string id) =>
        ImportProgram.All.FirstOrDefault(program => program.Id == id)
        ?? throw new FailureException(
            FailureKind.NotFound,
            $"There is no program {id}.{NearestName.Hint(id, ImportProgram.All.Select(program => program.Id))}"
        );

    public IReadOnlyList<(ImportKind Kind, IReadOnlyList<ImportCandidate> Items, bool IsTruncated)> Find(
        ImportProgram program,
        CancellationToken cancellationToken
    ) => [.. Data.Find(program, Present(), cancellationToken).Where(group => group.Items.Count > 0)];

    /// <summary>Imports the items one by one. What fails is reported and does not stop the others.</summary>
    /// <param name="runId">The run to which they belong, to be undone together.</param>
    public async Task<ProgramImportReport> ImportAsync(
        string runId,
        ImportProgram program,
        ImportKind kind,
        IReadOnlyList<string> ids,
        CancellationToken cancellationToken
    )
    {
        var known = Present();
        List<StoredImportEntry> created = [];
        List<ImportedItem> imported = [];
        List<ImportFailure> failed = [];
        try
        {
            foreach (var id in ids)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var source = ProgramData.SourceOf(program.Id, kind, id);
                if (known.TryGetValue(source, out var existing))
                {
                    failed.Add(new ImportFailure(id, "It was already imported. Undo that import to import it again.", existing));
                    continue;
                }

                try
                {
                    var (entries, item) = await OneAsync(program, kind, id, source, cancellationToken);
                    created.AddRange(entries);
                    imported.Add(item);
                }
                catch (FailureException failure) when (failure.Failure.Kind != FailureKind.VaultLocked)
                {
                    failed.Add(new ImportFailure(id, failure.Message, null));
                }
            }
        }
        finally
        {
            // Also what was created before a cancellation can be undone.
            runs.Add(runId, created);
        }

        return new ProgramImportReport(imported, failed);
    }

    /// <summary>Moves what a run created to the trash. What cannot be undone is kept and reported.</summary>
    /// <param name="deleteChat">By its address.</param>
    /// <param name="deleteDocument">By its address.</param>
    /// <exception cref="FailureException">NotFound: there is no such run. VaultLocked.</exception>
    public async Task<ProgramUndoReport> UndoAsync(
        string runId,
        Func<string, CancellationToken, Task> deleteChat,
        Action<string> deleteDocument,
        CancellationToken cancellationToken
    )
    {
        var run = runs.Find(runId) ?? throw new FailureException(FailureKind.NotFound, "This import was already undone, or there is none.");
        var left = run.Entries.ToList();
        var removed = 0;
        List<string> kept = [];
        try
        {
            foreach (var entry in run.Entries.Reverse())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (await UndoAsync(entry, deleteChat, deleteDocument, cancellationToken) is { } why)
                {
                    kept.Add(why);
                }
                else
                {
                    removed++;
                    left.Remove(entry);
                }
            }
        }
        finally
        {
            runs.Keep(runId, left);
        }

        return new ProgramUndoReport(removed, kept);
    }

    private async Task<string?> UndoAsync(
        StoredImportEntry entry,
        Func<string, CancellationToken, Task> deleteChat,
        Action<string> deleteDocument,
        CancellationToken cancellationToken
    )
    {
        try
        {
            switch (entry.Kind)
            {
                case ImportKind.Chats:
                    await deleteChat(entry.Address, cancellationToken);
                    return null;
                case ImportKind.Keys when keys.UsedBy(entry.Address) is { Count: > 0 } users:
                    return $"The key {entry.Address} was kept because the provider {users[0]} uses it.";
                case ImportKind.Keys:
                    await vault.DeleteAsync(entry.Address, cancellationToken);
                    return null;
                case ImportKind.Instructions:
                    return instructions.Remove(entry.Source.Split('/', 3)[^1], entry.Address, entry.Hash);
                default:
                    deleteDocument(entry.Address);
                    return null;
            }
        }
        catch (FailureException failure) when (failure.Failure.Kind == FailureKind.NotFound)
        {
            return null; // The user deleted it already.
        }
        catch (FailureException failure) when (failure.Failure.Kind != FailureKind.VaultLocked)
        {
            return failure.Message;
        }
    }

    private async Task<(IReadOnlyList<StoredImportEntry> Entries, ImportedItem Item)> OneAsync(
        ImportProgram program,
        ImportKind kind,
        string id,
        string source,
        CancellationToken cancellationToken
    )
    {
        switch (kind)
        {
            case ImportKind.Chats:
                return Chat(program, id, source, cancellationToken);
            case ImportKind.Agents:
                return await AgentsAsync(Data.Setting(program, kind, id), source, cancellationToken);
            case ImportKind.Prompts:
            {
                var file = Data.Setting(program, kind, id);
                var (text, notes) = ImportedPrompt.Of(file);
                var address = await CreateAsync(CodexCollection.Prompts, file.Name, text, cancellationToken);
                return ([new StoredImportEntry(kind, source, address)], new ImportedItem(id, address, notes));
            }
            case ImportKind.Instructions:
            {
                var (path, hash) = instructions.Add(Data.Setting(program, kind, id));
                return ([new StoredImportEntry(kind, source, path, hash)], new ImportedItem(id, path, []));
            }
            case ImportKind.Keys:
            {
                var key = Data.Key(program, id);
                var reference = await FreeReferenceAsync(key.Reference, cancellationToken);
                await vault.StoreAsync(reference, key.Secret, [key.Origin], cancellationToken);
                return (
                    [new StoredImportEntry(kind, source, reference)],
                    new ImportedItem(id, reference, ["The key is still in its file. Delete it there if the program no longer needs it."])
                );
            }
            default:
                throw new FailureException(FailureKind.BadRequest, "This kind of item cannot be imported here.");
        }
    }

    private (IReadOnlyList<StoredImportEntry>, ImportedItem) Chat(
        ImportProgram program,
        string path,
        string source,
        CancellationToken cancellationToken
    )
    {
        var report = transfer.Import.Run([path], program.Chats, again: false, cancellationToken);
        if (report.Failed.Count > 0)
        {
            throw new FailureException(FailureKind.BadRequest, report.Failed[0].Message);
        }

        var entries = report
            .ChatIds.Select(id => new StoredImportEntry(ImportKind.Chats, source, CodexUri.OfChannel(id).ToString()))
            .ToList();
        return (entries, new ImportedItem(path, entries[0].Address, report.NotCarried));
    }

    private async Task<(IReadOnlyList<StoredImportEntry>, ImportedItem)> AgentsAsync(
        SettingFile file,
        string source,
        CancellationToken cancellationToken
    )
    {
        var agents = ImportedAgent.In(file);
        if (agents.Count == 0)
        {
            throw new FailureException(FailureKind.BadRequest, "It contains no agent with instructions. Choose another.");
        }

        List<StoredImportEntry> entries = [];
        List<string> notes = [];
        foreach (var agent in agents)
        {
            var title = agent.Id.Length > 0 ? agent.Id : file.Name;
            var prompt = await CreateAsync(CodexCollection.Prompts, title, agent.Prompt, cancellationToken);
            var name = codices.Documents.FreeName(CodexCollection.Templates, title);
            var template = codices
                .Documents.Of(CodexCollection.Templates)
                .Create(name, agent.Template(name, prompt, file.Path), VersionAuthor.User, "Imported");
            await codices.Follow(null, template, cancellationToken);
            entries.Add(new StoredImportEntry(ImportKind.Agents, source, prompt));
            entries.Add(new StoredImportEntry(ImportKind.Agents, source, template.Uri!.ToString()));
            notes.AddRange(agents.Count == 1 ? agent.Notes : agent.Notes.Select(note => $"{agent.Name}: {note}"));
        }

        return (entries, new ImportedItem(file.Path, entries[^1].Address, notes));
    }

    private async Task<string> CreateAsync(CodexCollection collection, string title, string text, CancellationToken cancellationToken)
    {
        var created = codices
            .Documents.Of(collection)
            .Create(codices.Documents.FreeName(collection, title), text, VersionAuthor.User, "Imported");
        await codices.Follow(null, created, cancellationToken);
        return created.Uri!.ToString();
    }

    private async Task<string> FreeReferenceAsync(string reference, CancellationToken cancellationToken)
    {
        var free = reference;
        for (var number = 2; await vault.ContainsAsync(free, cancellationToken); number++)
        {
            free = $"{reference}-{number}";
        }

        return free;
    }

    /// <summary>Addresses of what was imported and is still there. Keys and files count until their import is undone.</summary>
    private Dictionary<string, string> Present() =>
        runs.Addresses()
            .Where(entry =>
                !CodexUri.TryParse(entry.Value, out var uri)
                || !Documents.Has(uri.Collection)
                || codices.Documents.Of(uri.Collection).Get(uri.Name) is not null
            )
            .Where(entry => !entry.Value.StartsWith("codex://chats/", StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);
}

/// <param name="Address">Of a document or chat, the reference of a key, or the path of a file.</param>
/// <param name="Notes">What was not taken over, one sentence each.</param>
internal sealed record ImportedItem(string Id, string Address, IReadOnlyList<string> Notes);

internal sealed record ProgramImportReport(IReadOnlyList<ImportedItem> Imported, IReadOnlyList<ImportFailure> Failed);

/// <param name="Kept">What could not be undone, one sentence each.</param>
internal sealed record ProgramUndoReport(int Removed, IReadOnlyList<string> Kept);
