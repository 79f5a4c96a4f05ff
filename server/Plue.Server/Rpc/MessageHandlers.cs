using Plue.Protocol;
using Plue.Server.Chat;

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
    }

    private async Task<MessageSendResult> SendAsync(MessageSendParams parameters, CancellationToken cancellationToken)
    {
        var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
        var (messageId, turnId) = await conversation.SendAsync(parameters.Text, parameters.Provider, parameters.Model, parameters.Answer ?? true, cancellationToken);
        return new MessageSendResult(messageId, turnId);
    }
}
