using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Edits;

/// <summary>Records the file changes of running tools.</summary>
internal sealed class EditLog(EditStore store, Func<string, bool> isUnsaved) : IEditLog
{
    private const int NewFileMode = 0x1A4; // 0644

    private readonly Lock sync = new();
    private readonly List<Scope> open = [];
    private readonly Dictionary<string, Checkpoints> checkpoints = new(StringComparer.Ordinal);

    /// <summary>Raised when the pending changes of a codex change.</summary>
    public event Action<string>? Changed;

    public EditStore Store => store;

    /// <summary>Gets why a decision cannot write a file, as one sentence; null if it can.</summary>
    public string? WhyNotWritten(string workspace, string path) =>
        isUnsaved(Path.Combine(workspace, path))
            ? $"{path} has unsaved changes in the editor, so it was not changed. Save it and try again."
            : null;

    public void NotifyChanged(string codexId) => Changed?.Invoke(codexId);

    /// <summary>Gets which changes by commands cannot be undone, as one sentence; null if none are known.</summary>
    public string? OmissionNotice(string workspace)
    {
        lock (sync)
        {
            return checkpoints.TryGetValue(RealPath.Of(workspace), out var found) ? found.OmissionNotice : null;
        }
    }

    public async ValueTask<IEditScope> BeginAsync(
        EditAuthor author,
        string workspace,
        IReadOnlyList<string>? paths,
        IReadOnlyDictionary<string, byte[]>? unsaved,
        CancellationToken cancellationToken
    ) =>
        await Task.Run<IEditScope>(
            () => Begin(author with { CodexId = IdOf(author.CodexId) }, RealPath.Of(workspace), paths, unsaved),
            cancellationToken
        );

    /// <summary>Completes the edits of terminated processes: differences on disk are attributed to them.</summary>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public void Settle(string workspace)
    {
        var real = RealPath.Of(workspace);
        var left = store
            .Read(history => history.Open.Where(begun => begun.Workspace == real && begun.Process != store.Process).ToList())
            .Where(begun => !store.IsInProgress(begun))
            .OrderBy(begun => begun.Checkpoint is not null)
            .ToList();
        foreach (var begun in left)
        {
            store.Change(history =>
                history.Open.Any(one => one.Scope == begun.Scope)
                    ?
                    [
                        Ended(
                            begun,
                            Differences(
                                real,
                                begun.Files.ToDictionary(file => file.Path, file => file.Before ?? FileState.Absent),
                                OnDisk(begun),
                                begun.Checkpoint is { } name ? CheckpointsOf(real).Load(name) : null,
                                []
                            ),
                            history
                        ),
                    ]
                    : []
            );
            NotifyChanged(begun.Codex);
        }

        if (left.Count > 0)
        {
            CleanCheckpoints(real);
        }
    }

    /// <summary>Gets the name from an address; a name is returned unchanged.</summary>
    public static string IdOf(string codexId) => CodexUri.TryParse(codexId, out var uri) ? uri.Name : codexId;

    private Scope Begin(EditAuthor author, string workspace, IReadOnlyList<string>? paths, IReadOnlyDictionary<string, byte[]>? unsaved)
    {
        try
        {
            Settle(workspace);
            return paths is null
                ? BeginAll(author, workspace)
                : BeginNamed(
                    author,
                    workspace,
                    [.. paths.Select(path => Inside(workspace, path)).OfType<string>().Distinct(StringComparer.Ordinal)],
                    (unsaved ?? new Dictionary<string, byte[]>())
                        .Select(one => (Path: Inside(workspace, one.Key), Text: one.Value))
                        .Where(one => one.Path is not null)
                        .ToDictionary(one => one.Path!, one => one.Text, StringComparer.Ordinal)
                );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Plue.Server.Store.StoreFailure.From(
                exception,
                "The current state of the files could not be stored, so nothing was changed"
            );
        }
    }

    private Scope BeginNamed(EditAuthor author, string workspace, List<string> paths, Dictionary<string, byte[]> unsaved)
    {
        using var folder = new FolderHandle(workspace);
        Dictionary<string, FileState> before = new(StringComparer.Ordinal);
        Dictionary<string, FileState> onDisk = new(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            var state = FileState.Keep(folder, path, store.Contents);
            if (!state.IsKept && state.Kind != FileEntryKind.Folder)
            {
                throw new FailureException(
                    FailureKind.BadRequest,
                    $"{path} is not a regular file of at most 64 MB. The change could not be undone, so the file was not changed."
                );
            }

            before[path] = state;
            if (unsaved.GetValueOrDefault(path) is { } text && state.Kind is FileEntryKind.File or FileEntryKind.Absent)
            {
                onDisk[path] = state;
                before[path] = new FileState(
                    FileEntryKind.File,
                    store.Contents.Put(text),
                    state.Kind == FileEntryKind.File ? state.Mode : NewFileMode
                );
            }
        }

        var begun = Record(author, workspace, null) with
        {
            Files =
            [
                .. before.Select(file => new FileRecord(file.Key, file.Value, null, null, null)
                {
                    OnDisk = onDisk.GetValueOrDefault(file.Key),
                }),
            ],
        };
        store.Change(_ => [begun]);
        return Opened(new Scope(this, begun, before, null));
    }

    private Scope BeginAll(EditAuthor author, string workspace)
    {
        var all = CheckpointsOf(workspace);
        var checkpoint = all.Take();
        var begun = Record(author, workspace, checkpoint.Name);
        store.Change(_ =>
        {
            store.Contents.Sync();
            all.Save(checkpoint);
            return [begun];
        });
        return Opened(new Scope(this, begun, new(StringComparer.Ordinal), checkpoint));
    }

    private EditRecord Record(EditAuthor author, string workspace, string? checkpoint) =>
        new()
        {
            Type = EditRecord.Begun,
            Codex = author.CodexId,
            Turn = author.TurnId,
            ToolUse = author.ToolUseId,
            Tool = author.ToolName,
            Workspace = workspace,
            Scope = Ids.New("scope", store.Time),
            Process = store.Process,
            Time = store.Time.GetUtcNow(),
            Checkpoint = checkpoint,
        };

    private Scope Opened(Scope scope)
    {
        lock (sync)
        {
            open.Add(scope);
        }

        return scope;
    }

    private IReadOnlyList<FileChange> End(Scope scope)
    {
        List<(string Path, FileState Before, FileState After)> changes = [];
        try
        {
            lock (sync)
            {
                if (!open.Remove(scope))
                {
                    return [];
                }

                var others = open.Where(other => other.Begun.Workspace == scope.Begun.Workspace).ToList();
                var named = others
                    .Where(other => other.Checkpoint is null)
                    .SelectMany(other => other.Before.Keys)
                    .ToHashSet(StringComparer.Ordinal);
                changes = Differences(
                    scope.Begun.Workspace,
                    scope.Before,
                    OnDisk(scope.Begun),
                    scope.Checkpoint,
                    scope.Checkpoint is null ? [] : named
                );
                // A change is attributed to only one scope.
                foreach (var (path, _, after) in changes)
                {
                    foreach (var other in others.Where(other => other.Checkpoint is not null || other.Before.ContainsKey(path)))
                    {
                        other.Before[path] = after;
                    }
                }
            }

            store.Change(history => [Ended(scope.Begun, changes, history)]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Plue.Server.Store.StoreFailure.From(exception, "The changes could not be recorded");
        }

        if (scope.Checkpoint is not null)
        {
            CleanCheckpoints(scope.Begun.Workspace);
        }
        store.Sweep(CheckpointsOf(scope.Begun.Workspace).Needed);
        if (changes.Count > 0)
        {
            NotifyChanged(scope.Begun.Codex);
        }

        return
        [
            .. changes.Select(change => new FileChange(
                change.Path,
                Lines(change.Before, change.After).Added,
                Lines(change.Before, change.After).Removed
            )),
        ];
    }

    /// <summary>Gets the paths that differ. An explicitly recorded state takes precedence over the checkpoint.</summary>
    private List<(string Path, FileState Before, FileState After)> Differences(
        string workspace,
        Dictionary<string, FileState> before,
        Dictionary<string, FileState> onDisk,
        Checkpoint? checkpoint,
        HashSet<string> others
    )
    {
        using var folder = new FolderHandle(workspace);
        List<(string Path, FileState Before, FileState After)> changes = [];
        foreach (var (path, state) in before.Where(file => !others.Contains(file.Key)))
        {
            var now = Now(folder, path);
            // Unsaved editor text is not a change of the file.
            if (now != state && now != onDisk.GetValueOrDefault(path))
            {
                changes.Add((path, state, now));
            }
        }

        if (checkpoint is not null)
        {
            changes.AddRange(
                checkpoint
                    .ChangedBy(CheckpointsOf(workspace).Take(), folder, store.Contents)
                    .Where(change => !before.ContainsKey(change.Path) && !others.Contains(change.Path))
            );
        }

        return [.. changes.OrderBy(change => change.Path, StringComparer.Ordinal)];
    }

    private static Dictionary<string, FileState> OnDisk(EditRecord begun) =>
        begun.Files.Where(file => file.OnDisk is not null).ToDictionary(file => file.Path, file => file.OnDisk!, StringComparer.Ordinal);

    private FileState Now(FolderHandle folder, string path)
    {
        try
        {
            return FileState.Keep(folder, path, store.Contents);
        }
        // The path leads through a link.
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return new FileState(FileEntryKind.Other);
        }
    }

    private EditRecord Ended(EditRecord begun, List<(string Path, FileState Before, FileState After)> changes, EditHistory history) =>
        begun with
        {
            Type = EditRecord.Ended,
            Checkpoint = null,
            Time = null,
            Files =
            [
                .. changes
                    .Select(change => Since(begun, change, history))
                    .Where(change => change.Before != change.After)
                    .Select(change =>
                        FileReview.Add(
                            history.ReviewOf(begun.Workspace, begun.Codex, change.Path),
                            change.Path,
                            change.Before,
                            change.After,
                            store.Contents
                        )
                    ),
            ],
        };

    /// <summary>Excludes changes that other scopes recorded in the meantime, in this process or another.</summary>
    private static (string Path, FileState Before, FileState After) Since(
        EditRecord begun,
        (string Path, FileState Before, FileState After) change,
        EditHistory history
    ) =>
        history.Edits.LastOrDefault(edit => edit.Path == change.Path && edit.By.Workspace == begun.Workspace && edit.By.Time >= begun.Time)
            is { } other
            ? change with
            {
                Before = other.After,
            }
            : change;

    private (int Added, int Removed) Lines(FileState before, FileState after) => FileReview.Count(before, after, store.Contents);

    private Checkpoints CheckpointsOf(string workspace)
    {
        lock (sync)
        {
            if (!checkpoints.TryGetValue(workspace, out var found))
            {
                checkpoints[workspace] = found = new Checkpoints(store.Checkpoints, workspace, store.Contents);
            }

            return found;
        }
    }

    private void CleanCheckpoints(string workspace) =>
        CheckpointsOf(workspace)
            .Clean(
                store.Read(history => history.Open.Select(begun => begun.Checkpoint).OfType<string>().ToHashSet(StringComparer.Ordinal))
            );

    /// <summary>Gets the path relative to the workspace; null if it is outside.</summary>
    private static string? Inside(string workspace, string path)
    {
        var full = Path.GetFullPath(path, workspace);
        var real = Path.Combine(RealPath.Of(Path.GetDirectoryName(full) ?? full), Path.GetFileName(full));
        var inside = Path.GetRelativePath(workspace, real).Replace(Path.DirectorySeparatorChar, '/');
        return inside is "." or ".." || inside.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(inside) ? null : inside;
    }

    private sealed class Scope(EditLog log, EditRecord begun, Dictionary<string, FileState> before, Checkpoint? checkpoint) : IEditScope
    {
        public EditRecord Begun => begun;
        public Dictionary<string, FileState> Before => before;
        public Checkpoint? Checkpoint => checkpoint;

        public async ValueTask<IReadOnlyList<FileChange>> EndAsync(CancellationToken cancellationToken) =>
            await Task.Run(() => log.End(this), cancellationToken);
    }
}
