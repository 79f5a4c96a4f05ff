using System.Collections.Concurrent;
using Plue.Server.Chat;
using Plue.Server.Store;

namespace Plue.Server.Telemetry;

/// <summary>Forwards the events of chats and tasks, and creates spans of their turns while an endpoint is set.</summary>
internal sealed class TracedEvents(IChatEvents inner, TelemetryServices services) : IChatEvents
{
    private readonly ConcurrentDictionary<string, RunningTrace> running = new(StringComparer.Ordinal);

    public ITurnSink SinkFor(string codexId) => new TurnTracer(codexId, inner.SinkFor(codexId), running, services);

    public void Changed(string codexId, ChatSummary? summary) => inner.Changed(codexId, summary);

    public void Notify(string message, string codexId) => inner.Notify(message, codexId);
}

/// <summary>The trace of a running turn.</summary>
internal sealed record RunningTrace(string TraceId, string SpanId);
