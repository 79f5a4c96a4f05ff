using Plue.Server.Chat;

namespace Plue.Server.Cli;

/// <summary>Nobody watches the answer while it is written.</summary>
internal sealed class SilentSink : ITurnSink
{
    public void Publish(TurnEvent turnEvent) { }

    public void Idle() { }
}
