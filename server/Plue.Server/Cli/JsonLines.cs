using Plue.Server.Chat;
using Plue.Server.Rpc;

namespace Plue.Server.Cli;

/// <summary><c>--output stream-json</c>: prints the events of message/event, one JSON object per line.</summary>
internal sealed class JsonLines(Terminal terminal, Func<string, string> providerName) : ITurnSink
{
    public void Publish(TurnEvent turnEvent)
    {
        terminal.Write(Subcommands.ToJson(ToProtocol.Event(turnEvent, providerName)));
        terminal.Write("\n");
    }

    public void Idle() => terminal.Flush();
}
