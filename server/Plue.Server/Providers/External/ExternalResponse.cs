using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.External;

/// <summary>Converts the envelopes of a response to provider events, with exactly one end event, whatever the program writes.</summary>
internal sealed class ExternalResponse(string who)
{
    private readonly HashSet<string> toolUseIds = new(StringComparer.Ordinal);
    private bool isReasoning;

    public bool IsOver { get; private set; }

    /// <summary>True for the last envelope of a response.</summary>
    public static bool IsLast(JsonElement envelope) => envelope.Text("type") is "done" or "error" || envelope.Field("success") is not null;

    public IEnumerable<ProviderEvent> Fail(Failure failure)
    {
        IsOver = true;
        return [new ProviderEvent.Failed(failure)];
    }

    public IReadOnlyList<ProviderEvent> Read(JsonElement envelope)
    {
        List<ProviderEvent> events = [];
        if (envelope.Flag("success") == false)
        {
            Fail(events, ExternalWire.ReadError(envelope, who));
            return events;
        }

        if (envelope.Field("data") is { } whole && envelope.Flag("success") == true)
        {
            // A program that does not stream sends the whole content at once.
            if (whole.Text("content") is { Length: > 0 } text)
            {
                events.Add(new ProviderEvent.TextDelta(text));
            }
            Finish(events, whole);
            return events;
        }

        switch (envelope.Text("type"))
        {
            case "content" when envelope.Text("content") is { Length: > 0 } text:
                CloseReasoning(events);
                events.Add(new ProviderEvent.TextDelta(text));
                break;
            case "reasoning" when envelope.Text("content") is { Length: > 0 } text:
                isReasoning = true;
                events.Add(new ProviderEvent.ReasoningDelta(text));
                break;
            case "tool_use":
                CloseReasoning(events);
                AddToolCall(events, envelope);
                break;
            case "error":
                Fail(events, ExternalWire.ReadError(envelope, who));
                break;
            case "done":
                CloseReasoning(events);
                Finish(events, envelope);
                break;
        }

        return events;
    }

    private void AddToolCall(List<ProviderEvent> events, JsonElement envelope)
    {
        var name = envelope.Text("tool_name") ?? "";
        if (name.Length == 0)
        {
            Fail(
                events,
                new Failure(FailureKind.BadResponse, $"{who} sent a tool call that cannot be read, so no tool was run. Check the program.")
            );
            return;
        }

        var id = envelope.Text("tool_use_id") is { Length: > 0 } given && toolUseIds.Add(given) ? given : Ids.New("call");
        toolUseIds.Add(id);
        events.Add(new ProviderEvent.ToolCallStarted(id, name));
        var call = ToolCall.Finished(
            id,
            name,
            envelope.Field("parameters") switch
            {
                { ValueKind: JsonValueKind.String } text => text.GetString()!,
                { } value => value.GetRawText(),
                null => "",
            }
        );
        events.Add(new ProviderEvent.ToolCallDelta(id, call.Raw ?? call.Parameters));
        events.Add(call);
    }

    private void Finish(List<ProviderEvent> events, JsonElement done)
    {
        if (ExternalWire.ReadUsage(done) is { } usage)
        {
            events.Add(usage);
        }

        IsOver = true;
        events.Add(
            new ProviderEvent.Finished(
                done.Text("stop_reason") switch
                {
                    "max_tokens" => StopReason.MaxTokens,
                    "stop_sequence" => StopReason.StopSequence,
                    "refusal" => StopReason.Refusal,
                    "context_full" => StopReason.ContextFull,
                    _ => toolUseIds.Count > 0 ? StopReason.ToolUse : StopReason.EndTurn,
                }
            )
        );
    }

    private void Fail(List<ProviderEvent> events, Failure failure)
    {
        IsOver = true;
        events.Add(new ProviderEvent.Failed(failure));
    }

    private void CloseReasoning(List<ProviderEvent> events)
    {
        if (isReasoning)
        {
            events.Add(new ProviderEvent.ReasoningFinished(null));
        }

        isReasoning = false;
    }
}
