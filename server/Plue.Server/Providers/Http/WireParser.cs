using System.Diagnostics.CodeAnalysis;
using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Http;

/// <summary>
/// Converts the events of a vendor to provider events. A parser reads one response. Events are queued, because one of the vendor's can result in several.
/// Nothing is read after <see cref="IsOver"/>.
/// </summary>
internal abstract class WireParser(ProviderFailures failures, ProviderRequest request)
{
    private readonly Queue<ProviderEvent> ready = new();

    /// <summary>Consecutive deltas of one kind in one read of the body, which are combined into one event.</summary>
    private readonly StringBuilder joined = new();
    private bool joinsReasoning;

    /// <summary>Calls whose arguments are not a JSON object. They are published at the end, because a token limit may have truncated them.</summary>
    private readonly List<ProviderEvent.ToolCallFinished> broken = [];
    private char heldText;
    private char heldReasoning;
    private bool inReasoning;

    /// <summary>True if the last event, <see cref="ProviderEvent.Finished"/> or <see cref="ProviderEvent.Failed"/>, was queued or taken.</summary>
    public bool IsOver { get; private set; }

    protected ProviderFailures Failures => failures;
    protected ProviderRequest Request => request;
    protected ToolCalls Calls { get; } = new(request);
    protected bool IsAccepted { get; private set; }

    protected bool HasBrokenCall => broken.Count > 0;

    /// <summary>The stop reason if the vendor sends none, or one that does not reflect tool calls.</summary>
    protected StopReason DefaultReason => Calls.All.Count > 0 ? StopReason.ToolUse : StopReason.EndTurn;

    /// <summary>Reads once from the body and parses the events.</summary>
    public async ValueTask ReadOnceAsync(EventReader events, ExchangeTimeout timeout)
    {
        var more = await events.FillAsync(timeout.Token).ConfigureAwait(false);
        if (more)
        {
            timeout.Renew();
        }
        while (!IsOver && events.TryRead(out var payload))
        {
            Read(payload.Span);
        }
        if (more || IsOver)
        {
            return;
        }
        if (events.TryReadLast(out var last))
        {
            Read(last.Span);
        }
        if (!IsOver && !TryEnd())
        {
            Fail(failures.Cut());
        }
    }

    /// <exception cref="System.Text.Json.JsonException">The event is not JSON.</exception>
    public abstract void Read(ReadOnlySpan<byte> payload);

    /// <summary>Called at the end of the body. Completes a response that lacks only its end event; any other one was cut off.</summary>
    /// <returns>False if it was cut off.</returns>
    public virtual bool TryEnd() => false;

    public bool TryTake([NotNullWhen(true)] out ProviderEvent? next)
    {
        EndDelta();
        return ready.TryDequeue(out next);
    }

    protected void Emit(ProviderEvent next)
    {
        EndDelta();
        ready.Enqueue(next);
    }

    private void EmitDelta(bool isReasoning, string text)
    {
        if (joinsReasoning != isReasoning)
        {
            EndDelta();
        }

        joinsReasoning = isReasoning;
        joined.Append(text);
    }

    private void EndDelta()
    {
        if (joined.Length == 0)
        {
            return;
        }

        ready.Enqueue(
            joinsReasoning ? new ProviderEvent.ReasoningDelta(joined.ToString()) : new ProviderEvent.TextDelta(joined.ToString())
        );
        joined.Clear();
    }

    /// <summary>Publishes once that the vendor accepted the request.</summary>
    protected void Accept(string? model, string? requestId)
    {
        if (IsAccepted || (model ?? requestId) is null)
        {
            return;
        }
        IsAccepted = true;
        Emit(new ProviderEvent.Accepted(model, requestId));
    }

    protected void Text(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }
        EndReasoning(null);
        EmitDelta(isReasoning: false, Join(text, ref heldText));
    }

    protected void Reasoning(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }
        inReasoning = true;
        EmitDelta(isReasoning: true, Join(text, ref heldReasoning));
    }

    /// <summary>Ends the current reasoning block. Does nothing if there is none and nothing to store.</summary>
    protected void EndReasoning(string? signature, string? opaque = null)
    {
        if (!inReasoning && signature is null && opaque is null)
        {
            return;
        }
        inReasoning = false;
        Emit(new ProviderEvent.ReasoningFinished(signature, opaque));
    }

    protected ToolCall Start(string? id, string name)
    {
        var call = Calls.Add(id, name);
        Emit(new ProviderEvent.ToolCallStarted(call.Id, call.Name));
        return call;
    }

    /// <summary>Appends to the arguments of a call. Nothing beyond the limit is published.</summary>
    protected void Append(ToolCall call, string? arguments)
    {
        if (string.IsNullOrEmpty(arguments))
        {
            return;
        }
        call.Append(arguments);
        if (!call.IsTooLong)
        {
            Emit(new ProviderEvent.ToolCallDelta(call.Id, arguments));
        }
    }

    /// <summary>Completes a call. If its arguments are not a JSON object, <see cref="FinishWithCalls"/> publishes it.</summary>
    protected void Finish(ToolCall call)
    {
        var finished = call.ToFinished();
        if (finished.Raw is null)
        {
            Emit(finished);
        }
        else
        {
            broken.Add(finished);
        }
    }

    /// <summary>Ends the response. Invalid calls are sent to the model as errors, unless the token limit truncated them.</summary>
    protected void FinishWithCalls(StopReason reason)
    {
        if (reason != StopReason.MaxTokens)
        {
            broken.ForEach(Emit);
        }
        Finish(reason);
    }

    protected void Finish(StopReason reason)
    {
        EndReasoning(null);
        Emit(new ProviderEvent.Finished(reason));
        IsOver = true;
    }

    public void Fail(Failure failure)
    {
        if (IsOver)
        {
            return;
        }
        Emit(new ProviderEvent.Failed(failure));
        IsOver = true;
    }

    /// <summary>Joins surrogate pairs that are split between two events; an unpaired surrogate becomes U+FFFD.</summary>
    private static string Join(string text, ref char held)
    {
        if (held == 0 && text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return text;
        }
        if (held != 0)
        {
            text = held + text;
        }
        held = '\0';
        if (char.IsHighSurrogate(text[^1]))
        {
            held = text[^1];
            text = text[..^1];
        }

        if (text.Length == 0)
        {
            return text;
        }
        var whole = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            whole.Append(rune.ToString());
        }
        return whole.ToString();
    }
}
