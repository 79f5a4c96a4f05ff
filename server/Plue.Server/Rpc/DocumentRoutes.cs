using Plue.Protocol;

namespace Plue.Server.Rpc;

/// <summary>Routes codex/* requests to documents or to chats.</summary>
internal static class DocumentRoutes
{
    public static void Register(RpcServer server, DocumentHandlers documents)
    {
        server.Map(Methods.CodexList, asked => DocumentHandlers.Takes(asked.Collection), asked => documents.List(asked));
        server.Map(
            Methods.CodexGet,
            asked => DocumentHandlers.TakesUri(asked.Uri),
            asked => asked.Version is { } version ? documents.GetVersion(asked.Uri, version) : documents.Get(asked.Uri)
        );
        server.Map(
            Methods.CodexCreate,
            asked => documents.Takes(asked),
            (asked, cancellationToken) => documents.CreateAsync(asked, cancellationToken)
        );
        server.Map(
            Methods.CodexUpdate,
            asked => DocumentHandlers.TakesUri(asked.Uri),
            (asked, cancellationToken) => documents.UpdateAsync(asked, cancellationToken)
        );
        server.Map(
            Methods.CodexDelete,
            asked => DocumentHandlers.TakesUri(asked.Uri),
            asked =>
            {
                documents.Delete(asked.Uri);
                return new Empty();
            }
        );
        server.Map(Methods.CodexRestore, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Restore(asked.Uri));
        server.Map(Methods.CodexHistory, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.History(asked.Uri));
        server.Map(Methods.CodexUndo, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Undo(asked.Uri));
        server.Map(Methods.CodexRedo, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Redo(asked.Uri));
        server.Map(Methods.CodexFork, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Fork(asked));
        server.Map(Methods.CodexRename, (asked, cancellationToken) => documents.RenameAsync(asked, cancellationToken));
        server.Map(Methods.CodexLinks, _ => true, asked => documents.Links(asked.Uri));
    }
}
