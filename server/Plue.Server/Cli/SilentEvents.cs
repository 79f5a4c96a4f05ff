using Plue.Server.Chat;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary>Discards events, because no view shows the responses.</summary>
internal sealed class SilentEvents : IChatEvents, ITurnSink
{
    public ITurnSink SinkFor(string codexId) => this;

    public void Changed(string codexId, ChatSummary? summary) { }

    public void Notify(string message, string codexId) { }

    public void Publish(TurnEvent turnEvent) { }
}
