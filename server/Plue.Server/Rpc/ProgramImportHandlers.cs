using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Store;
using Plue.Server.Transfer.Programs;

namespace Plue.Server.Rpc;

/// <summary>switch/*: imports data of other programs on this machine, and undoes imports.</summary>
/// <param name="chatImported">Called with the address of each new chat.</param>
/// <param name="deleteChat">Deletes a chat by its address.</param>
/// <param name="deleteDocument">Deletes a document by its address.</param>
internal sealed class ProgramImportHandlers(
    ProgramImport import,
    ChatStore chats,
    Action<string, ChatSummary> chatImported,
    Func<string, CancellationToken, Task> deleteChat,
    Action<string> deleteDocument
)
{
    private const int MaxRunIdLength = 100;

    public void Register(RpcServer server)
    {
        server.Map(Methods.ProgramImportList, (_, _) => Task.Run(Programs));
        server.Map(
            Methods.ProgramImportFind,
            (asked, cancellationToken) => Task.Run(() => Find(asked, cancellationToken), cancellationToken)
        );
        server.Map(
            Methods.ProgramImportRun,
            (asked, cancellationToken) => Task.Run(() => ImportAsync(asked, cancellationToken), cancellationToken)
        );
        server.Map(
            Methods.ProgramImportUndo,
            (asked, cancellationToken) => Task.Run(() => UndoAsync(asked, cancellationToken), cancellationToken)
        );
    }

    public ProgramImportListResult Programs() =>
        new(
            [.. ImportProgram.All.Select(program => new ImportableProgramView(program.Id, program.Name))],
            import.LastRun is { } run ? new ProgramImportRunView(run.Id, run.At, run.Entries.Count, run.HasKeys) : null
        );

    public ProgramImportFindResult Find(ProgramImportFindParams asked, CancellationToken cancellationToken) =>
        new([
            .. import
                .Find(ProgramImport.Program(asked.Program), asked.UserFolder, cancellationToken)
                .Select(group => new ProgramImportGroupView(
                    (ProgramImportKind)group.Kind,
                    [.. group.Items.Select(View)],
                    group.IsTruncated
                )),
        ]);

    public async Task<ProgramImportRunResult> ImportAsync(ProgramImportRunParams asked, CancellationToken cancellationToken)
    {
        if (asked.RunId.Length is 0 or > MaxRunIdLength)
        {
            throw new FailureException(FailureKind.BadRequest, "The ID of the import is empty or too long. Start it again.");
        }

        var report = await import.ImportAsync(
            asked.RunId,
            ProgramImport.Program(asked.Program),
            (ImportKind)asked.Kind,
            asked.Ids,
            new ServerChoices(asked.StoreKeys ?? false, asked.UserFolder),
            cancellationToken
        );
        foreach (var item in report.Imported)
        {
            if (CodexUri.TryParse(item.Address, out var uri) && uri.Collection == CodexCollection.Chats)
            {
                chatImported(item.Address, chats.Read(uri.Name).Summarize());
            }
        }

        return new ProgramImportRunResult(
            [.. report.Imported.Select(item => new ProgramImportedView(item.Id, item.Address, item.Notes))],
            [.. report.Failed.Select(failure => new ImportFailureView(failure.Path, failure.Message) { Uri = failure.ExistingChatId })]
        );
    }

    public async Task<ProgramImportUndoResult> UndoAsync(ProgramImportUndoParams asked, CancellationToken cancellationToken)
    {
        var report = await import.UndoAsync(asked.RunId, deleteChat, deleteDocument, cancellationToken);
        return new ProgramImportUndoResult(report.Removed, report.Kept);
    }

    private static ProgramImportItemView View(ImportCandidate item) =>
        new(item.Id, item.Title, item.Path, item.Size, item.UpdatedAt)
        {
            Detail = item.Detail,
            Address = item.Address,
            Keys = item.Keys.Count == 0 ? null : item.Keys,
        };
}
