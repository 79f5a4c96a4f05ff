using Plue.Server.Chat;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary>Nobody watches while the responses are written.</summary>
internal sealed class SilentEvents : IChatEvents, ITurnSink
{
    public ITurnSink SinkFor(string codexId) => this;

    public void Changed(string codexId, ChatSummary? summary) { }

    public void Notify(string message, string codexId) { }

    public void Publish(TurnEvent turnEvent) { }
}
