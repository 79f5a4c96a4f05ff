using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>edit/*: changes of agents in the workspace folders, and the user's decisions. Untrusted folders are not read. With several, paths start with the
/// folder name.</summary>
/// <param name="channels">Returns all chats and tasks, for their hierarchy and titles.</param>
internal sealed class EditHandlers(EditServices edits, Workspace workspace, Func<IReadOnlyList<ChatSummary>> channels)
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
                    var (folder, path) = PlaceOf(Folders, asked.Path);
                    return new EditContentResult(edits.Reviews.Before(folder, EditLog.IdOf(asked.CodexId), path));
                })
        );
    }

    /// <param name="codexId">Null for all chats and tasks.</param>
    public EditListResult List(string? codexId) =>
        workspace.TrustedFolders is { } folders ? List(folders, codexId, []) : new EditListResult([]) { Turns = [] };

    /// <exception cref="FailureException">Untrusted, NotFound, MissingField, StoreReadOnly.</exception>
    public EditListResult Decide(EditDecideParams asked, bool isAccepted)
    {
        var folders = Folders;
        if (asked is { HunkId: not null, Path: null })
        {
            throw new FailureException(FailureKind.MissingField, "Give the file of the change.");
        }

        // Without a file, the request covers the codex and its subtasks, as listed.
        var family = asked.Path is null ? FamilyOf(asked.CodexId) : [EditLog.IdOf(asked.CodexId)];
        List<(string Folder, string? Path)> places = asked.Path is null
            ? [.. folders.Paths.Select(folder => (folder, (string?)null))]
            : [PlaceOf(folders, asked.Path)];
        return List(
            folders,
            asked.CodexId,
            [
                .. family.SelectMany(codex =>
                    places.SelectMany(place => edits.Reviews.Decide(place.Folder, codex, place.Path, asked.HunkId, isAccepted))
                ),
            ]
        );
    }

    /// <param name="isUndo">False to apply undone changes again.</param>
    /// <exception cref="FailureException">Untrusted; NotFound: there is no such turn; StoreReadOnly.</exception>
    public async Task<EditListResult> TakeBackAsync(EditTurnParams asked, bool isUndo, CancellationToken cancellationToken)
    {
        var folders = Folders;
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
                    () => edits.Reviews.Edits(folders).LastOrDefault(edit => edit.By.Codex == codex && edit.IsUndone != isUndo)?.By.Turn,
                    cancellationToken
                )
                ?? throw new FailureException(
                    FailureKind.NotFound,
                    isUndo ? "There is no turn whose changes can be undone." : "There is no turn whose changes were undone."
                );
            which = edit => edit.By.Codex == codex && edit.By.Turn == turn;
        }

        var outcome = isUndo
            ? await turns.UndoAsync(folders, which, cancellationToken)
            : await turns.RedoAsync(folders, which, cancellationToken);
        return await Task.Run(() => List(folders, asked.CodexId, outcome.Conflicts), cancellationToken);
    }

    private WorkspaceFolders Folders =>
        workspace.TrustedFolders
        ?? throw new FailureException(
            FailureKind.Untrusted,
            "Changes can only be reviewed in a trusted folder. Open the folder and trust it."
        );

    /// <exception cref="FailureException">NotFound: the folder was removed from the workspace.</exception>
    private static (string Folder, string Path) PlaceOf(WorkspaceFolders folders, string shown) =>
        folders.TryFind(shown, out var folder, out var path)
            ? (folder.Path, path)
            : throw new FailureException(FailureKind.NotFound, $"The folder of {shown} is no longer part of the workspace.");

    private EditListResult List(WorkspaceFolders folders, string? codexId, IReadOnlyList<string> conflicts)
    {
        var family = codexId is null ? null : FamilyOf(codexId);
        Func<string, bool>? which = family is null ? null : family.Contains;
        var titles = channels().ToDictionary(channel => channel.Id, channel => channel.Title, StringComparer.Ordinal);
        return new EditListResult([
            .. folders.All.SelectMany(folder =>
                edits.Reviews.List(folder.Path, which).Select(file => View(file, folders.Shown(folder, file.Review.Path)))
            ),
        ])
        {
            Turns =
            [
                .. edits
                    .Reviews.Edits(folders)
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
            OmissionNotice = folders.Paths.Select(edits.Log.OmissionNotice).OfType<string>().Distinct().ToList() is { Count: > 0 } notices
                ? string.Join(' ', notices)
                : null,
        };
    }

    private static FileEditView View(FileReview file, string shown) =>
        new()
        {
            Path = shown,
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
