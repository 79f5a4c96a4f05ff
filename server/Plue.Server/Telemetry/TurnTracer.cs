using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Plue.Server.Chat;
using Plue.Server.Messages;

namespace Plue.Server.Telemetry;

/// <summary>
/// Creates the spans of a chat or task: <c>invoke_agent</c> for a turn, with <c>chat</c> for each round and <c>execute_tool</c> for each call in it.
/// The turn of a task belongs to the trace of the call that started it.
/// </summary>
internal sealed class TurnTracer(
    string codexId,
    ITurnSink inner,
    ConcurrentDictionary<string, RunningTrace> running,
    TelemetryServices services,
    TracedCodex? codex = null,
    string? question = null
) : ITurnSink
{
    private const int MaxContent = 32 * 1024;
    private const int MaxCalls = 1000;

    private readonly Dictionary<string, (string Name, DateTimeOffset Started)> calls = new(StringComparer.Ordinal);
    private TracedCodex? traced = codex;
    private string? lastQuestion = question;
    private Turn? turn;

    private sealed record Turn(RunningTrace Trace, string? ParentId, DateTimeOffset Started, bool HasContent)
    {
        public DateTimeOffset RoundStarted { get; set; } = Started;
    }

    public void Publish(TurnEvent turnEvent)
    {
        inner.Publish(turnEvent);
        switch (turnEvent)
        {
            case TurnEvent.MessageAdded(var message, _) when message.Role == MessageRole.User:
                lastQuestion = message.Text;
                break;
            case TurnEvent.TurnStarted:
                Begin();
                break;
            case TurnEvent.MessageStarted when turn is { } begun:
                begun.RoundStarted = services.Time.GetUtcNow();
                break;
            case TurnEvent.ToolCallStarted call when turn is not null && calls.Count < MaxCalls:
                calls[call.ToolUseId] = (call.ToolName, services.Time.GetUtcNow());
                break;
            case TurnEvent.ToolCallFinished call when turn is { } begun:
                AddCall(begun, call);
                break;
            case TurnEvent.MessageFinished(var message, _) when turn is { } begun && message.Role == MessageRole.Assistant:
                AddRound(begun, message);
                break;
            case TurnEvent.TurnFinished finished when turn is { } begun:
                End(begun, finished);
                break;
        }
    }

    public void Skip() => inner.Skip();

    public long Seal() => inner.Seal();

    public void Idle() => inner.Idle();

    private void Begin()
    {
        var settings = services.Settings;
        if (settings.Endpoint is null)
        {
            (turn, lastQuestion) = (null, null);
            return;
        }

        traced ??= services.Describe(codexId);
        var parent = traced.ParentId is { } id ? running.GetValueOrDefault(id) : null;
        var trace = new RunningTrace(parent?.TraceId ?? Span.NewTraceId(), Span.NewSpanId());
        turn = new Turn(
            trace,
            parent is null ? null
                : traced.Call is { } call ? Span.IdOfCall(parent.SpanId, call)
                : parent.SpanId,
            services.Time.GetUtcNow(),
            settings.HasContent
        );
        calls.Clear();
        running[codexId] = trace;
    }

    private void AddRound(Turn begun, Message message)
    {
        var end = services.Time.GetUtcNow();
        var model = message.ProviderInfo?.ModelId ?? "unknown";
        List<KeyValuePair<string, object>> attributes =
        [
            new("gen_ai.operation.name", "chat"),
            new("gen_ai.request.model", model),
            new("gen_ai.response.model", model),
            new("gen_ai.conversation.id", codexId),
        ];
        if (message.ProviderInfo is { } provider)
        {
            attributes.AddRange(services.AttributesOf(provider.ProviderId));
        }
        if (message.ProviderInfo?.RequestId is { } requestId)
        {
            attributes.Add(new("gen_ai.response.id", requestId));
        }
        if (message.StopReason is { } reason)
        {
            attributes.Add(new("gen_ai.response.finish_reasons", new[] { FinishReasonOf(reason) }));
        }
        if (message.Timing?.FirstToken is { } first)
        {
            attributes.Add(new("gen_ai.response.time_to_first_chunk", first.TotalSeconds));
        }
        if (message.Usage is { } usage)
        {
            attributes.Add(new("gen_ai.usage.input_tokens", usage.InputTokens));
            attributes.Add(new("gen_ai.usage.output_tokens", usage.OutputTokens));
            attributes.Add(new("gen_ai.usage.cache_read.input_tokens", usage.CachedReadTokens));
            attributes.Add(new("gen_ai.usage.cache_write.input_tokens", usage.CachedWriteTokens));
            attributes.Add(new("gen_ai.usage.reasoning.output_tokens", usage.ReasoningTokens));
        }
        if (message.Cost is { } cost)
        {
            attributes.Add(new("plue.cost.usd", (double)cost.TotalCost));
        }
        if (begun.HasContent)
        {
            if (lastQuestion is { } asked)
            {
                attributes.Add(new("gen_ai.input.messages", Content("user", [new MessagePart.Text(asked)])));
            }
            attributes.Add(new("gen_ai.output.messages", Content("assistant", message.Parts)));
        }

        lastQuestion = null;
        var duration = message.Timing?.Duration ?? end - begun.RoundStarted;
        var stopped = begun.RoundStarted + duration is var at && at <= end ? at : end;
        services.Add(
            new Span(
                begun.Trace.TraceId,
                Span.NewSpanId(),
                begun.Trace.SpanId,
                $"chat {model}",
                SpanKind.Client,
                begun.RoundStarted,
                stopped,
                attributes
            )
            {
                ErrorType = message.Error is { } failure ? NameOf(failure.Kind) : null,
            }
        );
    }

    private void AddCall(Turn begun, TurnEvent.ToolCallFinished call)
    {
        var end = services.Time.GetUtcNow();
        if (!calls.Remove(call.ToolUseId, out var known))
        {
            return;
        }

        List<KeyValuePair<string, object>> attributes =
        [
            new("gen_ai.operation.name", "execute_tool"),
            new("gen_ai.tool.name", known.Name),
            new("gen_ai.tool.call.id", call.ToolUseId),
            new("gen_ai.tool.type", known.Name.Contains('/', StringComparison.Ordinal) ? "extension" : "function"),
            new("gen_ai.conversation.id", codexId),
        ];
        if (call.Approval is { } approval)
        {
            attributes.Add(new("plue.approval", approval.Decision));
        }
        if (begun.HasContent && (call.Result ?? call.Error) is { } result)
        {
            attributes.Add(new("gen_ai.tool.call.result", Limited(result)));
        }

        services.Add(
            new Span(
                begun.Trace.TraceId,
                Span.IdOfCall(begun.Trace.SpanId, call.ToolUseId),
                begun.Trace.SpanId,
                $"execute_tool {known.Name}",
                SpanKind.Internal,
                call.RunTime is { } ran ? end - ran : known.Started,
                end,
                attributes
            )
            {
                ErrorType = call.Error is null ? null : "tool_error",
            }
        );
    }

    private void End(Turn begun, TurnEvent.TurnFinished finished)
    {
        turn = null;
        running.TryRemove(codexId, out _);
        var agent = traced!.Agent;
        services.Add(
            new Span(
                begun.Trace.TraceId,
                begun.Trace.SpanId,
                begun.ParentId,
                $"invoke_agent {agent}",
                SpanKind.Internal,
                begun.Started,
                services.Time.GetUtcNow(),
                [
                    new("gen_ai.operation.name", "invoke_agent"),
                    new("gen_ai.agent.name", agent),
                    new("gen_ai.conversation.id", codexId),
                    new("gen_ai.response.finish_reasons", new[] { FinishReasonOf(finished.Reason) }),
                ]
            )
            {
                ErrorType = finished.Error is { } failure ? NameOf(failure.Kind) : null,
            }
        );
    }

    private string Content(string role, IReadOnlyList<MessagePart> parts)
    {
        using var output = new MemoryStream();
        using (var json = new Utf8JsonWriter(output))
        {
            json.WriteStartArray();
            json.WriteStartObject();
            json.WriteString("role"u8, role);
            json.WriteStartArray("parts"u8);
            foreach (var part in parts)
            {
                switch (part)
                {
                    case MessagePart.Text text:
                        json.WriteStartObject();
                        json.WriteString("type"u8, "text"u8);
                        json.WriteString("content"u8, Limited(text.Content));
                        json.WriteEndObject();
                        break;
                    case MessagePart.ToolUse use:
                        json.WriteStartObject();
                        json.WriteString("type"u8, "tool_call"u8);
                        json.WriteString("id"u8, use.ToolUseId);
                        json.WriteString("name"u8, use.ToolName);
                        json.WriteString("arguments"u8, Limited(use.Parameters));
                        json.WriteEndObject();
                        break;
                }
            }
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(output.ToArray());
    }

    private string Limited(string text) =>
        services.Mask(text) is var masked && masked.Length > MaxContent ? masked[..MaxContent] + "…" : masked;

    private static string FinishReasonOf(StopReason reason) =>
        reason switch
        {
            StopReason.EndTurn => "stop",
            StopReason.MaxTokens => "length",
            StopReason.ToolUse => "tool_call",
            _ => JsonNamingPolicy.SnakeCaseLower.ConvertName(reason.ToString()),
        };

    private static string NameOf(FailureKind kind) => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
