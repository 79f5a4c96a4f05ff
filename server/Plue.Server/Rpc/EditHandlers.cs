using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Worktrees;

namespace Plue.Server.Rpc;

/// <summary>edit/*: changes of agents in the workspace folders and in the worktrees made of them, and the user's decisions. Untrusted folders are not read.
/// With several folders, paths start with the folder name.</summary>
/// <param name="channels">Returns all chats and tasks, for their hierarchy and titles.</param>
/// <param name="worktrees">Returns the worktrees of tasks that were made of these folders.</param>
internal sealed class EditHandlers(
    EditServices edits,
    Workspace workspace,
    Func<IReadOnlyList<ChatSummary>> channels,
    Func<WorkspaceFolders, IReadOnlyList<StoredWorktree>> worktrees
)
{
    private const int MaxTurns = 200;
    private const int MaxTreeDepth = 100;

    public void Register(RpcServer server)
    {
        edits.Log.Changed += codexId =>
            _ = server.TryNotifyAsync(Methods.EditChanged, new EditChangedParams(CodexUri.OfChannel(codexId).ToString()));
        server.Map(Methods.EditList, (asked, _) => Task.Run(() => List(asked.CodexId)));
        server.Map(Methods.EditAccept, (asked, _) => Task.Run(() => Decide(asked, isAccepted: true)));
        server.Map(Methods.EditReject, (asked, _) => Task.Run(() => Decide(asked, isAccepted: false)));
        server.Map(Methods.EditUndo, (asked, cancellationToken) => TakeBackAsync(asked, isUndo: true, cancellationToken));
        server.Map(Methods.EditRedo, (asked, cancellationToken) => TakeBackAsync(asked, isUndo: false, cancellationToken));
        server.Map(
            Methods.EditContent,
            (asked, _) =>
                Task.Run(() =>
                {
                    var (folder, path) = PlaceOf(Places, asked.Path, asked.Folder);
                    return new EditContentResult(edits.Reviews.Before(folder, EditLog.IdOf(asked.CodexId), path));
                })
        );
    }

    /// <param name="codexId">Null for all chats and tasks.</param>
    public EditListResult List(string? codexId) =>
        workspace.TrustedFolders is { } folders ? List(PlacesOf(folders), codexId, []) : new EditListResult([]) { Turns = [] };

    /// <exception cref="FailureException">Untrusted, NotFound, MissingField, StoreReadOnly.</exception>
    public EditListResult Decide(EditDecideParams asked, bool isAccepted)
    {
        var places = Places;
        if (asked is { HunkId: not null, Path: null })
        {
            throw new FailureException(FailureKind.MissingField, "Give the file of the change.");
        }

        // Without a file, the request covers the codex and its subtasks, as listed.
        var family = asked.Path is null ? FamilyOf(asked.CodexId) : [EditLog.IdOf(asked.CodexId)];
        List<(string Folder, string? Path)> files =
            asked.Path is not { } path ? [.. places.SelectMany(place => place.Paths).Select(folder => (folder, (string?)null))]
            : asked.Folder is null && asked.HunkId is null
                ? [PlaceOf(places, path, null), .. places.Skip(1).Select(place => (place.First.Path, (string?)path))]
            : [PlaceOf(places, path, asked.Folder)];
        return List(
            places,
            asked.CodexId,
            [
                .. family.SelectMany(codex =>
                    files.SelectMany(file => edits.Reviews.Decide(file.Folder, codex, file.Path, asked.HunkId, isAccepted))
                ),
            ]
        );
    }

    /// <param name="isUndo">False to apply undone changes again.</param>
    /// <exception cref="FailureException">Untrusted; NotFound: there is no such turn; StoreReadOnly.</exception>
    public async Task<EditListResult> TakeBackAsync(EditTurnParams asked, bool isUndo, CancellationToken cancellationToken)
    {
        var places = Places;
        var (codex, turns) = (EditLog.IdOf(asked.CodexId), edits.Turns);
        Func<TurnEdit, bool> which;
        if (asked.All == true)
        {
            var family = FamilyOf(asked.CodexId);
            which = edit => family.Contains(edit.By.Codex);
        }
        else
        {
            var turn =
                asked.TurnId
                ?? await Task.Run(
                    () => EditsIn(places).LastOrDefault(edit => edit.By.Codex == codex && edit.IsUndone != isUndo)?.By.Turn,
                    cancellationToken
                )
                ?? throw new FailureException(
                    FailureKind.NotFound,
                    isUndo ? "There is no turn whose changes can be undone." : "There is no turn whose changes were undone."
                );
            which = edit => edit.By.Codex == codex && edit.By.Turn == turn;
        }

        List<string> conflicts = [];
        foreach (var place in places)
        {
            var outcome = isUndo
                ? await turns.UndoAsync(place, which, cancellationToken)
                : await turns.RedoAsync(place, which, cancellationToken);
            conflicts.AddRange(outcome.Conflicts);
        }

        return await Task.Run(() => List(places, asked.CodexId, conflicts), cancellationToken);
    }

    private IReadOnlyList<WorkspaceFolders> Places =>
        PlacesOf(
            workspace.TrustedFolders
                ?? throw new FailureException(
                    FailureKind.Untrusted,
                    "Changes can only be reviewed in a trusted folder. Open the folder and trust it."
                )
        );

    /// <summary>Gets the workspace, then each worktree that was made of it.</summary>
    private IReadOnlyList<WorkspaceFolders> PlacesOf(WorkspaceFolders folders) =>
        [folders, .. worktrees(folders).Select(worktree => WorkspaceFolders.Of(worktree.Folder))];

    private IReadOnlyList<TurnEdit> EditsIn(IReadOnlyList<WorkspaceFolders> places) =>
        edits.Reviews.Edits(places.SelectMany(place => place.Paths));

    /// <param name="worktree">The folder of a worktree; null for the workspace.</param>
    /// <exception cref="FailureException">NotFound: the folder was removed from the workspace, or the worktree does not exist anymore.</exception>
    private static (string Folder, string Path) PlaceOf(IReadOnlyList<WorkspaceFolders> places, string shown, string? worktree) =>
        worktree is not null
            ? (
                places.Skip(1).FirstOrDefault(place => place.First.Path == worktree)?.First.Path
                    ?? throw new FailureException(FailureKind.NotFound, $"The worktree of {shown} does not exist anymore."),
                shown
            )
        : places[0].TryFind(shown, out var folder, out var path) ? (folder.Path, path)
        : throw new FailureException(FailureKind.NotFound, $"The folder of {shown} is no longer part of the workspace.");

    private EditListResult List(IReadOnlyList<WorkspaceFolders> places, string? codexId, IReadOnlyList<string> conflicts)
    {
        var family = codexId is null ? null : FamilyOf(codexId);
        Func<string, bool>? which = family is null ? null : family.Contains;
        var titles = channels().ToDictionary(channel => channel.Id, channel => channel.Title, StringComparer.Ordinal);
        return new EditListResult([
            .. places.SelectMany(
                (place, at) =>
                    place.All.SelectMany(folder =>
                        edits
                            .Reviews.List(folder.Path, which)
                            .Select(file => View(file, place.Shown(folder, file.Review.Path), at == 0 ? null : folder.Path))
                    )
            ),
        ])
        {
            Turns =
            [
                .. EditsIn(places)
                    .Where(edit => which?.Invoke(edit.By.Codex) ?? true)
                    .GroupBy(edit => (edit.By.Codex, edit.By.Turn))
                    .Reverse()
                    .Take(MaxTurns)
                    .Select(turn => new EditTurnView(
                        AddressOf(turn.Key.Codex),
                        turn.Key.Turn,
                        turn.First().By.Time ?? default,
                        UsageHandlers.TitleOf(turn.Key.Codex, titles),
                        turn.Select(edit => (edit.By.Workspace, edit.Path)).Distinct().Count(),
                        turn.Any(edit => edit.IsUndone)
                    )),
            ],
            Conflicts = conflicts,
            OmissionNotice = places.SelectMany(place => place.Paths).Select(edits.Log.OmissionNotice).OfType<string>().Distinct().ToList()
                is { Count: > 0 } notices
                ? string.Join(' ', notices)
                : null,
        };
    }

    private static FileEditView View(FileReview file, string shown, string? worktree) =>
        new()
        {
            Path = shown,
            Folder = worktree,
            CodexId = AddressOf(file.Review.Codex),
            Kind =
                (file.IsPending ? file.Review.Base : file.Review.First).Kind == FileEntryKind.Absent ? EditKind.Created
                : file.IsThere ? EditKind.Modified
                : EditKind.Deleted,
            State =
                file.IsPending ? EditState.Pending
                : file.Review is { WasAccepted: true, WasRejected: true } ? EditState.Mixed
                : file.Review.WasAccepted ? EditState.Accepted
                : EditState.Rejected,
            Added = file.Size.Added,
            Removed = file.Size.Removed,
            Hunks =
            [
                .. file.Hunks.Select(hunk => new HunkView(
                    hunk.Id,
                    hunk.OldStart,
                    hunk.OldLines,
                    hunk.NewStart,
                    hunk.NewLines,
                    EditState.Pending,
                    hunk.Text
                )
                {
                    IsConflict = hunk.IsConflict,
                }),
            ],
            Tools = [.. file.Review.Tools],
            Conflict = file.Conflict,
            IsBinary = file.IsBinary,
        };

    private static string AddressOf(string codex) => CodexUri.OfChannel(codex).ToString();

    /// <summary>Returns the ids of the codex and its subtasks.</summary>
    private HashSet<string> FamilyOf(string codexId)
    {
        HashSet<string> family = new([EditLog.IdOf(codexId)], StringComparer.Ordinal);
        var all = channels()
            .Where(channel => channel.SpawnedBy is not null)
            .Select(channel => (channel.Id, Parent: EditLog.IdOf(channel.SpawnedBy!)))
            .ToList();
        for (var depth = 0; depth < MaxTreeDepth; depth++)
        {
            var children = all.Where(channel => family.Contains(channel.Parent) && !family.Contains(channel.Id))
                .Select(channel => channel.Id)
                .ToList();
            if (children.Count == 0)
            {
                break;
            }

            family.UnionWith(children);
        }

        return family;
    }
}
