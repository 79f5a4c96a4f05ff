using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections;
using Plue.Server.Tools;

namespace Plue.Server.Rpc;

/// <summary>message/*: the user's actions in a chat.</summary>
internal sealed class MessageHandlers(
    RpcServer server,
    Conversations conversations,
    ProviderRegistry providers,
    Attachments attachments,
    RunningCalls calls
)
{
    private const int MaxPageSize = 1000;
    private const int MaxResults = 1000;

    public void Register()
    {
        server.Map(
            Methods.MessageSend,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
                var files = await ReadAsync(parameters.Attachments, cancellationToken);
                var draft = DraftOf(parameters.Text, parameters.Provider, parameters.Model, parameters.Respond, files);
                return Result(await conversation.SendAsync(draft, parameters.Queue ?? false, cancellationToken));
            }
        );
        server.Map(
            Methods.MessageEdit,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
                var files = parameters.Attachments is { } attached ? await ReadAsync(attached, cancellationToken) : null;
                var draft = DraftOf(parameters.Text, parameters.Provider, parameters.Model, parameters.Respond, files);
                return Result(await conversation.EditAsync(parameters.MessageId, draft, cancellationToken));
            }
        );
        server.Map(
            Methods.MessageRetry,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
                return Result(
                    await conversation.RetryAsync(
                        parameters.MessageId,
                        parameters.Provider,
                        parameters.Model,
                        parameters.Continue ?? false,
                        cancellationToken
                    )
                );
            }
        );
        server.Map(
            Methods.MessageSteer,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
                return Result(
                    await conversation.SteerAsync(
                        parameters.QueuedId,
                        parameters.Text is { } text
                            ? new Draft(text) { Files = await ReadAsync(parameters.Attachments, cancellationToken) }
                            : null,
                        cancellationToken
                    )
                );
            }
        );
        server.Map(
            Methods.MessageUnqueue,
            (parameters, cancellationToken) =>
                DoAsync(parameters.CodexId, chat => chat.UnqueueAsync(parameters.QueuedId, cancellationToken), cancellationToken)
        );
        server.Map(
            Methods.MessageStop,
            (parameters, cancellationToken) =>
                DoAsync(
                    parameters.CodexId,
                    async chat =>
                    {
                        if (!await conversations.ForwardAsync(chat, new ChatCommand(chat.CodexId, ChatAction.Stop), cancellationToken))
                        {
                            await chat.StopAsync(StopCause.User);
                        }
                    },
                    cancellationToken
                )
        );
        server.Map(
            Methods.MessageStopCall,
            (parameters, _) =>
                calls.Stop(parameters.CodexId, parameters.ToolUseId)
                    ? Task.FromResult(new Empty())
                    : throw new FailureException(
                        FailureKind.Conflict,
                        "This call has ended, or it ends only with the response. Stop the response instead."
                    )
        );
        server.Map(
            Methods.MessageDiscard,
            (parameters, cancellationToken) =>
                DoAsync(parameters.CodexId, chat => chat.DiscardAsync(parameters.MessageId, cancellationToken), cancellationToken)
        );
        server.Map(
            Methods.MessageList,
            async (parameters, cancellationToken) => List(await SnapshotAsync(parameters.CodexId, cancellationToken), parameters)
        );
        server.Map(
            Methods.MessageGet,
            async (parameters, cancellationToken) =>
            {
                var look = await SnapshotAsync(parameters.CodexId, cancellationToken);
                var message =
                    look.Messages.FirstOrDefault(message => message.Id == parameters.MessageId)
                    ?? look.Chat.Tree.Find(parameters.MessageId);
                return message is null
                    ? throw new FailureException(FailureKind.NotFound, "That message is no longer in this chat.")
                    : View(look, message);
            }
        );
        server.Map(
            Methods.MessageOutline,
            async (parameters, cancellationToken) =>
            {
                var look = await SnapshotAsync(parameters.CodexId, cancellationToken);
                return new MessageOutlineResult([
                    .. BranchText
                        .Questions(look.Messages)
                        .Select(place => new OutlineEntry(
                            place.Question.Id,
                            place.Index,
                            BranchText.Beginning(place.Question),
                            place.Question.CreatedAt
                        )),
                ]);
            }
        );
        server.Map(
            Methods.MessageFind,
            async (parameters, cancellationToken) =>
            {
                var look = await SnapshotAsync(parameters.CodexId, cancellationToken);
                List<FoundText> found = [.. BranchText.Find(look.Messages, parameters.Text).Take(MaxResults + 1)];
                return new MessageFindResult(
                    [.. found.Take(MaxResults).Select(place => new MessageMatch(place.Message.Id, place.Index, place.Count))],
                    found.Count > MaxResults
                );
            }
        );
        server.Map(
            Methods.MessageCompact,
            async (parameters, cancellationToken) =>
            {
                var compaction = await (await conversations.GetAsync(parameters.CodexId, cancellationToken)).CompactAsync(
                    cancellationToken
                );
                return new MessageCompactResult(compaction.TokensBefore, compaction.TokensAfter);
            }
        );
        server.Map(
            Methods.MessageContext,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
                var attached = Domain(parameters.Attachments);
                var unsaved = await attachments.ReadUnsavedAsync(attached.Select(file => file.Path), cancellationToken);
                var files = attached.Sum(file => attachments.Inspect(file, unsaved).Tokens ?? 0);
                return Context(conversation.Measure(TokenEstimate.Of(parameters.Draft) + files));
            }
        );
    }

    private static MessageContextResult Context(ContextFill fill) =>
        new(
            fill.Tokens,
            fill.Window,
            fill.IsEstimate,
            fill.CompactsAt,
            [new("Instructions", fill.Instructions), new("Files", fill.Files), new("Messages", fill.Messages), new("Draft", fill.Draft)]
        );

    private MessageListResult List(ConversationSnapshot look, MessageListParams parameters)
    {
        if (parameters.Offset < 0 || parameters.Limit < 0)
        {
            throw new FailureException(FailureKind.MissingField, "An offset and a limit must be 0 or more.");
        }

        var offset = parameters.MessageId is { } id ? look.Messages.ToList().FindIndex(message => message.Id == id) : parameters.Offset;
        if (offset < 0)
        {
            throw new FailureException(FailureKind.NotFound, "That message is not in the branch that is shown.");
        }

        var page = look.Messages.Skip(offset).Take(Math.Min(parameters.Limit, MaxPageSize));
        return new MessageListResult([.. page.Select(message => View(look, message))], offset, look.Messages.Count);
    }

    private MessageView View(ConversationSnapshot look, Message message) =>
        ToProtocol.Message(message, providers.NameOf, look.AlternativesOf(message), attachments.HasChanged);

    private async Task<ConversationSnapshot> SnapshotAsync(string codexId, CancellationToken cancellationToken) =>
        await (await conversations.GetAsync(codexId, cancellationToken)).SnapshotAsync();

    private async Task<Empty> DoAsync(string codexId, Func<Conversation, Task> act, CancellationToken cancellationToken)
    {
        await act(await conversations.GetAsync(codexId, cancellationToken));
        return new Empty();
    }

    private static Draft DraftOf(
        string text,
        string? provider,
        string? model,
        bool? answer,
        IReadOnlyList<Messages.MessagePart.File>? files
    ) =>
        new(text)
        {
            ProviderId = provider,
            Model = model,
            WantsResponse = answer ?? true,
            Files = files,
        };

    /// <summary>Reads attachments before anything is stored; if one cannot be sent, the request fails and the draft is kept.</summary>
    public async Task<IReadOnlyList<Messages.MessagePart.File>> ReadAsync(
        IReadOnlyList<Protocol.Attachment>? attached,
        CancellationToken cancellationToken
    )
    {
        var files = Domain(attached);
        var unsaved = await attachments.ReadUnsavedAsync(files.Select(file => file.Path), cancellationToken);
        return await Task.Run(() => attachments.Read(files, unsaved), cancellationToken);
    }

    private static IReadOnlyList<Chat.Attachment> Domain(IReadOnlyList<Protocol.Attachment>? attached) =>
        [.. (attached ?? []).Select(AttachmentHandlers.Domain)];

    private static MessageSendResult Result(Sent sent) => new(sent.MessageId, sent.TurnId) { Queued = sent.IsQueued ? true : null };
}
