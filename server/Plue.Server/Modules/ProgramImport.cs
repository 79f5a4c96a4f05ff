using Plue.Server.Codices;
using Plue.Server.Codices.Skills;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Tools.Mcp.Import;
using Plue.Server.Transfer;
using Plue.Server.Transfer.Programs;

namespace Plue.Server.Modules;

/// <summary>Imports data of other programs: chats, agents, prompts, instructions, keys and MCP servers. Each import can be undone as a whole.</summary>
internal sealed class ProgramImport(
    PlatformServices platform,
    TransferServices transfer,
    CodexServices codices,
    Vault.Vault vault,
    ProviderKeys keys,
    McpImport servers
)
{
    /// <summary>The pseudo program for imports of files that the user chose.</summary>
    private const string Chosen = "files";

    /// <summary>The programs with MCP servers, by their names in the importer.</summary>
    private static readonly Dictionary<string, string> ServerPrograms = new(StringComparer.Ordinal)
    {
        ["claude-code"] = "Claude Code",
        ["codex"] = "Codex CLI",
        ["vscode"] = "VS Code",
        ["cursor"] = "Cursor",
        ["zed"] = "Zed",
    };

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

    /// <param name="editorFolder">The folder of the window's user settings; null if unknown.</param>
    public IReadOnlyList<(ImportKind Kind, IReadOnlyList<ImportCandidate> Items, bool IsTruncated)> Find(
        ImportProgram program,
        string? editorFolder,
        CancellationToken cancellationToken
    ) =>
        [
            .. Data.Find(program, Present(), cancellationToken)
                .Append((Kind: ImportKind.McpServers, Items: FindServers(program, editorFolder, cancellationToken), IsTruncated: false))
                .Where(group => group.Items.Count > 0),
        ];

    /// <summary>Records chats that were imported from files, so that the import can be undone.</summary>
    /// <param name="runId">The run to add them to; null creates one.</param>
    /// <param name="addresses">The addresses of the chats.</param>
    public void RecordChats(string? runId, IReadOnlyList<string> addresses) => Record(ImportKind.Chats, addresses, runId);

    /// <summary>Records keys that were imported from a file.</summary>
    /// <param name="references">The keys that were not in the vault before.</param>
    public void RecordKeys(IReadOnlyList<string> references) => Record(ImportKind.Keys, references);

    /// <summary>Records imported skills.</summary>
    /// <param name="paths">The paths of their <c>SKILL.md</c>.</param>
    public void RecordSkills(IReadOnlyList<string> paths) =>
        runs.Add(
            Ids.New("import"),
            [
                .. paths
                    .Select(path => codices.Skills.FindFolder(RealPath.Of(Path.GetDirectoryName(path)!)))
                    .OfType<FoundSkill>()
                    .Select(found => new StoredImportEntry(
                        ImportKind.Skills,
                        ProgramData.SourceOf(Chosen, ImportKind.Skills, found.Skill.Folder),
                        found.Skill.Folder,
                        found.Skill.Sha256
                    )),
            ]
        );

    /// <summary>Records imported servers.</summary>
    public void RecordServers(McpImported imported) =>
        runs.Add(
            Ids.New("import"),
            [.. imported.Servers.SelectMany(server => EntriesOf(server, ProgramData.SourceOf(Chosen, ImportKind.McpServers, server.Name)))]
        );

    /// <summary>Imports the items one by one. A failure is reported and does not stop the others.</summary>
    /// <param name="runId">The run to add them to, so that they are undone together.</param>
    public async Task<ProgramImportReport> ImportAsync(
        string runId,
        ImportProgram program,
        ImportKind kind,
        IReadOnlyList<string> ids,
        ServerChoices ofServers,
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
                    var (entries, item) = await OneAsync(program, kind, id, source, ofServers, cancellationToken);
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
            // Items created before a cancellation can be undone, too.
            runs.Add(runId, created);
        }

        return new ProgramImportReport(imported, failed);
    }

    /// <summary>Moves what a run created to the trash. What cannot be undone is kept and reported.</summary>
    /// <param name="deleteChat">Deletes a chat by its address.</param>
    /// <param name="deleteDocument">Deletes a document by its address.</param>
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
                case ImportKind.Keys when servers.UsersOf(entry.Address) is { Count: > 0 } users:
                    return $"The key {entry.Address} was kept because the server {users[0]} uses it.";
                case ImportKind.Keys:
                    await vault.DeleteAsync(entry.Address, cancellationToken);
                    return null;
                case ImportKind.Instructions:
                    return instructions.Remove(entry.Source.Split('/', 3)[^1], entry.Address, entry.Hash);
                case ImportKind.McpServers:
                    return await servers.RemoveAsync(entry.Address, entry.Hash ?? "", cancellationToken);
                case ImportKind.Skills:
                    return RemoveSkill(entry);
                default:
                    deleteDocument(entry.Address);
                    return null;
            }
        }
        catch (FailureException failure) when (failure.Failure.Kind == FailureKind.NotFound)
        {
            return null; // The user already deleted it.
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
        ServerChoices ofServers,
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
            case ImportKind.McpServers when id.Split('\n', 2) is [var path, var key]:
            {
                var report = await servers.ImportAsync(
                    [new McpImportChoice(path, key)],
                    ofServers.StoreKeys,
                    ofServers.EditorFolder,
                    cancellationToken
                );
                return report.Servers is [var server]
                    ? (EntriesOf(server, source), new ImportedItem(id, server.Name, ["Approve it before its first use.", .. report.Notes]))
                    : throw new FailureException(FailureKind.Conflict, "Plue has a server with the same declaration.");
            }
            default:
                throw new FailureException(FailureKind.BadRequest, "This kind of item cannot be imported here.");
        }
    }

    private IReadOnlyList<ImportCandidate> FindServers(ImportProgram program, string? editorFolder, CancellationToken cancellationToken) =>
        !ServerPrograms.TryGetValue(program.Id, out var name)
            ? []
            :
            [
                .. servers
                    .Find(editorFolder, cancellationToken)
                    .Where(file => file.Program == name)
                    .SelectMany(file =>
                        file.Servers.Where(server => server.Problem is null)
                            .Select(server => new ImportCandidate(
                                ImportKind.McpServers,
                                $"{file.Path}\n{server.Key}",
                                server.Name,
                                file.Path,
                                0,
                                new DateTimeOffset(File.GetLastWriteTimeUtc(file.Path), TimeSpan.Zero)
                            )
                            {
                                Detail = server.Command,
                                Keys = [.. server.Keys.Where(key => key.Value is not null).Select(key => key.Field)],
                                Address = server.IsPresent ? server.Name : null,
                            })
                    ),
            ];

    /// <summary>Gets the entries, which are undone in reverse: a server before its keys, which another server may use.</summary>
    private static IReadOnlyList<StoredImportEntry> EntriesOf(McpImportedServer server, string source) =>
        [
            .. server.References.Select(reference => new StoredImportEntry(ImportKind.Keys, $"{source}/{reference}", reference)),
            new StoredImportEntry(ImportKind.McpServers, source, server.Name, server.Hash),
        ];

    private void Record(ImportKind kind, IReadOnlyList<string> addresses, string? runId = null) =>
        runs.Add(
            runId ?? Ids.New("import"),
            [.. addresses.Select(address => new StoredImportEntry(kind, ProgramData.SourceOf(Chosen, kind, address), address))]
        );

    /// <summary>Moves the folder of a skill to the trash if nothing in it changed.</summary>
    private string? RemoveSkill(StoredImportEntry entry)
    {
        if (codices.Skills.FindFolder(entry.Address)?.Skill is not { } skill)
        {
            return null;
        }
        if (skill.Sha256 != entry.Hash)
        {
            return $"The skill {skill.Name} was kept because it changed since the import.";
        }

        try
        {
            Directory.CreateDirectory(platform.Paths.Trash);
            Trash.MoveFolder(
                entry.Address,
                Path.Combine(platform.Paths.Trash, $"{Trash.FolderPrefix}{skill.Name}-{Ids.New("skill")}"),
                platform.Time
            );
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"{entry.Address} was not removed");
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
        return (entries, new ImportedItem(path, entries[0].Address, report.Omitted));
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

    /// <summary>Gets the addresses of imported items that still exist. Keys and files count until their import is undone.</summary>
    private Dictionary<string, string> Present() =>
        runs.Addresses()
            .Where(entry =>
                !CodexUri.TryParse(entry.Value, out var uri)
                || !Documents.Has(uri.Collection)
                || codices.Documents.Of(uri.Collection).Get(uri.Name) is not null
            )
            .Where(entry => !entry.Value.StartsWith("codex://chats/", StringComparison.Ordinal))
            // A server that was removed manually can be imported again; the importer knows which servers exist.
            .Where(entry => !entry.Key.Contains($"/{ImportKind.McpServers}/", StringComparison.Ordinal))
            .ToDictionary(StringComparer.Ordinal);
}

/// <param name="Address">The address of a document or chat, the reference of a key, or the path of a file.</param>
/// <param name="Notes">Omissions, one sentence each.</param>
internal sealed record ImportedItem(string Id, string Address, IReadOnlyList<string> Notes);

/// <param name="StoreKeys">True to store their keys in the vault.</param>
/// <param name="EditorFolder">The folder of the window's user settings; null if unknown.</param>
internal sealed record ServerChoices(bool StoreKeys, string? EditorFolder);

internal sealed record ProgramImportReport(IReadOnlyList<ImportedItem> Imported, IReadOnlyList<ImportFailure> Failed);

/// <param name="Kept">Items that could not be undone, one sentence each.</param>
internal sealed record ProgramUndoReport(int Removed, IReadOnlyList<string> Kept);
