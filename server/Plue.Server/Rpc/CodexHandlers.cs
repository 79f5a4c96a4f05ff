using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>codex/*: the documents, which in this version are the chats.</summary>
internal sealed class CodexHandlers(RpcServer server, Conversations conversations, ProviderRegistry providers)
{
    public void Register()
    {
        server.Map(Methods.CodexList, (parameters, _) =>
        {
            if (parameters.Collection != "chats") { throw new FailureException(FailureKind.NotFound, $"There is no collection {parameters.Collection}."); }
            return Task.FromResult(new CodexListResult([.. conversations.List(parameters.IncludeArchived ?? false).Select(Summary)]));
        });
        server.Map(Methods.CodexGet, async (parameters, cancellationToken) =>
        {
            var conversation = await conversations.GetAsync(parameters.Uri, cancellationToken);
            conversation.Warm();
            return Get(conversation.Snapshot(sink => ((MessageNotifier)sink).Seal()));
        });
        server.Map(Methods.CodexCreate, async (parameters, cancellationToken) =>
        {
            var conversation = await conversations.CreateAsync(parameters.TemplateId, parameters.Title, parameters.ProviderId, parameters.Model, cancellationToken);
            return Summary(conversation.Summary);
        });
        server.Map(Methods.CodexUpdate, async (parameters, cancellationToken) =>
        {
            var conversation = await conversations.GetAsync(parameters.Uri, cancellationToken);
            // Another provider has other models: the old choice goes with it unless a new one came.
            var model = parameters.Model ?? (parameters.ProviderId is null ? null : "");
            await conversation.UpdateAsync(new ChatFields(parameters.Title, parameters.Archived, parameters.ProviderId, model), cancellationToken);
            conversation.Warm();
            return Summary(conversation.Summary);
        });
        server.Map(Methods.CodexDelete, async (parameters, cancellationToken) =>
        {
            await conversations.DeleteAsync(parameters.Uri, cancellationToken);
            return new Nothing();
        });
    }

    public static CodexSummary Summary(ChatSummary summary) => new()
    {
        Uri = CodexUri.Of(CodexCollection.Chats, summary.Id).ToString(),
        TemplateId = summary.TemplateId,
        Title = summary.Title,
        Status = (CodexStatus)summary.Status,
        CreatedAt = summary.CreatedAt,
        UpdatedAt = summary.UpdatedAt,
        MessageCount = summary.MessageCount,
        Cost = summary.TotalCost is > 0 ? summary.TotalCost : null,
        Archived = summary.Archived,
        ProviderId = summary.ProviderId,
        Model = summary.Model,
        Fallbacks = [],
        Options = new ChatOptions(null, null, null, null),
    };

    private CodexGetResult Get(ConversationSnapshot snapshot) => new()
    {
        Codex = Summary(snapshot.Summary),
        Messages = [.. snapshot.Messages.Select(message => ToProtocol.Message(message, providers.NameOf))],
        TurnId = snapshot.TurnId,
        LastSeq = snapshot.LastSeq,
        ReadOnlyReason = snapshot.ReadOnlyReason,
        Notice = snapshot.Notice,
    };
}
