using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Rpc;

namespace Plue.Server.Cli;

/// <summary><c>--output stream-json</c>: the events of message/event, one JSON object a line, as the wire has them.</summary>
internal sealed class JsonLines(Terminal terminal, Func<string, string> providerName) : ITurnSink
{
    private static readonly JsonTypeInfo<MessageEvent> EventType =
        (JsonTypeInfo<MessageEvent>)Wire.Options.GetTypeInfo(typeof(MessageEvent));

    public void Publish(TurnEvent turnEvent)
    {
        terminal.Write(JsonSerializer.Serialize(ToProtocol.Event(turnEvent, providerName), EventType));
        terminal.Write("\n");
    }

    public void Idle() => terminal.Flush();
}
