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
            var chats = conversations.List(parameters.IncludeArchived ?? false);
            return Task.FromResult(new CodexListResult([.. chats.Select(Summary)], chats.Count));
        });
        server.Map(Methods.CodexGet, async (parameters, cancellationToken) =>
        {
            var conversation = await conversations.GetAsync(parameters.Uri, cancellationToken);
            conversation.Warm();
            return Get(conversation.Snapshot(sink => ((MessageNotifier)sink).Seal()), parameters.Limit);
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
            var fields = new ChatFields(parameters.Title, parameters.Archived, parameters.ProviderId, model, Fallbacks(parameters.Fallbacks), Options(parameters.Options));
            await conversation.UpdateAsync(fields, cancellationToken);
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
        Fallbacks = [.. summary.Fallbacks.Select(ToProtocol.Choice)],
        Options = ToProtocol.Options(summary.Options),
        Tags = summary.Tags,
        Pinned = summary.Pinned,
        Unread = summary.Unread,
        Version = summary.Version,
    };

    /// <summary>A provider that is not there yet may be named; it is passed over until it is.</summary>
    private static IReadOnlyList<Messages.ModelChoice>? Fallbacks(IReadOnlyList<Protocol.ModelChoice>? choices)
    {
        if (choices is null) { return null; }
        if (choices.FirstOrDefault(choice => !CodexUri.TryOf(CodexCollection.Providers, choice.ProviderId, out _)) is { } wrong)
        {
            throw new FailureException(FailureKind.MissingField, $"\"{wrong.ProviderId}\" is not the name of a provider.");
        }

        return [.. choices.Select(choice => new Messages.ModelChoice(choice.ProviderId, string.IsNullOrWhiteSpace(choice.Model) ? null : choice.Model)).Distinct()];
    }

    private static Messages.ChatOptions? Options(Protocol.ChatOptions? options)
    {
        if (options is null) { return null; }
        if (options.Temperature is < 0 or > 2) { throw new FailureException(FailureKind.MissingField, "The temperature is a number from 0 to 2."); }
        if (options.MaxTokens is < 1) { throw new FailureException(FailureKind.MissingField, "The longest answer is at least one token."); }
        if (options.StopSequences?.Any(string.IsNullOrEmpty) == true) { throw new FailureException(FailureKind.MissingField, "A stop sequence cannot be empty."); }
        return new Messages.ChatOptions(
            options.Temperature, options.MaxTokens, options.StopSequences is { Count: > 0 } stops ? stops : null, string.IsNullOrWhiteSpace(options.ReasoningLevel) ? null : options.ReasoningLevel);
    }

    private CodexGetResult Get(ConversationSnapshot snapshot, int? limit)
    {
        var offset = limit is { } most ? Math.Max(0, snapshot.Messages.Count - most) : 0;
        return new()
        {
            Codex = Summary(snapshot.Summary),
            Messages = [.. snapshot.Messages.Skip(offset).Select(message => ToProtocol.Message(message, providers.NameOf, snapshot.Chat.Tree))],
            Offset = offset,
            Queue = [],
            CanUndo = snapshot.Chat.Tree.Undone is not null,
            CanRedo = snapshot.Chat.Tree.Redone is not null,
            ContextFiles = [],
            TurnId = snapshot.TurnId,
            LastSeq = snapshot.LastSeq,
            ReadOnlyReason = snapshot.ReadOnlyReason,
            Notice = snapshot.Chat.Notice,
        };
    }
}
