using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>Sends events of chats and tasks to the extension.</summary>
internal sealed class ChatNotifier(RpcServer server, ProviderRegistry providers, TimeProvider time, ILogger logger) : IChatEvents
{
    public ITurnSink SinkFor(string codexId) => new MessageNotifier(codexId, server, providers.NameOf, time, logger);

    public void Changed(string codexId, ChatSummary? summary) =>
        _ = server.TryNotifyAsync(
            Methods.CodexChanged,
            new CodexChangedParams(codexId, summary is null ? null : CodexHandlers.Summary(summary))
        );

    public void Notify(string message, string codexId) =>
        _ = server.TryNotifyAsync(Methods.HostNotify, new HostNotifyParams(message, HostNotifyLevel.Info, codexId));
}
