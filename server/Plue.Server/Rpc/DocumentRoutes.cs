using Plue.Protocol;

namespace Plue.Server.Rpc;

/// <summary>Which of the requests codex/* are for documents; the others go to the chats.</summary>
internal static class DocumentRoutes
{
    public static void Register(RpcServer server, Lazy<DocumentHandlers> documents)
    {
        server.Map(Methods.CodexList, asked => DocumentHandlers.Takes(asked.Collection), asked => documents.Value.List(asked));
        server.Map(Methods.CodexGet, asked => DocumentHandlers.TakesUri(asked.Uri), asked => asked.Version is { } version ? documents.Value.GetVersion(asked.Uri, version) : documents.Value.Get(asked.Uri));
        server.Map(Methods.CodexCreate, asked => documents.Value.Takes(asked), (asked, cancellationToken) => documents.Value.CreateAsync(asked, cancellationToken));
        server.Map(Methods.CodexUpdate, asked => DocumentHandlers.TakesUri(asked.Uri), (asked, cancellationToken) => documents.Value.UpdateAsync(asked, cancellationToken));
        server.Map(Methods.CodexDelete, asked => DocumentHandlers.TakesUri(asked.Uri), asked =>
        {
            documents.Value.Delete(asked.Uri);
            return new Nothing();
        });
        server.Map(Methods.CodexRestore, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Value.Restore(asked.Uri));
        server.Map(Methods.CodexHistory, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Value.History(asked.Uri));
        server.Map(Methods.CodexUndo, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Value.Undo(asked.Uri));
        server.Map(Methods.CodexRedo, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Value.Redo(asked.Uri));
        server.Map(Methods.CodexFork, asked => DocumentHandlers.TakesUri(asked.Uri), asked => documents.Value.Fork(asked));
        server.Map(Methods.CodexRename, (asked, cancellationToken) => documents.Value.RenameAsync(asked, cancellationToken));
        server.Map(Methods.CodexLinks, _ => true, asked => documents.Value.Links(asked.Uri));
    }
}
