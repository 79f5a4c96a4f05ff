using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Messages;

namespace Plue.Server.Rpc;

/// <summary>message/*: what a user does in a chat.</summary>
internal sealed class MessageHandlers(RpcServer server, Conversations conversations)
{
    public void Register()
    {
        server.Map(Methods.MessageSend, SendAsync);
        server.Map(Methods.MessageStop, async (parameters, cancellationToken) =>
        {
            await (await conversations.GetAsync(parameters.CodexId, cancellationToken)).StopAsync();
            return new Nothing();
        });
        server.Map(Methods.MessageRetry, async (parameters, cancellationToken) =>
        {
            var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
            var (messageId, turnId) = await conversation.RetryAsync(parameters.MessageId, parameters.Provider, parameters.Model, parameters.Continue ?? false, cancellationToken);
            return new MessageSendResult(messageId, turnId);
        });
        server.Map(Methods.MessageDiscard, async (parameters, cancellationToken) =>
        {
            var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
            await conversation.DiscardAsync(parameters.MessageId, cancellationToken);
            return new Nothing();
        });
        server.Map(Methods.MessageCompact, async (parameters, cancellationToken) =>
        {
            var compaction = await (await conversations.GetAsync(parameters.CodexId, cancellationToken)).CompactAsync(cancellationToken);
            return new MessageCompactResult(compaction.TokensBefore, compaction.TokensAfter);
        });
        server.Map(Methods.MessageContext, async (parameters, cancellationToken) =>
        {
            var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
            return Context(conversation.Measure(TokenEstimate.Of(parameters.Draft)));
        });
    }

    private static MessageContextResult Context(ContextFill fill) => new(
        fill.Tokens, fill.Window, fill.IsEstimate, fill.CompactsAt,
        [new("Instructions", fill.Instructions), new("Files", fill.Files), new("Messages", fill.Messages), new("Draft", fill.Draft)]);

    private async Task<MessageSendResult> SendAsync(MessageSendParams parameters, CancellationToken cancellationToken)
    {
        var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
        var (messageId, turnId) = await conversation.SendAsync(parameters.Text, parameters.Provider, parameters.Model, parameters.Answer ?? true, cancellationToken);
        return new MessageSendResult(messageId, turnId);
    }
}
